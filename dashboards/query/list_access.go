package query

import (
	"context"
	"fmt"

	"github.com/grafana/grafana-plugin-sdk-go/data"
)

// accessLogList is the one list that is no figure, and that needs a right of its own.
const accessLogList = "access_log"

// accessLog lists who read rows of single persons or the access log in the period, the newest
// first. People stand under their pseudonyms.
func accessLog(ctx context.Context, r *Runner, l *listing) (*data.Frame, error) {
	if !l.scope.AccessLog {
		return nil, &refusal{l.texts.T("scope.access_log"), fmt.Errorf("%w: the access log needs a right of its own", ErrScope)}
	}
	s := &statement{}
	var c conditions
	zone := r.cfg.Zone.String()
	c.add("at >= toDateTime(%s, %s)", s.bind("String", dayOf(l.period.from).String()+" 00:00:00"), s.bind("String", zone))
	c.add("at < toDateTime(%s, %s)", s.bind("String", dayOf(l.period.to.AddDate(0, 0, 1)).String()+" 00:00:00"), s.bind("String", zone))
	if l.period.months != nil {
		s.span(&c, localDay(s, "at", zone), l.period)
	}
	fields := listFields(accessLogList)
	for _, f := range l.filters {
		s.in(&c, fields[f.Field], f) // and not the row scope: the log is about everybody
	}
	s.write("SELECT at, who, way, roles, what, subject, unit_id, purpose, outcome, rows, grant_id FROM access_log%s\nORDER BY at DESC, event_id\nLIMIT %d\nSETTINGS final = 1", c.where(), l.q.Limit+1)
	got, more, err := l.read(ctx, r, s, l.q.Limit)
	if err != nil {
		return nil, err
	}
	names, err := r.names(ctx, "unit")
	if err != nil {
		return nil, err
	}
	out := &columns{texts: l.texts}
	out.time("at", got, when(0))
	out.text("who", got, at(1))
	out.text("way", got, func(row []any) string { return l.texts.Value("way", asText(row[2])) })
	out.text("roles", got, at(3))
	out.text("what", got, at(4))
	out.text("read_subject", got, at(5))
	out.text("unit", got, func(row []any) string {
		if id := asText(row[6]); names[id] == "" {
			return id
		}
		return names[asText(row[6])]
	})
	out.text("purpose", got, at(7))
	out.text("grant_id", got, at(10))
	out.text("outcome", got, func(row []any) string { return l.texts.Value("access_outcome", asText(row[8])) })
	out.number("rows", unitCount, got, num(9))
	// Whoever follows up reads about persons too: who they are stands under pseudonyms.
	if err := r.audit(ctx, Read{Metric: accessLogList, Rows: len(got)}); err != nil {
		return nil, err
	}
	return out.capped(l.q.Metric, more, l.q.Limit), nil
}
