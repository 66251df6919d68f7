package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"linesman/internal/failpoint"
)

// kill is one kill that struck.
type kill struct {
	N        int           `json:"n"`
	Campaign int           `json:"campaign"`
	Round    int           `json:"round"`
	Kind     string        `json:"kind"`
	Point    string        `json:"point,omitempty"`
	At       time.Duration `json:"at_ns"`
	Recovery time.Duration `json:"recovery_ns,omitempty"` // from the start after it, or the engine's death, until ready; 0: not measured
}

// roundResult is what a comparison found.
type roundResult struct {
	Campaign    int      `json:"campaign"`
	Seed        uint64   `json:"seed"`
	Round       int      `json:"round"`
	Rows        int      `json:"rows"`
	Lost        int      `json:"lost"`
	More        int      `json:"more"`
	Collections int      `json:"collections"` // finished ones
	Interrupted int      `json:"interrupted"` // cut off by a kill; their files were collected again
	Wrong       []string `json:"wrong,omitempty"`
}

// result is a whole run.
type result struct {
	Seed   uint64        `json:"seed"`
	Date   time.Time     `json:"date"`
	Took   time.Duration `json:"took_ns"`
	Kills  []*kill       `json:"kills"`
	Rounds []roundResult `json:"rounds"`
	Missed []string      `json:"missed,omitempty"` // fail points that were not reached
}

func (r *result) kill(k kill) *kill {
	k.N = len(r.Kills) + 1
	r.Kills = append(r.Kills, &k)
	return &k
}

func (r *result) killsOf(campaign int) int {
	n := 0
	for _, k := range r.Kills {
		if k.Campaign == campaign {
			n++
		}
	}
	return n
}

// untried lists the fail points that nothing was killed at.
func (r *result) untried() []string {
	tried := map[string]bool{}
	for _, k := range r.Kills {
		name, _, _ := strings.Cut(k.Point, "=")
		tried[name] = true
	}
	var out []string
	for _, p := range failpoint.Names() {
		if !tried[p.Name] {
			out = append(out, p.Name)
		}
	}
	return out
}

// recovery returns median, 95th percentile and worst.
func (r *result) recovery(kinds ...string) (n int, median, p95, worst time.Duration) {
	var all []time.Duration
	for _, k := range r.Kills {
		if k.Recovery > 0 && slices.Contains(kinds, k.Kind) {
			all = append(all, k.Recovery)
		}
	}
	if len(all) == 0 {
		return 0, 0, 0, 0
	}
	slices.Sort(all)
	return len(all), all[len(all)/2], all[min(len(all)-1, len(all)*95/100)], all[len(all)-1]
}

// collections adds up what the last round of each campaign counted.
func (r *result) collections(of func(roundResult) int) int {
	last := map[int]int{}
	for _, x := range r.Rounds {
		last[x.Campaign] = of(x)
	}
	n := 0
	for _, v := range last {
		n += v
	}
	return n
}

// markdown is the result for docs/reliability.md.
func (r *result) markdown() string {
	var b strings.Builder
	rows, lost, more, wrong := 0, 0, 0, 0
	for _, x := range r.Rounds {
		rows, lost, more, wrong = rows+x.Rows, lost+x.Lost, more+x.More, wrong+len(x.Wrong)
	}
	fmt.Fprintf(&b, "%d kills in %d rounds (seed %d, %s, %s). Rows compared with the run without crashes: %d; lost: %d; doubled or different: %d; other findings: %d.\n\n",
		len(r.Kills), len(r.Rounds), r.Seed, r.Date.UTC().Format("2006-01-02 15:04Z"), r.Took.Round(time.Second), rows, lost, more, wrong)
	fmt.Fprintf(&b, "Collections of files: %d finished, %d more cut off by a kill and done again.\n\n", r.collections(func(x roundResult) int { return x.Collections }),
		r.collections(func(x roundResult) int { return x.Interrupted }))
	b.WriteString("| killed | times |\n|---|---:|\n")
	kinds := map[string]int{}
	for _, k := range r.Kills {
		kinds[k.Kind]++
	}
	for _, kind := range slices.SortedFunc(maps.Keys(kinds), func(a, b string) int { return cmp.Compare(kinds[b], kinds[a]) }) {
		fmt.Fprintf(&b, "| %s | %d |\n", words(kind), kinds[kind])
	}
	b.WriteString("\n| ready again after | measured | median | 95 % | worst |\n|---|---:|---:|---:|---:|\n")
	for _, g := range []struct {
		name  string
		kinds []string
	}{{"the program was killed", []string{killUp, killStart, killRebuild, killPoint}}, {"the engine was killed", []string{killEngine, killAtPoint}}} {
		n, median, p95, worst := r.recovery(g.kinds...)
		fmt.Fprintf(&b, "| %s | %d | %.2f s | %.2f s | %.2f s |\n", g.name, n, median.Seconds(), p95.Seconds(), worst.Seconds())
	}
	r.points(&b)
	return b.String()
}

// points is the table of fail points.
func (r *result) points(b *strings.Builder) {
	b.WriteString("\n| fail point | program killed | engine killed |\n|---|---:|---:|\n")
	program, engine := map[string]int{}, map[string]int{}
	for _, k := range r.Kills {
		name, _, ok := strings.Cut(k.Point, "=")
		switch {
		case ok && k.Kind == killAtPoint:
			engine[name]++
		case ok:
			program[name]++
		}
	}
	for _, p := range failpoint.Names() {
		e := "–"
		if p.Engine {
			e = fmt.Sprint(engine[p.Name])
		}
		fmt.Fprintf(b, "| `%s` | %d | %s |\n", p.Name, program[p.Name], e)
	}
}

func words(kind string) string {
	return map[string]string{killUp: "the program, at work", killStart: "the program, starting", killEngine: "the engine", killClient: "a client handing over a file",
		killAlone: "`linesman collect` working by itself", killRebuild: "the program, rebuilding", killPoint: "the program, at a fail point", killAtPoint: "the engine, at a fail point"}[kind]
}

// write writes FILE.md and FILE.json.
func (r *result) write(file string) error {
	raw, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	base := strings.TrimSuffix(file, ".md")
	if err := os.WriteFile(base+".json", append(raw, '\n'), 0o640); err != nil {
		return err
	}
	return os.WriteFile(base+".md", []byte(r.markdown()), 0o640)
}
