// Command bench measures Linesman on this machine and prints a table for docs/performance.md.
// It makes the demo region, carries it from files to rows, builds the store anew from the
// log, judges everything, and then looks at memory and idle CPU.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"time"

	"linesman/internal/config"
	"linesman/internal/demo"
	"linesman/internal/engine"
	"linesman/internal/node"
)

type options struct {
	size, dir, profile string
	idle               time.Duration
	only               string
	rows               int
	rule               string
	exact, brief       bool
	packs              bool
	backtests          bool
	level, queries     string
	rate, seconds      int
}

func main() {
	engine.RunChildIfAsked()
	var o options
	flag.StringVar(&o.size, "size", "full", "full or small")
	flag.StringVar(&o.dir, "dir", "", "working directory; default: a temporary one")
	flag.StringVar(&o.profile, "profile", "", "write a CPU profile of each step into this folder")
	flag.DurationVar(&o.idle, "idle", 60*time.Second, "how long to watch the idle program")
	flag.StringVar(&o.only, "only", "", "parse: only the collectors' parse speed; policy: only the rules, over -rows made-up usage records; flagging: how soon calls are flagged; rerate: what a changed price book costs, over -rows")
	flag.IntVar(&o.rows, "rows", 10_000_000, "usage records for -only policy and -only rerate")
	flag.StringVar(&o.rule, "rule", "", "-only policy: measure only rules with this in their name")
	flag.BoolVar(&o.exact, "exact", false, "-only policy: read every month of usage with FINAL, to compare with")
	flag.BoolVar(&o.brief, "brief", false, "-only policy: do not ask what the queries read")
	flag.BoolVar(&o.backtests, "backtests", false, "-only policy: only the back-tests")
	flag.BoolVar(&o.packs, "packs", false, "-only policy: only all packs together")
	flag.StringVar(&o.level, "level", "error", "-only policy: what is logged; debug tells what each rule took")
	flag.IntVar(&o.rate, "rate", 5000, "-only flagging: calls a second")
	flag.IntVar(&o.seconds, "seconds", 60, "-only flagging: how long")
	flag.StringVar(&o.queries, "queries", "", "-only policy: write the queries into this folder")
	flag.Parse()
	if err := run(context.Background(), o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) (err error) {
	if o.dir == "" {
		if o.dir, err = os.MkdirTemp("", "linesman-bench-"); err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(o.dir) }()
	}
	if o.only == "policy" || o.only == "flagging" || o.only == "rerate" {
		cfg := config.Default()
		cfg.Logging.Level = o.level
		fmt.Printf("machine: %d cores, %s, load %s\n\n| what | figure |\n|---|---|\n", runtime.NumCPU(), runtime.Version(), load())
		switch o.only {
		case "flagging":
			return o.flagging(ctx, cfg)
		case "rerate":
			return o.rerate(ctx, cfg)
		}
		return o.policies(ctx, cfg)
	}
	size := demo.Full
	if o.size == "small" {
		size = demo.Small
	}
	fmt.Printf("machine: %d cores, %s, load %s\n\n| what | figure |\n|---|---|\n", runtime.NumCPU(), runtime.Version(), load())
	files := filepath.Join(o.dir, "files")
	var truth demo.Truth
	err = o.step("making the demo region's files", func() (err error) {
		truth, err = demo.Generate(ctx, demo.Config{Dir: files, Size: size, Seed: 1})
		return err
	}, func(sec, _ float64) string { return fmt.Sprintf("%.1f s", sec) })
	if err != nil {
		return err
	}
	cfg := config.Default()
	cfg.Data = filepath.Join(o.dir, "data")
	cfg.Logging.Level = "error"
	cfg.Console.Listen = "127.0.0.1:0"
	if err := o.parse(ctx, cfg, files); err != nil || o.only == "parse" {
		return err
	}
	return o.node(ctx, cfg, files, float64(truth.Records.Usage))
}

