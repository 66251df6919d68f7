package broker

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	damageFile = "damage.txt" // what was found broken, until somebody removes the note
	damagedDir = "damaged"    // damaged segments as they were before the server cut them
)

// inspection looks at every segment before the server does: the server cuts a damaged segment
// off where the damage begins, says so once, and does not miss files that are gone.
type inspection struct {
	dir string // of the log
	log *slog.Logger

	mu    sync.Mutex
	found []string
}

// inspect reads the whole log once and returns what is broken in it.
func inspect(dir string, log *slog.Logger) ([]string, error) {
	in := &inspection{dir: dir, log: log}
	partitions, err := filepath.Glob(filepath.Join(dir, dataDir, "partitions", "*"))
	if err != nil {
		return nil, fmt.Errorf("listing the log's partitions: %w", err)
	}
	var g errgroup.Group
	g.SetLimit(2)
	for _, p := range partitions {
		g.Go(func() error {
			if err := in.partition(p); err != nil {
				return fmt.Errorf("looking through partition directory %s: %w", filepath.Base(p), err)
			}
			return nil
		})
	}
	err = g.Wait()
	slices.Sort(in.found)
	return in.found, err
}

func (in *inspection) partition(dir string) error {
	snap, err := readSnapshot(dir)
	if err != nil {
		return err
	}
	segments, err := listSegments(dir)
	if err != nil {
		return err
	}
	// The embedded log deletes nothing: a partition begins at 0, whatever the snapshot says.
	if hidden := snap.LogStartOffset; hidden > 0 && len(segments) > 0 && segments[0].BaseOffset < hidden {
		in.damage(dir, "records %d to %d are hidden: %s says that the log begins behind them, which it does not by itself; restore the file from a copy", segments[0].BaseOffset, hidden-1, snapshotFile)
	}
	at := int64(0)
	for i, s := range segments {
		if s.BaseOffset != at {
			in.damage(dir, "records %d to %d are missing: segment files were removed or emptied; restore them from a copy", at, s.BaseOffset-1)
		}
		next := int64(-1)
		if i+1 < len(segments) {
			next = segments[i+1].BaseOffset
		}
		if at, err = in.segment(dir, s, next); err != nil {
			return err
		}
	}
	if at < snap.HighWatermark { // the end that the snapshot knows is lost
		in.damage(dir, "%s", shorter(snap.HighWatermark, at))
	}
	return nil
}

// segment looks at one segment and gives the offset at which the next one is expected. next is
// where that begins, below zero for the last one.
func (in *inspection) segment(dir string, s snapshotSegment, next int64) (int64, error) {
	_, end, torn, err := scanSegment(filepath.Join(dir, segmentName(s.BaseOffset)), s, noGaps)
	if err != nil {
		return 0, err
	}
	if torn == nil || next < 0 && torn.unfinished {
		return end, nil
	}
	kept := in.keep(dir, s.BaseOffset)
	switch {
	case next > end:
		in.damage(dir, "segment %d is damaged: records %d to %d are lost; restore the file from a copy%s", s.BaseOffset, end, next-1, kept)
		return next, nil // said
	case next < 0:
		in.damage(dir, "segment %d is damaged: the %d bytes from record %d on are lost; restore the file from a copy%s", s.BaseOffset, torn.bytes, end, kept)
	}
	return end, nil
}

// segmentName is the file of the segment that begins at an offset.
func segmentName(base int64) string { return strconv.FormatInt(base, 10) + ".dat" }

// damage notes what is broken in a partition directory.
func (in *inspection) damage(dir, format string, args ...any) {
	name := filepath.Base(dir)
	topic, partition, ok := cutLast(name, "-")
	if t, err := url.PathUnescape(topic); ok && err == nil {
		name = "topic " + t + " partition " + partition
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	in.found = append(in.found, name+": "+fmt.Sprintf(format, args...))
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// keep copies a damaged segment aside and says where; what is left of it may be of use. A
// segment that is damaged again gets a second copy.
func (in *inspection) keep(dir string, base int64) string {
	to, err := in.copyAside(filepath.Join(dir, segmentName(base)), filepath.Join(in.dir, damagedDir, filepath.Base(dir)))
	if err != nil {
		in.log.Error("a damaged segment could not be copied aside", "segment", segmentName(base), "error", err)
		return ""
	}
	return "; as it was found it is kept in " + to
}

func (in *inspection) copyAside(file, aside string) (to string, err error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(aside, 0o750); err != nil {
		return "", err
	}
	for n := 1; ; n++ {
		to = filepath.Join(aside, filepath.Base(file))
		if n > 1 {
			to += "." + strconv.Itoa(n)
		}
		have, err := os.ReadFile(to)
		if err == nil && bytes.Equal(have, data) {
			return to, nil
		}
		if errors.Is(err, fs.ErrNotExist) {
			return to, writeWhole(to, data, nil)
		}
		if err != nil {
			return "", err
		}
	}
}

// writeWhole writes a file that is there whole or not at all, also after a crash. before, if not
// nil, is called when it is written and does not have its name yet.
func writeWhole(name string, data []byte, before func()) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*.tmp")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if before != nil {
		before()
	}
	if err = os.Rename(f.Name(), name); err != nil {
		return err
	}
	dir, wrong := os.Open(filepath.Dir(name))
	if wrong != nil {
		return nil // the file is there: that its name outlasts a crash is all that is missing
	}
	_, _ = dir.Sync(), dir.Close()
	return nil
}

