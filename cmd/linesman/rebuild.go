package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"linesman/internal/node"
)

func rebuildCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "rebuild",
		Short: "Build the store anew from the log, and compare",
		Long: `Rebuild drops every table of the store and makes the same rows again from the log: the log is the truth.
It compares a checksum over the content of every table before and after, recorded times aside.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := o.load()
			if err != nil {
				return err
			}
			return withAPI(cmd.Context(), cfg, func(api node.API, _ *node.Node) error {
				m := newMeter()
				res, err := api.Rebuild(cmd.Context(), m.say)
				m.done()
				if err != nil {
					return err
				}
				if o.json {
					err = printJSON(res)
				} else {
					showRebuilt(res)
				}
				if err == nil && len(res.Changed) > 0 {
					return fmt.Errorf("the content of %s is not what it was: please report this", strings.Join(res.Changed, ", "))
				}
				return err
			})
		},
	}
}

func showRebuilt(res node.Rebuilt) {
	fmt.Printf("%s records in %.1f s (%s/s to rows; %.1f s with roll-ups and rules)\n", group(res.Records), res.Stored, group(uint64(float64(res.Records)/max(res.Stored, 0.001))), res.Seconds)
	switch {
	case res.Before == nil:
		fmt.Println("the store before did not fit the log and was not compared")
	case len(res.Changed) == 0:
		fmt.Printf("every table has the content it had (%d tables compared); %d violation events\n", len(res.After), res.Events)
	}
}
