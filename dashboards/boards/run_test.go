package boards

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"linesman/dashboards/messages"
	"linesman/dashboards/query"
	"linesman/dashboards/query/querytest"
	"linesman/internal/bridge"
	"linesman/processors/covered"
	"linesman/processors/reconcile"
	"linesman/schema"
)

// targets reads the queries of a committed dashboard, with every picker at "all" and the
// month at March, as the console sends them.
func targets(t testing.TB, uid, lang string) map[string][]query.Query {
	t.Helper()
	raw, err := JSON(uid, lang)
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Panels []struct {
			Title   string
			Targets []query.Query
		}
	}
	if err := json.Unmarshal(raw, &d); err != nil {
		t.Fatal(err)
	}
	out := map[string][]query.Query{}
	for _, p := range d.Panels {
		for _, q := range p.Targets {
			q.Lang = lang
			q.Filters = slices.DeleteFunc(q.Filters, func(f query.Filter) bool {
				return f.Field != "month" && f.Field != "violation" && len(f.Values) == 1 && f.Values[0][0] == '$'
			})
			for i := range q.Filters {
				switch q.Filters[i].Field {
				case "month":
					q.Filters[i].Values = []string{"2026-03"}
				case "violation":
					q.Filters[i].Values = []string{querytest.ViolationID("roaming").String()}
				}
			}
			out[p.Title] = append(out[p.Title], q)
		}
	}
	return out
}

func TestEveryQueryOfEveryDashboard(t *testing.T) {
	conn := querytest.Open(t)
	querytest.SeedMoreGoals(t, conn)
	querytest.SeedFollowUp(t, conn)
	reports := bridge.NewReports(conn, querytest.Zone(), func(ctx context.Context, month schema.Day) (reconcile.Report, error) {
		return reconcile.Invoices(ctx, conn, reconcile.Input{Zone: querytest.Zone(), From: month.Month(), To: covered.End(month)})
	})
	r, err := query.New(query.Config{Zone: querytest.Zone(), Messages: catalogue(t), Goals: bridge.NewGoals(conn, querytest.Zone()), Reports: reports}, conn)
	if err != nil {
		t.Fatal(err)
	}
	span := query.TimeRange{From: time.Date(2026, 1, 1, 0, 0, 0, 0, querytest.Zone()), To: time.Date(2026, 4, 1, 0, 0, 0, 0, querytest.Zone())}
	for _, lang := range messages.Languages() {
		for _, uid := range UIDs() {
			n := 0
			for title, queries := range targets(t, uid, lang) {
				for _, q := range queries {
					n++
					began := time.Now()
					f, err := r.Run(t.Context(), q, query.Everything(), span)
					if err != nil {
						t.Errorf("%s, %q: %v", uid, title, err)
						continue
					}
					t.Logf("%s, %q, %s: %d rows in %v", uid, title, q.RefID, f.Rows(), time.Since(began).Round(time.Millisecond))
					if f.Rows() == 0 {
						t.Errorf("%s, %q: no rows\n%s", uid, title, f.Meta.ExecutedQueryString)
					}
					if q.Format == query.FormatStat {
						if v, ok := f.Fields[0].At(0).(*float64); !ok || v == nil {
							t.Errorf("%s, %q: no number\n%s", uid, title, f.Meta.ExecutedQueryString)
						}
					}
				}
			}
			if n < 8 {
				t.Errorf("%s has only %d queries", uid, n)
			}
		}
	}
}
