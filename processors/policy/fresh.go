package policy

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"linesman/schema"
)

// Fresh is usage that arrived: the rows with some offsets of one partition of the log. They
// are new, and took the place of nothing.
type Fresh struct {
	Partition  uint32 // as in log_partition
	From, Next uint64 // first offset, and the one after the last
}

// joinFresh joins what arrived; spans of one partition become one, for rows between them are
// judged once more at worst.
func joinFresh(a, b []Fresh) []Fresh {
	by := map[uint32]Fresh{}
	for _, f := range slices.Concat(a, b) {
		if have, ok := by[f.Partition]; ok {
			f.From, f.Next = min(f.From, have.From), max(f.Next, have.Next)
		}
		by[f.Partition] = f
	}
	return slices.SortedFunc(maps.Values(by), func(a, b Fresh) int { return int(a.Partition) - int(b.Partition) })
}

// selective tells whether a verdict of the rule rests on nothing but rows of usage that the
// rule selects: rows that it does not select change nothing.
func (r *Rule) selective() bool {
	return r.From == SourceUsage && r.Trend == nil && len(r.Limits) > 0 && (!r.special() || r.rolling())
}

// concernSQL writes the condition on rows of usage that may change a verdict of the rule.
func (r *Rule) concernSQL() string {
	concern := append([]string{"1"}, r.whereSQL()...)
	sql := "(" + strings.Join(concern, " AND ") + ")"
	for _, l := range r.Limits {
		if l.How == measureShare {
			sql += " OR (" + l.Share.SQL() + ")"
		}
	}
	return "(" + sql + ")"
}

// concerned finds for each selective rule whom of a scope it must judge: of the lines and
// units that new usage is of, those of whom it selects some. Others are as they were. Without
// Scope.Fresh, and for rules that are not selective, the scope stays as it is.
func (e *Evaluator) concerned(ctx context.Context, scope Scope) (func(*Rule) Scope, error) {
	same := func(*Rule) Scope { return scope }
	var rules []*Rule
	for _, q := range e.queries {
		if q.rule.selective() {
			rules = append(rules, q.rule)
		}
	}
	if len(scope.Fresh) == 0 || scope.All || len(rules) == 0 {
		return same, nil
	}
	rows, err := e.store.Query(ctx, concernedSQL(rules, scope))
	if err != nil {
		return nil, fmt.Errorf("asking which rules new usage concerns: %w", err)
	}
	defer rows.Close()
	narrow := make(map[*Rule]*Scope, len(rules))
	for _, r := range rules {
		narrow[r] = &Scope{Units: scope.Units, Months: scope.Months, Inventory: scope.Inventory, Reason: scope.Reason}
	}
	for rows.Next() {
		var line, unit string
		var month int32
		var bits []uint64
		if err := rows.Scan(&line, &unit, &month, &bits); err != nil {
			return nil, fmt.Errorf("asking which rules new usage concerns: %w", err)
		}
		for i, r := range rules {
			if bits[i/64]>>(i%64)&1 == 0 {
				continue
			}
			narrow[r].TouchLine(line, schema.Day(month))
			narrow[r].TouchUnitUsage(unit, schema.Day(month))
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("asking which rules new usage concerns: %w", err)
	}
	return func(r *Rule) Scope {
		if s, ok := narrow[r]; ok {
			return *s
		}
		return scope
	}, nil
}

// concernedSQL reads what arrived, as it lies: whose it is, and a bit for each rule that it
// concerns. A row that was read twice says nothing else twice.
func concernedSQL(rules []*Rule, scope Scope) string {
	var words []string
	for chunk := range slices.Chunk(rules, 64) {
		bits := make([]string, len(chunk))
		for i, r := range chunk {
			bits[i] = fmt.Sprintf("bitShiftLeft(toUInt64(%s), %d)", r.concernSQL(), i)
		}
		words = append(words, "groupBitOr("+strings.Join(bits, " + ")+")")
	}
	var spans []string
	for _, f := range scope.Fresh {
		spans = append(spans, fmt.Sprintf("log_partition = %d AND log_offset >= %d AND log_offset < %d", f.Partition, f.From, f.Next))
	}
	return "SELECT line_id, unit, month, bits\nFROM (\n    SELECT line_id, toString(unit_id) AS unit, toInt32(toStartOfMonth(local_day)) AS month,\n        [" + strings.Join(words, ",\n            ") + "] AS bits\n" +
		"    FROM usage\n    WHERE ((" + strings.Join(spans, ") OR (") + "))" + monthsSQL(scope) + "\n    GROUP BY line_id, unit, month\n)\nWHERE arrayExists(b -> b != 0, bits)\nSETTINGS final = 0"
}

// monthsSQL bounds usage to the months that a scope names for lines and units.
func monthsSQL(scope Scope) string {
	months := Days{}
	for _, subjects := range []map[string]Days{scope.Lines, scope.UsageUnits} {
		for _, days := range subjects {
			maps.Copy(months, days)
		}
	}
	var spans []span
	for m := range months { // a day of any zone may begin on the day before or after in UTC
		spans = append(spans, span{m.Month() - 1, nextMonth(m) + 1})
	}
	if spans = mergeSpans(spans); len(spans) == 0 || len(spans) > maxParts {
		return ""
	}
	ors := make([]string, len(spans))
	for i, s := range spans {
		ors[i] = "occurred_at >= toDateTime64('" + s.From.String() + " 00:00:00', 3, 'UTC') AND occurred_at < toDateTime64('" + s.To.String() + " 00:00:00', 3, 'UTC')"
	}
	return "\n        AND (" + strings.Join(ors, " OR ") + ")"
}
