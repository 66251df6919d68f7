package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"linesman/internal/failpoint"
	"linesman/schema"
)

// Range is a contiguous range of offsets of one partition: first ≤ offset < next.
type Range struct {
	Topic     string
	Partition uint32
	First     uint64
	Next      uint64
	Mark      uint64 // hash of its last record; 0: not known
	Epoch     uint64 // claim under which it is written; 0: one instance owns the whole log
	Redone    bool   // its rows may have been there before, enriched with other reference data
}

// Token is the deduplication token of the block a range makes. Two owners of a partition
// never share a token: the rows of one could be taken for those of the other.
func (r Range) Token() string {
	if r.Epoch == 0 {
		return r.String()
	}
	return fmt.Sprintf("%s@%x", r, r.Epoch)
}

// String names the range in messages.
func (r Range) String() string {
	return fmt.Sprintf("%s/%d/%d-%d", r.Topic, r.Partition, r.First, r.Next-1)
}

// Outcome is what became of the records of a range.
type Outcome struct {
	Accepted, Duplicate, Refused uint64
	Files                        map[schema.ID]FileOutcome
}

// FileOutcome is what became of the records of one file in a range.
type FileOutcome struct{ Accepted, Duplicate uint64 }

// Position returns the offset up to which a partition is in the store, and the range that its
// present owner has begun but not finished, if any: it must be done again exactly as it was.
func (s *Store) Position(ctx context.Context, topic string, partition uint32) (next uint64, pending *Range, err error) {
	top, err := s.Claimed(ctx, topic, partition)
	if err != nil {
		return 0, nil, err
	}
	if next, err = s.reached(ctx, topic, partition); err != nil {
		return 0, nil, err
	}
	r := Range{Topic: topic, Partition: partition, Epoch: top.Epoch}
	err = s.Conn().QueryRow(exact(ctx), "SELECT first, next, mark, redone = 1 FROM ranges WHERE topic = ? AND partition = ? AND epoch = ? AND state = 0 AND first >= ? ORDER BY first LIMIT 1",
		topic, partition, top.Epoch, next).Scan(&r.First, &r.Next, &r.Mark, &r.Redone)
	if errors.Is(err, sql.ErrNoRows) {
		return next, nil, nil
	}
	if err != nil {
		return 0, nil, fmt.Errorf("asking the store for unfinished ranges of %s/%d: %w", topic, partition, err)
	}
	if r.First != next {
		return 0, nil, fmt.Errorf("store: unfinished range %s does not begin where the done ones end (%d): rows are missing; run linesman rebuild", r, next)
	}
	return next, &r, nil
}

// reached returns the offset up to which ranges that count are done.
func (s *Store) reached(ctx context.Context, topic string, partition uint32) (next uint64, err error) {
	err = s.Conn().QueryRow(exact(ctx), "SELECT max(next) FROM valid_ranges WHERE topic = ? AND partition = ?", topic, partition).Scan(&next)
	if err != nil {
		return 0, fmt.Errorf("asking the store for its position in %s/%d: %w", topic, partition, err)
	}
	return next, nil
}

// Begin notes that a range is about to be written.
func (s *Store) Begin(ctx context.Context, r Range) error {
	return s.putRange(ctx, r, 0, Outcome{})
}

// Done notes that a range is in the store, and what became of its files.
func (s *Store) Done(ctx context.Context, r Range, out Outcome) error {
	if len(out.Files) > 0 {
		var b strings.Builder
		b.WriteString("INSERT INTO range_files VALUES ")
		for id, f := range out.Files {
			fmt.Fprintf(&b, "('%s', %d, %d, %d, unhex('%s'), %d, %d), ", r.Topic, r.Partition, r.Epoch, r.First, id, f.Accepted, f.Duplicate)
		}
		if err := s.Conn().Exec(ctx, strings.TrimSuffix(b.String(), ", ")); err != nil {
			return fmt.Errorf("noting the files of range %s: %w", r, err)
		}
	}
	failpoint.Hit("range.files.after")
	return s.putRange(ctx, r, 1, out)
}

