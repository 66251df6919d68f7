package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"linesman/internal/node"
	"linesman/schema"
)

func goalsCommand(o *options) *cobra.Command {
	var unit, lang, asOf string
	cmd := &cobra.Command{
		Use:   "goals",
		Short: "The goals: where they stand, where the pace leads, in plain words",
		Long: `Goals lists every goal in force with what its latest month means: the value, the month before, the target, where the
present pace leads by the target day (with an interval of 80 %), and whether that is enough. All of it is as of the newest
whole month that the data cover, not as of today. docs/goals.md says how it is worked out.`,
		Example: `  linesman goals
  linesman goals --lang sv --unit SE2321000016-B2
  linesman goals --json --as-of 2026-06-30`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := knownLanguage(lang); err != nil {
				return err
			}
			req := node.GoalsRequest{Lang: lang, Unit: unit}
			if asOf != "" {
				day, err := schema.ParseDay(asOf)
				if err != nil {
					return fmt.Errorf("--as-of: %w", err)
				}
				req.AsOf = day
			}
			cfg, err := o.load()
			if err != nil {
				return err
			}
			return withCaughtUp(cmd.Context(), cfg, func(api node.API) error {
				goals, err := api.Goals(cmd.Context(), req)
				if err != nil {
					return err
				}
				if o.json {
					return printJSON(append([]node.Goal{}, goals...))
				}
				showGoals(goals, unit)
				return nil
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&unit, "unit", "", "goals of this unit only (its id)")
	f.StringVar(&lang, "lang", "en", "language of the words: en or sv")
	f.StringVar(&asOf, "as-of", "", "leave out data after this day (yyyy-mm-dd)")
	return cmd
}

// showGoals writes one heading for each kind of goal, and under it each place with its words.
func showGoals(goals []node.Goal, unit string) {
	if len(goals) == 0 {
		if unit != "" {
			fmt.Printf("no goal is in force for unit %s\n", unit)
			return
		}
		fmt.Println("no goal is in force")
		return
	}
	title := ""
	for i, g := range goals {
		if g.Title != title {
			if i > 0 {
				fmt.Println()
			}
			title = g.Title
			fmt.Println(strings.ToUpper(title))
		}
		fmt.Printf("%s (%s): %s\n    %s\n", g.Place, g.ID, g.StatusText, g.Words)
	}
}
