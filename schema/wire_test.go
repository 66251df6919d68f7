package schema_test

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"linesman/schema"
	"linesman/schema/schematest"
)

const rounds = 200

func TestEveryRecordSurvivesTheWire(t *testing.T) {
	for _, s := range subjects(t) {
		r := rand.New(rand.NewPCG(1, uint64(len(s.info.Name))))
		for range rounds {
			if _, diff := s.trip(r, every, every); diff != "" {
				t.Fatal(diff)
			}
		}
	}
}

// An old program reads what a new one wrote, and a new one what an old one wrote.
func TestUnknownAndMissingFieldsDoNoHarm(t *testing.T) {
	for _, s := range subjects(t) {
		r := rand.New(rand.NewPCG(2, 2))
		for range rounds {
			some := map[int]bool{}
			for _, c := range s.info.Columns {
				some[c.Field] = r.IntN(2) == 0
			}
			fewer := func(f int) bool { return some[f] }
			if _, diff := s.trip(r, every, fewer); diff != "" {
				t.Fatalf("written by a newer program: %s", diff)
			}
			if _, diff := s.trip(r, fewer, every); diff != "" {
				t.Fatalf("written by an older program: %s", diff)
			}
		}
	}
}

func TestFieldsOfEveryWireTypeAreSkipped(t *testing.T) {
	var unknown []byte
	unknown = protowire.AppendVarint(protowire.AppendTag(unknown, 900, protowire.VarintType), 1<<63)
	unknown = protowire.AppendFixed32(protowire.AppendTag(unknown, 901, protowire.Fixed32Type), 7)
	unknown = protowire.AppendFixed64(protowire.AppendTag(unknown, 902, protowire.Fixed64Type), 7)
	unknown = protowire.AppendBytes(protowire.AppendTag(unknown, 903, protowire.BytesType), []byte("later"))
	unknown = protowire.AppendGroup(protowire.AppendTag(unknown, 904, protowire.StartGroupType), 904, protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), 1))
	for _, s := range subjects(t) {
		b, _ := s.trip(rand.New(rand.NewPCG(3, 3)), every, every)
		want, _ := s.id(b)
		for _, mixed := range [][]byte{append(bytes.Clone(unknown), b...), append(bytes.Clone(b), unknown...)} {
			if got, err := s.id(mixed); err != nil || got != want {
				t.Errorf("%s: id %v, %v", s.info.Name, got, err)
			}
		}
		// A known number with another wire type is unknown, too.
		other := protowire.AppendFixed32(protowire.AppendTag(bytes.Clone(b), 1, protowire.Fixed32Type), 7)
		if got, err := s.id(other); err != nil || got != want {
			t.Errorf("%s with a fixed32 as field 1: %v, %v", s.info.Name, got, err)
		}
	}
}

func TestCutShortIsMalformed(t *testing.T) {
	for _, s := range subjects(t) {
		r := rand.New(rand.NewPCG(4, 4))
		b, _ := s.trip(r, every, every)
		whole := map[int]bool{0: true} // lengths at which a field ends
		for rest := b; len(rest) > 0; {
			_, _, n := protowire.ConsumeField(rest)
			rest = rest[n:]
			whole[len(b)-len(rest)] = true
		}
		for n := range min(len(b), 4000) {
			switch err := s.decode(b[:n]); {
			case whole[n] && err != nil:
				t.Errorf("%s cut after a field: %v", s.info.Name, err)
			case !whole[n] && !errors.Is(err, schema.ErrWire):
				t.Errorf("%s cut at %d of %d: %v, want ErrWire", s.info.Name, n, len(b), err)
			}
		}
	}
}

func TestCorruptInputNeverPanics(t *testing.T) {
	for _, s := range subjects(t) {
		r := rand.New(rand.NewPCG(5, 5))
		for range 20 * rounds {
			b, _ := s.trip(r, every, func(int) bool { return false })
			b = b[:min(len(b), 2000)]
			for range 1 + r.IntN(4) {
				if len(b) > 0 {
					b[r.IntN(len(b))] = byte(r.Uint32())
				}
			}
			if err := s.decode(b); err != nil && !errors.Is(err, schema.ErrWire) {
				t.Fatalf("%s: %v is not ErrWire", s.info.Name, err)
			}
			_, _, _ = schema.PeekUsage(b)
		}
	}
}

