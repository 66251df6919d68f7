package packcases

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"linesman/processors/policy"
	"linesman/schema"
)

// What Region Sjælland protects holds for the rules of every pack that is used together with its
// own: Laholm's private calls stand for them here.
func TestProtectedJabber(t *testing.T) {
	w := open(t)
	private := func(line, device string, seconds int) schema.Usage {
		u := moved(call("2026-03-18 10:00:00"), "2026-03-18 10:00:00", seconds)
		u.Line, u.Device, u.Private, u.Cost = line, device, true, schema.Kronor(1)
		return u
	}
	calls := func(lines int, device string, of int) []any {
		var out []any
		for i := range lines * of {
			out = append(out, private(string(rune('a'+i/of)), device, i))
		}
		return out
	}
	cases := []situation{
		{"laholm-private-calls", "with a mobile", []any{private("", "mobile", 0)}, []string{"laholm-private-calls 2026-03-01 1 low 1"}},
		{"laholm-private-calls", "with Jabber", []any{private("", "jabber_iphone", 0)}, nil},
		{"laholm-private-calls", "with both: the mobile's alone", []any{private("", "mobile", 0), private("", "jabber_desktop", 1)}, []string{"laholm-private-calls 2026-03-01 1 low 1"}},
		{"laholm-private-use", "Jabber on five lines, a total without events", calls(5, "jabber_desktop", 1), []string{"laholm-private-use 2026-03-01 5 low - of 5"}},
		{"laholm-private-use", "Jabber on four lines", calls(4, "jabber_desktop", 2), nil},
		{"laholm-private-use", "Jabber on five lines and one mobile, whose call is named", append(calls(5, "jabber_desktop", 1), private("f", "mobile", 59)),
			[]string{"laholm-private-calls@f 2026-03-01 1 low 6", "laholm-private-use 2026-03-01 6 low 6 of 6"}},
	}
	for i, c := range cases {
		w.place(i, c)
	}
	w.fill()
	set, err := policy.Builtin([]string{"region-sjaelland", "laholm"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := make([][]string, len(cases))
	for _, v := range w.judge(w.config(), set) {
		if n, _ := owner(v.SubjectID); n >= 0 && n < len(cases) {
			got[n] = append(got[n], w.describe(v))
		}
	}
	for i, c := range cases {
		if slices.Sort(got[i]); !slices.Equal(got[i], c.want) {
			t.Errorf("%s: got %q, want %q", c.name, got[i], c.want)
		}
	}
}

// A rule about lines that looks at the device cannot be used together with Region Sjælland's
// pack, whoever wrote it; one about units can.
func TestProtectedRulesAreRefused(t *testing.T) {
	const rule = `pack: own
rules:
  - id: jabber-use
    version: 1
    title: {en: Use of Jabber, sv: Bruk av Jabber}
    description: {en: Use of Jabber., sv: Bruk av Jabber.}
    severity: low
    policy:
      - {document: Own, section: "1", quote: Jabber.}
    valid_from: 2025-01-01
    informed_at: 2025-01-01
    kind: match
    subject: SUBJECT
    source: usage
    when: device == "jabber_desktop"
`
	zealand, err := policy.Builtin([]string{"region-sjaelland"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for subject, refused := range map[string]bool{"line": true, "unit": false} {
		own, err := policy.Load(fstest.MapFS{"own.yaml": {Data: []byte(strings.ReplaceAll(rule, "SUBJECT", subject))}})
		if err != nil {
			t.Fatal(err)
		}
		for name, sets := range map[string][]*policy.Set{"after": {zealand, own}, "before": {own, zealand}} {
			_, err := policy.Merge(sets...)
			if refused != (err != nil) || err != nil && !strings.Contains(err.Error(), "own.yaml:15:") {
				t.Errorf("a rule about a %s that looks at the device, %s the pack: %v", subject, name, err)
			}
		}
	}
}
