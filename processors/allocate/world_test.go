package allocate

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"linesman/internal/engine"
	"linesman/internal/engine/enginetest"
	"linesman/processors/store"
	"linesman/schema"
)

func TestMain(m *testing.M) {
	engine.RunChildIfAsked() // the store of the tests is this program, started again
	os.Exit(m.Run())
}

// month is the one that worlds are about: it has a change of the clocks, on the 29th.
const month = "2026-03"

func zone(t testing.TB) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(schema.DefaultZone)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// at reads a local time, "2026-03-29 03:00", or a moment in UTC, "2026-03-29T01:00:00.000Z".
func at(t testing.TB, s string) schema.Time {
	t.Helper()
	if s == "" {
		return 0
	}
	for _, layout := range []string{"2006-01-02 15:04:05.000", "2006-01-02 15:04", "2006-01-02"} {
		if x, err := time.ParseInLocation(layout, s, zone(t)); err == nil {
			return schema.TimeOf(x)
		}
	}
	x, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t.Fatal(err)
	}
	return schema.TimeOf(x)
}

func money(t testing.TB, s string) schema.Money {
	t.Helper()
	m, err := schema.ParseMoney(s)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// world is a store that lies emptied at first.
type world struct {
	t    testing.TB
	e    *engine.Engine
	rows int // makes identities
}

func open(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, e: enginetest.Open(t)}
	if _, err := store.New(t.Context(), w.e, slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) exec(sql string) {
	w.t.Helper()
	if err := w.e.Conn().Exec(store.Exact(context.Background()), sql); err != nil {
		w.t.Fatalf("%v\n%s", err, sql[:min(len(sql), 2000)])
	}
}

// clear empties the tables that a month is made of, and covers the month.
func (w *world) clear() {
	w.t.Helper()
	for _, table := range []string{"usage", "usage_daily", "allocation_rules", "exchange_rates", "approvals", "lines"} {
		w.exec("TRUNCATE TABLE " + table)
	}
	w.exec("INSERT INTO usage_daily (local_day, unit_id, events) VALUES ('" + month + "-01', 'U', 1), ('2026-04-02', 'U', 1)")
}

func literal(ref any) string {
	switch v := ref.(type) {
	case *string:
		return quote(*v)
	case *schema.Time:
		return fmt.Sprintf("fromUnixTimestamp64Milli(toInt64(%d), 'UTC')", int64(*v))
	case *schema.Day:
		return "toDate32('" + v.String() + "')"
	case *schema.Money:
		return "toDecimal64('" + v.String() + "', 6)"
	case *schema.ID:
		return "unhex('" + v.String() + "')"
	case *bool:
		return fmt.Sprint(*v)
	case *uint32:
		return fmt.Sprint(*v)
	case *uint64:
		return fmt.Sprint(*v)
	}
	panic(fmt.Sprintf("no literal for %T", ref))
}

// put writes rows as one part of a table.
func put[T any](w *world, table *schema.Table[T], rows ...T) {
	w.t.Helper()
	if len(rows) == 0 {
		return
	}
	var names, values []string
	for _, c := range table.Columns {
		names = append(names, c.Name)
	}
	for i := range rows {
		var cells []string
		for _, c := range table.Columns {
			cells = append(cells, literal(c.Ref(&rows[i])))
		}
		values = append(values, "("+strings.Join(cells, ", ")+")")
	}
	w.exec("INSERT INTO " + table.Name + " (" + strings.Join(names, ", ") + ") VALUES " + strings.Join(values, ", "))
}

// usage fills what a record needs.
func (w *world) usage(u schema.Usage) schema.Usage {
	w.rows++
	u.EventID = schema.NewID("test", fmt.Sprint(w.rows))
	u.Zone, u.LocalDay = schema.DefaultZone, schema.DayOf(u.OccurredAt, zone(w.t))
	u.Kind, u.Service = cmp.Or(u.Kind, schema.KindCall), cmp.Or(u.Service, schema.ServiceVoiceOut)
	u.Line, u.UnitID, u.CostCentre = cmp.Or(u.Line, "LA"), cmp.Or(u.UnitID, "U"), cmp.Or(u.CostCentre, "100")
	u.LineID, u.Revision = u.Line, 1
	if u.Operator != "" && u.Currency == "" {
		u.Currency = "SEK"
	}
	return u
}

func (w *world) use(all ...schema.Usage) {
	w.t.Helper()
	for i := range all {
		all[i] = w.usage(all[i])
	}
	put(w, schema.UsageTable(), all...)
}

// rule fills what a row of a rule needs.
func (w *world) rule(r schema.AllocationRule) {
	w.t.Helper()
	r.Target, r.How = max(r.Target, 1), cmp.Or(r.How, schema.AllocateTo)
	r.ValidFrom = cmp.Or(r.ValidFrom, at(w.t, "2025-01-01"))
	w.rows++
	r.Rank, r.Offset = uint64(w.rows), uint64(w.rows)
	put(w, schema.AllocationRuleTable(), r)
}

func (w *world) month() Result {
	w.t.Helper()
	r, err := Month(w.t.Context(), w.e.Conn(), Input{Zone: zone(w.t), Month: schema.Date(2026, 3, 15)})
	if err != nil {
		w.t.Fatal(err)
	}
	w.exact(r)
	return r
}

// exact holds a result against the plain sums of the store.
func (w *world) exact(r Result) {
	w.t.Helper()
	var cost, vat string
	q := "SELECT toString(sum(cost)), toString(sumIf(vat, operator != '' AND currency = 'SEK')) FROM usage WHERE toStartOfMonth(local_day) = '" + month + "-01' SETTINGS final = 1"
	if err := w.e.Conn().QueryRow(context.Background(), q).Scan(&cost, &vat); err != nil {
		w.t.Fatal(err)
	}
	var gotCost, gotVAT schema.Money
	for _, p := range r.Postings {
		gotCost, gotVAT = gotCost+p.Cost, gotVAT+p.VAT
	}
	if want := money(w.t, cost); gotCost != want || r.Cost != want {
		w.t.Errorf("postings cost %s, result %s, usage %s", gotCost, r.Cost, want)
	}
	if gotVAT != r.VAT {
		w.t.Errorf("VAT of postings %s, result %s", gotVAT, r.VAT)
	}
	for _, n := range r.Notices {
		if n.Code == NoticeNoRateVAT {
			return
		}
	}
	if !w.foreign() {
		if want := money(w.t, vat); r.VAT != want {
			w.t.Errorf("VAT %s, usage %s", r.VAT, want)
		}
	}
}

func (w *world) foreign() bool {
	var n uint64
	if err := w.e.Conn().QueryRow(context.Background(), "SELECT count() FROM usage WHERE currency NOT IN ('', 'SEK')").Scan(&n); err != nil {
		w.t.Fatal(err)
	}
	return n > 0
}

// say writes postings as lines, the first part of each who bears it.
func say(r Result) string {
	var lines []string
	for _, p := range r.Postings {
		who := strings.TrimRight(strings.Join([]string{p.CostCentre, p.UnitID, p.Project, p.Activity}, "/"), "/")
		text := fmt.Sprintf("%s %s %d %s+%s", who, cmp.Or(p.Rule, "-"), p.Records, p.Cost, p.VAT)
		if p.Repay {
			text += " repay"
		}
		lines = append(lines, text)
	}
	return strings.Join(lines, "\n")
}

func codes(r Result) string {
	var out []string
	for _, n := range r.Notices {
		out = append(out, n.Code)
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}
