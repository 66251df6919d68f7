package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"linesman/internal/config"
	"linesman/internal/node"
	"linesman/schema"
)

// docsCommand writes the pages that derive from declarations. CI compares them.
func docsCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "docs DIR",
		Short:  "Write the reference pages that are generated from declarations",
		Args:   cobra.ExactArgs(1),
		Hidden: true,
		RunE: func(_ *cobra.Command, args []string) error {
			operate, err := os.ReadFile("docs/operate.md") // only a table of it is generated
			if err != nil {
				return fmt.Errorf("reading the page for people who run linesman: %w", err)
			}
			withMetrics, err := node.WithMetrics(string(operate))
			if err != nil {
				return fmt.Errorf("docs/operate.md: %w", err)
			}
			for name, text := range map[string]string{"schema.md": schema.Page(), "linesman.proto": schema.Proto(), "configuration.md": config.Reference(), "operate.md": withMetrics} {
				if err := os.WriteFile(filepath.Join(args[0], name), []byte(text), 0o644); err != nil {
					return fmt.Errorf("writing the page: %w", err)
				}
			}
			return nil
		},
	}
}
