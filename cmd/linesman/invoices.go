package main

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/spf13/cobra"

	"linesman/dashboards/messages"
	"linesman/internal/node"
	"linesman/processors/reconcile"
	"linesman/schema"
)

func invoicesCommand(o *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "invoices",
		Short: "Invoices: list them, reconcile every line, and what to dispute with the operator",
		Long: `Every line of an invoice is held against the subscription that it is about, the call detail that the operator
delivered and the price books, and every invoice against its own sums. A line has one outcome:

  matched           within the tolerance (reconcile.tolerance and reconcile.percent of the configuration)
  credited          taken back by a credit note, or the line of the credit note that does
  price_differs     the quantity agrees, the amount does not
  quantity_differs  more or less is billed than was used
  not_ours          no number of ours, or one that another operator has
  unknown_line      no subscription is told, or one that the reference data do not know
  missing_usage     billed use of which no call detail came
  billed_after_end  the period begins after the contract has ended or the SIM was blocked
  duplicate         billed before
  not_telephony     equipment and the like
  other             cannot be judged; the reason says why

Nothing is put right silently, and nothing of it is stored: it is worked out when it is asked for. docs/invoices-reconcile.md
says how; docs/invoices.md says which documents are read.`,
		Example: `  linesman invoices list --month 2026-03
  linesman invoices reconcile --month 2026-03 --lang sv
  linesman invoices show 10023
  linesman invoices disputes --operator Norrtele --month 2026-03 --lang sv > norrtele.txt`,
	}
	cmd.AddCommand(invoicesListCommand(o), invoicesShowCommand(o), invoicesReconcileCommand(o), invoicesDisputesCommand(o))
	return cmd
}

// invoiceFlags are the flags that commands about invoices share.
type invoiceFlags struct {
	req         node.InvoicesRequest
	month, lang string
	csv         bool
}

func (f *invoiceFlags) add(cmd *cobra.Command, month string) {
	cmd.Flags().StringVar(&f.month, "month", "", "the month (yyyy-mm, or a day of it); "+month)
	cmd.Flags().StringVar(&f.lang, "lang", "en", "language of the words: en or sv")
	cmd.Flags().StringVar(&f.req.Operator, "operator", "", "documents of this operator only")
}

// run reads the flags and calls do with the words and a node that has caught up.
func (f *invoiceFlags) run(ctx context.Context, o *options, do func(node.API, invoiceWords) error) error {
	if err := knownLanguage(f.lang); err != nil {
		return err
	}
	if f.csv && o.json {
		return errors.New("--csv and --json: one of them")
	}
	if f.month != "" {
		day, err := askedMonth(f.month)
		if err != nil {
			return err
		}
		f.req.Month = day
	}
	texts, err := messages.Load()
	if err != nil {
		return err
	}
	cfg, err := o.load()
	if err != nil {
		return err
	}
	return withCaughtUp(ctx, cfg, func(api node.API) error { return do(api, invoiceWords{texts.In(f.lang)}) })
}

