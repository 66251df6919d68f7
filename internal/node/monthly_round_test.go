package node

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"linesman/dashboards/report"
	"linesman/internal/config"
	"linesman/processors/covered"
	"linesman/schema"
)

// gone is a unit that neither reference data nor usage name any more.
var gone = report.Scope{Kind: report.ScopeUnit, ID: "SE2321000016-GONE"}

// TestMonthlyReportRounds holds that one thing that goes wrong keeps nothing else from being published and mailed, and that
// nothing is done twice.
func TestMonthlyReportRounds(t *testing.T) {
	w := newMonthlyWorld(t)
	move := w.moved()
	month, err := schema.ParseDay(move.Month + "-01")
	if err != nil {
		t.Fatal(err)
	}
	w.n.cfg.Mail.Default = ""
	w.n.cfg.Reports.Day, w.n.cfg.Reports.Languages = 5, config.List{"sv"}
	w.n.cfg.Reports.Scopes = config.List{report.ScopeCostCentre}
	w.n.cfg.Reports.Recipients = config.Values{move.CostCentre: "ekonomi@example.se"}
	t.Run("repayments", func(t *testing.T) { w.checkRepay(t) })
	t.Run("instances", func(t *testing.T) { w.checkInstances(t, month) })
	t.Run("listed", func(t *testing.T) { w.checkListed(t, month) })
	t.Run("moved away", func(t *testing.T) { w.checkMovedAway(t, month) })
	t.Run("rounds", func(t *testing.T) { w.checkRounds(t, month, move.CostCentre) })
}

