package stats

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func series(values ...float64) []Point {
	out := make([]Point, len(values))
	for i, v := range values {
		out[i] = Point{float64(i), v}
	}
	return out
}

func near(a, b, within float64) bool { return math.Abs(a-b) <= within }

func TestMannKendall(t *testing.T) {
	const trace = 0 // below the limit of detection: less than everything measured
	tests := []struct {
		name     string
		points   []Point
		s        int64
		variance float64
		z        float64
	}{
		// Gilbert (1987), chapter 16: 10, 15, 14, 20 have S = 4.
		{"Gilbert, four data", series(10, 15, 14, 20), 4, 4 * 3 * 13 / 18.0, 3 / math.Sqrt(4*3*13/18.0)},
		// Gilbert (1987), chapter 16: three groups of ties, of two, three and three.
		{"Gilbert, ties", series(23, 24, trace, 6, trace, 24, 24, trace, 23), -1, (9*8*23 - 2*1*9 - 3*2*11 - 3*2*11) / 18.0, 0},
		{"falls", series(5, 4, 3, 2, 1), -10, 5 * 4 * 15 / 18.0, -9 / math.Sqrt(5*4*15/18.0)},
		{"level", series(7, 7, 7, 7), 0, 0, 0},
		{"one point", series(7), 0, 0, 0},
		{"none", nil, 0, 0, 0},
	}
	for _, tt := range tests {
		got := MannKendall(tt.points)
		if got.S != tt.s || !near(got.Variance, tt.variance, 1e-12) || !near(got.Z, tt.z, 1e-12) || got.Points != len(tt.points) {
			t.Errorf("%s: %+v, want S %d, variance %g, z %g", tt.name, got, tt.s, tt.variance, tt.z)
		}
		if want := math.Erfc(tt.z/math.Sqrt2) / 2; tt.variance > 0 && !near(got.P, want, 1e-15) || tt.variance == 0 && got.P != 1 {
			t.Errorf("%s: p %g", tt.name, got.P)
		}
	}
	if one := MannKendall(series(1, 2, 3, 4, 5, 6, 7, 8)); !near(one.Z, 27/math.Sqrt(8*7*21/18.0), 1e-12) || one.P > 0.001 {
		t.Errorf("eight that rise: %+v", one)
	}
}

// The seasons' S and variances are added (Hirsch, Slack and Smith 1982, eq. 8–11), worked by
// hand: S is 3 − 3 + 1 over seasons of three, three and two years; a season of one year says
// nothing.
func TestSeasonalMannKendall(t *testing.T) {
	seasons := [][]Point{series(1, 2, 3), series(9, 5, 4), series(2, 7), series(4)}
	got := SeasonalMannKendall(seasons)
	if want := 2*(3*2*11/18.0) + 1; got.S != 1 || !near(got.Variance, want, 1e-12) || got.Z != 0 || got.Points != 9 {
		t.Errorf("got %+v", got)
	}
	// A swing of the seasons hides a rise from the plain test, not from the seasonal one.
	var all []Point
	four := make([][]Point, 4)
	for i := range 20 {
		p := Point{float64(i), 100*float64(i%4) + float64(i/4)}
		all, four[i%4] = append(all, p), append(four[i%4], p)
	}
	plain, seasonal := MannKendall(all), SeasonalMannKendall(four)
	if plain.P < 0.01 || seasonal.S != 40 || seasonal.P > 1e-4 {
		t.Errorf("plain %+v, seasonal %+v", plain, seasonal)
	}
	if s := SeasonalTheilSen(four, 0.9); s.Estimate != 0.25 || s.Low != 0.25 || s.High != 0.25 || s.Pairs != 40 {
		t.Errorf("seasonal slope %+v", s)
	}
}

func TestTheilSen(t *testing.T) {
	// The example of Sen (1968): the estimate is 4, the interval 26/7 to 35/8.
	sen := []Point{{1, 9}, {2, 15}, {3, 19}, {4, 20}, {10, 45}, {12, 55}, {18, 78}}
	if got := TheilSen(sen, 0.95); got.Estimate != 4 || got.Low != 26.0/7 || got.High != 35.0/8 || got.Pairs != 21 {
		t.Errorf("Sen: %+v", got)
	}
	// Hollander and Wolfe, Nonparametric Statistical Methods, cloud seeding in five years:
	// the slope is −0.056, S = −6.
	clouds := []Point{{1, 1.26}, {2, 1.27}, {3, 1.12}, {4, 1.16}, {5, 1.03}}
	if got := TheilSen(clouds, 0.9); !near(got.Estimate, -0.05625, 1e-12) || MannKendall(clouds).S != -6 {
		t.Errorf("Hollander and Wolfe: %+v", got)
	}
	if got := TheilSen(series(3), 0.9); got.Pairs != 0 || got.Estimate != 0 {
		t.Errorf("one point: %+v", got)
	}
	if got := TheilSen(series(3, 5), 0.9); got.Estimate != 2 || got.Low != 2 || got.High != 2 {
		t.Errorf("two points: %+v", got)
	}
}

