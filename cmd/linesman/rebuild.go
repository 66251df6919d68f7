package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"linesman/internal/node"
	"linesman/internal/words"
	"linesman/processors/store"
)

func rebuildCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "rebuild",
		Short: "Build the store anew from the log, and compare",
		Long: `Rebuild drops every table of the store and makes the same rows again from the log: the log is the truth.
It compares a checksum over the content of every table before and after, recorded times aside.`,
		Example: `  linesman rebuild
  linesman rebuild --json | jq .changed_tables`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := o.load()
			if err != nil {
				return err
			}
			ctx := cmd.Context()
			do := func(api node.API, _ *node.Node) error { return rebuild(ctx, api, o) }
			err = withData(ctx, cfg, do)
			var newer *store.NewerError
			if !errors.As(err, &newer) {
				return err
			}
			// What a newer program left cannot be compared; the log is all that is needed.
			fmt.Fprintln(os.Stderr, "the store was written by a newer linesman: it is dropped and made anew from the log")
			cfg.Logging.Level = "warn"
			n, err := node.OpenEmpty(ctx, cfg, cfg.Logger())
			if err != nil {
				return err
			}
			return errors.Join(do(n, n), n.Close())
		},
	}
}

func rebuild(ctx context.Context, api node.API, o *options) error {
	m := newMeter()
	res, err := api.Rebuild(ctx, m.say)
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
}

func showRebuilt(res node.Rebuilt) {
	fmt.Printf("%s records in %.1f s (%s/s to rows; %.1f s with roll-ups and rules)\n", words.Thousands(res.Records), res.Stored, words.Thousands(uint64(float64(res.Records)/max(res.Stored, 0.001))), res.Seconds)
	switch {
	case res.Before == nil:
		fmt.Println("the store before did not fit the log and was not compared")
	case len(res.Changed) == 0:
		fmt.Printf("every table has the content it had (%d tables compared); %d violation events\n", len(res.After), res.Events)
	}
}
