package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"linesman/internal/node"
	"linesman/internal/words"
	"linesman/processors/backtest"
	"linesman/processors/policy"
	"linesman/schema"
)

func policyBacktestCommand(o *options) *cobra.Command {
	var d draftCommand
	cmd := &cobra.Command{
		Use:   "backtest",
		Short: "Tell what a draft would have found in the past, beside the rules in force",
		Long: `Backtest judges the rules of a draft over the whole store and compares what they find with what the rules in force
find: violations that are new, gone, changed and unchanged, by unit and month, with their cost. Nothing is written, neither
to the store nor to the log. It works beside a running 'up' and alone.

A violation is the same when it is about the same subject and window. Rules that say just what is in force, or differ in words
only, are not run. What the rules in force exempt and protect binds the draft. It is judged as if it had held, and the staff had
known of it, as long as the version in force has; --as-dated judges each by its own dates. With --from and --to only windows
that lie whole between them are judged. docs/backtest.md says more.`,
		Example: `  linesman policy backtest --policy draft.yaml
  linesman policy backtest --policy draft.yaml --rule excessive-forwarding --from 2026-01-01 --lang sv
  linesman policy backtest --policy draft.yaml --evidence
  linesman policy backtest --policy draft.yaml --json > backtest.json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return d.run(cmd.Context(), o) },
	}
	f := cmd.Flags()
	f.StringArrayVar(&d.files, "policy", nil, "rule file of the draft; may be given several times")
	f.BoolVar(&d.evidence, "evidence", false, "show the costliest cases with some event ids")
	f.StringVar(&d.lang, "lang", "en", "language of the texts: en or sv")
	backtestFlags(f, &d.req)
	return cmd
}

// draftCommand is what one call of 'policy backtest' was given.
type draftCommand struct {
	files    []string
	req      node.BacktestRequest
	lang     string
	evidence bool
}

// run checks everything that can be wrong with the call before it opens the store.
func (d *draftCommand) run(ctx context.Context, o *options) error {
	if err := knownLanguage(d.lang); err != nil {
		return err
	}
	if len(d.files) == 0 {
		return errors.New("no draft: linesman policy backtest --policy draft.yaml")
	}
	err := checkPeriod(d.req)
	if err != nil {
		return err
	}
	if d.req.Files, err = readDrafts(d.files); err != nil {
		return err
	}
	if d.evidence {
		d.req.Examples = 5
	}
	cfg, err := o.load()
	if err != nil {
		return err
	}
	return withData(ctx, cfg, func(api node.API, _ *node.Node) error {
		m := newMeter()
		rep, err := api.Backtest(ctx, d.req, m.say)
		m.done()
		if err != nil {
			return err
		}
		if o.json {
			return printJSON(rep)
		}
		showBacktest(os.Stdout, rep, d.lang)
		return nil
	})
}

// backtestFlags are those that choose what is judged.
func backtestFlags(f *pflag.FlagSet, req *node.BacktestRequest) {
	f.StringVar(&req.Rule, "rule", "", "judge only this rule of the draft")
	f.StringVar(&req.From, "from", "", "first day, such as 2026-01-01 (default: from the beginning)")
	f.StringVar(&req.To, "to", "", "last day (default: to the end)")
	f.BoolVar(&req.AsDated, "as-dated", false, "judge both versions by their own dates of validity and information")
}

// checkPeriod refuses a period before the store is opened for it.
func checkPeriod(req node.BacktestRequest) error {
	var days [2]schema.Day
	for i, text := range []string{req.From, req.To} {
		if text == "" {
			continue
		}
		var err error
		if days[i], err = schema.ParseDay(text); err != nil {
			return fmt.Errorf("%s: %w", []string{"--from", "--to"}[i], err)
		}
	}
	if days[0] != 0 && days[1] != 0 && days[1] < days[0] {
		return fmt.Errorf("the period ends on %s, before it begins on %s: turn --from and --to around", req.To, req.From)
	}
	return nil
}

func knownLanguage(lang string) error {
	if lang != "en" && lang != "sv" {
		return fmt.Errorf("language %q: want en or sv", lang)
	}
	return nil
}

// readDrafts reads rule files. What is wrong in them is told here, all of it, with file, line
// and column; the program that runs on the data need not be asked for that.
func readDrafts(names []string) ([]backtest.File, error) {
	var out []backtest.File
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("reading the draft: %w", err)
		}
		out = append(out, backtest.File{Name: name, Text: string(text)})
	}
	if _, err := backtest.Parse(out...); err != nil {
		return nil, tellProblems(err)
	}
	return out, nil
}

// tellProblems shows the problems of rule files on standard error, one a line.
func tellProblems(err error) error {
	var problems policy.Problems
	if !errors.As(err, &problems) {
		return err
	}
	for _, p := range problems {
		fmt.Fprintln(os.Stderr, p)
	}
	return &quietError{errors.New(words.Count(len(problems), "problem"))}
}

func policyDiffCommand(o *options) *cobra.Command {
	var rule, lang string
	var from, to uint32
	cmd := &cobra.Command{
		Use:   "diff [OLD] NEW | --rule ID --from-version N --to-version M",
		Short: "Say in words what changes between two rule files or two versions of a rule",
		Long: `Diff compares the newest version of every rule of two files, or of one file and the rules in force, and says in words
what changes: limits, windows, conditions, dates, texts. With --rule it compares two versions of a rule in force.`,
		Example: `  linesman policy diff rules-2025.yaml rules-2026.yaml
  linesman policy diff draft.yaml --lang sv
  linesman policy diff --rule excessive-forwarding --from-version 1 --to-version 2`,
		Args: cobra.MaximumNArgs(2),
		RunE: func(_ *cobra.Command, files []string) error {
			if err := knownLanguage(lang); err != nil {
				return err
			}
			diffs, err := o.diffs(files, rule, from, to)
			if err != nil {
				return err
			}
			if o.json {
				return printJSON(diffs)
			}
			showDiffs(os.Stdout, diffs, lang)
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&rule, "rule", "", "compare only this rule")
	f.Uint32Var(&from, "from-version", 0, "version to compare from (with --rule)")
	f.Uint32Var(&to, "to-version", 0, "version to compare to (with --rule)")
	f.StringVar(&lang, "lang", "en", "language of the texts: en or sv")
	return cmd
}

// diffs compares what the arguments name.
func (o *options) diffs(files []string, rule string, from, to uint32) ([]backtest.RuleDiff, error) {
	if (from != 0) != (to != 0) || (from != 0 && (rule == "" || len(files) > 0)) || (len(files) == 0 && from == 0) {
		return nil, errors.New("name two rule files, or one to compare with the rules in force, or --rule ID --from-version N --to-version M")
	}
	var sets []*policy.Set
	if len(files) < 2 {
		cfg, err := o.load()
		if err != nil {
			return nil, err
		}
		inForce, err := node.LoadRules(cfg.Policy)
		if err != nil {
			return nil, err
		}
		if from != 0 {
			return versions(inForce, rule, from, to)
		}
		sets = append(sets, inForce)
	}
	for _, f := range files {
		set, err := draftFor(sets[:2-len(files)], f)
		if err != nil {
			return nil, err
		}
		sets = append(sets, set)
	}
	out := []backtest.RuleDiff{}
	for _, d := range backtest.DiffSets(sets[0], sets[1]) {
		// A draft holds some rules: those in force that it does not name are not gone.
		if (rule == "" || d.ID == rule) && (len(files) == 2 || d.To != 0) {
			out = append(out, d)
		}
	}
	if rule != "" && len(out) == 0 {
		return nil, fmt.Errorf("there is no rule %q in them", rule)
	}
	return out, nil
}

// draftFor reads a rule file. Where it is compared with rules in force, it is bound by what they
// exempt and protect, and has the values of their parameters.
func draftFor(inForce []*policy.Set, name string) (*policy.Set, error) {
	files, err := readDrafts([]string{name})
	if err != nil {
		return nil, err
	}
	if len(inForce) == 0 {
		return backtest.Parse(files...)
	}
	draft, err := backtest.ParseWith(inForce[0].Parameters(), files...)
	if err != nil {
		return nil, tellProblems(err)
	}
	bound, err := inForce[0].Bind(draft)
	if err != nil {
		return nil, tellProblems(err)
	}
	return bound, nil
}

// versions compares two versions of a rule in force.
func versions(set *policy.Set, rule string, from, to uint32) ([]backtest.RuleDiff, error) {
	var two [2]*policy.Rule
	for i, v := range []uint32{from, to} {
		r, ok := set.Find(rule, v)
		if !ok {
			return nil, fmt.Errorf("no rule %s/%d is in force: linesman policy list", rule, v)
		}
		two[i] = r
	}
	return []backtest.RuleDiff{backtest.DiffRules(rule, two[0], two[1])}, nil
}