// publishes publishes what is said to be the report about the unit that is gone.
func (w *monthlyWorld) publishes(month schema.Day, cost string, at time.Time) (out publication) {
	w.Helper()
	err := w.n.publishing(w.Context(), true, func(ctx context.Context) error {
		b, err := w.n.monthly(ctx, month)
		if err != nil {
			return err
		}
		r, err := b.build(ctx, gone, "sv")
		if err != nil {
			return err
		}
		if cost != "" {
			r.Figure(report.FigureCost).Value = cost
		}
		out, err = b.publish(ctx, r, nil, nil, publishByHand, at)
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	return out
}

// checkRepay: repayments of one to four are hidden also where much private use is settled or nobody's.
func (w *monthlyWorld) checkRepay(t *testing.T) {
	b, err := w.n.monthly(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	scope := report.Scope{Kind: report.ScopeAll}
	r, err := b.build(t.Context(), scope, "en")
	if err != nil {
		t.Fatal(err)
	}
	x := &builder{monthlyBase: b, q: monthlySQL{scope, w.n.cfg.Zone}, r: r}
	told := func() string {
		t.Helper()
		r.Figure(report.FigurePrivate).Value = "100" // of many lines, most of them settled
		if err := x.repaid(t.Context(), b.postings); err != nil {
			t.Fatal(err)
		}
		return r.Figure(report.FigureRepay).Value
	}
	if n := len(b.repayers); n < 1 || n > 4 {
		t.Fatalf("%d lines repay", n)
	}
	if got := told(); got != report.Hidden {
		t.Errorf("few lines repay, and the report says %s", got)
	}
	b.repayers = map[[2]string]string{}
	if got := told(); got == report.Hidden {
		t.Error("nothing is hidden where nobody repays")
	}
}

// checkInstances: of two instances that publish the same the first holds, and its mail is the only one.
func (w *monthlyWorld) checkInstances(t *testing.T, month schema.Day) {
	at := time.Date(2030, 1, 5, 7, 0, 0, 0, time.UTC)
	first := w.publishes(month, "1", at)
	second := w.publishes(month, "1", at.Add(time.Second))
	if second.EventID != first.EventID || second.PublishedAt != first.PublishedAt || second.Offset != first.Offset {
		t.Errorf("the second to publish got the publication of %s, the first that of %s", second.PublishedAt, first.PublishedAt)
	}
	if got := ask(t, w.n, "SELECT uniqExact(event_id), uniqExact(publication_id, revision) FROM publications"); got != "2\t1" {
		t.Errorf("events and publications: %s", got)
	}
	recipients := w.n.cfg.Reports.Recipients
	w.n.cfg.Reports.Recipients = config.Values{gone.ID: "chef@example.se"}
	defer func() { w.n.cfg.Reports.Recipients = recipients }()
	if !w.mailed(month, newReportRun(at), at.Add(time.Minute)) || len(w.mails.Mails()) != 1 {
		t.Errorf("%d mails about one report", len(w.mails.Mails()))
	}
}

func (w *monthlyWorld) mailed(month schema.Day, run *reportRun, now time.Time) (over bool) {
	w.Helper()
	err := w.n.publishing(w.Context(), true, func(ctx context.Context) (err error) {
		over, err = w.n.mailRound(ctx, month, run, now)
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	return over
}

// checkListed: a list of one month, or of one name, holds no other; and nobody's files are read once who asked has gone.
func (w *monthlyWorld) checkListed(t *testing.T, month schema.Day) {
	name := report.Name(gone, month.String(), "sv", 0)
	for _, c := range []struct {
		filter PublishedFilter
		want   int
	}{{PublishedFilter{}, 1}, {PublishedFilter{Month: month}, 1}, {PublishedFilter{Month: covered.Next(month)}, 0}, {PublishedFilter{Name: name}, 1}, {PublishedFilter{Name: name + "' OR 1 = 1 --"}, 0}, {PublishedFilter{Month: covered.Next(month), Name: name}, 0}} {
		got, err := w.n.PublishedReports(t.Context(), c.filter)
		if err != nil || len(got) != c.want {
			t.Errorf("%+v: %d publications, %v", c.filter, len(got), err)
		}
	}
	all, err := w.n.publishedBy(t.Context(), PublishedFilter{})
	if err != nil || len(all) != 1 {
		t.Fatalf("%d publications, %v", len(all), err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.n.keepFiles(ctx, &all[0], false); err == nil {
		t.Error("files were read although nobody waits")
	}
}

// checkMovedAway: a report whose usage is all gone gets its note with the others, and is no mistyped word.
func (w *monthlyWorld) checkMovedAway(t *testing.T, month schema.Day) {
	got := w.monthly(MonthlyRequest{Month: month, All: true, Publish: true, Languages: []string{"sv", "en"}})
	var states []string
	for i := range got.Reports {
		if r := &got.Reports[i]; r.Scope.ID == gone.ID {
			states = append(states, r.Language+" "+r.State)
		}
	}
	if !slices.Equal(states, []string{"sv " + MonthlyCorrected}) {
		t.Errorf("the report whose usage moved away: %v", states)
	}
	if r := w.monthly(MonthlyRequest{Month: month, Unit: gone.ID, Publish: true, Languages: []string{"sv"}}).Reports[0]; r.State != MonthlyUnchanged || r.Revision != 1 {
		t.Errorf("by itself: %s %d", r.State, r.Revision)
	}
}

// checkRounds runs rounds of the month after by the clock.
func (w *monthlyWorld) checkRounds(t *testing.T, month schema.Day, centre string) {
	s, err := newMonthlySchedule(&w.n.cfg.Reports, w.n.cfg.Zone)
	if err != nil {
		t.Fatal(err)
	}
	_, slot := s.around(covered.Next(covered.Next(month)).At(time.UTC))
	run := newReportRun(slot)
	round := func(run *reportRun, after time.Duration) (over bool) {
		t.Helper()
		err := w.n.publishing(t.Context(), true, func(ctx context.Context) (err error) {
			over, err = w.n.reportRound(ctx, s, run, slot.Add(after))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return over
	}
	notes := func() string {
		return ask(t, w.n, fmt.Sprintf("SELECT count() FROM publications WHERE kind = 'correction' AND scope_id = %s AND reason = 'schedule'", sqlText(centre)))
	}
	connections := func() (n int) {
		for _, verb := range w.mails.Seen() {
			if verb == "EHLO" {
				n++
			}
		}
		return n
	}
	sent := len(w.mails.Mails())
	// A server that is not there is asked once, not for each report.
	recipients := w.n.cfg.Reports.Recipients
	w.n.cfg.Reports.Recipients = config.Values{report.ScopeCostCentre: "alla@example.se", centre: "ekonomi@example.se"}
	for _, c := range ids(t, w.n, covered.Next(month)) {
		w.n.cfg.Reports.Recipients[c] = "ekonomi@example.se"
	}
	before := connections()
	w.mails.DropAt("EHLO")
	if round(run, time.Hour) {
		t.Error("a round without a mail server is over")
	}
	tried := connections() - before
	if tries := min(tried, 2); tries < 1 || tried > 2 { // EHLO, then HELO or EHLO again
		t.Errorf("the server that is not there was asked %d times", tried)
	}
	w.mails.DropAt("")
	w.n.cfg.Reports.Recipients = recipients
	// Drafts do not wait for who publishes.
	w.n.reporting.Lock()
	w.monthly(MonthlyRequest{Month: month, CostCentre: centre, Languages: []string{"sv"}})
	w.n.reporting.Unlock()
	// Later data restate the month before. Mail that is tried again makes no notes about it: it was looked after.
	w.mails.Answer("DATA", "451 later")
	if round(run, 2*time.Hour) {
		t.Error("a mail that is refused for now is settled")
	}
	w.later()
	if had := notes(); round(run, 3*time.Hour) || notes() != had {
		t.Errorf("%s notes after mail was tried again, before %s", notes(), had)
	}
	// The next start of the program is another matter: now there is a note, whatever became of another's report.
	w.mails.Answer("DATA", "")
	w.mails.Answer("RCPT", "550 no such user")
	had := notes()
	run = newReportRun(slot)
	if !round(run, 4*time.Hour) || notes() == had {
		t.Errorf("an address that is refused for good keeps the round from its end: %s notes, before %s", notes(), had)
	}
	if len(w.mails.Mails()) != sent {
		t.Errorf("%d mails", len(w.mails.Mails())-sent)
	}
	before = connections()
	if !round(run, 5*time.Hour) || connections() != before {
		t.Error("an address that is refused for good is tried again")
	}
	// A report that is unknown by now and restated stops nothing.
	if err := w.n.store.Conn().Exec(t.Context(), fmt.Sprintf("INSERT INTO restatements (month, unit_id, recorded_at) VALUES ('%s', %s, '2035-01-01 00:00:00')", month, sqlText(gone.ID))); err != nil {
		t.Fatal(err)
	}
	w.mails.Answer("RCPT", "")
	if list, err := w.n.restated(t.Context(), covered.Next(month)); err != nil || !slices.ContainsFunc(list, func(p schema.Publication) bool { return p.ScopeID == gone.ID }) {
		t.Fatalf("%d restated publications, %v", len(list), err)
	}
	if !round(newReportRun(slot), 6*time.Hour) || len(w.mails.Mails()) == sent {
		t.Errorf("%d mails beside a report about an unknown unit", len(w.mails.Mails())-sent)
	}
}

// ids lists the cost centres of a month.
func ids(t *testing.T, n *Node, month schema.Day) (out []string) {
	t.Helper()
	b, err := n.monthly(t.Context(), month)
	if err != nil {
		t.Fatal(err)
	}
	all, err := b.scopes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		if s.Kind == report.ScopeCostCentre {
			out = append(out, s.ID)
		}
	}
	return out
}
