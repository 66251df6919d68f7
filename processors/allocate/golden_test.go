package allocate

import (
	"encoding/csv"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"linesman/schema"
)

// sheet reads a file of testdata/month as rows by column.
func sheet(t *testing.T, name string) []map[string]string {
	t.Helper()
	f, err := os.Open("testdata/month/" + name + ".csv")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	r := csv.NewReader(f)
	r.Comma = ';'
	all, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]string
	for _, cells := range all[1:] {
		row := map[string]string{}
		for i, name := range all[0] {
			row[name] = cells[i]
		}
		out = append(out, row)
	}
	return out
}

// TestMonthByScript holds a month against testdata/month.py, which works it out with decimals and
// knows nothing of the program.
func TestMonthByScript(t *testing.T) {
	w := open(t)
	w.clear()
	layMonth(t, w)
	r, repaid := w.month(), w.repay("0")
	var want, got []string
	for _, p := range sheet(t, "postings") {
		want = append(want, strings.Join([]string{p["cost_centre"], p["unit_id"], p["project"], p["activity"], p["kind"], p["service"], p["operator"], p["rule"], p["repay"], p["records"], money(t, p["cost"]).String(), money(t, p["vat"]).String()}, ";"))
	}
	for _, p := range r.Postings {
		got = append(got, strings.Join([]string{p.CostCentre, p.UnitID, p.Project, p.Activity, p.Kind, p.Service, p.Operator, p.Rule, strconv.FormatBool(p.Repay), fmt.Sprint(p.Records), p.Cost.String(), p.VAT.String()}, ";"))
	}
	if !slices.Equal(got, want) {
		t.Errorf("postings\n%s\nthe script says\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	var holders []string
	for _, h := range sheet(t, "repayments") {
		holders = append(holders, strings.Join([]string{h["holder"], h["records"], money(t, h["cost"]).String(), money(t, h["vat"]).String(), h["sum"]}, ";"))
	}
	for i, h := range repaid.Holders {
		said := fmt.Sprintf("%s;%d;%s;%s;%s", h.Holder, h.Calls+h.Messages+h.Data+h.Fees, h.Cost, h.VAT, h.Sum)
		if i >= len(holders) || said != holders[i] {
			t.Errorf("%s repays %s, the script says %q", h.Holder, said, holders)
		}
	}
	if len(repaid.Holders) != len(holders) || len(holders) == 0 || len(want) < 50 {
		t.Errorf("%d holders and %d postings, the script has %d and %d", len(repaid.Holders), len(got), len(holders), len(want))
	}
}

func layMonth(t *testing.T, w *world) {
	var all []schema.Usage
	for _, u := range sheet(t, "usage") {
		use := schema.Usage{EventID: schema.NewID("month", u["n"]), Zone: schema.DefaultZone, OccurredAt: at(t, u["occurred_at"]), LineID: u["line_id"], Line: u["line_id"], UnitID: u["unit_id"],
			CostCentre: u["cost_centre"], Role: u["role"], LineKind: u["line_kind"], Holder: u["holder"], Device: u["device"], Kind: u["kind"], Service: u["service"], Operator: u["operator"],
			Cost: money(t, u["cost"]), VAT: money(t, u["vat"]), Currency: u["currency"], Private: u["private"] == "1", Revision: 1}
		use.LocalDay = schema.DayOf(use.OccurredAt, zone(t))
		all = append(all, use)
	}
	put(w, schema.UsageTable(), all...)
	for i, r := range sheet(t, "rules") {
		n := func(s string) uint32 {
			v, err := strconv.ParseUint(s, 10, 32)
			if err != nil {
				t.Fatal(err)
			}
			return uint32(v)
		}
		put(w, schema.AllocationRuleTable(), schema.AllocationRule{RuleID: r["rule_id"], Target: n(r["target"]), Priority: n(r["priority"]), How: r["how"], LineID: r["line_id"], UnitID: r["unit_id"],
			CostCentre: r["cost_centre"], Operator: r["operator"], Service: r["service"], Device: r["device"], LineKind: r["line_kind"], Role: r["role"], ToCostCentre: r["to_cost_centre"],
			ToUnit: r["to_unit"], ToProject: r["to_project"], ToActivity: r["to_activity"], Share: money(t, r["share"]), ValidFrom: at(t, r["valid_from"]), ValidTo: at(t, r["valid_to"]), Rank: uint64(i + 1)})
	}
	for i, a := range sheet(t, "approvals") {
		w.permit(schema.Approval{ApprovalID: fmt.Sprint(i), Kind: a["kind"], LineID: a["line_id"], UnitID: a["unit_id"], ValidFrom: at(t, a["valid_from"]), ValidTo: at(t, a["valid_to"])})
	}
	for _, x := range sheet(t, "rates") {
		put(w, schema.ExchangeRateTable(), schema.ExchangeRate{Currency: x["currency"], Rate: money(t, x["rate"]), ValidFrom: at(t, x["valid_from"]), ValidTo: at(t, x["valid_to"])})
	}
}
