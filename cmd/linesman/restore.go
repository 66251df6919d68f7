package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"linesman/internal/archive"
	"linesman/internal/node"
	"linesman/internal/words"
)

func restoreCommand(o *options) *cobra.Command {
	var req node.RestoreRequest
	var head string
	cmd := &cobra.Command{
		Use:   "restore",
		Short: "Bring log and store back from an archive, into a new data directory",
		Long: `Restore checks a whole archive, brings its records back into an empty log (at the same offsets, byte for byte) and builds the
store from them. It refuses a log that has records and an archive with holes. When it was stopped, run it again: it goes on.
The archive does not hold the key of the pseudonyms: give the old one with --key, or put it into the data directory as
pseudonym.key before anything is collected.`,
		Example: `  linesman restore --from /mnt/archive --data /var/lib/linesman-new --key /safe/pseudonym.key
  linesman restore --from s3://bucket/linesman --data new`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.data == "" {
				return errors.New("name the new data directory with --data")
			}
			cfg, err := o.load()
			if err != nil {
				return err
			}
			if req.From == "" {
				return errors.New("say which archive with --from DIR or --from s3://bucket/prefix")
			}
			if head != "" {
				if req.Head, err = archive.ParseHead(head); err != nil {
					return fmt.Errorf("--head: %w", err)
				}
			}
			if cfg.Logging.Level == "info" {
				cfg.Logging.Level = "warn"
			}
			if _, err := node.Dial(cmd.Context(), cfg.Data); err == nil {
				return fmt.Errorf("linesman runs on %s: a log is restored into a new data directory", cfg.Data)
			}
			m := newMeter()
			res, err := node.Restore(cmd.Context(), cfg, cfg.Logger(), req, m.say)
			m.done()
			if err != nil {
				return err
			}
			if o.json {
				return printJSON(res)
			}
			showRestored(res, cfg.Data)
			return nil
		},
	}
	cmd.Flags().StringVar(&req.From, "from", "", "folder, or s3://bucket/prefix")
	cmd.Flags().StringVar(&req.Key, "key", "", "the key of the pseudonyms of the old data directory (pseudonym.key)")
	cmd.Flags().StringVar(&head, "head", "", "newest manifest as it was noted: number:sha256")
	return cmd
}

func showRestored(res node.RestoreResult, data string) {
	found := ""
	if res.Found > 0 {
		found = fmt.Sprintf(", %s of them were there from an earlier try and are the same", words.Thousands(uint64(res.Found)))
	}
	fmt.Printf("%s: %s records of %s restored in %.1f s%s; the store was built in %.1f s\n", res.From, words.Thousands(uint64(res.Records)), words.Count(res.Files, "file"), res.Seconds, found, res.Store)
	fmt.Printf("next: linesman verify --data %s, and linesman verify --deep --data %s\n", data, data)
	if !res.Key {
		fmt.Fprintf(os.Stderr, "The key of the pseudonyms is missing: an archive does not hold it. Put the old pseudonym.key into %s before linesman is used there:\n"+
			"with another key every line and person of new files would get another id.\n", data)
	}
}
