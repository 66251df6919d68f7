package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"linesman/internal/broker"
	"linesman/internal/config"
	"linesman/internal/engine"
	"linesman/internal/words"
	"linesman/processors/pipeline"
	"linesman/processors/store"
	"linesman/schema"
)

// rerateMonths is a year: what a changed price book rates again.
const rerateMonths = 12

// rerateBench measures what a changed price book costs: every row of a year of usage is rated
// again, and nearly every one changes. The usage has units, cost centres, operators and plans. At
// last who holds the lines is stated too, which moves rows otherwise than by their prices.
type rerateBench struct {
	log      *broker.Broker
	store    *store.Store
	pipeline *pipeline.Pipeline
	stated   int // statements so far
	lines    []schema.Line
}

func (o *options) rerate(ctx context.Context, cfg config.Config) (err error) {
	out := cfg.Logger()
	b := &rerateBench{}
	if b.log, err = broker.Open(ctx, broker.Config{Dir: filepath.Join(o.dir, "rerate-log"), NoSync: true}, out); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.log.Close(context.WithoutCancel(ctx))) }()
	var topics []broker.TopicSpec
	for _, t := range schema.Topics() {
		topics = append(topics, broker.TopicSpec{Name: t.Name, Partitions: t.Partitions})
	}
	if err := b.log.EnsureTopics(ctx, topics); err != nil {
		return err
	}
	cfg.Data = filepath.Join(o.dir, "rerate")
	e, err := engine.Open(ctx, cfg.EngineConfig(), out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close(context.WithoutCancel(ctx))) }()
	if b.store, err = store.New(ctx, e, out); err != nil {
		return err
	}
	if b.pipeline, err = pipeline.New(pipeline.Config{}, b.log, b.store, out); err != nil {
		return err
	}
	if err := b.pipeline.Open(ctx); err != nil {
		return err
	}
	defer b.pipeline.Close()
	return b.measure(ctx, o)
}

func (b *rerateBench) measure(ctx context.Context, o *options) error {
	n := float64(o.rows)
	per := func(sec, cpu float64) string {
		return fmt.Sprintf("%.1f s, %.1f s CPU (%.2f s and %.2f s CPU for a million)", sec, cpu, sec/n*1e6, cpu/n*1e6)
	}
	rows := words.Thousands(uint64(o.rows))
	if err := o.step("making "+rows+" usage records", func() error { return b.fill(ctx, o.rows) }, func(sec, _ float64) string { return fmt.Sprintf("%.0f s", sec) }); err != nil {
		return err
	}
	if err := b.holders(ctx); err != nil {
		return err
	}
	for _, step := range []struct {
		name  string
		price schema.Money
		lines bool
	}{{"rating " + rows + " for the first time", schema.Ore(20), false}, {"rating them again: every price changed", schema.Ore(25), false}, {"and again", schema.Ore(15), false},
		{"and once more, with " + words.Thousands(uint64(len(b.lines))) + " lines stated for the first time: row by row", schema.Ore(30), true}} {
		if err := b.settle(ctx); err != nil {
			return err
		}
		before, err := b.cost(ctx)
		if err != nil {
			return err
		}
		own := selfCPU()
		if err := o.step(step.name, func() error { return b.state(ctx, step.price, step.lines) }, func(sec, cpu float64) string {
			return per(sec, cpu) + fmt.Sprintf(", of it %.1f s the program", selfCPU()-own)
		}); err != nil {
			return err
		}
		after, err := b.cost(ctx)
		if err != nil {
			return err
		}
		if before == after {
			return fmt.Errorf("%s: nothing changed", step.name)
		}
		d := b.pipeline.TakeDirty()
		if err := o.step("the roll-ups of "+fmt.Sprint(len(d.Days))+" days after that (not part of the above)", func() error { return b.store.Recompute(ctx, slices.Collect(maps.Keys(d.Days))) }, per); err != nil {
			return err
		}
	}
	return nil
}

// settle merges each month, as they lie in a store some hours after they moved.
func (b *rerateBench) settle(ctx context.Context) error {
	for month := range rerateMonths {
		if err := b.store.Conn().Exec(ctx, "OPTIMIZE TABLE usage PARTITION ID '"+benchBegin().AddDate(0, month, 0).Format("200601")+"' FINAL SETTINGS optimize_skip_merged_partitions = 1"); err != nil {
			return fmt.Errorf("merging a month: %w", err)
		}
	}
	return nil
}

