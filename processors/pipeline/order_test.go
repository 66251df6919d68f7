package pipeline

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"linesman/internal/broker"
	"linesman/processors/store"
	"linesman/processors/verify"
	"linesman/schema"
)

// fact is a record of the log with the topic it belongs to.
type fact struct {
	topic string
	typ   string
	value []byte
}

func factOf[T any](topic string, t *schema.Table[T], rec T) fact {
	return fact{topic, t.Record, schema.NewEncoder(t).Append(nil, &rec)}
}

// past is a random past: usage, cancellations, corrections, corrections of corrections, two
// corrections of the same record, amendments of what never comes, and statements about the
// organisation that contradict each other, each with the time it was made.
type past struct {
	facts []fact
	usage []schema.Usage
	amend []schema.Amendment
}

func newPast(r *rand.Rand, n int) *past {
	p := &past{}
	add := func(u schema.Usage) {
		p.usage = append(p.usage, u)
		p.facts = append(p.facts, factOf(schema.TopicCalls, schema.UsageTable(), u))
	}
	amend := func(of, by schema.Usage, i int) {
		a := schema.Amendment{EventID: schema.NewID("amend", fmt.Sprint(i)), Amends: of.EventID, ReplacedBy: by.EventID, LineID: of.LineID,
			AmendedAt: schema.Time(r.IntN(3)) * 1000, Source: "test", FileID: schema.NewID("file", "a"), FileRow: uint64(i)}
		if r.IntN(10) == 0 {
			a.LineID = schema.LineID(99) // concerns nothing: the record is of another line
		}
		p.amend = append(p.amend, a)
		p.facts = append(p.facts, factOf(schema.TopicCalls, schema.AmendmentTable(), a))
	}
	for i := range n {
		u := call(i)
		u.Charged, u.Currency = schema.Money(1_000_000+i), "SEK"
		if r.IntN(20) > 0 { // some originals never come
			add(u)
		}
		for k := range []int{0, 0, 0, 0, 1, 1, 2, 3}[r.IntN(8)] {
			by := schema.Usage{}
			if r.IntN(2) == 0 {
				by = call(i)
				by.Forwarded = r.IntN(2) == 0
				by.EventID, by.DurationS, by.Charged = schema.NewID("corrected", fmt.Sprint(i, k)), uint32(k+1), schema.Money(7+k)
				by.OccurredAt += schema.Time(r.IntN(3)) * 20 * 24 * 3600 * 1000 // a correction may move it to another month
				add(by)
			}
			amend(u, by, i*10+k)
			if by.EventID != (schema.ID{}) && r.IntN(4) == 0 {
				amend(by, schema.Usage{}, i*10+k+5)
			}
		}
	}
	for i := range 30 {
		from := t0 - schema.Time(r.IntN(3))*3600_000
		p.facts = append(p.facts, factOf(schema.TopicReference, schema.LineTable(), schema.Line{LineID: schema.LineID(uint64(r.IntN(7) + 1)), UnitID: fmt.Sprint("U", r.IntN(3)), Kind: "mobile",
			ValidFrom: from, StatedAt: t0 + schema.Time(i), EventID: schema.NewID("line", fmt.Sprint(i)), FileID: schema.NewID("file", "r")}))
		p.facts = append(p.facts, factOf(schema.TopicReference, schema.UnitTable(), schema.Unit{UnitID: fmt.Sprint("U", r.IntN(3)), CostCentre: fmt.Sprint("C", i),
			ValidFrom: from, StatedAt: t0 + schema.Time(i), EventID: schema.NewID("unit", fmt.Sprint(i)), FileID: schema.NewID("file", "r")}))
	}
	return p
}

// live says by the words of [schema.Amendment] how many records count, and what they cost.
func (p *past) live() (n int, charged schema.Money) {
	dead := map[schema.ID]bool{}
	lines := map[schema.ID]string{}
	for _, u := range p.usage {
		lines[u.EventID] = u.LineID
	}
	for _, a := range p.amend {
		if l, ok := lines[a.Amends]; ok && l == a.LineID {
			dead[a.Amends] = true
		}
		for _, b := range p.amend {
			later := b.AmendedAt > a.AmendedAt || b.AmendedAt == a.AmendedAt && slices.Compare(b.EventID[:], a.EventID[:]) > 0
			if b.Amends == a.Amends && b.LineID == a.LineID && later && b.ReplacedBy != a.ReplacedBy && lines[a.ReplacedBy] == a.LineID {
				dead[a.ReplacedBy] = true
			}
		}
	}
	for _, u := range p.usage {
		if !dead[u.EventID] {
			n, charged = n+1, charged+u.Charged
		}
	}
	return n, charged
}

