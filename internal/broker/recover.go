package broker

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"linesman/internal/failpoint"
)

// snapshot is what the server writes for a partition when it stops: with it the
// next start reads one segment at a time. When it does not fit the segments, as
// after a crash, the server reads the whole partition into memory at once. The
// field names are the server's.
type snapshot struct {
	Version          int               `json:"version"`
	HighWatermark    int64             `json:"high_watermark"`
	LastStableOffset int64             `json:"last_stable_offset"`
	LogStartOffset   int64             `json:"log_start_offset"`
	Epoch            int32             `json:"epoch"`
	LeaderNode       int32             `json:"leader_node,omitempty"`
	MaxTimestamp     int64             `json:"max_timestamp"`
	CreatedAt        time.Time         `json:"created_at"`
	AbortedTxns      json.RawMessage   `json:"aborted_txns,omitempty"`
	Segments         []snapshotSegment `json:"segments"`
}

type snapshotSegment struct {
	BaseOffset int64 `json:"base_offset"`
	Size       int64 `json:"size"`
	MinEpoch   int32 `json:"min_epoch,omitempty"`
	MaxEpoch   int32 `json:"max_epoch,omitempty"`
}

const (
	snapshotFile    = "snapshot.json"
	snapshotVersion = 1
)

// recoverDir brings the snapshots of all partitions below dir up to date after
// a crash, so that the start needs the memory of a segment and not of the log.
// It cuts unfinished writes off the last segments.
func recoverDir(dir string, log *slog.Logger) error {
	partitions, err := filepath.Glob(filepath.Join(dir, "partitions", "*"))
	if err != nil {
		return fmt.Errorf("listing the log's partitions: %w", err)
	}
	for _, p := range partitions {
		if err := recoverPartition(p, log); err != nil {
			return fmt.Errorf("recovering partition directory %s: %w", filepath.Base(p), err)
		}
	}
	return nil
}

func recoverPartition(dir string, log *slog.Logger) error {
	snap, err := readSnapshot(dir)
	if err != nil {
		return err
	}
	segments, err := listSegments(dir)
	if err != nil {
		return err
	}
	same := slices.EqualFunc(segments, snap.Segments, func(a, b snapshotSegment) bool {
		return a.BaseOffset == b.BaseOffset && a.Size == b.Size
	})
	if same || len(segments) == 0 || snap.Version > snapshotVersion {
		return nil
	}
	for len(segments) > 0 {
		last := &segments[len(segments)-1]
		end, err := cutTail(dir, last, log)
		if err != nil {
			return err
		}
		if last.Size > 0 {
			return writeSnapshot(dir, renewed(snap, segments, end))
		}
		// A segment without a record was begun just before the crash.
		for _, suffix := range []string{".dat", ".idx"} {
			file := filepath.Join(dir, strconv.FormatInt(last.BaseOffset, 10)+suffix)
			if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		segments = segments[:len(segments)-1]
	}
	return nil
}

// readSnapshot gives an empty snapshot when there is none or it is unreadable.
func readSnapshot(dir string) (snapshot, error) {
	data, err := os.ReadFile(filepath.Join(dir, snapshotFile))
	if errors.Is(err, fs.ErrNotExist) {
		return snapshot{}, nil
	}
	if err != nil {
		return snapshot{}, err
	}
	var s snapshot
	if err := json.Unmarshal(data, &s); err != nil {
		return snapshot{}, nil // torn: as good as none
	}
	return s, nil
}

// listSegments gives the segment files of a partition in order.
func listSegments(dir string) ([]snapshotSegment, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var segments []snapshotSegment
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), ".dat")
		base, err := strconv.ParseInt(name, 10, 64)
		if !ok || err != nil {
			continue
		}
		info, err := e.Info()
		if err != nil {
			return nil, err
		}
		segments = append(segments, snapshotSegment{BaseOffset: base, Size: info.Size()})
	}
	slices.SortFunc(segments, func(a, b snapshotSegment) int {
		return cmp.Compare(a.BaseOffset, b.BaseOffset)
	})
	return segments, nil
}

// cutTail finds the end of the last whole batch of a segment, truncates the
// file there and gives the offset after it.
func cutTail(dir string, seg *snapshotSegment, log *slog.Logger) (end int64, err error) {
	name := filepath.Join(dir, segmentName(seg.BaseOffset))
	size, end, torn, err := scanSegment(name, *seg, withGaps)
	if err != nil || torn == nil {
		return end, err
	}
	log.Warn("cut an unfinished write off the end of the log",
		"partition", filepath.Base(dir), "segment", seg.BaseOffset, "bytes", torn.bytes)
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return 0, err
	}
	if err := errors.Join(f.Truncate(size), f.Sync(), f.Close()); err != nil {
		return 0, fmt.Errorf("cutting %s: %w", filepath.Base(name), err)
	}
	seg.Size = size
	return end, nil
}

func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

// renewed is the snapshot the server would have written for these segments.
func renewed(old snapshot, segments []snapshotSegment, end int64) snapshot {
	s := old
	s.Version = snapshotVersion
	s.HighWatermark, s.LastStableOffset = end, end
	if len(old.Segments) == 0 {
		s.LogStartOffset = segments[0].BaseOffset
		s.CreatedAt = time.Now().UTC()
	}
	for i := range segments {
		segments[i].MinEpoch, segments[i].MaxEpoch = s.Epoch, s.Epoch
	}
	s.Segments = segments
	return s
}

// writeSnapshot replaces the snapshot in one step.
func writeSnapshot(dir string, s snapshot) error {
	data, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return writeWhole(filepath.Join(dir, snapshotFile), data, func() { failpoint.Hit("log.recover.snapshot") })
}
