package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"

	"linesman/schema"
)

const digits = "0123456789abcdef"

// IDs calls each with the first eight bytes (little-endian) of every event id of a table that
// came from one partition of the log before an offset, many at a time, and before that expect
// with how many there are, about. They come as bare bytes: read as rows, ten million of them
// would be most of what a start takes. The slice is used again after the call.
func (s *Store) IDs(ctx context.Context, table string, logPartition uint32, before uint64, expect func(uint64), each func([]uint64)) error {
	from := fmt.Sprintf(" FROM %s WHERE %s log_offset < %d", table, partitionFilter(table, logPartition), before)
	count := func() (n uint64, err error) {
		if err := s.Conn().QueryRow(AsItLies(ctx), "SELECT count()"+from).Scan(&n); err != nil {
			return 0, fmt.Errorf("counting the event ids of %s: %w", table, err)
		}
		return n, nil
	}
	there, err := count()
	if err != nil || there == 0 {
		return err
	}
	expect(there)
	n, err := s.eachID(ctx, "SELECT reinterpretAsUInt64(event_id)"+from, each)
	if err != nil {
		return fmt.Errorf("reading the event ids of %s: %w", table, err)
	}
	// A server that fails in the middle of its answer may say so among the bytes. Merges only
	// take rows away, so an answer that was whole is no shorter than what is there now.
	if there, err = count(); err != nil {
		return err
	}
	if n < there {
		return fmt.Errorf("reading the event ids of %s: the answer broke off after %d of %d", table, n, there)
	}
	return nil
}

func (s *Store) eachID(ctx context.Context, stmt string, each func([]uint64)) (n uint64, err error) {
	body, err := s.Conn().QueryFormat(AsItLies(ctx), "RowBinary", stmt)
	if err != nil {
		return 0, err
	}
	defer func() { _ = body.Close() }()
	const most = 1 << 20
	raw, keys := make([]byte, 1<<16), make([]uint64, 0, 1<<16)
	for {
		got, err := io.ReadFull(body, raw)
		for i := 0; i+8 <= got; i += 8 {
			keys = append(keys, binary.LittleEndian.Uint64(raw[i:]))
		}
		n += uint64(got / 8)
		end := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) && got%8 == 0
		if len(keys) > 0 && (end || len(keys)+len(raw)/8 > most) {
			each(keys)
			keys = keys[:0]
		}
		if end {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}

// partitionFilter restricts the tables that are fed by several partitions.
func partitionFilter(table string, logPartition uint32) string {
	if table != "usage" && table != "amendments" {
		return ""
	}
	return fmt.Sprintf("log_partition = %d AND", logPartition)
}

// Candidate is a record that the store may have already.
type Candidate struct {
	ID schema.ID
	At schema.Time
}

// lookupChunk is how many ids one question to the store names.
const lookupChunk = 20_000

// margin is how far apart in time two records with the same event id are still recognised:
// a source may correct the time of a record under the same natural key. It bounds how many
// monthly partitions a question reads.
const margin = 40 * 24 * 3600 * 1000

// Known returns those of the candidates that a table had from an earlier offset of the same
// partition. at is the column of the candidates' time; empty: do not narrow by time.
func (s *Store) Known(ctx context.Context, table, at string, logPartition uint32, before uint64, ask []Candidate) (map[schema.ID]bool, error) {
	known := map[schema.ID]bool{}
	for len(ask) > 0 {
		n := min(lookupChunk, len(ask))
		if err := s.known(ctx, table, at, logPartition, before, ask[:n], known); err != nil {
			return nil, fmt.Errorf("asking the store which of %d events it has: %w", n, err)
		}
		ask = ask[n:]
	}
	return known, nil
}

func (s *Store) known(ctx context.Context, table, at string, logPartition uint32, before uint64, ask []Candidate, known map[schema.ID]bool) error {
	var b strings.Builder
	fmt.Fprintf(&b, "SELECT DISTINCT event_id FROM %s WHERE %s log_offset < %d", table, partitionFilter(table, logPartition), before)
	if at != "" {
		lo, hi := ask[0].At, ask[0].At
		for _, c := range ask {
			lo, hi = min(lo, c.At), max(hi, c.At)
		}
		// A record whose time is impossible is refused later: it must not spoil the others' question.
		lo, hi = max(lo, schema.FirstTime), min(hi, schema.LastTime)
		lo, hi = lo-margin, hi+margin
		fmt.Fprintf(&b, " AND %s >= fromUnixTimestamp64Milli(toInt64(%d)) AND %s <= fromUnixTimestamp64Milli(toInt64(%d))", at, lo, at, hi)
	}
	b.WriteString(" AND event_id IN (")
	for i, c := range ask {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('\'')
		for _, x := range c.ID {
			b.WriteString(`\x`)
			b.WriteByte(digits[x>>4])
			b.WriteByte(digits[x&15])
		}
		b.WriteByte('\'')
	}
	b.WriteByte(')')
	// Which ids there are does not depend on merging, so this reads the tables as they lie.
	rows, err := s.Conn().Query(clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"max_query_size": 16 << 20})), b.String())
	if err != nil {
		return err
	}
	defer rows.Close()
	var raw string
	for rows.Next() {
		if err := rows.Scan(&raw); err != nil {
			return err
		}
		var id schema.ID
		copy(id[:], raw)
		known[id] = true
	}
	return rows.Err()
}
