package console

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"linesman/dashboards/access"
	"linesman/dashboards/messages"
	"linesman/dashboards/query"
	"linesman/schema"
)

// Money tells what finance follows up: who bears what, budgets, invoices, savings, reports. Words
// and numbers come written in the language that is asked for.
type Money interface {
	// MoneyMonths lists the months that are covered, the newest first.
	MoneyMonths(ctx context.Context) ([]schema.Day, error)
	// MoneySection works one of [MoneySections] out for a month.
	MoneySection(ctx context.Context, id string, month schema.Day, t messages.Texts) (MoneySection, error)
	// MoneyFile writes one of the files that a section offers.
	MoneyFile(ctx context.Context, id string, month schema.Day, t messages.Texts) (MoneyFile, error)
}

// Sections of the page about money, in their order.
const (
	MoneyAllocation = "allocation"
	MoneyBudgets    = "budgets"
	MoneyInvoices   = "invoices"
	MoneySavings    = "savings"
	MoneyReports    = "reports"
)

// MoneySections lists the sections in their order.
func MoneySections() []string {
	return []string{MoneyAllocation, MoneyBudgets, MoneyInvoices, MoneySavings, MoneyReports}
}

// MoneySection is a part of the page. Texts are ready to show.
type MoneySection struct {
	ID      string        `json:"id"`
	Title   string        `json:"title"`
	Intro   string        `json:"intro"`
	Figures []MoneyFigure `json:"figures,omitempty"`
	Tables  []MoneyTable  `json:"tables,omitempty"`
	Files   []MoneyLink   `json:"files,omitempty"`
	Notices []string      `json:"notices,omitempty"`
}

// MoneyFigure is a figure that stands above the tables.
type MoneyFigure struct {
	Label string `json:"label"`
	Value string `json:"value"`
	Note  string `json:"note,omitempty"`
	Bad   bool   `json:"bad,omitempty"` // something to look at: a budget that is exceeded, an amount in dispute
}

// MoneyTable is a table. Rows and the total have a cell for each column.
type MoneyTable struct {
	ID      string        `json:"id"`
	Title   string        `json:"title"`
	Columns []MoneyColumn `json:"columns"`
	Rows    [][]string    `json:"rows"`
	Links   []string      `json:"links,omitempty"` // of each row: the file that its first cell leads to
	Total   []string      `json:"total,omitempty"`
	Empty   string        `json:"empty"`          // what is said in place of an empty table
	More    string        `json:"more,omitempty"` // that rows were left out, and where they are
	Persons bool          `json:"-"`              // the rows are of single lines
}

// MoneyColumn is a column of a table.
type MoneyColumn struct {
	Title  string `json:"title"`
	Number bool   `json:"number,omitempty"`
}

// MoneyLink leads to a file.
type MoneyLink struct {
	ID    string `json:"id"` // as in GET /api/money/files/{id}
	Title string `json:"title"`
}

// MoneyFile is a file to be downloaded.
type MoneyFile struct {
	Name string // without a folder
	Type string // media type
	Body []byte
}

// ErrMoneyMonth says that the month is not covered by the data.
var ErrMoneyMonth = errors.New("the month is not covered by the data")

// moneyPage is the answer of GET /api/money.
type moneyPage struct {
	Months   []string `json:"months"` // 2026-10, the newest first
	Sections []string `json:"sections"`
}

func (s *Server) handleMoney(mux *http.ServeMux) {
	if s.deps.Money == nil {
		return
	}
	mux.HandleFunc("GET /api/money", s.need(access.Money, s.money))
	mux.HandleFunc("GET /api/money/{section}", s.need(access.Money, s.moneySection))
	mux.HandleFunc("GET /api/money/files/{file}", s.need(access.Money, s.moneyFile))
}

func (s *Server) money(w http.ResponseWriter, r *http.Request) {
	months, err := s.deps.Money.MoneyMonths(r.Context())
	if err != nil {
		s.fail(w, err)
		return
	}
	out := moneyPage{Months: []string{}, Sections: MoneySections()}
	for _, m := range months {
		out.Months = append(out.Months, m.String()[:7])
	}
	s.write(w, http.StatusOK, out)
}

func (s *Server) moneySection(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("section")
	month, err := monthOf(r)
	if err == nil && !slices.Contains(MoneySections(), id) {
		err = fmt.Errorf("%w: there is no section %q; there is %s", query.ErrNotFound, id, strings.Join(MoneySections(), ", "))
	}
	if err != nil {
		s.fail(w, err)
		return
	}
	got, err := s.deps.Money.MoneySection(r.Context(), id, month, s.deps.Messages.In(lang(r)))
	if err != nil {
		s.failMoney(w, err)
		return
	}
	if err := s.moneyFor(r.Context(), &got, s.deps.Messages.In(lang(r))); err != nil {
		s.fail(w, err)
		return
	}
	s.write(w, http.StatusOK, got)
}

// moneyFor leaves rows of single lines to whoever may see those of the whole organisation, and
// records that they did.
func (s *Server) moneyFor(ctx context.Context, got *MoneySection, t messages.Texts) error {
	c, _ := access.Of(ctx)
	for i := range got.Tables {
		table := &got.Tables[i]
		if !table.Persons {
			continue
		}
		if !c.Scope.All || !c.Scope.Persons.All {
			table.Rows, table.Links, table.Total, table.More, table.Empty = [][]string{}, nil, nil, "", t.T("money.persons")
			continue
		}
		if len(table.Rows) > 0 {
			if err := s.audit(ctx, query.Read{Metric: "money_" + table.ID, Rows: len(table.Rows)}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Server) moneyFile(w http.ResponseWriter, r *http.Request) {
	month, err := monthOf(r)
	if err != nil {
		s.fail(w, err)
		return
	}
	f, err := s.deps.Money.MoneyFile(r.Context(), r.PathValue("file"), month, s.deps.Messages.In(lang(r)))
	if err != nil {
		s.failMoney(w, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.Type)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.Name}))
	h.Set("Content-Length", strconv.Itoa(len(f.Body)))
	_, _ = w.Write(f.Body) // the client is gone when this fails
}

func (s *Server) failMoney(w http.ResponseWriter, err error) {
	if errors.Is(err, ErrMoneyMonth) {
		s.write(w, http.StatusNotFound, failure{err.Error()})
		return
	}
	s.fail(w, err)
}

// monthOf reads the month that is asked for; 0 where none is.
func monthOf(r *http.Request) (schema.Day, error) {
	text := r.URL.Query().Get("month")
	if text == "" {
		return 0, nil
	}
	day, err := schema.ParseDay(text + "-01")
	if err != nil {
		return 0, fmt.Errorf("%w: month %q; write 2026-10", query.ErrQuery, text)
	}
	return day, nil
}
