package schema

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
)

// ID identifies an event: the first 16 bytes of a SHA-256 over the kind of source and
// the record's natural key. The same record in two files is one event.
type ID [16]byte

// NewID derives an event id. Parts are length-prefixed, so ("ab","c") and ("a","bc") differ.
func NewID(kind string, key ...string) ID {
	h := sha256.New()
	part(h, kind)
	for _, k := range key {
		part(h, k)
	}
	var sum [sha256.Size]byte
	h.Sum(sum[:0])
	return ID(sum[:16])
}

func part(h hash.Hash, s string) {
	n := len(s)
	h.Write([]byte{byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24)})
	h.Write([]byte(s))
}

// String returns the id as 32 hexadecimal digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// IsZero tells whether no id was set.
func (id ID) IsZero() bool { return id == ID{} }

// ParseID reads the form that String writes.
func ParseID(s string) (ID, error) {
	var id ID
	if len(s) != 32 {
		return id, fmt.Errorf("event id %q: want 32 hexadecimal digits", s)
	}
	if _, err := hex.Decode(id[:], []byte(s)); err != nil {
		return id, fmt.Errorf("event id %q: %w", s, err)
	}
	return id, nil
}
