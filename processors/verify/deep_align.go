package verify

// difference is where what is there departs from what was sealed.
type difference struct {
	at       int // first leaf that differs
	removed  int // sealed leaves that are not there
	inserted int // leaves in their place, or between
	sure     bool
}

const (
	// plenty of leaves that fit again settle what happened.
	plenty = 512
	// maxEdit bounds how many records are taken to be touched at one place.
	maxEdit = 2 * window
)

// align finds the first difference between the leaves that were sealed and those that are
// there, and the smallest edit after which they fit again: longest of all such edits. It says
// no difference when one list is the beginning of the other, which have may be: then the
// difference is behind its end.
func align(want, have []uint32) (difference, bool) {
	k := 0
	for k < len(want) && k < len(have) && want[k] == have[k] {
		k++
	}
	if k == len(want) {
		return difference{}, false
	}
	best := difference{at: k}
	if k == len(have) {
		best.removed, best.sure = len(want)-k, true
		return best, true
	}
	longest := 0
	want, have = want[k:], have[k:]
	for edit := 1; edit <= min(len(want)+len(have), maxEdit); edit++ {
		for removed := max(0, edit-len(have)); removed <= min(edit, len(want)); removed++ {
			inserted := edit - removed
			n := run(want[removed:], have[inserted:])
			if n <= longest || n == 1 && len(want)-removed > 1 && len(have)-inserted > 1 { // one alone can be chance
				continue
			}
			longest = n
			best.removed, best.inserted, best.sure = removed, inserted, true
			if n >= plenty || n == len(want)-removed {
				return best, true
			}
		}
	}
	if !best.sure {
		best.removed, best.inserted = len(want), len(have)
	}
	return best, true
}

// run is how many leaves at the beginning are alike.
func run(a, b []uint32) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}
