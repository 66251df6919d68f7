package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"linesman/internal/config"
	"linesman/internal/node"
)

func upCommand(o *options) *cobra.Command {
	var listen, demoName, roles string
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Run: watch the inbox, process, judge, and serve the console",
		Long: `Up runs everything in one process on one data directory: the log, the store, the collectors' inbox, the
processing and the console. Drop files into DATA/inbox/<collector>/ (cucm, itemised, melior, contacts, reference, invoices); they move to
DATA/done/ or DATA/failed/ with a report beside them.

Where the log is a Kafka and the store a ClickHouse of yours (broker.mode and store.mode cluster), several instances share
the work: each carries some partitions, one of them judges, and when one dies the others take over. With --roles an
instance does only a part of it, such as collecting.

The console is open to who opens the link that is printed: it holds a token, which stays the same over restarts. Others
log in by a proxy or with OpenID Connect (access.login; docs/access.md says how, and who sees what).

With --demo an empty data directory is filled with a demo region first (--demo=small for a quick look).`,
		Example: `  linesman up
  linesman up --demo=small
  linesman up --data /var/lib/linesman --listen 127.0.0.1:9090
  linesman up --roles collect`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := o.load()
			if err != nil {
				return err
			}
			if listen != "" {
				cfg.Console.Listen = listen
			}
			if roles != "" {
				cfg.Sharing.Roles = roles
			}
			if err := cfg.Validate(); err != nil {
				return err
			}
			return up(cmd.Context(), cfg, demoName)
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "", "address of the console (default 127.0.0.1:8080)")
	cmd.Flags().StringVar(&roles, "roles", "", "what this instance does: all, or some of collect, process and console, separated by commas (default all)")
	cmd.Flags().StringVar(&demoName, "demo", "", "fill an empty data directory with the demo region: full or small")
	cmd.Flags().Lookup("demo").NoOptDefVal = "full"
	return cmd
}

func up(ctx context.Context, cfg config.Config, demoName string) error {
	if demoName != "" {
		if _, err := demoSize(demoName); err != nil {
			return err
		}
		if cfg.Organisation == "" {
			cfg.Organisation = "Region Norrvik (demo)"
		}
	}
	log, level := cfg.LeveledLogger()
	n, err := node.Open(ctx, cfg, log)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var fed error
	err = n.Run(ctx, node.RunOptions{Console: true, Demo: demoName != "", Ready: func(url string) {
		normal := level.Level()
		if demoName != "" { // progress says enough: a line for each of the demo's files does not
			level.Set(max(normal, slog.LevelWarn))
		}
		fed = feedDemo(ctx, n, cfg, demoName)
		level.Set(normal)
		if fed != nil {
			cancel()
			return
		}
		if url == "" {
			url = "no console"
		}
		fmt.Fprintf(os.Stdout, "ready: %s (data in %s; stop with Ctrl-C)\n", url, cfg.Data)
	}})
	if errors.Is(fed, context.Canceled) {
		fed = nil
	}
	return errors.Join(fed, err, n.Close())
}

// feedDemo makes and collects the demo region when the data directory has nothing yet.
func feedDemo(ctx context.Context, n *node.Node, cfg config.Config, size string) error {
	if size == "" {
		return nil
	}
	empty, err := n.Empty(ctx)
	if err != nil {
		return err
	}
	dir := cfg.Path("demo")
	_, made := os.Stat(filepath.Join(dir, "truth.json")) // written last
	switch {
	case empty:
		if _, err := makeDemo(ctx, dir, size, demoSeed); err != nil {
			return err
		}
	case made != nil:
		return fmt.Errorf("%s holds data of its own: --demo needs an empty data directory", cfg.Data)
	}
	// What an interrupted start left is moved in now.
	m := newMeter()
	defer m.done()
	return n.Feed(ctx, dir, m.say)
}

// demoSeed makes everybody's demo region the same.
const demoSeed = 1
