package node

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"linesman/dashboards/messages"
	"linesman/processors/savings"
	"linesman/schema"
)

// SavingsRequest says which savings are asked for.
type SavingsRequest struct {
	Month schema.Day // a day of the month; 0: the newest whole month that the data cover
	Days  int        // for how long an unused line was not used; 0: 90
	Unit  string     // empty: every unit
	Lang  string     // language in which the evidence is told; empty: not in words
}

// Savings finds what could be saved.
func (n *Node) Savings(ctx context.Context, req SavingsRequest) (savings.Report, error) {
	if n.engine == nil {
		return savings.Report{}, ErrOnlyCollects
	}
	zone, err := time.LoadLocation(n.cfg.Zone)
	if err != nil {
		return savings.Report{}, err
	}
	r, err := savings.Find(ctx, n.store.Conn(), savings.Input{Zone: zone, Month: req.Month, Days: req.Days, Unit: req.Unit})
	if err != nil || req.Lang == "" {
		return r, err
	}
	texts, err := messages.Load()
	if err != nil {
		return savings.Report{}, err
	}
	words := savingWords{texts.In(req.Lang)}
	for i := range r.Findings {
		words.tell(&r.Findings[i])
	}
	return r, nil
}

// savingWords tells findings in a language.
type savingWords struct{ messages.Texts }

func (t savingWords) kronor(m schema.Money) string { return t.Money(m) }

// tell words the evidence of a finding and what to do about it.
func (t savingWords) tell(f *savings.Finding) {
	e := &f.Evidence
	sums, single := map[string]schema.Money{}, make([]string, 0, len(e.Sums))
	for _, s := range e.Sums {
		sums[s.Name] += s.Amount
		if s.Name == "then" {
			single = append(single, s.Month[:7])
		}
	}
	pairs := []string{"from", e.From, "to", e.To, "months", strconv.Itoa(e.Months), "days", strconv.Itoa(e.Days), "last", cmp.Or(e.LastUse, t.T("savings.never")), "plan", f.Plan, "other", f.Other,
		"records", strconv.FormatUint(e.Records, 10), "used", strconv.FormatUint(e.Used, 10), "in", strings.Join(single, ", "),
		"fees", t.kronor(sums["fees"]), "now", t.kronor(sums["now"]), "then", t.kronor(sums["then"]), "cost", t.kronor(sums["cost"])}
	why := []string{t.T("savings.why."+f.Kind, pairs...)}
	if _, ok := sums["fees"]; ok {
		key := "savings.fees_charged"
		if e.Rated {
			key = "savings.fees_rated"
		}
		why = append(why, t.T(key, pairs...))
	}
	if role := "savings.role." + f.Role; t.Has(role) {
		why = append(why, t.T(role))
	}
	f.Why, f.Do = strings.Join(why, " "), t.T("savings.do."+f.Kind, pairs...)
}

func (n *Node) serveSavings(w http.ResponseWriter, r *http.Request) {
	answer(w, func(func(Progress)) (any, error) {
		q := r.URL.Query()
		req := SavingsRequest{Unit: q.Get("unit"), Lang: q.Get("lang")}
		req.Days, _ = strconv.Atoi(q.Get("days"))
		var err error
		if req.Month, err = askedDay(q.Get("month")); err != nil {
			return nil, err
		}
		return n.Savings(r.Context(), req)
	})
}

// Savings asks the running node what could be saved.
func (c *Client) Savings(ctx context.Context, req SavingsRequest) (out savings.Report, err error) {
	q := url.Values{"unit": {req.Unit}, "lang": {req.Lang}, "days": {strconv.Itoa(req.Days)}}
	if req.Month != 0 {
		q.Set("month", req.Month.String())
	}
	return out, c.call(ctx, http.MethodGet, "/v1/savings?"+q.Encode(), nil, nil, &out)
}
