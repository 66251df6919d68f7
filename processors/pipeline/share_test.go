package pipeline

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"testing"
	"time"

	"linesman/internal/broker"
	"linesman/processors/store"
	"linesman/schema"
)

// instance is one of several that share the log and the store of a world.
type instance struct {
	*Pipeline
	w    *world
	name string
	stop context.CancelFunc
	done chan error
}

func (w *world) instance(name string) *instance {
	w.t.Helper()
	p, err := New(Config{BatchRows: 100, Retry: 20 * time.Millisecond}, w.b, w.st, w.out.With("instance", name))
	if err != nil {
		w.t.Fatal(err)
	}
	return &instance{Pipeline: p, w: w, name: name}
}

// share lists the control topics, or not, and partitions of usage.
func share(leads bool, usage map[string][]int) map[string][]int {
	out := maps.Clone(usage)
	if out == nil {
		out = map[string][]int{}
	}
	if leads {
		for _, t := range Together() {
			out[t] = []int{0}
		}
	}
	return out
}

func whole() map[string][]int {
	out := map[string][]int{}
	for _, at := range partitions() {
		out[at.topic] = append(out[at.topic], int(at.partition))
	}
	return out
}

// take gives the instance its share and lets it run.
func (i *instance) take(share map[string][]int) {
	i.w.t.Helper()
	_ = i.leave()
	began := time.Now()
	defer func() { i.w.t.Logf("%s took %d topics in %s", i.name, len(share), time.Since(began)) }()
	if err := i.Take(i.w.t.Context(), Share{Owner: i.name, Partitions: share}); err != nil {
		i.w.t.Fatalf("%s takes %v: %v", i.name, share, err)
	}
	ctx, cancel := context.WithCancel(i.w.t.Context())
	i.stop, i.done = cancel, make(chan error, 1)
	i.MarkRunning()
	go func() { i.done <- i.Run(ctx) }()
	i.w.t.Cleanup(func() { _ = i.leave() })
}

// leave stops the instance and returns what its Run returned.
func (i *instance) leave() error {
	if i.stop == nil {
		return nil
	}
	i.stop()
	i.stop = nil
	return <-i.done
}

func (w *world) await(what string, ok func() bool) {
	w.t.Helper()
	for end := time.Now().Add(2 * time.Minute); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatalf("waited in vain: %s", what)
		}
	}
}

