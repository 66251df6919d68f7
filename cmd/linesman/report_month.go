package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"linesman/dashboards/report"
	"linesman/internal/node"
	"linesman/schema"
)

// readMonthly reads the month and the languages that were given.
func readMonthly(req *node.MonthlyRequest, month, lang string) (err error) {
	if req.Month, err = askedMonth(month); err != nil || lang == "" {
		return err
	}
	req.Languages = strings.Split(lang, ",")
	for _, l := range req.Languages {
		if err := knownLanguage(l); err != nil {
			return err
		}
	}
	return nil
}

func reportMonthCommand(o *options) *cobra.Command {
	var req node.MonthlyRequest
	var month, lang, out string
	cmd := &cobra.Command{
		Use:   "month",
		Short: "The monthly report of a cost centre, a unit or the organisation, as HTML and PDF",
		Long: `Month makes the monthly report as one HTML file that needs nothing else and as PDF: cost against the month before, the
same month last year and the budget, by service and unit, thirteen months, what changed most, VAT apart, violations, goals,
unused lines, and whether data are complete. Each figure leads to its query, which gives the same with linesman query.

Without --publish it is a draft, written to --out. With --publish it is fixed: it is written to reports.folder and noted in
the log, and never changes. Published again, it stays as it is; where later data changed its figures, a correction note is
published beside it that says from what, to what and why. With --mail what is published goes to the address in
reports.recipients, once. It ends with 1 where a mail could not be sent or a published file was altered. docs/monthly-report.md says what each part means.`,
		Example: `  linesman report month
  linesman report month --cost-centre 0412 --month 2026-09 --lang sv --out /tmp
  linesman report month --unit SE2321000016-B2
  linesman report month --all --publish --mail`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := readMonthly(&req, month, lang); err != nil {
				return err
			}
			if req.Mail {
				req.Publish = true // only what is fixed is sent
			}
			if out == "" && !req.Publish {
				out = "."
			}
			req.Content = out != ""
			cfg, err := o.load()
			if err != nil {
				return err
			}
			return withCaughtUp(cmd.Context(), cfg, func(api node.API) error {
				got, err := api.Monthly(cmd.Context(), req)
				if err != nil {
					return err
				}
				if err := showMonthly(os.Stdout, got, out, o.json); err != nil {
					return err
				}
				return notAsWanted(got)
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&month, "month", "", "the month (yyyy-mm); default: the newest whole month that the data cover")
	f.StringVar(&req.CostCentre, "cost-centre", "", "about this cost centre")
	f.StringVar(&req.Unit, "unit", "", "about this unit (its id)")
	f.BoolVar(&req.All, "all", false, "about the organisation, every cost centre and every unit")
	f.StringVar(&lang, "lang", "", "languages, separated by a comma: sv, en; default: reports.languages")
	f.StringVar(&out, "out", "", "folder for the files; default for drafts: here")
	f.BoolVar(&req.Publish, "publish", false, "fix the report, or publish a correction note where later data changed it")
	f.BoolVar(&req.Mail, "mail", false, "send what is published to who is named for it, once (publishes)")
	return cmd
}

// showMonthly writes the files that came along, and tells what became of each report.
func showMonthly(w io.Writer, got node.Monthly, out string, asJSON bool) error {
	for i := range got.Reports {
		r := &got.Reports[i]
		if out == "" {
			continue
		}
		if err := os.MkdirAll(out, 0o750); err != nil {
			return fmt.Errorf("making the folder: %w", err)
		}
		for ending, content := range map[string][]byte{".html": r.HTML, ".pdf": r.PDF} {
			if err := os.WriteFile(filepath.Join(out, r.Name+ending), content, 0o640); err != nil {
				return fmt.Errorf("writing the report: %w", err)
			}
		}
		r.HTML, r.PDF = nil, nil
	}
	if asJSON {
		return printJSON(got)
	}
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for i := range got.Reports {
		r := &got.Reports[i]
		line := []string{r.Name, r.State, "SEK " + cost(r.Cost)}
		if len(r.Changes) > 0 {
			line = append(line, fmt.Sprintf("%d figures changed", len(r.Changes)))
		}
		if r.Mail != "" {
			line = append(line, "mail: "+r.Mail)
		}
		fmt.Fprintln(tab, strings.Join(append(line, r.Problems...), "\t"))
	}
	if err := tab.Flush(); err != nil {
		return err
	}
	if out != "" {
		fmt.Fprintf(w, "written to %s as .html and .pdf\n", out)
	} else {
		fmt.Fprintf(w, "published in %s as .html and .pdf\n", got.Folder)
	}
	return nil
}

// notAsWanted ends the program with an error where a mail was not sent or a published file was altered: showMonthly
// told which.
func notAsWanted(got node.Monthly) error {
	unsent, altered := 0, 0
	for i := range got.Reports {
		r := &got.Reports[i]
		if !r.MailSettled() {
			unsent++
		}
		if len(r.Problems) > 0 {
			altered++
		}
	}
	if unsent+altered > 0 {
		return &quietError{fmt.Errorf("%d mails were not sent, the files of %d reports were not as they were published", unsent, altered)}
	}
	return nil
}

func cost(exact string) string {
	m, err := schema.ParseMoney(exact)
	if err != nil {
		return "–"
	}
	return m.String()
}

func reportListCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "The monthly reports and correction notes that were published, and whether their files are as they were",
		Long: `List shows every monthly report and correction note that was published: the month, what it is about, when, to how many
addresses it was mailed, and whether its files in reports.folder still are as they were published.`,
		Example: `  linesman report list
  linesman report list --json | jq '.[] | select(.files != null)'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := o.load()
			if err != nil {
				return err
			}
			return withCaughtUp(cmd.Context(), cfg, func(api node.API) error {
				list, err := api.PublishedReports(cmd.Context(), node.PublishedFilter{})
				if err != nil {
					return err
				}
				if o.json {
					return printJSON(list)
				}
				return listPublished(os.Stdout, list)
			})
		},
	}
}

func listPublished(w io.Writer, list []node.PublishedReport) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(w, "no monthly report is published")
		return err
	}
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tab, "MONTH\tABOUT\tLANGUAGE\tKIND\tPUBLISHED\tMAILED\tFILES")
	for _, p := range list {
		about := strings.ReplaceAll(p.Scope.Kind, "_", " ") + " " + p.Scope.ID
		if p.Scope.Kind == report.ScopeAll {
			about = "the organisation"
		}
		kind := p.Kind
		if p.Changes > 0 {
			kind = fmt.Sprintf("%s %d (%d figures)", p.Kind, p.Revision, p.Changes)
		}
		files := p.Files
		if files == "" {
			files = p.Name
		}
		fmt.Fprintf(tab, "%s\t%s\t%s\t%s\t%s\t%d\t%s\n", p.Month, about, p.Language, kind, p.PublishedAt.Format("2006-01-02 15:04Z"), p.Mailed, files)
	}
	return tab.Flush()
}
