package goals

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestIntervalCovers plants lines with noise, draws them on, and counts how often the value
// that comes lies in the interval: about four times out of five, and never far from it.
func TestIntervalCovers(t *testing.T) {
	const runs = 4000
	for _, tc := range []struct {
		name      string
		n, ahead  int
		low, high float64
	}{
		{"three months, one ahead", 3, 1, 0.62, 0.92},
		{"three months, six ahead", 3, 6, 0.62, 0.92},
		{"six months, three ahead", 6, 3, 0.70, 0.92},
		{"ten months, two ahead", 10, 2, 0.72, 0.90},
		{"twelve months, ten ahead", 12, 10, 0.72, 0.90},
		{"half a year of weeks, nine ahead", 26, 9, 0.74, 0.88},
	} {
		t.Run(tc.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(7, uint64(tc.n*100+tc.ahead)))
			in := 0
			x, y := make([]float64, tc.n), make([]float64, tc.n)
			for range runs {
				for i := range tc.n {
					x[i], y[i] = float64(i), 300-4*float64(i)+12*rng.NormFloat64()
				}
				at := float64(tc.n - 1 + tc.ahead)
				f := foresee(x, y, at)
				if v := 300 - 4*at + 12*rng.NormFloat64(); f.low <= v && v <= f.high {
					in++
				}
			}
			got := float64(in) / runs
			t.Logf("%.3f of the values lie in the interval", got)
			if got < tc.low || got > tc.high {
				t.Errorf("%.3f of the values lie in the interval, want %.2f to %.2f", got, tc.low, tc.high)
			}
		})
	}
}

func TestForesee(t *testing.T) {
	for _, tc := range []struct {
		name             string
		x, y             []float64
		at               float64
		value, low, high float64
	}{
		{"a straight line has no width", []float64{0, 30, 61}, []float64{300, 270, 239}, 100, 200, 200, 200},
		{"flat", []float64{0, 1, 2, 3}, []float64{5, 5, 5, 5}, 9, 5, 5, 5},
		{"one bad month does not turn it", []float64{0, 1, 2, 3, 4, 5, 6}, []float64{70, 68, 66, 200, 62, 60, 58}, 10, 50, 0, 100},
		{"a single point is no pace", []float64{3}, []float64{4}, 9, 0, 0, 0},
	} {
		f := foresee(tc.x, tc.y, tc.at)
		if math.Abs(f.value-tc.value) > 1e-9 || f.low > f.value || f.high < f.value || f.low < tc.low-1e-9 || f.high > tc.high+1e-9 {
			t.Errorf("%s: %+v, want %v between %v and %v", tc.name, f, tc.value, tc.low, tc.high)
		}
	}
}
