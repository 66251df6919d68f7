package backtest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"linesman/processors/policy"
	"linesman/processors/worldtest"
	"linesman/schema"
)

// crowded is a store with seven lines of one unit, five of another and two of a third that
// forwarded 50 calls each, at 10 öre.
func crowded(t *testing.T) *worldtest.World {
	t.Helper()
	w := worldtest.New(t)
	var rows []schema.Usage
	for unit, n := range map[string]int{"UA": 7, "UB": 5, "UC": 2} {
		for i := range n {
			rows = append(rows, calls(t, fmt.Sprint("L", unit, i), unit, "2026-03-02 09:00", 50, schema.Ore(10))...)
		}
	}
	insert(t, w, schema.UsageTable(), rows...)
	return w
}

func shownRows(rows []Row) string {
	var out []string
	for _, r := range rows {
		text := fmt.Sprintf("%s %d", r.Key, r.DraftFinds().Count)
		if r.Folded > 0 {
			text = fmt.Sprintf("%d others %d", r.Folded, r.DraftFinds().Count)
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

// A draft that asks something else than the rule in force is answered about groups only.
func TestFewLines(t *testing.T) {
	w := crowded(t)
	inForce := parse(t, forwarding(t))
	draft := func(changes ...string) *policy.Set {
		return parse(t, forwarding(t, append([]string{"version: 1", "version: 2", "above: 60", "above: 40"}, changes...)...))
	}
	other := func(condition string, more ...string) *policy.Set {
		return draft(append([]string{"      - {column: forwarded, is: true}\n", "      - {column: forwarded, is: true}\n      - " + condition + "\n"}, more...)...)
	}
	for name, c := range map[string]struct {
		draft    *policy.Set
		withheld bool
		units    string
	}{
		"another limit":       {draft(), false, "UA 7, UB 5, UC 2"},
		"another condition":   {other("{column: answered, is: true}"), false, "UA 7, 2 others 7"},
		"one unit of two":     {other("{column: unit_id, is: UC}"), true, ""},
		"nothing":             {other("{column: unit_id, is: UX}"), true, ""},
		"one unit":            {other("{column: unit_id, is: UB}"), false, "UB 5"},
		"about units":         {other("{column: answered, is: true}", "subject: line", "subject: unit"), false, "UA 1, 2 others 2"},
		"about a small unit":  {other("{column: unit_id, is: UC}", "subject: line", "subject: unit"), true, ""},
		"a rule that is new":  {draft("id: forwarding", "id: another"), false, "UA 7, 2 others 7"},
		"another measure":     {draft("{measure: count, count: true, unit: calls, above: 40}", "{measure: count, sum: duration_s, unit: s, above: -1}"), false, "UA 7, 2 others 7"},
		"a limit for one day": {draft("window: month", "window: day", "above: 40", "above: 9"), false, "UA 35, UB 25, UC 10"},
	} {
		rep, err := Run(t.Context(), Input{Store: w.St.Conn(), Draft: c.draft, Against: inForce, FewLines: 5})
		if err != nil {
			t.Fatal(err)
		}
		r := rep.Rules[0]
		if r.Withheld != c.withheld || shownRows(r.ByUnit) != c.units {
			t.Errorf("%s: withheld %t, units %s", name, r.Withheld, shownRows(r.ByUnit))
		}
		var units, months Tally
		for _, row := range r.ByUnit {
			units.Add(row.Tally)
		}
		for _, row := range r.ByMonth {
			months.Add(row.Tally)
		}
		if units != r.Tally || months != r.Tally || rep.Total != r.Tally || r.Withheld && (r.Tally != Tally{} || r.Subjects != Subjects{} || len(rep.Units) > 0) {
			t.Errorf("%s: %s, by unit %s, by month %s, in all %s", name, brief(r.Tally), brief(units), brief(months), brief(rep.Total))
		}
	}
}

// A difference that a few lines make in a large group would tell of them.
func TestFewThatDiffer(t *testing.T) {
	w := crowded(t)
	insert(t, w, schema.UsageTable(), calls(t, "LUA0", "UA", "2026-04-06 09:00", 50, schema.Ore(10))...)
	inForce := parse(t, forwarding(t, "above: 60", "above: 40"))
	draft := parse(t, forwarding(t, "version: 1", "version: 2", "above: 60", "above: 40", "      - {column: forwarded, is: true}\n",
		"      - {column: forwarded, is: true}\n      - {column: local_day, below: 2026-04-01}\n"))
	rep, err := Run(t.Context(), Input{Store: w.St.Conn(), Draft: draft, Against: inForce, FewLines: 5})
	if err != nil {
		t.Fatal(err)
	}
	if r := rep.Rules[0]; !r.Withheld {
		t.Errorf("one line is gone, and it is told: %s, %s", brief(r.Tally), shownRows(r.ByUnit))
	}
}

func TestPersonal(t *testing.T) {
	where := "      - {column: forwarded, is: true}\n"
	for name, c := range map[string]struct {
		change []string
		want   []string
	}{
		"nothing":           {nil, nil},
		"a line":            {[]string{where, "      - {column: line_id, is: L0000000000001}\n"}, []string{"draft.yaml:16:18 line_id"}},
		"a line in words":   {[]string{where, where + "    when: answered && line_id == \"L0000000000001\"\n"}, []string{"draft.yaml:17:23 line_id"}},
		"a holder":          {[]string{where, where + "    when: holder != \"\"\n"}, []string{"draft.yaml:17:11 holder"}},
		"a number":          {[]string{where, "      - {any: [{column: other_mask, is: \"+4670123\"}, {column: forwarded, is: true}]}\n"}, []string{"draft.yaml:16:25 other_mask"}},
		"a share of a line": {[]string{"count: true, unit: calls", "share: {of: 'line_id == \"L0000000000001\"'}"}, []string{"draft.yaml:19:39 line_id"}},
		"another limit":     {[]string{"above: 60}", "above: 60, except: [{line: L0000000000001, above: 1}]}"}, []string{"draft.yaml:19:79 L0000000000001"}},
	} {
		text := forwarding(t, c.change...)
		var got []string
		for _, p := range Personal(parse(t, text), File{"draft.yaml", text}) {
			got = append(got, fmt.Sprintf("%s:%d:%d %s", p.File, p.Line, p.Column, strings.Fields(strings.Split(p.Text, " asks about ")[1])[0]))
		}
		for i := range got {
			got[i] = strings.TrimSuffix(got[i], ":")
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// Every column of free text that a rule can read is either personal or known not to be.
func TestPersonalColumns(t *testing.T) {
	harmless := []string{"plan", "queue", "name", "price_id", "rate_reason", "kind", "reason", "note", "state", "label", "model", "quoted", "countries"}
	for _, table := range []schema.Info{schema.UsageTable().Info(), schema.WatchTable().Info(), schema.ContactTable().Info(), schema.LineTable().Info()} {
		for _, c := range table.Columns {
			if c.Type == schema.TypeText && !slices.Contains(personal(), c.Name) && !slices.Contains(harmless, c.Name) && !strings.HasPrefix(c.Name, "recorded_") {
				t.Errorf("%s.%s is a free text: is it about somebody?", table.Name, c.Name)
			}
		}
	}
}

// What the rules in force exempt and protect binds a draft as it will bind it in the packs.
func TestBound(t *testing.T) {
	w := worldtest.New(t)
	rows := calls(t, "L1", "U1", "2026-03-02 09:00", 70, schema.Ore(10))
	hash, _ := schema.LineHash("L0000000000001")
	for i := range rows {
		if i < 40 {
			rows[i].OtherHash = hash
		}
	}
	insert(t, w, schema.UsageTable(), rows...)
	inForce := parse(t, strings.Replace(forwarding(t), "pack: own\n", "pack: own\nexempt_numbers: [L0000000000001]\n", 1))
	draft := parse(t, forwarding(t, "version: 1", "version: 2", "above: 60", "above: 40"))
	rep := run(t, w, Input{Draft: draft, Against: inForce})
	if r := rep.Rules[0]; r.DraftFinds().Count != 0 || slices.ContainsFunc(r.Diff, func(w Words) bool { return w.Field == "exempt_numbers" || w.Field == "where" }) {
		t.Errorf("%s, %+v", brief(r.Tally), r.Diff)
	}
	fresh := parse(t, forwarding(t, "id: forwarding", "id: another"))
	if r := run(t, w, Input{Draft: fresh, Against: inForce}).Rules[0]; r.DraftFinds().Count != 0 {
		t.Errorf("a rule that is new: %s", brief(r.Tally))
	}
	protected := parse(t, `pack: agreement
protect:
  - columns: [forwarded]
    when: device.startsWith("jabber")
    says: {en: Nobody's forwarding is controlled, sv: Ingens medflyttning kontrolleras}
    policy: [{document: Agreement, section: "1", quote: Q}]
rules:
  - {id: other, version: 1, title: {en: T, sv: T}, description: {en: D, sv: D}, severity: low, policy: [{document: D, section: S, quote: Q}], valid_from: 2025-01-01,
     informed_at: 2025-01-01, subject: unit, window: month, source: usage, where: [{column: kind, is: call}], limits: [{measure: count, count: true, unit: calls, above: 3}]}
`)
	_, err := Run(t.Context(), Input{Store: w.St.Conn(), Draft: draft, Against: protected})
	if problems, ok := err.(policy.Problems); !ok || problems[0].File != "draft.yaml" || problems[0].Line != 16 {
		t.Errorf("a draft about what is protected: %v", err)
	}
}
