package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/spf13/cobra"

	"linesman/ingest"
	"linesman/internal/config"
	"linesman/internal/node"
	"linesman/internal/words"
)

func collectCommand(o *options) *cobra.Command {
	var profile string
	var dry bool
	var show int
	cmd := &cobra.Command{
		Use:   "collect COLLECTOR FILE...",
		Short: "Collect files: cucm, itemised, melior, contacts, reference or invoices",
		Long: `Collect reads files into the log, and without a running 'up' also brings store, roll-ups and violations
up to date. Files may be gzip or zip archives.

Collecting a file again changes nothing: its records are recognised and counted as duplicates.

With --dry-run nothing is stored: it shows what a profile makes of a file, and which rows would be rejected and why.`,
		Example: `  linesman collect cucm cdr_StandAloneCluster_01_202603141000_1
  linesman collect itemised --dry-run invoice.csv
  linesman collect itemised --dry-run --profile my-operator.yaml invoice.csv
  linesman collect invoices --dry-run invoice.xml`,
		Args:      cobra.MinimumNArgs(2),
		ValidArgs: node.Collectors(),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := o.load()
			if err != nil {
				return err
			}
			req := node.CollectRequest{Collector: args[0], DryRun: dry, Show: show}
			if err := known(req.Collector); err != nil {
				return err
			}
			if profile != "" {
				text, err := os.ReadFile(profile)
				if err != nil {
					return fmt.Errorf("reading the profile: %w", err)
				}
				if _, err := node.LoadProfile(profile); err != nil {
					return err
				}
				req.Profile = string(text)
			}
			if dry {
				return dryRun(cmd.Context(), cfg, o, req, args[1:])
			}
			return collect(cmd.Context(), cfg, o, req, args[1:])
		},
	}
	cmd.Flags().BoolVar(&dry, "dry-run", false, "show what would be read; store nothing")
	cmd.Flags().StringVar(&profile, "profile", "", "profile of an itemised file (YAML); default: recognised by the header")
	cmd.Flags().IntVar(&show, "show", 5, "records and rejects that --dry-run shows")
	return cmd
}

func known(collector string) error {
	for _, c := range node.Collectors() {
		if c == collector {
			return nil
		}
	}
	return fmt.Errorf("there is no collector %q: use one of %s", collector, strings.Join(node.Collectors(), ", "))
}

func openFile(path string, req *node.CollectRequest) (*os.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening the file: %w", err)
	}
	st, err := f.Stat()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening the file: %w", err), f.Close())
	}
	if st.IsDir() {
		return nil, errors.Join(fmt.Errorf("%s is a folder: name files", path), f.Close())
	}
	req.Name, req.Size = filepath.Base(path), st.Size()
	return f, nil
}

func collect(ctx context.Context, cfg config.Config, o *options, req node.CollectRequest, files []string) error {
	reports := []ingest.Report{}
	err := withAPI(ctx, cfg, func(api node.API, alone *node.Node) error {
		if alone != nil {
			if err := alone.Fits(ctx); err != nil {
				return err
			}
		}
		var wrong []error // a file that cannot be opened is no reason to leave out its neighbours
		for _, path := range files {
			f, err := openFile(path, &req)
			if err != nil {
				wrong = append(wrong, err)
				continue
			}
			res, err := api.Collect(ctx, req, f)
			if err := errors.Join(err, f.Close()); err != nil {
				wrong = append(wrong, err)
				break
			}
			reports = append(reports, res.Report)
			if !o.json {
				fmt.Println(res.Report)
			}
		}
		if alone == nil {
			return errors.Join(wrong...)
		}
		m := newMeter()
		defer m.done()
		err := alone.CatchUp(ctx, m.say)
		if errors.Is(err, node.ErrShared) || errors.Is(err, node.ErrOnlyCollects) { // others carry what is in the log now
			err = nil
		}
		return errors.Join(append(wrong, err)...)
	})
	if o.json {
		err = errors.Join(err, printJSON(reports))
	}
	if err != nil {
		return err
	}
	if failed := countFailed(reports); failed > 0 {
		return &quietError{fmt.Errorf("%s refused", words.Count(failed, "file"))}
	}
	return nil
}

func dryRun(ctx context.Context, cfg config.Config, o *options, req node.CollectRequest, files []string) error {
	for _, path := range files {
		f, err := openFile(path, &req)
		if err != nil {
			return err
		}
		res, err := node.DryRun(ctx, cfg, req, f)
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
		if o.json {
			if err := printJSON(res); err != nil {
				return err
			}
			continue
		}
		showDryRun(res)
		if res.Report.Failed() {
			return &quietError{errors.New(res.Report.Error)}
		}
	}
	return nil
}

func showDryRun(res node.CollectResult) {
	fmt.Println(res.Report)
	if len(res.Report.Columns) > 0 {
		fmt.Println("\ncolumns:")
		for _, c := range res.Report.Columns {
			fmt.Printf("  %s\n", c)
		}
	}
	for _, raw := range res.Shown {
		var s struct {
			Row    uint64            `json:"row"`
			Record string            `json:"record"`
			Fields map[string]string `json:"fields"`
			Reject *struct{ Column, Code, Reason string }
		}
		if err := json.Unmarshal(raw, &s); err != nil {
			continue
		}
		if s.Reject != nil {
			fmt.Printf("\nrow %d: rejected (%s): column %q: %s\n", s.Row, s.Reject.Code, s.Reject.Column, s.Reject.Reason)
			continue
		}
		fmt.Printf("\nrow %d: %s\n", s.Row, s.Record)
		names := make([]string, 0, len(s.Fields))
		for name := range s.Fields {
			names = append(names, name)
		}
		sort.Strings(names)
		for _, name := range names {
			fmt.Printf("  %-18s %s\n", name, s.Fields[name])
		}
	}
}

func countFailed(reports []ingest.Report) int {
	n := 0
	for _, r := range reports {
		if r.Failed() {
			n++
		}
	}
	return n
}