// tear is where a segment stops being whole.
type tear struct {
	bytes      int64 // from there to the end of the file
	unfinished bool  // it can be what a crash leaves: one batch that was being written
}

// What may stand between the batches of a segment.
const (
	noGaps   = false
	withGaps = true // records are missing: what comes behind them can be read all the same
)

// scanSegment reads a segment's batches and gives the size and the offset after the last one
// that is whole and follows the one before.
func scanSegment(name string, s snapshotSegment, gaps bool) (size, end int64, torn *tear, err error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, 0, nil, err
	}
	defer f.Close() // opened for reading only
	in := bufio.NewReaderSize(f, 1<<20)
	var buf []byte
	for end = s.BaseOffset; ; {
		span, n, err := readBatch(in, &buf)
		if err != nil {
			return size, end, nil, fmt.Errorf("reading %s: %w", filepath.Base(name), err)
		}
		if n == 0 || span.first < end || span.first > end && !gaps {
			break
		}
		size, end = size+n, span.end
	}
	if size == s.Size {
		return size, end, nil, nil
	}
	return size, end, &tear{bytes: s.Size - size, unfinished: unfinished(in, s.Size-size, &buf)}, nil
}

// unfinished tells whether the rest of the last segment can be the one batch that was being
// written. in stands at it or behind its first batch. A batch behind it was written later, so
// that this one had been acknowledged.
func unfinished(in *bufio.Reader, rest int64, buf *[]byte) bool {
	if rest > DefaultMaxMessageBytes {
		return false
	}
	_, n, err := readBatch(in, buf)
	return err == nil && n == 0
}

type batchSpan struct{ first, end int64 }

var castagnoli = sync.OnceValue(func() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) })

// readBatch reads the next batch; n is 0 when there is none, or when it is not whole. Of one
// that has its length and not its content, the bytes are consumed.
func readBatch(in *bufio.Reader, buf *[]byte) (span batchSpan, n int64, err error) {
	const tooLong = 1 << 30
	head, err := in.Peek(12)
	if err != nil {
		return span, 0, ignoreEOF(err)
	}
	n = 12 + int64(binary.BigEndian.Uint32(head[8:]))
	if n < batchHeaderBytes || n > tooLong {
		return span, 0, nil
	}
	if int64(cap(*buf)) < n {
		*buf = make([]byte, n)
	}
	b := (*buf)[:n]
	if _, err := io.ReadFull(in, b); err != nil {
		return span, 0, ignoreEOF(err)
	}
	if crc32.Checksum(b[crcStart:], castagnoli()) != binary.BigEndian.Uint32(b[17:]) {
		return span, 0, nil
	}
	span.first = int64(binary.BigEndian.Uint64(b))
	span.end = span.first + int64(int32(binary.BigEndian.Uint32(b[23:]))) + 1
	return span, n, nil
}

// remember adds damage to the notes in the log's directory and returns all notes: damage must
// not be forgotten by the next start, which does not find a lost end any more.
func remember(dir string, found []string, now time.Time) ([]string, error) {
	name := filepath.Join(dir, damageFile)
	text, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading the notes of damage: %w", err)
	}
	var notes, fresh []string
	for _, l := range strings.Split(string(text), "\n") {
		if l != "" {
			notes = append(notes, l)
		}
	}
	for _, d := range found {
		if !slices.ContainsFunc(notes, func(l string) bool { return strings.HasPrefix(l, d) }) {
			fresh = append(fresh, fmt.Sprintf("%s (found %s, noted in %s: remove the note when it is dealt with)", d, now.UTC().Format(time.DateTime), name))
		}
	}
	if len(fresh) == 0 {
		return notes, nil
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o640)
	if err != nil {
		return nil, fmt.Errorf("noting damage: %w", err)
	}
	_, err = f.WriteString(strings.Join(fresh, "\n") + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, fmt.Errorf("noting damage: %w", err)
	}
	return append(notes, fresh...), nil
}
