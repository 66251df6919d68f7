package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// Claim says that an instance owns a partition. From its start on only ranges of its epoch
// count, whatever others write and whenever it arrives; below its start the ranges of the
// claims that it was built upon count.
//
// Only the claim with the greatest epoch holds. Epochs are never used twice: the upper half
// grows from claim to claim, the lower half is drawn by lot.
type Claim struct {
	Topic     string
	Partition uint32
	Epoch     uint64
	Start     uint64
	Owner     string
	// Touched is the offset below which somebody else may have inserted rows from Start on:
	// ranges that were begun and do not count.
	Touched uint64

	epochs, untils []uint64 // of the claims it is built upon
}

// ErrSuperseded says that somebody else has claimed a partition: what this instance writes to
// it does not count any more.
var ErrSuperseded = errors.New("another instance has taken the partition over")

// Claimed returns the claim that holds; its epoch is 0 where nobody ever claimed.
func (s *Store) Claimed(ctx context.Context, topic string, partition uint32) (Claim, error) {
	c := Claim{Topic: topic, Partition: partition}
	err := s.Conn().QueryRow(ctx, "SELECT epoch, start, owner, epochs, untils FROM claims WHERE topic = ? AND partition = ? ORDER BY epoch DESC LIMIT 1", topic, partition).
		Scan(&c.Epoch, &c.Start, &c.Owner, &c.epochs, &c.untils)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return c, fmt.Errorf("asking the store who owns %s/%d: %w", topic, partition, err)
	}
	return c, nil
}

// Holds returns ErrSuperseded when a claim does not hold any more.
func (s *Store) Holds(ctx context.Context, topic string, partition uint32, epoch uint64) error {
	var top uint64
	if err := s.Conn().QueryRow(ctx, "SELECT max(epoch) FROM claims WHERE topic = ? AND partition = ?", topic, partition).Scan(&top); err != nil {
		return fmt.Errorf("asking the store who owns %s/%d: %w", topic, partition, err)
	}
	if top != epoch {
		return fmt.Errorf("%s/%d: %w", topic, partition, ErrSuperseded)
	}
	return nil
}

// Claim makes the caller the owner of a partition. Of several that claim at once one gets it;
// the others claim again, until ctx ends: who has no business with the partition any more must
// end it.
func (s *Store) Claim(ctx context.Context, topic string, partition uint32, owner string) (Claim, error) {
	for {
		c, err := s.claim(ctx, topic, partition, owner)
		if err == nil || !errors.Is(err, ErrSuperseded) {
			return c, err
		}
		select {
		case <-ctx.Done():
			return c, ctx.Err()
		case <-time.After(time.Duration(rand.IntN(200)) * time.Millisecond):
		}
	}
}

func (s *Store) claim(ctx context.Context, topic string, partition uint32, owner string) (Claim, error) {
	top, err := s.Claimed(ctx, topic, partition)
	if err != nil {
		return top, err
	}
	c := Claim{Topic: topic, Partition: partition, Owner: owner, Epoch: s.epochAfter(top.Epoch), epochs: top.epochs, untils: top.untils}
	if c.Start, err = s.reached(ctx, topic, partition); err != nil {
		return c, err
	}
	// The position is that of the claim it is built upon only if no other came meanwhile.
	if err := s.Holds(ctx, topic, partition, top.Epoch); err != nil {
		return c, err
	}
	if c.Start < top.Start {
		return c, fmt.Errorf("store: %s/%d stands at offset %d, but was claimed from %d on: rows are missing; run linesman rebuild", topic, partition, c.Start, top.Start)
	}
	if c.Start > top.Start {
		c.epochs, c.untils = append(c.epochs, top.Epoch), append(c.untils, c.Start)
	}
	if err := s.putClaim(ctx, c); err != nil {
		return c, err
	}
	// Whoever claimed meanwhile is seen here, or sees this claim: the greater epoch goes on.
	if err := s.Holds(ctx, topic, partition, c.Epoch); err != nil {
		return c, err
	}
	// Asked after the claim: who begins a range later finds the claim before it inserts rows.
	err = s.Conn().QueryRow(exact(ctx), "SELECT max(next) FROM ranges WHERE topic = ? AND partition = ? AND epoch != ?", topic, partition, c.Epoch).Scan(&c.Touched)
	if err != nil {
		return c, fmt.Errorf("asking the store for ranges of %s/%d that others began: %w", topic, partition, err)
	}
	return c, nil
}

