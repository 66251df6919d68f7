package console

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"linesman/dashboards/query"
)

// Bounds of the feed.
const (
	feedInterval = 2 * time.Second // between looks at the store, however many listen
	feedTimeout  = 20 * time.Second
	feedRows     = 500 // violations of one look; the rest comes with the next
	feedWaiting  = 64  // violations that a slow listener may be behind
)

// opened is a violation that was found. There is nobody in it, and no line: the plugin shares
// it among all who may see the unit.
type opened struct {
	Offset   uint64    `json:"-"` // in the log of violations, where it is unique and grows
	At       time.Time `json:"at"`
	ID       string    `json:"id"`
	Rule     string    `json:"rule"`
	Title    string    `json:"title"`
	Severity string    `json:"severity"`
	Unit     string    `json:"unit"`

	version uint32
}

// feed follows the violations in the store by their offset in the log and tells those who
// listen. It looks only while somebody does.
type feed struct {
	store    query.Store
	interval time.Duration
	log      *slog.Logger

	mu        sync.Mutex
	listeners map[*listener]bool
	last      uint64             // offset that everybody was told
	stop      context.CancelFunc // nil: nobody listens, and nobody looks
}

// listener hears of one unit. The channel is closed when it was too slow, so that its owner
// begins anew from the last offset it knows.
type listener struct {
	unit string
	ch   chan opened
}

func newFeed(store query.Store, log *slog.Logger) *feed {
	return &feed{store: store, interval: feedInterval, log: log, listeners: map[*listener]bool{}}
}

// listen begins to hear of a unit's new violations: of every one whose offset is above the one
// that is returned. The listener must be let go with leave.
func (f *feed) listen(ctx context.Context, unit string) (*listener, uint64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stop == nil {
		end, err := f.end(ctx)
		if err != nil {
			return nil, 0, err
		}
		f.last = end
		looking, cancel := context.WithCancel(context.Background()) // on behalf of all who listen
		f.stop = cancel
		go f.look(looking)
	}
	l := &listener{unit: unit, ch: make(chan opened, feedWaiting)}
	f.listeners[l] = true
	return l, f.last, nil
}

func (f *feed) leave(l *listener) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.listeners, l)
	if len(f.listeners) == 0 && f.stop != nil {
		f.stop()
		f.stop = nil
	}
}

// shut ends every stream, so that the server can end without waiting for them.
func (f *feed) shut() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for l := range f.listeners {
		close(l.ch)
		delete(f.listeners, l)
	}
}

// look asks the store again and again until nobody listens any more.
func (f *feed) look(ctx context.Context) {
	tick := time.NewTicker(f.interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		f.mu.Lock()
		last := f.last
		f.mu.Unlock()
		asking, cancel := context.WithTimeout(ctx, feedTimeout)
		got, err := f.since(asking, last, "")
		cancel()
		if err != nil && ctx.Err() == nil {
			f.log.Warn("looking for new violations", "error", err)
		}
		f.tell(ctx, got)
	}
}

// tell hands violations to those who listen to their units.
func (f *feed) tell(ctx context.Context, got []opened) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if ctx.Err() != nil {
		return // another look has begun since, with listeners of its own
	}
	for _, v := range got {
		f.last = v.Offset
		for l := range f.listeners {
			if l.unit != v.Unit {
				continue
			}
			select {
			case l.ch <- v:
			default:
				close(l.ch)
				delete(f.listeners, l)
			}
		}
	}
}

// end is the offset of the newest violation there is.
func (f *feed) end(ctx context.Context) (end uint64, err error) {
	res, err := f.store.Query(ctx, "SELECT max(log_offset) FROM violations")
	if err != nil {
		return 0, fmt.Errorf("looking for the newest violation: %w", err)
	}
	defer func() { _ = res.Close() }()
	for res.Next() {
		if err := res.Scan(&end); err != nil {
			return 0, fmt.Errorf("reading the newest violation: %w", err)
		}
	}
	return end, res.Err()
}

// since lists the violations that were opened after an offset, of one unit or of all. What a
// rule only suspects is not among them: somebody must confirm it before it counts.
func (f *feed) since(ctx context.Context, after uint64, unit string) ([]opened, error) {
	where, args := "log_offset > {after:UInt64} AND change = 'opened' AND NOT candidate", []any{clickhouse.Named("after", after)}
	if unit != "" {
		where += " AND unit_id = {unit:String}"
		args = append(args, clickhouse.Named("unit", unit))
	}
	res, err := f.store.Query(ctx, fmt.Sprintf("SELECT log_offset, recorded_at, lower(hex(violation_id)), toString(rule), rule_version, toString(severity), toString(unit_id) FROM violations WHERE %s ORDER BY log_offset LIMIT %d", where, feedRows), args...)
	if err != nil {
		return nil, fmt.Errorf("looking for new violations: %w", err)
	}
	defer func() { _ = res.Close() }()
	var out []opened
	for res.Next() {
		var v opened
		if err := res.Scan(&v.Offset, &v.At, &v.ID, &v.Rule, &v.version, &v.Severity, &v.Unit); err != nil {
			return nil, fmt.Errorf("reading a new violation: %w", err)
		}
		v.At = v.At.UTC()
		out = append(out, v)
	}
	return out, res.Err()
}
