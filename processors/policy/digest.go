package policy

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
)

// Digest stands for what the rules judge: another digest means that the store must be judged
// anew. Titles, descriptions and quotations do not count. It is never 0.
func (s *Set) Digest() uint64 {
	h := sha256.New()
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
	fmt.Fprintf(h, "%s\n%s\n%s %s %s %d %d\n", r.Name(), q.SQL(), r.Severity, r.Subject, r.Zone, r.start(), r.ValidTo)
	r.specialDigest(h)
	for _, l := range r.Limits {
		fmt.Fprintf(h, "%s %s %d %d %d %t\n", l.Measure, l.Unit, l.Scale, l.above, l.high, l.hasHigh)
	}
}
