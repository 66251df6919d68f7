package backtest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"linesman/internal/broker"
	"linesman/processors/policy"
	"linesman/processors/store"
	"linesman/processors/worldtest"
	"linesman/schema"
)

var stockholm, _ = time.LoadLocation(schema.DefaultZone)

func at(t testing.TB, local string) schema.Time {
	t.Helper()
	moment, err := time.ParseInLocation("2006-01-02 15:04", local, stockholm)
	if err != nil {
		t.Fatal(err)
	}
	return schema.TimeOf(moment)
}

// calls makes n forwarded calls of a line in the days from a moment on, ten a day.
func calls(t testing.TB, line, unit, first string, n int, each schema.Money) []schema.Usage {
	t.Helper()
	var out []schema.Usage
	for i := range n {
		when := at(t, first) + schema.Time(i/10)*86_400_000 + schema.Time(i%10)*60_000
		out = append(out, schema.Usage{EventID: schema.NewID("test", line, fmt.Sprint(when)), Kind: schema.KindCall, Service: schema.ServiceVoiceForward, LineID: line, Line: line,
			UnitID: unit, CostCentre: "K" + unit, OccurredAt: when, Zone: schema.DefaultZone, LocalDay: schema.DayOf(when, stockholm), Answered: true,
			Direction: schema.DirectionOut, Forwarded: true, OtherClass: "mobile", Class: "mobile", Cost: each})
	}
	return out
}

