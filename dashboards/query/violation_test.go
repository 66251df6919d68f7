package query

import (
	"errors"
	"strings"
	"testing"

	"linesman/dashboards/query/querytest"
)

type ruleBook map[string]RuleText

func (b ruleBook) Rule(id string, _ uint32) (RuleText, bool) { t, ok := b[id]; return t, ok }

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
