package reference

import (
	"linesman/ingest"
	"linesman/ingest/table"
	"linesman/schema"
)

func equipmentKind() kind {
	const item, kindCol, number, holder, unit, out, back, lost, blocked = 0, 1, 2, 3, 4, 5, 6, 7, 8
	return kind{
		name: "equipment", marks: []string{"item_id"}, text: []int{item, holder, unit},
		columns: []table.Column{{Name: "item_id", Field: "item_id", Needed: true}, {Name: "kind", Field: "kind", Needed: true}, {Name: "number", Field: "line_id", Needed: true},
			{Name: "holder", Field: "holder", Needed: true}, {Name: "unit_id", Field: "unit_id", Needed: true}, {Name: "handed_out", Field: "valid_from", Needed: true},
			{Name: "returned", Field: "valid_to", Needed: true}, {Name: "lost_at", Field: "lost_at", Needed: true}, {Name: "blocked_at", Field: "blocked_at", Needed: true}},
		read: func(w *row, sink ingest.Sink) (*ingest.Reject, error) {
			e := schema.Equipment{ItemID: w.needed(item), Kind: w.oneOf(kindCol, schema.EquipmentDeskPhone, schema.EquipmentMobile, schema.EquipmentTablet, schema.EquipmentComputer, schema.EquipmentSIM),
				LineID: w.lineOf(number), Holder: w.holder(holder), UnitID: w.needed(unit), LostAt: w.optional(lost), BlockedAt: w.optional(blocked), FileRow: w.line.Number}
			e.ValidFrom, e.ValidTo = w.valid(out, back)
			e.StatedAt = w.stated()
			if w.bad == nil && e.LostAt != 0 && e.LostAt < e.ValidFrom {
				w.refuse(lost, ingest.CodeRange, "lost before it was handed out")
			}
			if w.bad == nil && e.BlockedAt != 0 && e.BlockedAt < e.ValidFrom {
				w.refuse(blocked, ingest.CodeRange, "blocked before it was handed out")
			}
			if w.bad != nil {
				return w.bad, nil
			}
			e.EventID = eventID(w, schema.EquipmentTable(), &e)
			return nil, sink.Equipment(&e)
		},
	}
}

func employmentKind() kind {
	const holder, state, unit, from, to = 0, 1, 2, 3, 4
	return kind{
		name: "employments", marks: []string{"holder", "state"}, text: []int{holder, unit},
		columns: []table.Column{{Name: "holder", Field: "holder", Needed: true}, {Name: "state", Field: "state", Needed: true}, {Name: "unit_id", Field: "unit_id", Needed: true},
			{Name: "valid_from", Field: "valid_from", Needed: true}, {Name: "valid_to", Field: "valid_to", Needed: true}},
		read: func(w *row, out ingest.Sink) (*ingest.Reject, error) {
			e := schema.Employment{Holder: w.holder(holder), State: w.oneOf(state, schema.EmploymentEmployed, schema.EmploymentAssignment, schema.EmploymentLeave),
				UnitID: w.text(unit), FileRow: w.line.Number}
			if w.bad == nil && e.Holder == "" {
				w.fail(holder, table.ErrMissing)
			}
			e.ValidFrom, e.ValidTo = w.valid(from, to)
			e.StatedAt = w.stated()
			if w.bad != nil {
				return w.bad, nil
			}
			e.EventID = eventID(w, schema.EmploymentTable(), &e)
			return nil, out.Employment(&e)
		},
	}
}

func hoursKind() kind {
	const number, unit, weekday, opens, closes, from, to = 0, 1, 2, 3, 4, 5, 6
	return kind{
		name: "telephone_hours", marks: []string{"weekday", "opens"}, text: []int{unit},
		columns: []table.Column{{Name: "number", Field: "line_id", Needed: true}, {Name: "unit_id", Field: "unit_id", Needed: true}, {Name: "weekday", Field: "weekday", Needed: true},
			{Name: "opens", Field: "opens_min", Needed: true}, {Name: "closes", Field: "closes_min", Needed: true},
			{Name: "valid_from", Field: "valid_from", Needed: true}, {Name: "valid_to", Field: "valid_to", Needed: true}},
		read: func(w *row, out ingest.Sink) (*ingest.Reject, error) {
			h := schema.TelephoneHours{LineID: w.lineOf(number), UnitID: w.text(unit), Weekday: w.weekday(weekday),
				OpensMin: w.minutes(opens), ClosesMin: w.minutes(closes), FileRow: w.line.Number}
			h.ValidFrom, h.ValidTo = w.valid(from, to)
			h.StatedAt = w.stated()
			if w.bad == nil && h.ClosesMin < h.OpensMin {
				w.refuse(closes, ingest.CodeRange, "it closes before it opens: hours past midnight are two rows, until 24:00 and from 00:00 of the next weekday")
			}
			if w.bad == nil && h.LineID == "" && h.UnitID == "" {
				w.refuse(number, ingest.CodeMissing, "neither a number nor a unit: the hours are nobody's")
			}
			if w.bad != nil {
				return w.bad, nil
			}
			h.EventID = eventID(w, schema.TelephoneHoursTable(), &h)
			return nil, out.TelephoneHours(&h)
		},
	}
}

// lineOf reads one of the organisation's own numbers as a pseudonym; empty stays empty.
func (w *row) lineOf(col int) string {
	if n := w.number(col); n.Digits != "" {
		return w.f.key.Line(n.Digits)
	}
	return ""
}

// optional reads a date or time; 0 where there is none.
func (w *row) optional(col int) schema.Time {
	if len(w.line.Get(col)) == 0 {
		return 0
	}
	return w.moment(col)
}

// weekday reads 1 (Monday) to 7 (Sunday).
func (w *row) weekday(col int) uint32 {
	v, err := table.Uint(w.line.Get(col), 7)
	if err == nil && v == 0 {
		err = table.ErrRange
	}
	if err != nil {
		w.fail(col, err)
	}
	return uint32(v)
}

// minutes reads a time of day, hh:mm with 24:00 for the end of the day, as minutes after midnight.
func (w *row) minutes(col int) uint32 {
	m, err := table.Minutes(w.line.Get(col))
	if err != nil {
		w.fail(col, err)
	}
	return m
}
