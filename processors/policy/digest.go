package policy

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
)

// judging is raised by hand when the code that judges what queries read is changed in what it
// finds: stores judged by the code of before are then judged anew.
const judging = 2

// Digest stands for what the rules judge: another digest means that the store must be judged
// anew. Titles, descriptions and quotations do not count. It is never 0.
func (s *Set) Digest() uint64 {
	h := sha256.New()
	fmt.Fprintln(h, judging)
	s.protectionsDigest(h)
	for _, r := range s.rules {
		r.digest(h)
	}
	return max(1, binary.BigEndian.Uint64(h.Sum(nil)))
}

func (r *Rule) digest(h hash.Hash) {
	q, err := r.Compile()
	if err != nil { // a set holds rules that were loaded
		fmt.Fprintf(h, "%s does not compile", r.Name())
		return
	}
	fmt.Fprintf(h, "%s\n%s\n%s %s %s %s %t %d %d\n", r.Name(), q.SQL(), r.Severity, r.Subject, r.Window, r.Zone, r.Candidate, r.start(), r.ValidTo)
	fmt.Fprintln(h, r.NoEvidence)
	r.specialDigest(h)
	for _, l := range r.Limits {
		fmt.Fprintf(h, "%s %s %d %d %d %t\n", l.Measure, l.Unit, l.Scale, l.above, l.high, l.hasHigh)
		for _, e := range l.Except {
			fmt.Fprintf(h, "%s %s %s %d %d\n", e.Line, e.Unit, e.Role, e.above, e.high)
		}
	}
}
