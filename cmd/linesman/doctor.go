package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"linesman/internal/config"
	"linesman/internal/doctor"
	"linesman/internal/node"
)

func doctorCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Look at every stage from file to flag: what is wrong, and what to do",
		Long: `Doctor looks at every stage in the order a file travels: configuration, data directory, disk, process, inboxes,
log, store, rules, seals, console, clock. Each is ok, worth a look, or FAIL with the reason and what to do; the last
line says in one sentence why files do not become rows, if they do not.

It asks the running linesman; with none running, or one that hangs, it looks from outside. It changes nothing.
It ends with 0 when no stage fails, else with 1. docs/operate.md says more about each stage.`,
		Example: `  linesman doctor
  linesman doctor --json --data /var/lib/linesman`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, wrong := o.load()
			if wrong != nil { // look at what can be found without it
				cfg = config.Default()
				if o.data != "" {
					cfg.Data = o.data
				}
			}
			r := node.Diagnose(cmd.Context(), cfg)
			if wrong != nil {
				c := doctor.LookConfig(o.config, wrong)[0]
				c.Hop, c.Path = "configuration", !r.Running
				r.Checks = r.Checks[1:]
				r.Put(c)
			}
			if err := showDoctor(o, r); err != nil {
				return err
			}
			if r.State == doctor.Red {
				return &quietError{errors.New(r.Verdict)}
			}
			return nil
		},
	}
}

func showDoctor(o *options, r doctor.Report) error {
	if o.json {
		return printJSON(r)
	}
	width, tty := 0, term.IsTerminal(int(os.Stdout.Fd()))
	if tty {
		if w, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil {
			width = w
		}
	}
	if err := doctor.Show(os.Stdout, r, width, tty && os.Getenv("NO_COLOR") == ""); err != nil {
		return fmt.Errorf("writing: %w", err)
	}
	return nil
}
