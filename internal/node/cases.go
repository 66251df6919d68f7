package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"linesman/dashboards/console"
	"linesman/processors/cases"
	"linesman/processors/policy/when"
	"linesman/schema"
)

func (n *Node) newBook(zone *time.Location) (*cases.Book, error) {
	return cases.New(cases.Config{Days: n.cfg.Cases.Days, Zone: zone, Workday: when.Workday}, n.broker, caseWaiter{n}, n.store, caseRules{n}, n.log)
}

// caseRules tells which kind of approval exempts from a rule.
type caseRules struct{ n *Node }

func (r caseRules) Exempt(rule string, version uint32) string {
	if x, ok := r.n.rules.Find(rule, version); ok {
		return x.Exempt.Approval
	}
	return ""
}

// caseWaiter waits until the store shows what is in the log. While Run is there it must not
// carry anything itself: the loops may be stopped for exclusive work just now.
type caseWaiter struct{ n *Node }

func (w caseWaiter) WaitStored(ctx context.Context, topic string, partition uint32, next uint64) error {
	w.n.mu.Lock()
	serving := w.n.serving
	w.n.mu.Unlock()
	if !serving {
		return w.n.pipeline.WaitStored(ctx, topic, partition, next)
	}
	for {
		at, err := w.n.pipeline.Shown(ctx, topic, partition)
		if err != nil || at >= next {
			return err
		}
		if err := sleep(ctx, look); err != nil {
			return err
		}
	}
}

// repairEvery is how often it is looked whether approvals of cases are missing.
const repairEvery = 10 * time.Minute

// repairCases states the approvals that a stop, or a store that did not answer, kept from being
// stated: at the start, and now and then.
func (n *Node) repairCases(ctx context.Context) {
	for ctx.Err() == nil {
		err := n.WaitLogged(ctx)
		if err == nil {
			err = n.book.Repair(ctx)
		}
		wait := repairEvery
		if err != nil && ctx.Err() == nil {
			n.log.Warn("approvals of cases could not be looked at and are looked at again", "error", err)
			wait = 10 * time.Second
		}
		_ = sleep(ctx, wait)
	}
}

// Cases lists violations with the state that they are in.
func (n *Node) Cases(ctx context.Context, f console.CaseFilter) (console.CaseList, error) {
	got, total, err := n.book.List(ctx, cases.Filter{States: f.States, Unit: f.Unit, Within: f.Within, Due: f.Due, DueDays: f.Days, Limit: f.Limit})
	if err != nil {
		return console.CaseList{}, caseError(err)
	}
	units, err := n.book.Units(ctx)
	if err != nil {
		return console.CaseList{}, err
	}
	out := console.CaseList{Cases: make([]console.Case, 0, len(got)), Total: total, Today: n.book.Today().String(), Units: make([]console.Unit, 0, len(units)), All: cases.States()}
	for i := range got {
		out.Cases = append(out.Cases, wireCase(&got[i]))
	}
	for _, u := range units {
		out.Units = append(out.Units, console.Unit{ID: u.ID, Name: u.Name})
	}
	return out, nil
}

// Case tells the history of one violation and what can be done about it.
func (n *Node) Case(ctx context.Context, id string) (console.CaseDetail, error) {
	v, err := schema.ParseID(id)
	if err != nil {
		return console.CaseDetail{}, fmt.Errorf("%w: the id of a violation has 32 hexadecimal digits", console.ErrCaseInvalid)
	}
	d, err := n.book.Show(ctx, v)
	if err != nil {
		return console.CaseDetail{}, caseError(err)
	}
	out := console.CaseDetail{Case: wireCase(&d.Current), History: make([]console.CaseEntry, 0, len(d.History)), Choices: make([]console.CaseChoice, 0, len(d.Choices))}
	for _, e := range d.History {
		w := console.CaseEntry{Kind: e.Kind, At: e.At.UTC(), What: e.What, By: e.By, Reason: e.Reason, Note: e.Note, Approval: e.Approval, Value: e.Value, Limit: e.Limit}
		w.Deadline, w.Until = dayOrNone(e.Deadline), dayOrNone(e.Until)
		out.History = append(out.History, w)
	}
	for _, c := range d.Choices {
		out.Choices = append(out.Choices, console.CaseChoice{Step: c.Step, Reasons: c.Reasons, Roles: c.Roles, Until: c.Until})
	}
	return out, nil
}

