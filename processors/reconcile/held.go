package reconcile

import (
	"context"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"linesman/schema"
)

// Services of invoice lines that usage does not have.
const (
	serviceRebate    = "rebate"
	serviceEquipment = "equipment"
	serviceOther     = "other"
)

// statement is what reference data state of a line for some time.
type statement struct {
	line           string // canonical
	operator, plan string
	sim            string
	from, to       schema.Day // first day, and the last; to 0: until further notice
}

func (s statement) on(d schema.Day) bool { return s.from <= d && (s.to == 0 || d <= s.to) }

// loadHeld reads what is stated of the lines that are billed, under their numbers and their
// extensions, and the number ranges. Of a line that is billed under its extension everything is
// read: a statement without the extension ends the one before it as well.
func (w *work) loadHeld(ctx context.Context) error {
	var all []stated
	err := w.each(ctx, `WITH billed AS (SELECT DISTINCT line_id FROM invoice_lines WHERE line_id != '' AND `+w.selected()+`)
SELECT line_id, alias_id, toString(operator), toString(plan), toString(sim_status), toUnixTimestamp64Milli(valid_from), toUnixTimestamp64Milli(valid_to)
FROM lines WHERE line_id IN billed OR line_id IN (SELECT line_id FROM lines WHERE alias_id IN billed)
ORDER BY line_id, valid_from`, func(rows driver.Rows) error {
		var s stated
		var from, to int64
		if err := rows.Scan(&s.line, &s.alias, &s.operator, &s.plan, &s.sim, &from, &to); err != nil {
			return err
		}
		s.begin, s.end = schema.Time(from), schema.Time(to)
		all = append(all, s)
		return nil
	}, w.args()...)
	if err != nil {
		return err
	}
	w.hold(all)
	return w.each(ctx, "SELECT first, last, toUnixTimestamp64Milli(valid_from), toUnixTimestamp64Milli(valid_to) FROM number_ranges ORDER BY first, valid_from", func(rows driver.Rows) error {
		var r schema.NumberRange
		var from, to int64
		if err := rows.Scan(&r.First, &r.Last, &from, &to); err != nil {
			return err
		}
		r.ValidFrom, r.ValidTo = schema.Time(from), schema.Time(to)
		w.ranges = append(w.ranges, r)
		return nil
	})
}

// stated is a statement as it was recorded, in moments; end is exclusive, 0: until further notice.
type stated struct {
	statement
	alias      string
	begin, end schema.Time
}

// hold keeps statements, that are sorted by line and beginning. One of a line ends where the next
// one about it begins, whatever it says of its own end: who restates a subscription need not
// correct what was stated of it before.
func (w *work) hold(all []stated) {
	w.held = map[string][]statement{}
	for i, s := range all {
		if i+1 < len(all) && all[i+1].line == s.line && (s.end == 0 || s.end > all[i+1].begin) {
			s.end = all[i+1].begin
		}
		s.from = schema.DayOf(s.begin, w.in.Zone)
		if s.end != 0 {
			s.to = schema.DayOf(s.end-1, w.in.Zone)
		}
		w.held[s.line] = append(w.held[s.line], s.statement)
		if s.alias != "" && s.alias != s.line {
			w.held[s.alias] = append(w.held[s.alias], s.statement)
		}
	}
}

// whose gives the outcome that follows from whose the line is, where one does.
func (w *work) whose(l *line) {
	x := &l.InvoiceLine
	switch x.Service {
	case serviceEquipment:
		l.settle(NotTelephony, "")
		return
	case serviceOther:
		l.settle(Other, ReasonOtherService)
		return
	}
	if x.LineID == "" {
		l.settle(UnknownLine, ReasonNotTold)
		return
	}
	stated := w.held[x.LineID]
	if len(stated) == 0 {
		if w.outside(x.LineMask, l.from) {
			l.settle(NotOurs, ReasonOutside)
		} else {
			l.settle(UnknownLine, ReasonUnknownNumber)
		}
		return
	}
	if !w.during(l, stated) && x.Service == "" {
		l.settle(Other, ReasonNoService)
	}
	l.Line.LineID = stated[0].line // canonical: what usage is recorded under
}

// during judges the line by what is stated of the subscription in its period, and tells whether
// that gave the outcome.
func (w *work) during(l *line, stated []statement) bool {
	if stated[0].from > l.to {
		l.settle(UnknownLine, ReasonBeforeStart)
		return true
	}
	// What holds on the first day of the period, or else comes first in it, or else was last.
	now, began := -1, -1
	for i, s := range stated {
		if s.from <= l.to && (now < 0 || s.on(l.from) || !stated[now].on(l.from) && s.from <= l.from) {
			now = i
		}
		if s.from > l.from && s.from <= l.to && began < 0 {
			began = i
		}
	}
	s := stated[now]
	if !s.on(l.from) && began >= 0 {
		s = stated[began] // it begins within the period
	}
	grace := schema.Day(w.in.Grace)
	switch {
	case s.to != 0 && s.to < l.from:
		if l.from > s.to+grace {
			l.settle(BilledAfterEnd, ReasonEnded)
			return true
		}
	case ended(s.sim):
		if since := blockedSince(stated, s); l.from >= since+grace {
			l.settle(BilledAfterEnd, ReasonBlocked)
			return true
		}
	}
	if s.operator != "" && s.operator != l.doc.Operator && !w.hasBy(l, stated) {
		l.settle(NotOurs, ReasonOtherOperator)
		return true
	}
	return false
}

// hasBy tells whether the operator has the subscription on any day of the line's period.
func (w *work) hasBy(l *line, stated []statement) bool {
	for _, s := range stated {
		if s.operator == l.doc.Operator && s.from <= l.to && (s.to == 0 || s.to >= l.from) {
			return true
		}
	}
	return false
}

func ended(sim string) bool { return sim == "blocked" || sim == "returned" }

// blockedSince is the day from which the SIM is blocked without a break until a statement.
func blockedSince(stated []statement, last statement) schema.Day {
	since := last.from
	for i := len(stated) - 1; i >= 0; i-- {
		if s := stated[i]; s.from < since && ended(s.sim) && s.to >= since-1 {
			since = s.from
		}
	}
	return since
}

// outside tells whether a number of which the last digits are masked lies outside all number ranges
// of a day for sure. Without ranges it cannot be told.
func (w *work) outside(mask string, on schema.Day) bool {
	shown := strings.IndexFunc(mask, func(r rune) bool { return r != '+' && (r < '0' || r > '9') })
	if shown < 0 {
		shown = len(mask)
	}
	hidden := len([]rune(mask[shown:]))
	if shown < 4 || len(w.ranges) == 0 {
		return false
	}
	least, most := mask[:shown]+strings.Repeat("0", hidden), mask[:shown]+strings.Repeat("9", hidden)
	at, known := on.Start(w.in.Zone), false
	for _, r := range w.ranges {
		if r.ValidFrom > at || r.ValidTo != 0 && r.ValidTo <= at {
			continue
		}
		known = true
		if len(r.First) == len(least) && len(r.Last) == len(most) && r.First <= most && r.Last >= least {
			return false
		}
	}
	return known
}
