package pipeline

import (
	"fmt"
	"testing"
	"time"

	"linesman/processors/store"
	"linesman/schema"
)

// steadyOrder checks that all versions of a row stand at the same place in the order of the
// table, where merges and FINAL find them: that they are uncommon, or none is. Of so many rows
// at least there must be several versions, or nothing was tested.
func (w *world) steadyOrder(several uint64) {
	w.t.Helper()
	var events, versions, kinds uint64
	err := w.st.Conn().QueryRow(store.AsItLies(w.t.Context()), `SELECT count(), countIf(rows > 1), countIf(keys > 1)
FROM (SELECT event_id, count() AS rows, uniqExact(uncommon, recorded_line_id, occurred_at) AS keys FROM usage GROUP BY event_id)`).Scan(&events, &versions, &kinds)
	if err != nil {
		w.t.Fatal(err)
	}
	if kinds > 0 || versions < several {
		w.t.Errorf("%d of %d rows have versions at different places; %d have several versions, want %d at least", kinds, events, versions, several)
	}
	w.want("SELECT toString(count() - uniqExact(event_id)) FROM usage", "0") // with FINAL none is there twice
}

// What happens to a record after it came leaves it where it is in the order of the table.
func TestVersionsOfARowKeepTheirPlace(t *testing.T) {
	w := newWorld(t)
	if err := w.st.Conn().Exec(t.Context(), "SYSTEM STOP MERGES usage"); err != nil {
		t.Fatal(err)
	}
	roam := func(i int) schema.Usage {
		u := call(i)
		u.VisitedCtry, u.OtherCountry, u.OtherHash = []string{"", "SE", "NO"}[i%3], []string{"SE", "", "DK", "SE"}[i%4], uint64(i%5)
		u.OtherClass, u.Service = []string{"mobile", "premium", "fixed", "international"}[i%4], []string{"voice_out", "voice_forward", "premium"}[i%3]
		return u
	}
	var us []schema.Usage
	for i := range 300 {
		us = append(us, roam(i))
	}
	produce(w, schema.TopicCalls, "Usage", schema.UsageTable(), us...)
	w.catchUp()
	counts := "SELECT toString(countIf(uncommon)) || ' ' || toString(countIf(NOT uncommon)) FROM usage"
	before := w.value(counts)

	// The other party becomes one of the organisation's own, and the lines get a holder: every
	// derived column of the row is another one.
	march := schema.Date(2026, 3, 1).Start(time.UTC)
	for n := range 7 {
		produce(w, schema.TopicReference, "Line", schema.LineTable(), schema.Line{EventID: schema.NewID("l", fmt.Sprint(n)), LineID: schema.LineID(uint64(n + 1)), UnitID: "U1", Kind: "mobile", ValidFrom: march})
	}
	produce(w, schema.TopicReference, "Price", schema.PriceTable(), schema.Price{EventID: schema.NewID("p"), PriceID: "p1", Service: "voice_out", Per: "minute", Price: schema.Kronor(1), FirstS: 60, NextS: 60, ValidFrom: march})
	w.catchUp()
	w.want("SELECT toString(countIf(unit_id = 'U1')) || ' ' || toString(countIf(other_class = 'internal' AND recorded_class = 'premium') > 0) FROM usage", "300 1")
	w.want(counts, before)
	w.steadyOrder(300)

	// A third is cancelled, a third corrected: the correction is another record, which may stand
	// elsewhere. Both amended records are then dead at their place.
	var am []schema.Amendment
	var by []schema.Usage
	for i := range 200 {
		a := schema.Amendment{EventID: schema.NewID("a", fmt.Sprint(i)), Amends: us[i].EventID, LineID: us[i].LineID}
		if i >= 100 {
			b := roam(i + 1)
			b.LineID, b.OccurredAt, b.EventID = us[i].LineID, us[i].OccurredAt, schema.NewID("by", fmt.Sprint(i))
			by, a.ReplacedBy = append(by, b), b.EventID
		}
		am = append(am, a)
	}
	produce(w, schema.TopicCalls, "Usage", schema.UsageTable(), by...)
	produce(w, schema.TopicCalls, "Amendment", schema.AmendmentTable(), am...)
	w.catchUp()
	w.want("SELECT toString(count()) FROM usage", "200")
	w.steadyOrder(300)

	// The same with rows that come when they are dead already, and again in a new store.
	sum := w.content()
	if err := w.st.DropAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.catchUp()
	w.steadyOrder(0)
	if got := w.content(); got != sum {
		t.Errorf("a new store has\n%s\nthe old one had\n%s", got, sum)
	}
	if err := w.st.Conn().Exec(t.Context(), "OPTIMIZE TABLE usage FINAL"); err != nil {
		t.Fatal(err)
	}
	w.want("SELECT toString(count()) FROM usage", "200")
}