// The example of Benjamini and Hochberg (1995): of fifteen p-values of a trial of
// thrombolysis, four are found at q = 0.05, where Bonferroni finds three.
func TestBenjaminiHochberg(t *testing.T) {
	p := []float64{0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1}
	if got := BenjaminiHochberg(p, 0.05); got.Count != 4 || got.Judged != 15 || !near(got.Cut, 4*0.05/15, 1e-15) || !got.Found[3] || got.Found[4] {
		t.Errorf("thrombolysis: %+v", got)
	}
	for _, tt := range []struct {
		name string
		p    []float64
		q    float64
		want []bool
	}{
		{"none", nil, 0.1, []bool{}},
		{"alone at the level", []float64{0.1}, 0.1, []bool{true}},
		{"alone above it", []float64{0.1001}, 0.1, []bool{false}},
		{"a later one carries an earlier one that would fail", []float64{0.1, 0.09}, 0.1, []bool{true, true}},
		{"equal ones share their fate", []float64{0.06, 0.9, 0.06, 0.06}, 0.1, []bool{true, false, true, true}},
	} {
		if got := BenjaminiHochberg(tt.p, tt.q); !slices.Equal(got.Found, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got.Found, tt.want)
		}
	}
}

// The normal approximation against the exact distribution of S, counted by Kendall's
// recursion over permutations: from eight points on it is off by less than 0.005 in the
// tail that matters, and at p = 0.01 it errs to the safe side.
func TestApproximation(t *testing.T) {
	for n := 8; n <= 20; n++ {
		worst := 0.0
		exact := upperTail(n)
		for s, p := range exact {
			got := MannKendall(withScore(n, s)).P
			if p <= 0.1 {
				worst = max(worst, math.Abs(got-p))
			}
			if got <= 0.01 && p > 0.0105 {
				t.Errorf("n %d, S %d: p is %.4f, approximated %.4f", n, s, p, got)
			}
		}
		if worst > 0.005 {
			t.Errorf("n %d: off by %.4f", n, worst)
		}
	}
}

// upperTail is the exact probability of an S at least as great, by S.
func upperTail(n int) map[int]float64 {
	counts := []float64{1} // permutations by number of falling pairs
	total := 1.0
	for k := 2; k <= n; k++ {
		next := make([]float64, len(counts)+k-1)
		for i, c := range counts {
			for j := range k {
				next[i+j] += c
			}
		}
		counts, total = next, total*float64(k)
	}
	out, sum := map[int]float64{}, 0.0
	for falling, c := range counts {
		sum += c
		if s := n*(n-1)/2 - 2*falling; s > 0 {
			out[s] = sum / total
		}
	}
	return out
}

// withScore makes a series of n distinct values with a given S.
func withScore(n, s int) []Point {
	falling := (n*(n-1)/2 - s) / 2
	var values []float64
	for i := range n { // insert each new greatest value so far from the end as is wanted
		back := min(falling, len(values))
		falling -= back
		values = slices.Insert(values, len(values)-back, float64(i))
	}
	return series(values...)
}

func random(rnd *rand.Rand, n int, step float64) []Point {
	var out []Point
	for i := range n {
		if rnd.IntN(6) > 0 { // some are missing
			out = append(out, Point{float64(i), math.Round(float64(i)*step + rnd.Float64()*12)})
		}
	}
	return out
}

