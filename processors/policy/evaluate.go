package policy

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"linesman/schema"
)

// Store is the part of clickhouse-go's driver.Conn that the evaluator needs: it only reads.
type Store interface {
	Query(ctx context.Context, query string, args ...any) (driver.Rows, error)
}

// Config of an evaluator. The zero value is fit for use.
type Config struct {
	Zone        string    // zone in which usage.local_day is kept; default Europe/Stockholm
	MaxSubjects int       // subject-and-month pairs named in one query; with more, whole months are evaluated; default 4,000
	Evidence    int       // events that a verdict of Verdicts names at most; default [MaxEvidence]
	Exact       bool      // read every month of usage with FINAL, merged or not: to compare with
	Goals       GoalJudge // judges goals; nil: rules of kind goal are not judged
	bulk        uint64    // for tests: from how many rows of usage on readings are planned
	listed      int       // for tests: how many bytes of names one reading of budgets may have
}

// Evaluator finds out what changed: it runs the compiled rules over the touched windows
// and compares what they find with the known violations. It remembers up to which day the
// store had come, and may be used by several goroutines.
type Evaluator struct {
	cfg     Config
	kept    *time.Location
	store   Store
	set     *Set
	queries []Query
	log     *slog.Logger
	memo    *memo
	picks   *selectivity
	turns   *turns
}

// New compiles the rules of a set and returns an evaluator over a store.
func New(cfg Config, store Store, set *Set, logger *slog.Logger) (*Evaluator, error) {
	cfg.Zone = cmp.Or(cfg.Zone, schema.DefaultZone)
	cfg.MaxSubjects = cmp.Or(cfg.MaxSubjects, 4000)
	kept, err := time.LoadLocation(cfg.Zone)
	if err != nil {
		return nil, fmt.Errorf("loading the zone %q of the usage days: %w", cfg.Zone, err)
	}
	e := &Evaluator{cfg: cfg, kept: kept, store: discreet{store}, set: set, log: logger, memo: newMemo(), picks: &selectivity{}, turns: &turns{}}
	for _, r := range set.rules {
		q, err := r.Compile()
		if err != nil {
			return nil, err
		}
		e.queries = append(e.queries, q)
	}
	return e, nil
}

