package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"linesman/internal/config"
	"linesman/internal/engine"
	"linesman/internal/node"
	"linesman/internal/words"
	"linesman/processors/backtest"
	"linesman/processors/policy"
	"linesman/processors/store"
)

// policyBench measures the rules over a store with many usage records, and says what each
// query reads.
type policyBench struct {
	engine  *engine.Engine
	store   *store.Store
	rules   *policy.Set
	empty   *policy.Set
	log     *slog.Logger
	rule    string // a part of the names of the rules to measure; empty: all, and back-tests
	exact   bool   // with FINAL everywhere, to compare with
	queries string // folder for the texts of the queries
	brief   bool   // without asking what the queries read: half the time
}

// policies fills a store with made-up usage and judges it: each rule alone, all of them, and
// the back-test of a changed one.
func (o *options) policies(ctx context.Context, cfg config.Config) (err error) {
	cfg.Data = filepath.Join(o.dir, "policy")
	b := &policyBench{log: cfg.Logger(), rule: o.rule, exact: o.exact, brief: o.brief, queries: o.queries}
	names, err := policy.PackNames()
	if err != nil {
		return err
	}
	if b.rules, err = policy.Builtin(names, nil); err != nil {
		return err
	}
	if b.empty, err = policy.Merge(); err != nil {
		return err
	}
	if b.engine, err = engine.Open(ctx, cfg.EngineConfig(), b.log); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.engine.Close(context.WithoutCancel(ctx))) }()
	if b.store, err = store.New(ctx, b.engine, b.log); err != nil {
		return err
	}
	err = o.step(fmt.Sprintf("making %s usage records", words.Thousands(uint64(o.rows))), func() error { return errors.Join(b.fill(ctx, o.rows), b.references(ctx)) },
		func(sec, _ float64) string { return fmt.Sprintf("%.0f s", sec) })
	if err != nil {
		return err
	}
	if err := b.describe(ctx); err != nil {
		return err
	}
	if b.rule == "" && !o.backtests {
		if err := b.all(ctx); err != nil {
			return err
		}
	}
	if o.packs {
		return nil
	}
	if !o.backtests {
		if err := b.each(ctx); err != nil || b.rule != "" {
			return err
		}
	}
	for _, c := range changes() {
		if err := b.backtest(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// describe tells what the store holds.
func (b *policyBench) describe(ctx context.Context) error {
	var rows, size, months, parts, merged uint64
	err := b.store.Conn().QueryRow(ctx, "SELECT sum(n), sum(size), count(), sum(parts), countIf(parts = 1 AND least > 0) FROM (\n"+
		"SELECT sum(rows) AS n, sum(bytes_on_disk) AS size, count() AS parts, min(level) AS least FROM system.parts WHERE database = currentDatabase() AND table = 'usage' AND active GROUP BY partition_id)").Scan(&rows, &size, &months, &parts, &merged)
	if err != nil {
		return fmt.Errorf("looking at the parts of usage: %w", err)
	}
	fmt.Printf("| the store | %s rows of usage, %s MB, %d months in %d parts, %d of them merged |\n", words.Thousands(rows), words.Thousands(size/1e6), months, parts, merged)
	return nil
}

// recorder notes the queries that the evaluator asks.
type recorder struct {
	policy.Store
	asked  []string
	folder string // where the queries are written to; empty: nowhere
}

func (r *recorder) Query(ctx context.Context, query string, args ...any) (driver.Rows, error) {
	if !strings.Contains(query, "system.parts") {
		r.asked = append(r.asked, query)
		if r.folder != "" {
			if err := os.WriteFile(filepath.Join(r.folder, fmt.Sprintf("query%03d.sql", len(r.asked))), []byte(query), 0o600); err != nil {
				return nil, err
			}
		}
	}
	return r.Store.Query(ctx, query, args...)
}

// cost is what a query took and read.
type cost struct {
	took              time.Duration
	cpu               float64 // of the engine
	rows, bytes, made uint64
}

func (c cost) String() string {
	return fmt.Sprintf("%.2f s (%.2f s CPU), read %s rows and %s MB, %s verdicts", c.took.Seconds(), c.cpu, words.Thousands(c.rows), words.Thousands(c.bytes/1e6), words.Thousands(c.made))
}

// ask runs a query and reads the engine's own account of it.
func (b *policyBench) ask(ctx context.Context, sql string) (cost, error) {
	var tail tailWriter
	began := time.Now()
	if err := b.engine.QueryFormat(ctx, sql, "JSONCompact", nil, &tail); err != nil {
		return cost{}, err
	}
	c := cost{took: time.Since(began)}
	text := tail.b
	if i := bytes.LastIndex(text, []byte(`"rows":`)); i >= 0 {
		text = append([]byte("{"), text[i:]...)
	}
	var end struct {
		Rows       uint64
		Statistics struct {
			RowsRead  uint64 `json:"rows_read"`
			BytesRead uint64 `json:"bytes_read"`
		}
	}
	if err := json.Unmarshal(text, &end); err != nil {
		return c, fmt.Errorf("reading what the query read: %w in %q", err, text)
	}
	c.made, c.rows, c.bytes = end.Rows, end.Statistics.RowsRead, end.Statistics.BytesRead
	return c, nil
}

// tailWriter keeps the end of what is written: the account stands there.
type tailWriter struct{ b []byte }

const tailSize = 2 << 10

func (t *tailWriter) Write(p []byte) (int, error) {
	t.b = append(t.b, p[max(0, len(p)-tailSize):]...)
	t.b = t.b[max(0, len(t.b)-tailSize):]
	return len(p), nil
}

// all judges everything by all packs, as a start after a change of rules does.
func (b *policyBench) all(ctx context.Context) error {
	rec := &recorder{Store: b.store.Conn(), folder: b.queries}
	ev, err := policy.New(policy.Config{Exact: b.exact}, rec, b.rules, b.log)
	if err != nil {
		return err
	}
	began, cpu, engine := time.Now(), selfCPU(), node.ChildrenCPU()
	found, err := ev.Evaluate(ctx, policy.Scope{All: true})
	if err != nil {
		return err
	}
	fmt.Printf("| all packs, %d rules, over everything | %.2f s (%.2f s CPU engine, %.2f s program), %d queries, %s violations |\n", len(b.rules.Rules()), time.Since(began).Seconds(), node.ChildrenCPU()-engine, selfCPU()-cpu, len(rec.asked), words.Thousands(uint64(len(found))))
	return nil
}

// each runs every rule over everything: the whole of it is what a start or a change of the
// reference data costs.
func (b *policyBench) each(ctx context.Context) error {
	var all cost
	for _, r := range b.rules.Rules() {
		if !strings.Contains(r.Name(), b.rule) {
			continue
		}
		c, err := b.cost(ctx, r)
		if err != nil {
			return err
		}
		fmt.Printf("| %s (%s) over everything | %s |\n", r.Name(), r.Pack, c)
		all.took, all.cpu, all.rows, all.bytes, all.made = all.took+c.took, all.cpu+c.cpu, all.rows+c.rows, all.bytes+c.bytes, all.made+c.made
	}
	fmt.Printf("| all rules, one after the other | %s |\n", all)
	return nil
}

// cost judges everything by one rule, and then asks what its queries read.
func (b *policyBench) cost(ctx context.Context, r *policy.Rule) (cost, error) {
	rec := &recorder{Store: b.store.Conn(), folder: b.queries}
	ev, err := policy.New(policy.Config{Exact: b.exact}, rec, b.empty, b.log)
	if err != nil {
		return cost{}, err
	}
	began, engine := time.Now(), node.ChildrenCPU()
	found, err := ev.Verdicts(ctx, r, nil)
	if err != nil {
		return cost{}, err
	}
	total := cost{took: time.Since(began), cpu: node.ChildrenCPU() - engine, made: uint64(len(found))}
	for _, sql := range rec.asked {
		if b.brief {
			break
		}
		c, err := b.ask(ctx, sql)
		if err != nil {
			return total, fmt.Errorf("rule %s: %w", r.Name(), err)
		}
		total.rows, total.bytes = total.rows+c.rows, total.bytes+c.bytes
	}
	return total, nil
}

// changed is a rule and its next version: the same text, with another number.
type changed struct{ name, rule, from, to string }

func changes() []changed {
	return []changed{
		{"forwarded calls", `where: [{column: forwarded, is: true}, {column: other_class, is: mobile}, {column: answered, is: true}], exempt: {approval: forwarding},
 limits: [{measure: count, count: true, unit: calls, above: 60}, {measure: cost, cost: true, unit: SEK, above: 150}]`, "above: 60", "above: 40"},
		{"data abroad", `where: [{column: kind, is: data}, {column: visited_country, not_in: ["", SE]}], exempt: {approval: trip, country_column: visited_country},
 limits: [{measure: volume, sum: volume_bytes, scale: 1000000, unit: MB, above: 50}]`, "above: 50", "above: 20"},
		{"premium calls", `where: [{column: other_class, is: premium}, {column: answered, is: true}], exempt: {approval: premium},
 limits: [{measure: count, count: true, unit: calls, above: 0}]`, "above: 0", "above: 1"},
		{"every call", `where: [{column: kind, is: call}], limits: [{measure: cost, cost: true, unit: SEK, above: 400}]`, "above: 400", "above: 300"},
	}
}

// backtest tries a changed rule against the one in force and asks the engine for its account
// of both queries.
func (b *policyBench) backtest(ctx context.Context, c changed) error {
	inForce, err := ruleOf(c.rule, 1)
	if err != nil {
		return err
	}
	draft, err := ruleOf(strings.Replace(c.rule, c.from, c.to, 1), 2)
	if err != nil {
		return err
	}
	began, cpu := time.Now(), selfCPU()
	rep, err := backtest.Run(ctx, backtest.Input{Store: b.store.Conn(), Draft: draft, Against: inForce, Log: b.log})
	if err != nil {
		return err
	}
	t := rep.Total
	fmt.Printf("| back-test of %s, %s → %s | %.2f s (%.2f s CPU of this process): %d new, %d gone, %d changed, %d unchanged |\n", c.name, c.from, c.to,
		time.Since(began).Seconds(), selfCPU()-cpu, t.New.Count, t.Gone.Count, t.Changed.Count, t.Unchanged.Count)
	return b.account(ctx, draft)
}

// account runs the query of a draft by itself.
func (b *policyBench) account(ctx context.Context, draft *policy.Set) error {
	for _, r := range draft.Rules() {
		c, err := b.cost(ctx, r)
		if err != nil {
			return err
		}
		fmt.Printf("| its query alone | %s |\n", c)
	}
	return nil
}

// ruleOf makes a set of one rule.
func ruleOf(body string, version int) (*policy.Set, error) {
	return backtest.Parse(backtest.File{Name: "bench.yaml", Text: fmt.Sprintf(`{pack: bench, rules: [{id: bench, version: %d, title: {en: Bench, sv: Bench}, description: {en: Bench, sv: Bench},
 severity: low, policy: [{document: D, section: S, quote: Q}], valid_from: 2025-01-01, informed_at: 2025-01-01, subject: line, window: month, source: usage, %s}]}`, version, body)})
}
