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
// there, and the edit after which they fit again: a small one after which many fit. It says no
// difference when want is the beginning of have.
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
	want, have = want[k:], have[k:]
	score := 0
	settled := func(removed, inserted int) bool {
		n := run(want[removed:], have[inserted:])
		end := n == len(want)-removed
		if n == 0 || n == 1 && !end && len(have)-inserted > 1 { // one alone can be chance
			return false
		}
		if best.sure && n-removed-inserted <= score {
			return false
		}
		score = n - removed - inserted
		best.removed, best.inserted, best.sure = removed, inserted, true
		return n >= plenty || end
	}
	// A changed record first: among many alike it could pass for one more.
	if len(want) > 1 && len(have) > 1 && settled(1, 1) {
		return best, true
	}
	for edit := 1; edit <= min(len(want)+len(have), maxEdit); edit++ {
		for removed := max(0, edit-len(have)); removed <= min(edit, len(want)); removed++ {
			if settled(removed, edit-removed) {
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
