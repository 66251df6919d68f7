package node

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"linesman/dashboards/messages"
	"linesman/dashboards/reminder"
	"linesman/internal/config"
	"linesman/internal/mail"
	"linesman/processors/cases"
)

// ErrNoMail says that no mail can be sent.
var ErrNoMail = errors.New("no mail is sent: set mail.host, mail.from and who is told (mail.recipients, mail.default); see docs/cases.md")

// RemindRequest says which reminders are wanted.
type RemindRequest struct {
	Unit string `json:"unit"` // empty: of all
	Send bool   `json:"send"` // else they are only shown
}

// ReminderMail is one mail to one address.
type ReminderMail struct {
	To      string          `json:"to"` // empty: nobody is named for these units, and nothing is sent
	Units   []string        `json:"units"`
	Subject string          `json:"subject"`
	Body    string          `json:"body"`
	Counts  reminder.Counts `json:"counts"`
	Sent    bool            `json:"sent"`
	Before  []string        `json:"before,omitempty"` // units whose reminder was sent before for the same day, and is not sent again
	Error   string          `json:"error,omitempty"`  // why it was not sent; names no person
	Final   bool            `json:"final,omitempty"`  // the server will not take it, however often it is tried
}

// Reminders are the mails of a day.
type Reminders struct {
	Mails []ReminderMail `json:"mails"`
	Next  time.Time      `json:"next"` // when they are sent by the clock; zero: they are not
}

// reminding is what is noted about reminders.
type reminding struct {
	sending sync.Mutex // one round at a time

	mu           sync.Mutex
	slot         string          // of the last round
	sentUnits    map[string]bool // in that slot
	sent, failed uint64          // mails, since the start
	lastSent     time.Time
	problem      string    // of the last round; empty: none
	since        time.Time // of the problem
}

// took notes that the mail about some units was taken by the server.
func (r *reminding) took(slot string, units []string, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.slot != slot {
		r.slot, r.sentUnits = slot, map[string]bool{}
	}
	for _, u := range units {
		r.sentUnits[u] = true
	}
	r.sent++
	r.lastSent = at
}

func (r *reminding) wasSent(slot, unit string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.slot == slot && r.sentUnits[unit]
}

// ended notes how a round ended.
func (r *reminding) ended(failed int, problem string, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed += uint64(failed)
	if problem != "" && r.problem == "" {
		r.since = at
	}
	r.problem = problem
}

// Remind tells the reminders that are due now and, if wanted, sends them. What was sent by hand
// is not sent by hand again on the same day.
func (n *Node) Remind(ctx context.Context, req RemindRequest) (Reminders, error) {
	if n.pipeline == nil {
		return Reminders{}, ErrOnlyCollects
	}
	slot, reason := "by hand "+n.book.Today().String(), cases.RemindByHand
	n.mu.Lock()
	serving := n.serving
	n.mu.Unlock()
	if serving {
		return n.remind(ctx, req, slot, reason)
	}
	var out Reminders
	err := n.exclusive(ctx, func(ctx context.Context) (err error) {
		if err = n.openPipeline(ctx); err != nil {
			return err
		}
		if err = n.catchUp(ctx, nil); err != nil {
			return err
		}
		if out, err = n.remind(ctx, req, slot, reason); err != nil {
			return err
		}
		return n.catchUp(ctx, nil)
	})
	return out, err
}

