// Package collector joins a source's files with their format and writes what is read to the
// log: usage, watches and reference data to their topics, refused records to
// linesman.rejects, and last, when all of that is acknowledged, the file's report to
// linesman.files. Nothing is dropped: read = sent + rejected + repeated.
package collector

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"linesman/ingest"
	"linesman/ingest/unpack"
	"linesman/internal/broker"
	"linesman/schema"
)

// Log is what the collector needs of the log. Produce returns when all records are
// acknowledged; Partition says where a key belongs.
type Log interface {
	Produce(ctx context.Context, topic string, partition int, recs []broker.Record) (first int64, err error)
	Partition(key []byte, partitions int) int
}

// RowHasher makes the keyed hash by which a refused row can be recognised again.
type RowHasher interface {
	Row(raw []byte) schema.ID
}

// ErrClock says that the machine's clock cannot be right, as after a start without a battery and
// without network. Records are compared with it: all of them would lie in the future, and be
// refused. The file is to be collected again when the clock is set.
var ErrClock = errors.New("the clock of this machine is not set: nothing is collected until it is")

// firstPlausible is a day before this program existed.
func firstPlausible() time.Time { return time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC) }

// Report is the report of one collected file.
type Report = ingest.Report

// Progress is how far the reading of a file has come.
type Progress struct {
	Name  string // masked
	Bytes int64  // delivered bytes taken so far
	Size  int64  // delivered bytes in all; 0 when unknown
	Rows  uint64 // records handed out so far
}

// Config of a collector. Zero values mean the defaults.
type Config struct {
	Key          RowHasher // needed
	Limits       unpack.Limits
	BatchRecords int                       // records per call to the log and partition; 0: 5,000
	BatchBytes   int                       // bytes per call to the log and partition; 0: 960 KB, just below a batch of the broker
	MaxRejects   uint64                    // rejects of a file that are written one by one; 0: 10,000. The rest are counted per code
	MaxSeen      int                       // event ids held per file to find repeated records; 0: 4,000,000
	Progress     func(Progress)            // called from the reading goroutine; may be nil
	Now          func() time.Time          // nil: time.Now
	Zone         *time.Location            // zone of calendar days; nil: UTC
	NewID        func() (schema.ID, error) // ids of collections; nil: random
}

func (c Config) withDefaults() Config {
	if c.BatchRecords <= 0 {
		c.BatchRecords = 5000
	}
	if c.BatchBytes <= 0 {
		c.BatchBytes = 960_000
	}
	if c.MaxRejects == 0 {
		c.MaxRejects = 10_000
	}
	if c.MaxSeen <= 0 {
		c.MaxSeen = 4_000_000
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Zone == nil {
		c.Zone = time.UTC
	}
	if c.NewID == nil {
		c.NewID = randomID
	}
	return c
}

func randomID() (id schema.ID, err error) {
	_, err = rand.Read(id[:])
	return id, err
}

// Collector collects files. It is safe for concurrent use.
type Collector struct {
	cfg     Config
	log     Log
	formats map[string]ingest.Format
	logger  *slog.Logger
	codecs  *codecs
}

// New makes a collector for formats by collector name. log may be nil when only DryRun is used.
func New(cfg Config, log Log, formats map[string]ingest.Format, logger *slog.Logger) (*Collector, error) {
	if cfg.Key == nil {
		return nil, errors.New("a collector needs the pseudonym key")
	}
	if len(formats) == 0 {
		return nil, errors.New("a collector needs at least one format")
	}
	return &Collector{cfg: cfg.withDefaults(), log: log, formats: formats, logger: logger, codecs: newCodecs()}, nil
}

// Collect reads one delivered file and writes it to the log. size is the number of bytes
// delivered, or less than 1 when unknown.
//
// Without an error the file's fate is in the log: its report says done, or failed and why.
// With an error nothing is concluded, because the log or the source failed or ctx ended:
// collect the file again. What was written before is recognised by its event ids.
func (c *Collector) Collect(ctx context.Context, collector, name string, body io.Reader, size int64) (Report, error) {
	if c.log == nil {
		return Report{}, errors.New("collecting without a log")
	}
	if now := c.now(); now.Before(firstPlausible()) {
		return Report{}, fmt.Errorf("%w: it says %s", ErrClock, now.Format(time.DateTime))
	}
	return c.each(ctx, collector, name, body, size, nil)
}

// CollectFile collects a file of the local disk; see Collect.
func (c *Collector) CollectFile(ctx context.Context, collector, path string) (Report, error) {
	f, err := os.Open(path)
	if err != nil {
		return Report{}, openError(err, path)
	}
	defer f.Close() // opened for reading only
	info, err := f.Stat()
	if err != nil {
		return Report{}, openError(err, path)
	}
	return c.Collect(ctx, collector, filepath.Base(path), f, info.Size())
}

// openError keeps the path out of the message: its last part may hold a person's number.
func openError(err error, path string) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return fmt.Errorf("opening %s: %w", ingest.MaskName(filepath.Base(path)), err)
}