func TestMalformedMessages(t *testing.T) {
	tag := func(n protowire.Number, typ protowire.Type) []byte { return protowire.AppendTag(nil, n, typ) }
	for name, b := range map[string][]byte{
		"endless varint":            bytes.Repeat([]byte{0xff}, 11),
		"field number zero":         {0x00, 0x01},
		"field number out of range": protowire.AppendVarint(protowire.AppendVarint(nil, 1<<40), 1),
		"end of no group":           tag(9, protowire.EndGroupType),
		"group without end":         tag(99, protowire.StartGroupType),
		"wire type 6":               {0x0e},
		"id of 15 bytes":            protowire.AppendBytes(tag(1, protowire.BytesType), make([]byte, 15)),
		"id of no bytes":            protowire.AppendBytes(tag(1, protowire.BytesType), nil),
		"length past the end":       append(tag(2, protowire.BytesType), 5, 'a'),
		"length of 2^63":            protowire.AppendVarint(tag(2, protowire.BytesType), 1<<63),
		"length of 2^64-1":          protowire.AppendVarint(tag(2, protowire.BytesType), math.MaxUint64),
		"half a hash":               append(tag(17, protowire.Fixed64Type), 1, 2, 3),
	} {
		var u schema.Usage
		if err := schema.NewDecoder(schema.UsageTable()).Decode(b, &u); !errors.Is(err, schema.ErrWire) {
			t.Errorf("%s: Decode gave %v, want ErrWire", name, err)
		}
		if id, at, err := schema.PeekUsage(b); err == nil && (!id.IsZero() || at != 0) || err != nil && !errors.Is(err, schema.ErrWire) {
			t.Errorf("%s: PeekUsage gave %v %v %v", name, id, at, err)
		}
	}
}

// One value that the store refuses would keep every record of its range out of it.
func TestValuesThatTheStoreCannotHold(t *testing.T) {
	day, at, amount := schema.NewEncoder(schema.WatchTable()), schema.NewEncoder(schema.UsageTable()), schema.NewEncoder(schema.UsageTable())
	for d, ok := range map[schema.Day]bool{schema.FirstDay: true, schema.LastDay: true, schema.FirstDay - 1: false, schema.LastDay + 1: false, math.MinInt32: false, math.MaxInt32: false} {
		var w schema.Watch
		if err := schema.NewDecoder(schema.WatchTable()).Decode(day.Append(nil, &schema.Watch{Day: d}), &w); (err == nil) != ok || err != nil && !errors.Is(err, schema.ErrWire) {
			t.Errorf("day %s: %v", d, err)
		}
		if w.Day.Week() < schema.FirstDay && ok {
			t.Errorf("the week of %s begins on %s", d, w.Day.Week())
		}
	}
	for m, ok := range map[schema.Time]bool{schema.FirstTime: true, schema.LastTime: true, 1: true, -1: true, schema.FirstTime - 1: false, schema.LastTime + 1: false, math.MinInt64: false, math.MaxInt64: false} {
		var u schema.Usage
		if err := schema.NewDecoder(schema.UsageTable()).Decode(at.Append(nil, &schema.Usage{OccurredAt: m}), &u); (err == nil) != ok {
			t.Errorf("moment %s: %v", m, err)
		}
		for _, hours := range []int{-14, 14} { // no zone is further from UTC
			if d := schema.DayOf(m, time.FixedZone("", hours*3600)); ok && (d < schema.FirstDay || d > schema.LastDay) {
				t.Errorf("moment %s is on %s", m, d)
			}
		}
	}
	for m, ok := range map[schema.Money]bool{most: true, -most: true, most + 1: false, -most - 1: false, math.MinInt64: false} {
		var u schema.Usage
		if err := schema.NewDecoder(schema.UsageTable()).Decode(amount.Append(nil, &schema.Usage{Charged: m}), &u); (err == nil) != ok {
			t.Errorf("amount %s: %v", m, err)
		}
	}
	if schema.FirstDay.String() != "1900-01-01" || schema.LastDay.String() != "2299-12-31" {
		t.Errorf("the days are %s to %s", schema.FirstDay, schema.LastDay)
	}
}

