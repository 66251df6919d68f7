package pipeline

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"linesman/ingest"
	"linesman/ingest/collector"
	"linesman/ingest/contacts"
	"linesman/ingest/reference"
	"linesman/internal/pseudonym"
	"linesman/processors/verify"
	"linesman/schema"
	"linesman/schema/phone"
)

// collect reads files of contact-centre statistics and reference data into the log.
func (w *world) collect(name, file, body string) collector.Report {
	w.t.Helper()
	zone, err := time.LoadLocation(schema.DefaultZone)
	if err != nil {
		w.t.Fatal(err)
	}
	numbers, err := phone.New("SE", phone.Exchange)
	if err != nil {
		w.t.Fatal(err)
	}
	key := pseudonym.New([]byte("a key for tests, 32 bytes long.."))
	ref, err := reference.New(key, numbers, zone)
	if err != nil {
		w.t.Fatal(err)
	}
	c, err := collector.New(collector.Config{Key: key, Zone: zone}, w.b, map[string]ingest.Format{contacts.Name: contacts.New(zone), reference.Name: ref}, slog.New(slog.DiscardHandler))
	if err != nil {
		w.t.Fatal(err)
	}
	rep, err := c.Collect(w.t.Context(), name, file, strings.NewReader(body), int64(len(body)))
	if err != nil {
		w.t.Fatal(err)
	}
	return rep
}

// sound lets the log and the store be compared.
func (w *world) sound() {
	w.t.Helper()
	rep, err := verify.New(w.b, w.st).Run(w.t.Context(), nil)
	if err != nil || !rep.OK {
		w.t.Errorf("log and store: %+v, %v", rep, err)
	}
}

const (
	aceHead = "date;from;to;unit_hsa_id;queue;key;origin;offered;answered;abandoned;wait_s;talk_s;extract_ts\n"
	aceRow  = "2026-03-%02d;%02d:00;%02d:00;U%d;Kö;8;external;%d;1;1;10;20;2026-04-%02d 05:00\n"
	sums    = "SELECT concat(toString(count()), ' ', toString(sum(offered))) FROM contacts"
	tallies = "SELECT concat(toString(sum(accepted)), ' ', toString(sum(duplicate)), ' ', toString(sum(refused))) FROM valid_ranges WHERE topic = 'linesman.contacts'"
)

// ace is a file of statistics: a hundred intervals of five units.
func ace(offered, extract int) string {
	var b strings.Builder
	b.WriteString(aceHead)
	for i := range 100 {
		fmt.Fprintf(&b, aceRow, 1+i%10, 8+i/10%2, 9+i/10%2, i/20, offered, extract)
	}
	return b.String()
}

