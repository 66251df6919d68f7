// Command linesman collects usage records, keeps them in a log, flags violations of the
// organisation's own policies, computes costs and shows all of it.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"linesman/internal/config"
	"linesman/internal/engine"
	"linesman/internal/failpoint"
)

func main() {
	engine.RunChildIfAsked()
	if err := failpoint.Start(); err != nil {
		fmt.Fprintln(os.Stderr, "linesman:", err)
		os.Exit(1)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	cmd, err := root().ExecuteContextC(ctx)
	if err != nil {
		code := told(cmd, err)
		stop()
		os.Exit(code)
	}
}

// judges is the annotation of a command whose end is a verdict: 0 for yes, exitNo, and exitUnknown when it could
// not look, so that a script never takes an outage for tampering.
const judges = "judges"

const (
	exitNo      = 1 // also: any other command failed
	exitUnknown = 2
)

// told tells of an error what was not told yet, and gives the code to end with.
func told(cmd *cobra.Command, err error) int {
	var quiet *quietError
	if errors.As(err, &quiet) {
		return exitNo
	}
	fmt.Fprintln(os.Stderr, "linesman:", err)
	if cmd == nil || cmd.Annotations["judges"] == "" {
		return exitNo
	}
	if asJSON, wrong := cmd.Flags().GetBool("json"); wrong == nil && asJSON {
		_ = printJSON(map[string]string{"error": err.Error()}) // the code says it too
	}
	return exitUnknown
}

// quietError ends the program with an error that was told already.
type quietError struct{ err error }

func (e *quietError) Error() string { return e.err.Error() }

// options are the flags of every command.
type options struct {
	data   string
	config string
	json   bool
}

func root() *cobra.Command {
	o := &options{}
	cmd := &cobra.Command{
		Use:   "linesman",
		Short: "Usage and cost auditing for telephony and watches",
		Long: `Linesman collects call-detail records, roaming data usage, SMS logs and counts of Melior watches,
keeps them in a log, flags violations of the organisation's own policies and computes what everything costs.

  linesman up --demo          a demo region in your browser
  linesman up                 run on ./data; drop files into data/inbox/<collector>/
  linesman collect cucm FILE  collect one file, with or without a running 'up'
  linesman query "SELECT count() FROM usage"

While 'linesman up' runs on a data directory, the other commands talk to it.`,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	f := cmd.PersistentFlags()
	f.StringVar(&o.data, "data", "", "data directory (default: data, or the configuration's)")
	f.StringVar(&o.config, "config", "", "configuration file (YAML); see docs/configuration.md")
	f.BoolVar(&o.json, "json", false, "answer in JSON, for scripts")
	cmd.AddCommand(upCommand(o), collectCommand(o), queryCommand(o), rebuildCommand(o), verifyCommand(o), gapsCommand(o), goalsCommand(o), budgetsCommand(o), reportCommand(o), chargesCommand(o), rateCommand(o), savingsCommand(o), allocateCommand(o), repaymentsCommand(o), invoicesCommand(o), exportCommand(o), archiveCommand(o), restoreCommand(o), statusCommand(o), doctorCommand(o), demoCommand(o), policyCommand(o), casesCommand(o), accessCommand(o), versionCommand(o), docsCommand())
	return cmd
}

// load reads the configuration; flags win over it.
func (o *options) load() (config.Config, error) {
	cfg, err := config.Load(o.config, config.Environ())
	if err != nil {
		return cfg, err
	}
	if o.data != "" {
		cfg.Data = o.data
	}
	return cfg, nil
}
