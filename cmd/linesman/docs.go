package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"linesman/internal/config"
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
			for name, text := range map[string]string{"schema.md": schema.Page(), "linesman.proto": schema.Proto(), "configuration.md": config.Reference()} {
				if err := os.WriteFile(filepath.Join(args[0], name), []byte(text), 0o644); err != nil {
					return fmt.Errorf("writing the page: %w", err)
				}
			}
			return nil
		},
	}
}
