package query

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/ClickHouse/clickhouse-go/v2"

	"linesman/schema"
)

// A scope is enforced twice. Every statement narrows itself to the scope, and the store is told
// the same beside the statement, as a condition on each of its tables: a mistake in the making of
// SQL then gives too little and never somebody else's rows.

// limit is what the store is told of a scope. It belongs to one call of a [Runner].
type limit struct {
	scope  Scope
	store  Store
	judge  bool // for whoever judges goals: see judging
	mu     sync.Mutex
	shared map[string][]string
}

type limitKey struct{}

// within puts a scope into the context; read tells the store of it.
func (r *Runner) within(ctx context.Context, scope Scope) context.Context {
	return context.WithValue(ctx, limitKey{}, &limit{scope: scope, store: r.store, shared: map[string][]string{}})
}

// roundabout finds what would reach a table past its condition: the setting itself, functions that
// read tables by another way (measured: merge and mergeTreeIndex do), and the store's own tables.
var roundabout = regexp.MustCompile("(?i)additional_table_filters|" +
	"\\b(merge|mergetree[a-z]*|loop|remote|remotesecure|cluster|clusterallreplicas|dictionary|dict[gh][a-z]*|executable|file|url|s3|input|mysql|postgresql|sqlite)\\b[\\s\"`]*(/\\*.*\\*/)?\\s*\\(|" +
	"\\b(system|information_schema)[\"`]?\\s*\\.")

// limited is the context in which a statement runs. A statement that no scope goes with, or that
// could go round it, is refused.
func limited(ctx context.Context, sql string) (context.Context, error) {
	l, ok := ctx.Value(limitKey{}).(*limit)
	if !ok {
		return nil, fmt.Errorf("%w: a statement without a row scope", ErrScope)
	}
	if found := roundabout.FindString(sql); found != "" {
		return nil, fmt.Errorf("%w: a statement would go round the row scope by %q", ErrScope, found)
	}
	return l.context(ctx, sql)
}

func (l *limit) context(ctx context.Context, sql string) (context.Context, error) {
	conditions, err := l.conditions(ctx, sql)
	if err != nil || len(conditions) == 0 {
		return ctx, err
	}
	told := mapLiteral(conditions)
	if len(quoted(told)) > maxTold {
		return nil, fmt.Errorf("%w: the %d units of the scope are more than the store can be told at a time; a role for the whole organisation has no such limit", ErrScope, len(l.scope.units()))
	}
	return clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"additional_table_filters": told})), nil
}

// judging is the context for whoever judges goals. Only goals of the scope's units come out of it,
// but what goals are judged by is read whole: a month counts as covered when anybody's usage
// reaches its end, and that a line or a telephone left a unit says the statement of the next one.
func (r *Runner) judging(ctx context.Context, scope Scope) (context.Context, error) {
	return (&limit{scope: scope, store: r.store, judge: true, shared: map[string][]string{}}).context(ctx, "goals")
}

// whole is the context for what is worked out of all units and kept for every caller. It must not
// be limited: one caller's part would be another's answer.
func whole(ctx context.Context) context.Context {
	return clickhouse.Context(context.WithValue(ctx, limitKey{}, nil), clickhouse.WithSettings(nil))
}

// nothing is the condition that no row meets.
const nothing = "0"

// Where a table that has a column unit_id is not limited by it.
func otherwise() map[string]string {
	return map[string]string{
		"allocation_rules": nothing, // the unit is a condition of a rule about everybody's costs
		"access_grants":    nothing, // who may see what
		// A copy of months of usage, while changed prices are rated in it: usage has the same rows.
		"usage_rerated": nothing,
		// Recomputed days on their way into the roll-ups: nobody's to read.
		"usage_daily_next": nothing, "usage_line_daily_next": nothing,
	}
}

// harmless are tables without unit_id that everybody may read, each for its reason.
func harmless() []string {
	return []string{
		"cost_centres", // codes and names: own rows are labelled with them, whose cost centre may serve other units too
		"file_reports", // names and counts of files, no record of anybody: evidence names the file it stood in
	}
}

// viewsByUnit are the views and roll-ups with a column unit_id.
func viewsByUnit() []string {
	return []string{"violations_current", "cases_current", "watches_current", "watches_weekly", "lines_now", "units_now", "usage_daily", "usage_line_daily"}
}

// byUnit tells which tables and views are limited by unit_id; every other one that there is, is
// among them as false.
func byUnit() map[string]bool {
	out := map[string]bool{"schema_migrations": false}
	for _, in := range schema.Catalogue() {
		_, out[in.Name] = in.Column("unit_id")
	}
	for _, rel := range schema.Relations() {
		out[rel.Name] = slices.Contains(viewsByUnit(), rel.Name)
	}
	for name := range otherwise() {
		out[name] = false
	}
	return out
}

