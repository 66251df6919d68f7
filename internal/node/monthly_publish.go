package node

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"linesman/dashboards/report"
	"linesman/internal/broker"
	"linesman/processors/store"
	"linesman/schema"
)

// Reasons of a publication.
const (
	publishByHand    = "by_hand"
	publishScheduled = "schedule"
)

// published is what the log holds of a publication beside its columns: everything that its
// documents are made of, so that the same bytes can be made again.
type publishedReport struct {
	Report report.Report      `json:"report"`         // as the data said then
	Note   *report.Correction `json:"note,omitempty"` // of a correction note
	PDF    string             `json:"pdf"`            // SHA-256 of the PDF
	HTML   string             `json:"html"`           // and of the HTML
}

// publication is one that was published, with what it is made of.
type publication struct {
	schema.Publication
	publishedReport
}

func publicationID(month schema.Day, s report.Scope, lang string) schema.ID {
	return schema.NewID("publication", "monthly-report", month.String(), s.Kind, s.ID, lang)
}

// publicationsStored waits until the store shows the publications that are in the log.
func (n *Node) publicationsStored(ctx context.Context) error {
	_, next, err := n.broker.Offsets(ctx, schema.TopicPublications, 0)
	if err != nil {
		return err
	}
	return caseWaiter{n}.WaitStored(ctx, schema.TopicPublications, 0, uint64(next))
}

// published lists what was published under an id: the report, then its correction notes. Of two with
// the same revision the first in the log holds.
func (n *Node) published(ctx context.Context, id schema.ID) ([]publication, error) {
	all, err := n.publications(ctx, fmt.Sprintf("publication_id = unhex('%s') AND kind IN ('report', 'correction')", id))
	if err != nil {
		return nil, err
	}
	slices.SortFunc(all, func(a, b publication) int {
		return cmp.Or(cmp.Compare(a.Revision, b.Revision), cmp.Compare(a.Offset, b.Offset))
	})
	return slices.CompactFunc(all, func(a, b publication) bool { return a.Revision == b.Revision }), nil
}

func (n *Node) publications(ctx context.Context, where string) ([]publication, error) {
	var out []publication
	err := store.Scan(ctx, n.store, schema.PublicationTable(), "media_type = 'text/html' AND ("+where+")", func(p *schema.Publication) error {
		one := publication{Publication: *p}
		if err := json.Unmarshal([]byte(p.Figures), &one.publishedReport); err != nil {
			return fmt.Errorf("the figures of publication %s: %w", p.Name, err)
		}
		out = append(out, one)
		return nil
	})
	return out, err
}

// follow publishes a report for the first time, or a correction note where the data say something
// else than what was published last, if that is wanted; and looks after the files.
func (b *monthlyBase) follow(ctx context.Context, out *MonthlyReport, r *report.Report, chain []publication, req MonthlyRequest, reason string) error {
	if len(chain) > 0 {
		last := &chain[len(chain)-1]
		out.State, out.Revision = MonthlyUnchanged, last.Revision
		if out.Changes = report.Compare(last.Report.Figures, r.Figures); len(out.Changes) > 0 {
			out.State = MonthlyChanged
		}
	}
	if req.Publish && (len(chain) == 0 || len(out.Changes) > 0) {
		p, err := b.publish(ctx, r, chain, out.Changes, reason, req.at)
		if err != nil {
			return err
		}
		chain = append(chain, p)
		if out.State, out.Revision = MonthlyPublished, p.Revision; p.Revision > 0 {
			out.State = MonthlyCorrected
		}
	}
	for i := range chain {
		problem, err := b.n.keepFiles(ctx, &chain[i], req.Publish)
		if err != nil {
			return err
		}
		if problem != "" {
			out.Problems = append(out.Problems, problem)
		}
	}
	last := &chain[len(chain)-1]
	out.Name, _ = strings.CutSuffix(last.Name, ".html")
	if req.Content {
		if err := out.attach(last); err != nil {
			return err
		}
	}
	if req.Mail {
		out.Mail = b.mail(ctx, last, req.at)
	}
	return nil
}