// caughtUp waits until the store has everything that the log has.
func (w *world) caughtUp(i *instance) {
	w.t.Helper()
	ends, err := i.Logged(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	w.await("everything is stored", func() bool {
		stored, err := i.Stored(w.t.Context())
		return err == nil && stored.Reach(ends)
	})
}

// produceTo puts usage into a partition.
func (w *world) produceTo(partition int, us ...schema.Usage) {
	w.t.Helper()
	enc := schema.NewEncoder(schema.UsageTable())
	var out []broker.Record
	for i := range us {
		out = append(out, broker.Record{Key: []byte("k"), Value: enc.Append(nil, &us[i]), Time: time.Now(),
			Headers: []broker.Header{{Key: schema.HeaderVersion, Value: []byte(schema.Version)}, {Key: schema.HeaderType, Value: []byte("Usage")}}})
	}
	if _, err := w.b.Produce(w.t.Context(), schema.TopicCalls, partition, out); err != nil {
		w.t.Fatal(err)
	}
}

// callsTo puts calls from..to into the two partitions, by their line.
func (w *world) callsTo(from, to int) {
	w.t.Helper()
	by := map[int][]schema.Usage{}
	for n := from; n < to; n++ {
		u := call(n)
		by[n%7%2] = append(by[n%7%2], u)
	}
	for partition, us := range by {
		w.produceTo(partition, us...)
	}
}

var march = schema.Date(2026, 3, 1).Start(time.UTC)

// moves states that a line of call is another one's alias, of a unit.
func (w *world) moves(n int, unit string, stated int) {
	w.t.Helper()
	produce(w, schema.TopicReference, "Line", schema.LineTable(), schema.Line{EventID: schema.NewID("l", fmt.Sprint(n), unit), LineID: schema.LineID(uint64(1000 + n)),
		Alias: schema.LineID(uint64(n)), UnitID: unit, CostCentre: "c" + unit, ValidFrom: march, StatedAt: schema.Time(stated)})
}

// sameAlone compares the store with the one that an instance alone makes of the same log.
func (w *world) sameAlone(is ...*instance) {
	w.t.Helper()
	w.caughtUp(is[len(is)-1])
	for _, i := range is {
		_ = i.leave()
		i.Close()
	}
	w.steadyOrder(0)
	before := w.sums()
	files := w.value(filesOf)
	if err := w.st.DropAll(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	w.catchUp()
	after := w.sums()
	for table, sum := range after {
		if before[table] != sum {
			w.t.Errorf("%s: %s when shared, %s alone", table, before[table], sum)
		}
	}
	w.want(filesOf, files)
}

const filesOf = "SELECT toString(groupBitXor(cityHash64(file_id, accepted, duplicate))) || ' ' || toString(sum(accepted)) || ' ' || toString(sum(duplicate)) FROM files"

// sums are the checksums of the tables that the pipeline alone makes.
func (w *world) sums() map[string]string {
	w.t.Helper()
	sums, err := w.st.Checksums(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	delete(sums, "usage_daily")
	delete(sums, "usage_line_daily")
	return sums
}

func TestInstancesShareALog(t *testing.T) {
	w := newWorld(t)
	a, b, c := w.instance("a"), w.instance("b"), w.instance("c")
	w.callsTo(0, 1500)
	a.take(whole())
	w.callsTo(1500, 2500)
	w.callsTo(100, 300) // again
	_ = a.leave()
	a.take(share(true, map[string][]int{schema.TopicCalls: {0}, schema.TopicData: {0}}))
	b.take(share(false, map[string][]int{schema.TopicCalls: {1}, schema.TopicSMS: {0}}))
	if !a.Leads() || b.Leads() || a.Whole() || b.Whole() {
		t.Errorf("leads: %v %v, whole: %v %v", a.Leads(), b.Leads(), a.Whole(), b.Whole())
	}
	for n := 1; n <= 7; n++ {
		w.moves(n, "U1", 1)
		w.callsTo(2500+200*n, 2700+200*n)
	}
	// The third takes the control topics and partition 1, the first goes away.
	_, _ = a.leave(), b.leave()
	c.take(share(true, map[string][]int{schema.TopicCalls: {1}, schema.TopicData: {0}}))
	b.take(share(false, map[string][]int{schema.TopicCalls: {0}, schema.TopicSMS: {0}}))
	for n := 1; n <= 7; n++ {
		w.moves(n, "U2", 2)
		w.callsTo(4500+200*n, 4700+200*n)
	}
	w.caughtUp(b)
	w.want("SELECT toString(count()) FROM usage", "5300")
	w.want("SELECT toString(countIf(unit_id = 'U2' AND cost_centre = 'cU2')) FROM usage", "5300")
	w.want("SELECT toString(sum(duplicate)) FROM valid_ranges", "200")
	w.sameAlone(a, b, c)
}

// What other instances store is judged by the leader, also by one that has just become it.
func TestTheLeaderJudgesWhatOthersStore(t *testing.T) {
	w := newWorld(t)
	a, b := w.instance("a"), w.instance("b")
	a.take(share(true, nil))
	b.take(share(false, map[string][]int{schema.TopicCalls: {0, 1}}))
	w.callsTo(0, 700)
	sum := NewDirty()
	w.await("the leader knows of both partitions", func() bool {
		sum.merge(a.TakeDirty())
		n := uint64(0)
		for _, r := range sum.Reached() {
			n += r.Next
		}
		return n == 700 && len(sum.Lines) == 7
	})
	if d := b.TakeDirty(); !d.Empty() {
		t.Errorf("who does not lead keeps %+v", d)
	}
	if err := w.st.SetEvaluated(t.Context(), sum.Reached()); err != nil {
		t.Fatal(err)
	}
	_, _ = a.leave(), b.leave()
	b.take(whole())
	if d := b.TakeDirty(); len(d.Lines) != 0 {
		t.Errorf("what was judged is judged again: %+v", d.Lines)
	}
	a.take(share(false, map[string][]int{schema.TopicCalls: {0}}))
	_ = b.leave()
	b.take(share(true, map[string][]int{schema.TopicCalls: {1}}))
	w.callsTo(700, 707)
	w.caughtUp(b)
	sum = NewDirty()
	w.await("the new leader knows of both partitions", func() bool {
		sum.merge(b.TakeDirty())
		return len(sum.Lines) == 7
	})
}

// A statement comes to the leader while another instance is in the middle of a range whose
// rows it concerns.
func TestAStatementMeetsARangeOfAnotherInstance(t *testing.T) {
	for _, where := range []string{atBegun, atFolded, atInserted} {
		for _, wait := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, the leader is done with it %v", where, wait), func(t *testing.T) {
				w := newWorld(t)
				a, b := w.instance("leader"), w.instance("other")
				var once sync.Once
				b.hook = func(at string, r store.Range) {
					if at != where {
						return
					}
					once.Do(func() {
						w.moves(4, "U1", 1)
						if wait {
							w.await("the leader has moved what is there", func() bool {
								next, _, err := w.st.Position(t.Context(), schema.TopicReference, 0)
								return err == nil && next == 1
							})
						}
					})
				}
				// Line 4 is in partition 1. The other partition would fold the statement too.
				a.take(share(true, map[string][]int{schema.TopicCalls: {0}}))
				b.take(share(false, map[string][]int{schema.TopicCalls: {1}}))
				w.callsTo(0, 70)
				w.caughtUp(a)
				w.want("SELECT toString(countIf(unit_id = 'U1')) || ' ' || toString(count()) FROM usage", "10 70")
				w.sameAlone(a, b)
			})
		}
	}
}

