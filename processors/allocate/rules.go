package allocate

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"linesman/schema"
)

// span is a time in which a rule holds with the same targets. Spans of one rule do not overlap.
type span struct {
	rule     string
	priority uint32
	how      string
	from, to schema.Time             // to is exclusive
	about    *schema.AllocationRule  // the row whose conditions hold: that of the first target
	targets  []schema.AllocationRule // by number
}

// spansOf finds out which rules hold in a time, in the order in which they are asked: the lowest
// priority number, then the identity that sorts first. The rows of a rule with the same beginning
// are one version, and the one that began last holds as a whole until the next begins: where it
// has ended, none before it comes back.
func spansOf(rows []schema.AllocationRule, from, to schema.Time) ([]span, []Notice) {
	var spans []span
	var notices []Notice
	for id, versions := range versionsOf(rows) {
		for i, v := range versions {
			begin, end := max(from, v[0].ValidFrom), to
			if i+1 < len(versions) {
				end = min(end, versions[i+1][0].ValidFrom)
			}
			for _, piece := range pieces(v, begin, end) {
				piece.rule = id
				notices = append(notices, piece.doubts()...)
				if piece.how == schema.AllocateTo {
					piece.targets = piece.targets[:1]
				}
				spans = append(spans, piece)
			}
		}
	}
	slices.SortFunc(spans, func(a, b span) int {
		return cmp.Or(cmp.Compare(a.priority, b.priority), strings.Compare(a.rule, b.rule), cmp.Compare(a.from, b.from))
	})
	return spans, notices
}

// versionsOf sorts the rows: by rule, then by beginning, then by target.
func versionsOf(rows []schema.AllocationRule) map[string][][]schema.AllocationRule {
	rows = slices.Clone(rows)
	slices.SortFunc(rows, func(a, b schema.AllocationRule) int {
		return cmp.Or(strings.Compare(a.RuleID, b.RuleID), cmp.Compare(a.ValidFrom, b.ValidFrom), cmp.Compare(a.Target, b.Target))
	})
	out := map[string][][]schema.AllocationRule{}
	for i, r := range rows {
		list := out[r.RuleID]
		if i == 0 || rows[i-1].RuleID != r.RuleID || rows[i-1].ValidFrom != r.ValidFrom {
			list = append(list, nil)
		}
		last := len(list) - 1
		list[last] = append(list[last], r)
		out[r.RuleID] = list
	}
	return out
}

// pieces cuts the time of a version where one of its targets ends.
func pieces(version []schema.AllocationRule, from, to schema.Time) []span {
	edges := []schema.Time{from, to}
	for _, r := range version {
		if r.ValidTo > from && r.ValidTo < to {
			edges = append(edges, r.ValidTo)
		}
	}
	slices.Sort(edges)
	edges = slices.Compact(edges)
	var out []span
	for i := 0; i+1 < len(edges) && from < to; i++ {
		s := span{from: edges[i], to: edges[i+1]}
		for _, r := range version {
			if r.ValidTo == 0 || s.from < r.ValidTo {
				s.targets = append(s.targets, r)
			}
		}
		if len(s.targets) == 0 {
			continue
		}
		s.about = &s.targets[0]
		s.priority, s.how = s.about.Priority, s.about.How
		out = append(out, s)
	}
	return out
}

// doubts tells what does not fit together.
func (s *span) doubts() []Notice {
	var out []Notice
	if s.how == schema.AllocateTo && len(s.targets) > 1 {
		out = append(out, Notice{Code: NoticeTargets, Rule: s.rule})
	}
	if slices.ContainsFunc(s.targets, func(t schema.AllocationRule) bool { return conditions(&t) != conditions(s.about) }) {
		out = append(out, Notice{Code: NoticeMixed, Rule: s.rule})
	}
	return out
}

// conditions are everything that the rows of a version must agree about.
func conditions(r *schema.AllocationRule) schema.AllocationRule {
	return schema.AllocationRule{Priority: r.Priority, How: r.How, LineID: r.LineID, UnitID: r.UnitID, CostCentre: r.CostCentre, Operator: r.Operator,
		Service: r.Service, Device: r.Device, LineKind: r.LineKind, Role: r.Role}
}

// anyJabber is the class that stands for every class of Jabber devices.
const anyJabber = "jabber"

// sql writes when a span takes a record, as a condition on usage between from and to.
func (s *span) sql(from, to schema.Time, held extensions) string {
	var all []string
	equal := func(column, value string) {
		if value != "" {
			all = append(all, column+" = "+quote(value))
		}
	}
	if s.from > from {
		all = append(all, "occurred_at >= "+moment(s.from))
	}
	if s.to < to {
		all = append(all, "occurred_at < "+moment(s.to))
	}
	if id := s.about.LineID; id != "" {
		all = append(all, held.sql(id))
	}
	equal("unit_id", s.about.UnitID)
	equal("cost_centre", s.about.CostCentre)
	equal("operator", s.about.Operator)
	equal("service", s.about.Service)
	equal("line_kind", s.about.LineKind)
	equal("role", s.about.Role)
	if s.about.Device == anyJabber {
		all = append(all, "startsWith(device, 'jabber')")
	} else {
		equal("device", s.about.Device)
	}
	if len(all) == 0 {
		return "1"
	}
	return strings.Join(all, " AND ")
}

// chunk is how many spans one multiIf asks: its work grows with the square of them.
const chunk = 64

// ruleSQL writes which span takes a record: 1 + its index, or 0. Of those that would, the first one
// does: the least number.
func ruleSQL(spans []span, from, to schema.Time, held extensions) string {
	if len(spans) == 0 {
		return "toUInt32(0)"
	}
	none, by := len(spans)+1, lookups{}
	var asked []string
	for i := range spans {
		if !by.take(&spans[i], i+1, from, to, held) {
			asked = append(asked, "\n        "+spans[i].sql(from, to, held)+", "+strconv.Itoa(i+1)+",")
		}
	}
	all := by.sql(from, to, none)
	for some := range slices.Chunk(asked, chunk) {
		all = append(all, "multiIf("+strings.Join(some, "")+" "+strconv.Itoa(none)+")")
	}
	return "toUInt32(least(" + strings.Join(all, ",\n        ") + ", " + strconv.Itoa(none) + ") % " + strconv.Itoa(none) + ")"
}

// held is when a line had an extension; until is exclusive.
type held struct {
	line         string
	since, until schema.Time
}

// extensions are the lines that had each extension.
type extensions map[string][]held

// sql writes which records are those of a line that is named by its number or by its extension.
func (e extensions) sql(id string) string {
	any := []string{"line_id = " + quote(id)}
	for _, h := range e[id] {
		any = append(any, "line_id = "+quote(h.line)+" AND occurred_at >= "+moment(h.since)+" AND occurred_at < "+moment(h.until))
	}
	return "(" + strings.Join(any, " OR ") + ")"
}

// moment writes a moment as a literal of the store.
func moment(t schema.Time) string {
	return "toDateTime64('" + t.UTC().Format("2006-01-02 15:04:05.000") + "', 3, 'UTC')"
}

// quote writes a text as a literal of the store.
func quote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}
