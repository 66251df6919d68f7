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
	"linesman/processors/subscriptions"
	"linesman/schema"
)

func reportCommand(o *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "report",
		Short: "Reports: monthly reports, subscriptions",
		Long:  "Reports are as of the last day of a month that the data cover, never of today: asked again, they say the same.",
		Example: `  linesman report month --cost-centre 0412 --lang sv
  linesman report subscriptions --lang sv`,
	}
	cmd.AddCommand(subscriptionsCommand(o), reportMonthCommand(o), reportListCommand(o))
	return cmd
}

func subscriptionsCommand(o *options) *cobra.Command {
	var req node.SubscriptionsRequest
	var asOf, lang string
	var lines, asCSV bool
	cmd := &cobra.Command{
		Use:   "subscriptions",
		Short: "What each unit subscribes to, what it costs, and which lines somebody should ask about",
		Long: `Subscriptions lists every unit with its lines by kind, the fees of the month, and how many of them somebody should ask
about: not used for 90 days, held by somebody who has left or is on a long leave, without a holder, several mobiles for one
person, fees for a blocked SIM, not reviewed for a year, no operator or plan stated. With --lines it lists these lines, as
pseudonyms. It is as of the last day of the newest whole month that the data cover. docs/subscriptions.md says how it is
worked out and what it needs.`,
		Example: `  linesman report subscriptions
  linesman report subscriptions --lang sv --unit SE2321000016-B2 --lines
  linesman report subscriptions --csv > lines.csv
  linesman report subscriptions --json --as-of 2026-06-30 | jq '.total'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := knownLanguage(lang); err != nil {
				return err
			}
			if asOf != "" {
				var err error
				if req.AsOf, err = schema.ParseDay(asOf); err != nil {
					return fmt.Errorf("--as-of: %w", err)
				}
			}
			cfg, err := o.load()
			if err != nil {
				return err
			}
			return withCaughtUp(cmd.Context(), cfg, func(api node.API) error {
				r, err := api.Subscriptions(cmd.Context(), req)
				if err != nil {
					return err
				}
				return writeSubscriptions(os.Stdout, r, lang, o.json, asCSV, lines)
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&req.Unit, "unit", "", "lines of this unit only (its id)")
	f.StringVar(&lang, "lang", "en", "language of the words: en or sv")
	f.StringVar(&asOf, "as-of", "", "the month of this day (yyyy-mm-dd)")
	f.BoolVar(&lines, "lines", false, "list the lines to ask about")
	f.BoolVar(&asCSV, "csv", false, "the lines to ask about as CSV with semicolons")
	return cmd
}

func writeSubscriptions(w io.Writer, r subscriptions.Report, lang string, asJSON, asCSV, lines bool) error {
	if asJSON {
		return printJSON(r)
	}
	texts, err := messages.Load()
	if err != nil {
		return err
	}
	words := subscriptionWords{texts.In(lang)}
	if asCSV {
		return words.csv(w, r)
	}
	if err := words.units(w, r); err != nil || !lines {
		return err
	}
	return words.lines(w, r)
}

// subscriptionWords writes the report in one language.
type subscriptionWords struct{ messages.Texts }

func (t subscriptionWords) kronor(m schema.Money) string {
	return t.Money(m)
}

func (t subscriptionWords) questions(list []string) string {
	said := make([]string, len(list))
	for i, q := range list {
		said[i] = t.T("subscriptions.ask." + q)
	}
	return strings.Join(said, ", ")
}

func (t subscriptionWords) units(w io.Writer, r subscriptions.Report) error {
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, t.T("subscriptions.title", "day", r.AsOf))
	fmt.Fprintln(w)
	head := []string{t.T("subscriptions.lines"), t.T("subscriptions.mobile"), t.T("subscriptions.fees"), t.T("subscriptions.usage"), t.T("subscriptions.unused"), t.T("subscriptions.idle"), t.T("subscriptions.check")}
	fmt.Fprintln(tab, strings.Join(head, "\t")+"\t  "+t.T("subscriptions.unit"))
	row := func(s subscriptions.Sums, name string) {
		fmt.Fprintf(tab, "%d\t%d\t%s\t%s\t%d\t%s\t%d\t  %s\n", s.Lines, s.Kinds["mobile"], t.kronor(s.Fees), t.kronor(s.Usage), s.Asked[subscriptions.Unused], t.kronor(s.Idle), s.ToCheck, name)
	}
	for _, u := range r.Units {
		row(u.Sums, strings.TrimSpace(u.Name+" "+u.UnitID))
	}
	row(r.Total, t.T("subscriptions.total"))
	if err := tab.Flush(); err != nil {
		return err
	}
	for _, q := range subscriptions.Questions() {
		if n := r.Total.Asked[q]; n > 0 {
			fmt.Fprintf(w, "\n%6d  %s", n, t.T("subscriptions.ask."+q))
		}
	}
	_, err := fmt.Fprintln(w)
	return err
}

func (t subscriptionWords) lines(w io.Writer, r subscriptions.Report) error {
	fmt.Fprintln(w)
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tab, strings.Join([]string{t.T("subscriptions.unit"), t.T("subscriptions.line"), t.T("subscriptions.plan"), t.T("subscriptions.fees"), t.T("subscriptions.last_use"), t.T("subscriptions.ask")}, "\t"))
	for _, l := range r.Lines {
		fmt.Fprintf(tab, "%s\t%s\t%s\t%s\t%s\t%s\n", l.UnitID, l.LineID, strings.TrimSpace(l.Operator+" "+l.Plan), t.kronor(l.Fees), l.LastUse, t.questions(l.Questions))
	}
	return tab.Flush()
}

func (t subscriptionWords) csv(w io.Writer, r subscriptions.Report) error {
	rows := [][]string{{"as_of", "unit", "line", "cost_centre", "kind", "role", "operator", "plan", "fees", "last_use", "reviewed", "questions"}}
	for _, l := range r.Lines {
		rows = append(rows, []string{r.AsOf, l.UnitID, l.LineID, l.CostCentre, l.Kind, l.Role, l.Operator, l.Plan, l.Fees.String(), l.LastUse, l.Reviewed, strings.Join(l.Questions, ",")})
	}
	return writeRows(w, "the lines", rows)
}
