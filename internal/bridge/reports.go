package bridge

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/shopspring/decimal"

	"linesman/dashboards/query"
	"linesman/processors/covered"
	"linesman/processors/reconcile"
	"linesman/processors/savings"
	"linesman/processors/subscriptions"
	"linesman/schema"
)

// Bounds on what reports take.
const (
	reportTime  = 2 * time.Minute
	reportsKept = 24 // of all kinds together
)

// ReportStore is the part of clickhouse-go's driver.Conn that reports are worked out from.
type ReportStore interface {
	Query(ctx context.Context, query string, args ...any) (driver.Rows, error)
	QueryRow(ctx context.Context, query string, args ...any) driver.Row
}

// Reports works out what a month comes to, for dashboards. That takes seconds, so a report is kept
// for as long as nothing new has come into the store, and panels that ask at the same time share
// one.
type Reports struct {
	store    ReportStore
	zone     *time.Location
	invoices func(ctx context.Context, month schema.Day) (reconcile.Report, error)

	mu   sync.Mutex
	kept []*reportJob // the one that was asked for last at the end
}

// reportJob is a report that is being worked out, or was.
type reportJob struct {
	kind  string
	month schema.Day
	at    string // position of the store
	done  chan struct{}
	value any
	err   error
}

// NewReports prepares reports over a store; zone is the judging zone. invoices reconciles the
// invoices of a month: how closely is a matter of the configuration.
func NewReports(store ReportStore, zone *time.Location, invoices func(ctx context.Context, month schema.Day) (reconcile.Report, error)) *Reports {
	return &Reports{store: store, zone: zone, invoices: invoices}
}

// position tells one state of the store from another: everything that comes in moves it, and so
// does making roll-ups anew.
func (s *Reports) position(ctx context.Context) (string, error) {
	// Without what the caller's context carries: settings that narrow a caller's rows are not for a
	// report about everything, which others are given too.
	plain, cancel := context.WithTimeout(context.Background(), reportTime)
	defer cancel()
	defer context.AfterFunc(ctx, cancel)()
	var out string
	err := s.store.QueryRow(plain, `SELECT concat(
    toString((SELECT (count(), max(at), sum(next)) FROM ranges)),
    toString((SELECT (count(), max(at), sum(next)) FROM evaluated)),
    toString((SELECT (count(), max(at), sum(told)) FROM rolled)))`).Scan(&out)
	if err != nil {
		return "", fmt.Errorf("finding out whether a report still holds: %w", err)
	}
	return out, nil
}

// report gives a kept report of the month, or works it out.
func report[T any](ctx context.Context, s *Reports, kind string, month schema.Day, work func(ctx context.Context) (T, error)) (out T, ok bool, err error) {
	at, err := s.position(ctx)
	if err != nil {
		return out, false, err
	}
	job, mine := s.job(kind, month, at)
	if mine {
		// Whoever asked first may leave before it is done: the others, and those who ask next, want it.
		go func() {
			defer close(job.done)
			plain, cancel := context.WithTimeout(context.Background(), reportTime)
			defer cancel()
			if job.value, job.err = work(plain); job.err != nil {
				s.forget(job)
			}
		}()
	}
	select {
	case <-ctx.Done():
		return out, false, ctx.Err()
	case <-job.done:
	}
	if errors.Is(job.err, covered.ErrNoMonth) || errors.Is(job.err, subscriptions.ErrNoMonth) {
		return out, false, nil
	}
	if job.err != nil {
		return out, false, job.err
	}
	out, ok = job.value.(T)
	return out, ok, nil
}

// job finds the job of a report or begins one; mine tells that the caller is to do it.
func (s *Reports) job(kind string, month schema.Day, at string) (job *reportJob, mine bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, k := range s.kept {
		if k.kind != kind || k.month != month {
			continue
		}
		s.kept = append(s.kept[:i:i], s.kept[i+1:]...)
		if k.at == at {
			s.kept = append(s.kept, k)
			return k, false
		}
		break
	}
	job = &reportJob{kind: kind, month: month, at: at, done: make(chan struct{})}
	s.kept = append(s.kept, job)
	if len(s.kept) > reportsKept {
		s.kept = s.kept[1:]
	}
	return job, true
}

// forget lets a report that could not be worked out be tried again.
func (s *Reports) forget(job *reportJob) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, k := range s.kept {
		if k == job {
			s.kept = append(s.kept[:i:i], s.kept[i+1:]...)
			return
		}
	}
}

