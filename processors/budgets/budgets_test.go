package budgets

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"linesman/internal/engine"
	"linesman/internal/engine/enginetest"
	"linesman/processors/covered"
	"linesman/processors/forecast"
	"linesman/processors/store"
	"linesman/schema"
)

func TestMain(m *testing.M) {
	engine.RunChildIfAsked() // the store of the tests is this program, started again
	os.Exit(m.Run())
}

func stockholm(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(schema.DefaultZone)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func day(t testing.TB, s string) schema.Day {
	t.Helper()
	d, err := schema.ParseDay(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func amount(t testing.TB, s string) schema.Money {
	t.Helper()
	m, err := schema.ParseMoney(s)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func weekday(d schema.Day) bool {
	w := d.At(time.UTC).Weekday()
	return w != time.Saturday && w != time.Sunday
}

// world is a store with the tables, and usage of a made-up place from 1 January 2025 to 20 May
// 2026 (the 20th is a Wednesday): cost centre 1 (unit U) uses 100 kr on a working day and
// 10 on another, and pays 500 of fees on the first; centre 2 (unit V) grows by 1 kr a day each month;
// centre 3 and usage without a cost centre have no budget.
type world struct {
	t *testing.T
	e *engine.Engine
}

func open(t *testing.T) *world {
	t.Helper()
	e := enginetest.Open(t)
	if _, err := store.New(t.Context(), e, slog.New(slog.NewTextHandler(t.Output(), nil))); err != nil {
		t.Fatal(err)
	}
	return &world{t, e}
}

func (w *world) put(table, columns string, rows ...string) {
	w.t.Helper()
	if err := w.e.Conn().Exec(w.t.Context(), fmt.Sprintf("INSERT INTO %s (%s) VALUES %s", table, columns, strings.Join(rows, ", "))); err != nil {
		w.t.Fatalf("filling %s: %v", table, err)
	}
}

func (w *world) at(s string) string {
	if s == "" {
		return "0"
	}
	return fmt.Sprint(int64(day(w.t, s).Start(stockholm(w.t))))
}

func (w *world) seed() {
	t := w.t
	w.put("units", "unit_id, name, cost_centre, employees, valid_from, valid_to, log_offset", "('U', 'Akuten', '1', 10, "+w.at("2025-01-01")+", 0, 1)")
	w.put("cost_centres", "cost_centre, name, valid_from, valid_to, log_offset", "('1', 'Akutvård', "+w.at("2025-01-01")+", 0, 1)")
	var rows []string
	for d := day(t, "2025-01-01"); d <= day(t, "2026-05-20"); d++ {
		use, at := 10, d.At(time.UTC)
		if weekday(d) {
			use = 100
		}
		months := (at.Year()-2025)*12 + int(at.Month())
		rows = append(rows, fmt.Sprintf("('%s', 'U', '1', 'call', 1, %d)", d, use), fmt.Sprintf("('%s', 'V', '2', 'data', 1, %d.000001)", d, 10+months))
		if at.Day() == 1 {
			rows = append(rows, fmt.Sprintf("('%s', 'U', '1', 'fee', 1, 500)", d), fmt.Sprintf("('%s', 'U', '3', 'fee', 1, 7.25)", d), fmt.Sprintf("('%s', '', '', 'call', 1, 1.5)", d))
		}
	}
	w.put("usage_daily", "local_day, unit_id, cost_centre, kind, events, cost", rows...)
	goal := func(id, unit, centre string, target float64, exact, from, to string) string {
		return fmt.Sprintf("('%s', 'cost_month', '%s', '%s', 0, %v, %s, '2026-12-31', 'Ekonom', %s, %s, 1)", id, unit, centre, target, exact, w.at(from), w.at(to))
	}
	w.put("goals", "goal_id, metric, unit_id, cost_centre, baseline, target, amount, target_day, owner, valid_from, valid_to, log_offset",
		goal("b1", "", "1", 2500, "2500.123456", "2026-01-01", ""),    // exact
		goal("b2", "", "2", 1000.1, "0", "2026-01-01", "2026-04-15"),  // as the number was written; in force on 1 April
		goal("b2", "", "2", 850, "850", "2026-04-15", ""),             // from May
		goal("b3", "U", "3", 8, "8", "2026-01-01", ""),                // a cost centre within a unit
		goal("b4", "U", "", 1000, "1000", "2026-01-01", ""),           // a unit,
		goal("b5", "U", "", 2000, "2000", "2026-04-01", "2026-07-01"), // which is given more for three months
		goal("old", "", "9", 5, "5", "2025-01-01", "2026-01-01"),      // of last year
	)
}

func (w *world) follow(in Input) Report {
	w.t.Helper()
	in.Zone, in.Workday = stockholm(w.t), weekday
	r, err := Follow(w.t.Context(), w.e.Conn(), in)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func TestFollow(t *testing.T) {
	w := open(t)
	if _, err := Follow(t.Context(), w.e.Conn(), Input{Zone: stockholm(t), Workday: weekday}); !errors.Is(err, covered.ErrNoMonth) {
		t.Errorf("of an empty store: %v", err)
	}
	w.seed()
	t.Run("month under way", func(t *testing.T) { testUnderWay(t, w) })
	t.Run("month over", func(t *testing.T) { testOver(t, w) })
	t.Run("sums", func(t *testing.T) { testSums(t, w) })
	t.Run("chosen", func(t *testing.T) {
		if r := w.follow(Input{CostCentre: "1"}); len(r.Budgets) != 1 || r.Budgets[0].Name != "Akutvård" {
			t.Errorf("of a cost centre: %+v", r.Budgets)
		}
		if r := w.follow(Input{Unit: "U"}); len(r.Budgets) != 2 || r.Budgets[0].CostCentre != "" || r.Budgets[1].CostCentre != "3" || r.Budgets[0].Name != "Akuten" {
			t.Errorf("of a unit: %+v", r.Budgets)
		}
		for _, month := range []string{"2026-06-01", "2024-12-01"} {
			if _, err := Follow(t.Context(), w.e.Conn(), Input{Zone: stockholm(t), Workday: weekday, Month: day(t, month)}); !errors.Is(err, covered.ErrNoMonth) {
				t.Errorf("of %s: %v", month, err)
			}
		}
	})
}

func find(t *testing.T, r Report, unit, centre string) Budget {
	t.Helper()
	for _, b := range r.Budgets {
		if b.Unit == unit && b.CostCentre == centre {
			return b
		}
	}
	t.Fatalf("no budget of unit %q, cost centre %q", unit, centre)
	return Budget{}
}

// testUnderWay checks May 2026, of which 19 days are over: 13 working days (4–8, 11–15, 18–19 and
// the 1st) and 6 others. May has 21 and 10.
func testUnderWay(t *testing.T, w *world) {
	r := w.follow(Input{})
	if r.Month != "2026-05-01" || r.AsOf != "2026-05-20" || r.Whole || len(r.Budgets) != 4 {
		t.Fatalf("the report is of %s as of %s with %d budgets", r.Month, r.AsOf, len(r.Budgets))
	}
	b := find(t, r, "", "1")
	// 14 working days with the 20th, 6 others, and the fees.
	if want := line(amount(t, "2500.123456"), schema.Kronor(1400+60+500)); b.Month.Outcome != want.Outcome || b.Month.Left != amount(t, "540.123456") || !b.Month.Percent.Equal(*want.Percent) {
		t.Errorf("May: %+v", b.Month)
	}
	if b.RunRate == nil || b.RunRate.Month != schema.Kronor(2100+100+500) || b.RunRate.Share.String() != "61.8" || b.RunRate.Until != "2026-05-19" { // 1360 of 2200
		t.Errorf("run rate %+v", b.RunRate)
	}
	// January to May: 22, 20, 22, 22 working days of 31, 28, 31, 30 days, and May so far.
	ytd := schema.Kronor(2290 + 2080 + 2290 + 2280 + 4*500 + 1960)
	if b.YearToDate.Outcome != ytd || b.YearToDate.Budget != 5*amount(t, "2500.123456") {
		t.Errorf("year to date %+v", b.YearToDate)
	}
	// Without the 20th, 139 of 365 days.
	if want, err := (ytd - schema.Kronor(100)).MulDiv(365, 139); err != nil || b.Annualised == nil || *b.Annualised != want {
		t.Errorf("annualised %v, want %s", b.Annualised, want)
	}
	f := b.Month.Forecast
	if f == nil || f.Amount <= schema.Kronor(2600) || f.Amount >= schema.Kronor(2800) || f.In80.Low > f.Amount || f.In80.High < f.Amount || f.In95.Low > f.In80.Low || b.Verdict.State != Likely || b.Verdict.By != f.Amount-amount(t, "2500.123456") {
		t.Errorf("May is foreseen as %+v, verdict %+v", f, b.Verdict)
	}
	if b.Year.Budget != 12*amount(t, "2500.123456") || b.Year.Verdict.State != Likely || b.Year.Verdict.When != "2026-11-01" || b.Year.Forecast == nil || b.Year.Verdict.By != b.Year.Forecast.Amount-b.Year.Budget {
		t.Errorf("the year: %+v", b.Year)
	}
	// 10,940 until April; each further month comes to between 2,500 and 2,900: 27,500 by October, 30,200 by November.
	if b.Year.History != 16 || b.Year.Method == "" || len(b.Months) != 12 || b.Months[11].Forecast == nil || b.Months[3].Forecast != nil {
		t.Errorf("history %d, method %s", b.Year.History, b.Year.Method)
	}
	// In force on the first of the month: the cut of 15 April begins in May.
	two := find(t, r, "", "2")
	if two.Months[3].Budget != amount(t, "1000.1") || two.Months[4].Budget != schema.Kronor(850) {
		t.Errorf("budgets of centre 2: %s, %s", two.Months[3].Budget, two.Months[4].Budget)
	}
	// 27 kr on each of 20 days; 31 days come to 837 (working days and others hardly differ), below the budget.
	if two.Month.Outcome != amount(t, "540.00002") || two.RunRate.Month < schema.Kronor(836) || two.RunRate.Month > schema.Kronor(838) || two.Verdict.State == Likely || two.Verdict.State == Exceeded {
		t.Errorf("centre 2: %+v, run rate %+v, %+v", two.Month, two.RunRate, two.Verdict)
	}
	if u := find(t, r, "U", ""); u.Month.Budget != schema.Kronor(3000) || len(u.Goals) != 2 || u.Month.Outcome != amount(t, "1967.25") || u.Months[0].Budget != schema.Kronor(1000) {
		t.Errorf("the unit: %+v", u.Month)
	}
	// Of 1000 kr a month, 3000 for three: 18,000 in all. By April 10,969 are spent, and each month comes to some 2,750.
	if u := find(t, r, "U", ""); u.Year.Budget != schema.Kronor(18000) || u.Year.Verdict.State != Likely || u.Year.Verdict.When != "2026-07-01" {
		t.Errorf("the unit's year: %+v", u.Year.Verdict)
	}
	if in := find(t, r, "U", "3"); in.Month.Outcome != amount(t, "7.25") || in.Verdict.State == Exceeded {
		t.Errorf("the centre within the unit: %+v", in.Month)
	}
}

func testOver(t *testing.T, w *world) {
	r := w.follow(Input{Month: day(t, "2026-03-17")})
	if r.Month != "2026-03-01" || r.AsOf != "2026-03-31" || !r.Whole {
		t.Fatalf("the report is of %s as of %s", r.Month, r.AsOf)
	}
	b := find(t, r, "", "1")
	if b.Month.Outcome != schema.Kronor(2790) || b.Verdict.State != Exceeded || b.Verdict.By != amount(t, "289.876544") || b.RunRate != nil || b.Month.Forecast != nil || b.Months[3].Outcome != 0 || b.Months[3].Forecast == nil {
		t.Errorf("March: %+v, %+v", b.Month, b.Verdict)
	}
	if two := find(t, r, "", "2"); two.Verdict.State != Kept || two.Year.Method != forecast.Trend {
		t.Errorf("centre 2: %+v by %s", two.Verdict, two.Year.Method)
	}
	if r := w.follow(Input{Month: day(t, "2025-12-01")}); len(r.Budgets) != 1 || r.Budgets[0].CostCentre != "9" || r.Budgets[0].Year.Verdict.State != Kept || r.Budgets[0].Year.Forecast != nil {
		t.Errorf("last year: %+v", r.Budgets)
	}
}

// testSums: what is budgeted and what is not add up to the cost of the month, and each outcome is
// what the store adds up.
func testSums(t *testing.T, w *world) {
	sum := func(where string) schema.Money {
		t.Helper()
		var m int64
		if err := w.e.Conn().QueryRow(t.Context(), "SELECT toInt64(sum(cost) * 1000000) FROM usage_daily WHERE "+where+" SETTINGS final = 1").Scan(&m); err != nil {
			t.Fatal(err)
		}
		return schema.Money(m)
	}
	for _, month := range []string{"2026-01-01", "2026-02-01", "2026-05-01"} {
		d := day(t, month)
		in := fmt.Sprintf("local_day BETWEEN '%s' AND '%s'", d, covered.End(d))
		r := w.follow(Input{Month: d})
		if r.Cost != sum(in) || r.Total.Outcome+r.Unbudgeted != r.Cost || r.Unbudgeted != amount(t, "8.75") {
			t.Errorf("%s: cost %s, in budgets %s, beside them %s; the store says %s", month, r.Cost, r.Total.Outcome, r.Unbudgeted, sum(in))
		}
		for _, b := range r.Budgets {
			where := in
			if b.Unit != "" {
				where += " AND unit_id = '" + b.Unit + "'"
			}
			if b.CostCentre != "" {
				where += " AND cost_centre = '" + b.CostCentre + "'"
			}
			if b.Month.Outcome != sum(where) {
				t.Errorf("%s, %q %q: %s, the store says %s", month, b.Unit, b.CostCentre, b.Month.Outcome, sum(where))
			}
		}
	}
}

// TestRandomWorld: of random usage and budgets, outcomes add up, left and outcome make the budget,
// intervals contain what is foreseen, and nothing is foreseen below what is spent.
func TestRandomWorld(t *testing.T) {
	w, rng := open(t), rand.New(rand.NewPCG(7, 7))
	var rows, goals []string
	for d := day(t, "2024-06-10"); d <= day(t, "2026-02-11"); d++ {
		for range rng.IntN(6) {
			rows = append(rows, fmt.Sprintf("('%s', 'u%d', '%d', '%s', 1, %s)", d, rng.IntN(4), rng.IntN(5), []string{"call", "data", "fee"}[rng.IntN(3)], schema.Money(rng.Int64N(2e9)-3e8)))
		}
	}
	for i := range 12 {
		unit, centre := fmt.Sprintf("u%d", rng.IntN(4)), fmt.Sprint(rng.IntN(5))
		if i%3 == 0 {
			unit = ""
		} else if i%3 == 1 {
			centre = ""
		}
		goals = append(goals, fmt.Sprintf("('g%d', 'cost_month', '%s', '%s', %s, %s, 0, 1)", i, unit, centre, schema.Money(rng.Int64N(3e10)), w.at("2025-01-01")))
	}
	w.put("usage_daily", "local_day, unit_id, cost_centre, kind, events, cost", rows...)
	w.put("goals", "goal_id, metric, unit_id, cost_centre, amount, valid_from, valid_to, log_offset", goals...)
	for _, month := range []string{"", "2025-01-01", "2025-11-01", "2026-01-01"} {
		in := Input{}
		if month != "" {
			in.Month = day(t, month)
		}
		r := w.follow(in)
		if r.Total.Outcome+r.Unbudgeted != r.Cost {
			t.Errorf("%s: %s and %s do not make %s", month, r.Total.Outcome, r.Unbudgeted, r.Cost)
		}
		for _, b := range r.Budgets {
			var outcome schema.Money
			for _, m := range b.Months {
				if m.Budgeted {
					outcome += m.Outcome
					if m.Left+m.Outcome != m.Budget {
						t.Errorf("%s: %+v", month, m)
					}
				}
				if f := m.Forecast; f != nil && f.In80 != nil && !(f.In95.Low <= f.In80.Low && f.In80.Low <= f.Amount && f.Amount <= f.In80.High && f.In80.High <= f.In95.High && f.Amount >= m.Outcome) {
					t.Errorf("%s %s: %+v of %s spent", b.Unit, b.CostCentre, f, m.Outcome)
				}
			}
			if b.YearToDate.Outcome != outcome {
				t.Errorf("%s: the months come to %s, the year to date to %s", month, outcome, b.YearToDate.Outcome)
			}
			if f := b.Year.Forecast; f != nil && f.Amount < b.YearToDate.Outcome {
				t.Errorf("%s: the year is foreseen below what is spent", month)
			}
		}
	}
}
