package node

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"linesman/dashboards/report"
	"linesman/internal/config"
	"linesman/internal/demo"
	"linesman/internal/mail/mailtest"
	"linesman/processors/subscriptions"
	"linesman/schema"
)

// Reports are due on a day of each month at an hour of the zone: on the last day of a month that is too short,
// also when the clock is moved.
func TestScheduleOfMonthlyReports(t *testing.T) {
	const form = "2006-01-02T15:04Z07:00"
	for _, c := range []struct {
		day, hour         int
		now               string // UTC
		last, next, month string
	}{
		{5, 7, "2026-03-05T05:59Z", "2026-02-05T07:00+01:00", "2026-03-05T07:00+01:00", "2026-01-01"},
		{5, 7, "2026-03-05T06:00Z", "2026-03-05T07:00+01:00", "2026-04-05T07:00+02:00", "2026-02-01"},
		{31, 7, "2026-02-28T06:00Z", "2026-02-28T07:00+01:00", "2026-03-31T07:00+02:00", "2026-01-01"},
		{31, 7, "2026-03-01T00:00Z", "2026-02-28T07:00+01:00", "2026-03-31T07:00+02:00", "2026-01-01"},
		{31, 0, "2026-04-29T22:00Z", "2026-04-30T00:00+02:00", "2026-05-31T00:00+02:00", "2026-03-01"},
		{30, 7, "2028-02-29T12:00Z", "2028-02-29T07:00+01:00", "2028-03-30T07:00+02:00", "2028-01-01"},
		{29, 2, "2026-03-29T00:59Z", "2026-02-28T02:00+01:00", "2026-03-29T03:00+02:00", "2026-01-01"}, // there is no two o'clock
		{29, 2, "2026-03-29T01:00Z", "2026-03-29T03:00+02:00", "2026-04-29T02:00+02:00", "2026-02-01"},
		{25, 2, "2026-10-25T01:00Z", "2026-10-25T02:00+01:00", "2026-11-25T02:00+01:00", "2026-09-01"}, // two o'clock comes twice: the second time
		{1, 0, "2026-12-31T23:00Z", "2027-01-01T00:00+01:00", "2027-02-01T00:00+01:00", "2026-12-01"},
		{1, 23, "2027-01-01T12:00Z", "2026-12-01T23:00+01:00", "2027-01-01T23:00+01:00", "2026-11-01"},
	} {
		s, err := newMonthlySchedule(&config.Reports{Day: c.day, Hour: c.hour}, "Europe/Stockholm")
		if err != nil {
			t.Fatal(err)
		}
		now, err := time.Parse(form, c.now)
		if err != nil {
			t.Fatal(err)
		}
		last, next := s.around(now)
		if last.Format(form) != c.last || next.Format(form) != c.next || s.monthOf(last).String() != c.month {
			t.Errorf("day %d at %d, at %s: %s and %s, about %s", c.day, c.hour, c.now, last.Format(form), next.Format(form), s.monthOf(last))
		}
	}
}

// monthlyWorld is a demo region, and what comes later.
type monthlyWorld struct {
	*testing.T
	n     *Node
	cfg   config.Config
	wave  string
	truth demo.Amended
	mails *mailtest.Server
}

func newMonthlyWorld(t *testing.T) *monthlyWorld {
	t.Helper()
	region := t.TempDir()
	w := &monthlyWorld{T: t, cfg: testConfig(t), wave: t.TempDir(), mails: mailtest.Start(t, "none")}
	if _, err := demo.Generate(t.Context(), demo.Config{Dir: region, Size: demo.Small, Seed: 1}); err != nil {
		t.Fatal(err)
	}
	var err error
	if w.truth, err = demo.Amendments(w.wave, 1); err != nil {
		t.Fatal(err)
	}
	w.cfg.Organisation = "Region Norrvik"
	w.cfg.Mail.Host, w.cfg.Mail.Port, w.cfg.Mail.TLS, w.cfg.Mail.From, w.cfg.Mail.Default = "127.0.0.1", w.mails.Port(), "none", "linesman@example.se", "telefoni@example.se"
	w.n = openNode(t, w.cfg)
	running(t, w.n, RunOptions{}, func(ctx context.Context, _ string) {
		if err := w.n.Feed(ctx, region, nil); err != nil {
			t.Error(err)
		}
	})
	return w
}

