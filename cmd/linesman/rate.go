package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/shopspring/decimal"
	"github.com/spf13/cobra"

	"linesman/dashboards/messages"
	"linesman/internal/node"
	"linesman/schema"
)

func rateCommand(o *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rate",
		Short: "Price books: why a record costs what it costs, and which prices are in force",
		Long: `Every usage record is rated by the price book that was in force when it began. What a price may state, which of
several holds and how an amount comes about is told in docs/prices.md.`,
		Example: `  linesman rate book --operator norrtele --plan Fri
  linesman rate explain 1a2b3c4d5e6f708192a3b4c5d6e7f809`,
	}
	cmd.AddCommand(rateExplainCommand(o), rateBookCommand(o))
	return cmd
}

func rateExplainCommand(o *options) *cobra.Command {
	var lang string
	cmd := &cobra.Command{
		Use:   "explain EVENT_ID",
		Short: "Why a usage record costs what it costs",
		Long: `Explain tells of one usage record what was charged and rated, which price was chosen, of every other price what ruled it
out first, the parts of the amount, the exchange rate, and what it draws from a bundle. The id is the record's event_id, as
lower(hex(event_id)) shows it in a query.`,
		Example: `  linesman query "SELECT lower(hex(event_id)), rate_reason, rated, cost FROM usage WHERE cost > 100 LIMIT 5"
  linesman rate explain 1a2b3c4d5e6f708192a3b4c5d6e7f809 --lang sv
  linesman rate explain 1a2b3c4d5e6f708192a3b4c5d6e7f809 --json | jq '.segments'`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := knownLanguage(lang); err != nil {
				return err
			}
			id, err := schema.ParseID(args[0])
			if err != nil {
				return err
			}
			cfg, err := o.load()
			if err != nil {
				return err
			}
			return withCaughtUp(cmd.Context(), cfg, func(api node.API) error {
				e, err := api.RateExplain(cmd.Context(), id)
				if err != nil {
					return err
				}
				if o.json {
					return printJSON(e)
				}
				return writeRateExplanation(os.Stdout, &e, lang)
			})
		},
	}
	cmd.Flags().StringVar(&lang, "lang", "en", "language of the words: en or sv")
	return cmd
}

