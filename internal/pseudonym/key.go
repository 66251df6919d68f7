// Package pseudonym turns telephone numbers and employee ids into pseudonyms: keyed hashes
// that stay the same from file to file and that nobody can undo without the key. The key
// lives in one file of the data directory and never enters the log, the store or a message.
package pseudonym

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"sync"

	"linesman/schema"
)

// SecretSize is the size of a key in bytes.
const SecretSize = 32

// Domains keep hashes of different things apart: a number and an employee id with the same
// characters get unrelated pseudonyms. They are part of every pseudonym ever made: never
// change them.
const (
	domainNumber = "number\x00"
	domainPerson = "person\x00"
	domainRow    = "row\x00"
)

// crockford is Crockford's base 32: no I, L, O or U, so that an id can be read aloud.
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// Key makes pseudonyms. It is safe for concurrent use.
type Key struct {
	pool sync.Pool // *state
}

// state is a keyed HMAC with room for its sum. HMAC keeps the hashed key over Reset, which
// halves the work of a short message.
type state struct {
	mac hash.Hash
	buf [sha256.Size]byte
	in  [64]byte
}

// New returns the key with the given secret; LoadOrCreate is what programs use. The secret
// is copied. Any length works, SecretSize bytes is right.
func New(secret []byte) *Key {
	own := append([]byte(nil), secret...)
	k := &Key{}
	k.pool.New = func() any { return &state{mac: hmac.New(sha256.New, own)} }
	return k
}

// Number returns the keyed hash of a normalised number (see phone.Number.Digits): HMAC-SHA256
// truncated to 64 bits. It is never 0, which stands for "unknown" in records.
func (k *Key) Number(digits string) uint64 {
	return k.sum64(domainNumber, digits)
}

// Line returns the pseudonym of one of the organisation's own numbers: "L" and 13 characters
// of Crockford's base 32 of Number(digits). The same number as somebody's other party has the
// same hash, so own lines can be recognised there.
func (k *Key) Line(digits string) string {
	return LineOf(k.Number(digits))
}

// LineOf returns the line pseudonym that belongs to a hash of Number.
func LineOf(hash uint64) string { return encode('L', hash) }

// Person returns the pseudonym of an employee id: "P" and 13 characters.
func (k *Key) Person(id string) string {
	return encode('P', k.sum64(domainPerson, id))
}

// Row returns the keyed hash of a raw row, by which a refused row is recognised when it comes
// again although the row itself is not kept.
func (k *Key) Row(raw []byte) schema.ID {
	s := k.pool.Get().(*state)
	s.mac.Reset()
	s.mac.Write(append(s.in[:0], domainRow...))
	s.mac.Write(raw)
	id := schema.ID(s.mac.Sum(s.buf[:0])[:16])
	k.pool.Put(s)
	return id
}

func (k *Key) sum64(domain, text string) uint64 {
	s := k.pool.Get().(*state)
	s.mac.Reset()
	s.mac.Write(append(append(s.in[:0], domain...), text...))
	v := binary.BigEndian.Uint64(s.mac.Sum(s.buf[:0]))
	k.pool.Put(s)
	if v == 0 {
		return 1
	}
	return v
}

// encode writes 64 bits as 13 characters, most significant first.
func encode(kind byte, v uint64) string {
	var out [14]byte
	out[0] = kind
	for i := 13; i > 0; i-- {
		out[i] = crockford[v&31]
		v >>= 5
	}
	return string(out[:])
}
