package archive

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"os"
	"time"

	"linesman/schema"
	"linesman/schema/columnar"
)

// fileWriter writes the files of one partition.
type fileWriter struct {
	w     *writer
	tp    topicPartition
	group []columnar.Entry
	bytes int

	open    bool
	meta    File
	tmp     *os.File
	hash    hash.Hash
	out     *columnar.Parquet
	written int64 // bytes of the file
}

// Write counts and hashes what goes into the file.
func (f *fileWriter) Write(p []byte) (int, error) {
	n, err := f.tmp.Write(p)
	f.written += int64(n)
	f.hash.Write(p[:n])
	return n, err
}

// add takes the next record. A month that follows an earlier one begins a new file; a clock
// that went back does not: what it recorded stands where its offset is.
func (f *fileWriter) add(ctx context.Context, e columnar.Entry, month Month) error {
	if f.open && (month > f.meta.Month || f.meta.Records >= fileRecords) {
		month = max(month, f.meta.Month)
		if err := f.finish(ctx); err != nil {
			return err
		}
	}
	if !f.open {
		if err := f.begin(e, month); err != nil {
			return err
		}
	}
	at := moment(e.At)
	if f.meta.Records == 0 || at.Before(f.meta.Earliest) {
		f.meta.Earliest = at
	}
	if f.meta.Records == 0 || at.After(f.meta.Latest) {
		f.meta.Latest = at
	}
	f.meta.Records++
	f.meta.Next = e.Offset + 1
	f.group = append(f.group, e)
	f.bytes += len(e.Key) + len(e.Value)
	if len(f.group) >= groupRecords || f.bytes >= groupBytes {
		return f.flush()
	}
	return nil
}

func (f *fileWriter) begin(e columnar.Entry, month Month) (err error) {
	f.meta = File{Topic: f.tp.topic, Partition: f.tp.partition, Month: month, First: e.Offset}
	if f.tmp, err = os.CreateTemp(f.w.store.Spool(), "part-*"); err != nil {
		return fmt.Errorf("beginning a file: %w", err)
	}
	f.hash, f.written, f.open = sha256.New(), 0, true
	f.out, err = columnar.NewParquet(f, f.tp.topic, f.tp.partition, map[string]string{"linesman.program": f.w.opt.Program, "linesman.schema": schema.Version})
	return err
}

func (f *fileWriter) flush() error {
	if len(f.group) > 0 {
		f.meta.Last = digest(&f.group[len(f.group)-1])
	}
	err := f.out.Write(f.group)
	clear(f.group)
	f.group, f.bytes = f.group[:0], 0
	return err
}

// finish ends the file and puts it in its place.
func (f *fileWriter) finish(ctx context.Context) error {
	if !f.open {
		return nil
	}
	err := f.flush()
	if err == nil {
		err = f.out.Close()
	}
	if err == nil {
		err = f.tmp.Chmod(0o640)
	}
	if err = errors.Join(err, f.tmp.Close()); err != nil {
		return err
	}
	f.meta.SHA256, f.meta.Bytes = hex.EncodeToString(f.hash.Sum(nil)), f.written
	f.meta.Name = f.meta.name()
	if err := f.w.store.PutFile(ctx, f.meta.Name, f.tmp.Name()); err != nil {
		return err
	}
	f.open = false
	return f.w.commit(ctx, f.meta)
}

// discard removes a file that did not come to its end.
func (f *fileWriter) discard() {
	if f.open && f.tmp != nil {
		_ = f.tmp.Close()           // may be closed
		_ = os.Remove(f.tmp.Name()) // the next run removes it otherwise
	}
}

// firstMonth and moment bound what a manifest can hold of clocks that were wrong. The
// records keep their times.
const firstMonth = Month(1900 * 12)

func moment(t schema.Time) time.Time {
	first, last := time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	at := time.UnixMilli(int64(t)).UTC()
	switch {
	case at.Before(first):
		return first
	case at.After(last):
		return last
	}
	return at
}
