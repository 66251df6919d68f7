// Package seal makes the log tamper-evident. A hash chain runs over the records of every
// partition; at regular places its state is appended to linesman.seals, and optionally to a
// file elsewhere. Whoever changes, removes or inserts a record afterwards no longer gets the
// same chain. docs/tamper-evidence.md describes the bytes, so that a stranger can recompute
// them, and says what is proven and what is not.
package seal

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"

	"linesman/internal/broker"
	"linesman/schema"
)

const (
	// Most is how many records one seal covers at most.
	Most = 4096

	// ShortBytes is how much of each record's leaf a seal holds. It only has to tell which
	// record was touched: that one was touched is told by the chain.
	ShortBytes = 4

	absent = 0xffffffff // in place of a length: there is no value, not even an empty one
)

// Chain is a link of the chain. The first link of a partition is all zeros.
type Chain [sha256.Size]byte

// String writes 64 hexadecimal digits.
func (c Chain) String() string { return hex.EncodeToString(c[:]) }

// ParseChain reads what String writes.
func ParseChain(s string) (Chain, error) {
	var c Chain
	if len(s) != 2*len(c) {
		return c, fmt.Errorf("link of a chain: %d characters, want %d hexadecimal digits", len(s), 2*len(c))
	}
	if _, err := hex.Decode(c[:], []byte(s)); err != nil {
		return c, fmt.Errorf("link of a chain: %w", err)
	}
	return c, nil
}

// Next is the link after c: SHA-256 over c and the leaf of the next record.
func (c Chain) Next(leaf [sha256.Size]byte) Chain {
	var both [2 * sha256.Size]byte
	copy(both[:], c[:])
	copy(both[sha256.Size:], leaf[:])
	return sha256.Sum256(both[:])
}

// Hasher makes leaves. It reuses a buffer, so it is for one goroutine; its zero value is ready.
type Hasher struct{ buf []byte }

// Leaf is the SHA-256 over the record's canonical bytes.
func (h *Hasher) Leaf(rec *broker.Record) [sha256.Size]byte {
	h.buf = AppendCanonical(h.buf[:0], rec)
	return sha256.Sum256(h.buf)
}

// AppendCanonical appends the bytes that stand for a record: its time in milliseconds since
// 1970 (8 bytes), key, value, number of headers, and name and value of each header in order.
// Numbers are big-endian; every string has its length in front (4 bytes; ffffffff for one
// that is absent). The offset is no part of it. Two different records never give the same bytes.
func AppendCanonical(buf []byte, rec *broker.Record) []byte {
	buf = binary.BigEndian.AppendUint64(buf, uint64(rec.Time.UnixMilli()))
	buf = appendBytes(buf, rec.Key)
	buf = appendBytes(buf, rec.Value)
	buf = binary.BigEndian.AppendUint32(buf, uint32(len(rec.Headers)))
	for i := range rec.Headers {
		buf = binary.BigEndian.AppendUint32(buf, uint32(len(rec.Headers[i].Key)))
		buf = append(buf, rec.Headers[i].Key...)
		buf = appendBytes(buf, rec.Headers[i].Value)
	}
	return buf
}

func appendBytes(buf, b []byte) []byte {
	if b == nil {
		return binary.BigEndian.AppendUint32(buf, absent)
	}
	return append(binary.BigEndian.AppendUint32(buf, uint32(len(b))), b...)
}

// newSeal declares the seal of a range of records with these short leaves.
func newSeal(at place, first, next uint64, before, chain Chain, shorts []byte, now schema.Time) schema.Seal {
	s := schema.Seal{Topic: at.topic, Partition: uint32(at.partition), First: first, Next: next, Before: before.String(), Chain: chain.String(),
		Leaves: base64.StdEncoding.EncodeToString(shorts), SealedAt: now}
	s.EventID = EventID(&s)
	return s
}

// EventID is the id that the seal must have: it follows from what is sealed, so that sealing
// the same range again, after a crash or by a second instance, gives the same event.
func EventID(s *schema.Seal) schema.ID {
	return schema.NewID("seal", s.Topic, strconv.FormatUint(uint64(s.Partition), 10), strconv.FormatUint(s.First, 10), strconv.FormatUint(s.Next, 10), s.Chain)
}

// Key is the record key of the seals of a partition.
func Key(topic string, partition int) string { return topic + "/" + strconv.Itoa(partition) }

// Shorts decodes the short leaves of a seal: ShortBytes for each record.
func Shorts(s *schema.Seal) ([]byte, error) {
	b, err := base64.StdEncoding.DecodeString(s.Leaves)
	if err != nil {
		return nil, fmt.Errorf("leaves of the seal of %s/%d %d-%d: %w", s.Topic, s.Partition, s.First, s.Next, err)
	}
	if len(b)%ShortBytes != 0 || uint64(len(b)/ShortBytes) != s.Next-s.First {
		return nil, fmt.Errorf("leaves of the seal of %s/%d %d-%d: they are for %d records", s.Topic, s.Partition, s.First, s.Next, len(b)/ShortBytes)
	}
	return b, nil
}
