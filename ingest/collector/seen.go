package collector

import (
	"encoding/binary"

	"linesman/schema"
)

// idSet is a set of event ids. Ids are parts of a SHA-256, so their own bits place them;
// a slot takes 16 bytes and the table is at most three quarters full.
type idSet struct {
	slots []schema.ID
	n     int
	zero  bool // the zero id, which marks an empty slot
}

func (s *idSet) len() int { return s.n }

// add puts an id in and tells whether it is new.
func (s *idSet) add(id schema.ID) bool {
	if id.IsZero() {
		fresh := !s.zero
		s.zero = true
		return fresh
	}
	if s.n*4 >= len(s.slots)*3 {
		s.grow()
	}
	i := s.find(id)
	if s.slots[i] == id {
		return false
	}
	s.slots[i] = id
	s.n++
	return true
}

func (s *idSet) has(id schema.ID) bool {
	if id.IsZero() {
		return s.zero
	}
	return len(s.slots) > 0 && s.slots[s.find(id)] == id
}

// find returns the id's slot, or the empty one where it belongs.
func (s *idSet) find(id schema.ID) int {
	mask := len(s.slots) - 1
	i := int(binary.LittleEndian.Uint64(id[:])) & mask
	for s.slots[i] != id && !s.slots[i].IsZero() {
		i = (i + 1) & mask
	}
	return i
}

func (s *idSet) grow() {
	old := s.slots
	s.slots = make([]schema.ID, max(1024, 2*len(old)))
	for _, id := range old {
		if !id.IsZero() {
			s.slots[s.find(id)] = id
		}
	}
}
