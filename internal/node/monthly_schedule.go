package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"linesman/dashboards/report"
	"linesman/internal/config"
	"linesman/processors/covered"
	"linesman/processors/store"
	"linesman/schema"
)

// monthlySchedule is when monthly reports are published.
type monthlySchedule struct {
	day, hour int
	zone      *time.Location
}

func newMonthlySchedule(r *config.Reports, zone string) (monthlySchedule, error) {
	loc, err := time.LoadLocation(zone)
	return monthlySchedule{r.Day, r.Hour, loc}, err
}

// at is when the reports are due in a month: on its last day where it is too short.
func (s monthlySchedule) at(year int, month time.Month) time.Time {
	last := time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
	return time.Date(year, month, min(s.day, last), s.hour, 0, 0, 0, s.zone)
}

// around returns the last time at or before now at which reports are due, and the next.
func (s monthlySchedule) around(now time.Time) (last, next time.Time) {
	here := now.In(s.zone)
	last, next = s.at(here.Year(), here.Month()), s.at(here.Year(), here.Month()+1)
	if last.After(now) {
		last, next = s.at(here.Year(), here.Month()-1), last
	}
	return last, next
}

// monthOf is the first day of the month that is reported at a time: the one before.
func (s monthlySchedule) monthOf(slot time.Time) schema.Day {
	return (schema.DayOf(schema.TimeOf(slot), s.zone).Month() - 1).Month()
}

// Mails that could not be sent are tried again until the reports are this old.
const mailReportsFor = 24 * time.Hour

// reportEvery publishes monthly reports by the clock until ctx ends.
func (n *Node) reportEvery(ctx context.Context) {
	s, err := newMonthlySchedule(&n.cfg.Reports, n.cfg.Zone)
	if err != nil || s.day == 0 { // the configuration was checked
		return
	}
	done, tries, notBefore := "", 0, time.Time{}
	for sleep(ctx, remindLook) == nil {
		now := time.Now()
		last, _ := s.around(now)
		slot := last.Format(time.DateOnly)
		if slot == done || now.Before(notBefore) {
			continue
		}
		over, err := n.reportRound(ctx, s, last, now)
		switch {
		case err == nil && over:
			done, tries, notBefore = slot, 0, time.Time{}
			n.log.Info("monthly reports are done until the next time", "day", slot)
			continue
		case errors.Is(err, covered.ErrNoMonth) && tries == 0:
			n.log.Info("monthly reports wait for the data of the month", "month", s.monthOf(last))
		case err != nil && !errors.Is(err, covered.ErrNoMonth) && ctx.Err() == nil:
			n.log.Warn("monthly reports could not be published and are tried again", "error", err)
		}
		tries++
		notBefore = now.Add(again(tries))
	}
}

// reportRound publishes what is due at a time, and mails it. Run again it does what is still to do; over tells that
// nothing is. Correction notes are made within a day of the time only, so that they come by the schedule
// and not whenever the program starts.
func (n *Node) reportRound(ctx context.Context, s monthlySchedule, slot, now time.Time) (over bool, err error) {
	month := s.monthOf(slot)
	fresh := now.Sub(slot) <= mailReportsFor
	if _, err := n.makeMonthly(ctx, MonthlyRequest{Month: month, All: true, Publish: true, at: now, scheduled: true, onlyNew: !fresh}, publishScheduled); err != nil {
		return false, err
	}
	if fresh {
		if err := n.correctEarlier(ctx, month, now); err != nil {
			return false, err
		}
	}
	return n.mailRound(ctx, month, slot, now)
}

// correctEarlier writes correction notes to reports of earlier months that were restated since they were published.
func (n *Node) correctEarlier(ctx context.Context, before schema.Day, now time.Time) error {
	list, err := n.restated(ctx, before)
	if err != nil {
		return err
	}
	for _, p := range list {
		req := MonthlyRequest{Month: p.Month, Languages: []string{p.Language}, Publish: true, at: now}
		switch p.ScopeKind {
		case report.ScopeCostCentre:
			req.CostCentre = p.ScopeID
		case report.ScopeUnit:
			req.Unit = p.ScopeID
		}
		if _, err := n.makeMonthly(ctx, req, publishScheduled); err != nil {
			return err
		}
	}
	return nil
}

// restated lists the publications of earlier months about which there are restatements that are newer.
func (n *Node) restated(ctx context.Context, before schema.Day) ([]schema.Publication, error) {
	var out []schema.Publication
	where := fmt.Sprintf(`kind = 'report' AND month < '%s' AND publication_id IN (
    SELECT p.publication_id FROM (SELECT publication_id, any(month) AS about, any(toString(scope_kind)) AS scope, any(scope_id) AS id, max(published_at) AS at FROM publications WHERE kind IN ('report', 'correction') GROUP BY publication_id) AS p
    INNER JOIN (SELECT month AS restated, toString(unit_id) AS unit, toString(cost_centre) AS centre, recorded_at FROM restatements) AS r ON p.about = r.restated
    WHERE r.recorded_at > p.at AND (p.scope = 'all' OR p.scope = 'cost_centre' AND p.id = r.centre OR p.scope = 'unit' AND p.id = r.unit))`, before)
	err := store.Scan(ctx, n.store, schema.PublicationTable(), where, func(p *schema.Publication) error {
		one := *p
		one.Figures = ""
		out = append(out, one)
		return nil
	})
	slices.SortFunc(out, func(a, b schema.Publication) int { return int(a.Month - b.Month) })
	return out, err
}

// mailRound mails the reports of the month, and the correction notes that were published since the time.
func (n *Node) mailRound(ctx context.Context, month schema.Day, slot, now time.Time) (over bool, err error) {
	if !n.cfg.Mail.Configured() || len(n.cfg.Reports.Recipients) == 0 {
		return true, nil
	}
	n.reporting.Lock()
	defer n.reporting.Unlock()
	list, err := n.publications(ctx, fmt.Sprintf("kind = 'report' AND month = '%s' OR kind = 'correction' AND published_at >= fromUnixTimestamp64Milli(%d)", month, slot.UnixMilli()))
	if err != nil {
		return false, err
	}
	inOrder(list)
	over = true
	for i := range list {
		p := &list[i]
		if !slices.Contains(n.cfg.Reports.Languages, p.Language) {
			continue
		}
		from := slot
		if at := p.PublishedAt.UTC(); at.After(from) {
			from = at
		}
		if now.Sub(from) > mailReportsFor {
			continue
		}
		switch n.mailReport(ctx, p, now) {
		case mailedNow, mailedBefore, mailedNobody:
		default:
			over = false
		}
	}
	return over, ctx.Err()
}
