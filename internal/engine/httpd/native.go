package httpd

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// columnFlagRevision is the protocol revision from which each column says whether its serialisation is special.
const columnFlagRevision = 54454

// blockInfo is the block header of a plain block: not overflowed, no bucket.
const blockInfo = "\x01\x00\x02\xff\xff\xff\xff\x00"

// upgradeNative rewrites Native blocks of protocol revision 0, which is all the library emits, into the form a client
// expects that sent client_protocol_version: block info in front and, for newer clients, a flag per column. The values
// are copied as they are; only their length has to be found.
func upgradeNative(w io.Writer, types *typeCache, b []byte, revision int) error {
	for len(b) > 0 {
		s := &nativeScan{b: b}
		columns, rows := s.uvarint(), s.uvarint()
		if s.bad {
			return errors.New("the engine's Native block has no header")
		}
		if err := writeAll(w, []byte(blockInfo), b[:s.p]); err != nil {
			return err
		}
		for range columns {
			if err := s.column(w, types, int(rows), revision); err != nil {
				return err
			}
		}
		b = b[s.p:]
	}
	return nil
}

func writeAll(w io.Writer, parts ...[]byte) error {
	for _, p := range parts {
		if _, err := w.Write(p); err != nil {
			return err
		}
	}
	return nil
}

// nativeScan is a position in a Native block. bad stays set after the first error.
type nativeScan struct {
	b   []byte
	p   int
	bad bool
}

// column copies one column.
func (s *nativeScan) column(w io.Writer, types *typeCache, rows, revision int) error {
	at := s.p
	s.skip(s.uvarint()) // name
	n := s.uvarint()
	nameAt := s.p
	if s.skip(n); s.bad {
		return errors.New("the engine's Native block ends within a column's header")
	}
	t, err := types.get(string(s.b[nameAt:s.p]))
	if err != nil {
		return err
	}
	dataAt := s.p
	if rows > 0 {
		s.prefix(t)
		s.values(t, rows)
	}
	if s.bad {
		return fmt.Errorf("cannot find the end of a column of type %s in the engine's Native block", t.name)
	}
	var flag []byte
	if revision >= columnFlagRevision {
		flag = []byte{0}
	}
	return writeAll(w, s.b[at:dataAt], flag, s.b[dataAt:s.p])
}

func (s *nativeScan) fail() { s.bad, s.p = true, len(s.b) }

func (s *nativeScan) uvarint() uint64 {
	v, n := binary.Uvarint(s.b[s.p:])
	if n <= 0 {
		s.fail()
		return 0
	}
	s.p += n
	return v
}

func (s *nativeScan) skip(n uint64) {
	if s.bad || n > uint64(len(s.b)-s.p) {
		s.fail()
		return
	}
	s.p += int(n)
}

func (s *nativeScan) uint64() uint64 {
	if s.skip(8); s.bad {
		return 0
	}
	return binary.LittleEndian.Uint64(s.b[s.p-8:])
}

// count reads a number of values; more than there are bytes left cannot be.
func (s *nativeScan) count() int {
	n := s.uint64()
	if n > uint64(len(s.b)) {
		s.fail()
		return 0
	}
	return int(n)
}

// prefix skips what stands once in front of a column's values.
func (s *nativeScan) prefix(t *nativeType) {
	if t.kind == kindLowCardinality || t.kind == kindJSON {
		if s.uint64() != 1 { // version of the serialisation
			s.fail()
		}
		return
	}
	for _, a := range t.args {
		s.prefix(a)
	}
}

// values skips n values.
func (s *nativeScan) values(t *nativeType, n int) {
	if s.bad {
		return
	}
	switch t.kind {
	case kindFixed:
		if t.size > 0 && n > len(s.b) { // also keeps the product small
			s.fail()
			return
		}
		s.skip(uint64(n) * uint64(t.size))
	case kindString, kindJSON:
		s.strings(n)
	case kindNullable:
		s.skip(uint64(n))
		s.values(t.args[0], n)
	case kindTuple:
		for _, a := range t.args {
			s.values(a, n)
		}
	case kindArray:
		if n > 0 {
			s.skip(8 * uint64(n-1))
			s.values(t.args[0], s.count()) // the last offset is the number of elements
		}
	case kindLowCardinality:
		if n > 0 {
			s.dictionary(t.args[0])
		}
	default:
		s.fail()
	}
}

// strings skips n strings; written out because it takes most of the time.
func (s *nativeScan) strings(n int) {
	b, p := s.b, s.p
	for range n {
		if p >= len(b) {
			s.fail()
			return
		}
		size := int(b[p])
		p++
		if size >= 0x80 {
			v, k := binary.Uvarint(b[p-1:])
			if k <= 0 || v > uint64(len(b)) {
				s.fail()
				return
			}
			size, p = int(v), p-1+k
		}
		p += size
	}
	if p > len(b) {
		s.fail()
		return
	}
	s.p = p
}

// dictionary skips the values of a LowCardinality column: the dictionary, and the numbers pointing into it.
func (s *nativeScan) dictionary(inner *nativeType) {
	const (
		indexSizeMask     = 0xff   // the numbers take 1 << this bytes
		hasAdditionalKeys = 1 << 9 // a dictionary follows
	)
	flags := s.uint64()
	if inner.kind == kindNullable {
		inner = inner.args[0]
	}
	if flags&hasAdditionalKeys != 0 {
		s.values(inner, s.count())
	}
	if width := flags & indexSizeMask; width > 3 {
		s.fail()
	} else {
		s.skip(uint64(s.count()) << width)
	}
}