// holders finds the lines of the made-up usage, to be stated.
func (b *rerateBench) holders(ctx context.Context) error {
	rows, err := b.store.Conn().Query(ctx, `SELECT line_id, max(if(recorded_line_id = line_id, '', recorded_line_id)), any(toString(line_kind)), any(toString(role)), any(toString(unit_id)), any(toString(cost_centre)), any(toString(line_operator))
FROM usage GROUP BY line_id ORDER BY line_id`)
	if err != nil {
		return fmt.Errorf("listing the lines of the made-up usage: %w", err)
	}
	return store.EachRow(rows, func(rows driver.Rows) error {
		l := schema.Line{ValidFrom: schema.TimeOf(benchBegin().AddDate(0, -1, 0)), Plan: []string{"bas", "fri", "data"}[len(b.lines)%3]}
		if err := rows.Scan(&l.LineID, &l.Alias, &l.Kind, &l.Role, &l.UnitID, &l.CostCentre, &l.Operator); err != nil {
			return err
		}
		l.EventID = schema.NewID("bench line", l.LineID)
		b.lines = append(b.lines, l)
		return nil
	})
}

// fill makes a year of usage that costs: answered calls out, data, messages and some fees.
func (b *rerateBench) fill(ctx context.Context, rows int) error {
	each := (rows + rerateMonths - 1) / rerateMonths
	for month := range rerateMonths {
		first := benchBegin().AddDate(0, month, 0)
		for from := 0; from < each; from += benchBlock {
			sql := usageSQL(month*each+from, min(benchBlock, each-from), first)
			for _, change := range [][2]string{{"r1 % 100 < 45, 'out'", "1, 'out'"}, {"r2 % 1000 < 820 AS taken", "r2 >= 0 AS taken"}} {
				if !strings.Contains(sql, change[0]) {
					return fmt.Errorf("the made-up usage has no %q", change[0])
				}
				sql = strings.Replace(sql, change[0], change[1], 1)
			}
			if err := b.store.Conn().Exec(ctx, sql); err != nil {
				return fmt.Errorf("making usage of %s: %w", first.Format("200601"), err)
			}
		}
	}
	return nil
}

// cost adds up what the prices say.
func (b *rerateBench) cost(ctx context.Context) (sum float64, err error) {
	err = b.store.Conn().QueryRow(ctx, "SELECT toFloat64(sum(rated)) FROM usage SETTINGS final = 1").Scan(&sum)
	return sum, err
}

// state states a price book and waits until every row is rated by it.
func (b *rerateBench) state(ctx context.Context, price schema.Money, lines bool) error {
	var book []schema.Price
	add := func(p schema.Price) {
		b.stated++
		p.PriceID, p.Book, p.Currency = fmt.Sprintf("bench/%d", len(book)), "bench", "SEK"
		p.ValidFrom = schema.TimeOf(benchBegin().AddDate(0, -1, 0))
		p.EventID, p.StatedAt = schema.NewID("bench", fmt.Sprint(b.stated)), schema.Time(b.stated)
		book = append(book, p)
	}
	add(schema.Price{Per: "minute", Price: price, FirstS: 60, NextS: 1})
	add(schema.Price{Per: "MB", Price: price / 2})
	add(schema.Price{Per: "SMS", Price: price})
	for i, operator := range []string{"", "norrtele"} {
		for j, class := range []string{"mobile", "fixed", "corporate", "international", "premium", "directory", "toll_free", "internal"} {
			for k, zone := range []string{"", "home", "eea", "world"} {
				add(schema.Price{Operator: operator, OtherClass: class, Zone: zone, Per: "minute", Price: price + schema.Ore(int64(i+j+k)), Opening: schema.Ore(int64(10 + j)), FirstS: 60, NextS: 1})
			}
		}
	}
	var recs []broker.Record
	if lines {
		recs = statements(schema.LineTable(), b.lines)
		b.stated += len(recs)
	}
	recs = append(recs, statements(schema.PriceTable(), book)...)
	if _, err := b.log.Produce(ctx, schema.TopicReference, 0, recs); err != nil {
		return fmt.Errorf("stating prices: %w", err)
	}
	return b.pipeline.WaitStored(ctx, schema.TopicReference, 0, uint64(b.stated)) // it does not run: this does the work
}

func statements[T any](t *schema.Table[T], of []T) (recs []broker.Record) {
	enc := schema.NewEncoder(t)
	for i := range of {
		recs = append(recs, broker.Record{Key: fmt.Append(nil, i), Value: enc.Append(nil, &of[i]), Time: time.Now(),
			Headers: []broker.Header{{Key: schema.HeaderVersion, Value: []byte(schema.Version)}, {Key: schema.HeaderType, Value: []byte(t.Record)}}})
	}
	return recs
}
