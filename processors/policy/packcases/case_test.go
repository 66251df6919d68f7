package packcases

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"linesman/schema"
)

// situation is one case: rows that meet no other case's, because their unit and lines are its
// own, and everything that the pack may say about them.
type situation struct {
	rule string // which rule it is about
	name string
	rows []any // schema.Usage, schema.Watch and so on; ids, unit and line are filled in where they are empty
	// want is what the pack finds, in the order of rules and windows, one "rule[@suffix] window value severity
	// [rows]" each: the suffix of the unit or line when it has one, the first day of the window, the numbers of
	// the rows that are evidence ("-" when none is named).
	want []string
}

// place puts the rows of a case into the world. Unit and lines get names of their own: U007, L007;
// what a row has there already is a suffix, for cases with several units or lines.
func (w *world) place(n int, s situation) {
	unit := func(suffix string) string { return fmt.Sprintf("U%03d%s", n, suffix) }
	line := func(suffix string) string { return fmt.Sprintf("L%03d%s", n, suffix) }
	optional := func(name func(string) string, suffix string) string { // "-" is none
		if suffix == "-" {
			return ""
		}
		return name(suffix)
	}
	for i, row := range s.rows {
		id := schema.NewID("planted", s.rule, s.name, strconv.Itoa(i))
		w.names[id] = strconv.Itoa(i + 1)
		w.rank++
		switch r := row.(type) {
		case schema.Usage:
			r.EventID, r.UnitID, r.Line = id, unit(r.UnitID), line(r.Line)
			r.LineID = r.Line
			if r.CostCentre == "" {
				r.CostCentre = "K" + r.UnitID
			}
			w.usage = append(w.usage, r)
		case schema.Watch:
			r.EventID, r.UnitID, r.Offset = id, unit(r.UnitID), w.rank
			w.watches = append(w.watches, r)
		case schema.Contact:
			r.EventID, r.UnitID, r.Offset, r.Rank = id, unit(r.UnitID), w.rank, w.rank
			w.contacts = append(w.contacts, r)
		case schema.Line:
			r.EventID, r.LineID, r.UnitID, r.Offset, r.Rank = id, line(r.LineID), unit(r.UnitID), w.rank, w.rank
			w.lines = append(w.lines, r)
		case schema.Unit:
			r.EventID, r.UnitID, r.Offset, r.Rank = id, unit(r.UnitID), w.rank, w.rank
			w.units = append(w.units, r)
		case schema.Approval:
			r.EventID, r.ApprovalID, r.Offset, r.Rank = id, fmt.Sprint("A", n, "-", i), w.rank, w.rank
			r.LineID, r.UnitID = optional(line, r.LineID), optional(unit, r.UnitID)
			w.approvals = append(w.approvals, r)
		case schema.Goal:
			r.EventID, r.GoalID, r.UnitID, r.Offset, r.Rank = id, fmt.Sprint("G", n, "-", i), unit(r.UnitID), w.rank, w.rank
			w.goals = append(w.goals, r)
		case schema.Equipment:
			r.EventID, r.ItemID, r.Offset, r.Rank = id, fmt.Sprint("E", n, r.ItemID), w.rank, w.rank
			r.UnitID, r.LineID, r.Holder = unit(r.UnitID), optional(line, r.LineID), holder(n, r.Holder)
			w.equipment = append(w.equipment, r)
		case schema.Employment:
			r.EventID, r.UnitID, r.Holder, r.Offset, r.Rank = id, unit(r.UnitID), holder(n, r.Holder), w.rank, w.rank
			w.employed = append(w.employed, r)
		case schema.TelephoneHours:
			r.EventID, r.LineID, r.UnitID, r.Offset, r.Rank = id, optional(line, r.LineID), unit(r.UnitID), w.rank, w.rank
			w.hours = append(w.hours, r)
		default:
			w.t.Fatalf("%s, %s: row %d is a %T", s.rule, s.name, i+1, row)
		}
	}
}

func holder(n int, suffix string) string { return fmt.Sprintf("P%03d%s", n, suffix) }

// owner tells which case a violation belongs to, and the suffix of its subject.
func owner(subject string) (int, string) {
	if len(subject) < 4 {
		return -1, subject
	}
	n, err := strconv.Atoi(subject[1:4])
	if err != nil {
		return -1, subject
	}
	return n, subject[4:]
}

// describe writes a violation as a case's want has it.
func (w *world) describe(v schema.Violation) string {
	_, suffix := owner(v.SubjectID)
	if suffix != "" {
		suffix = "@" + suffix
	}
	value := strconv.FormatFloat(v.Value, 'f', -1, 64)
	return fmt.Sprintf("%s%s %s %s %s %s", v.Rule, suffix, v.WindowFrom, value, v.Severity, w.rows(v.Evidence, int(v.EvidenceTotal)))
}

// rows writes which rows of the case are evidence: "1-3,7".
func (w *world) rows(ids []schema.ID, total int) string {
	var numbers []int
	for _, id := range ids {
		n, err := strconv.Atoi(w.names[id])
		if err != nil {
			return "[unknown evidence " + id.String() + "]"
		}
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	var out []string
	for i := 0; i < len(numbers); {
		j := i
		for j+1 < len(numbers) && numbers[j+1] == numbers[j]+1 {
			j++
		}
		if out = append(out, strconv.Itoa(numbers[i])); j > i {
			out[len(out)-1] += "-" + strconv.Itoa(numbers[j])
		}
		i = j + 1
	}
	if len(out) == 0 {
		out = []string{"-"}
	}
	text := strings.Join(out, ",")
	if total != len(ids) {
		text += fmt.Sprintf(" of %d", total)
	}
	return text
}
