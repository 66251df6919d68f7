package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"linesman/dashboards/messages"
	"linesman/internal/node"
	"linesman/processors/allocate"
	"linesman/schema"
)

func allocateCommand(o *options) *cobra.Command {
	var month, by, lang string
	var asCSV bool
	cmd := &cobra.Command{
		Use:   "allocate",
		Short: "Who bears the costs of a month: by cost centre, unit, project, activity or service",
		Long: `Allocate divides the costs of a month: each record is borne by the cost centre and unit that held the line when it was
used, or by whom an allocation rule names; private use is what its holder repays, and stands apart. The sums add up to the
costs of the month to a millionth of a krona, and VAT stands in a column of its own. Below, what each rule moved, and what
whoever uses the figures should know. It is about the newest whole month that the data cover, never about today.

The table rounds to öre; --json and --csv give every posting exactly. docs/allocation.md says how costs are divided.`,
		Example: `  linesman allocate
  linesman allocate --month 2026-03 --by unit --lang sv
  linesman allocate --by project --csv > postings.csv
  linesman allocate --json | jq '.postings[] | select(.rule == "JABBER")'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := knownLanguage(lang); err != nil {
				return err
			}
			if !slices.Contains(bearers(), by) {
				return fmt.Errorf("--by %s: want %s", by, strings.Join(bearers(), ", "))
			}
			day, err := askedMonth(month)
			if err != nil {
				return err
			}
			cfg, err := o.load()
			if err != nil {
				return err
			}
			return withCaughtUp(cmd.Context(), cfg, func(api node.API) error {
				r, err := api.Allocate(cmd.Context(), node.AllocateRequest{Month: day})
				if err != nil {
					return err
				}
				return writeAllocation(os.Stdout, r, by, lang, o.json, asCSV)
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&month, "month", "", "the month (yyyy-mm, or a day of it)")
	f.StringVar(&by, "by", "cost_centre", "sum by "+strings.Join(bearers(), ", "))
	f.StringVar(&lang, "lang", "en", "language of the words: en or sv")
	f.BoolVar(&asCSV, "csv", false, "every posting as CSV with semicolons")
	return cmd
}

// bearers lists by what postings are summed.
func bearers() []string { return []string{"cost_centre", "unit", "project", "activity", "service"} }

// askedMonth reads yyyy-mm or a day; 0 where nothing is asked.
func askedMonth(text string) (schema.Day, error) {
	if text == "" {
		return 0, nil
	}
	if t, err := time.Parse("2006-01", text); err == nil {
		return schema.Date(t.Year(), t.Month(), 1), nil
	}
	day, err := schema.ParseDay(text)
	if err != nil {
		return 0, fmt.Errorf("--month %q: want yyyy-mm, or a day of it", text)
	}
	return day.Month(), nil
}

// postingView is a posting with its month in words.
type postingView struct {
	Month string `json:"month"`
	schema.Posting
}

// allocationView is the result as scripts read it.
type allocationView struct {
	Month    string            `json:"month"`
	Cost     schema.Money      `json:"cost"`
	VAT      schema.Money      `json:"vat"`
	Postings []postingView     `json:"postings"`
	Notices  []allocate.Notice `json:"notices"`
	Queries  []allocate.Query  `json:"queries"`
}

func writeAllocation(w io.Writer, r allocate.Result, by, lang string, asJSON, asCSV bool) error {
	if asJSON {
		v := allocationView{Month: r.Month.String(), Cost: r.Cost, VAT: r.VAT, Postings: []postingView{}, Notices: r.Notices, Queries: r.Queries}
		for _, p := range r.Postings {
			v.Postings = append(v.Postings, postingView{p.Month.String(), p})
		}
		return printJSON(v)
	}
	if asCSV {
		return allocationCSV(w, r)
	}
	texts, err := messages.Load()
	if err != nil {
		return err
	}
	words := allocationWords{texts.In(lang)}
	if err := words.table(w, r, by); err != nil {
		return err
	}
	if err := words.rules(w, r); err != nil {
		return err
	}
	return words.notices(w, r.Notices)
}

func allocationCSV(w io.Writer, r allocate.Result) error {
	rows := [][]string{{"month", "cost_centre", "unit_id", "project", "activity", "kind", "service", "operator", "rule", "repay", "records", "cost", "vat"}}
	for _, p := range r.Postings {
		rows = append(rows, []string{p.Month.String(), p.CostCentre, p.UnitID, p.Project, p.Activity, p.Kind, p.Service, p.Operator, p.Rule,
			strconv.FormatBool(p.Repay), strconv.FormatUint(p.Records, 10), p.Cost.String(), p.VAT.String()})
	}
	return writeRows(w, "the postings", rows)
}

// allocationWords writes the result in one language.
type allocationWords struct{ messages.Texts }

func (t allocationWords) kronor(m schema.Money) string {
	return t.Money(m)
}

// borne is what somebody bears.
type borne struct {
	name    string
	records uint64
	cost    schema.Money
	vat     schema.Money
}

func (b *borne) add(p schema.Posting) {
	b.records, b.cost, b.vat = b.records+p.Records, b.cost+p.Cost, b.vat+p.VAT
}

// sumBy adds postings up by a name; those without one come last.
func sumBy(postings []schema.Posting, name func(schema.Posting) (string, bool)) []borne {
	sums := map[string]*borne{}
	for _, p := range postings {
		key, wanted := name(p)
		if !wanted {
			continue
		}
		if sums[key] == nil {
			sums[key] = &borne{name: key}
		}
		sums[key].add(p)
	}
	out := make([]borne, 0, len(sums))
	for _, b := range sums {
		out = append(out, *b)
	}
	slices.SortFunc(out, func(a, b borne) int {
		if (a.name == "") != (b.name == "") {
			return -cmp.Compare(a.name, b.name)
		}
		return cmp.Compare(a.name, b.name)
	})
	return out
}

func bearer(p schema.Posting, by string) string {
	switch by {
	case "unit":
		return p.UnitID
	case "project":
		return p.Project
	case "activity":
		return p.Activity
	case "service":
		return p.Service
	}
	return p.CostCentre
}

func (t allocationWords) table(w io.Writer, r allocate.Result, by string) error {
	month := r.Month.At(time.UTC)
	fmt.Fprintf(w, "%s\n\n", t.T("allocate.title", "month", t.Month(month)))
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tab, strings.Join([]string{t.T("allocate.records"), t.T("allocate.cost"), t.T("allocate.vat")}, "\t")+"\t  "+t.T("allocate.by."+by))
	row := func(b borne) {
		fmt.Fprintf(tab, "%d\t%s\t%s\t  %s\n", b.records, t.kronor(b.cost), t.kronor(b.vat), b.name)
	}
	for _, b := range sumBy(r.Postings, func(p schema.Posting) (string, bool) { return bearer(p, by), !p.Repay }) {
		switch {
		case b.name == "":
			b.name = t.T("allocate.none." + by)
		case by == "service":
			b.name = t.Value("service", b.name)
		}
		row(b)
	}
	repaid, total := borne{name: t.T("allocate.repaid")}, borne{name: t.T("allocate.total")}
	for _, p := range r.Postings {
		if total.add(p); p.Repay {
			repaid.add(p)
		}
	}
	if repaid.records > 0 {
		row(repaid)
	}
	row(total)
	return tab.Flush()
}

// rules tells what each rule moved.
func (t allocationWords) rules(w io.Writer, r allocate.Result) error {
	moved := sumBy(r.Postings, func(p schema.Posting) (string, bool) { return p.Rule, p.Rule != "" })
	if len(moved) == 0 {
		_, err := fmt.Fprintf(w, "\n%s\n", t.T("allocate.no_rules"))
		return err
	}
	fmt.Fprintf(w, "\n%s\n", t.T("allocate.rules"))
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, b := range moved {
		fmt.Fprintf(tab, "%d\t%s\t%s\t  %s\n", b.records, t.kronor(b.cost), t.kronor(b.vat), b.name)
	}
	return tab.Flush()
}

func (t allocationWords) notices(w io.Writer, list []allocate.Notice) error {
	for _, n := range list {
		text := t.T("allocate.notice."+n.Code, "rule", n.Rule, "currency", n.Currency, "n", strconv.FormatUint(n.Records, 10), "cost", t.kronor(n.Cost))
		if _, err := fmt.Fprintf(w, "\n! %s", text); err != nil {
			return err
		}
	}
	if len(list) > 0 {
		fmt.Fprintln(w)
	}
	return nil
}
