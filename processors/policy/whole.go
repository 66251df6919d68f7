package policy

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"linesman/schema"
)

// Reading the whole of a large store is planned by how many rows a rule selects there.
const (
	// bulk is how many rows of usage in settled months make it worth a plan.
	bulk = 2_000_000
	// broadShare is the share of rows from which on a rule is judged in two steps: collecting
	// what is to be told of every group costs ten times what measuring it does.
	broadShare = 0.01
	// sharedRows is how many rows rules may select that are judged in one reading: they lie in
	// memory meanwhile.
	sharedRows = 4_000_000
	// sampled is in how many of the latest settled months the one is sought that is counted.
	sampled = 3
)

// selectivity is what is known of how many rows rules select: looked up once for each rule,
// and again when the store has doubled. A wrong guess costs time and changes nothing.
type selectivity struct {
	mu     sync.Mutex
	rows   uint64
	shares map[string]float64 // by the condition
}

// whole tells whether bounds leave so much that reading is worth a plan.
func whole(parts []Part) bool {
	if parts == nil {
		return true
	}
	var days schema.Day
	for _, p := range parts {
		if p.Subjects != nil {
			return false
		}
		days += p.To - p.From
	}
	return days > 62
}

// planned tells whether a rule over usage can be judged in two steps, or with others.
func (r *Rule) planned() bool { return r.selective() && !r.special() }

// shares estimates the share of the rows of usage that each rule looks at, from one settled
// month. It returns nil where the store is too small for it to matter.
func (e *Evaluator) shares(ctx context.Context, rules []*Rule) (map[*Rule]float64, uint64, error) {
	k := e.picks
	k.mu.Lock()
	defer k.mu.Unlock()
	var unknown []string
	for _, r := range rules {
		if c := r.concernSQL(); !slices.Contains(unknown, c) {
			if _, ok := k.shares[c]; !ok {
				unknown = append(unknown, c)
			}
		}
	}
	months, total, err := e.settledMonths(ctx)
	if err != nil {
		return nil, 0, err
	}
	if total > 2*k.rows { // another store than the one that was looked at
		k.rows, k.shares = total, nil
		unknown = unknown[:0]
		for _, r := range rules {
			if c := r.concernSQL(); !slices.Contains(unknown, c) {
				unknown = append(unknown, c)
			}
		}
	}
	if len(unknown) > 0 && len(months) > 0 && total >= e.bulk() {
		if err := e.lookAtMonth(ctx, k, months, unknown); err != nil {
			return nil, 0, err
		}
	}
	if len(k.shares) == 0 || total < e.bulk() {
		return nil, 0, nil
	}
	out := make(map[*Rule]float64, len(rules))
	for _, r := range rules {
		share, ok := k.shares[r.concernSQL()]
		if out[r] = share; !ok {
			out[r] = 1 // not looked up: no month is settled now
		}
	}
	return out, total, nil
}

func (e *Evaluator) bulk() uint64 { return cmp.Or(e.cfg.bulk, bulk) }

// lookAtMonth counts what conditions select in the largest of the latest months that are
// settled: the latest alone may hold the fees of its first day and nothing else.
func (e *Evaluator) lookAtMonth(ctx context.Context, k *selectivity, months settled, conditions []string) error {
	latest := slices.Sorted(maps.Keys(months))
	latest = latest[max(0, len(latest)-sampled):]
	in := make([]string, len(latest))
	for i, m := range latest {
		in[i] = quote(m)
	}
	counts := make([]string, len(conditions))
	for i, c := range conditions {
		counts[i] = "countIf(" + c + ")"
	}
	largest := "SELECT partition_id FROM system.parts WHERE database = currentDatabase() AND table = 'usage' AND active AND partition_id IN (" + strings.Join(in, ", ") + ") ORDER BY rows DESC, partition_id LIMIT 1"
	rows, err := e.store.Query(ctx, "SELECT count() AS here, ["+strings.Join(counts, ", ")+"] AS counts\n"+
		"FROM usage\nWHERE _partition_id = ("+largest+")\nSETTINGS final = 0, short_circuit_function_evaluation = 'disable'")
	if err != nil {
		return fmt.Errorf("asking how many rows rules select: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var here uint64
		var found []uint64
		if err := rows.Scan(&here, &found); err != nil {
			return fmt.Errorf("asking how many rows rules select: %w", err)
		}
		if k.shares == nil {
			k.shares = map[string]float64{}
		}
		for i, c := range conditions {
			k.shares[c] = float64(max(found[i], 1)) / float64(max(here, 1)) // never nothing: other months may have some
		}
	}
	return rows.Err()
}

// find runs a compiled rule and makes a violation of each row. Trends that are judged by
// their statistics come without evidence and with the periods it is to be read from. Whom a
// rule that selects much is judged for is found first.
func (e *Evaluator) find(ctx context.Context, q Query, parts []Part) (found []schema.Violation, used usedPeriods, err error) {
	if q.rule.flaggable() && q.read == "" && !e.cfg.Exact && whole(parts) {
		shares, _, err := e.shares(ctx, []*Rule{q.rule})
		if err != nil {
			return nil, nil, err
		}
		if shares[q.rule] > broadShare {
			above, err := e.flag(ctx, []Query{q}, parts)
			switch {
			case ctx.Err() != nil:
				return nil, nil, ctx.Err()
			case err != nil:
				e.log.Warn("groups could not be measured first, and all are judged", "rule", q.Rule, "error", err)
			case len(above[q.rule].subjects) == 0:
				return nil, nil, nil
			default:
				q = q.of(above[q.rule].subjects)
			}
		}
	}
	return e.findOf(ctx, q, parts)
}

// findOf is find of a query that knows whom it is about.
func (e *Evaluator) findOf(ctx context.Context, q Query, parts []Part) (found []schema.Violation, used usedPeriods, err error) {
	err = e.steadily(ctx, q, parts, func(q Query) (err error) {
		found, used, err = e.findOnce(ctx, q, parts)
		return err
	})
	return found, used, err
}

// of returns the query about some subjects only; about all, where they are too many to name.
func (q Query) of(subjects []string) Query {
	if fitsList(subjects) {
		q.only = subjects
	}
	return q
}

func fitsList(subjects []string) bool {
	size := 0
	for _, s := range subjects {
		size += len(s) + listOverheads
	}
	return size <= maxListBytes
}
