package schema

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"
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

// crockford is the alphabet of pseudonyms: no I, L, O or U, so that they can be read aloud.
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// LineID writes the keyed hash of a number as a line id: "L" and 13 characters.
func LineID(hash uint64) string { return "L" + Pseudonym(hash) }

// Pseudonym writes 64 bits as 13 characters of Crockford's base 32.
func Pseudonym(hash uint64) string {
	var b [13]byte
	for i := range b {
		b[12-i] = crockford[hash&31]
		hash >>= 5
	}
	return string(b[:])
}

// LineHash reads the keyed hash back out of a line id.
func LineHash(id string) (uint64, bool) {
	if len(id) != 14 || id[0] != 'L' {
		return 0, false
	}
	var v uint64
	for i, c := range []byte(id[1:]) {
		d := strings.IndexByte(crockford, c)
		if d < 0 || i == 0 && d > 15 { // 13 characters hold 65 bits; the first bit must be 0
			return 0, false
		}
		v = v<<5 | uint64(d)
	}
	return v, true
}
