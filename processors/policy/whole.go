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
	// what explains a violation for every group costs ten times what measuring it does.
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
		out[r] = k.shares[r.concernSQL()]
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
	rows, err := e.store.Query(ctx, "SELECT count() AS here, ["+strings.Join(counts, ", ")+"] AS counts\n"+
		"FROM usage\nWHERE _partition_id IN ("+strings.Join(in, ", ")+")\nGROUP BY _partition_id\nORDER BY here DESC\nLIMIT 1\nSETTINGS final = 0")
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
// their statistics come without evidence and with the periods it is to be read from.
func (e *Evaluator) find(ctx context.Context, q Query, parts []Part) (found []schema.Violation, used usedPeriods, err error) {
	broad := false
	if q.rule.planned() && !q.rule.NoEvidence && !e.cfg.Exact && whole(parts) {
		shares, _, err := e.shares(ctx, []*Rule{q.rule})
		if err != nil {
			return nil, nil, err
		}
		broad = shares[q.rule] > broadShare
	}
	err = e.steadily(ctx, q, parts, func(q Query) (err error) {
		if broad {
			found, err = e.findBroad(ctx, q, parts)
		} else {
			found, used, err = e.findOnce(ctx, q, parts)
		}
		return err
	})
	return found, used, err
}

// findBroad judges in two steps: which groups are above a limit, and then what is to be told
// of them. In between the store may go on; what is told is what the second step finds.
func (e *Evaluator) findBroad(ctx context.Context, q Query, parts []Part) ([]schema.Violation, error) {
	light := q.reads(q.rule.groupsSQL(""))
	light = strings.NewReplacer(rowsPlace, q.rule.rowBounds(parts)).Replace(light)
	rows, err := e.store.Query(ctx, "SELECT subject, window_from FROM (\n"+light+"\n)\n"+settings)
	if err != nil {
		return nil, fmt.Errorf("evaluating rule %s: %w", q.Rule, err)
	}
	defer rows.Close()
	by, pairs, size := map[schema.Day][]string{}, 0, 0
	for rows.Next() {
		var subject string
		var from int32
		if err := rows.Scan(&subject, &from); err != nil {
			return nil, fmt.Errorf("evaluating rule %s: %w", q.Rule, err)
		}
		by[schema.Day(from)] = append(by[schema.Day(from)], subject)
		pairs, size = pairs+1, size+len(subject)+listOverheads
	}
	if err := rows.Err(); err != nil || pairs == 0 {
		return nil, err
	}
	if pairs <= e.cfg.MaxSubjects && size <= maxListBytes && len(by) <= maxParts {
		parts = nil
		for _, from := range slices.Sorted(maps.Keys(by)) {
			slices.Sort(by[from])
			parts = append(parts, Part{From: from, To: windowTo(q.rule.Window, from), Subjects: by[from]})
		}
	} else if q.rule.Subject == SubjectLine {
		q = q.Reading("(\n    SELECT " + strings.Join(q.Columns(), ", ") + " FROM " + q.reads(sourcePlace) + " WHERE line_id IN (SELECT subject FROM (\n" + light + "\n    ))\n)")
	}
	found, _, err := e.findOnce(ctx, q, parts)
	return found, err
}
