package allocate

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"linesman/schema"
)

// privately is a private record of a holder's line.
func privately(t testing.TB, holder, when, amount, vat string) schema.Usage {
	u := billed(t, when, amount, vat)
	u.Private, u.Holder, u.Line, u.Role = true, holder, "L"+holder, "personal"
	return u
}

func (w *world) permit(a schema.Approval) {
	w.t.Helper()
	w.rows++
	a.Rank, a.Offset = uint64(w.rows), uint64(w.rows)
	if a.ValidFrom == 0 {
		a.ValidFrom = at(w.t, "2026-03-01")
	}
	if a.Kind == "" {
		a.Kind = "private"
	}
	put(w, schema.ApprovalTable(), a)
}

func (w *world) repay(minimum string) Repayments {
	w.t.Helper()
	r, err := Repay(w.t.Context(), w.e.Conn(), RepayInput{Input: Input{Zone: zone(w.t), Month: schema.Date(2026, 3, 2)}, Minimum: money(w.t, minimum)})
	if err != nil {
		w.t.Fatal(err)
	}
	w.agree(r)
	return r
}

// agree holds the list against the postings of the month.
func (w *world) agree(r Repayments) {
	w.t.Helper()
	var cost, vat schema.Money
	var records, listed uint64
	for _, p := range w.month().Postings {
		if p.Repay {
			cost, vat, records = cost+p.Cost, vat+p.VAT, records+p.Records
		}
	}
	for _, h := range r.Holders {
		listed += h.Calls + h.Messages + h.Data + h.Fees
	}
	if r.Cost != cost || r.VAT != vat || records != listed {
		w.t.Errorf("the list has %d records for %s and VAT %s, the postings %d for %s and %s", listed, r.Cost, r.VAT, records, cost, vat)
	}
}

func sayHolders(r Repayments) string {
	var out []string
	for _, h := range r.Holders {
		out = append(out, fmt.Sprintf("%s %d/%d/%d/%d %s+%s=%s %s", h.Holder, h.Calls, h.Messages, h.Data, h.Fees, h.Cost, h.VAT, h.Sum, h.Why))
	}
	return strings.Join(out, "\n")
}

func TestRepay(t *testing.T) {
	w := open(t)
	scenes := []struct {
		name, minimum string
		make          func(w *world)
		want          string
	}{
		{"all kinds, rounded once for each holder", "0", func(w *world) {
			for _, kind := range []string{"call", "call", "sms", "data", "fee"} {
				u := privately(t, "P1", noon, "0.002", "0.0005") // 5 times 0.0025
				u.Kind = kind
				w.use(u)
			}
			w.use(privately(t, "P2", noon, "0.003", "0.002"), privately(t, "P3", noon, "0.004999", "0"))
		}, "P1 2/1/1/1 0.01+0.0025=0.01 \nP2 1/0/0/0 0.003+0.002=0.01 \nP3 1/0/0/0 0.004999+0.00=0.00 credit"},
		{"a minimum, and money back", "10", func(w *world) {
			w.use(privately(t, "P1", noon, "8", "2"), privately(t, "P2", noon, "8", "1.994999"), privately(t, "P3", noon, "-8", "-2"), privately(t, "P4", noon, "8", "2"), privately(t, "P4", noon, "-8", "-2"))
		}, "P1 1/0/0/0 8.00+2.00=10.00 \nP2 1/0/0/0 8.00+1.994999=9.99 below\nP3 1/0/0/0 -8.00+-2.00=-10.00 credit\nP4 2/0/0/0 0.00+0.00=0.00 credit"},
		{"what costs nothing, what is not private, and nobody's", "0", func(w *world) {
			duty := privately(t, "P1", noon, "5", "1")
			duty.Private = false
			w.use(duty, privately(t, "P1", noon, "0", "0"), privately(t, "", noon, "7", "1"))
		}, ""},
		{"rules do not move what is repaid, but what an approval settles", "0", func(w *world) {
			w.rule(schema.AllocationRule{RuleID: "R", ToCostCentre: "T"})
			w.permit(schema.Approval{ApprovalID: "A", LineID: "LP2"})
			w.use(privately(t, "P1", noon, "5", "1"), privately(t, "P2", noon, "7", "1"))
			if got := say(w.month()); got != "100/U - 1 5.00+1.00 repay\nT R 1 7.00+1.00" {
				t.Errorf("postings\n%s", got)
			}
		}, "P1 1/0/0/0 5.00+1.00=6.00 "},
	}
	for _, s := range scenes {
		t.Run(s.name, func(t *testing.T) {
			w.t = t
			w.clear()
			s.make(w)
			if got := sayHolders(w.repay(s.minimum)); got != s.want {
				t.Errorf("repaid\n%s\nwant\n%s", got, s.want)
			}
		})
	}
}

