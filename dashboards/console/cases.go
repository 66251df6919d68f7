package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"linesman/dashboards/access"
	"linesman/dashboards/messages"
	"linesman/dashboards/query"
)

// Cases tells what people do about violations, and takes their steps. Errors wrap one of the
// errors of cases below, or are the store's.
type Cases interface {
	Cases(ctx context.Context, f CaseFilter) (CaseList, error)
	Case(ctx context.Context, id string) (CaseDetail, error)
	TakeCase(ctx context.Context, id string, s CaseStep) (CaseDetail, error)
}

// Errors of cases. Their texts hold nothing that was given as who or note.
var (
	ErrCaseUnknown = errors.New("no such violation")
	ErrCaseInvalid = errors.New("not a step of a case")
	ErrCaseNote    = errors.New("the note is refused")
	ErrCaseStep    = errors.New("not possible now")
	ErrCaseMoved   = errors.New("somebody else was first")
)

// CaseFilter selects cases; the zero value selects all.
type CaseFilter struct {
	States []string
	Unit   string
	Within []string // only these units, none when it is empty; nil: every unit
	Due    bool     // only what somebody has still to settle
	Days   int      // with Due: whose deadline has passed or is at most so many days away
	Limit  int
}

// CaseList is a part of the cases.
type CaseList struct {
	Cases []Case   `json:"cases"`
	Total uint64   `json:"total"` // how many there are, listed or not
	Today string   `json:"today"` // in the judging zone
	Units []Unit   `json:"units"` // that have violations
	All   []string `json:"states"`
}

// Unit is a unit by id and name.
type Unit struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Case is how one violation stands. Days are written 2006-01-02; amounts are decimal texts in SEK.
type Case struct {
	ID          string     `json:"id"`
	State       string     `json:"state"` // candidate, open, acknowledged, explained, approved, closed or retracted
	Reopened    bool       `json:"reopened"`
	Candidate   bool       `json:"candidate"`
	Deadline    string     `json:"deadline"`
	Due         bool       `json:"due"`
	Overdue     bool       `json:"overdue"`
	Steps       uint64     `json:"steps"`
	LastStep    string     `json:"lastStep"` // id of the last step that holds; zeros: none
	Event       string     `json:"event"`    // id of the latest event of the violation
	Step        string     `json:"step"`
	By          string     `json:"by"`
	Reason      string     `json:"reason"`
	StepAt      *time.Time `json:"stepAt,omitempty"`
	RemindedAt  *time.Time `json:"remindedAt,omitempty"` // when it last stood in a list of reminders that was sent
	ApprovalID  string     `json:"approvalId,omitempty"`
	Rule        string     `json:"rule"`
	RuleVersion uint32     `json:"ruleVersion"`
	Title       query.Text `json:"title"`
	Severity    string     `json:"severity"`
	SubjectKind string     `json:"subjectKind"`
	Subject     string     `json:"subject"` // pseudonym of a line, or a unit
	Unit        string     `json:"unit"`
	UnitName    string     `json:"unitName"`
	CostCentre  string     `json:"costCentre"`
	WindowKind  string     `json:"windowKind"`
	WindowFrom  string     `json:"windowFrom"`
	WindowTo    string     `json:"windowTo"` // exclusive
	Measure     string     `json:"measure"`
	Value       float64    `json:"value"`
	Limit       float64    `json:"limit"`
	ValueUnit   string     `json:"valueUnit"`
	Cost        string     `json:"cost"`
	OpenedAt    time.Time  `json:"openedAt"`
	ChangedAt   time.Time  `json:"changedAt"`
}

// CaseDetail is a case with its history and what can be done now.
type CaseDetail struct {
	Case
	History []CaseEntry  `json:"history"`
	Choices []CaseChoice `json:"choices"`
}

// CaseEntry is one event: kind is data (the rule found, changed or retracted it), step, lost (a
// step that came second), reopened or reminded.
type CaseEntry struct {
	Kind     string    `json:"kind"`
	At       time.Time `json:"at"`
	What     string    `json:"what"`
	By       string    `json:"by,omitempty"`
	Reason   string    `json:"reason,omitempty"`
	Note     string    `json:"note,omitempty"`
	Deadline string    `json:"deadline,omitempty"`
	Until    string    `json:"until,omitempty"` // last day that an approved step permits
	Approval string    `json:"approval,omitempty"`
	Value    float64   `json:"value"`
	Limit    float64   `json:"limit"`
}

// CaseChoice is a step that can be taken now, with the reasons and the roles that fit.
type CaseChoice struct {
	Step    string   `json:"step"`
	Reasons []string `json:"reasons"`
	Roles   []string `json:"roles"`
	Until   bool     `json:"until,omitempty"` // it can last until a day
}

