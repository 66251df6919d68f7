// Package archive keeps the log in Parquet files that anybody can read in ten years, and
// brings an empty log back from them. docs/archive.md says what is in the files.
//
// An archive grows: each run adds files with the ranges of offsets that are new, and then a
// manifest that lists them. A file that no manifest lists does not count, so that a run can be
// killed at any moment. Each manifest holds the hash of the one before.
package archive

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"time"

	"linesman/internal/broker"
	"linesman/schema"
	"linesman/schema/columnar"
)

// Log is what is read of the log.
type Log interface {
	NewReader(ctx context.Context, topic string, partition int, from int64) (*broker.Reader, error)
	Offsets(ctx context.Context, topic string, partition int) (first, next int64, err error)
	Health(ctx context.Context) (broker.Health, error)
}

// Errors of an archive.
var (
	// ErrNone says that there is no archive.
	ErrNone = errors.New("there is no archive there (no manifest)")
	// ErrOtherLog says that the archive is of another log.
	ErrOtherLog = errors.New("the archive holds another log")
	// ErrBusy says that another run writes to the archive.
	ErrBusy = errors.New("another run writes to the archive")
	// ErrNotEmpty says that a log that is to be restored has records already.
	ErrNotEmpty = errors.New("the log is not empty")
)

// Month is a month of the calendar in UTC: 12 times the year, plus the month from 0.
type Month int

// MonthOf returns the month of a moment.
func MonthOf(t schema.Time) Month {
	u := time.UnixMilli(int64(t)).UTC()
	return Month(u.Year()*12 + int(u.Month()) - 1)
}

// ParseMonth reads "2006-01".
func ParseMonth(s string) (Month, error) {
	t, err := time.Parse("2006-01", s)
	if err != nil {
		return 0, fmt.Errorf("month %q: want yyyy-mm, for example 2026-10", s)
	}
	return MonthOf(schema.TimeOf(t)), nil
}

// String writes "2006-01".
func (m Month) String() string {
	year, month := int(m)/12, int(m)%12
	if month < 0 {
		year, month = year-1, month+12
	}
	return fmt.Sprintf("%04d-%02d", year, month+1)
}

// MarshalText writes the month for JSON.
func (m Month) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads the month of JSON.
func (m *Month) UnmarshalText(text []byte) (err error) {
	*m, err = ParseMonth(string(text))
	return err
}

// Closed returns the last month that is over.
func Closed(now time.Time) Month { return MonthOf(schema.TimeOf(now)) - 1 }

// topicPartition names a partition.
type topicPartition struct {
	topic     string
	partition int
}

func (p topicPartition) String() string {
	return fmt.Sprintf("topic %s partition %d", p.topic, p.partition)
}

// entryOf turns a record of the log into an entry of the archive.
func entryOf(r *broker.Record) columnar.Entry {
	e := columnar.Entry{Offset: r.Offset, At: schema.Time(r.Time.UnixMilli()), Key: r.Key, Value: r.Value}
	if len(r.Headers) > 0 {
		e.Headers = make([]columnar.EntryHeader, len(r.Headers))
	}
	for i, h := range r.Headers {
		e.Headers[i] = columnar.EntryHeader{Name: h.Key, Value: h.Value}
	}
	return e
}

// recordOf turns an entry of the archive into a record of the log.
func recordOf(e *columnar.Entry) broker.Record {
	r := broker.Record{Offset: e.Offset, Time: time.UnixMilli(int64(e.At)).UTC(), Key: e.Key, Value: e.Value}
	if len(e.Headers) > 0 {
		r.Headers = make([]broker.Header, len(e.Headers))
	}
	for i, h := range e.Headers {
		r.Headers[i] = broker.Header{Key: h.Name, Value: h.Value}
	}
	return r
}

// digest is the SHA-256 over everything of an entry: offset and time as 8 bytes big endian,
// then key, value and the headers' names and values, each with its length as 8 bytes before
// it, all ones where it is nil.
func digest(e *columnar.Entry) string {
	h := sha256.New()
	var buf [16]byte
	binary.BigEndian.PutUint64(buf[:8], uint64(e.Offset))
	binary.BigEndian.PutUint64(buf[8:], uint64(e.At))
	h.Write(buf[:])
	digestBytes(h, e.Key)
	digestBytes(h, e.Value)
	for _, x := range e.Headers {
		digestBytes(h, []byte(x.Name))
		digestBytes(h, x.Value)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func digestBytes(h hash.Hash, v []byte) {
	size := uint64(len(v))
	if v == nil {
		size = 1<<64 - 1
	}
	var buf [8]byte
	binary.BigEndian.PutUint64(buf[:], size)
	h.Write(buf[:])
	h.Write(v)
}
