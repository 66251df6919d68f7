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

// reportRun is what was done of a time at which reports are due: what is done is not done again, whatever else fails.
type reportRun struct {
	slot    time.Time
	settled bool               // all is published: only mails are left
	done    map[schema.ID]bool // publications that were looked after
	mailed  map[schema.ID]bool // events whose mail was sent, or is never taken
	failed  map[schema.ID]int  // events whose mail found no server: they come last, so that one does not stop all
}

func newReportRun(slot time.Time) *reportRun {
	return &reportRun{slot: slot, done: map[schema.ID]bool{}, mailed: map[schema.ID]bool{}, failed: map[schema.ID]int{}}
}

// reportEvery publishes monthly reports by the clock until ctx ends.
func (n *Node) reportEvery(ctx context.Context) {
	s, err := newMonthlySchedule(&n.cfg.Reports, n.cfg.Zone)
	if err != nil || s.day == 0 { // the configuration was checked
		return
	}
	run, over, tries, notBefore := newReportRun(time.Time{}), false, 0, time.Time{}
	for sleep(ctx, remindLook) == nil {
		now := time.Now()
		last, _ := s.around(now)
		if !run.slot.Equal(last) {
			run, over, tries, notBefore = newReportRun(last), false, 0, time.Time{}
		}
		if over || now.Before(notBefore) {
			continue
		}
		over, err = n.reportRound(ctx, s, run, now)
		switch {
		case over:
			n.log.Info("monthly reports are done until the next time", "day", last.Format(time.DateOnly))
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
// and not whenever the program starts; each publication is looked after once, so that a mail that is tried again
// makes no notes. What cannot be published keeps nothing else from being published and mailed.
func (n *Node) reportRound(ctx context.Context, s monthlySchedule, run *reportRun, now time.Time) (over bool, err error) {
	month := s.monthOf(run.slot)
	if !run.settled {
		fresh := now.Sub(run.slot) <= mailReportsFor
		_, err = n.makeMonthly(ctx, MonthlyRequest{Month: month, All: true, Publish: true, at: now, scheduled: true, onlyNew: !fresh, done: run.done}, publishScheduled)
		if errors.Is(err, covered.ErrNoMonth) {
			return false, err
		}
		if fresh {
			err = errors.Join(err, n.correctEarlier(ctx, month, run, now))
		}
		run.settled = err == nil
	}
	over, wrong := n.mailRound(ctx, month, run, now)
	err = errors.Join(err, wrong)
	return over && err == nil, err
}

// correctEarlier writes correction notes to reports of earlier months that were restated since they were published.
func (n *Node) correctEarlier(ctx context.Context, before schema.Day, run *reportRun, now time.Time) error {
	list, err := n.restated(ctx, before)
	if err != nil {
		return err
	}
	var wrong []error
	for len(list) > 0 && ctx.Err() == nil {
		month := list[0].Month
		end := slices.IndexFunc(list, func(p schema.Publication) bool { return p.Month != month })
		if end < 0 {
			end = len(list)
		}
		if err := n.correctMonth(ctx, list[:end], run, now); err != nil {
			wrong = append(wrong, err)
		}
		list = list[end:]
	}
	return errors.Join(append(wrong, ctx.Err())...)
}

// correctMonth writes correction notes to reports of one month: what they share is read once.
func (n *Node) correctMonth(ctx context.Context, list []schema.Publication, run *reportRun, now time.Time) error {
	n.reporting.Lock()
	defer n.reporting.Unlock()
	if err := n.publicationsStored(ctx); err != nil {
		return err
	}
	b, err := n.monthly(ctx, list[0].Month)
	if err != nil {
		return err
	}
	var wrong []error
	for i := range list {
		p := &list[i]
		// What was published once is known, whatever reference data say now.
		if _, err := b.one(ctx, report.Scope{Kind: p.ScopeKind, ID: p.ScopeID}, p.Language, MonthlyRequest{Publish: true, at: now, done: run.done}, publishScheduled, false); err != nil {
			wrong = append(wrong, fmt.Errorf("correcting %s: %w", p.Name, err))
		}
	}
	return errors.Join(wrong...)
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

// mailRound mails the reports of the month, and the correction notes that were published since the time. Where the mail
// server is not there it ends at once: nothing that is published waits for a server that hangs.
func (n *Node) mailRound(ctx context.Context, month schema.Day, run *reportRun, now time.Time) (over bool, err error) {
	if !n.cfg.Mail.Configured() || len(n.cfg.Reports.Recipients) == 0 {
		return true, nil
	}
	n.reporting.Lock()
	defer n.reporting.Unlock()
	list, err := n.publications(ctx, fmt.Sprintf("kind = 'report' AND month = '%s' OR kind = 'correction' AND published_at >= fromUnixTimestamp64Milli(%d)", month, run.slot.UnixMilli()))
	if err != nil {
		return false, err
	}
	list = firstOfEach(list)
	slices.SortStableFunc(list, func(a, b publication) int { return run.failed[a.EventID] - run.failed[b.EventID] })
	over = true
	for i := range list {
		p := &list[i]
		if run.mailed[p.EventID] || !slices.Contains(n.cfg.Reports.Languages, p.Language) {
			continue
		}
		from := run.slot
		if at := p.PublishedAt.UTC(); at.After(from) {
			from = at
		}
		if now.Sub(from) > mailReportsFor {
			continue
		}
		m := n.mailReport(ctx, p, now)
		if over = over && m.final; m.final {
			// Also what was refused for good: it is in the log of the program, and is not tried again.
			run.mailed[p.EventID] = true
		}
		if m.away {
			run.failed[p.EventID]++
			break
		}
	}
	return over, ctx.Err()
}
