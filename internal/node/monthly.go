package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"linesman/dashboards/messages"
	"linesman/dashboards/report"
	"linesman/schema"
)

// MonthlyRequest says which monthly reports are wanted.
type MonthlyRequest struct {
	Month      schema.Day `json:"month"` // a day of the month; 0: the newest whole month that the data cover
	CostCentre string     `json:"cost_centre,omitempty"`
	Unit       string     `json:"unit,omitempty"`
	All        bool       `json:"all"`       // the organisation, each cost centre and each unit; else without one of these the organisation alone
	Languages  []string   `json:"languages"` // empty: those of the configuration
	Publish    bool       `json:"publish"`   // fix them; what was published and changed gets a correction note
	Mail       bool       `json:"mail"`      // send what is published to who is named for it
	Content    bool       `json:"content"`   // answer with the documents themselves

	at        time.Time          // when it is published; zero: now
	scheduled bool               // about what the configuration says is published by itself
	onlyNew   bool               // what was published before is left as it is
	done      map[schema.ID]bool // publications that were looked after before, and are left alone; may be nil
}

// States of a monthly report.
const (
	MonthlyDraft     = "draft"     // made, not published
	MonthlyPublished = "published" // published now
	MonthlyUnchanged = "unchanged" // published before, and the data say the same
	MonthlyCorrected = "corrected" // published before; a correction note was published now
	MonthlyChanged   = "changed"   // published before; the data say something else, and nothing was published
)

// MonthlyReport is one report, or what became of it.
type MonthlyReport struct {
	Scope    report.Scope    `json:"scope"`
	Month    string          `json:"month"` // yyyy-mm
	Language string          `json:"language"`
	State    string          `json:"state"`
	Name     string          `json:"name"`               // of the files, without ending
	Revision uint32          `json:"revision"`           // 0: the report itself, else its newest correction note
	Changes  []report.Change `json:"changes,omitempty"`  // against what was published last
	Problems []string        `json:"problems,omitempty"` // with the files in the folder
	Mail     string          `json:"mail,omitempty"`     // sent, before, nobody; or why it was not sent
	HTML     []byte          `json:"html,omitempty"`
	PDF      []byte          `json:"pdf,omitempty"`
	Cost     string          `json:"cost"` // as the data say now
}

// Monthly are the reports of a month.
type Monthly struct {
	Month   string          `json:"month"`
	Folder  string          `json:"folder"` // of what is published
	Reports []MonthlyReport `json:"reports"`
}

// Monthly makes monthly reports, and publishes and mails them if wanted.
func (n *Node) Monthly(ctx context.Context, req MonthlyRequest) (out Monthly, err error) {
	if n.pipeline == nil {
		return out, ErrOnlyCollects
	}
	if req.Mail && !n.cfg.Mail.Configured() {
		return out, ErrNoMail
	}
	err = n.publishing(ctx, req.Publish || req.Mail, func(ctx context.Context) error {
		out, err = n.makeMonthly(ctx, req, publishByHand)
		return err
	})
	return out, err
}

// publishing does what may append to the log: the loops carry it to the store, or it is carried here.
func (n *Node) publishing(ctx context.Context, appends bool, do func(ctx context.Context) error) error {
	n.mu.Lock()
	serving := n.serving
	n.mu.Unlock()
	if serving || !appends {
		return do(ctx)
	}
	return n.exclusive(ctx, func(ctx context.Context) error {
		if err := n.openPipeline(ctx); err != nil {
			return err
		}
		if err := n.catchUp(ctx, nil); err != nil {
			return err
		}
		if err := do(ctx); err != nil {
			return err
		}
		return n.catchUp(ctx, nil)
	})
}

// wanted lists what the reports are to be about.
func (b *monthlyBase) wanted(ctx context.Context, req MonthlyRequest) ([]report.Scope, error) {
	switch {
	case req.CostCentre != "" && req.Unit != "":
		return nil, errors.New("a report is about a cost centre or about a unit: name one")
	case req.CostCentre != "":
		return []report.Scope{{Kind: report.ScopeCostCentre, ID: req.CostCentre}}, nil
	case req.Unit != "":
		return []report.Scope{{Kind: report.ScopeUnit, ID: req.Unit}}, nil
	case req.All:
		return b.scopes(ctx)
	}
	return []report.Scope{{Kind: report.ScopeAll}}, nil
}

// known refuses a scope of which nothing is known: a report about a word that was mistyped would say
// that it cost nothing.
func (b *monthlyBase) known(ctx context.Context, s report.Scope) error {
	if s.Kind == report.ScopeAll || b.names[s.ID] != "" && s.Kind == report.ScopeCostCentre || b.units[s.ID] != (unitAsOf{}) && s.Kind == report.ScopeUnit {
		return nil
	}
	was, err := b.publishedScopes(ctx) // what was published once is known, whatever reference data say now
	if err != nil || slices.ContainsFunc(was, func(x report.Scope) bool { return x.Kind == s.Kind && x.ID == s.ID }) {
		return err
	}
	all, err := b.scopes(ctx)
	if err != nil {
		return err
	}
	for _, x := range all {
		if x.Kind == s.Kind && x.ID == s.ID {
			return nil
		}
	}
	return fmt.Errorf("there is no %s %q: neither reference data nor usage of %s name it", strings.ReplaceAll(s.Kind, "_", " "), s.ID, b.month)
}

