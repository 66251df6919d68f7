package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"linesman/ingest"
	"linesman/ingest/table"
	"linesman/processors/allocate"
	"linesman/schema"
)

// RepaymentsRequest says which repayments are asked for.
type RepaymentsRequest struct {
	Month   schema.Day   // a day of the month; 0: the newest whole month that the data cover
	Minimum schema.Money // SEK including VAT; who owes less is listed and not asked to pay
}

// Repayments lists what holders repay of a month, under pseudonyms.
func (n *Node) Repayments(ctx context.Context, req RepaymentsRequest) (allocate.Repayments, error) {
	in, err := n.allocateInput(req.Month)
	if err != nil {
		return allocate.Repayments{}, err
	}
	return allocate.Repay(ctx, n.store.Conn(), allocate.RepayInput{Input: in, Minimum: req.Minimum})
}

// PayrollResult is a run for payroll, and what was wrong with its list of employees.
type PayrollResult struct {
	allocate.Payroll
	Rejects []EmployeeReject `json:"rejects"` // rows of the list that could not be read
}

// EmployeeReject is a row of payroll's list that could not be read. What stands in it is left out.
type EmployeeReject struct {
	Line   uint64 `json:"line"` // from 1
	Column string `json:"column"`
	Reason string `json:"reason"`
}

// Payroll finds out whom the pseudonyms of a month's repayments mean among the employees in a
// CSV file with a column employee_id. The ids are hashed with the data directory's key, in
// memory; neither they nor the result are kept, logged or counted.
func (n *Node) Payroll(ctx context.Context, req RepaymentsRequest, employees io.Reader) (PayrollResult, error) {
	if n.key == nil {
		return PayrollResult{}, errors.New("the data directory has no key: without it nobody can tell whom a pseudonym means")
	}
	ids, rejects, err := readEmployees(employees)
	if err != nil {
		return PayrollResult{}, err
	}
	list, err := n.Repayments(ctx, req)
	if err != nil {
		return PayrollResult{}, err
	}
	return PayrollResult{Payroll: list.Payroll(ids, n.key.Person), Rejects: rejects}, nil
}

// readEmployees reads payroll's list. What else stands in it is not looked at.
func readEmployees(body io.Reader) (ids []string, rejects []EmployeeReject, err error) {
	r, err := table.Header(ingest.Input{Name: "employees", Body: body}, ';')
	if err != nil {
		return nil, nil, fmt.Errorf("reading the list of employees: %w", err)
	}
	if _, err := r.Map([]table.Column{{Name: "employee_id", Field: "employee_id", Needed: true}}); err != nil {
		return nil, nil, fmt.Errorf("reading the list of employees: %w", err)
	}
	for {
		row, reject, err := r.Next()
		switch {
		case err == io.EOF:
			return ids, rejects, nil
		case err != nil:
			return nil, nil, fmt.Errorf("reading the list of employees: %w", err)
		case reject == nil && len(row.Get(0)) == 0:
			code, why := table.Why(table.ErrMissing)
			reject = row.Reject("employee_id", code, why)
		}
		if reject != nil {
			rejects = append(rejects, EmployeeReject{reject.Row, reject.Column, reject.Reason})
			continue
		}
		ids = append(ids, string(row.Get(0)))
	}
}

func (n *Node) serveRepayments(w http.ResponseWriter, r *http.Request) {
	answer(w, func(func(Progress)) (any, error) {
		req, err := repaymentsAsked(r.URL.Query())
		if err != nil {
			return nil, err
		}
		return n.Repayments(r.Context(), req)
	})
}

// servePayroll answers whoever may open the control socket: the owner of the data directory, who
// has its key, too.
func (n *Node) servePayroll(w http.ResponseWriter, r *http.Request) {
	answer(w, func(func(Progress)) (any, error) {
		req, err := repaymentsAsked(r.URL.Query())
		if err != nil {
			return nil, err
		}
		return n.Payroll(r.Context(), req, r.Body)
	})
}

func repaymentsAsked(q url.Values) (req RepaymentsRequest, err error) {
	if req.Month, err = askedMonth(q); err != nil {
		return req, err
	}
	if text := q.Get("minimum"); text != "" {
		req.Minimum, err = schema.ParseMoney(text)
	}
	return req, err
}

func (r RepaymentsRequest) query() string {
	q := monthQuery(r.Month)
	q.Set("minimum", r.Minimum.String())
	return q.Encode()
}

// Repayments asks the running node what holders repay of a month.
func (c *Client) Repayments(ctx context.Context, req RepaymentsRequest) (out allocate.Repayments, err error) {
	return out, c.call(ctx, http.MethodGet, "/v1/repayments?"+req.query(), nil, nil, &out)
}

// Payroll asks the running node whom the repayments of a month mean.
func (c *Client) Payroll(ctx context.Context, req RepaymentsRequest, employees io.Reader) (out PayrollResult, err error) {
	return out, c.call(ctx, http.MethodPost, "/v1/repayments/payroll?"+req.query(), io.NopCloser(employees), nil, &out)
}