// mail sends a publication, unless the mail server was found not to be there: then it is not asked for each.
func (b *monthlyBase) mail(ctx context.Context, p *publication, now time.Time) string {
	if b.noMail != "" {
		return "not tried: " + b.noMail
	}
	m := b.n.mailReport(ctx, p, now)
	if m.away {
		b.noMail = m.said
	}
	return m.said
}

// attach puts the documents of a publication into the answer.
func (m *MonthlyReport) attach(p *publication) error {
	doc, err := p.render()
	m.HTML, m.PDF = doc.HTML, doc.PDF
	return err
}

// render makes the documents of a publication again from what the log holds of it.
func (p *publication) render() (report.Rendered, error) {
	t, err := textsIn(p.Language)
	if err != nil {
		return report.Rendered{}, err
	}
	if p.Note != nil {
		return report.RenderCorrection(p.Note, &p.Report, t)
	}
	return report.Render(&p.Report, t)
}

// publish appends a publication to the log. The files come afterwards: they can always be made again
// from the log, and a file without a publication would be taken for one.
func (b *monthlyBase) publish(ctx context.Context, r *report.Report, chain []publication, changes []report.Change, reason string, now time.Time) (publication, error) {
	r.Published = schema.DayOf(schema.TimeOf(now), b.zone).String()
	p := publication{publishedReport: publishedReport{Report: *r}}
	p.Publication = schema.Publication{PublicationID: publicationID(b.month, r.Scope, r.Language), Kind: schema.PublicationReport, Month: b.month, ScopeKind: r.Scope.Kind, ScopeID: r.Scope.ID,
		Language: r.Language, MediaType: "text/html", Reason: reason, PublishedAt: schema.TimeOf(now)}
	if len(chain) > 0 {
		last := &chain[len(chain)-1]
		p.Kind, p.Revision = schema.PublicationCorrection, last.Revision+1
		causes, err := b.causes(ctx, r.Scope, last.PublishedAt)
		if err != nil {
			return p, err
		}
		first, _ := strings.CutSuffix(chain[0].Name, ".html")
		p.Note = &report.Correction{Revision: p.Revision, Of: first, Since: last.Report.Published, Changes: changes, Causes: causes}
	}
	p.Name = report.Name(r.Scope, r.Month, r.Language, p.Revision) + ".html"
	doc, err := p.render()
	if err != nil {
		return p, err
	}
	html, pdf := sha256.Sum256(doc.HTML), sha256.Sum256(doc.PDF)
	p.HTML, p.PDF, p.ContentID = hex.EncodeToString(html[:]), hex.EncodeToString(pdf[:]), schema.ID(html[:16])
	raw, err := json.Marshal(p.publishedReport)
	if err != nil {
		return p, fmt.Errorf("writing down the figures: %w", err)
	}
	p.Figures = string(raw)
	figures, err := json.Marshal(r.Figures)
	if err != nil {
		return p, fmt.Errorf("writing down the figures: %w", err)
	}
	// The moment is part of the event's id: of two instances that publish the same, each has an event of its own, so that
	// the later one never takes the place of the earlier one in the store.
	p.EventID = schema.NewID("publication-event", p.PublicationID.String(), fmt.Sprint(p.Revision), string(figures), strconv.FormatInt(now.UnixNano(), 10))
	if err := b.n.appendPublication(ctx, &p.Publication); err != nil {
		return p, err
	}
	// Another instance may have been first: what holds is what the log has first.
	held, err := b.n.published(ctx, p.PublicationID)
	if err != nil {
		return p, err
	}
	for _, h := range held {
		if h.Revision == p.Revision {
			b.n.log.Info("a monthly report was published", "name", h.Name, "kind", h.Kind, "reason", reason)
			return h, nil
		}
	}
	return p, fmt.Errorf("publication %s is in the log, but the store does not show it", p.Name)
}

