package broker

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"
	"github.com/twmb/franz-go/pkg/kfake"
)

const (
	// DefaultMaxBytes bounds the embedded log when Config.MaxBytes is zero.
	DefaultMaxBytes = 64 << 30

	// segmentBytes keeps segment files small: a start after a crash reads the
	// log one segment at a time.
	segmentBytes = 16 << 20

	// indexBytes is what the server writes beside each batch.
	indexBytes = 15

	lockFile = "lock"
	pidFile  = "pid"
	dataDir  = "data"
)

// embedded is the log server inside the process.
type embedded struct {
	net     *memNet
	cluster *kfake.Cluster
	addrs   []string
	lock    *dirLock
	size    atomic.Int64 // bytes on disk: walked at start, then counted
	max     int64
	damage  []string // what was found broken at start
	disk    diskTrouble
}

// startEmbedded locks the directory, replays the log in it and serves it on an
// in-memory network.
func startEmbedded(ctx context.Context, cfg Config, log *slog.Logger) (*embedded, error) {
	if cfg.Dir == "" {
		return nil, errors.New("the embedded log needs a directory")
	}
	lock, err := lockDir(cfg.Dir)
	if err != nil {
		return nil, err
	}
	e := &embedded{lock: lock, max: cfg.MaxBytes}
	if e.max <= 0 {
		e.max = DefaultMaxBytes
	}
	if err := e.start(ctx, cfg, log); err != nil {
		return nil, errors.Join(err, lock.release())
	}
	// The replay reads whole segments; give that memory back.
	debug.FreeOSMemory()
	return e, nil
}

func (e *embedded) start(ctx context.Context, cfg Config, log *slog.Logger) (err error) {
	dir := filepath.Join(cfg.Dir, dataDir)
	ends, err := cleanEnds(dir)
	if err != nil {
		return err
	}
	// What is broken is noted before anything is cut: the next start would not find it.
	found, err := inspect(cfg.Dir, log)
	if err = errors.Join(err, e.note(cfg.Dir, found)); err != nil {
		return err
	}
	if err := recoverDir(dir, log); err != nil {
		return err
	}
	if err := e.replay(dir, cfg, log); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			e.cluster.Close()
		}
	}()
	if err := e.note(cfg.Dir, e.compareEnds(ends, found)); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, d := range e.damage {
		log.Error("log damaged", "dir", cfg.Dir, "damage", d)
	}
	size, err := dirSize(dir)
	if err != nil {
		return err
	}
	e.size.Store(size)
	return nil
}

// note adds what was found broken to the notes in the log's directory.
func (e *embedded) note(dir string, found []string) (err error) {
	e.damage, err = remember(dir, found, time.Now())
	return err
}

// replay starts the server on what is in dir.
func (e *embedded) replay(dir string, cfg Config, log *slog.Logger) error {
	logger := &serverLog{log: log, disk: &e.disk}
	if err := e.serve(dir, cfg.NoSync, logger); err != nil {
		return fmt.Errorf("opening the log in %s: %w", cfg.Dir, err)
	}
	cuts := logger.takeCuts()
	if len(cuts) == 0 {
		return nil
	}
	// The server cut a damaged tail off a file but goes on with the length
	// it had recorded. A second start reads the true lengths.
	e.cluster.Close()
	if err := recoverDir(dir, log); err != nil {
		return err
	}
	if err := e.serve(dir, cfg.NoSync, logger); err != nil {
		return fmt.Errorf("opening the repaired log in %s: %w", cfg.Dir, err)
	}
	if err := e.judgeCuts(dir, append(cuts, logger.takeCuts()...), log); err != nil {
		e.cluster.Close()
		return err
	}
	return nil
}

// serve starts the server on a fresh in-memory network.
func (e *embedded) serve(dir string, noSync bool, logger kfake.Logger) error {
	e.net = newMemNet()
	opts := []kfake.Opt{
		kfake.NumBrokers(1),
		kfake.ClusterID("linesman-embedded"),
		kfake.DataDir(dir),
		kfake.ListenFn(e.net.listen),
		kfake.WithLogger(logger),
		kfake.BrokerConfigs(map[string]string{"log.segment.bytes": strconv.Itoa(segmentBytes)}),
	}
	if !noSync {
		opts = append(opts, kfake.SyncWrites())
	}
	c, err := kfake.NewCluster(opts...)
	if err != nil {
		return err
	}
	e.cluster, e.addrs = c, c.ListenAddrs()
	return nil
}

// judgeCuts tells unfinished writes from damage. At the very end of a partition
// a cut is what a crash leaves: a batch that nobody was told is stored. Before
// the end it tears a hole.
func (e *embedded) judgeCuts(dir string, cuts []cut, log *slog.Logger) error {
	for _, c := range cuts {
		name := fmt.Sprintf("%s-%d", url.PathEscape(c.topic), c.partition)
		files, err := filepath.Glob(filepath.Join(dir, "partitions", name, "*.dat"))
		if err != nil {
			return fmt.Errorf("listing the log's segments: %w", err)
		}
		last := c.segment
		for _, f := range files {
			base, err := strconv.ParseInt(strings.TrimSuffix(filepath.Base(f), ".dat"), 10, 64)
			if err == nil {
				last = max(last, base)
			}
		}
		if last == c.segment {
			log.Warn("cut an unfinished write off the end of the log", "topic", c.topic, "partition", c.partition, "bytes", c.bytes)
			continue
		}
		// What that lost was found before, see inspect.
		log.Warn("cut a damaged segment", "topic", c.topic, "partition", c.partition, "segment", c.segment, "bytes", c.bytes)
	}
	return nil
}

