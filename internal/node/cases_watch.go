package node

import (
	"context"
	"sync"
	"time"

	"linesman/internal/doctor"
	"linesman/internal/words"
	"linesman/processors/cases"
)

// standing is how all cases stand, asked of the store once in a while.
type standing struct {
	mu   sync.Mutex
	at   time.Time
	last cases.Standing
}

// standingLife is how long the answer is served again: every violation is folded for it.
const standingLife = 30 * time.Second

func (n *Node) casesStand(ctx context.Context) (cases.Standing, error) {
	n.standing.mu.Lock()
	defer n.standing.mu.Unlock()
	if time.Since(n.standing.at) < standingLife {
		return n.standing.last, nil
	}
	got, err := n.book.Standing(ctx)
	if err == nil {
		n.standing.last, n.standing.at = got, time.Now()
	}
	return got, err
}

// cases puts what is known of cases and reminders: counts of the whole organisation, since
// those of a small unit would tell of persons.
func (s *scrape) cases(ctx context.Context) {
	r := &s.node.reminding
	r.mu.Lock()
	s.put("linesman_reminder_mails_total", float64(r.sent), "sent")
	s.put("linesman_reminder_mails_total", float64(r.failed), "failed")
	s.put("linesman_reminder_last_timestamp_seconds", seconds(r.lastSent))
	s.bool("linesman_reminders_failing", r.problem != "")
	r.mu.Unlock()
	got, err := s.node.casesStand(ctx)
	if err != nil { // the state of the store says it
		return
	}
	for _, state := range cases.States() {
		s.put("linesman_cases", float64(got.States[state]), state)
	}
	s.put("linesman_cases_overdue", float64(got.Overdue))
	oldest := time.Time{}
	if zone, err := time.LoadLocation(s.node.cfg.Zone); err == nil && got.Overdue > 0 {
		oldest = (got.Oldest + 1).Start(zone).UTC()
	}
	s.put("linesman_cases_oldest_overdue_timestamp_seconds", seconds(oldest))
}

// caseHops look at what people have still to settle, and whether they are told.
func (n *Node) caseHops() []doctor.Hop {
	return []doctor.Hop{
		{Name: "cases", Needs: hopStore, Stuck: "see the stage store", Look: func(ctx context.Context) []doctor.Check {
			got, err := n.casesStand(ctx)
			if err != nil {
				return []doctor.Check{doctor.Look("see the stage store", "not known: %v", err)}
			}
			if got.Overdue == 0 {
				return []doctor.Check{doctor.OK("%s to settle, none overdue", words.Count(int(got.Due), "case"))}
			}
			return []doctor.Check{doctor.Look("linesman cases due tells which and of which units; they are settled in the console", "%s overdue of %d to settle, the oldest since %s", words.Count(int(got.Overdue), "case"), got.Due, got.Oldest)}
		}},
		{Name: "reminders", Look: func(context.Context) []doctor.Check { return []doctor.Check{n.lookReminders()} }},
	}
}

func (n *Node) lookReminders() doctor.Check {
	m := &n.cfg.Mail
	if !m.Configured() {
		return doctor.OK("no mail is sent (mail.host is not set)")
	}
	r := &n.reminding
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.problem != "":
		return doctor.Look("look at mail.* and the mail server; linesman cases remind --send tries at once", "not all could be sent since %s: %s", r.since.UTC().Format("2006-01-02 15:04Z"), r.problem)
	case r.lastSent.IsZero():
		return doctor.OK("none was sent since the start")
	}
	return doctor.OK("last sent %s", r.lastSent.UTC().Format("2006-01-02 15:04Z"))
}
