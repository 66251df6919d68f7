package query

import (
	"slices"
	"testing"
)

func TestWithheld(t *testing.T) {
	for _, tc := range []struct {
		counts []uint64
		want   []int
	}{
		{nil, nil},
		{[]uint64{5, 100}, nil},
		{[]uint64{4, 100, 20}, []int{0, 2}},      // the smallest of the others goes along
		{[]uint64{4, 1, 100}, []int{0, 1}},       // five together, of two
		{[]uint64{1, 2, 100, 7}, []int{0, 1, 3}}, // three together would still be few
		{[]uint64{0, 0, 9}, nil},
		{[]uint64{0, 3, 9, 50}, []int{1, 2}},
		{[]uint64{3}, []int{0}},
		{[]uint64{1, 1}, []int{0, 1}},
		{[]uint64{0}, nil},
	} {
		got := withheld(tc.counts)
		slices.Sort(got)
		if !slices.Equal(got, tc.want) {
			t.Errorf("of %v withheld %v, want %v", tc.counts, got, tc.want)
		}
	}
}
