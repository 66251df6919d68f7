package reference

import (
	"strings"

	"linesman/ingest"
	"linesman/ingest/table"
	"linesman/schema"
	"linesman/schema/phone"
)

func unitKind() kind {
	const id, name, parent, centre, employees, from, to = 0, 1, 2, 3, 4, 5, 6
	return kind{
		name: "units", marks: []string{"unit_id", "parent_id"}, text: []int{id, name, parent, centre},
		columns: []table.Column{{Name: "unit_id", Field: "unit_id", Needed: true}, {Name: "name", Field: "name", Needed: true}, {Name: "parent_id", Field: "parent_id", Needed: true},
			{Name: "cost_centre", Field: "cost_centre", Needed: true}, {Name: "employees", Field: "employees"}, {Name: "valid_from", Field: "valid_from", Needed: true}, {Name: "valid_to", Field: "valid_to", Needed: true}},
		read: func(w *row, out ingest.Sink) (*ingest.Reject, error) {
			u := schema.Unit{UnitID: w.needed(id), Name: w.text(name), Parent: w.text(parent), CostCentre: w.text(centre), Employees: w.uint(employees, 10_000_000), FileRow: w.line.Number}
			u.ValidFrom, u.ValidTo = w.valid(from, to)
			u.StatedAt = w.stated()
			if w.bad == nil && u.UnitID == u.Parent {
				w.refuse(parent, ingest.CodeRange, "the unit stands above itself")
			}
			if w.bad != nil {
				return w.bad, nil
			}
			u.EventID = eventID(w, schema.UnitTable(), &u)
			return nil, out.Unit(&u)
		},
	}
}

func costCentreKind() kind {
	const code, name, from, to = 0, 1, 2, 3
	return kind{
		name: "cost_centres", marks: []string{"cost_centre", "name", "valid_from"}, text: []int{code, name},
		columns: []table.Column{{Name: "cost_centre", Field: "cost_centre", Needed: true}, {Name: "name", Field: "name", Needed: true},
			{Name: "valid_from", Field: "valid_from", Needed: true}, {Name: "valid_to", Field: "valid_to", Needed: true}},
		read: func(w *row, out ingest.Sink) (*ingest.Reject, error) {
			c := schema.CostCentre{Code: w.needed(code), Name: w.text(name), FileRow: w.line.Number}
			c.ValidFrom, c.ValidTo = w.valid(from, to)
			c.StatedAt = w.stated()
			if w.bad != nil {
				return w.bad, nil
			}
			c.EventID = eventID(w, schema.CostCentreTable(), &c)
			return nil, out.CostCentre(&c)
		},
	}
}

func lineKind() kind {
	const number, extension, kindCol, role, holder, unit, centre, operator, plan, sim, from, to = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
	return kind{
		name: "lines", marks: []string{"number", "holder"}, text: []int{holder, unit, centre, operator, plan},
		columns: []table.Column{{Name: "number", Field: "line_id", Needed: true}, {Name: "extension", Field: "alias_id", Needed: true}, {Name: "kind", Field: "kind", Needed: true},
			{Name: "role", Field: "role", Needed: true}, {Name: "holder", Field: "holder", Needed: true}, {Name: "unit_id", Field: "unit_id", Needed: true},
			{Name: "cost_centre", Field: "cost_centre", Needed: true}, {Name: "operator", Field: "operator", Needed: true}, {Name: "plan", Field: "plan", Needed: true},
			{Name: "sim_status", Field: "sim_status"}, {Name: "valid_from", Field: "valid_from", Needed: true}, {Name: "valid_to", Field: "valid_to", Needed: true}},
		read: func(w *row, out ingest.Sink) (*ingest.Reject, error) {
			l := schema.Line{
				Kind: w.oneOf(kindCol, "mobile", "fixed", "softphone", "data"), Role: w.oneOf(role, "personal", "shared", "on_call", "loan", "m2m"),
				Holder: w.holder(holder), UnitID: w.text(unit), CostCentre: w.text(centre), Operator: w.text(operator), Plan: w.text(plan),
				SIM: w.oneOf(sim, "", "active", "blocked", "spare"), FileRow: w.line.Number,
			}
			l.ValidFrom, l.ValidTo = w.valid(from, to)
			l.StatedAt = w.stated()
			w.lineNumbers(&l, number, extension)
			if w.bad != nil {
				return w.bad, nil
			}
			l.EventID = eventID(w, schema.LineTable(), &l)
			return nil, out.Line(&l)
		},
	}
}

// lineNumbers sets line id, alias and mask. A line without an outside number is known by its
// extension.
func (w *row) lineNumbers(l *schema.Line, number, extension int) {
	n, ext := w.number(number), w.number(extension)
	if w.bad == nil && n.Digits != "" && !strings.HasPrefix(n.Digits, "+") {
		w.refuse(number, ingest.CodePhone, "an extension or short number, want the number with its country code")
	}
	if w.bad == nil && ext.Digits != "" && ext.Class != phone.Internal {
		w.refuse(extension, ingest.CodePhone, "not an extension of 2 to 6 digits")
	}
	if w.bad == nil && n.Digits == "" && ext.Digits == "" {
		w.fail(number, table.ErrMissing)
	}
	if w.bad != nil {
		return
	}
	if n.Digits == "" {
		n, ext = ext, phone.Number{}
	}
	l.LineID, l.Mask = w.f.key.Line(n.Digits), n.Mask
	if ext.Digits != "" {
		l.Alias = w.f.key.Line(ext.Digits)
	}
}

func rangeKind() kind {
	const first, last, name, from, to = 0, 1, 2, 3, 4
	return kind{
		name: "number_ranges", marks: []string{"first", "last"}, text: []int{name},
		columns: []table.Column{{Name: "first", Field: "first", Needed: true}, {Name: "last", Field: "last", Needed: true}, {Name: "name", Field: "name", Needed: true},
			{Name: "valid_from", Field: "valid_from", Needed: true}, {Name: "valid_to", Field: "valid_to", Needed: true}},
		read: func(w *row, out ingest.Sink) (*ingest.Reject, error) {
			a, b := w.number(first), w.number(last)
			for i, n := range [2]phone.Number{a, b} {
				if w.bad == nil && n.Digits == "" {
					w.fail([2]int{first, last}[i], table.ErrMissing)
				}
			}
			if w.bad == nil && (len(a.Digits) != len(b.Digits) || a.Digits > b.Digits) {
				w.refuse(last, ingest.CodeRange, "the last number is not behind the first, or has another length")
			}
			n := schema.NumberRange{First: a.Digits, Last: b.Digits, Name: w.text(name), FileRow: w.line.Number}
			n.ValidFrom, n.ValidTo = w.valid(from, to)
			n.StatedAt = w.stated()
			if w.bad != nil {
				return w.bad, nil
			}
			n.EventID = eventID(w, schema.NumberRangeTable(), &n)
			return nil, out.NumberRange(&n)
		},
	}
}