// remind makes the mails and sends them, unless they were sent for the slot before.
func (n *Node) remind(ctx context.Context, req RemindRequest, slot, reason string) (Reminders, error) {
	n.reminding.sending.Lock()
	defer n.reminding.sending.Unlock()
	var out Reminders
	m := &n.cfg.Mail
	if req.Send && !m.Configured() {
		return out, ErrNoMail
	}
	now := time.Now()
	days := n.cfg.Cases.Remind
	if s, err := newSchedule(m, n.cfg.Zone); err != nil {
		return out, err
	} else if m.Configured() {
		_, out.Next = s.around(now)
		days = max(days, s.apart()) // what is due before the next ones are sent is told now
	}
	if err := n.book.CaughtUp(ctx); err != nil {
		return out, err
	}
	list, err := n.book.Reminders(ctx, days, req.Unit)
	if err != nil {
		return out, err
	}
	byAddress, err := n.byAddress(ctx, slot, list)
	if err != nil {
		return out, err
	}
	texts, err := messages.Load()
	if err != nil {
		return out, err
	}
	var failed int
	var problem string
	for _, to := range slices.Sorted(maps.Keys(byAddress)) {
		one := n.composed(texts.In(m.Language), to, byAddress[to])
		if req.Send && to != "" && len(one.Units) > 0 {
			if n.sendReminder(ctx, &one, byAddress[to].list, slot, reason, now); one.Error != "" {
				failed, problem = failed+1, one.Error
			}
		}
		if req.Send && to == "" {
			n.log.Warn("nobody is named who is to be told of these units: set mail.default or mail.recipients", "units", one.Units)
		}
		out.Mails = append(out.Mails, one)
	}
	if req.Send {
		n.reminding.ended(failed, problem, now)
	}
	return out, ctx.Err()
}

// recipient is what one address is told.
type recipient struct {
	list   []cases.Current
	before []string // units it was told of before
}

// byAddress groups cases by who is told; empty: nobody is. Units whose reminder was sent for
// the slot before are left out.
func (n *Node) byAddress(ctx context.Context, slot string, list []cases.Current) (map[string]*recipient, error) {
	sent, err := n.book.Reminded(ctx, slot, list)
	if err != nil {
		return nil, err
	}
	units := map[string]bool{} // that were told of before
	for i := range list {
		if c := &list[i]; sent[c.ViolationID] || n.reminding.wasSent(slot, c.UnitID) {
			units[c.UnitID] = true
		}
	}
	out := map[string]*recipient{}
	for i := range list {
		c := &list[i]
		to := n.cfg.Mail.Address(c.UnitID)
		if out[to] == nil {
			out[to] = &recipient{}
		}
		switch r := out[to]; {
		case !units[c.UnitID]:
			r.list = append(r.list, *c)
		case !slices.Contains(r.before, c.UnitID):
			r.before = append(r.before, c.UnitID)
		}
	}
	return out, nil
}

// composed writes the mail to one address.
func (n *Node) composed(t messages.Texts, to string, r *recipient) ReminderMail {
	out := ReminderMail{To: to, Before: r.before}
	rules := ruleTexts{n.rules}
	list := make([]reminder.Case, 0, len(r.list))
	for i := range r.list {
		c := &r.list[i]
		title := t.Value("rule", c.Rule)
		if text, ok := rules.Rule(c.Rule, c.RuleVersion); ok {
			if title = text.Title.SV; t.Lang() == messages.English || title == "" {
				title = text.Title.EN
			}
		}
		list = append(list, reminder.Case{Unit: c.UnitID, UnitName: c.UnitName, Title: title, Deadline: c.Deadline, Overdue: c.Overdue, New: c.Unreminded(), Candidate: c.State == "candidate"})
		if !slices.Contains(out.Units, c.UnitID) {
			out.Units = append(out.Units, c.UnitID)
		}
	}
	slices.Sort(out.Units)
	if len(list) == 0 {
		return out
	}
	link := n.cfg.Mail.Link
	if link == "" {
		link = "http://" + n.cfg.Console.Listen
	}
	m := reminder.Compose(reminder.Config{Texts: t, Organisation: n.cfg.Organisation, Link: link}, list)
	out.Subject, out.Body, out.Counts = m.Subject, m.Body, m.Counts
	return out
}