func kronor(m schema.Money) decimal.Decimal { return decimal.New(int64(m), -6) }

// Subscriptions follows up what the organisation subscribes to at the end of a month.
func (s *Reports) Subscriptions(ctx context.Context, month schema.Day) (query.SubscriptionReport, bool, error) {
	return report(ctx, s, "subscriptions", month, func(ctx context.Context) (out query.SubscriptionReport, err error) {
		r, err := subscriptions.Follow(ctx, s.store, subscriptions.Input{Zone: s.zone, AsOf: month})
		if err != nil {
			return out, err
		}
		for _, u := range r.Units {
			unit := query.SubscriptionUnit{Unit: u.UnitID, Lines: u.Lines, ToCheck: u.ToCheck, Fees: kronor(u.Fees), Usage: kronor(u.Usage), Idle: kronor(u.Idle), Asked: u.Asked}
			for _, p := range u.Plans {
				unit.Plans = append(unit.Plans, query.SubscriptionPlan{Kind: p.Kind, Operator: p.Operator, Plan: p.Plan, Lines: p.Lines, Fees: kronor(p.Fees)})
			}
			out.Units = append(out.Units, unit)
		}
		for _, l := range r.Lines {
			out.Lines = append(out.Lines, query.SubscriptionLine{Line: l.LineID, Unit: l.UnitID, CostCentre: l.CostCentre, Kind: l.Kind, Role: l.Role, Operator: l.Operator, Plan: l.Plan, Fees: kronor(l.Fees),
				LastUse: l.LastUse, Reviewed: l.Reviewed, Questions: l.Questions})
		}
		return out, nil
	})
}

// Savings finds what could be saved as of the end of a month.
func (s *Reports) Savings(ctx context.Context, month schema.Day) (query.SavingReport, bool, error) {
	return report(ctx, s, "savings", month, func(ctx context.Context) (out query.SavingReport, err error) {
		r, err := savings.Find(ctx, s.store, savings.Input{Zone: s.zone, Month: month})
		if err != nil {
			return out, err
		}
		for i := range r.Findings {
			f := &r.Findings[i]
			out.Findings = append(out.Findings, query.Saving{Kind: f.Kind, Line: f.LineID, Unit: f.UnitID, CostCentre: f.CostCentre, Role: f.Role, Operator: f.Operator, Plan: f.Plan, Other: f.Other, Year: kronor(f.Year)})
		}
		return out, nil
	})
}

// Invoices holds the invoices of a month against subscriptions, call detail and price books.
func (s *Reports) Invoices(ctx context.Context, month schema.Day) (query.InvoiceReport, bool, error) {
	return report(ctx, s, "invoices", month, func(ctx context.Context) (out query.InvoiceReport, err error) {
		r, err := s.invoices(ctx, month)
		if err != nil {
			return out, err
		}
		out.Billed, out.Claimed = kronor(r.Total.Billed), kronor(r.Total.Claimed)
		for i := range r.Documents {
			d := &r.Documents[i]
			out.Documents = append(out.Documents, query.InvoiceDocument{Number: d.Number, Kind: d.Kind, Operator: d.Operator, Issued: d.Issued, Currency: d.Currency, Lines: d.Lines, Findings: len(d.Findings),
				Billed: kronor(d.Billed), Claimed: kronor(d.Claimed)})
		}
		for _, o := range r.Operators {
			for _, outcome := range reconcile.Outcomes() {
				if sum, ok := o.Outcomes[outcome]; ok {
					out.Outcomes = append(out.Outcomes, query.InvoiceOutcome{Operator: o.Operator, Outcome: outcome, Lines: sum.Lines, Billed: kronor(sum.Billed), Claimed: kronor(sum.Claimed)})
				}
			}
		}
		for i := range r.Lines {
			l := &r.Lines[i]
			if l.Claimed != 0 {
				out.Disputes = append(out.Disputes, query.InvoiceDispute{Document: l.Document, LineNo: l.LineNo, Operator: l.Operator, Line: l.LineID, Mask: l.Mask, Item: l.Item, Outcome: l.Outcome, Reason: l.Reason,
					Currency: l.Currency, Billed: kronor(l.BilledSEK), Expected: kronor(l.Expected), Claimed: kronor(l.Claimed)})
			}
		}
		return out, nil
	})
}