// content is everything in the store that must not depend on the order of the log.
func (w *world) content() string {
	w.t.Helper()
	var cols []string
	for _, c := range schema.UsageTable().Info().Columns {
		if !slices.Contains([]string{"file_id", "file_row", "recorded_at", "log_partition", "log_offset", "revision"}, c.Name) {
			cols = append(cols, c.Name)
		}
	}
	sum := func(table, columns string) string {
		return w.value("SELECT toString(count()) || ' ' || toString(sum(xxh3(" + columns + "))) FROM " + table)
	}
	return strings.Join([]string{sum("usage", strings.Join(cols, ", ")), sum("lines", "line_id, valid_from, unit_id, rank"), sum("units", "unit_id, valid_from, cost_centre, rank"),
		sum("amendments", "event_id, amends, replaced_by")}, "\n")
}

// carry writes facts in some order, some of them again, in bursts between which the pipeline
// catches up or begins anew, and returns what the store then holds.
func (p *past) carry(t *testing.T, r *rand.Rand) string {
	w := newWorld(t)
	facts := slices.Clone(p.facts)
	for range len(facts) / 4 {
		facts = append(facts, facts[r.IntN(len(p.facts))])
	}
	r.Shuffle(len(facts), func(i, j int) { facts[i], facts[j] = facts[j], facts[i] })
	pl := w.open()
	for len(facts) > 0 {
		n := min(len(facts), 1+r.IntN(len(p.facts)/2))
		for _, f := range facts[:n] {
			rec := broker.Record{Key: []byte("k"), Value: f.value, Time: time.Now(),
				Headers: []broker.Header{{Key: schema.HeaderVersion, Value: []byte(schema.Version)}, {Key: schema.HeaderType, Value: []byte(f.typ)}}}
			if _, err := w.b.Produce(t.Context(), f.topic, 0, []broker.Record{rec}); err != nil {
				t.Fatal(err)
			}
		}
		facts = facts[n:]
		if r.IntN(2) == 0 {
			pl.Close()
			pl = w.open()
		}
		if err := pl.CatchUp(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	}
	w.steadyOrder(0) // how many versions are left is a matter of merges
	n, charged := p.live()
	if got, want := w.value("SELECT toString(count()) || ' ' || toString(sum(reinterpretAsInt64(charged))) FROM usage"), fmt.Sprint(n, " ", int64(charged)); got != want {
		t.Errorf("the store counts %s, the past %s", got, want)
	}
	if got := w.value("SELECT toString(count()) FROM usage WHERE deleted"); got != "0" {
		t.Errorf("%s dead rows are read with final = 1", got)
	}
	rep, err := verify.New(w.b, w.st).Run(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range rep.Partitions {
		if !part.OK {
			t.Errorf("verify: %+v", part)
		}
	}
	return w.content()
}

func TestAnyOrderAndRepetitionGivesTheSameStore(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Log("seed", seed)
	p := newPast(rand.New(rand.NewPCG(seed, 1)), 150)
	want := ""
	for i := range 4 {
		got := p.carry(t, rand.New(rand.NewPCG(seed, uint64(i+2))))
		if want == "" {
			want = got
		}
		if got != want {
			t.Errorf("order %d gives\n%s\nthe first gave\n%s", i, got, want)
		}
	}
}

func TestAmendmentMovesWhatDependsOnIt(t *testing.T) {
	w := newWorld(t)
	w.calls(0, 20)
	p := w.catchUp()
	p.TakeDirty()
	by := call(3)
	by.EventID, by.DurationS = schema.NewID("new"), 1
	produce(w, schema.TopicCalls, "Usage", schema.UsageTable(), by)
	produce(w, schema.TopicCalls, "Amendment", schema.AmendmentTable(),
		schema.Amendment{EventID: schema.NewID("a", "1"), Amends: call(3).EventID, ReplacedBy: by.EventID, LineID: call(3).LineID},
		schema.Amendment{EventID: schema.NewID("a", "2"), Amends: call(5).EventID, LineID: call(5).LineID})
	if err := p.CatchUp(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if got := w.value("SELECT toString(count()) || ' ' || toString(sum(duration_s)) FROM usage"); got != fmt.Sprint("19 ", 61*18+1) {
		t.Errorf("usage: %s", got)
	}
	check := func(d *Dirty, how string) {
		if !d.Amended || len(d.Lines) != 2 || len(d.Days) != 1 {
			t.Errorf("%s: dirty lines %v, days %v, amended %v", how, d.Lines, d.Days, d.Amended)
		}
		why := d.Moved[Cell{Month: schema.DayOf(t0, time.UTC).Month()}]
		if why == nil || why.Causes() != "cancellation,correction" {
			t.Errorf("%s: moved %+v", how, d.Moved)
		}
	}
	check(p.TakeDirty(), "at once")
	// A program that stops before roll-ups and rules have followed finds the same again.
	if err := w.st.SetEvaluated(t.Context(), []store.Range{{Topic: schema.TopicCalls, Partition: 0, Next: 20}}); err != nil {
		t.Fatal(err)
	}
	p.Close()
	check(w.open().TakeDirty(), "after a restart")
}
