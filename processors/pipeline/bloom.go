package pipeline

import (
	"encoding/binary"
	"math/bits"

	"linesman/schema"
)

// seen answers "surely new" or "ask the store" for event ids. It is a blocked Bloom filter
// that grows by adding blocks of twice the size: 16 bits for each id, eight of them set in one
// cache line. Ids are hashes already, so their first eight bytes serve as hash value. Measured false
// positives: about 1 in 1,000; they only cost a question to the store.
type seen struct {
	layers []layer
}

type layer struct {
	lines [][8]uint64
	room  int // ids that still fit
}

const (
	firstLayer = 1 << 16 // ids of the first layer
	bitsPerID  = 16
	probes     = 8
)

func newLayer(ids int) layer {
	return layer{lines: make([][8]uint64, ids*bitsPerID/512), room: ids}
}

// has tells whether the id may have been added.
func (s *seen) has(id *schema.ID) bool {
	for i := range s.layers {
		if s.layers[i].has(id) {
			return true
		}
	}
	return false
}

// following is how many ids the next layer holds: twice what the last one did.
func (s *seen) following() int {
	if n := len(s.layers); n > 0 {
		return len(s.layers[n-1].lines) * 512 / bitsPerID * 2
	}
	return firstLayer
}

// reserve makes room for n ids in one layer: each layer that there is costs a look for every
// id that is asked about.
func (s *seen) reserve(n uint64) {
	if len(s.layers) == 0 && n > firstLayer {
		s.layers = append(s.layers, newLayer(int(n+n/4)&^31+32))
	}
}

// add notes an id.
func (s *seen) add(id *schema.ID) { s.addKey(binary.LittleEndian.Uint64(id[:8])) }

func (s *seen) addKey(key uint64) {
	n := len(s.layers)
	if n == 0 || s.layers[n-1].room == 0 {
		s.layers = append(s.layers, newLayer(s.following()))
		n++
	}
	l := &s.layers[n-1]
	l.room--
	line, h := l.line(key)
	for range probes {
		line[h>>6&7] |= 1 << (h & 63)
		h = bits.RotateLeft64(h, 9)
	}
}

// addAll notes many ids by their first eight bytes. They are taken in rough order: a filter of
// millions of ids is larger than the processor's cache, and in the order of the store every id
// would wait for memory.
func (s *seen) addAll(keys []uint64) {
	var at [257]int
	for _, k := range keys {
		at[k>>56+1]++
	}
	for i := range 256 {
		at[i+1] += at[i]
	}
	ordered := make([]uint64, len(keys))
	for _, k := range keys {
		ordered[at[k>>56]] = k
		at[k>>56]++
	}
	for _, k := range ordered {
		s.addKey(k)
	}
}

func (l *layer) has(id *schema.ID) bool {
	line, h := l.line(binary.LittleEndian.Uint64(id[:8]))
	for range probes {
		if line[h>>6&7]&(1<<(h&63)) == 0 {
			return false
		}
		h = bits.RotateLeft64(h, 9)
	}
	return true
}

// line finds an id's line by the high bits, and mixes the rest for the bits in it.
func (l *layer) line(key uint64) (*[8]uint64, uint64) {
	hi, _ := bits.Mul64(key, uint64(len(l.lines)))
	h := (key ^ key>>29) * 0xBF58476D1CE4E5B9
	return &l.lines[hi], h ^ h>>32
}
