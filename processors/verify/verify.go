// Package verify compares the log with the store, and what was read of each file with what
// became of it.
package verify

import (
	"context"
	"fmt"
	"time"

	"linesman/internal/broker"
	"linesman/processors/store"
	"linesman/schema"
)

// Log is what verification reads of the log.
type Log interface {
	NewReader(ctx context.Context, topic string, partition int, from int64) (*broker.Reader, error)
	Offsets(ctx context.Context, topic string, partition int) (first, next int64, err error)
}

// Sums is what is compared of a partition: counts and exact sums.
type Sums struct {
	Records    uint64       `json:"records"` // distinct events
	DurationS  uint64       `json:"duration_s"`
	Bytes      uint64       `json:"volume_bytes"`
	Messages   uint64       `json:"messages"`
	Charged    schema.Money `json:"-"`
	VAT        schema.Money `json:"-"`
	ChargedSEK string       `json:"charged"`
	VATSEK     string       `json:"vat"`
}

// Partition is the comparison of one partition.
type Partition struct {
	Topic     string `json:"topic"`
	Partition uint32 `json:"partition"`
	Logged    uint64 `json:"logged"`   // records in the log, repetitions included
	Behind    uint64 `json:"behind"`   // records the pipeline has not come to yet; not compared
	Repeated  uint64 `json:"repeated"` // records of the log that repeat an earlier one
	Refused   uint64 `json:"refused"`  // records of the log that cannot be decoded
	Log       Sums   `json:"log"`

	// Of usage: records that amendments took away, which are not in the sums, and the
	// amendments themselves.
	Amended          uint64 `json:"amended"`
	Amendments       uint64 `json:"amendments"`
	AmendmentsStored uint64 `json:"amendments_stored"`
	Store            Sums   `json:"store"`

	// Of statistics of contact centres: intervals whose row is not that of the extract that holds.
	Wrong uint64 `json:"wrong,omitempty"`

	OK bool `json:"ok"`
}

// File is the comparison of one collected file.
type File struct {
	ID        string `json:"file_id"`
	Name      string `json:"name"`
	Collector string `json:"collector"`
	State     string `json:"state"`
	Read      uint64 `json:"read"`
	Accepted  uint64 `json:"accepted"`
	Duplicate uint64 `json:"duplicate"`
	Rejected  uint64 `json:"rejected"`
	OK        bool   `json:"ok"`
}

// Report is the whole verification.
type Report struct {
	OK         bool              `json:"ok"`
	At         time.Time         `json:"at"`
	Partitions []Partition       `json:"partitions"`
	Files      []File            `json:"files"`
	Rollups    []Rollup          `json:"rollups"`
	Content    map[string]string `json:"content"` // table → checksum over its content, recorded times aside
}

// Rollup is the comparison of a roll-up with the usage it sums up.
type Rollup struct {
	Table  string `json:"table"`
	Events uint64 `json:"events"`
	Cost   string `json:"cost"`
	OK     bool   `json:"ok"`
}

// Verifier verifies.
type Verifier struct {
	log   Log
	store *store.Store
}

// New returns a verifier.
func New(log Log, st *store.Store) *Verifier { return &Verifier{log: log, store: st} }

// Run compares everything. progress is told how many records of the log were read.
func (v *Verifier) Run(ctx context.Context, progress func(done, total uint64)) (Report, error) {
	rep := Report{OK: true, At: time.Now().UTC()}
	var total, done uint64
	for _, t := range schema.Topics() {
		for n := range t.Partitions {
			_, next, err := v.log.Offsets(ctx, t.Name, n)
			if err != nil {
				return rep, err
			}
			total += uint64(next)
		}
	}
	step := func(n uint64) {
		done += n
		if progress != nil {
			progress(done, total)
		}
	}
	for _, t := range schema.Topics() {
		for n := range t.Partitions {
			p, err := v.partition(ctx, t.Name, uint32(n), step)
			if err != nil {
				return rep, err
			}
			rep.OK = rep.OK && p.OK
			rep.Partitions = append(rep.Partitions, p)
		}
	}
	var err error
	if rep.Files, err = v.files(ctx); err != nil {
		return rep, err
	}
	for _, f := range rep.Files {
		rep.OK = rep.OK && f.OK
	}
	if rep.Rollups, err = v.rollups(ctx); err != nil {
		return rep, err
	}
	for _, r := range rep.Rollups {
		rep.OK = rep.OK && r.OK
	}
	rep.Content, err = v.store.Checksums(ctx)
	return rep, err
}

func (v *Verifier) files(ctx context.Context) ([]File, error) {
	rows, err := v.store.Conn().Query(store.Exact(ctx), "SELECT lower(hex(file_id)), name, toString(collector), toString(state), read, accepted, duplicate, rejected FROM files ORDER BY recorded_at, file_id")
	if err != nil {
		return nil, fmt.Errorf("reading the file reports: %w", err)
	}
	defer rows.Close()
	var out []File
	for rows.Next() {
		var f File
		if err := rows.Scan(&f.ID, &f.Name, &f.Collector, &f.State, &f.Read, &f.Accepted, &f.Duplicate, &f.Rejected); err != nil {
			return nil, fmt.Errorf("reading the file reports: %w", err)
		}
		// An interrupted collection has no report: its file was collected again.
		f.OK = f.State == "interrupted" || f.Read == f.Accepted+f.Duplicate+f.Rejected
		out = append(out, f)
	}
	return out, rows.Err()
}

func (v *Verifier) rollups(ctx context.Context) ([]Rollup, error) {
	ctx = store.Exact(ctx)
	var events uint64
	var cost string
	if err := v.store.Conn().QueryRow(ctx, "SELECT count(), toString(sum(cost)) FROM usage").Scan(&events, &cost); err != nil {
		return nil, fmt.Errorf("summing usage: %w", err)
	}
	var out []Rollup
	for _, table := range [...]string{"usage_daily", "usage_line_daily"} {
		r := Rollup{Table: table}
		if err := v.store.Conn().QueryRow(ctx, "SELECT sum(events), toString(sum(cost)) FROM "+table).Scan(&r.Events, &r.Cost); err != nil {
			return nil, fmt.Errorf("summing %s: %w", table, err)
		}
		r.OK = r.Events == events && r.Cost == cost
		out = append(out, r)
	}
	return out, nil
}