func (n *Node) makeMonthly(ctx context.Context, req MonthlyRequest, reason string) (Monthly, error) {
	if req.Publish || req.Mail { // drafts write nothing, and wait for nobody
		n.reporting.Lock()
		defer n.reporting.Unlock()
		if err := n.publicationsStored(ctx); err != nil {
			return Monthly{}, err
		}
	}
	if req.at.IsZero() {
		req.at = time.Now()
	}
	b, err := n.monthly(ctx, req.Month)
	if err != nil {
		return Monthly{}, err
	}
	out := Monthly{Month: b.month.String()[:len("2006-01")], Folder: n.cfg.ReportFolder()}
	scopes, err := b.wanted(ctx, req)
	if err != nil {
		return out, err
	}
	present := len(scopes)
	if req.All && req.Publish {
		was, err := b.publishedScopes(ctx)
		if err != nil {
			return out, err
		}
		for _, s := range was { // all its usage may have moved away since: that is what a note is for
			if s = b.named(s); !slices.Contains(scopes, s) {
				scopes = append(scopes, s)
			}
		}
	}
	languages := req.Languages
	if len(languages) == 0 {
		languages = n.cfg.Reports.Languages
	}
	var wrong []error
	for i, s := range scopes {
		if req.scheduled && !slices.Contains(n.cfg.Reports.Scopes, s.Kind) {
			continue
		}
		if err := b.known(ctx, s); err != nil {
			return out, err
		}
		for _, lang := range languages {
			one, err := b.one(ctx, s, lang, req, reason, i < present)
			switch {
			case errors.Is(err, errNothingPublished):
			case err == nil:
				out.Reports = append(out.Reports, one)
			case !req.scheduled || ctx.Err() != nil:
				return out, err
			default: // one report that cannot be made keeps no other from being published
				wrong = append(wrong, err)
			}
		}
	}
	return out, errors.Join(wrong...)
}

// errNothingPublished says that there is nothing to correct.
var errNothingPublished = errors.New("nothing is published")

// one makes a report, and publishes and mails it if wanted. Unless it may be the first, the error is
// errNothingPublished where none was published before: a report about nothing is only made to correct one.
func (b *monthlyBase) one(ctx context.Context, s report.Scope, lang string, req MonthlyRequest, reason string, first bool) (MonthlyReport, error) {
	id := publicationID(b.month, s, lang)
	chain, err := b.n.published(ctx, id)
	if err != nil {
		return MonthlyReport{}, err
	}
	if !first && len(chain) == 0 {
		return MonthlyReport{}, errNothingPublished
	}
	if (req.onlyNew || req.done[id]) && len(chain) > 0 {
		return MonthlyReport{Scope: b.named(s), Month: b.month.String()[:len("2006-01")], Language: lang, State: MonthlyUnchanged, Name: report.Name(s, b.month.String(), lang, 0)}, nil
	}
	r, err := b.build(ctx, s, lang)
	if err != nil {
		return MonthlyReport{}, err
	}
	out := MonthlyReport{Scope: r.Scope, Month: r.Month[:len("2006-01")], Language: lang, State: MonthlyDraft, Name: report.Name(r.Scope, r.Month, lang, 0), Cost: r.Figure(report.FigureCost).Value}
	if len(chain) == 0 && !req.Publish {
		doc, err := report.Render(r, b.texts.In(lang))
		if req.Content {
			out.HTML, out.PDF = doc.HTML, doc.PDF
		}
		return out, err
	}
	err = b.follow(ctx, &out, r, chain, req, reason)
	if err == nil && req.done != nil {
		req.done[id] = true
	}
	return out, err
}

func (n *Node) handleMonthly(mux *http.ServeMux) {
	mux.HandleFunc("POST /v1/reports", func(w http.ResponseWriter, r *http.Request) {
		answer(w, func(func(Progress)) (any, error) {
			var req MonthlyRequest
			if err := json.NewDecoder(r.Body).Decode(&req); err != nil {
				return nil, fmt.Errorf("reading what is asked for: %w", err)
			}
			return n.Monthly(r.Context(), req)
		})
	})
	mux.HandleFunc("GET /v1/reports", func(w http.ResponseWriter, r *http.Request) {
		answer(w, func(func(Progress)) (any, error) {
			f := PublishedFilter{Name: r.FormValue("name")}
			if text := r.FormValue("month"); text != "" {
				month, err := schema.ParseDay(text)
				if err != nil {
					return nil, fmt.Errorf("reading the month that is asked for: %w", err)
				}
				f.Month = month
			}
			return n.PublishedReports(r.Context(), f)
		})
	})
}

// Monthly asks the running node for monthly reports.
func (c *Client) Monthly(ctx context.Context, req MonthlyRequest) (out Monthly, err error) {
	raw, err := json.Marshal(req)
	if err != nil {
		return out, err
	}
	return out, c.call(ctx, http.MethodPost, "/v1/reports", strings.NewReader(string(raw)), nil, &out)
}

// PublishedReports asks the running node which reports are published.
func (c *Client) PublishedReports(ctx context.Context, f PublishedFilter) (out []PublishedReport, err error) {
	q := url.Values{}
	if f.Month != 0 {
		q.Set("month", f.Month.String())
	}
	if f.Name != "" {
		q.Set("name", f.Name)
	}
	return out, c.call(ctx, http.MethodGet, "/v1/reports?"+q.Encode(), nil, nil, &out)
}

// textsIn returns the words of a language.
func textsIn(lang string) (messages.Texts, error) {
	c, err := messages.Load()
	if err != nil {
		return messages.Texts{}, err
	}
	return c.In(lang), nil
}
