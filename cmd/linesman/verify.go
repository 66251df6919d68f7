package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"linesman/internal/node"
	"linesman/internal/words"
	"linesman/processors/verify"
)

func verifyCommand(o *options) *cobra.Command {
	var deep bool
	var anchors string
	cmd := &cobra.Command{
		Use:         "verify",
		Annotations: map[string]string{judges: "yes"},
		Short:       "Prove that the store holds what the log holds",
		Long: `Verify walks the whole log and compares it with the store: number of events and exact sums for every
partition. For every file: read = accepted + duplicate + rejected. Roll-ups are compared with what they sum up.

With --deep it recomputes the hash chains of the whole log instead, compares them with the seals in the log and in the
store, and with a file of seals that was kept elsewhere (--anchors), and names the first record of each partition that
was changed, removed or inserted. docs/tamper-evidence.md says what that proves and what it does not.

Ends with 0 when everything agrees, with 1 when it does not, and with 2 when that could not be found out; with --json
the answer is then {"error": "..."}.`,
		Example: `  linesman verify
  linesman verify --deep
  linesman verify --deep --anchors /mnt/worm/seals.jsonl
  linesman verify --json --data /var/lib/linesman`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := o.load()
			if err != nil {
				return err
			}
			if anchors != "" && !deep {
				return errors.New("--anchors is for verify --deep")
			}
			if deep {
				return verifyDeep(cmd.Context(), cfg, o.json, anchors)
			}
			return withData(cmd.Context(), cfg, func(api node.API, _ *node.Node) error {
				m := newMeter()
				rep, err := api.Verify(cmd.Context(), m.say)
				m.done()
				if err != nil {
					return err
				}
				if o.json {
					err = printJSON(rep)
				} else {
					showVerified(rep)
				}
				if err == nil && !rep.OK {
					return &quietError{errors.New("log and store differ")}
				}
				return err
			})
		},
	}
	cmd.Flags().BoolVar(&deep, "deep", false, "recompute the hash chains of the log and compare them with the seals")
	cmd.Flags().StringVar(&anchors, "anchors", "", "file of seals (seal.anchor_file) to compare with, for --deep")
	return cmd
}

func showVerified(rep verify.Report) {
	mark := map[bool]string{true: "ok  ", false: "DIFF"}
	for _, p := range rep.Partitions {
		fmt.Printf("%s %s/%d: %s events in the log (%s repeated, %d refused, %s behind), %s in the store; charged %s and %s\n", mark[p.OK], p.Topic, p.Partition,
			words.Thousands(p.Log.Records), words.Thousands(p.Repeated), p.Refused, words.Thousands(p.Behind), words.Thousands(p.Store.Records), p.Log.ChargedSEK, p.Store.ChargedSEK)
		if p.Wrong > 0 {
			fmt.Printf("DIFF %s/%d: of %s intervals the row is missing, or not that of the extract that holds\n", p.Topic, p.Partition, words.Thousands(p.Wrong))
		}
	}
	var read, accepted, duplicate, rejected uint64
	wrong := 0
	for _, f := range rep.Files {
		read, accepted, duplicate, rejected = read+f.Read, accepted+f.Accepted, duplicate+f.Duplicate, rejected+f.Rejected
		if !f.OK {
			wrong++
			fmt.Printf("DIFF file %s (%s): read %d, accepted %d, duplicate %d, rejected %d\n", f.Name, f.Collector, f.Read, f.Accepted, f.Duplicate, f.Rejected)
		}
	}
	fmt.Printf("%s %d files: read %s = accepted %s + duplicate %s + rejected %s\n", mark[wrong == 0], len(rep.Files), words.Thousands(read), words.Thousands(accepted), words.Thousands(duplicate), words.Thousands(rejected))
	for _, r := range rep.Rollups {
		fmt.Printf("%s %s: %s events, cost %s\n", mark[r.OK], r.Table, words.Thousands(r.Events), r.Cost)
	}
	if rep.OK {
		fmt.Println("log and store agree")
		return
	}
	fmt.Println("log and store differ: linesman rebuild makes the store anew from the log")
}