// later collects the second wave: what cancels, corrects, comes late or states something about the past.
func (w *monthlyWorld) later() {
	w.Helper()
	for _, f := range deliveries(w.T, w.wave) {
		raw, err := os.ReadFile(f.path)
		if err != nil {
			w.Fatal(err)
		}
		if _, err := w.n.Collect(w.Context(), CollectRequest{Collector: f.collector, Name: filepath.Base(f.path), Size: int64(len(raw))}, bytes.NewReader(raw)); err != nil {
			w.Fatal(err)
		}
	}
	if err := w.n.CatchUp(w.Context(), nil); err != nil {
		w.Fatal(err)
	}
}

func (w *monthlyWorld) monthly(req MonthlyRequest) Monthly {
	w.Helper()
	got, err := w.n.Monthly(w.Context(), req)
	if err != nil {
		w.Fatal(err)
	}
	return got
}

// moved is a month that the second wave moves, whole in the data.
func (w *monthlyWorld) moved() demo.CostMove {
	w.Helper()
	for _, c := range w.truth.Costs {
		if c.Before != c.After && c.CostCentre != "" && c.Unit != "" {
			return c
		}
	}
	w.Fatal("the second wave moves nothing")
	return demo.CostMove{}
}

// TestMonthlyReports is the story of reports: each figure is what its query gives, what is published does not change,
// and later data give a correction note.
func TestMonthlyReports(t *testing.T) {
	w := newMonthlyWorld(t)
	move := w.moved()
	month, err := schema.ParseDay(move.Month + "-01")
	if err != nil {
		t.Fatal(err)
	}
	t.Run("figures", func(t *testing.T) { w.checkFigures(t, month, move) })
	t.Run("unused", func(t *testing.T) { w.checkUnused(t) })
	t.Run("unknown", func(t *testing.T) {
		if _, err := w.n.Monthly(t.Context(), MonthlyRequest{CostCentre: "no such"}); err == nil || !strings.Contains(err.Error(), "no such") {
			t.Errorf("error %v", err)
		}
	})
	t.Run("published", func(t *testing.T) { w.checkPublished(t, month, move) })
	w.later()
	t.Run("corrected", func(t *testing.T) { w.checkCorrected(t, month, move) })
	t.Run("mail", func(t *testing.T) { w.checkMail(t, month, move) })
	t.Run("schedule", func(t *testing.T) { w.checkSchedule(t, month, move) })
	t.Run("rebuild", func(t *testing.T) {
		before := ask(t, w.n, "SELECT count(), sum(sipHash64(*)) FROM publications")
		if _, err := w.n.Rebuild(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if after := ask(t, w.n, "SELECT count(), sum(sipHash64(*)) FROM publications"); after != before {
			t.Errorf("publications after a rebuild: %s, before %s", after, before)
		}
	})
}

// checkFigures runs every query of reports and compares it with the figure.
func (w *monthlyWorld) checkFigures(t *testing.T, month schema.Day, move demo.CostMove) {
	b, err := w.n.monthly(t.Context(), month)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []report.Scope{{Kind: report.ScopeAll}, {Kind: report.ScopeCostCentre, ID: move.CostCentre}, {Kind: report.ScopeUnit, ID: move.Unit}} {
		began := time.Now()
		r, err := b.build(t.Context(), s, "sv")
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s %s: %d figures in %s", s.Kind, s.ID, len(r.Figures), time.Since(began).Round(time.Millisecond))
		queries, told := 0, 0
		for _, f := range r.Figures {
			if f.Query == "" {
				if f.Command == "" {
					t.Errorf("figure %s has neither query nor command", f.ID)
				}
				continue
			}
			queries++
			if got := ask(t, w.n, f.Query); got != f.Value {
				t.Errorf("%s: figure %s is %q, its query gives %q\n%s", s.Kind, f.ID, f.Value, got, f.Query)
			}
			if d, ok := f.Decimal(); ok && !d.IsZero() {
				told++
			}
		}
		if queries < 20 || told < 10 {
			t.Errorf("%s: only %d queries, %d figures that are not 0", s.Kind, queries, told)
		}
		for what, list := range map[string][]report.Row{"services": r.Services, "parts": r.Parts} {
			if len(list) == 0 {
				t.Errorf("%s: no %s", s.Kind, what)
			}
			for column, total := range map[string]string{"now": report.FigureCost, "before": report.FigurePrevious} {
				sum := decimal.Decimal{}
				for _, row := range list {
					id := row.Now
					if column == "before" {
						id = row.Before
					}
					d, _ := r.Figure(id).Decimal()
					sum = sum.Add(d)
				}
				if all, _ := r.Figure(total).Decimal(); !sum.Equal(all) {
					t.Errorf("%s: %s %s add up to %s, not to %s", s.Kind, what, column, sum, all)
				}
			}
		}
		w.noPersons(t, r)
	}
}

// noPersons looks for pseudonyms of lines and holders.
func (w *monthlyWorld) noPersons(t *testing.T, r *report.Report) {
	text, err := textsIn("en")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := report.Render(r, text)
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range strings.FieldsFunc(string(doc.HTML), func(r rune) bool { return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') }) {
		if len(word) == 14 && (word[0] == 'L' || word[0] == 'P') && word == strings.ToUpper(word) {
			t.Errorf("the report holds %s", word)
		}
	}
}

// checkUnused holds the figure of unused lines against the follow-up of subscriptions.
func (w *monthlyWorld) checkUnused(t *testing.T) {
	b, err := w.n.monthly(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	r, err := b.build(t.Context(), report.Scope{Kind: report.ScopeAll}, "en")
	if err != nil {
		t.Fatal(err)
	}
	all, err := w.n.Subscriptions(t.Context(), SubscriptionsRequest{AsOf: b.month})
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprint(all.Total.Asked[subscriptions.Unused])
	if got := r.Figure(report.FigureUnused); got == nil || got.Value != want || want == "0" {
		t.Errorf("unused lines %+v, the follow-up says %s", got, want)
	}
}

func (w *monthlyWorld) file(name string) []byte {
	w.Helper()
	raw, err := os.ReadFile(filepath.Join(w.cfg.ReportFolder(), name))
	if err != nil {
		w.Fatal(err)
	}
	return raw
}

func (w *monthlyWorld) checkPublished(t *testing.T, month schema.Day, move demo.CostMove) {
	req := MonthlyRequest{Month: month, CostCentre: move.CostCentre, Languages: []string{"sv", "en"}, Content: true}
	if draft := w.monthly(req); draft.Reports[0].State != MonthlyDraft || !bytes.Contains(draft.Reports[0].HTML, []byte("Utkast")) {
		t.Errorf("draft: %s", draft.Reports[0].State)
	}
	if got := ask(t, w.n, "SELECT count() FROM publications"); got != "0" {
		t.Fatalf("drafts published %s", got)
	}
	req.Publish = true
	first := w.monthly(req)
	second := w.monthly(req)
	if got := ask(t, w.n, "SELECT count(), uniqExact(publication_id) FROM publications"); got != "2\t2" {
		t.Errorf("publications: %s", got)
	}
	for i := range first.Reports {
		a, b := &first.Reports[i], &second.Reports[i]
		if a.State != MonthlyPublished || b.State != MonthlyUnchanged || a.Revision != 0 || len(b.Problems) > 0 || !bytes.Equal(a.HTML, b.HTML) || !bytes.Equal(a.PDF, b.PDF) || bytes.Contains(a.HTML, []byte("class=\"draft\"")) {
			t.Errorf("%s: %s and %s, problems %v", a.Name, a.State, b.State, b.Problems)
		}
		if !bytes.Equal(w.file(a.Name+".html"), a.HTML) || !bytes.Equal(w.file(a.Name+".pdf"), a.PDF) {
			t.Errorf("%s: the files are not what was published", a.Name)
		}
	}
	if want := "monthly-" + move.Month + "-cc-" + move.CostCentre + "-sv"; first.Reports[0].Name != want {
		t.Errorf("name %s, want %s", first.Reports[0].Name, want)
	}
	// What is altered is noticed, and written again as it was.
	path := filepath.Join(w.cfg.ReportFolder(), first.Reports[0].Name+".html")
	if err := os.WriteFile(path, []byte("0 kr"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(w.cfg.ReportFolder(), first.Reports[1].Name+".pdf")); err != nil {
		t.Fatal(err)
	}
	list, err := w.n.PublishedReports(t.Context(), PublishedFilter{Month: month})
	if err != nil {
		t.Fatal(err)
	}
	told := fmt.Sprint(list)
	if !strings.Contains(told, "sv.html: was altered") || !strings.Contains(told, "en.pdf: is missing") {
		t.Errorf("altered files: %s", told)
	}
	third := w.monthly(req)
	if len(third.Reports[0].Problems) == 0 || !bytes.Equal(w.file(first.Reports[0].Name+".html"), first.Reports[0].HTML) || !bytes.Equal(w.file(first.Reports[1].Name+".pdf"), first.Reports[1].PDF) {
		t.Errorf("after publishing again: %v", third.Reports[0].Problems)
	}
}

func (w *monthlyWorld) checkCorrected(t *testing.T, month schema.Day, move demo.CostMove) {
	req := MonthlyRequest{Month: month, CostCentre: move.CostCentre, Languages: []string{"sv"}, Content: true}
	name := "monthly-" + move.Month + "-cc-" + move.CostCentre + "-sv"
	before := w.file(name + ".html")
	told := w.monthly(req).Reports[0]
	if told.State != MonthlyChanged || len(told.Changes) == 0 {
		t.Fatalf("after later data: %s, %d changes", told.State, len(told.Changes))
	}
	req.Publish = true
	note := w.monthly(req).Reports[0]
	if note.State != MonthlyCorrected || note.Revision != 1 || note.Name != name+"-correction-1" {
		t.Fatalf("%s %d %s", note.State, note.Revision, note.Name)
	}
	if !bytes.Equal(w.file(name+".html"), before) {
		t.Error("the published report changed")
	}
	held, err := w.n.published(t.Context(), publicationID(month, report.Scope{Kind: report.ScopeCostCentre, ID: move.CostCentre}, "sv"))
	if err != nil || len(held) != 2 {
		t.Fatalf("%d publications, %v", len(held), err)
	}
	was, is := schema.Money(0), schema.Money(0)
	for _, c := range w.truth.Costs { // what the generator says moved in this cost centre's month
		if c.Month == move.Month && c.CostCentre == move.CostCentre {
			a, _ := schema.ParseMoney(c.Before)
			b, _ := schema.ParseMoney(c.After)
			was, is = was+a, is+b
		}
	}
	change := decimal.Decimal{}
	for _, c := range held[1].Note.Changes {
		if c.ID == report.FigureCost {
			a, _ := decimal.NewFromString(c.Before)
			b, _ := decimal.NewFromString(c.After)
			change = b.Sub(a)
		}
	}
	if want := decimal.New(int64(is-was), -6); !change.Equal(want) || want.IsZero() {
		t.Errorf("the note says that cost moved by %s, the truth says %s", change, want)
	}
	if len(held[1].Note.Causes) == 0 || !bytes.Contains(note.HTML, []byte(move.CostCentre)) {
		t.Error("the note says no causes")
	}
	again := w.monthly(req).Reports[0]
	if again.State != MonthlyUnchanged || again.Revision != 1 || !bytes.Equal(again.HTML, note.HTML) || !bytes.Equal(again.PDF, note.PDF) {
		t.Errorf("published again: %s %d", again.State, again.Revision)
	}
}
