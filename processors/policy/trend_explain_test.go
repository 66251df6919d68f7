package policy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"linesman/schema"
)

func TestTrendExplain(t *testing.T) {
	rules, problems := Parse("own.yaml", []byte(goodTrend))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	set, _ := newSet(contents{rules: rules})
	march := schema.Date(2026, 3, 1)
	base := schema.Violation{Rule: "calls-rise", RuleVersion: 1, WindowKind: WindowMonth, WindowFrom: march, Measure: "rise", Value: 37.4, Limit: 12.6, ValueUnit: "h per 100 employees"}
	full, short, sure := base, base, base
	const head = "per=week;counts=120;from=2024-01-07;to=2026-03-29;slope=0.3416;slope_low=0.12;slope_high=1.25;z=3.1;p=%;rise=37.4;median=84;recent=101.5;"
	full.Detail = "test=seasonal-mann-kendall;season=12;" + strings.Replace(head, "%", "0.000967603", 1) + "baseline=126;target=60;recent_count=61.25;exposure=employees;exposed=1042;without_exposure=3;judged=37;found=4;false_discovery=0.1;unit=h;digest=0"
	short.Detail = "test=mann-kendall;season=12;" + strings.Replace(head, "%", "0.000967603", 1) + "unit=calls;digest=0"
	sure.Rule, sure.Detail = "foreign", "test=mann-kendall;"+strings.Replace(strings.Replace(head, "%", "0", 1), "per=week", "per=month", 1)+"exposure=lines;exposed=12;without_exposure=0;unit=watches;digest=0"
	for _, tt := range []struct {
		v          schema.Violation
		en, sv, da string // "_" stands for a no-break space
	}{
		{full, "Calls rise: 0,342 a week (90 % interval 0,12 to 1,2), 37,4 over the 120 counts up to 29 March 2026, limit 12,6; " +
			"h per 100 employees (1_042 at the last count), 3 counts left out because it is not known how many; median of the latest counts 101,5, of the baseline 126 (counted 61,2, goal 60); " +
			"Mann–Kendall by season (12 a year), p = 0,000967603; 4 of 37 units stand out, at most 10 % of them expected by chance",
			"Samtalen ökar: 0,342 per vecka (90 % intervall 0,12 till 1,2), 37,4 över de 120 räkningarna till och med 29 mars 2026, gräns 12,6; " +
				"h per 100 anställda (1_042 vid den sista räkningen), 3 räkningar utelämnade därför att antalet är okänt; median för de senaste räkningarna 101,5, för jämförelseperioden 126 (antal 61,2, mål 60); " +
				"Mann–Kendall per säsong (12 om året), p = 0,000967603; 4 av 37 enheter sticker ut, väntat högst 10 % av dem av en slump",
			"Calls rise: 0,342 pr. uge (90 % interval 0,12 til 1,2), 37,4 over de 120 optællinger til og med 29 marts 2026, grænse 12,6; " +
				"h pr. 100 ansatte (1_042 ved den sidste optælling), 3 optællinger udeladt, fordi antallet er ukendt; median af de seneste optællinger 101,5, af sammenligningsperioden 126 (antal 61,2, mål 60); " +
				"Mann–Kendall pr. sæson (12 om året), p = 0,000967603; 4 af 37 enheder skiller sig ud, højst 10 % af dem ventes at gøre det tilfældigt"},
		{short, "Calls rise: 0,342 a week (90 % interval 0,12 to 1,2), 37,4 over the 120 counts up to 29 March 2026, limit 12,6; calls; median of the latest counts 101,5, of all 84; " +
			"Mann–Kendall, p = 0,000967603; seasons not taken into account: less than two years of counts",
			"Samtalen ökar: 0,342 per vecka (90 % intervall 0,12 till 1,2), 37,4 över de 120 räkningarna till och med 29 mars 2026, gräns 12,6; samtal; median för de senaste räkningarna 101,5, för alla 84; " +
				"Mann–Kendall, p = 0,000967603; säsonger har inte beaktats: mindre än två års räkningar",
			"Calls rise: 0,342 pr. uge (90 % interval 0,12 til 1,2), 37,4 over de 120 optællinger til og med 29 marts 2026, grænse 12,6; opkald; median af de seneste optællinger 101,5, af alle 84; " +
				"Mann–Kendall, p = 0,000967603; sæsoner er ikke taget i betragtning: mindre end to års optællinger"},
		{sure, "foreign: 0,342 a month (90 % interval 0,12 to 1,2), 37,4 over the 120 counts up to 29 March 2026, limit 12,6; watches per 100 lines (12 at the last count); median of the latest counts 101,5, of all 84; " +
			"Mann–Kendall, p < 0,000000001",
			"foreign: 0,342 per månad (90 % intervall 0,12 till 1,2), 37,4 över de 120 räkningarna till och med 29 mars 2026, gräns 12,6; bevakningar per 100 abonnemang (12 vid den sista räkningen); median för de senaste räkningarna 101,5, för alla 84; " +
				"Mann–Kendall, p < 0,000000001",
			"foreign: 0,342 pr. måned (90 % interval 0,12 til 1,2), 37,4 over de 120 optællinger til og med 29 marts 2026, grænse 12,6; opfølgninger pr. 100 abonnementer (12 ved den sidste optælling); median af de seneste optællinger 101,5, af alle 84; " +
				"Mann–Kendall, p < 0,000000001"},
	} {
		for lang, want := range map[string]string{"en": tt.en, "sv": tt.sv, "da": tt.da} {
			if got := strings.ReplaceAll(set.Explain(tt.v, lang), "\u00a0", "_"); got != want {
				t.Errorf("%s\ngot  %s\nwant %s", lang, got, want)
			}
		}
	}
}

// The query of a trend is looked at when it changes: a change of it is a change of verdicts.
func TestTrendGolden(t *testing.T) {
	rules, problems := Parse("own.yaml", []byte(goodTrend))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	rules = append(rules, trendRules(t).Rules()...)
	var b strings.Builder
	parts := []Part{{From: schema.Date(2026, 3, 1), To: schema.Date(2026, 4, 1), Subjects: []string{"A", "B'"}}}
	for _, r := range rules {
		q, err := r.Compile()
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString("-- " + r.Name() + ", bounded\n" + q.Within(parts) + ";\n\n-- and its evidence\n" + q.reads(r.evidenceSQL(parts[0])) + ";\n\n")
	}
	file := filepath.Join("testdata", "trends.sql")
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("%s differs; look at the difference and run the test with -update", file)
	}
}
