package policy

import (
	"fmt"
	"strings"
	"testing"

	"linesman/processors/policy/when"
	"linesman/schema"
)

// ruleWhen loads a rule over usage with a condition as text.
func ruleWhen(t testing.TB, condition string) *Rule {
	t.Helper()
	return ruleWith(t, "when: "+fmt.Sprintf("%q", condition)+"\n    limits: [{measure: count, count: true, unit: calls, above: 0}]")
}

// ruleWith loads a rule over usage with a body.
func ruleWith(t testing.TB, body string) *Rule {
	t.Helper()
	rules, problems := Parse("own.yaml", []byte(`pack: own
rules:
  - id: own
    version: 1
    title: {en: Own, sv: Egen}
    description: {en: Own., sv: Egen.}
    severity: low
    policy: [{document: Own policy, section: "1", quote: Sparsamt.}]
    valid_from: 2025-01-01
    informed_at: 2025-01-01
    subject: line
    window: month
    source: usage
    `+body+"\n"))
	if len(problems) > 0 {
		t.Fatalf("%s: %v", body, problems)
	}
	return rules[0]
}

// everyPack loads all built-in packs.
func everyPack(t testing.TB) *Set {
	t.Helper()
	names, err := PackNames()
	if err != nil {
		t.Fatal(err)
	}
	set, err := Builtin(names, nil)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestWhatProvesThatRowsAreUncommon(t *testing.T) {
	t.Parallel()
	for condition, want := range map[string]bool{
		`forwarded`:                          true,
		`forwarded == true`:                  true,
		`true == forwarded`:                  true,
		`forwarded != false`:                 true,
		`!(forwarded == false)`:              true,
		`!!forwarded`:                        true,
		`!forwarded`:                         false,
		`forwarded == false`:                 false,
		`forwarded != true`:                  false,
		`forwarded == private`:               false,
		`answered`:                           false,
		`private && kind == "call"`:          true,
		`private || kind == "call"`:          false,
		`forwarded || private`:               true,
		`!(forwarded || private)`:            false,
		`!(!forwarded && !private)`:          true,
		`!(!forwarded || !private)`:          true,
		`!(!forwarded && !answered)`:         false,
		`kind == "call" && !private`:         false,
		`forwarded && !(private)`:            true,
		`(forwarded || answered) && private`: true,

		`!(visited_country in ["", "SE"])`:                                   true,
		`!(visited_country in ["SE", "NO", ""])`:                             true,
		`!(visited_country in ["", "DK"])`:                                   false,
		`!(visited_country in ["SE"])`:                                       false,
		`visited_country in ["", "SE"]`:                                      false,
		`visited_country != ""`:                                              false,
		`visited_country != "SE"`:                                            false,
		`visited_country != "" && visited_country != "SE"`:                   true,
		`visited_country != "" && other_country != "SE"`:                     false,
		`visited_country != "" || visited_country != "SE"`:                   false,
		`!(visited_country == "" || visited_country == "SE")`:                true,
		`!(visited_country == "" && visited_country == "SE")`:                false,
		`visited_country != "" && (visited_country != "SE" || forwarded)`:    true,
		`visited_country != "" && (visited_country != "SE" || answered)`:     false,
		`visited_country != "" && !(visited_country == "SE" && answered)`:    false,
		`visited_country == "NO"`:                                            true,
		`visited_country in ["NO", "DK"]`:                                    true,
		`visited_country in ["NO", "SE"]`:                                    false,
		`other_country == "DK"`:                                              true,
		`!(other_country in ["", "SE"]) || !(visited_country in ["", "SE"])`: true,
		`!(other_country in ["", "SE"]) || visited_country == "SE"`:          false,
		`visited_country == other_country`:                                   false,
		`visited_country.startsWith("N")`:                                    false,

		`roaming_zone in ["eea", "world"]`:              true,
		`roaming_zone == "home"`:                        false,
		`roaming_zone != "home"`:                        false,
		`!(roaming_zone in ["", "home"])`:               true,
		`roaming_zone != "" && visited_country != "SE"`: false, // it would follow, but nobody has to say it so

		`other_class == "premium"`:                         true,
		`other_class in ["premium", "satellite"]`:          true,
		`other_class in ["premium", "mobile"]`:             false,
		`other_class in ["premium", "internal"]`:           false,
		`other_class != "premium"`:                         false,
		`other_class != "mobile"`:                          false,
		`recorded_class == "premium"`:                      true,
		`recorded_class == "internal"`:                     false,
		`other_class == "premium" || service == "premium"`: true,
		`other_class == "premium" || service == "sms"`:     false,
		`service == "pre" + "mium"`:                        true,
		`service == "voice_forward"`:                       true,
		`service in ["voice_in_roaming", "voice_in"]`:      false,

		`hour(occurred_at) < 7 || workday(occurred_at)`:             false,
		`forwarded && (hour(occurred_at) < 7 || cost > kr("2.50"))`: true,
		`workday(occurred_at) == forwarded`:                         false,
		`cost == kr("1")`:                                           false,
		`duration_s in [1, 2]`:                                      false,
	} {
		if got := ruleWhen(t, condition).uncommon(); got != want {
			t.Errorf("%s: %t, want %t", condition, got, want)
		}
	}
}

func TestWhatRulesAreOverUncommonRows(t *testing.T) {
	t.Parallel()
	const count = "\n    limits: [{measure: count, count: true, unit: calls, above: 0}]"
	share := func(where, of string) string {
		return "where: [" + where + "]\n    limits: [{measure: share, share: {of: '" + of + "'}, above: 5}]"
	}
	const forwarded, answered = "{column: forwarded, is: true}", "{column: answered, is: true}"
	for body, want := range map[string]bool{
		"where: [" + forwarded + "]" + count:                                                              true,
		"where: [{column: forwarded, is_not: false}]" + count:                                             true,
		"where: [{column: forwarded, is: false}]" + count:                                                 false,
		"where: [" + answered + "]" + count:                                                               false,
		"where: [{column: kind, is: data}, {column: visited_country, not_in: [\"\", SE]}]" + count:        true,
		"where: [{column: visited_country, not_in: [\"\", DK]}]" + count:                                  false,
		"where: [{column: visited_country, is_not: \"\"}, {column: visited_country, is_not: SE}]" + count: true,
		"where: [{column: visited_country, is_not: \"\"}]\n    when: visited_country != \"SE\"" + count:   true,
		"where: [{any: [" + forwarded + ", {column: service, is: premium}]}]" + count:                     true,
		"where: [{any: [" + forwarded + ", " + answered + "]}]" + count:                                   false,
		"where: [{column: cost, above: 2}]" + count:                                                       false,
		"where: [{column: visited_country, in: [NO, DK]}]" + count:                                        true,
		"where: [" + answered + "]\n    when: forwarded" + count:                                          true,
		share(forwarded, `private`):                                                                       true,
		share(forwarded, `kind == "call"`):                                                                false,
		share(answered, `forwarded`):                                                                      false,
	} {
		r := ruleWith(t, body)
		if got := r.uncommon(); got != want {
			t.Errorf("%s: %t, want %t", body, got, want)
		}
		q, err := r.Compile()
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(q.SQL(), " AND "+schema.ColumnUncommon+"\n"); got != want {
			t.Errorf("%s: asks for uncommon rows: %t, want %t:\n%s", body, got, want, q.SQL())
		}
	}
	of := map[string]bool{}
	for _, r := range everyPack(t).Rules() {
		of[r.ID] = r.uncommon()
	}
	for id, want := range map[string]bool{"private-roaming": true, "excessive-forwarding": true, "premium-call": true, "rising-watches": false,
		"sorsele-calls-abroad": true, "sorsele-premium": true, "sorsele-data-abroad": true} {
		if got, ok := of[id]; !ok || got != want {
			t.Errorf("%s: %t, want %t", id, got, want)
		}
	}
	t.Log(of)
}

// The tree of a condition says what the condition says, as far as it says anything.
func TestTreesAreWhatConditionsSay(t *testing.T) {
	t.Parallel()
	e, err := when.Parse(`!(forwarded || kind in ["call", "sms"]) && "SE" != visited_country && duration_s > 3`, schema.UsageTable().Info(), usable(schema.UsageTable().Info()), stockholm)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(e.Tree()), "{1 [{1 [{0 [] forwarded true [true]} {0 [] kind true [call sms]}]  false []} {0 [] visited_country true [SE]} {0 []  false []}]  false []}"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