// conditions are those of every table that is not open to the scope.
func (l *limit) conditions(ctx context.Context, sql string) (map[string]string, error) {
	out := map[string]string{}
	if !l.scope.AccessLog {
		out["access_log"] = nothing
	}
	if l.scope.All && l.scope.Figures {
		if len(out) > 0 {
			out["access_grants"] = nothing
		}
		return out, nil
	}
	within := "unit_id IN " + tuple(l.scope.units())
	if len(l.scope.units()) == 0 {
		within = nothing
	}
	named := mentioned(sql)
	for name, limited := range byUnit() {
		switch {
		case name == "access_log" || slices.Contains(harmless(), name):
		case !l.scope.Figures && (name == "units" || name == "units_now"):
			// The access log names units; their names are no figures.
		case l.judge && slices.Contains([]string{"usage_daily", "usage_line_daily", "watches", "watches_current", "watches_weekly", "units", "lines", "equipment"}, name):
		case limited && l.scope.Figures && named[name]:
			out[name] = within
		default:
			out[name] = nothing
		}
	}
	if l.scope.Figures && within != nothing {
		return out, l.moved(ctx, named, within, out)
	}
	return out, nil
}

// over are the tables that each view reads.
func over() map[string][]string {
	return map[string][]string{
		"violations_current": {"violations"}, "cases_current": {"violations_current", "violations", "cases"},
		"watches_current": {"watches"}, "watches_weekly": {"watches_current", "watches"}, "lines_now": {"lines"}, "units_now": {"units"},
	}
}

// mentioned are the tables that a statement may read, itself or by a view. To every other one it
// gets no row at all, which is shorter to say: see maxTold.
func mentioned(sql string) map[string]bool {
	out := map[string]bool{}
	views := over()
	for _, word := range regexp.MustCompile(`\w+`).FindAllString(sql, -1) {
		out[word] = true
		for _, table := range views[word] {
			out[table] = true
		}
	}
	return out
}

// maxTold is how long the conditions may be, as a text in a statement: the engine takes 256 KiB
// before settings are known. About 1,500 units go into it, of the four tables that a statement
// reads at most.
const maxTold = 240 << 10

// move is how a table is limited whose rows are not told by their unit alone.
type move struct {
	table     string
	key       string
	find      string // finds keys
	condition string // of the table: 2 is that of the unit, 3 that of the keys
}

// moves are things that are stated anew, and by then of another unit. Who saw the statements of
// the own units only would take an old one for what holds now.
func moves() []move {
	const both = " GROUP BY %[1]s HAVING countIf(%[2]s) > 0 AND countIf(NOT (%[2]s)) > 0"
	return []move{
		// All events of a violation that was ever the unit's: the view then says whose it is now.
		{"violations", "violation_id", "SELECT lower(hex(violation_id)) FROM violations" + both, "%[2]s OR %[3]s"},
		{"goals", "goal_id", "SELECT goal_id FROM goals" + both, "%[2]s OR %[3]s"},
		// Not those lines whose latest statement is another unit's.
		{"lines_now", "line_id", "SELECT line_id FROM lines GROUP BY %[1]s HAVING countIf(%[2]s) > 0 AND argMax(NOT (%[2]s), (valid_from, rank))", "%[2]s AND NOT (%[3]s)"},
		// Steps carry the violation only.
		{"cases", "violation_id", "SELECT lower(hex(violation_id)) FROM violations WHERE %[2]s GROUP BY %[1]s", "%[3]s"},
	}
}

// moved completes the conditions of tables whose rows are not told by their unit alone. It asks
// only about what the statement reads.
func (l *limit) moved(ctx context.Context, named map[string]bool, within string, out map[string]string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, m := range moves() {
		if !named[m.table] {
			continue
		}
		ids, known := l.shared[m.table]
		if !known {
			var err error
			s := &statement{}
			s.write(m.find+"\nSETTINGS final = 1", m.key, within)
			if ids, err = texts(ctx, l.store, s); err != nil {
				return fmt.Errorf("looking for %s of several units: %w", m.table, err)
			}
			l.shared[m.table] = ids
		}
		if len(ids) == 0 {
			if m.table == "cases" {
				out[m.table] = nothing
			}
			continue
		}
		list := m.key + " IN " + tuple(ids)
		if m.key == "violation_id" {
			list = "lower(hex(violation_id)) IN " + tuple(ids)
		}
		out[m.table] = fmt.Sprintf(m.condition, m.key, "("+within+")", list)
	}
	return nil
}

// texts runs a statement of one column of texts, as it stands.
func texts(ctx context.Context, store Store, s *statement) ([]string, error) {
	got, err := fetch(ctx, store, s)
	if err != nil {
		return nil, err
	}
	return each(got, at(0)), nil
}

// quoted writes a text as the engine's SQL does.
func quoted(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", `\n`, "\t", `\t`, "\x00", `\0`).Replace(text) + "'"
}

func tuple(values []string) string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = quoted(v)
	}
	return "(" + strings.Join(out, ",") + ")"
}

// mapLiteral writes conditions by table as the setting takes them.
func mapLiteral(conditions map[string]string) string {
	names := make([]string, 0, len(conditions))
	for name := range conditions {
		names = append(names, name)
	}
	slices.Sort(names)
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = quoted(name) + ":" + quoted(conditions[name])
	}
	return "{" + strings.Join(out, ",") + "}"
}
