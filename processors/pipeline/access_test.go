package pipeline

import (
	"testing"

	"linesman/ingest/reference"
	"linesman/schema"
)

// Reads of rows of persons become rows once, whatever the log repeats, and give nobody anything
// to judge.
func TestReadsAreRowsOnceAndWakeNobody(t *testing.T) {
	w := newWorld(t)
	read := func(name string, rows uint64) schema.AccessRead {
		return schema.AccessRead{EventID: schema.NewID("read", name), At: t0, Who: "P0123456789ABC", Way: schema.WayConsole, What: "lines_top", Outcome: schema.AccessAllowed, Rows: rows}
	}
	const rows, tally = "SELECT concat(toString(count()), ' ', toString(sum(rows))) FROM access_log", "SELECT concat(toString(sum(accepted)), ' ', toString(sum(duplicate))) FROM valid_ranges WHERE topic = 'linesman.access'"
	produce(w, schema.TopicAccess, "AccessRead", schema.AccessReadTable(), read("a", 1), read("b", 2), read("a", 1))
	p := w.catchUp()
	w.want(rows, "2 3")
	if d := p.TakeDirty(); !d.Empty() || len(d.Reached()) > 0 {
		t.Errorf("reads are judged: %+v", d)
	}
	select {
	case <-p.Changed():
		t.Error("reads wake who judges")
	default:
	}
	p.Close()
	produce(w, schema.TopicAccess, "AccessRead", schema.AccessReadTable(), read("b", 2), read("c", 4))
	p = w.catchUp()
	w.want(rows, "3 7")
	w.want(tally, "3 2")
	if d := p.TakeDirty(); !d.Empty() {
		t.Errorf("after a restart reads are judged: %+v", d)
	}
	w.verified()
}

// Of two statements about a grant the later one holds, over a stop too; usage and rules do not move.
func TestGrantsAreFoldedOverARestart(t *testing.T) {
	const head = "who;role;unit;purpose;approver;valid_from;valid_to;stated_at\n"
	const grants = "SELECT arrayStringConcat(groupArray(concat(toString(role), ' ', toString(unit_id), ' ', toString(toDate(valid_to, 'Europe/Stockholm')))), ', ') FROM (SELECT * FROM access_grants FINAL ORDER BY role, unit_id)"
	w := newWorld(t)
	w.calls(0, 100)
	p := w.catchUp()
	before := w.value("SELECT toString(sum(sipHash64(*))) FROM usage")
	p.TakeDirty()
	w.collect(reference.Name, "access_grants.csv", head+"a;unit_manager;U1;;;2024-01-01;;2024-01-02\na;finance;;;;2024-01-01;;2024-01-02\nb;person_level;U1;granskning;a;2024-01-01;2024-02-01;2024-01-02\n")
	if err := p.CatchUp(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	d := p.TakeDirty()
	if d.Inventory || d.AllSubjects || d.AllDays || len(d.Lines)+len(d.Units)+len(d.UsageUnits)+len(d.Days)+len(d.Months)+len(d.Moved) > 0 {
		t.Errorf("grants have something judged: %+v", d)
	}
	w.want(grants, "finance  1970-01-01, person_level U1 2024-02-01, unit_manager U1 1970-01-01")
	p.Close()
	// The newer statement comes first; the older one of the same grant does not take its place.
	w.collect(reference.Name, "newer.csv", head+"A;unit_manager;U1;;;2024-01-01;2024-06-01;2024-01-04\n")
	w.collect(reference.Name, "older.csv", head+"A;unit_manager;U1;;;2024-01-01;2024-05-01;2024-01-03\n")
	w.collect(reference.Name, "again.csv", head+"a;finance;;;;2024-01-01;;2024-01-02\n")
	w.catchUp().Close()
	w.want(grants, "finance  1970-01-01, person_level U1 2024-02-01, unit_manager U1 2024-06-01")
	w.want("SELECT concat(toString(sum(accepted)), ' ', toString(sum(duplicate))) FROM valid_ranges WHERE topic = 'linesman.reference'", "5 1")
	w.want("SELECT toString(count()) FROM statements WHERE record = 'AccessGrant'", "5")
	w.want("SELECT toString(sum(sipHash64(*))) FROM usage", before)
	w.verified()
}