// Evaluate runs every rule but those of kind goal (see [Evaluator.EvaluateGoals]) over the
// scope and returns what became of the violations there:
// opened, changed and retracted ones, ordered by rule, window and subject. The same state
// of the store gives the same events. It writes nothing: the caller appends the events to
// the log and projects them to the store before it evaluates the same windows again, and
// stamps RecordedAt, which is left 0.
func (e *Evaluator) Evaluate(ctx context.Context, scope Scope) ([]schema.Violation, error) {
	var events []schema.Violation
	err := e.evaluate(ctx, scope, func(_ context.Context, found []schema.Violation) error {
		events = append(events, found...)
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(events, byPlace)
	return events, nil
}

// Verdicts returns what one rule finds, without regard to what is known: the back-test of
// a draft rule over the history. Change and EventID are not set. parts nil means the whole
// history.
func (e *Evaluator) Verdicts(ctx context.Context, rule *Rule, parts []Part) ([]schema.Violation, error) {
	q, err := e.asked(rule)
	if err != nil {
		return nil, err
	}
	return e.verdicts(ctx, q, reading{}, parts)
}

// asked compiles a rule that is asked for its verdicts. It may be of another set: what the
// evaluator's own set protects is protected from it too.
func (e *Evaluator) asked(rule *Rule) (Query, error) {
	rule, err := e.set.under(rule)
	if err != nil {
		return Query{}, err
	}
	q, err := rule.Compile()
	if e.cfg.Evidence > 0 && err == nil {
		q = q.Naming(e.cfg.Evidence)
	}
	return q, err
}

// VerdictsOf is [Evaluator.Verdicts] of several rules, in their order. Rules that read usage
// are judged together where that is faster.
func (e *Evaluator) VerdictsOf(ctx context.Context, rules []*Rule, parts []Part) ([][]schema.Violation, error) {
	queries := make([]Query, len(rules))
	for i, r := range rules {
		q, err := e.asked(r)
		if err != nil {
			return nil, err
		}
		queries[i] = q
	}
	together, err := e.findShared(ctx, queries, parts)
	if err != nil {
		if ctx.Err() != nil {
			return nil, err
		}
		e.log.Warn("rules could not be judged in one reading, each is judged by itself", "error", err)
		together = reading{}
	}
	out := make([][]schema.Violation, len(rules))
	for i, q := range queries {
		if out[i], err = e.verdicts(ctx, q, together, parts); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (e *Evaluator) verdicts(ctx context.Context, q Query, together reading, parts []Part) ([]schema.Violation, error) {
	found, used, err := e.findUnless(ctx, together, q, parts)
	if err != nil {
		return nil, err
	}
	if q.rule.rolling() && parts != nil { // windows that lie whole in the parts, as for other rules
		found = slices.DeleteFunc(found, func(v schema.Violation) bool {
			return !slices.ContainsFunc(parts, func(p Part) bool { return p.From <= v.WindowFrom && v.WindowTo <= p.To })
		})
	}
	slices.SortFunc(found, byPlace)
	return found, e.addEvidence(ctx, q, used, found)
}

func byPlace(a, b schema.Violation) int {
	return cmp.Or(compareRules(a.Rule, a.RuleVersion, b.Rule, b.RuleVersion), cmp.Compare(a.WindowFrom, b.WindowFrom),
		strings.Compare(a.SubjectID, b.SubjectID), strings.Compare(a.ViolationID.String(), b.ViolationID.String()))
}

// findOnce runs a compiled rule once; see find.
func (e *Evaluator) findOnce(ctx context.Context, q Query, parts []Part) ([]schema.Violation, usedPeriods, error) {
	if q.rule.Trend.statistical() {
		return e.findTrends(ctx, q, parts)
	}
	if q.rule.special() {
		found, err := e.findSpecial(ctx, q, parts)
		if err != nil {
			return nil, nil, fmt.Errorf("evaluating rule %s: %w", q.Rule, err)
		}
		return found, nil, nil
	}
	rows, err := e.store.Query(ctx, q.Within(parts))
	if err != nil {
		return nil, nil, fmt.Errorf("evaluating rule %s: %w", q.Rule, err)
	}
	defer rows.Close()
	scan := q.rule.scanUsage
	switch {
	case q.kept != nil:
		scan = q.scanKept
	case q.rule.Trend != nil:
		scan = q.rule.scanTrend
	}
	var found []schema.Violation
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, nil, fmt.Errorf("reading a verdict of rule %s: %w", q.Rule, err)
		}
		found = append(found, v)
	}
	if err := rows.Err(); err != nil {
		return nil, nil, fmt.Errorf("evaluating rule %s: %w", q.Rule, err)
	}
	return found, nil, nil
}

// compare returns the events that lead from the known violations to those found.
func compare(found, known []schema.Violation, reason string) []schema.Violation {
	before := make(map[schema.ID]schema.Violation, len(known))
	for _, k := range known {
		before[k.ViolationID] = k
	}
	var events []schema.Violation
	for _, v := range found {
		k, ok := before[v.ViolationID]
		delete(before, v.ViolationID)
		switch {
		case !ok || k.Change == schema.ChangeRetracted:
			v.Change = schema.ChangeOpened
		case same(v, k):
			continue
		default:
			v.Change, v.ReasonCode = schema.ChangeChanged, reason
			if v.Limit != k.Limit && v.Measure == k.Measure && !strings.HasPrefix(v.Measure, measureRise) && parseDetail(v.Detail)["excepted"] == parseDetail(k.Detail)["excepted"] &&
				v.Measure != measureBudget && v.Measure != measureGoal { // their limits are goals
				v.ReasonCode = ReasonRule // the limit was edited without a new version
			}
		}
		v.EventID = eventID(v, k.EventID)
		events = append(events, v)
	}
	for _, k := range known {
		if _, left := before[k.ViolationID]; left && k.Change != schema.ChangeRetracted {
			events = append(events, retract(k, reason))
		}
	}
	return events
}

// same tells whether a violation stands as it is known. The detail holds the digest of the
// evidence, so evidence need not be read back.
func same(v, k schema.Violation) bool {
	return v.Value == k.Value && v.Limit == k.Limit && v.Cost == k.Cost && sameDetail(v.Detail, k.Detail) && v.Severity == k.Severity && v.Candidate == k.Candidate &&
		v.UnitID == k.UnitID && v.CostCentre == k.CostCentre && v.Measure == k.Measure && v.ValueUnit == k.ValueUnit &&
		v.EvidenceTotal == k.EvidenceTotal
}

// sameDetail compares details but for how many units were judged beside this one and stood
// out: one more of them does not change what was found about this one.
func sameDetail(a, b string) bool {
	if a == b {
		return true
	}
	x, y := parseDetail(a), parseDetail(b)
	for _, name := range []string{"judged", "found"} {
		delete(x, name)
		delete(y, name)
	}
	return maps.Equal(x, y)
}

// retract makes the event that withdraws a known violation: value, cost and evidence are
// gone, where it was remains.
func retract(k schema.Violation, reason string) schema.Violation {
	previous := k.EventID
	k.Change, k.ReasonCode = schema.ChangeRetracted, reason
	k.Value, k.Cost, k.Evidence, k.EvidenceTotal, k.Detail = 0, 0, nil, 0, ""
	k.FirstEventAt, k.LastEventAt, k.RecordedAt, k.Offset = 0, 0, 0, 0
	k.EventID = eventID(k, previous)
	return k
}

// eventID chains an event to the one before it, so that a violation that is opened,
// retracted and opened again has three distinct events.
func eventID(v schema.Violation, previous schema.ID) schema.ID {
	return schema.NewID("violation-event", v.ViolationID.String(), previous.String(), v.Change, number(v.Value), number(v.Limit), v.Cost.String(),
		v.Severity, v.UnitID, v.CostCentre, v.Measure, v.Detail, v.ReasonCode)
}
