package query

import (
	"context"
	"fmt"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"
)

// travelLists are about what leaves the house: use abroad and calls passed on.
func travelLists() map[string]listFunc {
	return map[string]listFunc{"roaming_networks": roamingNetworks, "forwarding_lines": forwardingLines}
}

// roamingNetworks adds use abroad up by country and network, the dearest first. Roll-ups do not
// keep the network, but what happened abroad stands first in the order of the usage table.
func roamingNetworks(ctx context.Context, r *Runner, l *listing) (*data.Frame, error) {
	s := &statement{}
	c := conditions{"uncommon", "roaming_zone IN ('eea', 'world')", "kind != 'fee'"}
	s.span(&c, "local_day", l.period)
	// The table is kept by the month of the moment: a day more at each end, for zones.
	c.add("occurred_at >= toDateTime64(%s, 3, 'UTC')", s.bind("String", l.period.from.AddDate(0, 0, -1).Format(time.DateOnly)))
	c.add("occurred_at < toDateTime64(%s, 3, 'UTC')", s.bind("String", l.period.to.AddDate(0, 0, 2).Format(time.DateOnly)))
	l.narrow(s, &c, "unit_id")
	s.write("SELECT visited_country, visited_network, roaming_zone, count() AS n, countIf(kind = 'call'), sumIf(messages, kind = 'sms'), sum(volume_bytes) / 1e6, sum(cost) AS v FROM usage%s\n", c.where())
	s.write("GROUP BY visited_country, visited_network, roaming_zone\nORDER BY v DESC, n DESC, visited_country, visited_network\nLIMIT %d\nSETTINGS final = 1", l.q.Limit+1)
	got, more, err := l.read(ctx, r, s, l.q.Limit)
	if err != nil {
		return nil, err
	}
	hidden := l.withhold(got, 3, 4, 5, 6, 7)
	out := &columns{texts: l.texts}
	out.text("visited_country", got, func(row []any) string { return l.texts.Value("visited_country", asText(row[0])) })
	out.text("visited_network", got, func(row []any) string {
		if name := asText(row[1]); name != "" {
			return name
		}
		return l.texts.T("none")
	})
	out.text("roaming_zone", got, func(row []any) string { return l.texts.Value("roaming_zone", asText(row[2])) })
	out.number("cost", unitKronor, got, num(7))
	out.number("volume", unitMB, got, num(6))
	out.number("calls", unitCount, got, num(4))
	out.number("messages", unitCount, got, num(5))
	f := out.capped(l.q.Metric, more, l.q.Limit)
	if hidden {
		note(f, l.texts.T("notice.suppressed"))
	}
	return f, nil
}

// forwardingLines lists the lines that passed the most calls on.
func forwardingLines(ctx context.Context, r *Runner, l *listing) (*data.Frame, error) {
	s := &statement{}
	c := conditions{"forwarded"}
	s.span(&c, "local_day", l.period)
	l.narrow(s, &c, "unit_id")
	few := fmt.Sprintf("SELECT line_id FROM usage_line_daily%s\nGROUP BY line_id ORDER BY sum(events) DESC, line_id LIMIT %d", c.where(), l.q.Limit+1)
	c.add("line_id IN (%s)", few)
	s.write("SELECT ranked.line_id, held.mask, ranked.u, held.role, ranked.class, ranked.v1, ranked.v2, ranked.v3 FROM (\n")
	s.write("SELECT line_id, argMax(unit_id, local_day) AS u, topKWeighted(20)(other_class, events)[1] AS class, sum(events) AS v1, sum(duration_s) / 60 AS v2, sum(cost) AS v3 FROM usage_line_daily%s\nGROUP BY line_id) AS ranked\n", c.where())
	s.write("LEFT JOIN (SELECT line_id, argMax(number_mask, valid_from) AS mask, argMax(role, valid_from) AS role FROM lines WHERE line_id IN (%s) GROUP BY line_id) AS held ON held.line_id = ranked.line_id\n", few)
	s.write("ORDER BY ranked.v1 DESC, ranked.line_id\nLIMIT %d\nSETTINGS final = 1", l.q.Limit+1)
	got, more, err := l.read(ctx, r, s, l.q.Limit)
	if err != nil {
		return nil, err
	}
	names, err := r.labels(ctx, l.q.Lang, []string{"unit"}, got)
	if err != nil {
		return nil, err
	}
	out := &columns{texts: l.texts}
	out.text("line", got, at(0))
	out.text("mask", got, at(1))
	out.text("unit", got, func(row []any) string { return names.text("unit", asText(row[2])) })
	out.text("role", got, func(row []any) string { return l.texts.Value("role", asText(row[3])) })
	out.text("mostly_to", got, func(row []any) string { return l.texts.Value("other_class", asText(row[4])) })
	out.number("forwarded_calls", unitCount, got, num(5))
	out.number("duration", unitMinutes, got, num(6))
	out.number("cost", unitKronor, got, num(7))
	return out.capped(l.q.Metric, more, l.q.Limit), nil
}
