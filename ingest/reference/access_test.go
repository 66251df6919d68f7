package reference

import (
	"os"
	"strings"
	"testing"

	"linesman/ingest"
	"linesman/ingest/ingesttest"
	"linesman/schema"
)

type grants struct {
	ingesttest.Recorder
	all []schema.AccessGrant
}

func (g *grants) AccessGrant(a *schema.AccessGrant) error {
	g.all = append(g.all, *a)
	return g.Recorder.AccessGrant(a)
}

// Of 22 rows the first seven are grants; each of the others is wrong in one way, and no reason
// repeats what stood in its row.
func TestAccessGrants(t *testing.T) {
	body, err := os.ReadFile("testdata/access_grants.csv")
	if err != nil {
		t.Fatal(err)
	}
	var g grants
	sum, err := read(t, string(body), &g)
	if err != nil || sum.Profile != "access_grants" || len(g.all) != 7 {
		t.Fatalf("%s: %d grants, rejects %v, error %v", sum.Profile, len(g.all), g.Rejects, err)
	}
	want := []struct{ column, code string }{{"role", ingest.CodeUnknown}, {"who", ingest.CodeMissing}, {"purpose", ingest.CodeMissing}, {"approver", ingest.CodeMissing}, {"approver", ingest.CodeRange},
		{"valid_to", ingest.CodeMissing}, {"purpose", ingest.CodePersonnummer}, {"purpose", ingest.CodeRange}, {"purpose", ingest.CodeRange}, {"who", ingest.CodePersonnummer}, {"valid_to", ingest.CodeRange},
		{"valid_from", ingest.CodeTime}, {"approver", ingest.CodeRange}, {"role", ingest.CodeMissing}, {"grant_id", ingest.CodeRange}}
	if len(g.Rejects) != len(want) {
		t.Fatalf("%d rejects, want %d: %v", len(g.Rejects), len(want), g.Rejects)
	}
	for i, j := range g.Rejects {
		if j.Row != uint64(i+9) || j.Column != want[i].column || j.Code != want[i].code {
			t.Errorf("row %d column %s code %s (%s), want row %d %+v", j.Row, j.Column, j.Code, j.Reason, i+9, want[i])
		}
		for _, secret := range []string{"lind", "9876", "region", "070"} {
			if strings.Contains(strings.ToLower(j.Reason), secret) {
				t.Errorf("row %d: the reason %q repeats the row", j.Row, j.Reason)
			}
		}
	}
	key := testKey()
	first, later, openCase := g.all[0], g.all[1], g.all[6]
	if first.Who != key.Person("anna.lind@region.example") || later.Who != first.Who || openCase.Who != first.Who || openCase.Approver != key.Person("dpo@region.example") {
		t.Error("a login in other letters is another person")
	}
	if first.GrantID != later.GrantID || first.ValidFrom != later.ValidFrom || first.EventID == later.EventID {
		t.Errorf("the second row states another end of the first one's grant: %+v, %+v", first, later)
	}
	if openCase.GrantID != "ACC-14" || openCase.Role != schema.RolePersonLevel {
		t.Errorf("read %+v", openCase)
	}
}

// Everything that a row states is part of its event.
func TestAccessGrantIsOneEvent(t *testing.T) {
	const header = "who;role;unit;purpose;approver;valid_from;valid_to;grant_id;stated_at\n"
	good := strings.Split("a;person_level;U;granskning;b;2026-01-01;2026-02-01;G;2026-01-05", ";")
	other := strings.Split("c;finance;V;annat;d;2026-01-02;2026-02-02;H;2026-01-06", ";")
	body := header + strings.Join(good, ";") + "\n" + strings.Join(good, ";") + "\n"
	for i := range good {
		changed := append([]string{}, good...)
		changed[i] = other[i]
		body += strings.Join(changed, ";") + "\n"
	}
	var g grants
	if _, err := read(t, body, &g); err != nil || len(g.Rejects) != 0 || len(g.all) != len(good)+2 {
		t.Fatalf("%d grants, rejects %v, error %v", len(g.all), g.Rejects, err)
	}
	if g.all[0].EventID != g.all[1].EventID {
		t.Error("the same row has two ids")
	}
	seen := map[schema.ID]bool{}
	for _, a := range g.all[1:] {
		if seen[a.EventID] {
			t.Errorf("%+v has the id of another row", a)
		}
		seen[a.EventID] = true
	}
}
