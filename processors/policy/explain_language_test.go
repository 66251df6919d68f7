package policy

import (
	"strings"
	"testing"

	"linesman/schema"
)

func TestExplainLanguage(t *testing.T) {
	rules, problems := Parse("own.yaml", []byte(matching))
	more, wrong := Parse("own.yaml", []byte(sharing))
	if len(problems)+len(wrong) > 0 {
		t.Fatal(problems, wrong)
	}
	set, _ := newSet(contents{rules: append(rules, more...)})
	night := schema.Violation{Rule: "night-premium", RuleVersion: 1, WindowKind: WindowDay, WindowFrom: schema.Date(2026, 3, 14), Measure: measureMatches, Value: 3, ValueUnit: "events",
		Detail: "days=1;measures=matches:3;limits=matches:0"}
	share := schema.Violation{Rule: "unanswered", RuleVersion: 1, WindowKind: WindowMonth, WindowFrom: schema.Date(2026, 5, 1), Measure: "share", Value: 62.5, Limit: 12.5, ValueUnit: "%",
		Detail: "days=4;measures=share:62.5,count:25;limits=share:12.5,count:2;parts=share:25/40;excepted=count:role"}
	gone := share
	gone.Change, gone.ReasonCode = schema.ChangeRetracted, ReasonAmended
	for _, tt := range []struct {
		v          schema.Violation
		en, sv, da string
	}{
		{night, "3 calls at night on 14 March 2026", "3 samtal på natten den 14 mars 2026", "3 opkald om natten den 14 marts 2026"},
		{share, "share 62,5_% (25 of 40) in May 2026, limit 12,5_%; count 25, limit 2 for this role", "andel 62,5_% (25 av 40) i maj 2026, gräns 12,5_%; antal 25, gräns 2 för den här rollen",
			"andel 62,5_% (25 af 40) i maj 2026, grænse 12,5_%; antal 25, grænse 2 for denne rolle"},
		{gone, "No longer a violation: Unanswered calls in May 2026 (records were cancelled or corrected)", "Inte längre en avvikelse: Obesvarade samtal i maj 2026 (poster har makulerats eller rättats)",
			"Ikke længere en afvigelse: Unanswered calls i maj 2026 (poster er annulleret eller rettet)"},
	} {
		for lang, want := range map[string]string{"en": tt.en, "sv": tt.sv, "da": tt.da} {
			if got := strings.ReplaceAll(set.Explain(tt.v, lang), "\u00a0", "_"); got != want {
				t.Errorf("%s\ngot  %s\nwant %s", lang, got, want)
			}
		}
	}
	if got := Explain(night, "sv"); got != "3 händelser den 14 mars 2026" {
		t.Errorf("without the rule: %s", got)
	}
}