// appendPublication appends to the log and waits until the store shows it.
func (n *Node) appendPublication(ctx context.Context, p *schema.Publication) error {
	// Once it is in the log it counts: it is done to the end even if who asked has gone.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Minute)
	defer cancel()
	rec := broker.Record{Key: p.PublicationID[:], Value: schema.NewEncoder(schema.PublicationTable()).Append(nil, p), Time: p.PublishedAt.UTC(),
		Headers: []broker.Header{{Key: schema.HeaderVersion, Value: []byte(schema.Version)}, {Key: schema.HeaderType, Value: []byte("Publication")}}}
	at, err := n.broker.Produce(ctx, schema.TopicPublications, 0, []broker.Record{rec})
	if err != nil {
		return fmt.Errorf("publishing %s: %w", p.Name, err)
	}
	if err := (caseWaiter{n}).WaitStored(ctx, schema.TopicPublications, 0, uint64(at)+1); err != nil {
		return fmt.Errorf("waiting until publication %s is stored: %w", p.Name, err)
	}
	return nil
}

// keepFiles looks whether the files of a publication are as they were published, and writes again what
// is not, if that is wanted and the same bytes can be made.
func (n *Node) keepFiles(ctx context.Context, p *publication, write bool) (problem string, err error) {
	base, _ := strings.CutSuffix(p.Name, ".html")
	var doc *report.Rendered
	var said []string
	for _, f := range [...]struct{ ending, sum string }{{".html", p.HTML}, {".pdf", p.PDF}} {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		path := filepath.Join(n.cfg.ReportFolder(), base+f.ending)
		have, err := os.ReadFile(path)
		switch {
		case err == nil && digest(have) == f.sum:
			continue
		case err == nil:
			said = append(said, base+f.ending+": was altered after it was published")
		case !errors.Is(err, os.ErrNotExist):
			return "", fmt.Errorf("reading a published report: %w", err)
		case !write:
			said = append(said, base+f.ending+": is missing")
		}
		if !write {
			continue
		}
		if doc == nil {
			got, err := p.render()
			if err != nil {
				return "", err
			}
			doc = &got
		}
		content := doc.HTML
		if f.ending == ".pdf" {
			content = doc.PDF
		}
		if digest(content) != f.sum {
			said = append(said, base+f.ending+": this version of the program cannot make the same bytes again, and leaves it as it is")
			continue
		}
		if err := writeReport(path, content); err != nil {
			return "", err
		}
		if have != nil {
			said = append(said, base+f.ending+": was written again as it was published")
		}
	}
	if len(said) > 0 {
		n.log.Warn("a published report is not as it was published", "what", strings.Join(said, "; "))
	}
	return strings.Join(said, "; "), nil
}

func digest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// writeReport writes a file as a whole or not at all.
func writeReport(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return fmt.Errorf("making the folder of reports: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".report-*")
	if err != nil {
		return fmt.Errorf("writing a report: %w", err)
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Chmod(0o640), f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("writing a report: %w", errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}

// causes reads why figures of the month moved since something was published.
func (b *monthlyBase) causes(ctx context.Context, s report.Scope, since schema.Time) ([]report.Cause, error) {
	q := monthlySQL{scope: s}
	sql := fmt.Sprintf("SELECT toString(causes), toString(unit_id), toString(cost_centre), toString(cost_before), toString(cost_after), toUnixTimestamp64Milli(recorded_at) FROM restatements WHERE %smonth = '%s' AND recorded_at >= fromUnixTimestamp64Milli(%d) ORDER BY log_offset",
		q.within(), b.month, int64(since))
	var out []report.Cause
	err := b.each(ctx, sql, func(rows driver.Rows) error {
		var causes, unit string
		var c report.Cause
		var at int64
		if err := rows.Scan(&causes, &unit, &c.Centre, &c.Before, &c.After, &at); err != nil {
			return err
		}
		c.Day, c.Causes, c.Unit = schema.DayOf(schema.Time(at), b.zone).String(), strings.Split(causes, ","), cmp.Or(b.units[unit].name, unit)
		out = append(out, c)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading why figures moved: %w", err)
	}
	return out, nil
}