func invoicesListCommand(o *options) *cobra.Command {
	var f invoiceFlags
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List invoices and credit notes, by operator and day of issue",
		Long: `List lists the documents with the sums that they state themselves. A document belongs to the month in which its period
ends, or, where it tells none, in which it was issued.`,
		Example: `  linesman invoices list
  linesman invoices list --month 2026-03 --operator Norrtele --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.run(cmd.Context(), o, func(api node.API, t invoiceWords) error {
				docs, err := api.Invoices(cmd.Context(), f.req)
				switch {
				case err != nil:
					return err
				case o.json:
					return printJSON(append([]reconcile.Document{}, docs...))
				}
				return t.list(os.Stdout, docs)
			})
		},
	}
	f.add(cmd, "default: every month")
	return cmd
}

func invoicesShowCommand(o *options) *cobra.Command {
	var f invoiceFlags
	cmd := &cobra.Command{
		Use:   "show NUMBER",
		Short: "One document with its findings and every line's outcome",
		Example: `  linesman invoices show 10023 --lang sv
  linesman invoices show 10023 --json | jq '.lines[] | select(.outcome != "matched")'`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			f.req.Number = args[0]
			return f.reconcile(cmd.Context(), o, func(w io.Writer, t invoiceWords, r reconcile.Report) error { return t.show(w, r) }, false)
		},
	}
	cmd.Flags().StringVar(&f.lang, "lang", "en", "language of the words: en or sv")
	cmd.Flags().StringVar(&f.req.Operator, "operator", "", "the operator, where several have a document of this number")
	return cmd
}

func invoicesReconcileCommand(o *options) *cobra.Command {
	var f invoiceFlags
	var strict bool
	cmd := &cobra.Command{
		Use:   "reconcile",
		Short: "Hold the invoices of a month against subscriptions, call detail and price books",
		Long: `Reconcile adds up the outcomes of all lines, and lists the findings against documents, the lines that do not agree,
and what is used or subscribed to and not billed. It is about the newest whole month that usage covers, or about --month, or
about the one document --number. With --csv it gives one row per line.`,
		Example: `  linesman invoices reconcile --lang sv
  linesman invoices reconcile --month 2026-03 --csv > lines.csv
  linesman invoices reconcile --strict || echo "something to dispute"`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.reconcile(cmd.Context(), o, func(w io.Writer, t invoiceWords, r reconcile.Report) error {
				if f.csv {
					return t.csv(w, r)
				}
				return t.report(w, r)
			}, strict)
		},
	}
	f.add(cmd, "default: the newest whole month that usage covers")
	cmd.Flags().StringVar(&f.req.Number, "number", "", "the document with this number")
	cmd.Flags().BoolVar(&f.csv, "csv", false, "every line as CSV with semicolons")
	cmd.Flags().BoolVar(&strict, "strict", false, "end with 1 where something is to be disputed")
	return cmd
}

// errDisputed ends a strict run; what it is about was written already.
var errDisputed = &quietError{errors.New("something is to be disputed")}

// reconcile writes a report, in JSON where that is asked for.
func (f *invoiceFlags) reconcile(ctx context.Context, o *options, write func(io.Writer, invoiceWords, reconcile.Report) error, strict bool) error {
	return f.run(ctx, o, func(api node.API, t invoiceWords) error {
		r, err := api.ReconcileInvoices(ctx, f.req)
		if err != nil {
			return err
		}
		if o.json {
			err = printJSON(r)
		} else {
			err = write(os.Stdout, t, r)
		}
		if err == nil && strict && r.Disputed() {
			return errDisputed
		}
		return err
	})
}

func invoicesDisputesCommand(o *options) *cobra.Command {
	var f invoiceFlags
	var text bool
	cmd := &cobra.Command{
		Use:   "disputes",
		Short: "What to send to an operator: each line that is wrong, why, and what is claimed",
		Long: `Disputes lists what of an operator's documents is wrong in words that it can use: number of the document and of the
line, the number with its last digits dropped, what was billed, what it should be and why, and the amount that is claimed, with
the total. Only differences beyond the tolerance are on it. It holds no pseudonyms and nothing of the organisation's own data
but the quantities.`,
		Example: `  linesman invoices disputes --operator Norrtele --lang sv > norrtele-2026-03.txt
  linesman invoices disputes --operator Norrtele --month 2026-03 --csv > norrtele-2026-03.csv`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case f.req.Operator == "":
				return errors.New("--operator: whom the list is for")
			case text && (f.csv || o.json):
				return errors.New("--text with --csv or --json: one of them")
			}
			return f.run(cmd.Context(), o, func(api node.API, t invoiceWords) error {
				r, err := api.ReconcileInvoices(cmd.Context(), f.req)
				if err != nil {
					return err
				}
				list := r.Disputes(f.req.Operator)
				switch {
				case o.json:
					return printJSON(list)
				case f.csv:
					return t.disputesCSV(os.Stdout, list)
				}
				return t.disputes(os.Stdout, list)
			})
		},
	}
	f.add(cmd, "default: the newest whole month that usage covers")
	cmd.Flags().BoolVar(&f.csv, "csv", false, "as CSV with semicolons, in the language of the words")
	cmd.Flags().BoolVar(&text, "text", false, "as text (the default)")
	return cmd
}

// exact writes an amount for machines.
func exact(m schema.Money) string { return m.String() }
