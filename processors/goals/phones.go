package goals

import (
	"context"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/shopspring/decimal"

	"linesman/schema"
)

// phone is one statement of a desk telephone: who has it, and whether it was lost.
type phone struct {
	stated
	unit string
	lost schema.Day // 0: not
}

// out tells whether a unit has the telephone on a day. A lost one stands on no desk.
func (p phone) out(d schema.Day) bool { return p.holds(d) && (p.lost == 0 || d < p.lost) }

// loadPhones reads every desk telephone that was ever handed out.
func (l *loader) loadPhones(ctx context.Context) error {
	l.phones = map[string][]phone{}
	return l.each(ctx, `SELECT item_id, toString(unit_id), toUnixTimestamp64Milli(valid_from), toUnixTimestamp64Milli(valid_to), toUnixTimestamp64Milli(lost_at)
FROM equipment WHERE kind = {kind:String} ORDER BY item_id, valid_from DESC`, map[string]any{"kind": schema.EquipmentDeskPhone}, func(rows driver.Rows) error {
		var id string
		var p phone
		var from, to, lost int64
		if err := rows.Scan(&id, &p.unit, &from, &to, &lost); err != nil {
			return err
		}
		p.stated = l.stated(from, to)
		if lost != 0 {
			p.lost = schema.DayOf(schema.Time(lost), l.in.Zone)
		}
		l.phones[id] = append(l.phones[id], p)
		return nil
	})
}

// phoneSeries counts the desk telephones of a unit or a cost centre at the end of each month
// that usage covers, from the first one on in which it had any: where the last one was handed in
// there are none.
func (l *loader) phoneSeries(g Goal) []Point {
	of := func(p phone) stated { return p.stated }
	var out []Point
	for _, m := range l.usage.wholes() {
		end, n, known := lastDay(m), int64(0), false
		for _, list := range l.phones {
			for _, p := range list {
				known = known || (p.from <= end && l.held(g, p.unit, max(p.from, min(p.last(), end))))
			}
			if p, ok := inForce(list, of, end); ok && p.out(end) && l.held(g, p.unit, end) {
				n++
			}
		}
		if known && !l.closed(g, end) {
			out = append(out, Point{Day: end, Value: decimal.NewFromInt(n)})
		}
	}
	return out
}

// last is the last day on which a statement holds; of an open one, a day beyond all.
func (s stated) last() schema.Day {
	if s.to == 0 {
		return 1 << 30
	}
	return s.to - 1
}

// held tells whether a unit is the one a goal is for, or one of its cost centre, on a day.
func (l *loader) held(g Goal, unit string, d schema.Day) bool {
	if g.Unit != "" {
		return unit == g.Unit
	}
	s, ok := l.staffed(unit, d)
	return ok && s.centre == g.CostCentre
}
