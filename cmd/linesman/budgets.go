package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/shopspring/decimal"
	"github.com/spf13/cobra"

	"linesman/dashboards/messages"
	"linesman/internal/node"
	"linesman/processors/budgets"
	"linesman/processors/forecast"
	"linesman/schema"
)

func budgetsCommand(o *options) *cobra.Command {
	var req node.BudgetsRequest
	var month, lang string
	var asCSV bool
	cmd := &cobra.Command{
		Use:   "budgets",
		Short: "Budgets: what is left, where month and year end, and which will not do",
		Long: `Budgets sets the cost of each cost centre and unit that has a budget (a goal of metric cost_month) against it: the month,
the year to date, what month and year are foreseen to come to with an interval, the run rate of a month under way, and in
words whether a budget is likely to be exceeded, when and by how much. The outcome is what the console shows. It is as of
the newest day that the data cover, not of today; of a month that is over, as of its end. Of one cost centre or unit it
also lists the months of the year. docs/budgets.md says how each figure comes about.`,
		Example: `  linesman budgets
  linesman budgets --lang sv --cost-centre 4711
  linesman budgets --month 2026-06 --csv > budgets.csv
  linesman budgets --json | jq '.budgets[] | select(.year.verdict.state == "likely")'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := knownLanguage(lang); err != nil {
				return err
			}
			var err error
			if req.Month, err = askedMonth(month); err != nil {
				return err
			}
			cfg, err := o.load()
			if err != nil {
				return err
			}
			return withCaughtUp(cmd.Context(), cfg, func(api node.API) error {
				r, err := api.Budgets(cmd.Context(), req)
				if err != nil {
					return err
				}
				return writeBudgets(os.Stdout, r, lang, o.json, asCSV, req.CostCentre+req.Unit != "")
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&month, "month", "", "the month (yyyy-mm, or a day of it); default: the newest with data")
	f.StringVar(&req.CostCentre, "cost-centre", "", "budgets of this cost centre only (its code)")
	f.StringVar(&req.Unit, "unit", "", "budgets of this unit only (its id)")
	f.StringVar(&lang, "lang", "en", "language of the words: en or sv")
	f.BoolVar(&asCSV, "csv", false, "every month of the year of every budget as CSV with semicolons")
	return cmd
}

func writeBudgets(w io.Writer, r budgets.Report, lang string, asJSON, asCSV, months bool) error {
	if asJSON {
		return printJSON(r)
	}
	if asCSV {
		return budgetsCSV(w, r)
	}
	texts, err := messages.Load()
	if err != nil {
		return err
	}
	t := budgetWords{texts.In(lang)}
	if err := t.table(w, r); err != nil {
		return err
	}
	for _, b := range r.Budgets {
		fmt.Fprintln(w, "\n"+t.place(b))
		for _, said := range t.say(r, b) {
			fmt.Fprintln(w, "    "+said)
		}
		if months {
			if err := t.months(w, b); err != nil {
				return err
			}
		}
	}
	return nil
}

// budgetWords writes the report in one language.
type budgetWords struct{ messages.Texts }

func (t budgetWords) kronor(m schema.Money) string { return t.Number(decimal.New(int64(m), -6), 0) }

func (t budgetWords) percent(p *decimal.Decimal) string {
	if p == nil {
		return "–"
	}
	return t.Number(*p, 1)
}

func (t budgetWords) month(day string) string {
	d, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return day
	}
	return t.Month(d)
}

func (t budgetWords) day(day string) string {
	d, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return day
	}
	return t.Day(d)
}

func (t budgetWords) place(b budgets.Budget) string {
	return strings.TrimSpace(b.Name + " (" + strings.TrimSpace(b.Unit+" "+b.CostCentre) + ")")
}

func (t budgetWords) table(w io.Writer, r budgets.Report) error {
	title := "budgets.title"
	if !r.Whole {
		title = "budgets.title.ongoing"
	}
	fmt.Fprintln(w, t.T(title, "month", t.month(r.Month), "day", t.day(r.AsOf)))
	if len(r.Budgets) == 0 {
		_, err := fmt.Fprintln(w, t.T("budgets.none"))
		return err
	}
	fmt.Fprintln(w)
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	var head []string
	for _, c := range []string{"budget", "outcome", "left", "percent", "year", "ytd", "foreseen", "interval"} {
		head = append(head, t.T("budgets."+c))
	}
	fmt.Fprintln(tab, strings.Join(head, "\t")+"\t  "+t.T("budgets.place"))
	for _, b := range r.Budgets {
		foreseen, interval := "–", "–"
		if f := b.Year.Forecast; f != nil {
			foreseen, interval = t.kronor(f.Amount), t.interval(f)
		}
		fmt.Fprintf(tab, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t  %s\n", t.kronor(b.Month.Budget), t.kronor(b.Month.Outcome), t.kronor(b.Month.Left), t.percent(b.Month.Percent),
			t.kronor(b.Year.Budget), t.kronor(b.YearToDate.Outcome), foreseen, interval, t.place(b))
	}
	if err := tab.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w, "\n"+t.T("budgets.sum", "cost", t.kronor(r.Cost), "beside", t.kronor(r.Unbudgeted)))
	return err
}

func (t budgetWords) interval(f *forecast.Forecast) string {
	if f.In80 == nil {
		return "–"
	}
	return t.kronor(f.In80.Low) + "–" + t.kronor(f.In80.High)
}

// say puts a budget into words: the month, the run rate, the year, and how it is foreseen.
func (t budgetWords) say(r budgets.Report, b budgets.Budget) []string {
	out := []string{t.verdict("budgets.month.", t.month(r.Month), b.Verdict, b.Month.Forecast, b.Month.Budgeted)}
	if b.RunRate != nil {
		out = append(out, t.T("budgets.rate", "amount", t.kronor(b.RunRate.Month), "day", t.day(b.RunRate.Until), "share", t.Number(b.RunRate.Share, 1)))
	}
	out = append(out, t.verdict("budgets.year.", r.Month[:4], b.Year.Verdict, b.Year.Forecast, true))
	if b.Annualised != nil {
		out = append(out, t.T("budgets.annualised", "amount", t.kronor(*b.Annualised)))
	}
	if b.Year.Method != "" {
		out = append(out, t.T("budgets.method", "method", t.T("budgets.method."+b.Year.Method), "n", fmt.Sprint(b.Year.History), "why", t.T("budgets.why."+b.Year.Why)))
	}
	if len(b.Year.Missing) > 0 {
		var months []string
		for _, m := range b.Year.Missing {
			months = append(months, t.month(m))
		}
		out = append(out, t.T("budgets.missing", "months", strings.Join(months, ", ")))
	}
	return out
}

func (t budgetWords) verdict(prefix, period string, v budgets.Verdict, f *forecast.Forecast, budgeted bool) string {
	if !budgeted {
		return t.T("budgets.no_budget", "period", period)
	}
	by := v.By
	if by < 0 {
		by = -by
	}
	pairs := []string{"period", period, "by", t.kronor(by), "when", t.month(v.When), "amount", "", "interval", "", "high", ""}
	if f != nil {
		pairs[7], pairs[9] = t.kronor(f.Amount), t.interval(f)
		if f.In80 != nil {
			pairs[11] = t.kronor(f.In80.High)
		}
	}
	said := t.T(prefix+v.State, pairs...)
	if f != nil && (v.State == budgets.Exceeded || v.State == budgets.Likely || v.State == budgets.Unlikely) {
		said += " " + t.T("budgets.foreseen_as", pairs...)
	}
	return said
}

// months lists the budget year.
func (t budgetWords) months(w io.Writer, b budgets.Budget) error {
	fmt.Fprintln(w)
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tab, strings.Join([]string{t.T("field.month"), t.T("budgets.budget"), t.T("budgets.outcome"), t.T("budgets.left"), t.T("budgets.percent"), t.T("budgets.foreseen"), t.T("budgets.interval")}, "\t")+"\t")
	for _, m := range b.Months {
		cells := []string{t.month(m.Month), "–", "–", "–", "–", "–", "–"}
		if m.Budgeted {
			cells[1] = t.kronor(m.Budget)
		}
		if m.Covered {
			cells[2] = t.kronor(m.Outcome)
			if m.Budgeted {
				cells[3], cells[4] = t.kronor(m.Left), t.percent(m.Percent)
			}
		}
		if m.Forecast != nil {
			cells[5], cells[6] = t.kronor(m.Forecast.Amount), t.interval(m.Forecast)
		}
		fmt.Fprintln(tab, strings.Join(cells, "\t")+"\t")
	}
	return tab.Flush()
}

// budgetsCSV writes one row for each month of each budget, with exact amounts.
func budgetsCSV(w io.Writer, r budgets.Report) error {
	rows := [][]string{{"as_of", "month", "cost_centre", "unit", "name", "budget", "outcome", "left", "percent", "forecast", "low_80", "high_80", "low_95", "high_95"}}
	for _, b := range r.Budgets {
		for _, m := range b.Months {
			row := []string{r.AsOf, m.Month[:7], b.CostCentre, b.Unit, b.Name, "", "", "", "", "", "", "", "", ""}
			if m.Budgeted {
				row[5] = m.Budget.String()
			}
			if m.Covered {
				row[6] = m.Outcome.String()
				if m.Budgeted {
					row[7], row[8] = m.Left.String(), percentText(m.Percent)
				}
			}
			if f := m.Forecast; f != nil {
				row[9] = f.Amount.String()
				for i, in := range []*forecast.Interval{f.In80, f.In95} {
					if in = cmp.Or(in, &forecast.Interval{}); *in != (forecast.Interval{}) {
						row[10+2*i], row[11+2*i] = in.Low.String(), in.High.String()
					}
				}
			}
			rows = append(rows, row)
		}
	}
	return writeRows(w, "the budgets", rows)
}

func percentText(p *decimal.Decimal) string {
	if p == nil {
		return ""
	}
	return p.String()
}
