package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"linesman/dashboards/messages"
	"linesman/internal/node"
	"linesman/processors/savings"
	"linesman/schema"
)

func savingsCommand(o *options) *cobra.Command {
	var req node.SavingsRequest
	var month, least string
	var asCSV bool
	cmd := &cobra.Command{
		Use:   "savings",
		Short: "What could be saved: unused and duplicate lines, lines of leavers, plans, roaming, forwarding; in SEK a year",
		Long: `Savings lists lines that cost what they need not: held by somebody who has left, not used for 90 days, a second mobile of
the same holder, a plan that is too large or too small by what three months would have cost on every other plan of the
price book, roaming that a package would have made cheaper, and calls forwarded to outside. Each comes with the amount of
a year and its evidence; no krona is counted twice. Lines are pseudonyms, and nothing is said about how anybody works.
It is as of the end of the newest whole month that the data cover. docs/savings.md says how each kind is worked out.`,
		Example: `  linesman savings --lang sv
  linesman savings --unit SE2321000016-B2 --least 200
  linesman savings --csv > savings.csv
  linesman savings --json --month 2026-06-30 | jq '.kinds'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := knownLanguage(req.Lang); err != nil {
				return err
			}
			var err error
			if req.Month, err = dayFlag("month", month); err != nil {
				return err
			}
			floor, err := schema.ParseMoney(least)
			if err != nil {
				return fmt.Errorf("--least: %w", err)
			}
			cfg, err := o.load()
			if err != nil {
				return err
			}
			return withCaughtUp(cmd.Context(), cfg, func(api node.API) error {
				r, err := api.Savings(cmd.Context(), req)
				if err != nil {
					return err
				}
				return writeSavings(os.Stdout, r, req.Lang, floor, o.json, asCSV)
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&month, "month", "", "the month of this day (yyyy-mm-dd)")
	f.StringVar(&req.Unit, "unit", "", "lines of this unit only (its id)")
	f.IntVar(&req.Days, "days", 0, "for how many days an unused line was not used (default 90)")
	f.StringVar(&least, "least", "0", "list findings of at least this many SEK a year; the totals count all")
	f.StringVar(&req.Lang, "lang", "en", "language of the words: en or sv")
	f.BoolVar(&asCSV, "csv", false, "the findings as CSV with semicolons")
	return cmd
}

func writeSavings(w io.Writer, r savings.Report, lang string, least schema.Money, asJSON, asCSV bool) error {
	r.Findings = slices.DeleteFunc(r.Findings, func(f savings.Finding) bool { return f.Year < least })
	switch {
	case asJSON:
		return printJSON(r)
	case asCSV:
		return savingsCSV(w, r)
	}
	catalogue, err := messages.Load()
	if err != nil {
		return err
	}
	t := catalogue.In(lang)
	kronor := func(m schema.Money) string { return t.Money(m) }
	fmt.Fprintln(w, t.T("savings.title", "month", r.Month[:7]))
	fmt.Fprintln(w)
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(tab, "%s\t%s\t\t\n", t.T("savings.year"), t.T("savings.findings"))
	for _, kind := range savings.Kinds() {
		if k, ok := r.Kinds[kind]; ok {
			fmt.Fprintf(tab, "%s\t%d\t  %s\t\n", kronor(k.Year), k.Findings, t.T("savings.kind."+kind))
		}
	}
	fmt.Fprintf(tab, "%s\t%d\t  %s\t\n\t\t\t\n", kronor(r.Total.Year), r.Total.Findings, t.T("savings.total"))
	for _, u := range r.Units {
		fmt.Fprintf(tab, "%s\t%d\t  %s\t\n", kronor(u.Year), u.Findings, strings.TrimSpace(u.Name+" "+u.UnitID))
	}
	if err := tab.Flush(); err != nil {
		return err
	}
	for _, f := range r.Findings {
		fmt.Fprintf(w, "\n%s  %s  %s  %s\n  %s\n  %s\n", kronor(f.Year), f.LineID, f.UnitID, t.T("savings.kind."+f.Kind), f.Why, f.Do)
	}
	for _, kind := range savings.Kinds() {
		if n := r.Unpriced[kind]; n > 0 {
			fmt.Fprintf(w, "\n%s", t.T("savings.unpriced", "n", strconv.Itoa(n), "kind", t.T("savings.kind."+kind)))
		}
	}
	for _, why := range slices.Sorted(maps.Keys(r.NotCompared)) {
		fmt.Fprintf(w, "\n%s", t.T("savings.not_compared."+why, "n", strconv.Itoa(r.NotCompared[why])))
	}
	_, err = fmt.Fprintln(w)
	return err
}

func savingsCSV(w io.Writer, r savings.Report) error {
	rows := [][]string{{"month", "kind", "unit", "cost_centre", "line", "line_kind", "role", "operator", "plan", "other", "sek_a_year", "from", "to", "why", "do", "prices", "events", "records"}}
	for _, f := range r.Findings {
		e := f.Evidence
		rows = append(rows, []string{r.Month, f.Kind, f.UnitID, f.CostCentre, f.LineID, f.LineKind, f.Role, f.Operator, f.Plan, f.Other, f.Year.String(), e.From, e.To, f.Why, f.Do, strings.Join(e.Prices, ","), strings.Join(e.Events, ","), strconv.FormatUint(e.Records, 10)})
	}
	return writeRows(w, "the findings", rows)
}
