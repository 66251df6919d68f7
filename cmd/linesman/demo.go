package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"linesman/internal/config"
	"linesman/internal/demo"
	"linesman/internal/node"
)

func demoCommand(o *options) *cobra.Command {
	var size, dir string
	var seed uint64
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Make the demo region's files and collect them",
		Long: `Demo writes a region with some 40 units, 3,000 lines, 13 months and 2 million usage records as files in the
formats of real systems, with planted violations and near-misses that truth.json lists, and collects them like any
other files. --size small is enough to look around. --files DIR only writes the files.`,
		Example: `  linesman demo --size small
  linesman demo --files /tmp/region --seed 7`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := o.load()
			if err != nil {
				return err
			}
			if dir != "" {
				truth, err := makeDemo(cmd.Context(), dir, size, seed)
				if err == nil && o.json {
					err = printJSON(truth)
				}
				return err
			}
			work := cfg.Path("demo")
			if _, err := makeDemo(cmd.Context(), work, size, seed); err != nil {
				return err
			}
			return collectDemo(cmd.Context(), cfg, work)
		},
	}
	cmd.Flags().StringVar(&size, "size", "full", "full or small")
	cmd.Flags().Uint64Var(&seed, "seed", 1, "the same seed makes the same files")
	cmd.Flags().StringVar(&dir, "files", "", "only write the files, into this folder")
	return cmd
}

func demoSize(name string) (demo.Size, error) {
	switch name {
	case "full", "true", "":
		return demo.Full, nil
	case "small":
		return demo.Small, nil
	}
	return demo.Full, fmt.Errorf("demo size %q: want full or small", name)
}

func makeDemo(ctx context.Context, dir, size string, seed uint64) (demo.Truth, error) {
	s, err := demoSize(size)
	if err != nil {
		return demo.Truth{}, err
	}
	m := newMeter()
	defer m.done()
	return demo.Generate(ctx, demo.Config{Dir: dir, Size: s, Seed: seed, Progress: func(done, total int64, what string) {
		m.say(node.Progress{What: "making the demo region: " + what, Done: uint64(done), Total: uint64(total)})
	}})
}

// collectDemo moves the files into the inbox. The running linesman takes them from there; where
// none runs, one is started for as long as it takes.
func collectDemo(ctx context.Context, cfg config.Config, dir string) error {
	if _, err := node.Dial(ctx, cfg.Data); err == nil {
		return errors.New("linesman is running on this data directory: stop it, or start it with linesman up --demo")
	}
	cfg.Logging.Level = "warn"
	n, err := node.Open(ctx, cfg, cfg.Logger())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var fed error
	err = n.Run(ctx, node.RunOptions{Ready: func(string) {
		m := newMeter()
		fed = n.Feed(ctx, dir, m.say)
		m.done()
		cancel()
	}})
	return errors.Join(fed, err, n.Close())
}
