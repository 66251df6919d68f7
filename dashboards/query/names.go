package query

import (
	"fmt"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// list writes names as a person would: "a", "b" or "c".
func list(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = fmt.Sprintf("%q", n)
	}
	if len(quoted) < 2 {
		return strings.Join(quoted, "")
	}
	return strings.Join(quoted[:len(quoted)-1], ", ") + " or " + quoted[len(quoted)-1]
}

// nearest finds the name most like a wrong one; ties go to the first in the alphabet.
func nearest(wrong string, names []string) string {
	sorted := slices.Clone(names)
	slices.Sort(sorted)
	best, distance := "", 1<<30
	for _, n := range sorted {
		if d := levenshtein.ComputeDistance(strings.ToLower(wrong), n); d < distance {
			best, distance = n, d
		}
	}
	return best
}

// unknown is the error for a name that is not declared.
func unknown(what, wrong string, names []string) error {
	return fmt.Errorf("%w: no %s %q; did you mean %q?", ErrQuery, what, wrong, nearest(wrong, names))
}
