package policy

import (
	"context"
	"fmt"
	"strings"

	"linesman/schema"
)

// knownSQL selects the present state of violations. Evidence is left out: the detail holds
// its digest, and a thousand ids for each of many violations would be much to read.
const knownSQL = "SELECT violation_id, event_id, toString(change), toString(rule), rule_version, toString(severity), " +
	"toString(subject_kind), subject_id, toString(unit_id), toString(cost_centre), toString(window_kind), toInt32(window_from), toInt32(window_to), " +
	"toString(zone), toString(measure), value, `limit`, toString(value_unit), reinterpretAsInt64(cost), evidence_total, detail, candidate\n" +
	"FROM "

// knownCurrent reads it of all violations that a condition selects.
const knownCurrent = "violations_current\nWHERE "

const knownSettings = "\nSETTINGS final = 1"

// known reads the violations of a rule in the windows of a query, retracted ones included:
// a violation that comes back continues their chain.
func (e *Evaluator) known(ctx context.Context, r *Rule, parts []Part) ([]schema.Violation, error) {
	where := fmt.Sprintf("rule = %s AND rule_version = %d", quote(r.ID), r.Version)
	if parts != nil {
		var ors []string
		if r.rolling() {
			ors = append(ors, r.knownRolling(parts))
			parts = nil
		}
		for _, p := range parts {
			ors = append(ors, fmt.Sprintf("(window_from >= %s AND window_from < %s%s)", dayLiteral(p.From), dayLiteral(p.To), inList("subject_id", p.Subjects)))
		}
		where += "\n    AND (" + strings.Join(ors, "\n    OR ") + ")"
	}
	from := knownFrom(where)
	if r.rolling() { // the end of a window changes
		from = knownCurrent + where
	}
	found, err := e.readKnown(ctx, from)
	if err != nil {
		return nil, fmt.Errorf("reading the known violations of rule %s: %w", r.Name(), err)
	}
	return found, nil
}

// retired returns the retractions of violations whose rule, or version of it, is no longer
// in the set.
func (e *Evaluator) retired(ctx context.Context) ([]schema.Violation, error) {
	standing, err := e.readKnown(ctx, knownCurrent+"change != '"+schema.ChangeRetracted+"'"+e.notInSet())
	if err != nil {
		return nil, fmt.Errorf("reading the violations of retired rules: %w", err)
	}
	for i, k := range standing {
		standing[i] = retract(k, ReasonRule)
	}
	return standing, nil
}

func (e *Evaluator) notInSet() string {
	if len(e.set.rules) == 0 {
		return ""
	}
	pairs := make([]string, len(e.set.rules))
	for i, r := range e.set.rules {
		pairs[i] = fmt.Sprintf("(%s, %d)", quote(r.ID), r.Version)
	}
	return " AND (toString(rule), rule_version) NOT IN (" + strings.Join(pairs, ", ") + ")"
}

func (e *Evaluator) readKnown(ctx context.Context, from string) ([]schema.Violation, error) {
	rows, err := e.store.Query(ctx, knownSQL+from+knownSettings)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []schema.Violation
	for rows.Next() {
		var v schema.Violation
		var vid, eid string
		var from, to int32
		var cost int64
		if err := rows.Scan(&vid, &eid, &v.Change, &v.Rule, &v.RuleVersion, &v.Severity, &v.SubjectKind, &v.SubjectID, &v.UnitID, &v.CostCentre,
			&v.WindowKind, &from, &to, &v.Zone, &v.Measure, &v.Value, &v.Limit, &v.ValueUnit, &cost, &v.EvidenceTotal, &v.Detail, &v.Candidate); err != nil {
			return nil, err
		}
		v.WindowFrom, v.WindowTo, v.Cost = schema.Day(from), schema.Day(to), schema.Money(cost)
		if v.ViolationID, err = toID(vid); err != nil {
			return nil, err
		}
		if v.EventID, err = toID(eid); err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}