// CaseStep is what somebody wants to do about a violation.
type CaseStep struct {
	Step     string `json:"step"`
	By       string `json:"by"` // a role: there is no login yet that would tell who it is
	Reason   string `json:"reason"`
	Note     string `json:"note,omitempty"`
	Deadline string `json:"deadline,omitempty"`
	Until    string `json:"until,omitempty"`    // of an approved step: last day that is permitted
	Previous string `json:"previous,omitempty"` // lastStep of what was shown: with another one there the step is refused
	Seen     string `json:"seen,omitempty"`     // event of what was shown: with another value there the step is refused
}

// caseFailure is the JSON of an error about cases; the code is for programs.
type caseFailure struct {
	Error string `json:"error"`
	Code  string `json:"code"`
}

func (s *Server) failCase(w http.ResponseWriter, err error) {
	for _, e := range [...]struct {
		is     error
		status int
		code   string
	}{{ErrCaseUnknown, http.StatusNotFound, "unknown"}, {ErrCaseNote, http.StatusBadRequest, "note"}, {ErrCaseInvalid, http.StatusBadRequest, "invalid"}, {ErrCaseStep, http.StatusConflict, "step"}, {ErrCaseMoved, http.StatusConflict, "moved"}} {
		if errors.Is(err, e.is) {
			s.write(w, e.status, caseFailure{err.Error(), e.code})
			return
		}
	}
	s.fail(w, err)
}

// handleCases adds the addresses of cases.
func (s *Server) handleCases(mux *http.ServeMux) {
	if s.deps.Cases == nil {
		return
	}
	mux.HandleFunc("GET /api/cases", s.need(access.Figures, s.listCases))
	mux.HandleFunc("GET /api/cases/{violation}", s.need(access.Figures, s.oneCase))
	mux.HandleFunc("POST /api/cases/{violation}/steps", s.need(access.Figures, s.takeCase))
}

// mostCases is how many cases one answer holds at most.
const mostCases = 1000

func (s *Server) listCases(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	f := CaseFilter{Unit: q.Get("unit"), Limit: mostCases}
	if text := q.Get("state"); text == "due" {
		f.Due = true
	} else if text != "" {
		f.States = strings.Split(text, ",")
	}
	if text := q.Get("days"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n > 366 {
			s.failCase(w, fmt.Errorf("%w: days: want a number from 0 to 366", ErrCaseInvalid))
			return
		}
		f.Due, f.Days = true, n
	}
	c, _ := access.Of(r.Context())
	if !c.Scope.All {
		f.Within = append([]string{}, c.Scope.Units...)
	}
	got, err := s.deps.Cases.Cases(r.Context(), f)
	if err == nil {
		err = s.listFor(r.Context(), c, &got)
	}
	if err != nil {
		s.failCase(w, err)
		return
	}
	for i := range got.Cases {
		s.nameCase(&got.Cases[i])
	}
	s.write(w, http.StatusOK, got)
}

func (s *Server) oneCase(w http.ResponseWriter, r *http.Request) {
	got, err := s.deps.Cases.Case(r.Context(), r.PathValue("violation"))
	s.sendCase(w, r, got, err)
}

func (s *Server) takeCase(w http.ResponseWriter, r *http.Request) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		s.write(w, http.StatusUnsupportedMediaType, failure{"send application/json"})
		return
	}
	var step CaseStep
	dec := json.NewDecoder(r.Body)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&step); err != nil { // what was sent may hold what must not be repeated
		s.failCase(w, fmt.Errorf("%w: want JSON with step, by, reason and, if wanted, note, deadline, until, previous and seen", ErrCaseInvalid))
		return
	}
	id := r.PathValue("violation")
	got, err := s.deps.Cases.Case(r.Context(), id)
	if err == nil {
		err = maySettle(r, got)
	}
	if err == nil { // what cannot be recorded is not done, either
		err = s.caseFor(r.Context(), &got)
	}
	if err == nil {
		got, err = s.deps.Cases.TakeCase(r.Context(), id, step)
	}
	s.sendCase(w, r, got, err)
}

func (s *Server) sendCase(w http.ResponseWriter, r *http.Request, got CaseDetail, err error) {
	if err == nil {
		err = s.caseFor(r.Context(), &got)
	}
	if err != nil {
		s.failCase(w, err)
		return
	}
	s.nameCase(&got.Case)
	s.write(w, http.StatusOK, got)
}

// nameCase fills in the words of the rule.
func (s *Server) nameCase(c *Case) {
	if s.deps.Rules != nil {
		if text, ok := s.deps.Rules.Rule(c.Rule, c.RuleVersion); ok {
			c.Title = text.Title
		}
	}
	for lang, title := range map[string]*string{messages.English: &c.Title.EN, messages.Swedish: &c.Title.SV} {
		if *title == "" {
			*title = s.deps.Messages.In(lang).Value("rule", c.Rule)
		}
	}
}
