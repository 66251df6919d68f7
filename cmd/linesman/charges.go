package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"linesman/dashboards/messages"
	"linesman/internal/node"
	"linesman/processors/charges"
	"linesman/schema"
)

func chargesCommand(o *options) *cobra.Command {
	var req node.ChargesRequest
	var month, lang string
	cmd := &cobra.Command{
		Use:   "charges",
		Short: "What a month costs beyond its records: fees, bundles and pools, fair use, rebates, credits",
		Long: `Charges lists what the price books say a month costs besides what each record costs: monthly fees (by days where the
book says so), what was used beyond a bundle or pool and abroad beyond fair use, rebates and credits. It is what an invoice
is compared with, and is no part of the cost that is followed up. Lines are pseudonyms. It is of the newest whole month
that the data cover, or of the month of --month. With --json the use of every line and service comes too.
docs/charges.md says how each amount is worked out.`,
		Example: `  linesman charges
  linesman charges --month 2026-02-01 --line L0123456789ABC
  linesman charges --json | jq '.sums'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := knownLanguage(lang); err != nil {
				return err
			}
			var err error
			if req.Month, err = dayFlag("month", month); err != nil {
				return err
			}
			cfg, err := o.load()
			if err != nil {
				return err
			}
			return withCaughtUp(cmd.Context(), cfg, func(api node.API) error {
				r, err := api.Charges(cmd.Context(), req)
				if err != nil {
					return err
				}
				if o.json {
					return printJSON(r)
				}
				return writeCharges(os.Stdout, r, lang)
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&month, "month", "", "the month of this day (yyyy-mm-dd)")
	f.StringVar(&req.Line, "line", "", "charges of this line only (its pseudonym)")
	f.StringVar(&lang, "lang", "en", "language of the words: en or sv")
	return cmd
}

// dayFlag reads a day that a flag names; empty: 0.
func dayFlag(name, text string) (schema.Day, error) {
	if text == "" {
		return 0, nil
	}
	d, err := schema.ParseDay(text)
	if err != nil {
		return 0, fmt.Errorf("--%s: %w", name, err)
	}
	return d, nil
}

func writeCharges(w io.Writer, r charges.Result, lang string) error {
	catalogue, err := messages.Load()
	if err != nil {
		return err
	}
	t := catalogue.In(lang)
	kronor := func(m schema.Money) string { return t.Money(m) }
	fmt.Fprintln(w, t.T("charges.title", "month", r.Month[:7]))
	fmt.Fprintln(w)
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tab, strings.Join([]string{t.T("charges.line"), t.T("charges.kind"), t.T("charges.plan"), t.T("charges.price"), t.T("charges.quantity"), t.T("charges.amount")}, "\t"))
	for _, c := range r.Charges {
		quantity := c.Detail
		if c.Unit != "" {
			quantity = fmt.Sprintf("%d %s", c.Quantity, c.Unit)
		}
		fmt.Fprintf(tab, "%s\t%s\t%s\t%s\t%s\t%s\n", c.LineID, t.T("charges.kind."+c.Kind), strings.TrimSpace(c.Operator+" "+c.Plan), c.PriceID, quantity, kronor(c.Amount))
	}
	if err := tab.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	used := schema.Money(0)
	for _, u := range r.Usage {
		used += u.Rated
	}
	sums := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, kind := range []string{charges.KindFee, charges.KindCredit, charges.KindOverage, charges.KindFairUse, charges.KindRebate} {
		if m, ok := r.Sums[kind]; ok {
			fmt.Fprintf(sums, "%s\t%s\t\n", t.T("charges.kind."+kind), kronor(m))
		}
	}
	fmt.Fprintf(sums, "%s\t%s\t\n%s\t%s\t\n", t.T("charges.used"), kronor(used), t.T("charges.total"), kronor(r.Total))
	if err := sums.Flush(); err != nil {
		return err
	}
	for _, n := range r.Notes {
		fmt.Fprintln(w, t.T("charges.note."+n.Kind, "operator", n.Operator, "plan", n.Plan, "price", n.PriceID, "bundle", n.Bundle, "records", fmt.Sprint(n.Records)))
	}
	return nil
}
