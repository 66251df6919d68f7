package pipeline

import (
	"context"
	"fmt"
	"testing"

	"linesman/processors/store"
	"linesman/schema"
)

// priceOf states what a minute costs, of which each begun one is charged.
func priceOf(w *world, stated int, price schema.Money) {
	w.t.Helper()
	produce(w, schema.TopicReference, "Price", schema.PriceTable(), schema.Price{EventID: schema.NewID("price", fmt.Sprint(stated)), PriceID: "p", StatedAt: schema.Time(stated), Per: "minute", Price: price, FirstS: 60, NextS: 60, ValidFrom: 1})
}

// callsOfDays makes a call of 30 s on each of so many days.
func callsOfDays(w *world, days int) {
	w.t.Helper()
	var usage []schema.Usage
	for i := range days {
		u := call(i)
		u.OccurredAt, u.Kind, u.Service, u.Answered, u.DurationS = t0+schema.Time(i)*86_400_000, "call", "voice_out", true, 30
		usage = append(usage, u)
	}
	produce(w, schema.TopicCalls, "Usage", schema.UsageTable(), usage...)
}

const ratedSQL = "SELECT concat(toString(count()), ' ', toString(sum(rated)), ' ', toString(sum(cost))) FROM usage"

// Few rows are rated one by one, many in the engine: only the former have the new revision.
func TestRatingFromSoManyRowsOn(t *testing.T) {
	w := newWorld(t)
	callsOfDays(w, 40)
	w.catchUp().Close()
	for i, c := range []struct {
		from int
		rows string // with the new revision
	}{{41, "40"}, {40, "0"}} {
		priceOf(w, i, schema.Kronor(int64(i)+2))
		p := w.openTo(c.from)
		if err := p.CatchUp(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		w.want(fmt.Sprintf("SELECT toString(countIf(revision = %d)) FROM usage", p.state.Revision()), c.rows)
		w.want(ratedSQL, fmt.Sprintf("40 %d %[1]d", 40*(i+2)))
		p.Close()
	}
}

// What an interrupted try left behind is gone when the next one opens, and the try is made again:
// it was stopped while the engine had a copy to rate, and when it had put in one month of it.
func TestInterruptedRatingIsDoneAgain(t *testing.T) {
	w := newWorld(t)
	callsOfDays(w, 70)
	w.catchUp().Close()
	for i, where := range []string{atCopied, atSwapped} {
		priceOf(w, i, schema.Kronor(int64(i)+5))
		p := w.openTo(1)
		ctx, stop := context.WithCancel(t.Context())
		p.hook = func(at string, _ store.Range) {
			if at == where {
				stop()
			}
		}
		if err := p.CatchUp(ctx, nil); err == nil {
			t.Fatalf("stopped at %s: no error", where)
		}
		stop()
		p.Close()
		// As after a crash: the engine still rates the copy when it comes up.
		w.exec("CREATE TABLE IF NOT EXISTS " + beside + " AS usage")
		w.exec("INSERT INTO " + beside + " SELECT * FROM usage SETTINGS final = 0")
		w.exec("ALTER TABLE " + beside + " UPDATE rated = rated + sleepEachRow(0.001) + throwIf(1) WHERE 1 SETTINGS mutations_sync = 0")
		p = w.openTo(1)
		w.want("SELECT toString(count()) FROM system.tables WHERE database = currentDatabase() AND name = '"+beside+"'", "0")
		if d := p.TakeDirty(); d.Lost == nil || d.Lost.Causes() != schema.CausePrice {
			t.Errorf("stopped at %s: the reason is not known", where)
		}
		if err := p.CatchUp(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		w.want(ratedSQL, fmt.Sprintf("70 %d %[1]d", 70*(i+5)))
		p.Close()
	}
}

// What the engine does not do is done row by row: the copy is gone before it is to be rated.
func TestRefusedRatingIsDoneRowByRow(t *testing.T) {
	w := newWorld(t)
	callsOfDays(w, 70)
	w.catchUp().Close()
	priceOf(w, 1, schema.Kronor(7))
	p := w.openTo(1)
	refused := 0
	p.hook = func(at string, _ store.Range) {
		if at == atCopied {
			refused++
			w.exec("DROP TABLE " + beside + " SYNC")
		}
	}
	if err := p.CatchUp(t.Context(), nil); err != nil || refused != 1 {
		t.Fatalf("%d were refused: %v", refused, err)
	}
	w.want(ratedSQL, "70 490 490")
	w.want(fmt.Sprintf("SELECT toString(countIf(revision = %d)) FROM usage", p.state.Revision()), "70")
	if d := p.TakeDirty(); len(d.Days) != 70 || len(d.Moved) == 0 {
		t.Errorf("%d days are marked, %d cells", len(d.Days), len(d.Moved))
	}
}
