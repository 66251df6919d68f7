package cases

import (
	"context"
	"fmt"
	"strings"

	"linesman/processors/store"
	"linesman/schema"
)

// Current is how one violation stands: a row of the view cases_current.
type Current struct {
	ViolationID schema.ID
	State       string
	Reopened    bool // it was settled, and its value has changed since
	LastStep    schema.ID
	Event       schema.ID // latest event of the violation
	Steps       uint64
	Taken       string // the last step; empty: none
	StepAt      schema.Time
	StepReason  string
	By          string
	Deadline    schema.Day
	Due         bool // somebody has still to settle it
	Overdue     bool
	ApprovalID  string // of the last step
	Candidate   bool

	Rule        string
	RuleVersion uint32
	Severity    string
	SubjectKind string
	SubjectID   string
	UnitID      string
	UnitName    string
	CostCentre  string
	WindowKind  string
	WindowFrom  schema.Day
	WindowTo    schema.Day
	Measure     string
	Value       float64
	Limit       float64
	ValueUnit   string
	Cost        schema.Money
	OpenedAt    schema.Time
	ChangedAt   schema.Time
	RemindedAt  schema.Time // 0: it never stood in a list of reminders that was sent
}

// Filter selects cases. The zero value selects all.
type Filter struct {
	States  []string
	Unit    string
	Within  []string // only these units, none when it is empty; nil: every unit
	DueDays int      // with Due: only those whose deadline has passed or is at most so many days away
	Due     bool     // only those that somebody has still to settle
	Limit   int      // most cases returned; 0: 1,000
}

// defaultLimit is how many cases a list has at most where nothing else is asked for.
const defaultLimit = 1000

const listColumns = "c.violation_id, c.state, c.reopened, c.last_step, c.event_id, c.steps, toUnixTimestamp64Milli(c.step_at), c.step, c.step_reason, c.`by`, toInt32(c.deadline), c.due, c.overdue, c.approval_id, c.candidate, " +
	"toString(c.rule), c.rule_version, toString(c.severity), toString(c.subject_kind), c.subject_id, toString(c.unit_id), u.name, toString(c.cost_centre), toString(c.window_kind), toInt32(c.window_from), toInt32(c.window_to), " +
	"toString(c.measure), c.value, c.`limit`, toString(c.value_unit), reinterpretAsInt64(c.cost), toUnixTimestamp64Milli(c.opened_at), toUnixTimestamp64Milli(c.changed_at), toUnixTimestamp64Milli(c.reminded_at)"

// List returns cases and how many there are in all: first those that somebody has still to
// settle, by deadline, then the others, latest change first.
func (b *Book) List(ctx context.Context, f Filter) ([]Current, uint64, error) {
	where, err := f.where()
	if err != nil {
		return nil, 0, err
	}
	limit := f.Limit
	if limit <= 0 {
		limit = defaultLimit
	}
	return b.query(ctx, where, limit)
}

// query reads the cases that SQL of ours selects.
func (b *Book) query(ctx context.Context, where string, limit int) ([]Current, uint64, error) {
	rows, err := b.store.Conn().Query(ctx, "SELECT "+listColumns+", count() OVER () FROM cases_current AS c LEFT JOIN units_now AS u ON c.unit_id = u.unit_id"+where+
		fmt.Sprintf(" ORDER BY c.due DESC, if(c.due, c.deadline, toDate32(0)), c.changed_at DESC, c.violation_id LIMIT %d", limit))
	if err != nil {
		return nil, 0, fmt.Errorf("listing cases: %w", err)
	}
	defer rows.Close()
	var out []Current
	var total uint64
	for rows.Next() {
		var c Current
		var id, last, event string
		var deadline, from, to int32
		var stepAt, cost, opened, changed, reminded int64
		if err := rows.Scan(&id, &c.State, &c.Reopened, &last, &event, &c.Steps, &stepAt, &c.Taken, &c.StepReason, &c.By, &deadline, &c.Due, &c.Overdue, &c.ApprovalID, &c.Candidate,
			&c.Rule, &c.RuleVersion, &c.Severity, &c.SubjectKind, &c.SubjectID, &c.UnitID, &c.UnitName, &c.CostCentre, &c.WindowKind, &from, &to,
			&c.Measure, &c.Value, &c.Limit, &c.ValueUnit, &cost, &opened, &changed, &reminded, &total); err != nil {
			return nil, 0, fmt.Errorf("listing cases: %w", err)
		}
		copy(c.ViolationID[:], id)
		copy(c.LastStep[:], last)
		copy(c.Event[:], event)
		c.Deadline, c.WindowFrom, c.WindowTo, c.Cost = schema.Day(deadline), schema.Day(from), schema.Day(to), schema.Money(cost)
		c.StepAt, c.OpenedAt, c.ChangedAt = schema.Time(stepAt), schema.Time(opened), schema.Time(changed)
		c.RemindedAt = schema.Time(reminded)
		out = append(out, c)
	}
	if err := rows.Err(); err != nil {
		return nil, 0, fmt.Errorf("listing cases: %w", err)
	}
	return out, total, nil
}