func (c *Collector) each(ctx context.Context, collector, name string, body io.Reader, size int64, preview *preview) (Report, error) {
	format, ok := c.formats[collector]
	if !ok {
		return Report{}, fmt.Errorf("collecting %s: there is no collector %q", ingest.MaskName(name), collector)
	}
	name = unpack.CleanName(name)
	whole := c.newReport(format, name, "")
	archive := false
	err := unpack.Each(name, body, size, c.cfg.Limits, func(f *unpack.File) error {
		r, err := c.one(ctx, format, f, size, preview)
		if err != nil {
			return err
		}
		if f.Archive == "" {
			whole = r
			return nil
		}
		archive = true
		whole.Add(r)
		return nil
	})
	if err == nil && !archive && whole.FileID.IsZero() {
		err = &ingest.FileError{File: whole.Name, Code: ingest.CodeEmpty, Reason: "the archive holds no files"}
	}
	var refused *ingest.FileError
	if errors.As(err, &refused) && ctx.Err() == nil {
		return c.refuseArchive(ctx, whole, refused, size, preview)
	}
	if err != nil {
		return whole, fmt.Errorf("collecting %s: %w", whole.Name, err)
	}
	if archive {
		whole.Size = uint64(max(size, 0))
		whole.RecordedAt = c.now()
	}
	return whole, nil
}

func (c *Collector) now() time.Time { return c.cfg.Now().UTC().Truncate(time.Millisecond) }

func (c *Collector) newReport(format ingest.Format, name, archive string) Report {
	shown := maskName(format, name)
	if archive != "" {
		shown = maskName(format, archive) + "/" + shown
	}
	return Report{Name: shown, Collector: format.Name(), State: schema.FileDone, StartedAt: c.now()}
}

// maskName leaves names alone that the format knows to hold no person's number.
func maskName(format ingest.Format, name string) string {
	if p, ok := format.(ingest.PlainNamer); ok && p.PlainName(name) {
		return name
	}
	return ingest.MaskName(name)
}

// refuseArchive records that an archive as a whole, or the rest of it, cannot be read.
func (c *Collector) refuseArchive(ctx context.Context, whole Report, refused *ingest.FileError, size int64, preview *preview) (Report, error) {
	id, err := c.cfg.NewID()
	if err != nil {
		return whole, fmt.Errorf("making a file id: %w", err)
	}
	s := c.newSink(ctx, id, whole.StartedAt, preview)
	own := whole
	own.Members, own.Read, own.Sent, own.Rejected, own.Repeated = nil, 0, 0, 0, 0
	own.Size = uint64(max(size, 0))
	own, err = c.conclude(ctx, s, own, ingest.Summary{}, refused, schema.ID{})
	if err != nil {
		return whole, err
	}
	whole.State, whole.Error, whole.Size = own.State, own.Error, own.Size
	whole.FileID, whole.File, whole.RecordedAt = own.FileID, own.File, own.RecordedAt
	return whole, nil
}

// one collects one unpacked file.
func (c *Collector) one(ctx context.Context, format ingest.Format, f *unpack.File, size int64, preview *preview) (Report, error) {
	report := c.newReport(format, f.Name, f.Archive)
	report.Name += f.Suffix
	id, err := c.cfg.NewID()
	if err != nil {
		return report, fmt.Errorf("making a file id: %w", err)
	}
	s := c.newSink(ctx, id, report.StartedAt, preview)
	s.progress = c.progress(report.Name, f, size)
	in := ingest.Input{Name: f.Name, Body: f, FileID: id, Now: report.StartedAt}
	sum, readErr := c.read(ctx, format, in, s)
	if err := s.blame(ctx); err != nil {
		s.abandon()
		return report, err
	}
	var refused *ingest.FileError
	if err := f.Err(); err != nil {
		if !errors.As(err, &refused) {
			s.abandon()
			return report, err // the source failed, not the file
		}
		readErr = err
	}
	delivered, content, err := f.Finish()
	if err != nil {
		s.abandon()
		return report, err
	}
	report.Size = uint64(delivered)
	return c.conclude(ctx, s, report, sum, readErr, content)
}

// read runs the format. A defect in it must not take the process down with the neighbours.
func (c *Collector) read(ctx context.Context, format ingest.Format, in ingest.Input, s *sink) (sum ingest.Summary, err error) {
	defer func() {
		if p := recover(); p != nil {
			// The value of the panic may hold data of the file, so only the stack is told.
			c.logger.Error("a reader failed on a file", "collector", format.Name(), "file_id", in.FileID.String(), "row", s.lastRow, "stack", string(debug.Stack()))
			err = &ingest.FileError{File: ingest.MaskName(in.Name), Row: s.lastRow, Code: ingest.CodeInternal, Reason: "the reader failed after this line: a defect, see the log of the program"}
		}
	}()
	return format.Read(ctx, in, s)
}

func (c *Collector) progress(name string, f *unpack.File, size int64) func(rows uint64) {
	if c.cfg.Progress == nil {
		return nil
	}
	return func(rows uint64) {
		c.cfg.Progress(Progress{Name: name, Bytes: f.Delivered(), Size: max(size, 0), Rows: rows})
	}
}
