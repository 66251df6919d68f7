package node

import (
	"fmt"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"linesman/dashboards/messages"
	"linesman/dashboards/query"
	"linesman/dashboards/query/querytest"
	"linesman/processors/budgets"
	"linesman/processors/policy/when"
	"linesman/schema"
)

// TestBudgetsAsTheConsole holds the budgets and outcomes of cost centres and units, month by
// month, against what the console's queries answer over the same store.
func TestBudgetsAsTheConsole(t *testing.T) {
	conn, zone := querytest.Open(t), querytest.Zone()
	texts, err := messages.Load()
	if err != nil {
		t.Fatal(err)
	}
	runner, err := query.New(query.Config{Zone: zone, Messages: texts}, conn)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(q query.Query) *data.Frame {
		t.Helper()
		span := query.TimeRange{From: time.Date(2026, 1, 1, 0, 0, 0, 0, zone), To: time.Date(2026, 4, 1, 0, 0, 0, 0, zone)}
		f, err := runner.Run(t.Context(), q, query.Everything(), span)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	compared := 0
	for month := 1; month <= 3; month++ {
		day := schema.Date(2026, time.Month(month), 1)
		report, err := budgets.Follow(t.Context(), conn, budgets.Input{Zone: zone, Month: day, Workday: when.Workday})
		if err != nil {
			t.Fatal(err)
		}
		in := []query.Filter{{Field: "month", Values: []string{day.String()[:7]}}}
		shown := frameRows(t, ask(query.Query{Metric: "cost_centre_follow_up", Filters: in}), "cost_centre")
		unit := map[string]string{}
		for _, metric := range []string{"cost", "budget"} {
			rows := frameRows(t, ask(query.Query{Metric: metric, GroupBy: []string{"unit"}, Format: query.FormatTable, Filters: in}), "")
			unit[metric] = rows["Akutmottagningen"][metric]
		}
		for _, b := range report.Budgets {
			if !b.Month.Budgeted {
				continue
			}
			row, ok := shown[b.CostCentre]
			if b.Unit != "" {
				row, ok = unit, true
			}
			if !ok || row["cost"] != kronor(b.Month.Outcome) || row["budget"] != kronor(b.Month.Budget) {
				t.Errorf("%s, cost centre %q, unit %q: %s of %s, the console shows %v", day, b.CostCentre, b.Unit, b.Month.Outcome, b.Month.Budget, row)
			}
			compared++
		}
	}
	if compared != 3*3+2 { // two cost centres and a unit in each month, one cost centre in two
		t.Errorf("%d budgets were compared", compared)
	}
}

func kronor(m schema.Money) string { return fmt.Sprintf("%.6f", float64(m)/1e6) }

// frameRows reads the numbers of a table by the text in a column; without a name, in the first.
func frameRows(t *testing.T, f *data.Frame, by string) map[string]map[string]string {
	t.Helper()
	out := map[string]map[string]string{}
	for i := range f.Rows() {
		key, row := "", map[string]string{}
		for j, field := range f.Fields {
			switch v := field.At(i).(type) {
			case string:
				if field.Name == by || by == "" && j == 0 {
					key = v
				}
			case *float64:
				if v != nil {
					row[field.Name] = fmt.Sprintf("%.6f", *v)
				}
			}
		}
		out[key] = row
	}
	return out
}