func (f Filter) where() (string, error) {
	var and []string
	if len(f.States) > 0 {
		for _, s := range f.States {
			if !contains(States(), s) {
				return "", fmt.Errorf("%w: state: want some of %s", ErrInvalid, list(States()))
			}
		}
		and = append(and, "c.state IN ('"+strings.Join(f.States, "', '")+"')")
	}
	if f.Unit != "" {
		and = append(and, "c.unit_id = "+quoted(f.Unit))
	}
	if f.Within != nil {
		ids := []string{"''"} // what belongs to no unit is nobody's: the condition below keeps it out
		for _, id := range f.Within {
			ids = append(ids, quoted(id))
		}
		and = append(and, "c.unit_id != '' AND c.unit_id IN ("+strings.Join(ids, ", ")+")")
	}
	if f.Due {
		and = append(and, "c.due")
	}
	if f.Due && f.DueDays > 0 {
		and = append(and, fmt.Sprintf("c.deadline <= addDays(c.today, %d)", f.DueDays))
	}
	if len(and) == 0 {
		return "", nil
	}
	return " WHERE " + strings.Join(and, " AND "), nil
}

// quoted writes a text as a literal of SQL.
func quoted(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
}

// Detail is one case with its history and what can be done now.
type Detail struct {
	Current
	History []Entry
	Choices []Choice
}

// Show returns one case. The error wraps ErrUnknown when there is no such violation.
func (b *Book) Show(ctx context.Context, id schema.ID) (Detail, error) {
	f, err := b.read(ctx, id)
	if err != nil {
		return Detail{}, err
	}
	found, _, err := b.query(ctx, fmt.Sprintf(" WHERE c.violation_id = unhex('%s')", id), 1)
	if err != nil {
		return Detail{}, err
	}
	if len(found) == 0 {
		return Detail{}, ErrUnknown
	}
	state, _ := StateOf(f.latest(), f.chain)
	d := Detail{Current: found[0], History: f.entries(), Choices: Choices(state, len(approvals(f.chain)) > 0)}
	for i := range d.Choices {
		c := &d.Choices[i]
		c.Until = c.Step == schema.StepApproved && b.exempt(f.latest()) != ""
	}
	return d, nil
}

// Standing is how all cases stand.
type Standing struct {
	States  map[string]uint64
	Due     uint64     // that somebody has still to settle
	Overdue uint64     // of those: whose deadline has passed
	Oldest  schema.Day // earliest deadline that has passed
}

// Standing counts the cases of the whole organisation.
func (b *Book) Standing(ctx context.Context) (Standing, error) {
	out := Standing{States: map[string]uint64{}}
	rows, err := b.store.Conn().Query(store.Exact(ctx), "SELECT state, count(), countIf(due), countIf(overdue), toInt32(minIf(deadline, overdue)) FROM cases_current GROUP BY state")
	if err != nil {
		return out, fmt.Errorf("counting cases: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var state string
		var n, due, overdue uint64
		var oldest int32
		if err := rows.Scan(&state, &n, &due, &overdue, &oldest); err != nil {
			return out, fmt.Errorf("counting cases: %w", err)
		}
		out.States[state], out.Due, out.Overdue = n, out.Due+due, out.Overdue+overdue
		if overdue > 0 && (out.Oldest == 0 || schema.Day(oldest) < out.Oldest) {
			out.Oldest = schema.Day(oldest)
		}
	}
	return out, rows.Err()
}

// Today is the present day in the zone of the deadlines.
func (b *Book) Today() schema.Day { return schema.DayOf(schema.TimeOf(b.cfg.Now()), b.cfg.Zone) }

// Unit is a unit by id and name.
type Unit struct{ ID, Name string }

// Units lists the units that have violations, by name.
func (b *Book) Units(ctx context.Context) ([]Unit, error) {
	rows, err := b.store.Conn().Query(ctx, "SELECT v.unit AS id, if(u.name = '', id, u.name) AS name FROM (SELECT DISTINCT toString(unit_id) AS unit FROM violations WHERE unit_id != '') AS v LEFT JOIN units_now AS u ON v.unit = u.unit_id ORDER BY name, id")
	if err != nil {
		return nil, fmt.Errorf("listing the units of cases: %w", err)
	}
	defer rows.Close()
	var out []Unit
	for rows.Next() {
		var u Unit
		if err := rows.Scan(&u.ID, &u.Name); err != nil {
			return nil, fmt.Errorf("listing the units of cases: %w", err)
		}
		out = append(out, u)
	}
	return out, rows.Err()
}