// step times one piece of work, wall and CPU of this process and its children.
func (o *options) step(name string, do func() error, show func(sec, cpu float64) string) error {
	runtime.GC()
	if o.profile != "" {
		f, err := os.Create(filepath.Join(o.profile, fileName(name)+".pprof"))
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	began, cpu := time.Now(), cpuSeconds()
	if err := do(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	fmt.Printf("| %s | %s |\n", name, show(time.Since(began).Seconds(), cpuSeconds()-cpu))
	return nil
}

func fileName(name string) string {
	b := []byte(name)
	for i, c := range b {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			b[i] = '-'
		}
	}
	return string(b)
}

func rate(n float64) func(sec, cpu float64) string {
	return func(sec, cpu float64) string {
		return fmt.Sprintf("%.0f records/s (%.1f s wall, %.1f s CPU, %.2f µs CPU a record)", n/sec, sec, cpu, cpu/n*1e6)
	}
}

// node runs the whole program on the files.
func (o *options) node(ctx context.Context, cfg config.Config, files string, records float64) error {
	n, err := node.Open(ctx, cfg, cfg.Logger())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var failed error
	err = n.Run(ctx, node.RunOptions{Console: true, Ready: func(string) {
		defer cancel()
		var stored time.Time
		began := time.Now()
		note := func(p node.Progress) {
			if p.What == node.StepStored && p.Done >= p.Total {
				stored = time.Now()
			}
		}
		failed = errors.Join(
			o.step("files → rows, judged (all of it: with roll-ups and rules)", func() error { return n.Feed(ctx, files, note) }, rate(records)),
		)
		sec := stored.Sub(began).Seconds()
		fmt.Printf("| files → rows (collect, log, enrich, rate, insert) | %.0f records/s (%.1f s) |\n", records/sec, sec)
		failed = errors.Join(failed,
			o.memory(ctx, n, "memory after that"),
		)
		var res node.Rebuilt
		failed = errors.Join(failed,
			o.step("log → rows (rebuild, with roll-ups, rules and the comparison)", func() (err error) {
				res, err = n.Rebuild(ctx, nil)
				return err
			}, rate(records)),
		)
		fmt.Printf("| log → rows alone (decode, enrich, rate, insert) | %.0f records/s (%.1f s) |\n", records/res.Stored, res.Stored)
		if len(res.Changed) > 0 {
			failed = errors.Join(failed, fmt.Errorf("the rebuild changed %v", res.Changed))
		}
		failed = errors.Join(failed,
			o.step("evaluating all rules over everything", func() error { return n.EvaluateAll(ctx) }, func(sec, cpu float64) string { return fmt.Sprintf("%.2f s (%.2f s CPU)", sec, cpu) }),
			o.step("verify (log against store)", func() error { _, err := n.Verify(ctx, nil); return err }, rate(records)),
			o.watchIdle(ctx, n),
		)
	}})
	return errors.Join(failed, err, n.Close())
}

func (o *options) memory(ctx context.Context, n *node.Node, name string) error {
	s, err := n.Memory(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("| %s | %d MB program + %d MB engine = %d MB resident |\n", name, s.Program>>20, s.Engine>>20, (s.Program+s.Engine)>>20)
	return nil
}

// watchIdle measures what the program costs when nothing arrives.
func (o *options) watchIdle(ctx context.Context, n *node.Node) error {
	time.Sleep(45 * time.Second) // background merges end, and the program gives memory back
	engineCPU, err := n.EngineCPU(ctx)
	if err != nil {
		return err
	}
	cpu := selfCPU()
	time.Sleep(o.idle)
	after, err := n.EngineCPU(ctx)
	if err != nil {
		return err
	}
	sec := o.idle.Seconds()
	fmt.Printf("| idle, %v | %.2f %% of a core program + %.2f %% engine |\n", o.idle, 100*(selfCPU()-cpu)/sec, 100*(after-engineCPU)/sec)
	return o.memory(ctx, n, "memory when idle")
}