// An instance stops in the middle of a range, another takes its partitions, and the first
// goes on as if nothing had happened.
func TestAZombieChangesNothing(t *testing.T) {
	for _, where := range []string{atBegun, atInserted} {
		for _, leads := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, leader %v", where, leads), func(t *testing.T) {
				w := newWorld(t)
				zombie, heir := w.instance("zombie"), w.instance("heir")
				stopped, wake, wakeOthers := make(chan struct{}), make(chan struct{}), make(chan struct{})
				var once sync.Once
				zombie.hook = func(at string, r store.Range) {
					if r.Topic == schema.TopicCalls && r.Partition == 1 {
						if at == where && r.First >= 100 {
							once.Do(func() {
								close(stopped)
								<-wake
							})
						}
						return
					}
					select {
					case <-stopped: // every goroutine stands still
						<-wakeOthers
					default:
					}
				}
				mine := share(leads, map[string][]int{schema.TopicCalls: {0, 1}})
				if !leads {
					heir.take(share(true, nil))
				}
				zombie.take(mine)
				wakeUp, wakeAll := sync.OnceFunc(func() { close(wake) }), sync.OnceFunc(func() { close(wakeOthers) })
				t.Cleanup(wakeUp)
				t.Cleanup(wakeAll)
				w.callsTo(0, 1000)
				<-stopped
				w.moves(3, "U1", 1)
				w.callsTo(1000, 2000)
				heir.take(whole())
				w.caughtUp(heir)
				w.want("SELECT toString(count()) || ' ' || toString(countIf(unit_id = 'U1')) FROM usage", "2000 286")
				wakeUp()
				w.await("the zombie has written a range that is void", func() bool {
					return w.value("SELECT toString(countIf(state = 1) > (SELECT count() FROM valid_ranges)) FROM ranges") == "1"
				})
				wakeAll()
				select {
				case err := <-zombie.done:
					zombie.stop = nil
					if !errors.Is(err, store.ErrSuperseded) {
						t.Errorf("the zombie ended with %v", err)
					}
				case <-time.After(2 * time.Minute):
					t.Fatal("the zombie goes on")
				}
				w.want("SELECT toString(count()) || ' ' || toString(countIf(unit_id = 'U1')) FROM usage", "2000 286")
				w.callsTo(2000, 2100)
				w.caughtUp(heir)
				w.sameAlone(zombie, heir)
			})
		}
	}
}