// Each approval settles what it is for, when it is in force, and nothing beside it.
func TestApprovals(t *testing.T) {
	w := open(t)
	settles := func(a schema.Approval, yes, no []schema.Usage) {
		t.Helper()
		w.clear()
		put(w, schema.LineTable(), schema.Line{LineID: "LP1", Alias: "LX", ValidFrom: at(t, "2025-01-01"), Rank: 1}, schema.Line{LineID: "LP2", Alias: "LX", ValidFrom: at(t, noon), Rank: 2})
		w.permit(a)
		w.use(yes...)
		w.use(no...)
		r := w.repay("0")
		var cost schema.Money
		for _, u := range yes {
			cost += u.Cost
		}
		if r.Settled.Records != uint64(len(yes)) || r.Settled.Cost != cost {
			t.Errorf("%+v: %d records settled for %s, want %d for %s", a, r.Settled.Records, r.Settled.Cost, len(yes), cost)
		}
	}
	p := func(holder, when string) schema.Usage { return privately(t, holder, when, "1", "0.25") }
	elsewhere := p("P1", noon)
	elsewhere.UnitID = "V"
	settles(schema.Approval{LineID: "LP1", ValidTo: at(t, "2026-03-20")}, []schema.Usage{p("P1", "2026-03-01"), elsewhere, p("P1", "2026-03-19 23:59:59.999")}, []schema.Usage{p("P1", "2026-03-20"), p("P2", noon)})
	settles(schema.Approval{LineID: "LP1", UnitID: "W"}, []schema.Usage{p("P1", noon)}, []schema.Usage{p("P2", noon)})
	settles(schema.Approval{UnitID: "U"}, []schema.Usage{p("P1", noon), p("P2", noon)}, []schema.Usage{elsewhere})
	settles(schema.Approval{LineID: "LX"}, []schema.Usage{p("P1", "2026-03-10 11:59"), p("P2", noon)}, []schema.Usage{p("P1", noon), p("P2", "2026-03-10 11:59")})
	settles(schema.Approval{LineID: "LP1", ValidFrom: at(t, noon)}, []schema.Usage{p("P1", noon)}, []schema.Usage{p("P1", "2026-03-10 11:59:59.999")})
	settles(schema.Approval{LineID: "LP1", Kind: "trip"}, nil, []schema.Usage{p("P1", noon)})
	settles(schema.Approval{}, nil, []schema.Usage{p("P1", noon)})
	t.Run("withdrawn", func(t *testing.T) {
		w.t = t
		w.clear()
		w.permit(schema.Approval{ApprovalID: "A", LineID: "LP1"})
		w.use(p("P1", noon))
		if r := w.repay("0"); r.Settled.Records != 1 {
			t.Errorf("settled %+v", r.Settled)
		}
		w.permit(schema.Approval{ApprovalID: "A", LineID: "LP1", Kind: "withdrawn"})
		if r := w.repay("0"); r.Settled.Records != 0 || len(r.Holders) != 1 {
			t.Errorf("withdrawn, settled %+v", r.Settled)
		}
	})
}

func TestPayroll(t *testing.T) {
	w := open(t)
	w.clear()
	person := func(id string) string { return "P:" + id }
	who := func(id, amount string) schema.Usage {
		u := privately(t, person(id), noon, amount, "0")
		return u
	}
	moved := who("anna", "1.005")
	moved.UnitID, moved.Line = "V", "LZ"
	w.use(who("anna", "10"), moved, who("bo", "20"), who("cia", "0.5"), who("dan", "40"))
	r := w.repay("1")
	if h := r.Holders[0]; !slices.Equal(h.Units, []string{"U", "V"}) || !slices.Equal(h.Lines, []string{"LP:anna", "LZ"}) {
		t.Errorf("held %+v", h)
	}
	if r.Sum != money(t, "71.01") { // 11.005 is rounded up
		t.Errorf("to be collected: %s", r.Sum)
	}
	p := r.Payroll([]string{"dan", "anna", "erik", "anna", "cia"}, person)
	if len(p.Rows) != 2 || p.Rows[0].EmployeeID != "anna" || p.Rows[0].Amount != money(t, "11.01") || p.Rows[1].EmployeeID != "dan" || p.Sum != money(t, "51.01") {
		t.Errorf("rows %+v, sum %s", p.Rows, p.Sum)
	}
	if len(p.Unmatched) != 1 || p.Unmatched[0].Holder != "P:bo" || p.Below != 1 || p.Employees != 4 || p.Repeated != 1 {
		t.Errorf("unmatched %+v, below %d, employees %d, repeated %d", p.Unmatched, p.Below, p.Employees, p.Repeated)
	}
	if p.Rows[0].Reference == p.Rows[1].Reference || !strings.HasPrefix(p.Rows[0].Reference, "2026-03-") {
		t.Errorf("references %+v", p.Rows)
	}
	if again := w.repay("1"); again.Run != r.Run {
		t.Errorf("the same list is run %s and %s", r.Run, again.Run)
	}
	w.use(who("anna", "1"))
	later := w.repay("1")
	if later.Run == r.Run {
		t.Error("another list has the same run")
	}
	if q := later.Payroll([]string{"anna"}, person); q.Rows[0].Reference != p.Rows[0].Reference || q.Rows[0].Amount != money(t, "12.01") {
		t.Errorf("anna's month is %+v, it was %+v", q.Rows[0], p.Rows[0])
	}
	if _, err := Repay(t.Context(), w.e.Conn(), RepayInput{Input: Input{Zone: zone(t)}, Minimum: -1}); err == nil {
		t.Error("a minimum below 0")
	}
}