// A later extract takes an earlier one's place, in whatever order they come and however often,
// also when the engine has long forgotten the rows that were replaced.
func TestTheLatestExtractOfAnIntervalHolds(t *testing.T) {
	w := newWorld(t)
	if rep := w.collect(contacts.Name, "ace_1.csv", ace(10, 2)); rep.Sent != 100 || rep.Rejected != 0 {
		t.Fatalf("%s", rep)
	}
	p := w.catchUp()
	d := p.TakeDirty()
	if len(d.Units) != 5 || len(d.UsageUnits)+len(d.Lines)+len(d.Days) != 0 || d.Inventory || d.Reference {
		t.Errorf("units %v, %+v", d.Units, d)
	}
	w.want(sums, "100 1000")
	w.want("SELECT concat(toString(min(local_day)), ' ', toString(max(local_day)), ' ', any(zone)) FROM contacts", "2026-03-01 2026-03-10 Europe/Stockholm")
	w.sound()

	w.collect(contacts.Name, "ace_3.csv", ace(12, 4))
	w.collect(contacts.Name, "ace_2.csv", ace(11, 3)) // an older one that comes late
	if err := p.CatchUp(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	w.want(sums, "100 1200")
	w.sound()
	p.Close()

	if err := w.st.Conn().Exec(t.Context(), "OPTIMIZE TABLE contacts FINAL"); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{ace(10, 2), ace(11, 3), ace(12, 4)} {
		w.collect(contacts.Name, "again.csv", file)
	}
	w.catchUp() // the filter of known events is made anew
	w.want(sums, "100 1200")
	w.want(tallies, "300 300 0")
	w.want("SELECT concat(toString(sum(accepted)), ' ', toString(sum(duplicate))) FROM files WHERE name = 'again.csv'", "0 300")
	w.sound()
}

// A row that is lost, or that is of an extract which does not hold, is found.
func TestVerifyLooksAtEveryInterval(t *testing.T) {
	w := newWorld(t)
	w.collect(contacts.Name, "1.csv", ace(10, 2))
	w.collect(contacts.Name, "2.csv", ace(12, 4))
	w.catchUp()
	wrong := func() (n uint64) {
		t.Helper()
		rep, err := verify.New(w.b, w.st).Run(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range rep.Partitions {
			if p.Topic == schema.TopicContacts {
				n = p.Wrong
				if p.OK != (n == 0) || rep.OK != p.OK {
					t.Errorf("%+v", p)
				}
			}
		}
		return n
	}
	for _, step := range []struct {
		stmt string
		want uint64
	}{
		{"SELECT 1", 0},
		{"DELETE FROM contacts WHERE unit_id = 'U3' SETTINGS mutations_sync = 2", 20},
		{"INSERT INTO contacts SELECT * REPLACE(unhex('00112233445566778899aabbccddeeff') AS event_id, rank + 1 AS rank) FROM contacts FINAL WHERE unit_id = 'U1' AND local_day = '2026-03-01'", 22},
	} {
		if err := w.st.Conn().Exec(t.Context(), step.stmt); err != nil {
			t.Fatal(err)
		}
		if got := wrong(); got != step.want {
			t.Errorf("after %s: %d intervals are wrong, want %d", step.stmt, got, step.want)
		}
	}
}

func TestStatisticsOfABadFile(t *testing.T) {
	w := newWorld(t)
	good, bad := fmt.Sprintf(aceRow, 1, 8, 9, 1, 10, 2), fmt.Sprintf(aceRow, 2, 8, 9, 1, -1, 2)
	if rep := w.collect(contacts.Name, "a.csv", aceHead+good+bad+good); rep.Sent != 1 || rep.Rejected != 1 || rep.Repeated != 1 {
		t.Errorf("%s", rep)
	}
	if rep := w.collect(contacts.Name, "b.csv", aceHead+good+strings.Replace(good, "Kö", "800101-9804", 1)); rep.State != schema.FileFailed || rep.Sent != 0 {
		t.Errorf("%s", rep)
	}
	w.catchUp()
	w.want(sums, "1 10")
	w.want("SELECT concat(toString(count()), ' ', arrayStringConcat(arraySort(groupArray(concat(toString(row), ' ', column, ' ', toString(code)))), ', ')) FROM rejects",
		"2 0 queue personnummer, 3 offered out_of_range")
	w.sound()
}

// What was stored before a stop and not judged is judged afterwards.
func TestStatisticsOfBeforeAStopAreJudged(t *testing.T) {
	w := newWorld(t)
	w.evaluated(w.catchUp())
	w.collect(contacts.Name, "a.csv", aceHead+fmt.Sprintf(aceRow, 1, 8, 9, 7, 10, 2))
	w.stopAt(atInserted, schema.TopicContacts) // the rows are there, the range is not noted
	w.want(sums, "1 10")
	w.catchUp().Close() // nothing was judged
	p := w.catchUp()
	d := p.TakeDirty()
	if len(d.Units) != 1 || !d.Units["U7"][schema.Date(2026, 3, 1)] {
		t.Errorf("units %v", d.Units)
	}
	w.want(sums, "1 10")
	w.want(tallies, "1 0 0")
	w.sound()
	p.GiveBack(d)
	w.evaluated(p)
	if d := w.catchUp().TakeDirty(); !d.Empty() {
		t.Errorf("judged again: %+v", d)
	}
}

// Statements that move no usage have the rules over them judged, now and after a stop.
func TestInventoryIsJudgedWithoutUsage(t *testing.T) {
	files := []struct {
		name, body, table string
		inventory         bool
	}{
		{"equipment", "item_id;kind;number;holder;unit_id;handed_out;returned;lost_at;blocked_at\nI-1;mobile;+46701234567;a1;U1;2025-03-01;;2026-01-01;\n", "equipment", true},
		{"employments", "holder;state;unit_id;valid_from;valid_to\na1;employed;U1;2020-01-01;2026-01-01\n", "employments", true},
		{"hours", "number;unit_id;weekday;opens;closes;valid_from;valid_to\n;U1;1;08:00;10:00;2026-01-01;\n", "telephone_hours", true},
		{"lines", "number;extension;kind;role;holder;unit_id;cost_centre;operator;plan;sim_status;valid_from;valid_to\n+46104761234;61234;fixed;personal;;U1;;;;;2025-01-01;\n", "lines", true},
		{"units", "unit_id;name;parent_id;cost_centre;employees;valid_from;valid_to\nU1;Akuten;;0110;140;2020-01-01;\n", "units", true},
		{"approvals", "approval_id;kind;number;unit_id;countries;approved_by;decided_at;valid_from;valid_to\nR-1;return;+46701234567;;;c1;2026-01-01;2026-02-01;2026-03-01\n", "approvals", true},
		{"goals", "goal_id;metric;unit_id;cost_centre;baseline;target;target_date;owner;valid_from;valid_to\nG-1;cost_month;;0110;0;120;2026-12-31;Chef;2026-01-01;\n", "goals", true},
		{"cost centres", "cost_centre;name;valid_from;valid_to\n0110;Akuten;2020-01-01;\n", "cost_centres", false},
		{"ranges", "first;last;name;valid_from;valid_to\n+46104760000;+46104769999;Serie;2020-01-01;\n", "number_ranges", false},
		{"grants", "who;role;unit;purpose;approver;valid_from;valid_to\na1;finance;;;;2026-01-01;\n", "access_grants", false},
	}
	w := newWorld(t)
	p := w.catchUp()
	for i, f := range files {
		if rep := w.collect(reference.Name, f.name+".csv", f.body); rep.Sent != 1 {
			t.Fatalf("%s: %s", f.name, rep)
		}
		if err := p.CatchUp(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		d := p.TakeDirty()
		if d.Inventory != f.inventory || !d.Reference || d.AllSubjects && f.table != "units" {
			t.Errorf("%s: inventory %t, reference %t, all %t", f.name, d.Inventory, d.Reference, d.AllSubjects)
		}
		if i == 0 {
			p.GiveBack(d)
			if d = p.TakeDirty(); !d.Inventory {
				t.Error("what was given back is not there")
			}
		}
		w.want("SELECT toString(count()) FROM "+f.table, "1")
	}
	w.collect(reference.Name, "again.csv", files[0].body)
	if err := p.CatchUp(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if d := p.TakeDirty(); d.Inventory {
		t.Error("a statement that was known has the inventory judged")
	}
	w.collect(reference.Name, "corrected.csv", "item_id;kind;number;holder;unit_id;handed_out;returned;lost_at;blocked_at\nI-1;mobile;+46701234567;a1;U1;2025-03-01;2026-02-01;2026-01-01;\n")
	p.Close()
	p = w.catchUp()
	w.want("SELECT concat(toString(count()), ' ', toString(toDate(max(valid_to), 'Europe/Stockholm')), ' ', any(holder)) FROM equipment",
		"1 2026-02-01 "+pseudonym.New([]byte("a key for tests, 32 bytes long..")).Person("a1"))
	w.sound()
	p.Close()
	if d := w.catchUp().TakeDirty(); !d.Inventory || !d.AllSubjects { // nothing was noted as judged
		t.Errorf("after a stop: %+v", d)
	}
}

// Days without statistics are gaps where they come every day, and rules over them are told so.
func TestGapsOfStatistics(t *testing.T) {
	w := newWorld(t)
	last, missing := schema.Date(2026, 3, 28), schema.Date(2026, 3, 18)
	for day := last - 69; day <= last; day++ {
		if day != missing {
			w.collect(contacts.Name, "ace_"+day.String()+".csv", aceHead+strings.Replace(fmt.Sprintf(aceRow, 1, 8, 9, 1, 10, 2), "2026-03-01", day.String(), 1))
		}
	}
	w.catchUp()
	rep, err := verify.Gaps(t.Context(), w.st, verify.GapOptions{Now: time.Date(2026, 3, 29, 12, 0, 0, 0, time.UTC),
		Rules: []verify.GapRule{{ID: "waiting", Contacts: true}, {ID: "hours", Stated: true}, {ID: "calls"}}})
	if err != nil {
		t.Fatal(err)
	}
	if len(rep.Sources) != 1 || rep.Sources[0].Source != contacts.Name || rep.Sources[0].Events != 69 || len(rep.Sources[0].Gaps) != 1 || rep.Sources[0].Gaps[0].From != "2026-03-18" {
		t.Errorf("%+v", rep.Sources)
	}
	states := map[string]string{}
	for _, r := range rep.Rules {
		states[r.Rule] = r.State
	}
	if states["waiting"] != verify.RuleIncomplete || states["hours"] != verify.RuleNone || states["calls"] != verify.RuleNoData {
		t.Errorf("%v", states)
	}
}