func insert[T any](t *testing.T, w *worldtest.World, table *schema.Table[T], rows ...T) {
	t.Helper()
	in := store.NewWriter(w.St, table)
	in.Add(rows)
	if err := in.Flush(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
}

// world is a store with a little usage and its log.
func world(t *testing.T) *worldtest.World {
	t.Helper()
	w := worldtest.New(t)
	var rows []schema.Usage
	rows = append(rows, calls(t, "L1", "U1", "2026-03-02 09:00", 70, schema.Ore(10))...)    // above both limits
	rows = append(rows, calls(t, "L2", "U1", "2026-03-02 09:00", 50, schema.Ore(25))...)    // above 40 only
	rows = append(rows, calls(t, "L3", "U2", "2026-03-02 09:00", 40, schema.Ore(10))...)    // exactly 40: neither
	rows = append(rows, calls(t, "L2", "U1", "2026-04-06 09:00", 41, schema.Kronor(1))...)  // above 40 only
	rows = append(rows, calls(t, "L4", "U2", "2026-05-04 09:00", 61, schema.Money(1))...)   // above both
	rows = append(rows, calls(t, "L5", "U2", "2026-05-04 09:00", 10, schema.Kronor(16))...) // by cost: 160 kr
	insert(t, w, schema.UsageTable(), rows...)
	insert(t, w, schema.UnitTable(), schema.Unit{UnitID: "U1", Name: "Old", ValidFrom: at(t, "2025-01-01 00:00")},
		schema.Unit{UnitID: "U1", Name: "Ward one", ValidFrom: at(t, "2026-01-01 00:00")})
	return w
}

// brief says what a tally holds.
func brief(t Tally) string {
	return fmt.Sprintf("new %d %s, gone %d %s, changed %d %s→%s, unchanged %d %s", t.New.Count, t.New.Cost, t.Gone.Count, t.Gone.Cost,
		t.Changed.Count, t.Before, t.Changed.Cost, t.Unchanged.Count, t.Unchanged.Cost)
}

func run(t *testing.T, w *worldtest.World, in Input) Report {
	t.Helper()
	in.Store = w.St.Conn()
	rep, err := Run(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	addsUp(t, rep)
	return rep
}

// addsUp checks that every sum is the sum of its parts.
func addsUp(t *testing.T, rep Report) {
	t.Helper()
	var total Tally
	for _, r := range rep.Rules {
		total.Add(r.Tally)
		for name, rows := range map[string][]Row{"unit": r.ByUnit, "month": r.ByMonth} {
			var sum Tally
			for _, row := range rows {
				sum.Add(row.Tally)
			}
			if sum != r.Tally {
				t.Errorf("%s by %s: %s, in all %s", r.ID, name, brief(sum), brief(r.Tally))
			}
		}
		if d, f := r.DraftFinds(), r.InForceFinds(); d.Count-f.Count != r.New.Count-r.Gone.Count ||
			d.Cost-f.Cost != r.New.Cost-r.Gone.Cost+r.Changed.Cost-r.Before {
			t.Errorf("%s: draft finds %v, in force %v: %s", r.ID, d, f, brief(r.Tally))
		}
	}
	if total != rep.Total {
		t.Errorf("rules give %s, in all %s", brief(total), brief(rep.Total))
	}
}

func TestBacktest(t *testing.T) {
	w := world(t)
	inForce := parse(t, forwarding(t))
	draft := func(changes ...string) *policy.Set {
		return parse(t, forwarding(t, append([]string{"version: 1", "version: 2"}, changes...)...))
	}
	for _, c := range []struct {
		name     string
		draft    *policy.Set
		from, to schema.Day
		want     string
	}{
		{"stricter limit", draft("above: 60", "above: 40"), 0, 0, "new 2 53.50, gone 0 0.00, changed 0 0.00→0.00, unchanged 3 167.000061"},
		{"milder limit", draft("above: 60", "above: 65"), 0, 0, "new 0 0.00, gone 1 0.000061, changed 0 0.00→0.00, unchanged 2 167.00"},
		{"other measure", draft("      - {measure: count, count: true, unit: calls, above: 60}\n", ""), 0, 0, "new 0 0.00, gone 2 7.000061, changed 0 0.00→0.00, unchanged 1 160.00"},
		{"severity", draft("severity: medium", "severity: low"), 0, 0, "new 0 0.00, gone 0 0.00, changed 3 167.000061→167.000061, unchanged 0 0.00"},
		{"a condition that selects some", draft("      - {column: forwarded, is: true}\n", "      - {column: forwarded, is: true}\n      - {column: local_day, at_least: 2026-03-03}\n", "above: 60", "above: 55"),
			0, 0, "new 0 0.00, gone 0 0.00, changed 1 7.00→6.00, unchanged 2 160.000061"},
		{"window", draft("window: month", "window: week", "above: 60", "above: 45"), 0, 0, "new 4 179.500061, gone 3 167.000061, changed 0 0.00→0.00, unchanged 0 0.00"},
		{"one month", draft("above: 60", "above: 40"), schema.Date(2026, 3, 1), schema.Date(2026, 4, 1), "new 1 12.50, gone 0 0.00, changed 0 0.00→0.00, unchanged 1 7.00"},
		{"whole windows only", draft("above: 60", "above: 40"), schema.Date(2026, 3, 2), schema.Date(2026, 5, 31), "new 1 41.00, gone 0 0.00, changed 0 0.00→0.00, unchanged 0 0.00"},
		{"no whole window", draft("above: 60", "above: 40"), schema.Date(2026, 3, 2), schema.Date(2026, 3, 31), "new 0 0.00, gone 0 0.00, changed 0 0.00→0.00, unchanged 0 0.00"},
		{"holds from next year on", draft("above: 60", "above: 40", "valid_from: 2025-01-01", "valid_from: 2027-01-01", "informed_at: 2025-01-01", "informed_at: 2026-12-01"), 0, 0,
			"new 2 53.50, gone 0 0.00, changed 0 0.00→0.00, unchanged 3 167.000061"},
	} {
		t.Run(c.name, func(t *testing.T) {
			rep := run(t, w, Input{Draft: c.draft, Against: inForce, From: c.from, To: c.to})
			if len(rep.Rules) != 1 || brief(rep.Total) != c.want {
				t.Errorf("%d rules, %s\nwant %s", len(rep.Rules), brief(rep.Total), c.want)
			}
		})
	}
}

func TestReport(t *testing.T) {
	w := world(t)
	inForce := parse(t, forwarding(t))
	draft := parse(t, forwarding(t, "version: 1", "version: 2", "above: 60", "above: 40", "valid_from: 2025-01-01", "valid_from: 2027-01-01"))
	var said []Progress
	rep := run(t, w, Input{Draft: draft, Against: inForce, Examples: 1, Say: func(p Progress) { said = append(said, p) }})
	r := rep.Rules[0]
	if r.Draft != 2 || r.InForce != 1 || r.Since.String() != "2025-01-01" || r.Subjects != (Subjects{Draft: 4, InForce: 3, Both: 3}) {
		t.Errorf("versions %d and %d since %s, subjects %+v", r.Draft, r.InForce, r.Since, r.Subjects)
	}
	if len(r.Notes) != 1 || r.Notes[0].EN != "judged as if the draft had held and the staff had known of it all along; by its own dates it flags nothing before 2027-01-01" {
		t.Errorf("notes %+v", r.Notes)
	}
	var units, months []string
	for _, row := range r.ByUnit {
		units = append(units, row.Key+": "+brief(row.Tally))
	}
	for _, row := range r.ByMonth {
		months = append(months, row.Key+": "+brief(row.Tally))
	}
	if want := []string{"U1: new 2 53.50, gone 0 0.00, changed 0 0.00→0.00, unchanged 1 7.00", "U2: new 0 0.00, gone 0 0.00, changed 0 0.00→0.00, unchanged 2 160.000061"}; !slices.Equal(units, want) {
		t.Errorf("units %q", units)
	}
	if want := []string{"2026-03-01: new 1 12.50, gone 0 0.00, changed 0 0.00→0.00, unchanged 1 7.00", "2026-04-01: new 1 41.00, gone 0 0.00, changed 0 0.00→0.00, unchanged 0 0.00",
		"2026-05-01: new 0 0.00, gone 0 0.00, changed 0 0.00→0.00, unchanged 2 160.000061"}; !slices.Equal(months, want) {
		t.Errorf("months %q", months)
	}
	if want := map[string]string{"U1": "Ward one", "U2": ""}; !maps.Equal(rep.Units, want) {
		t.Errorf("names %v", rep.Units)
	}
	if len(r.Examples) != 1 {
		t.Fatalf("%d examples", len(r.Examples))
	}
	first := calls(t, "L2", "U1", "2026-04-06 09:00", 1, 0)[0].EventID.String()
	if c := r.Examples[0]; c.Kind != New || c.Subject != "L2" || c.From.String() != "2026-04-01" || c.To.String() != "2026-04-30" || len(c.Evidence) != 3 || c.Evidence[0] != first || c.Total != 41 || c.Draft.Value != 41 || c.Draft.Limit != 40 {
		t.Errorf("example %+v", c)
	}
	heard := map[string]bool{}
	for i, p := range said {
		heard[p.What] = true
		if i > 0 && p.Done < said[i-1].Done || p.Total != 2 || p.Rows > p.Of {
			t.Errorf("progress %d: %+v after %+v", i, p, said[max(i-1, 0)])
		}
	}
	if !heard["forwarding/2"] || said[len(said)-1] != (Progress{Done: 2, Total: 2}) {
		t.Errorf("progress %v", said)
	}
}

func TestOwnDates(t *testing.T) {
	w := world(t)
	draft := parse(t, forwarding(t, "version: 1", "version: 2", "above: 60", "above: 40", "valid_from: 2025-01-01", "valid_from: 2026-04-01"))
	rep := run(t, w, Input{Draft: draft, Against: parse(t, forwarding(t)), AsDated: true})
	if got := brief(rep.Total); got != "new 1 41.00, gone 1 7.00, changed 0 0.00→0.00, unchanged 2 160.000061" {
		t.Error(got)
	}
}

func TestNewRuleAndSameRule(t *testing.T) {
	w := world(t)
	two := parse(t, forwarding(t))
	another := parse(t, forwarding(t, "id: forwarding", "id: forwarding-too", "valid_from: 2025-01-01", "valid_from: 2030-01-01"))
	both, err := policy.Merge(two, another)
	if err != nil {
		t.Fatal(err)
	}
	rep := run(t, w, Input{Draft: both, Against: two})
	if !slices.Equal(rep.Same, []string{"forwarding/1"}) || len(rep.Rules) != 1 || rep.Rules[0].InForce != 0 || rep.Rules[0].Since != 0 {
		t.Fatalf("same %v, rules %+v", rep.Same, rep.Rules)
	}
	if got := brief(rep.Total); got != "new 3 167.000061, gone 0 0.00, changed 0 0.00→0.00, unchanged 0 0.00" {
		t.Error(got)
	}
	if rep := run(t, w, Input{Draft: both, Against: two, Rule: "forwarding"}); len(rep.Rules) != 0 || len(rep.Same) != 1 {
		t.Errorf("one rule: %+v", rep)
	}
	var unknown *UnknownRuleError
	if _, err := Run(t.Context(), Input{Store: w.St.Conn(), Draft: both, Rule: "forward"}); !errors.As(err, &unknown) {
		t.Errorf("unknown rule: %v", err)
	}
	if _, err := Run(t.Context(), Input{Store: w.St.Conn(), Draft: both, From: 20_000, To: 20_000}); err == nil {
		t.Error("an empty period is no error")
	}
}

// asked notes the queries.
type asked struct {
	policy.Store
	mu      sync.Mutex
	queries []string
}

func (a *asked) Query(ctx context.Context, query string, args ...any) (driver.Rows, error) {
	a.mu.Lock()
	a.queries = append(a.queries, query)
	a.mu.Unlock()
	return a.Store.Query(ctx, query, args...)
}

// A verdict names a few events only: with a thousand for each of a million verdicts the answer
// would not fit in memory. A rule that is as in force is not asked about at all.
func TestQueries(t *testing.T) {
	w := world(t)
	inForce := parse(t, forwarding(t))
	for name, c := range map[string]struct {
		draft *policy.Set
		want  int
	}{
		"changed": {parse(t, forwarding(t, "version: 1", "version: 2", "above: 60", "above: 40")), 1},
		"other":   {parse(t, forwarding(t, "version: 1", "version: 2", "{column: forwarded, is: true}", "{column: answered, is: true}")), 2},
		"window":  {parse(t, forwarding(t, "version: 1", "version: 2", "window: month", "window: week")), 2},
		"words":   {parse(t, forwarding(t, "version: 1", "version: 2", "sv: Medflyttade samtal", "sv: Flyttade samtal")), 0},
		"pack":    {parse(t, forwarding(t, "pack: own", "pack: ours")), 0},
		"same":    {inForce, 0},
		"share":   {parse(t, forwarding(t, "version: 1", "version: 2", "{measure: count, count: true, unit: calls, above: 60}", "{measure: count, share: {of: answered}, above: 50}")), 2},
	} {
		st := &asked{Store: w.St.Conn()}
		if _, err := Run(t.Context(), Input{Store: st, Draft: c.draft, Against: inForce}); err != nil {
			t.Fatal(err)
		}
		judged := 0
		for _, q := range st.queries {
			if strings.Contains(q, "AS evidence") {
				judged++
				if !strings.Contains(q, fmt.Sprintf("(%d)(toUInt256(", evidenceIDs)) {
					t.Errorf("%s: the query names other than %d events:\n%s", name, evidenceIDs, q)
				}
			}
		}
		if judged != c.want {
			t.Errorf("%s: %d queries, want %d", name, judged, c.want)
		}
	}
}

// A back-test leaves no trace: neither in the store's content nor in the log.
func TestNothingIsWritten(t *testing.T) {
	w := world(t)
	state := func() (map[string]string, map[string]int64, map[string]uint64) {
		sums, err := w.St.Checksums(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return sums, ends(t, w.Log), parts(t, w.St)
	}
	sums, logged, stored := state()
	draft := parse(t, forwarding(t, "version: 1", "version: 2", "above: 60", "above: 40"))
	rep := run(t, w, Input{Draft: draft, Against: parse(t, forwarding(t)), Examples: 10})
	if rep.Total.New.Count == 0 {
		t.Fatal("nothing was found")
	}
	sums2, logged2, stored2 := state()
	if !maps.Equal(sums, sums2) || !maps.Equal(logged, logged2) || !reflect.DeepEqual(stored, stored2) {
		t.Errorf("before %v\n%v\n%v\nafter  %v\n%v\n%v", sums, logged, stored, sums2, logged2, stored2)
	}
}

func ends(t *testing.T, log *broker.Broker) map[string]int64 {
	t.Helper()
	out := map[string]int64{}
	for _, topic := range schema.Topics() {
		for p := range topic.Partitions {
			_, next, err := log.Offsets(t.Context(), topic.Name, p)
			if err != nil {
				t.Fatal(err)
			}
			out[fmt.Sprint(topic.Name, "/", p)] = next
		}
	}
	return out
}

// parts counts the rows of every table of the database, declared or not.
func parts(t *testing.T, st *store.Store) map[string]uint64 {
	t.Helper()
	rows, err := st.Conn().Query(t.Context(), "SELECT name, ifNull(total_rows, 0) FROM system.tables WHERE database = currentDatabase()")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	out := map[string]uint64{}
	for rows.Next() {
		var name string
		var n uint64
		if err := rows.Scan(&name, &n); err != nil {
			t.Fatal(err)
		}
		out[name] = n
	}
	return out
}
