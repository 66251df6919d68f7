package node

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"linesman/processors/policy"
	"linesman/processors/verify"
	"linesman/schema"
)

// Gaps reports what sources did not deliver, from a day on; 0: from the beginning.
func (n *Node) Gaps(ctx context.Context, since schema.Day) (verify.GapReport, error) {
	return n.gaps(ctx, since, time.Now())
}

func (n *Node) gaps(ctx context.Context, since schema.Day, now time.Time) (verify.GapReport, error) {
	zone, err := time.LoadLocation(n.cfg.Zone)
	if err != nil {
		return verify.GapReport{}, err
	}
	return verify.Gaps(ctx, n.store, verify.GapOptions{Since: since, Now: now, Zone: zone, Rules: gapRules(n.rules)})
}

// gapRules says what each rule reads; of several versions, what all of them read.
func gapRules(set *policy.Set) []verify.GapRule {
	var out []verify.GapRule
	for _, r := range set.Rules() {
		g := verify.GapRule{ID: r.ID, Watches: r.From == policy.SourceWatches, Contacts: r.From == policy.SourceContacts, Stated: stated(r.From), Start: max(r.ValidFrom, r.InformedAt)}
		for _, c := range r.Where {
			switch {
			case c.Column == "kind" && (c.Op == "is" || c.Op == "in"):
				g.Kinds = append(g.Kinds, c.Values...)
			case c.Column == "forwarded" && c.Op == "is" && len(c.Values) == 1 && c.Values[0] == "true":
				g.Forwarded = true
			}
		}
		if k := len(out) - 1; k >= 0 && out[k].ID == g.ID {
			out[k].Start, out[k].Forwarded = min(out[k].Start, g.Start), out[k].Forwarded && g.Forwarded
			if len(out[k].Kinds) == 0 || len(g.Kinds) == 0 {
				out[k].Kinds = nil
			} else {
				out[k].Kinds = append(out[k].Kinds, g.Kinds...)
			}
			continue
		}
		out = append(out, g)
	}
	return out
}

// stated tells whether a source is made of statements only.
func stated(source string) bool {
	return source == policy.SourceHours || source == policy.SourceReturns || source == policy.SourceApprovals
}

func (n *Node) serveGaps(w http.ResponseWriter, r *http.Request) {
	answer(w, func(func(Progress)) (any, error) {
		var since schema.Day
		if text := r.URL.Query().Get("since"); text != "" {
			var err error
			if since, err = schema.ParseDay(text); err != nil {
				return nil, err
			}
		}
		return n.Gaps(r.Context(), since)
	})
}

// Gaps asks the running node what sources did not deliver.
func (c *Client) Gaps(ctx context.Context, since schema.Day) (out verify.GapReport, err error) {
	q := url.Values{}
	if since != 0 {
		q.Set("since", since.String())
	}
	return out, c.call(ctx, http.MethodGet, "/v1/gaps?"+q.Encode(), nil, nil, &out)
}
