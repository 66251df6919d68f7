package query

import (
	"errors"
	"strings"
	"testing"

	"linesman/dashboards/query/querytest"
)

type ruleBook map[string]RuleText

func (b ruleBook) Rule(id string, _ uint32) (RuleText, bool) { t, ok := b[id]; return t, ok }

// TestViolationEvidenceAddsUp has evidence charged in another currency, in kronor, and for nothing
// though the price book says otherwise.
func TestViolationEvidenceAddsUp(t *testing.T) {
	conn := querytest.Open(t)
	querytest.SeedForeign(t, conn)
	r := runner(t, conn)
	one := []Filter{in("violation", querytest.ViolationID("foreign").String())}
	total := number(t, ask(t, r, Everything(), Query{Metric: "violation_sum", Format: FormatStat, Filters: one}), "violation_sum", 0)
	daily := ask(t, r, Everything(), Query{Metric: "violation_evidence_daily", Filters: one})
	if daily.Rows() != 2 || len(daily.Meta.Notices) != 0 {
		t.Fatalf("%d days, notices %v", daily.Rows(), daily.Meta.Notices)
	}
	first, second := number(t, daily, "cost", 0), number(t, daily, "cost", 1)
	if first != 115 || second != 30 || first+second != total {
		t.Errorf("the days cost %v and %v, the violation %v", first, second, total)
	}
	list := ask(t, r, Everything(), Query{Metric: "violation_evidence", Filters: one})
	money := list.Fields[fieldIndex(t, list, "charged")]
	currency := list.Fields[fieldIndex(t, list, "currency")]
	for i, want := range []struct {
		charged  float64
		currency string
	}{{10, "EUR"}, {0, "SEK"}, {30, "SEK"}} {
		if got := number(t, list, "charged", i); got != want.charged || currency.At(i) != want.currency {
			t.Errorf("row %d: charged %v %v, want %v", i, got, currency.At(i), want)
		}
	}
	if money.Config.Unit == unitKronor {
		t.Error("euros are shown as kronor")
	}
	// A violation of 74 events, of which none is kept.
	few := ask(t, r, Everything(), Query{Metric: "violation_evidence_daily", Filters: []Filter{in("violation", querytest.ViolationID("forwarding").String())}})
	if len(few.Meta.Notices) != 1 {
		t.Errorf("evidence is missing, and the days say %v", few.Meta.Notices)
	}
	// Where everything is in kronor no column says so.
	list = ask(t, r, Everything(), Query{Metric: "violation_evidence", Filters: []Filter{in("violation", querytest.ViolationID("roaming").String())}})
	if _, i := list.FieldByName("currency"); i >= 0 || list.Fields[fieldIndex(t, list, "charged")].Config.Unit != unitKronor {
		t.Error("kronor are named twice")
	}
}

func TestViolation(t *testing.T) {
	r := runner(t, querytest.Open(t))
	r.cfg.Rules = ruleBook{"private-roaming": {Title: Text{SV: "Privat surf", EN: "Private browsing"}, Policy: Policy{"Telefonpolicy", "4.2", "…"}, Reason: Text{SV: "{value} i {countries}, gräns {limit}"}}}
	v, err := r.Violation(t.Context(), Everything(), querytest.ViolationID("roaming").String(), "sv")
	if err != nil {
		t.Fatal(err)
	}
	if v.Title.SV != "Privat surf" || v.Policy.Section != "4.2" || v.Reason.SV != "82,0\u00a0MB i TH, gräns 50,0\u00a0MB" || v.State != "open" || v.Window.Label != "mars 2026" || v.Cost != "482.00" {
		t.Errorf("violation %+v", v)
	}
	if v.Subject.Label != "+4670122••••" || v.Subject.Unit != "Akutmottagningen" {
		t.Errorf("subject %+v", v.Subject)
	}
	if len(v.History) != 2 || v.History[0].Value != 61.5 || v.History[1].Reason.EN != "The data changed" {
		t.Errorf("history %+v", v.History)
	}
	if len(v.Evidence) != 4 || v.Evidence[0].VolumeBytes != 20_500_000 || v.Evidence[0].Charged != "120.50" || v.Evidence[0].File != "cdr_2026.csv" || v.Evidence[0].VisitedCountry != "TH" {
		t.Errorf("evidence %+v", v.Evidence)
	}
	v, err = r.Violation(t.Context(), Everything(), querytest.ViolationID("watches").String(), "sv")
	if err != nil {
		t.Fatal(err)
	}
	if len(v.Evidence) != 2 || *v.Evidence[0].Count != 70 || v.Subject.Label != "Kirurgkliniken" || !strings.Contains(v.Reason.SV, "33\u00a0bevakningar") {
		t.Errorf("violation of a unit %+v", v)
	}
	for lang, want := range map[string]string{"sv": "mars 2026", "en": "March 2026"} {
		if v, err = r.Violation(t.Context(), Everything(), querytest.ViolationID("roaming").String(), lang); err != nil || v.Window.Label != want {
			t.Errorf("window in %s: %+v, %v", lang, v, err)
		}
	}
	const unknown = "00000000000000000000000000000001"
	for lang, want := range map[string]string{"sv": "Avvikelsen " + unknown + " finns inte", "en": "There is no violation " + unknown} {
		if _, err := r.Violation(t.Context(), Everything(), unknown, lang); !errors.Is(err, ErrNotFound) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("an unknown id gave %v in %s", err, lang)
		}
	}
	if _, err := r.Violation(t.Context(), Everything(), "x", "en"); !errors.Is(err, ErrQuery) || err.Error() != `"x" is not the number of a violation.` {
		t.Errorf("a malformed id gave %v in English", err)
	}
	outside := Figures(querytest.Surgery)
	if _, err := r.Violation(t.Context(), outside, querytest.ViolationID("roaming").String(), "sv"); !errors.Is(err, ErrNotFound) {
		t.Errorf("another unit's violation gave %v", err)
	}
	if _, err := r.Violation(t.Context(), Everything(), "x", "sv"); !errors.Is(err, ErrQuery) {
		t.Errorf("a malformed id gave %v", err)
	}
}
