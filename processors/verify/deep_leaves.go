package verify

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"linesman/internal/broker"
	"linesman/processors/seal"
	"linesman/processors/store"
	"linesman/schema"
)

// errNoLeaves says that a seal does not give its leaves: it is damaged, or not there any more.
var errNoLeaves = errors.New("the seal's leaves cannot be read")

// leaves reads the short leaves of a seal from one of its sources. An error other than
// errNoLeaves says that the source could not be asked.
func (d *deep) leaves(ctx context.Context, at place, r *sealRef, from sources) ([]byte, error) {
	var s schema.Seal
	var err error
	switch from {
	case inLog:
		s, err = d.sealInLog(ctx, uint64(r.where[0]))
	case inStore:
		s.Topic, s.Partition, s.First, s.Next = at.topic, at.partition, r.first, r.next
		err = d.store.Conn().QueryRow(store.Exact(ctx), "SELECT leaves FROM seals WHERE topic = ? AND partition = ? AND first = ? AND next = ? AND log_offset = ?",
			at.topic, at.partition, r.first, r.next, uint64(r.where[1])).Scan(&s.Leaves)
		if errors.Is(err, sql.ErrNoRows) {
			err = errNoLeaves
		}
	default:
		s, err = d.sealInAnchors(r.where[2])
	}
	if err != nil {
		return nil, err
	}
	shorts, err := seal.Shorts(&s)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNoLeaves, err)
	}
	return shorts, nil
}

func (d *deep) sealInLog(ctx context.Context, at uint64) (s schema.Seal, err error) {
	gone := fmt.Errorf("%w: the log does not hold the seal", errNoLeaves)
	err = d.records(ctx, place{schema.TopicSeals, 0}, at, at+1, func(recs []broker.Record) error {
		if gone = nil; schema.NewDecoder(schema.SealTable()).Decode(recs[0].Value, &s) != nil {
			gone = errNoLeaves
		}
		return nil
	}, func(uint64, error) {})
	if err == nil {
		err = gone
	}
	return s, err
}

func (d *deep) sealInAnchors(at int64) (s schema.Seal, err error) {
	line, err := bufio.NewReader(io.NewSectionReader(d.anchors, at, 1<<20)).ReadBytes('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return s, fmt.Errorf("reading the anchor file: %w", err)
	}
	var a seal.Anchor
	if err = json.Unmarshal(line, &a); err == nil {
		s, err = a.Seal()
	}
	if err != nil { // it was a seal a moment ago
		return s, fmt.Errorf("%w: %w", errNoLeaves, err)
	}
	return s, nil
}