func (s *Store) putRange(ctx context.Context, r Range, state uint8, out Outcome) error {
	stmt := fmt.Sprintf("INSERT INTO ranges VALUES ('%s', %d, %d, %d, %d, %d, %t, %d, %d, %d, toDateTime64('%s', 3, 'UTC'), %d)",
		r.Topic, r.Partition, r.Epoch, r.First, r.Next, state, r.Redone, out.Accepted, out.Duplicate, out.Refused, s.now().UTC().Format("2006-01-02 15:04:05.000"), r.Mark)
	if err := s.Conn().Exec(ctx, stmt); err != nil {
		return fmt.Errorf("noting range %s: %w", r, err)
	}
	return nil
}

// Evaluated returns up to where a partition is in the roll-ups and was evaluated. What was
// evaluated of a range that does not count any more is to be evaluated again.
func (s *Store) Evaluated(ctx context.Context, topic string, partition uint32) (uint64, error) {
	top, err := s.Claimed(ctx, topic, partition)
	if err != nil {
		return 0, err
	}
	var next uint64
	stmt := fmt.Sprintf("SELECT max(if(epoch >= %d, next, least(next, %d))) FROM evaluated WHERE topic = ? AND partition = ?", top.Epoch, top.Start)
	if err := s.Conn().QueryRow(exact(ctx), stmt, topic, partition).Scan(&next); err != nil {
		return 0, fmt.Errorf("asking how far %s/%d was evaluated: %w", topic, partition, err)
	}
	return next, nil
}

// rulesMark is where the table of what was evaluated keeps which rules did it: the digest
// stands as the epoch, the moment as the offset.
const rulesMark = "rules"

// EverEvaluated tells whether anything in the store was evaluated yet.
func (s *Store) EverEvaluated(ctx context.Context) (bool, error) {
	var n uint64
	if err := s.Conn().QueryRow(ctx, "SELECT count() FROM evaluated WHERE next > 0 AND topic != ?", rulesMark).Scan(&n); err != nil {
		return false, fmt.Errorf("asking whether anything was evaluated: %w", err)
	}
	return n > 0, nil
}

// JudgedBy returns the digest of the rules that last judged the whole store; 0: none did.
func (s *Store) JudgedBy(ctx context.Context) (digest uint64, err error) {
	if err := s.Conn().QueryRow(ctx, "SELECT argMax(epoch, (next, at)) FROM evaluated WHERE topic = ?", rulesMark).Scan(&digest); err != nil {
		return 0, fmt.Errorf("asking which rules judged the store: %w", err)
	}
	return digest, nil
}

// SetJudgedBy notes that rules with this digest have judged the whole store.
func (s *Store) SetJudgedBy(ctx context.Context, digest uint64) error {
	return s.SetEvaluated(ctx, []Range{{Topic: rulesMark, Epoch: digest, Next: uint64(s.now().UnixMilli())}})
}

// SetEvaluated notes how far the partitions are in the roll-ups and were evaluated, and under
// which claim their rows were written.
func (s *Store) SetEvaluated(ctx context.Context, at []Range) error {
	if len(at) == 0 {
		return nil
	}
	var b strings.Builder
	b.WriteString("INSERT INTO evaluated VALUES ")
	now := s.now().UTC().Format("2006-01-02 15:04:05.000")
	for _, r := range at {
		fmt.Fprintf(&b, "('%s', %d, %d, %d, toDateTime64('%s', 3, 'UTC')), ", r.Topic, r.Partition, r.Epoch, r.Next, now)
	}
	if err := s.Conn().Exec(ctx, strings.TrimSuffix(b.String(), ", ")); err != nil {
		return fmt.Errorf("noting how far was evaluated: %w", err)
	}
	return nil
}
