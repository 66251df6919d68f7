package pipeline

import (
	"maps"
	"slices"
	"testing"

	"linesman/ingest/contacts"
	"linesman/ingest/reference"
	"linesman/schema"
)

// What holds until further notice concerns the months that the store has anything of, and not
// everybody in all of it.
func TestStatementsWithoutAnEndConcernWhatThereIs(t *testing.T) {
	w := newWorld(t)
	p := w.catchUp()
	approve := func(id, number, from, to string) *Dirty {
		t.Helper()
		w.collect(reference.Name, id+".csv", "approval_id;kind;number;unit_id;countries;approved_by;decided_at;valid_from;valid_to\n"+id+";premium;"+number+";U1;;c1;2026-01-01;"+from+";"+to+"\n")
		if err := p.CatchUp(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		return p.TakeDirty()
	}
	months := func(of map[string]map[schema.Day]bool) (out []string) {
		for _, m := range of {
			for _, d := range slices.Sorted(maps.Keys(m)) {
				out = append(out, d.String()[:7])
			}
		}
		return out
	}
	if d := approve("A-0", "+46701234567", "2026-01-01", ""); d.AllSubjects || len(d.Lines) != 0 {
		t.Errorf("of an empty store: all %t, lines %v", d.AllSubjects, d.Lines)
	}
	w.collect(contacts.Name, "ace.csv", aceHead+"2025-11-10;08:00;09:00;U1;Kö;8;external;2;1;1;10;20;2026-04-01 05:00\n2026-02-09;08:00;09:00;U1;Kö;8;external;2;1;1;10;20;2026-04-01 05:00\n")
	if err := p.CatchUp(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	p.TakeDirty()
	for _, tc := range []struct {
		from, to string
		want     []string
	}{
		{"2026-01-15", "", []string{"2026-01", "2026-02"}},
		{"2020-01-01", "", []string{"2025-11", "2025-12", "2026-01", "2026-02"}},
		{"2020-01-01", "2025-12-15", []string{"2025-11", "2025-12"}},
		{"2026-03-15", "", nil},
		{"2020-01-01", "2020-06-01", nil},
	} {
		d := approve("A-"+tc.from+tc.to, "+46701234567", tc.from, tc.to)
		if got := months(d.Lines); d.AllSubjects || !slices.Equal(got, tc.want) {
			t.Errorf("from %s to %q: all %t, months %v, want %v", tc.from, tc.to, d.AllSubjects, got, tc.want)
		}
	}
}
