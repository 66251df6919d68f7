package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"linesman/internal/node"
	"linesman/internal/words"
	"linesman/processors/verify"
	"linesman/schema"
)

func gapsCommand(o *options) *cobra.Command {
	var since string
	cmd := &cobra.Command{
		Use:   "gaps",
		Short: "What sources did not deliver: missing files, days, months and units",
		Long: `Gaps lists, source by source, what is missing: numbers in the names of files, days without files or records where
the source has a rhythm, months an operator sent nothing for, units whose counts of watches stop. For each rule and month
it tells "no violations" from "no data". Rhythms are learned from what came; public holidays are not known.`,
		Example: `  linesman gaps
  linesman gaps --since 2026-01-01
  linesman gaps --json --data /var/lib/linesman`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := o.load()
			if err != nil {
				return err
			}
			var from schema.Day
			if since != "" {
				if from, err = schema.ParseDay(since); err != nil {
					return fmt.Errorf("--since: %w", err)
				}
			}
			return withCaughtUp(cmd.Context(), cfg, func(api node.API) error {
				rep, err := api.Gaps(cmd.Context(), from)
				if err != nil {
					return err
				}
				if o.json {
					return printJSON(rep)
				}
				showGaps(rep)
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&since, "since", "", "leave out days before this one (yyyy-mm-dd)")
	return cmd
}

func showGaps(rep verify.GapReport) {
	for _, s := range rep.Sources {
		first, last := s.First, s.Last
		if first == "" {
			first, last = "-", "-"
		}
		fmt.Printf("%s: %s, %d failed, %s records, %s to %s; %s\n", s.Source, words.Count(s.Files, "file"), s.Failed, words.Thousands(s.Events), first, last, s.Rhythm)
		for _, g := range s.Gaps {
			where := g.From
			if g.To != g.From {
				where += " to " + g.To
			}
			if g.Kind == verify.GapSequence {
				where += fmt.Sprintf(" number %d", g.FirstNumber)
				if g.LastNumber != g.FirstNumber {
					where += fmt.Sprintf(" to %d", g.LastNumber)
				}
			}
			if g.Unit != "" {
				where += " " + g.Unit
			}
			fmt.Printf("  %-8s %s: %s\n", g.Kind, where, g.Detail)
		}
		days := map[string]int{}
		for _, c := range s.Coverage {
			days[c.State] += c.Days
		}
		if len(days) > 0 {
			fmt.Printf("  days: %d complete, %d with gaps, %d without data\n", days[verify.CoverComplete], days[verify.CoverGap], days[verify.CoverNoData])
		}
	}
	rule := ""
	for _, m := range rep.Rules {
		if m.Rule != rule {
			rule = m.Rule
			fmt.Printf("rule %s\n", rule)
		}
		text := m.State
		if m.Violations > 0 {
			text = words.Count(int(m.Violations), "violation")
		}
		if len(m.Wanting) > 0 && m.State != verify.RuleNoData {
			text += " (not complete: " + strings.Join(m.Wanting, ", ") + ")"
		}
		fmt.Printf("  %s %s\n", m.Month, text)
	}
	for _, n := range rep.Notes {
		fmt.Println("note:", n)
	}
}