func TestPeekUsageEqualsDecode(t *testing.T) {
	table := schema.UsageTable()
	enc, dec := schema.NewEncoder(table), schema.NewDecoder(table)
	r := rand.New(rand.NewPCG(6, 6))
	for range 20 * rounds {
		var u, got schema.Usage
		schematest.Fill(r, table, &u)
		b := enc.Append(nil, &u)
		id, at, err := schema.PeekUsage(b)
		if err != nil || id != u.EventID || at != u.OccurredAt {
			t.Fatalf("peeked %v %v %v, encoded %v %v", id, at, err, u.EventID, u.OccurredAt)
		}
		if err := dec.Decode(b, &got); err != nil || got.EventID != id || got.OccurredAt != at {
			t.Fatalf("peeked %v %v, decoded %v %v %v", id, at, got.EventID, got.OccurredAt, err)
		}
		// Cut short: what is peeked is either nothing, with an error, or what was encoded.
		n := r.IntN(len(b) + 1)
		if id, at, err := schema.PeekUsage(b[:n]); err != nil && (!id.IsZero() || at != 0) {
			t.Fatalf("peeked %v %v beside the error %v", id, at, err)
		} else if id != u.EventID && !id.IsZero() || at != u.OccurredAt && at != 0 {
			t.Fatalf("peeked %v %v of a message cut short", id, at)
		}
	}
	// The numbers that PeekUsage knows by heart.
	for _, c := range table.Columns {
		if c.Name == "event_id" && c.Field != 1 || c.Name == "occurred_at" && c.Field != 6 {
			t.Errorf("%s has number %d: PeekUsage reads another", c.Name, c.Field)
		}
	}
}

func TestEventIDs(t *testing.T) {
	for _, s := range subjects(t) {
		topics := []string{s.info.Topic}
		if s.info.Topic == "" {
			topics = schema.UsageTopics()
		}
		r := rand.New(rand.NewPCG(7, 7))
		for _, topic := range topics {
			ids := schema.NewEventIDs(topic)
			for range rounds {
				b, _ := s.trip(r, every, every)
				want, err := s.id(b)
				if err != nil {
					t.Fatal(err)
				}
				got, err := ids.Read(s.info.Record, b)
				if want.IsZero() != (err != nil) || got != want {
					t.Fatalf("%s in %s: read %v, %v; decoded %v", s.info.Record, topic, got, err, want)
				}
				if err != nil && !errors.Is(err, schema.ErrWire) {
					t.Fatalf("a record without an id: %v is not ErrWire", err)
				}
				for n := range min(len(b), 40) {
					if got, err := ids.Read(s.info.Record, b[:n]); err == nil && got != want {
						t.Fatalf("read %v of a message cut short", got)
					}
				}
			}
			if _, err := ids.Read("Nobody", nil); err == nil {
				t.Error("a record of an unknown type has an id")
			}
		}
	}
	if _, err := schema.NewEventIDs(schema.TopicFiles).Read("Usage", nil); err == nil {
		t.Error("a usage record in the topic of files has an id")
	}
}

func TestZeroRecordIsEmpty(t *testing.T) {
	if b := schema.NewEncoder(schema.UsageTable()).Append([]byte("x"), &schema.Usage{}); string(b) != "x" {
		t.Errorf("a record of zeros is encoded as % x", b[1:])
	}
	var u schema.Usage
	if err := schema.NewDecoder(schema.UsageTable()).Decode(nil, &u); err != nil || u != (schema.Usage{}) {
		t.Errorf("an empty message: %v, %v", u, err)
	}
}

// More symbols than a decoder remembers are still read right.
func TestManySymbols(t *testing.T) {
	enc, dec := schema.NewEncoder(schema.UsageTable()), schema.NewDecoder(schema.UsageTable())
	var buf []byte
	for i := range 70_000 {
		u, got := schema.Usage{Invoice: schema.NewID("i", string(rune(i))).String()[:8], Operator: "o"}, schema.Usage{}
		buf = enc.Append(buf[:0], &u)
		if err := dec.Decode(buf, &got); err != nil || got != u {
			t.Fatalf("%d: %v, %v", i, got, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	all := subjects(f)
	for i, s := range all {
		b, _ := s.trip(rand.New(rand.NewPCG(8, 8)), every, every)
		f.Add(uint8(i), b)
	}
	f.Add(uint8(0), []byte{0x0a, 0x0f})
	f.Fuzz(func(t *testing.T, which uint8, b []byte) {
		s := all[int(which)%len(all)]
		diff, err := s.again(b)
		if err != nil && !errors.Is(err, schema.ErrWire) {
			t.Fatalf("%v is not ErrWire", err)
		}
		if diff != "" {
			t.Fatal(diff)
		}
		if _, _, err := schema.PeekUsage(b); err != nil && !errors.Is(err, schema.ErrWire) {
			t.Fatalf("PeekUsage: %v is not ErrWire", err)
		} else if err != nil && s.decode(b) == nil && s.info.Name == "usage" {
			t.Fatalf("PeekUsage refuses what Decode takes: %v", err)
		}
	})
}
