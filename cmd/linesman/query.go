package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"linesman/internal/node"
)

func queryCommand(o *options) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "query [SQL]",
		Short: "Ask the store in SQL",
		Long: `Query runs one SQL statement that only reads (ClickHouse's dialect). Without an argument it reads the
statement from standard input. Tables are read as merged: every event counts once. docs/schema.md lists the tables.`,
		Example: `  linesman query "SELECT count() FROM usage"
  linesman query "SELECT cost_centre, sum(cost) FROM usage_daily GROUP BY 1 ORDER BY 2 DESC LIMIT 10"
  linesman query --format CSVWithNames "SELECT * FROM violations_current" > violations.csv`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := o.load()
			if err != nil {
				return err
			}
			sql := ""
			if len(args) == 1 {
				sql = args[0]
			} else {
				text, err := io.ReadAll(io.LimitReader(os.Stdin, 1<<20))
				if err != nil {
					return fmt.Errorf("reading the statement: %w", err)
				}
				sql = string(text)
			}
			if strings.TrimSpace(sql) == "" {
				return errors.New(`no statement: linesman query "SELECT count() FROM usage"`)
			}
			return withData(cmd.Context(), cfg, func(api node.API, _ *node.Node) error {
				return api.Query(cmd.Context(), node.QueryRequest{SQL: sql, Format: queryFormat(format, o.json)}, os.Stdout)
			})
		},
	}
	cmd.Flags().StringVar(&format, "format", "", "ClickHouse output format; default: a table on a terminal, else tab-separated; with --json JSONEachRow")
	return cmd
}

func queryFormat(format string, json bool) string {
	switch {
	case format != "":
		return format
	case json:
		return "JSONEachRow"
	case term.IsTerminal(int(os.Stdout.Fd())):
		return "PrettyCompactMonoBlock"
	}
	return "TabSeparated"
}
