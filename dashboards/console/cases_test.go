package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"linesman/dashboards/query/querytest"
)

// answers is what the rest of the program says about cases.
type answers struct {
	asked CaseFilter
	took  CaseStep
	err   error
}

func (a *answers) Cases(_ context.Context, f CaseFilter) (CaseList, error) {
	a.asked = f
	return CaseList{Cases: []Case{{ID: "1", Rule: "premium-call", RuleVersion: 1}}, Total: 1}, a.err
}

func (a *answers) Case(_ context.Context, id string) (CaseDetail, error) {
	return CaseDetail{Case: Case{ID: id, Rule: "premium-call"}}, a.err
}

func (a *answers) TakeCase(_ context.Context, id string, s CaseStep) (CaseDetail, error) {
	a.took = s
	return CaseDetail{Case: Case{ID: id, State: s.Step}}, a.err
}

func TestCasesAPI(t *testing.T) {
	book := &answers{}
	store := querytest.Open(t)
	base := start(t, store, Deps{Cases: book})
	var list CaseList
	get(t, base+"/api/cases?state=open,closed&unit=U1", 200, &list)
	if len(list.Cases) != 1 || list.Cases[0].Title.SV == "" || list.Cases[0].Title.EN == "" || fmt.Sprint(book.asked) != fmt.Sprint(CaseFilter{States: []string{"open", "closed"}, Unit: "U1", Limit: mostCases}) {
		t.Errorf("%+v asked %+v", list, book.asked)
	}
	get(t, base+"/api/cases?state=due", 200, &list)
	if !book.asked.Due || book.asked.Days != 0 {
		t.Errorf("asked %+v", book.asked)
	}
	get(t, base+"/api/cases?days=3", 200, &list)
	if !book.asked.Due || book.asked.Days != 3 {
		t.Errorf("asked %+v", book.asked)
	}
	var failed caseFailure
	get(t, base+"/api/cases?days=many", 400, &failed)

	steps := base + "/api/cases/abc/steps"
	status, _, body := send(t, request(t, http.MethodPost, steps, `{"step":"approved","by":"manager","reason":"exception","until":"2026-12-31","previous":"x","seen":"y"}`))
	if status != 200 || book.took != (CaseStep{Step: "approved", By: "manager", Reason: "exception", Until: "2026-12-31", Previous: "x", Seen: "y"}) {
		t.Errorf("%d %s took %+v", status, body, book.took)
	}
	// What is sent wrongly is not repeated; a page elsewhere, or one that sends a form, is refused.
	for _, bad := range []string{`{"step":"secret"`, `{"name":"secret"}`, `["secret"]`} {
		if status, _, body := send(t, request(t, http.MethodPost, steps, bad)); status != 400 || strings.Contains(string(body), "secret") {
			t.Errorf("%s: %d %s", bad, status, body)
		}
	}
	form := request(t, http.MethodPost, steps, "{}")
	form.Header.Set("Content-Type", "text/plain")
	if status, _, _ := send(t, form); status != http.StatusUnsupportedMediaType {
		t.Errorf("a form ended with %d", status)
	}
	foreign := request(t, http.MethodPost, steps, `{"step":"closed"}`)
	foreign.Header.Set("Sec-Fetch-Site", "cross-site")
	if status, _, _ := send(t, foreign); status != http.StatusForbidden {
		t.Errorf("a page elsewhere took a step: %d", status)
	}
	for _, c := range []struct {
		err    error
		status int
		code   string
	}{{ErrCaseUnknown, 404, "unknown"}, {ErrCaseInvalid, 400, "invalid"}, {errors.Join(ErrCaseInvalid, ErrCaseNote), 400, "note"}, {ErrCaseStep, 409, "step"}, {ErrCaseMoved, 409, "moved"}, {errors.New("the store: secret"), 500, ""}} {
		book.err = fmt.Errorf("because: %w", c.err)
		for _, url := range []string{"/api/cases", "/api/cases/abc"} {
			failed = caseFailure{}
			get(t, base+url, c.status, &failed)
			if failed.Code != c.code || strings.Contains(failed.Error, "secret") {
				t.Errorf("%s, %v: %+v", url, c.err, failed)
			}
		}
	}
	get(t, start(t, store, Deps{})+"/api/cases", 404, &failed) // nobody answers for cases
}