// epochAfter draws an epoch that is greater than top. The time in it keeps epochs growing
// when a store was dropped, with the claims in it.
func (s *Store) epochAfter(top uint64) uint64 {
	return max(top>>32+1, uint64(s.now().Unix()))<<32 | uint64(rand.Uint32())
}

func (s *Store) putClaim(ctx context.Context, c Claim) error {
	list := func(values []uint64) string {
		return "[" + strings.Trim(strings.ReplaceAll(fmt.Sprint(values), " ", ", "), "[]") + "]"
	}
	stmt := fmt.Sprintf("INSERT INTO claims VALUES ('%s', %d, %d, %d, %s, %s, ?, toDateTime64('%s', 3, 'UTC'))", c.Topic, c.Partition, c.Epoch, c.Start,
		list(c.epochs), list(c.untils), s.now().UTC().Format("2006-01-02 15:04:05.000"))
	if err := s.Conn().Exec(ctx, stmt, c.Owner); err != nil {
		return fmt.Errorf("claiming %s/%d: %w", c.Topic, c.Partition, err)
	}
	return nil
}

// Partition names a partition of the log.
type Partition struct {
	Topic     string
	Partition uint32
}

// Claims returns the claims that hold.
func (s *Store) Claims(ctx context.Context) (map[Partition]Claim, error) {
	rows, err := s.Conn().Query(ctx, "SELECT topic, partition, max(epoch), argMax(start, epoch), argMax(owner, epoch) FROM claims GROUP BY topic, partition")
	if err != nil {
		return nil, fmt.Errorf("asking the store who owns what: %w", err)
	}
	defer rows.Close()
	out := map[Partition]Claim{}
	for rows.Next() {
		var c Claim
		if err := rows.Scan(&c.Topic, &c.Partition, &c.Epoch, &c.Start, &c.Owner); err != nil {
			return nil, fmt.Errorf("asking the store who owns what: %w", err)
		}
		out[Partition{c.Topic, c.Partition}] = c
	}
	return out, rows.Err()
}

// Reached returns the offset up to which each partition is in the store; one without ranges is
// left out.
func (s *Store) Reached(ctx context.Context) (map[Partition]uint64, error) {
	rows, err := s.Conn().Query(exact(ctx), "SELECT topic, partition, max(next) FROM valid_ranges GROUP BY topic, partition")
	if err != nil {
		return nil, fmt.Errorf("asking the store for its position: %w", err)
	}
	defer rows.Close()
	out := map[Partition]uint64{}
	for rows.Next() {
		var at Partition
		var next uint64
		if err := rows.Scan(&at.Topic, &at.Partition, &next); err != nil {
			return nil, fmt.Errorf("asking the store for its position: %w", err)
		}
		out[at] = next
	}
	return out, rows.Err()
}

// Redone tells whether rows of a partition from an offset on may have been there before with
// other reference data.
func (s *Store) Redone(ctx context.Context, topic string, partition uint32, from uint64) (bool, error) {
	var n uint64
	err := s.Conn().QueryRow(exact(ctx), "SELECT countIf(redone = 1) FROM valid_ranges WHERE topic = ? AND partition = ? AND next > ?", topic, partition, from).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("asking the store for ranges of %s/%d that were redone: %w", topic, partition, err)
	}
	return n > 0, nil
}
