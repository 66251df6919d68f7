package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"linesman/dashboards/console"
)

// A violation goes through its life by the command line, with nothing running and then beside
// a running program and its console.
func TestCases(t *testing.T) {
	data := filepath.Join(t.TempDir(), "D")
	succeed(t, "collect", "--data", data, "cucm", "testdata/"+older, "testdata/"+newer)
	var list console.CaseList
	succeedJSON(t, &list, "cases", "list", "--data", data)
	if len(list.Cases) != 1 || list.Cases[0].State != "open" || list.Cases[0].Rule != "premium-call" || !list.Cases[0].Due {
		t.Fatalf("%+v", list)
	}
	id := list.Cases[0].ID
	if out := succeed(t, "cases", "due", "--data", data); !strings.Contains(out, "nothing is overdue or due in the next 3 days") {
		t.Errorf("due said %q", out)
	}
	if out := succeed(t, "cases", "due", "--data", data, "--days", "20"); !strings.Contains(out, "0 overdue, 1 due soon") || !strings.Contains(out, id) {
		t.Errorf("due in 20 days said %q", out)
	}
	step := func(args ...string) []string { return append([]string{"cases", "step", "--data", data, id}, args...) }
	if out := succeed(t, step("acknowledged", "--by", "manager", "--reason", "asked_holder")...); !strings.Contains(out, "premium-call acknowledged") || !strings.Contains(out, "acknowledged, by manager (asked_holder)") {
		t.Errorf("the step said %q", out)
	}
	fails(t, []string{"the violation is acknowledged", "explained, approved, closed"}, step("open", "--by", "manager", "--reason", "confirmed")...)
	fails(t, []string{"reason of closed", "resolved, measure_taken"}, step("closed", "--by", "manager", "--reason", "because")...)
	fails(t, []string{"reason"}, step("closed", "--by", "manager")...)
	fails(t, []string{"want the id of a violation and a step"}, "cases", "step", "--data", data, id)
	fails(t, []string{"there is no such violation"}, "cases", "show", "--data", data, strings.Repeat("0", 32))
	for _, secret := range []string{"Anna Andersson", "0701234567"} {
		args := step("closed", "--by", secret, "--reason", "resolved")
		if strings.HasPrefix(secret, "0") {
			args = step("closed", "--by", "manager", "--reason", "resolved", "--note", secret)
		}
		if msg := fails(t, nil, args...); strings.Contains(msg, secret) {
			t.Errorf("the error repeats what was given: %s", msg)
		}
	}

	i := startUp(t, data)
	defer i.stop()
	succeed(t, step("approved", "--by", "manager", "--reason", "approved_after")...)
	eventually(t, data, "SELECT state, reason_code FROM (SELECT c.state AS state, v.reason_code AS reason_code FROM cases_current AS c JOIN violations_current AS v ON c.violation_id = v.violation_id)", "retracted\treference")
	var detail console.CaseDetail
	if status := ask(t, http.MethodGet, i.url+"/api/cases/"+id, "", &detail); status != http.StatusOK || detail.Step != "approved" || len(detail.History) != 4 || detail.Title.SV == "" {
		t.Errorf("the console says %d: %+v", status, detail)
	}
	if status := ask(t, http.MethodPost, i.url+"/api/cases/"+id+"/steps", `{"step":"open","by":"manager","reason":"approval_withdrawn","previous":"`+detail.LastStep+`"}`, &detail); status != http.StatusOK {
		t.Errorf("withdrawing ended with %d", status)
	}
	eventually(t, data, "SELECT state FROM cases_current", "open")
	if status := ask(t, http.MethodGet, i.url+"/api/cases?state=due", "", &list); status != http.StatusOK || len(list.Cases) != 1 || list.Cases[0].State != "open" || len(list.All) != 7 {
		t.Errorf("the console lists %d: %+v", status, list)
	}
	if out := succeed(t, "verify", "--data", data); !strings.Contains(out, "log and store agree") {
		t.Errorf("verify said %q", out)
	}
}

// ask sends a request to the console and reads its JSON.
func ask(t *testing.T, method, url, body string, into any) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		t.Fatal(fmt.Errorf("%s %s: %w", method, url, err))
	}
	return resp.StatusCode
}
