package policy

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"linesman/schema"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestExplain(t *testing.T) {
	set := builtin(t)
	march := schema.Date(2026, 3, 1)
	forwarding := schema.Violation{Rule: "excessive-forwarding", RuleVersion: 1, WindowKind: WindowMonth, WindowFrom: march, Measure: "count", Value: 72, Limit: 60,
		ValueUnit: "calls", Cost: schema.Ore(18840), Detail: "days=4;measures=count:72,cost:188.40;limits=count:60,cost:150.00;digest=00"}
	costly := forwarding
	costly.Measure, costly.Value, costly.Limit, costly.ValueUnit = "cost", 1188.4, 150, "SEK"
	costly.Detail = "days=4;measures=count:40,cost:1188.405;limits=count:60,cost:150.00"
	roaming := schema.Violation{Rule: "private-roaming", RuleVersion: 1, WindowKind: WindowMonth, WindowFrom: march, Measure: "volume", Value: 1234.5, Limit: 50,
		ValueUnit: "MB", Detail: "countries=NO,TH;days=2;measures=volume:1234.5;limits=volume:50"}
	rising := schema.Violation{Rule: "rising-watches", RuleVersion: 1, WindowKind: WindowMonth, WindowFrom: march, Measure: "rise", Value: 37.4, Limit: 12.6, ValueUnit: "watches",
		Detail: "counts=12;from=2026-01-09;to=2026-03-27;slope=3.4;z=4.1;rise=37.4;median=84;recent=101.5;target=60"}
	retracted := forwarding
	retracted.Change, retracted.ReasonCode = schema.ChangeRetracted, ReasonReference
	foreign := schema.Violation{Rule: "own-rule", RuleVersion: 1, WindowKind: WindowWeek, WindowFrom: schema.Date(2025, 12, 29), Measure: "duration", Value: 12.5, Limit: 10, ValueUnit: "h"}
	oneDay := foreign
	oneDay.WindowKind = WindowDay
	tests := []struct {
		v      schema.Violation
		en, sv string // "_" stands for a no-break space
	}{
		{forwarding, "72 forwarded calls to mobile numbers in March 2026, limit 60; cost 188,40_kr, limit 150_kr", "72 medflyttade samtal till mobilnummer i mars 2026, gräns 60; kostnad 188,40_kr, gräns 150_kr"},
		{costly, "cost 1_188,41_kr in March 2026, limit 150_kr; 40 forwarded calls to mobile numbers, limit 60", "kostnad 1_188,41_kr i mars 2026, gräns 150_kr; 40 medflyttade samtal till mobilnummer, gräns 60"},
		{roaming, "1_234,5 MB of mobile data abroad without an approved trip in March 2026, limit 50_MB; countries NO, TH", "1_234,5 MB mobildata utomlands utan godkänd resa i mars 2026, gräns 50_MB; länder NO, TH"},
		{rising, "Open watches rise by 3,4 a week, 37,4 over the 12 counts up to 27 March 2026, limit 12,6; median of the latest counts 101,5, goal 60",
			"Öppna bevakningar ökar med 3,4 i veckan, 37,4 över de 12 räkningarna till och med 27 mars 2026, gräns 12,6; median för de senaste räkningarna 101,5, mål 60"},
		{retracted, "No longer a violation: Many calls forwarded to mobile numbers in March 2026 (reference data were restated)", "Inte längre en avvikelse: Många samtal medflyttade till mobilnummer i mars 2026 (grunddata har rättats)"},
		{foreign, "duration 12,5_h in week 1, 2026, limit 10_h", "samtalstid 12,5_h vecka 1, 2026, gräns 10_h"},
		{oneDay, "duration 12,5_h on 29 December 2025, limit 10_h", "samtalstid 12,5_h den 29 december 2025, gräns 10_h"},
	}
	for _, tt := range tests {
		for lang, want := range map[string]string{"en": tt.en, "sv": tt.sv} {
			if got := strings.ReplaceAll(set.Explain(tt.v, lang), "\u00a0", "_"); got != want {
				t.Errorf("%s\ngot  %s\nwant %s", lang, got, want)
			}
		}
	}
	if got := strings.ReplaceAll(Explain(forwarding, "sv"), "\u00a0", "_"); got != "antal 72 i mars 2026, gräns 60; kostnad 188,40, gräns 150,00" {
		t.Errorf("without the rule: %s", got)
	}
}

// The compiled text is what `linesman policy list --sql` shows; a change of it is a change
// of every verdict, so it is looked at.
func TestCompileGolden(t *testing.T) {
	for _, r := range builtin(t).Rules() {
		q, err := r.Compile()
		if err != nil {
			t.Fatal(err)
		}
		bounded := q.Within([]Part{{From: schema.Date(2026, 3, 1), To: schema.Date(2026, 4, 1), Subjects: []string{"A", "B'"}}, {From: schema.Date(2026, 5, 1), To: schema.Date(2026, 6, 1)}})
		got := "-- " + r.Name() + ", the whole history\n" + q.SQL() + ";\n\n-- the same, bounded\n" + bounded + ";\n"
		file := filepath.Join("testdata", r.ID+".sql")
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s differs; look at the difference and run the test with -update:\n%s", file, got)
		}
	}
}

func TestAffectedWindows(t *testing.T) {
	rules, problems := Parse("own.yaml", []byte(good)) // weeks
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	weeks := rules[0]
	months, _ := builtin(t).Find("premium-call", 1)
	trend, _ := builtin(t).Find("rising-watches", 1)
	abroad := *months
	abroad.location = loadZone(t, "America/New_York")
	for _, tt := range []struct {
		name     string
		rule     *Rule
		month    string
		from, to string
	}{
		{"month", months, "2026-02-14", "2026-02-01", "2026-03-01"},
		{"weeks that reach into the month", weeks, "2026-02-01", "2026-01-26", "2026-03-02"},
		{"another zone: the neighbours' edges", &abroad, "2026-02-01", "2026-01-01", "2026-04-01"},
		// 1 March 2026 is a Sunday: its count belongs to the week of 23 February. A count of the
		// week of 30 March speaks up to eleven weeks later, on 15 June.
		{"trend", trend, "2026-03-01", "2026-02-01", "2026-07-01"},
	} {
		month, err := schema.ParseDay(tt.month)
		if err != nil {
			t.Fatal(err)
		}
		if got := tt.rule.affected(month, stockholm); got.From.String() != tt.from || got.To.String() != tt.to {
			t.Errorf("%s: %s to %s, want %s to %s", tt.name, got.From, got.To, tt.from, tt.to)
		}
	}
}