// sendReminder sends one mail and notes in the log of which cases it told, or in the mail what
// went wrong.
func (n *Node) sendReminder(ctx context.Context, one *ReminderMail, list []cases.Current, slot, reason string, now time.Time) {
	s, err := n.mailSender()
	if err != nil {
		one.Error = err.Error()
		return
	}
	sum := sha256.Sum256([]byte(slot + "\n" + one.To + "\n" + fmt.Sprint(one.Units)))
	err = s.Send(ctx, mail.Message{To: one.To, Subject: one.Subject, Body: one.Body, ID: "reminder-" + hex.EncodeToString(sum[:12]), At: now})
	if err != nil {
		n.log.Warn("a reminder was not sent", "to", mail.Masked(one.To), "units", len(one.Units), "error", err)
		var refused *mail.Error
		one.Error, one.Final = err.Error(), errors.As(err, &refused) && refused.Permanent
		return
	}
	one.Sent = true
	n.reminding.took(slot, one.Units, now)
	n.log.Info("a reminder was sent", "to", mail.Masked(one.To), "units", len(one.Units), "cases", one.Counts.All)
	// It went out: that is noted even if the program is being stopped.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := n.book.NoteReminded(ctx, slot, reason, list); err != nil {
		n.log.Error("a reminder was sent, but the log does not have it: after a restart it may be sent again", "error", err)
	}
}

func (n *Node) mailSender() (*mail.Sender, error) {
	m := &n.cfg.Mail
	secret, err := m.Secret()
	if err != nil {
		return nil, err
	}
	return mail.New(mail.Config{Host: m.Host, Port: m.Port, TLS: m.TLS, CAFile: m.TLSCAFile, User: m.User, Password: secret, From: m.From, Timeout: m.Timeout})
}

// schedule is when reminders are sent.
type schedule struct {
	days []time.Weekday
	hour int
	zone *time.Location
}

func newSchedule(m *config.Mail, zone string) (schedule, error) {
	days, err := m.Weekdays()
	if err != nil {
		return schedule{}, err
	}
	loc, err := time.LoadLocation(zone)
	return schedule{days, m.Hour, loc}, err
}

// around returns the last time at or before now at which reminders are due, and the next.
func (s schedule) around(now time.Time) (last, next time.Time) {
	day := now.In(s.zone)
	for i := -8; i <= 8; i++ {
		at := time.Date(day.Year(), day.Month(), day.Day()+i, s.hour, 0, 0, 0, s.zone)
		switch {
		case !slices.Contains(s.days, at.Weekday()):
		case !at.After(now):
			last = at
		default:
			return last, at
		}
	}
	return last, next
}

// apart is the most days between two times.
func (s schedule) apart() int {
	most, days := 0, slices.Sorted(slices.Values(s.days))
	for i, d := range days {
		following := int(days[(i+1)%len(days)])
		if i == len(days)-1 {
			following += 7
		}
		most = max(most, following-int(d))
	}
	return most
}

// Reminders that could not be sent are tried again until they are this old.
const remindFor = 24 * time.Hour

// again is how long it takes until a failed round is tried again: longer each time.
func again(tries int) time.Duration {
	waits := [...]time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute}
	return waits[min(tries, len(waits))-1]
}

// remindEvery sends reminders by the clock until ctx ends.
func (n *Node) remindEvery(ctx context.Context) {
	m := &n.cfg.Mail
	s, err := newSchedule(m, n.cfg.Zone)
	if err != nil || !m.Configured() { // the configuration was checked
		return
	}
	done, tries, notBefore := "", 0, time.Time{}
	for sleep(ctx, remindLook) == nil {
		now := time.Now()
		last, _ := s.around(now)
		slot := last.Format(time.DateOnly)
		if slot == done || now.Sub(last) > remindFor || now.Before(notBefore) {
			continue
		}
		got, err := n.remind(ctx, RemindRequest{Send: true}, slot, cases.RemindScheduled)
		if err == nil && !slices.ContainsFunc(got.Mails, func(m ReminderMail) bool { return m.Error != "" && !m.Final }) {
			done, tries, notBefore = slot, 0, time.Time{}
			n.log.Info("reminders are done until the next time", "day", slot, "sent", countSent(got.Mails))
			continue
		}
		tries++
		notBefore = now.Add(again(tries))
		if err != nil && ctx.Err() == nil {
			n.log.Warn("reminders could not be made and are tried again", "error", err)
			n.reminding.ended(0, err.Error(), now)
		}
	}
}

func countSent(mails []ReminderMail) int {
	sent := 0
	for i := range mails {
		if mails[i].Sent {
			sent++
		}
	}
	return sent
}

// remindLook is how often it is looked whether reminders are due.
const remindLook = 5 * time.Second