// TakeCase takes a step about a violation and tells how it stands then. Without Run it also
// judges what an approval retracts.
func (n *Node) TakeCase(ctx context.Context, id string, s console.CaseStep) (console.CaseDetail, error) {
	step, err := stepOf(id, s)
	if err != nil {
		return console.CaseDetail{}, err
	}
	if err := n.takeCase(ctx, step); err != nil {
		return console.CaseDetail{}, caseError(err)
	}
	return n.Case(ctx, id)
}

// stepOf reads a step as it was sent.
func stepOf(id string, s console.CaseStep) (cases.Step, error) {
	step := cases.Step{Step: s.Step, By: s.By, Reason: s.Reason, Note: s.Note}
	var err error
	if step.Violation, err = schema.ParseID(id); err != nil {
		return step, fmt.Errorf("%w: the id of a violation has 32 hexadecimal digits", console.ErrCaseInvalid)
	}
	for _, day := range [...]struct {
		name, text string
		into       *schema.Day
	}{{"deadline", s.Deadline, &step.Deadline}, {"until", s.Until, &step.Until}} {
		if day.text == "" {
			continue
		}
		if *day.into, err = schema.ParseDay(day.text); err != nil {
			return step, fmt.Errorf("%w: %s: want yyyy-mm-dd", console.ErrCaseInvalid, day.name)
		}
	}
	for _, id := range [...]struct {
		name, text string
		into       **schema.ID
	}{{"previous", s.Previous, &step.Previous}, {"seen", s.Seen, &step.Seen}} {
		if id.text == "" {
			continue
		}
		got, err := schema.ParseID(id.text)
		if err != nil {
			return step, fmt.Errorf("%w: %s: want an id, 32 hexadecimal digits", console.ErrCaseInvalid, id.name)
		}
		*id.into = &got
	}
	return step, nil
}

func dayOrNone(d schema.Day) string {
	if d == 0 {
		return ""
	}
	return d.String()
}

func (n *Node) takeCase(ctx context.Context, s cases.Step) error {
	n.mu.Lock()
	serving := n.serving
	n.mu.Unlock()
	if serving {
		_, err := n.book.Take(ctx, s)
		return err
	}
	return n.exclusive(ctx, func(ctx context.Context) error {
		if err := n.openPipeline(ctx); err != nil {
			return err
		}
		if err := n.catchUp(ctx, nil); err != nil {
			return err
		}
		if err := n.book.Repair(ctx); err != nil {
			return err
		}
		if _, err := n.book.Take(ctx, s); err != nil {
			return err
		}
		return n.catchUp(ctx, nil)
	})
}

// caseError puts an error of the book into the console's words.
func caseError(err error) error {
	for _, e := range [...]struct{ is, as error }{{cases.ErrUnknown, console.ErrCaseUnknown}, {cases.ErrNote, console.ErrCaseNote}, {cases.ErrInvalid, console.ErrCaseInvalid}, {cases.ErrStep, console.ErrCaseStep}, {cases.ErrMoved, console.ErrCaseMoved}} {
		if errors.Is(err, e.is) {
			return &saidError{err, e.as}
		}
	}
	return err
}

// saidError has the text of one error and is also another.
type saidError struct{ says, is error }

func (e *saidError) Error() string   { return e.says.Error() }
func (e *saidError) Unwrap() []error { return []error{e.says, e.is} }