func rateBookCommand(o *options) *cobra.Command {
	var req node.RateBookRequest
	var day, lang string
	cmd := &cobra.Command{
		Use:   "book",
		Short: "The prices in force on a day",
		Long: `Book lists the prices in force when a day begins, in the order in which they are looked at: of those that hold for a
record the first is chosen. What is per month comes last.`,
		Example: `  linesman rate book
  linesman rate book --operator norrtele --plan Fri --day 2026-03-01 --lang sv`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := knownLanguage(lang); err != nil {
				return err
			}
			if day != "" {
				var err error
				if req.Day, err = schema.ParseDay(day); err != nil {
					return fmt.Errorf("--day: %w", err)
				}
			}
			cfg, err := o.load()
			if err != nil {
				return err
			}
			return withCaughtUp(cmd.Context(), cfg, func(api node.API) error {
				b, err := api.RateBook(cmd.Context(), req)
				if err != nil {
					return err
				}
				if o.json {
					return printJSON(b)
				}
				return writeRateBook(os.Stdout, &b, lang)
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&req.Operator, "operator", "", "prices for lines of this operator")
	f.StringVar(&req.Plan, "plan", "", "prices for lines of this plan")
	f.StringVar(&day, "day", "", "the day (yyyy-mm-dd); default: today")
	f.StringVar(&lang, "lang", "en", "language of the words: en or sv")
	return cmd
}

// rateWords writes prices in one language.
type rateWords struct{ messages.Texts }

func newRateWords(lang string) (rateWords, error) {
	texts, err := messages.Load()
	if err != nil {
		return rateWords{}, err
	}
	return rateWords{texts.In(lang)}, nil
}

// exact writes an amount with all its decimals, at least two.
func (t rateWords) exact(m schema.Money, currency string) string {
	_, frac, _ := strings.Cut(m.String(), ".")
	if currency == "" {
		currency = "SEK"
	}
	return t.Number(decimal.New(int64(m), -6), int32(len(frac))) + " " + currency
}

// for whom and what a price is, and when it holds.
func (t rateWords) conditions(p *node.RatePrice) string {
	var all []string
	for _, c := range [][2]string{{"operator", p.Operator}, {"plan", p.Plan}, {"service", p.Service}, {"other_class", p.OtherClass}, {"other_country", p.OtherCountry},
		{"zone", p.Zone}, {"visited", p.Visited}, {"weekdays", p.Weekdays}, {"hours", p.Hours}, {"bundle", p.Bundle}, {"pool", p.Pool}} {
		if c[1] != "" {
			all = append(all, c[0]+"="+c[1])
		}
	}
	if p.Included > 0 {
		all = append(all, fmt.Sprint("included=", p.Included))
	}
	if p.Prorated {
		all = append(all, "prorated")
	}
	return strings.Join(all, " ")
}

func (t rateWords) price(p *node.RatePrice) string {
	out := t.exact(p.Price, p.Currency)
	if p.Per == "percent" {
		out = t.Number(decimal.New(int64(p.Price), -6), 2) + " %"
	}
	if out += " " + t.T("rate.per."+p.Per); p.Opening != 0 {
		out += " + " + t.exact(p.Opening, p.Currency)
	}
	if p.FirstS+p.NextS > 0 {
		out += fmt.Sprintf(" (%d/%d s)", p.FirstS, p.NextS)
	}
	return out
}

func (t rateWords) period(p *node.RatePrice) string {
	return strings.TrimSuffix(p.ValidFrom[:10]+" – "+p.ValidTo[:min(10, len(p.ValidTo))], " ")
}

func writeRateBook(w io.Writer, b *node.RateBook, lang string) error {
	t, err := newRateWords(lang)
	if err != nil {
		return err
	}
	fmt.Fprintln(w, t.T("rate.book", "day", b.Day))
	fmt.Fprintln(w)
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for i := range b.Prices {
		p := &b.Prices[i]
		fmt.Fprintf(tab, "%s\t%s\t%s\t%s\n", p.PriceID, t.price(p), t.period(p), t.conditions(p))
	}
	return tab.Flush()
}

func writeRateExplanation(w io.Writer, e *node.RateExplanation, lang string) error {
	t, err := newRateWords(lang)
	if err != nil {
		return err
	}
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	say := func(key, value string) {
		if value != "" {
			fmt.Fprintf(tab, "%s\t%s\n", t.T("rate."+key), value)
		}
	}
	r := &e.Record
	say("record", r.Kind+" / "+r.Service+", "+r.OccurredAt)
	say("quantity", t.quantity(r))
	say("other", strings.TrimSpace(r.Class+" "+r.OtherCountry))
	say("where", strings.TrimSpace(r.Visited+" "+r.Zone))
	say("line", strings.Join(strings.Fields(r.LineOperator+" "+r.Plan+" "+r.UnitID+" "+r.CostCentre), ", "))
	if r.Operator != "" {
		say("charged", t.exact(r.Charged, r.Currency)+" ("+r.Operator+")")
	}
	say("rated", t.exact(e.Rated.Rated, "")+": "+t.T("rate.reason."+e.Rated.Reason)+map[bool]string{true: " (" + e.Rated.PriceID + ")"}[e.Rated.PriceID != ""])
	say("cost", t.exact(e.Rated.Cost, ""))
	if !e.Agrees {
		say("differs", t.T("rate.stored", "rated", t.exact(e.Stored.Rated, ""), "cost", t.exact(e.Stored.Cost, ""), "reason", t.T("rate.reason."+e.Stored.Reason)))
	}
	if e.Bundle != "" {
		say("bundle", t.T("rate.drawn", "bundle", e.Bundle, "n", fmt.Sprint(e.Drawn), "beyond", t.exact(e.Beyond, "")))
		if s := e.Standing; s != nil {
			say("standing", t.T("rate.stands", "before", fmt.Sprint(s.Before), "holds", fmt.Sprint(s.Holds), "left", fmt.Sprint(s.Left), "quantity", fmt.Sprint(s.Quantity), "over", fmt.Sprint(s.Beyond+s.Unfair), "amount", t.exact(s.Amount, "")))
		}
	}
	for _, x := range e.Worth {
		if x.Rate == 0 {
			say("exchange", t.T("rate.no_rate", "currency", x.Currency))
			continue
		}
		say("exchange", fmt.Sprintf("%s × %s = %s", t.exact(x.Amount, x.Currency), t.exact(x.Rate, ""), t.exact(x.Home, "")))
	}
	if err := tab.Flush(); err != nil {
		return err
	}
	if err := t.segments(w, e); err != nil {
		return err
	}
	return t.rows(w, e)
}

// quantity is what the record used.
func (t rateWords) quantity(r *node.RateRecord) string {
	switch r.Kind {
	case schema.KindCall:
		if !r.Answered {
			return t.T("rate.unanswered")
		}
		return t.T("rate.seconds", "n", fmt.Sprint(r.DurationS), "ring", fmt.Sprint(r.RingS))
	case schema.KindData:
		return t.T("rate.bytes", "n", fmt.Sprint(r.VolumeBytes))
	case schema.KindSMS:
		return t.T("rate.messages", "n", fmt.Sprint(r.Messages))
	}
	return ""
}

// segments writes the parts of the amount.
func (t rateWords) segments(w io.Writer, e *node.RateExplanation) error {
	if len(e.Segments) == 0 {
		return nil
	}
	fmt.Fprintf(w, "\n%s\n", t.T("rate.segments"))
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	if e.Opening != 0 {
		fmt.Fprintf(tab, "%s\t\t\t%s\t\n", t.T("rate.opening"), t.exact(e.Opening, e.Currency))
	}
	for _, s := range e.Segments {
		fmt.Fprintf(tab, "%s\t%d s\t× %s / 60\t%s\t  %s\n", s.At, s.Charged, t.exact(s.Price, e.Currency), t.exact(s.Amount, e.Currency), s.PriceID)
	}
	fmt.Fprintf(tab, "%s\t\t\t%s\t\n", t.T("rate.sum"), t.exact(e.Amount, e.Currency))
	return tab.Flush()
}

// rows writes what was looked at: first what holds, then the rest.
func (t rateWords) rows(w io.Writer, e *node.RateExplanation) error {
	if len(e.Rows) == 0 {
		return nil
	}
	fmt.Fprintf(w, "\n%s\n", t.T("rate.rows"))
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, holds := range [2]bool{true, false} {
		for i := range e.Rows {
			r := &e.Rows[i]
			if (r.Word == "chosen" || r.Word == "chosen_later" || r.Word == "less_specific") == holds {
				fmt.Fprintf(tab, "%s\t%s\t%s\t%s\n", r.PriceID, t.T("rate.word."+r.Word), t.price(&r.RatePrice), t.conditions(&r.RatePrice))
			}
		}
	}
	return tab.Flush()
}