// compareEnds finds partitions that are shorter than they were when the log
// was last stopped cleanly, and of which that is not known yet: what the server
// cuts and inspect did not see.
func (e *embedded) compareEnds(ends map[topicPartition]int64, known []string) (found []string) {
	for tp, end := range ends {
		info := e.cluster.PartitionInfo(tp.topic, int32(tp.partition))
		place := fmt.Sprintf("topic %s partition %d: ", tp.topic, tp.partition)
		if info == nil || info.HighWatermark >= end || slices.ContainsFunc(known, func(k string) bool { return strings.HasPrefix(k, place) }) {
			continue
		}
		found = append(found, place+shorter(end, info.HighWatermark))
	}
	return found
}

// shorter says that a partition lost its end.
func shorter(was, is int64) string {
	return fmt.Sprintf("it ended at offset %d when the log was stopped, it now ends at %d: acknowledged records are lost", was, is)
}

// reserve counts n bytes about to be appended, or refuses them.
func (e *embedded) reserve(n int) error {
	n += indexBytes
	if size := e.size.Add(int64(n)); size > e.max {
		e.size.Add(-int64(n))
		return fmt.Errorf("%w: it takes %d of at most %d bytes on disk; raise the limit if the disk has room, or start a new log directory",
			ErrLogFull, size-int64(n), e.max)
	}
	return nil
}

// unreserve takes back bytes that were refused by the server.
func (e *embedded) unreserve(n int) { e.size.Add(-int64(n + indexBytes)) }

func (e *embedded) close() error {
	e.cluster.Close()
	return e.lock.release()
}

// cleanEnds reads where each partition ended when the log was last stopped
// cleanly, from the snapshots the server left.
func cleanEnds(dir string) (map[topicPartition]int64, error) {
	files, err := filepath.Glob(filepath.Join(dir, "partitions", "*", snapshotFile))
	if err != nil {
		return nil, fmt.Errorf("listing the log's snapshots: %w", err)
	}
	ends := make(map[topicPartition]int64, len(files))
	for _, f := range files {
		name := filepath.Base(filepath.Dir(f))
		i := strings.LastIndexByte(name, '-')
		if i < 0 {
			continue
		}
		topic, err := url.PathUnescape(name[:i])
		if err != nil {
			continue
		}
		partition, err := strconv.Atoi(name[i+1:])
		if err != nil {
			continue
		}
		snap, err := readSnapshot(filepath.Dir(f))
		if err != nil {
			return nil, fmt.Errorf("reading the log's snapshot: %w", err)
		}
		ends[topicPartition{topic, partition}] = snap.HighWatermark
	}
	return ends, nil
}

// dirSize adds up the files below dir, in bytes.
func dirSize(dir string) (int64, error) {
	var size int64
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		size += info.Size()
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("measuring the log directory: %w", err)
	}
	return size, nil
}

// dirLock holds a directory against other processes.
type dirLock struct {
	lock *flock.Flock
	pid  string
}

// lockDir creates the directory when missing and locks it. The lock goes with
// the process; the pid file is only there to name the holder.
func lockDir(dir string) (*dirLock, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("creating the log directory: %w", err)
	}
	l := &dirLock{lock: flock.New(filepath.Join(dir, lockFile)), pid: filepath.Join(dir, pidFile)}
	ok, err := l.lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("locking the log directory %s: %w", dir, err)
	}
	if !ok {
		holder := "another process"
		if data, err := os.ReadFile(l.pid); err == nil {
			holder = "process " + strings.TrimSpace(string(data))
		}
		return nil, fmt.Errorf("%w: %s is held by %s; stop it, or use another directory", ErrLocked, dir, holder)
	}
	if err := os.WriteFile(l.pid, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o640); err != nil {
		return nil, errors.Join(fmt.Errorf("writing the log's pid file: %w", err), l.lock.Unlock())
	}
	return l, nil
}

func (l *dirLock) release() error {
	if err := os.Remove(l.pid); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(fmt.Errorf("removing the log's pid file: %w", err), l.lock.Unlock())
	}
	if err := l.lock.Unlock(); err != nil {
		return fmt.Errorf("unlocking the log directory: %w", err)
	}
	return nil
}

// cut is a damaged end of a segment file that the server removed at start.
type cut struct {
	topic     string
	partition int32
	segment   int64 // offset of its first record
	bytes     int
}

// cutMessage is what the server logs about a cut.
const cutMessage = "partition %s-%d segment %d: truncating %d corrupt bytes"

// serverLog passes the server's messages on and remembers the cuts.
type serverLog struct {
	log  *slog.Logger
	disk *diskTrouble
	mu   sync.Mutex
	cuts []cut
}

// Logf receives a message of the server.
func (l *serverLog) Logf(level kfake.LogLevel, msg string, args ...any) {
	if level > kfake.LogLevelWarn {
		return
	}
	if l.persist(msg, args) {
		return
	}
	if msg == cutMessage && len(args) == 4 {
		topic, ok1 := args[0].(string)
		partition, ok2 := args[1].(int32)
		segment, ok3 := args[2].(int64)
		bytes, ok4 := args[3].(int)
		if ok1 && ok2 && ok3 && ok4 {
			l.mu.Lock()
			l.cuts = append(l.cuts, cut{topic, partition, segment, bytes})
			l.mu.Unlock()
			return
		}
	}
	text := fmt.Sprintf(msg, args...)
	if level == kfake.LogLevelError {
		l.log.Error("log server", "message", text)
		return
	}
	l.log.Warn("log server", "message", text)
}

func (l *serverLog) takeCuts() []cut {
	l.mu.Lock()
	defer l.mu.Unlock()
	cuts := l.cuts
	l.cuts = nil
	return cuts
}
