package node

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"linesman/dashboards/console"
	"linesman/dashboards/query"
	"linesman/internal/bridge"
	"linesman/processors/policy"
	"linesman/processors/reconcile"
	"linesman/schema"
)

// newConsole makes the console over this node.
func (n *Node) newConsole(opt RunOptions) (*console.Server, error) {
	reg := prometheus.NewRegistry()
	if err := reg.Register(collectorOf(n)); err != nil {
		return nil, err
	}
	cfg := console.Config{Listen: n.cfg.Console.Listen, Organisation: n.cfg.Organisation, Zone: n.cfg.Zone, Version: Version, Demo: opt.Demo}
	named(&cfg, &n.cfg)
	secrets, err := n.cfg.Access.Secrets()
	if err != nil {
		return nil, err
	}
	cfg.MetricsKey = secrets.Metrics
	gate, err := n.newGate(secrets)
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(n.cfg.Zone)
	if err != nil {
		return nil, err
	}
	c, err := console.New(cfg, n.store.Conn(), console.Deps{Gate: gate, Record: n.RecordRead, Rules: ruleTexts{n.rules}, Goals: bridge.NewGoals(n.store.Conn(), zone), Reports: bridge.NewReports(n.store.Conn(), zone, n.invoicesOf), Metrics: reg, Log: n.log, Backtest: n.consoleBacktest, Cases: n, Money: n,
		Status: func(ctx context.Context) console.Status { return n.consoleStatus(ctx, opt.Demo) }})
	if err == nil {
		n.watch.at(c.Addr())
	}
	return c, err
}

// invoicesOf reconciles the invoices of a month for dashboards.
func (n *Node) invoicesOf(ctx context.Context, month schema.Day) (reconcile.Report, error) {
	return n.ReconcileInvoices(ctx, InvoicesRequest{Month: month})
}

func (n *Node) consoleStatus(ctx context.Context, demo bool) console.Status {
	s, err := n.Status(ctx)
	out := console.Status{Version: s.Version, Organisation: s.Organisation, Zone: s.Zone, Demo: demo, Rows: s.Rows, Lag: s.Lag, Healthy: s.Healthy && err == nil,
		Files: console.FileCounts{Done: s.FilesDone, Failed: s.FilesFailed}}
	if !s.LastEventAt.IsZero() {
		out.LastEventAt = &s.LastEventAt
	}
	for _, h := range s.Hops {
		out.Hops = append(out.Hops, console.Hop{Name: h.Name, OK: h.OK, Detail: h.Detail})
	}
	addDoctor(&out, n.lastReport(ctx))
	return out
}

// ruleTexts gives the console the words of the rules.
type ruleTexts struct{ set *policy.Set }

// Rule returns the words of a rule version.
func (r ruleTexts) Rule(id string, version uint32) (query.RuleText, bool) {
	rule, ok := r.set.Find(id, version)
	if version == 0 {
		for _, x := range r.set.Rules() { // ordered by version: the last one is the latest
			if x.ID == id {
				rule, ok = x, true
			}
		}
	}
	if !ok {
		return query.RuleText{}, false
	}
	out := query.RuleText{Title: query.Text{EN: rule.Title.EN, SV: rule.Title.SV}}
	if len(rule.Policy) > 0 { // the paragraph the rule rests on stands first
		p := rule.Policy[0]
		out.Policy = query.Policy{Document: p.Document, Section: p.Section, Quote: p.Quote}
	}
	return out, true
}
