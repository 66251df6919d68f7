package node

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"linesman/dashboards/report"
	"linesman/internal/config"
	"linesman/internal/demo"
	"linesman/processors/covered"
	"linesman/schema"
)

// checkMail runs the schedule: what it publishes is mailed once, also after a restart, and what failed is tried again.
func (w *monthlyWorld) checkMail(t *testing.T, month schema.Day, move demo.CostMove) {
	w.n.cfg.Reports.Recipients = config.Values{move.CostCentre: "ekonomi@example.se", move.Unit: "chef@example.se"}
	w.n.cfg.Reports.Scopes = config.List{report.ScopeCostCentre, report.ScopeUnit}
	w.n.cfg.Reports.Day = 5
	s, err := newMonthlySchedule(&w.n.cfg.Reports, w.n.cfg.Zone)
	if err != nil {
		t.Fatal(err)
	}
	// The clock of the test is the present: reports are published as of now.
	slot := time.Now().Add(-time.Hour)
	s.zone = time.UTC
	run := newReportRun(slot)
	round := func() bool {
		t.Helper()
		over := false
		err := w.n.publishing(t.Context(), true, func(ctx context.Context) (err error) {
			over, err = w.n.mailRound(ctx, month, run, time.Now())
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return over
	}
	w.mails.Answer("DATA", "451 later")
	if round() || len(w.mails.Mails()) != 0 {
		t.Error("a mail that was refused counts as sent")
	}
	w.mails.Answer("DATA", "")
	if !round() {
		t.Error("mails were not sent")
	}
	first := len(w.mails.Mails())
	if first != 2 { // the report and its correction note
		t.Fatalf("%d mails", first)
	}
	if !round() || len(w.mails.Mails()) != first {
		t.Error("mails were sent twice")
	}
	if got := ask(t, w.n, "SELECT count() FROM publications WHERE kind = 'mailed' AND position(figures || name || reason || scope_id, '@') > 0"); got != "0" {
		t.Error("the log holds an address")
	}
	one := w.mails.Mails()[0]
	for _, want := range []string{"<ekonomi@example.se>", "application/pdf", "text/html", "multipart/mixed", `name="monthly-` + move.Month + "-cc-" + move.CostCentre + `-sv.pdf"`} {
		if !strings.Contains(one.To+one.Data, want) {
			t.Errorf("the mail lacks %s", want)
		}
	}
	got := w.monthly(MonthlyRequest{Month: month, Unit: move.Unit, Languages: []string{"en"}, Publish: true, Mail: true}).Reports[0]
	if got.Mail != mailedNow || len(w.mails.Mails()) != first+1 {
		t.Errorf("by hand: %s", got.Mail)
	}
	if got := w.monthly(MonthlyRequest{Month: month, Unit: move.Unit, Languages: []string{"en"}, Publish: true, Mail: true}).Reports[0]; got.Mail != mailedBefore {
		t.Errorf("by hand again: %s", got.Mail)
	}

}

// checkSchedule publishes the month after by the clock: what was restated since it was published gets its note
// then, and nothing is done twice.
func (w *monthlyWorld) checkSchedule(t *testing.T, month schema.Day, move demo.CostMove) {
	w.n.cfg.Reports.Scopes = config.List{report.ScopeCostCentre}
	s, err := newMonthlySchedule(&w.n.cfg.Reports, w.n.cfg.Zone)
	if err != nil {
		t.Fatal(err)
	}
	next := covered.Next(month)
	_, slot := s.around(covered.Next(next).At(time.UTC))
	if s.monthOf(slot) != next {
		t.Fatalf("at %s the month is %s", slot, s.monthOf(slot))
	}
	run := newReportRun(slot)
	round := func(now time.Time) (over bool) {
		t.Helper()
		err := w.n.publishing(t.Context(), true, func(ctx context.Context) (err error) {
			over, err = w.n.reportRound(ctx, s, run, now)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return over
	}
	english := publicationID(month, report.Scope{Kind: report.ScopeCostCentre, ID: move.CostCentre}, "en")
	if held, err := w.n.published(t.Context(), english); err != nil || len(held) != 1 {
		t.Fatalf("%d publications before, %v", len(held), err)
	}
	count := func() string {
		return ask(t, w.n, fmt.Sprintf("SELECT countIf(kind = 'report' AND month = '%[1]s' AND reason = 'schedule'), countIf(kind = 'report'), countIf(kind = 'correction'), countIf(kind = 'mailed') FROM publications", next))
	}
	mails := len(w.mails.Mails())
	if !round(slot.Add(time.Hour)) {
		t.Error("the round is not over")
	}
	centres := ask(t, w.n, fmt.Sprintf("SELECT uniqExact(cost_centre) FROM usage_daily WHERE cost_centre != '' AND local_day BETWEEN '%s' AND '%s'", next, covered.End(next)))
	first := count()
	if !strings.HasPrefix(first, centres+"\t") || centres == "0" {
		t.Errorf("published by the clock: %s, cost centres: %s", first, centres)
	}
	if held, err := w.n.published(t.Context(), english); err != nil || len(held) != 2 || held[1].Kind != schema.PublicationCorrection {
		t.Errorf("%d publications after a restatement, %v", len(held), err)
	}
	if got := len(w.mails.Mails()) - mails; got != 1 {
		t.Errorf("%d mails", got)
	}
	for _, now := range []time.Time{slot.Add(2 * time.Hour), slot.Add(72 * time.Hour)} {
		if !round(now) || count() != first || len(w.mails.Mails()) != mails+1 {
			t.Errorf("the same round again at %s: %s, before %s", now, count(), first)
		}
	}
	if err := w.n.publishing(t.Context(), true, func(ctx context.Context) error {
		_, err := w.n.reportRound(ctx, s, newReportRun(slot.AddDate(5, 0, 0)), slot.AddDate(5, 0, 0))
		return err
	}); !errors.Is(err, covered.ErrNoMonth) {
		t.Errorf("a month that data do not cover: %v", err)
	}
}
