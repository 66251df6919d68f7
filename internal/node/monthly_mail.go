package node

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"linesman/dashboards/report"
	"linesman/internal/mail"
	"linesman/processors/store"
	"linesman/schema"
)

// What became of the mail with a report.
const (
	mailedNow    = "sent"
	mailedBefore = "before" // it was sent to this address before, and is not sent again
	mailedNobody = "nobody" // nobody is named for it
)

// mailID identifies that a publication went to an address: with a keyed hash, so that the address cannot be
// guessed from it.
func (n *Node) mailID(p *publication, to string) schema.ID {
	return schema.NewID("publication-mailed", p.EventID.String(), n.key.Row([]byte(to)).String())
}

// MailSettled tells that no mail is missing: it was sent, now or before, or nobody is named for it, or none was asked for.
func (m *MonthlyReport) MailSettled() bool {
	switch m.Mail {
	case "", mailedNow, mailedBefore, mailedNobody:
		return true
	}
	return false
}

// mailed is what became of a mail.
type mailed struct {
	said  string // one of the words above, or why it was not sent; it names no person
	final bool   // nothing is to be done about it any more: it was sent, or never will be
	away  bool   // the mail server is not there: no other mail is tried now
}

// mailReport sends a publication to who is named for it, once.
func (n *Node) mailReport(ctx context.Context, p *publication, now time.Time) mailed {
	to := n.cfg.Reports.Address(p.ScopeKind, p.ScopeID)
	if to == "" {
		return mailed{said: mailedNobody, final: true}
	}
	id := n.mailID(p, to)
	var sent uint64
	if err := n.store.Conn().QueryRow(store.Exact(ctx), fmt.Sprintf("SELECT count() FROM publications WHERE publication_id = unhex('%s') AND event_id = unhex('%s')", p.PublicationID, id)).Scan(&sent); err != nil {
		return mailed{said: fmt.Sprintf("asking whether it was sent before: %v", err)}
	}
	if sent > 0 {
		return mailed{said: mailedBefore, final: true}
	}
	m, err := n.reportMail(p, to, now)
	if err == nil {
		err = n.sendReport(ctx, m)
	}
	if err != nil {
		n.log.Warn("a monthly report was not mailed", "name", p.Name, "to", mail.Masked(to), "error", err)
		var refused *mail.Error
		known := errors.As(err, &refused)
		return mailed{said: err.Error(), final: known && refused.Permanent, away: known && refused.Unreachable}
	}
	n.log.Info("a monthly report was mailed", "name", p.Name, "to", mail.Masked(to))
	note := schema.Publication{EventID: id, PublicationID: p.PublicationID, Kind: schema.PublicationMailed, Revision: p.Revision, Month: p.Month, ScopeKind: p.ScopeKind, ScopeID: p.ScopeID,
		Language: p.Language, Name: p.Name, MediaType: p.MediaType, ContentID: p.ContentID, Reason: "mail", PublishedAt: schema.TimeOf(now)}
	if err := n.appendPublication(ctx, &note); err != nil {
		n.log.Error("a monthly report was mailed, but the log does not have it: after a restart it may be mailed again", "error", err)
	}
	return mailed{said: mailedNow, final: true}
}

func (n *Node) sendReport(ctx context.Context, m mail.Message) error {
	s, err := n.mailSender()
	if err != nil {
		return err
	}
	return s.Send(ctx, m)
}

// reportMail writes the mail with a publication.
func (n *Node) reportMail(p *publication, to string, now time.Time) (mail.Message, error) {
	doc, err := n.documents(p)
	if err != nil {
		return mail.Message{}, err
	}
	t, err := textsIn(p.Language)
	if err != nil {
		return mail.Message{}, err
	}
	base, _ := strings.CutSuffix(p.Name, ".html")
	month := t.Month(p.Month.At(time.UTC))
	subject, body := t.T("report.mail.subject", "month", month, "scope", doc.Subtitle), t.T("report.mail.body", "month", month, "scope", doc.Subtitle)
	if p.Note != nil {
		subject = t.T("report.mail.subject_note", "month", month, "scope", doc.Subtitle)
		body = t.T("report.mail.note", "month", month, "scope", doc.Subtitle, "n", strconv.Itoa(len(p.Note.Changes)))
	} else if now, ok := p.Report.Figure(report.FigureCost).Decimal(); ok {
		body += "\n\n" + t.T("report.mail.cost", "cost", t.Number(now, 2))
		if before, ok := p.Report.Figure(report.FigurePrevious).Decimal(); ok && before.Sign() > 0 {
			percent := now.Sub(before).Mul(decimal.NewFromInt(100)).DivRound(before, 6)
			body += "\n" + t.T("report.mail.against", "before", t.Number(before, 2), "percent", t.Number(percent, 1)+"\u00a0%")
		}
	}
	body += "\n\n" + t.T("report.mail.end") + "\n"
	if n.cfg.Organisation != "" {
		body += "\n" + n.cfg.Organisation + "\n"
	}
	id := n.mailID(p, to)
	return mail.Message{To: to, Subject: subject, Body: body, ID: "report-" + hex.EncodeToString(id[:12]), At: now, Files: []mail.File{
		{Name: base + ".pdf", MediaType: "application/pdf", Content: doc.PDF}, {Name: base + ".html", MediaType: "text/html", Content: doc.HTML}}}, nil
}

// documents gives the documents of a publication exactly as they were published: made again, or, where this version
// of the program makes other bytes, from the folder.
func (n *Node) documents(p *publication) (report.Rendered, error) {
	doc, err := p.render()
	if err != nil {
		return doc, err
	}
	base, _ := strings.CutSuffix(p.Name, ".html")
	for _, f := range [...]struct {
		ending, sum string
		content     *[]byte
	}{{".html", p.HTML, &doc.HTML}, {".pdf", p.PDF, &doc.PDF}} {
		if digest(*f.content) == f.sum {
			continue
		}
		if *f.content, err = os.ReadFile(filepath.Join(n.cfg.ReportFolder(), base+f.ending)); err != nil {
			return doc, fmt.Errorf("reading a published report: %w", err)
		}
		if digest(*f.content) != f.sum {
			return doc, fmt.Errorf("%s%s is not as it was published, and this version of the program cannot make it again", base, f.ending)
		}
	}
	return doc, nil
}