func wireCase(c *cases.Current) console.Case {
	out := console.Case{ID: c.ViolationID.String(), State: c.State, Reopened: c.Reopened, Candidate: c.Candidate, Deadline: c.Deadline.String(), Due: c.Due, Overdue: c.Overdue,
		Steps: c.Steps, LastStep: c.LastStep.String(), Event: c.Event.String(), Step: c.Taken, By: c.By, Reason: c.StepReason, ApprovalID: c.ApprovalID, Rule: c.Rule, RuleVersion: c.RuleVersion, Severity: c.Severity,
		SubjectKind: c.SubjectKind, Subject: c.SubjectID, Unit: c.UnitID, UnitName: c.UnitName, CostCentre: c.CostCentre, WindowKind: c.WindowKind, WindowFrom: c.WindowFrom.String(), WindowTo: c.WindowTo.String(),
		Measure: c.Measure, Value: c.Value, Limit: c.Limit, ValueUnit: c.ValueUnit, Cost: c.Cost.String(), OpenedAt: c.OpenedAt.UTC(), ChangedAt: c.ChangedAt.UTC()}
	if c.StepAt > 0 {
		at := c.StepAt.UTC()
		out.StepAt = &at
	}
	if c.RemindedAt > 0 {
		at := c.RemindedAt.UTC()
		out.RemindedAt = &at
	}
	return out
}

// handleCases adds what commands ask about cases.
func (n *Node) handleCases(mux *http.ServeMux) {
	mux.HandleFunc("GET /v1/cases", func(w http.ResponseWriter, r *http.Request) {
		answer(w, func(func(Progress)) (any, error) {
			q := r.URL.Query()
			f := console.CaseFilter{Unit: q.Get("unit"), Due: q.Get("due") == "true"}
			f.Days, _ = strconv.Atoi(q.Get("days"))
			f.Limit, _ = strconv.Atoi(q.Get("limit"))
			if text := q.Get("state"); text != "" {
				f.States = strings.Split(text, ",")
			}
			return n.Cases(r.Context(), f)
		})
	})
	mux.HandleFunc("GET /v1/cases/{id}", func(w http.ResponseWriter, r *http.Request) {
		answer(w, func(func(Progress)) (any, error) { return n.Case(r.Context(), r.PathValue("id")) })
	})
	mux.HandleFunc("POST /v1/cases/{id}/steps", func(w http.ResponseWriter, r *http.Request) {
		answer(w, func(func(Progress)) (any, error) {
			var s console.CaseStep
			if err := json.NewDecoder(r.Body).Decode(&s); err != nil {
				return nil, console.ErrCaseInvalid // what was sent may hold what must not be repeated
			}
			return n.TakeCase(r.Context(), r.PathValue("id"), s)
		})
	})
	mux.HandleFunc("POST /v1/reminders", func(w http.ResponseWriter, r *http.Request) {
		answer(w, func(func(Progress)) (any, error) {
			var req RemindRequest
			if err := json.NewDecoder(r.Body).Decode(&req); err != nil {
				return nil, fmt.Errorf("reading what is asked for: %w", err)
			}
			return n.Remind(r.Context(), req)
		})
	})
}

// Remind asks the running node for reminders, or to send them.
func (c *Client) Remind(ctx context.Context, req RemindRequest) (out Reminders, err error) {
	raw, err := json.Marshal(req)
	if err != nil {
		return out, err
	}
	return out, c.call(ctx, http.MethodPost, "/v1/reminders", strings.NewReader(string(raw)), nil, &out)
}

// Cases asks the running node for violations with their states.
func (c *Client) Cases(ctx context.Context, f console.CaseFilter) (out console.CaseList, err error) {
	q := url.Values{"unit": {f.Unit}, "due": {strconv.FormatBool(f.Due)}, "days": {strconv.Itoa(f.Days)}, "limit": {strconv.Itoa(f.Limit)}, "state": {strings.Join(f.States, ",")}}
	return out, c.call(ctx, http.MethodGet, "/v1/cases?"+q.Encode(), nil, nil, &out)
}

// Case asks the running node for one violation and its history.
func (c *Client) Case(ctx context.Context, id string) (out console.CaseDetail, err error) {
	return out, c.call(ctx, http.MethodGet, "/v1/cases/"+url.PathEscape(id), nil, nil, &out)
}

// TakeCase takes a step through the running node.
func (c *Client) TakeCase(ctx context.Context, id string, s console.CaseStep) (out console.CaseDetail, err error) {
	raw, err := json.Marshal(s)
	if err != nil {
		return out, err
	}
	return out, c.call(ctx, http.MethodPost, "/v1/cases/"+url.PathEscape(id)+"/steps", strings.NewReader(string(raw)), nil, &out)
}
