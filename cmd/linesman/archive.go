package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"linesman/internal/archive"
	"linesman/internal/config"
	"linesman/internal/node"
	"linesman/internal/words"
)

func archiveCommand(o *options) *cobra.Command {
	var req node.ArchiveRequest
	cmd := &cobra.Command{
		Use:   "archive",
		Short: "Copy the log to Parquet files, in a folder or a bucket",
		Long: `Archive copies the records of the months that are over to Parquet files that anybody can read, and lists them in a
manifest with sizes and hashes. What the archive has already is not written again. It can be stopped at any moment.
A month is that of the recorded time, in UTC. See docs/archive.md.`,
		Example: `  linesman archive --to /mnt/archive
  linesman archive --to s3://bucket/linesman --until 2026-10
  linesman archive --to /mnt/archive --open      also what was recorded this month
  linesman archive check --from /mnt/archive`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := o.load()
			if err != nil {
				return err
			}
			if req.To == "" && cfg.Archive.To == "" {
				return errors.New("say where to with --to DIR or --to s3://bucket/prefix, or set archive.to in the configuration")
			}
			if req.To != "" && !strings.Contains(req.To, "://") { // the running program has another working directory
				if req.To, err = filepath.Abs(req.To); err != nil {
					return fmt.Errorf("--to: %w", err)
				}
			}
			if _, err := archive.ParseMonth(req.Until); req.Until != "" && err != nil {
				return fmt.Errorf("--until: %w", err)
			}
			return runArchive(cmd.Context(), cfg, o, req)
		},
	}
	cmd.Flags().StringVar(&req.To, "to", "", "folder, or s3://bucket/prefix (default: archive.to of the configuration)")
	cmd.Flags().StringVar(&req.Until, "until", "", "last month, as 2026-10 (default: the last one that is over)")
	cmd.Flags().BoolVar(&req.Open, "open", false, "also the months that are not over, up to the end of the log")
	cmd.AddCommand(archiveCheckCommand(o))
	return cmd
}

func runArchive(ctx context.Context, cfg config.Config, o *options, req node.ArchiveRequest) error {
	return withData(ctx, cfg, func(api node.API, _ *node.Node) error {
		m := newMeter()
		res, err := api.Archive(ctx, req, m.say)
		m.done()
		if err != nil {
			return err
		}
		if o.json {
			return printJSON(res)
		}
		for _, w := range res.Warnings {
			fmt.Println("warning:", w)
		}
		fmt.Printf("%s: %s written with %s records (%s bytes) in %.1f s; %s records were there already, %s of months that are not over were left\n", res.To,
			words.Count(res.Files, "file"), words.Thousands(uint64(res.Records)), words.Thousands(uint64(res.Bytes)), res.Seconds, words.Thousands(uint64(res.Before)), words.Thousands(uint64(res.Left)))
		if res.Head.Number > 0 {
			fmt.Printf("head, to be noted in another place: %s\n", res.Head)
		}
		return nil
	})
}

func archiveCheckCommand(o *options) *cobra.Command {
	var from, head string
	cmd := &cobra.Command{
		Use:         "check",
		Annotations: map[string]string{judges: "yes"},
		Short:       "Compare the files of an archive with its manifests",
		Long: `Check reads every file of an archive and compares it with the manifests: size, SHA-256, holes between the ranges of
offsets, and the chain of the manifests. With --head, as linesman archive printed it, it also sees when the newest manifests are gone or
were written anew. Ends with 0 when it is whole, with 1 when it is damaged, and with 2 when that could not be found out.`,
		Example: `  linesman archive check --from /mnt/archive
  linesman archive check --from s3://bucket/linesman --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			st, known, err := openArchive(o, from, head)
			if err != nil {
				return err
			}
			m := newMeter()
			rep, err := archive.Check(cmd.Context(), st, known, func(done, total int64) {
				m.say(node.Progress{What: "bytes checked", Done: uint64(done), Total: uint64(total)})
			})
			m.done()
			if err != nil {
				return err
			}
			return showCheck(rep, o.json)
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "folder, or s3://bucket/prefix (default: archive.to of the configuration)")
	cmd.Flags().StringVar(&head, "head", "", "newest manifest as it was noted: number:sha256")
	return cmd
}

// openArchive opens the archive of a flag, or the configured one.
func openArchive(o *options, from, head string) (archive.Store, archive.Head, error) {
	cfg, err := o.load()
	if err != nil {
		return nil, archive.Head{}, err
	}
	if from == "" {
		from = cfg.Archive.To
	}
	if from == "" {
		return nil, archive.Head{}, errors.New("say which archive with --from DIR or --from s3://bucket/prefix")
	}
	var known archive.Head
	if head != "" {
		if known, err = archive.ParseHead(head); err != nil {
			return nil, known, fmt.Errorf("--head: %w", err)
		}
	}
	st, err := cfg.OpenArchive(from)
	return st, known, err
}

func showCheck(rep archive.Report, asJSON bool) error {
	if asJSON {
		if err := printJSON(rep); err != nil {
			return err
		}
	} else {
		for _, p := range rep.Partitions {
			fmt.Printf("%s/%d: %s records from offset %d on\n", p.Topic, p.Partition, words.Thousands(uint64(p.Next-p.First)), p.First)
		}
		for _, p := range rep.Problems {
			fmt.Println("BAD ", p)
		}
		if n := len(rep.Unlisted); n > 0 {
			fmt.Printf("note: %s in no manifest, left by runs that were stopped; they do not count\n", words.Count(n, "file"))
		}
		fmt.Printf("%s: %s, %s, %s records, %s bytes; head %s\n", rep.From, words.Count(rep.Manifests, "manifest"), words.Count(rep.Files, "file"), words.Thousands(uint64(rep.Records)), words.Thousands(uint64(rep.Bytes)), rep.Head)
	}
	if !rep.OK {
		return &quietError{errors.New("the archive is damaged")}
	}
	if !asJSON {
		fmt.Println("the archive is whole")
	}
	return nil
}