func TestProperties(t *testing.T) {
	rnd := rand.New(rand.NewPCG(4, 1))
	for range 300 {
		points := random(rnd, 3+rnd.IntN(40), rnd.Float64()-0.5)
		test, slope := MannKendall(points), TheilSen(points, 0.9)
		shuffled := slices.Clone(points)
		rnd.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		if MannKendall(shuffled) != test || TheilSen(shuffled, 0.9) != slope {
			t.Fatalf("the order of giving matters: %v", points)
		}
		changed := func(f func(Point) Point) []Point {
			out := slices.Clone(points)
			for i, p := range out {
				out[i] = f(p)
			}
			return out
		}
		// Powers of two and whole numbers keep the arithmetic exact.
		scaled := changed(func(p Point) Point { return Point{p.Time, 4*p.Value + 100} })
		if s := TheilSen(scaled, 0.9); MannKendall(scaled) != test || s.Estimate != 4*slope.Estimate || s.Low != 4*slope.Low || s.High != 4*slope.High {
			t.Fatalf("scale and shift: %+v, %+v", s, slope)
		}
		if s := TheilSen(changed(func(p Point) Point { return Point{2*p.Time + 9, p.Value} }), 0.9); s.Estimate != slope.Estimate/2 {
			t.Fatalf("a slower clock: %+v, %+v", s, slope)
		}
		monotone := changed(func(p Point) Point { return Point{p.Time, math.Exp(p.Value / 10)} })
		if MannKendall(monotone) != test {
			t.Fatal("a monotone change of values changes the test")
		}
		mirrored := MannKendall(changed(func(p Point) Point { return Point{p.Time, -p.Value} }))
		if mirrored.S != -test.S || mirrored.Z != -test.Z || test.Variance > 0 && !near(mirrored.P+test.P, 1, 1e-12) {
			t.Fatalf("mirrored: %+v, %+v", mirrored, test)
		}
		if slope.Pairs > 0 && (slope.Low > slope.Estimate || slope.High < slope.Estimate) {
			t.Fatalf("the estimate lies outside its interval: %+v", slope)
		}
	}
}

// Robust: one wild value of twelve moves the slope little, and a wild one cannot make a
// level series rise.
func TestRobust(t *testing.T) {
	points := series(10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 32)
	points[5].Value = 1e6
	if s := TheilSen(points, 0.9); s.Estimate != 2 {
		t.Errorf("slope %+v", s)
	}
	level := series(10, 11, 10, 11, 10, 11, 10, 11, 10, 11, 10, 1e6)
	if k := MannKendall(level); k.P < 0.05 {
		t.Errorf("a wild value makes a trend: %+v", k)
	}
}

// TestAgainstDefinition compares with the definitions written down naively: signs of
// differences pair by pair, ties counted by comparing all with all, ranks by counting.
func TestAgainstDefinition(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 2))
	for range 200 {
		var seasons [][]Point
		for range 1 + rnd.IntN(5) {
			seasons = append(seasons, random(rnd, rnd.IntN(15), rnd.Float64()))
		}
		s, variance := 0, 0.0
		var slopes []float64
		for _, points := range seasons {
			n := float64(len(points))
			variance += n * (n - 1) * (2*n + 5) / 18
			for i, a := range points {
				same := 0.0
				for j, b := range points {
					if a.Value == b.Value {
						same++
					}
					if j > i {
						s += int(math.Copysign(1, b.Value-a.Value)) * map[bool]int{true: 0, false: 1}[a.Value == b.Value]
						slopes = append(slopes, (b.Value-a.Value)/(b.Time-a.Time))
					}
				}
				variance -= (same - 1) * (2*same + 5) / 18 // each of a group counts for its share
			}
		}
		got := SeasonalMannKendall(seasons)
		if got.S != int64(s) || !near(got.Variance, variance, 1e-6) {
			t.Fatalf("got %+v, want S %d, variance %g", got, s, variance)
		}
		est := SeasonalTheilSen(seasons, 0.9)
		below, above := 0, 0
		for _, x := range slopes {
			if x < est.Estimate {
				below++
			} else if x > est.Estimate {
				above++
			}
		}
		if est.Pairs != len(slopes) || 2*below > len(slopes) || 2*above > len(slopes) {
			t.Fatalf("%g is not the middle of %v", est.Estimate, slopes)
		}
	}
}

// Where nothing rises, the share of rounds with a false discovery is at most q (Benjamini
// and Hochberg: then it equals the false discovery rate); testing each unit alone would
// flag somebody in most rounds.
func TestFalseDiscoveries(t *testing.T) {
	rnd := rand.New(rand.NewPCG(6, 3))
	const rounds, units, q = 2000, 30, 0.1
	controlled, alone := 0, 0
	for range rounds {
		p := make([]float64, units)
		for i := range p {
			points := make([]Point, 12)
			for w := range points {
				points[w] = Point{float64(w), math.Round(rnd.NormFloat64() * 20)}
			}
			p[i] = MannKendall(points).P
		}
		if BenjaminiHochberg(p, q).Count > 0 {
			controlled++
		}
		if slices.Min(p) <= q {
			alone++
		}
	}
	t.Logf("rounds with a false discovery: %.3f controlled, %.3f alone", float64(controlled)/rounds, float64(alone)/rounds)
	if controlled > rounds*0.12 || alone < rounds*0.8 {
		t.Errorf("%d and %d of %d rounds", controlled, alone, rounds)
	}
}
