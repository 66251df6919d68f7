package policy

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"linesman/schema"
)

// settled is the months of usage that hold no two versions of a row, by the id of their
// partition (yyyymm), with the name of their one part.
//
// Reading with FINAL means finding the last version of every row, which costs several times
// what judging does. A month whose rows lie in one part that a merge wrote has none but last
// versions, the dead ones among them: it is read as it lies, without the dead. A part that was
// inserted and never merged may hold two versions of a row.
type settled map[string]string

const partsSQL = "SELECT partition_id, any(name), toUInt8(count() = 1 AND min(level) > 0), sum(rows) FROM system.parts\n" +
	"WHERE database = currentDatabase() AND table = 'usage' AND active\nGROUP BY partition_id"

// settledMonths asks which months are settled now, and how many rows of usage there are.
func (e *Evaluator) settledMonths(ctx context.Context) (settled, uint64, error) {
	if e.cfg.Exact {
		return nil, 0, nil
	}
	rows, err := e.store.Query(ctx, partsSQL)
	if err != nil {
		return nil, 0, fmt.Errorf("asking the store which months are merged: %w", err)
	}
	defer rows.Close()
	out, total := settled{}, uint64(0)
	for rows.Next() {
		var month, part string
		var one uint8
		var n uint64
		if err := rows.Scan(&month, &part, &one, &n); err != nil {
			return nil, 0, fmt.Errorf("asking the store which months are merged: %w", err)
		}
		if total += n; one == 1 {
			out[month] = part
		}
	}
	return out, total, rows.Err()
}

// steadily has a query over usage read with the months that are settled.
func (e *Evaluator) steadily(ctx context.Context, q Query, parts []Part, read func(Query) error) error {
	if q.rule.From != SourceUsage || q.read != "" {
		return read(q)
	}
	relevant := func(s settled) settled { return s.among(q, parts) }
	return e.steadilyIn(ctx, q.Rule, relevant, func(months settled) error { return read(q.lying(months)) })
}

// steadilyFrom gives what columns of usage are read from while months are settled.
func (e *Evaluator) steadilyFrom(ctx context.Context, who string, columns []string, relevant func(settled) settled, read func(source string) error) error {
	return e.steadilyIn(ctx, who, relevant, func(months settled) error { return read(months.source(columns)) })
}

// steadilyIn tells which months are settled while they are read. The store goes on meanwhile: a
// part that came to one of them before the reading began would show two versions of a row. So
// it is asked again afterwards, and when a month is no longer the one part that it was, what
// was read is thrown away and read again with fewer settled months, at last with none.
// read may be called several times.
func (e *Evaluator) steadilyIn(ctx context.Context, who string, relevant func(settled) settled, read func(settled) error) error {
	months, _, err := e.settledMonths(ctx)
	if err != nil {
		return err
	}
	for months = relevant(months); len(months) > 0; {
		if err := read(months); err != nil {
			return err
		}
		now, _, err := e.settledMonths(ctx)
		if err != nil {
			return err
		}
		before := len(months)
		maps.DeleteFunc(months, func(month, part string) bool { return now[month] != part })
		if len(months) == before {
			return nil
		}
		e.log.Debug("usage came to months at rest while it was read: it is read again", "rule", who, "months", before-len(months))
	}
	return read(nil)
}

// among leaves out months that a bounded query does not look at, so that they are not asked
// for again.
func (s settled) among(q Query, parts []Part) settled {
	if parts == nil || len(s) == 0 || q.rule.Trend != nil && q.rule.Trend.Baseline.To != 0 {
		return s
	}
	from, to := schema.LastDay, schema.Day(0)
	for _, p := range parts {
		from, to = min(from, p.From), max(to, p.To)
	}
	before, after := q.rule.reach()
	from, to = from-before, to+after
	if t := q.rule.Trend; t != nil {
		from, to = t.after(t.period(from), -t.Lookback), t.after(t.period(to), 2)
	}
	// A day of the rule's zone may begin on the day before or after in UTC.
	first, last := monthID(from-1), monthID(to+1)
	out := maps.Clone(s)
	maps.DeleteFunc(out, func(month, _ string) bool { return month < first || month > last })
	return out
}

func monthID(d schema.Day) string { return strings.ReplaceAll(d.String()[:7], "-", "") }

// source writes what columns of usage are read from. Conditions on it reach both halves.
func (s settled) source(columns []string) string {
	if len(s) == 0 {
		return "usage" // everything with FINAL
	}
	return "(\n        " + readSQL(columns) + "IN (" + s.list() + ") AND NOT deleted SETTINGS final = 0\n        UNION ALL\n        " + readSQL(columns) + "NOT IN (" + s.list() + ")\n    )"
}

// outside writes what columns of usage are read from, of the months that are not settled and of
// those that are torn.
func (s settled) outside(columns []string, torn settled) string {
	read := readSQL(columns) + "NOT IN (" + s.list() + ")"
	if len(torn) > 0 {
		read = readSQL(columns) + "IN (" + torn.list() + ") AND NOT deleted SETTINGS final = 0\n        UNION ALL\n        " + read
	}
	return "(\n        " + read + "\n    )"
}

func readSQL(columns []string) string {
	return "SELECT " + strings.Join(columns, ", ") + " FROM usage WHERE _partition_id "
}

func (s settled) list() string {
	months := slices.Sorted(maps.Keys(s))
	for i, m := range months {
		months[i] = quote(m)
	}
	return strings.Join(months, ", ")
}
