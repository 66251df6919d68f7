package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"linesman/dashboards/messages"
	"linesman/internal/node"
	"linesman/schema"
)

// exportFlags are the flags of an export.
type exportFlags struct {
	req                  node.ExportRequest
	month, out, decimals string
	revision             int
	force                bool
}

func exportCommand(o *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Who bears the costs of a month, as a file: SIE voucher, Excel workbook, CSV, Parquet, Arrow",
		Long: `Export writes what each cost centre, unit, project and activity bears of the costs of a month. Every format has the
same total; CSV, Parquet and Arrow have exact amounts, SIE and Excel have öre that add up to the rounded total. Files are
written as a whole or not at all, and a file with another content is not overwritten without --force. docs/exports.md says
what is in each.`,
		Example: `  linesman export sie --month 2026-09 --out draft.si
  linesman export sie --month 2026-09 --publish --out 202609.si
  linesman export xlsx --lang sv --out september.xlsx`,
	}
	for _, c := range [...]struct{ format, short, long, example string }{
		{node.ExportSIE, "A voucher for the ledger (SIE 4I)", `A voucher posts the costs of a month: an account by service, with cost centre, project and activity, against the
clearing account to which the operators' invoices were posted. Without --publish it is a draft: marked as read in already,
in the series UTKAST, with number 0. With --publish it is published, and does not change any more: asked for again, the file
has the same bytes, number and series, so that importing it twice does not post it twice. When later data change the month,
the published voucher stays, and --publish publishes the difference as a correction with the next number.`,
			`  linesman export sie --month 2026-09 --out draft.si
  linesman export sie --month 2026-09 --publish --out 202609.si
  linesman export sie --month 2026-09 --revision 1 --out correction.si --json`},
		{node.ExportXLSX, "An Excel workbook: an overview and a sheet for each unit or cost centre", `Amounts are numbers in öre, rounded so that the rows of each sheet add up to it and the sheets to the exact total
rounded to öre. The totals are formulas. The same month gives the same bytes.`,
			`  linesman export xlsx --month 2026-09 --lang sv --out september.xlsx
  linesman export xlsx --by cost_centre --out september.xlsx`},
		{node.ExportCSV, "Every posting as CSV with semicolons, exact", `Texts that a spreadsheet would take for a formula have an apostrophe before them. A spreadsheet takes cost centres such as
0100 for numbers when it opens CSV: import them as text, or use xlsx.`,
			`  linesman export csv --month 2026-09 --out september.csv
  linesman export csv --decimals comma --bom --out september.csv`},
		{node.ExportParquet, "Every posting as Parquet, exact decimals", "Amounts are decimal(18, 6), days are dates; each column has its unit and meaning as metadata.",
			"  linesman export parquet --month 2026-09 --out september.parquet"},
		{node.ExportArrow, "Every posting as an Arrow IPC file, exact decimals", "The columns are those of the Parquet file.",
			"  linesman export arrow --month 2026-09 --out september.arrow"},
	} {
		cmd.AddCommand(exportFormat(o, c.format, c.short, c.long, c.example))
	}
	return cmd
}

func exportFormat(o *options, format, short, long, example string) *cobra.Command {
	e := exportFlags{req: node.ExportRequest{Format: format}, revision: -1}
	cmd := &cobra.Command{
		Use: format, Short: short, Long: short + ".\n\n" + long, Example: example, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return e.run(cmd, o) },
	}
	f := cmd.Flags()
	f.StringVar(&e.month, "month", "", "the month (yyyy-mm); the newest whole month that the data cover")
	f.StringVar(&e.out, "out", "", "file to write; named after the month where it is not given")
	f.StringVar(&e.req.Lang, "lang", "en", "language of the words: en or sv")
	f.BoolVar(&e.force, "force", false, "overwrite a file with another content")
	switch format {
	case node.ExportSIE:
		f.BoolVar(&e.req.Publish, "publish", false, "publish what is to be posted: the voucher, or the correction of one")
		f.IntVar(&e.revision, "revision", -1, "the voucher with this revision: 0 is the first, 1 its first correction")
	case node.ExportXLSX:
		f.StringVar(&e.req.By, "by", "unit", "a sheet for each unit or cost_centre")
	case node.ExportCSV:
		f.StringVar(&e.decimals, "decimals", "point", "point or comma, as spreadsheets in Swedish expect")
		f.BoolVar(&e.req.BOM, "bom", false, "begin with a byte order mark, by which Excel knows UTF-8")
	}
	return cmd
}

func (e *exportFlags) check() (err error) {
	if err := knownLanguage(e.req.Lang); err != nil {
		return err
	}
	if e.req.Month, err = askedMonth(e.month); err != nil {
		return err
	}
	if e.decimals != "" && e.decimals != "point" && e.decimals != "comma" {
		return fmt.Errorf("--decimals %q: want point or comma", e.decimals)
	}
	if by := e.req.By; by != "" && by != "unit" && by != "cost_centre" {
		return fmt.Errorf("--by %q: want unit or cost_centre", by)
	}
	e.req.DecimalComma = e.decimals == "comma"
	if e.revision < -1 || e.revision > 99 {
		return errors.New("--revision: from 0 to 99")
	}
	if e.revision >= 0 {
		n := uint32(e.revision)
		e.req.Revision = &n
	}
	return nil
}

// exportView is what was written, for scripts.
type exportView struct {
	Path      string `json:"path"`
	Unchanged bool   `json:"unchanged"` // the file was there with this content
	node.Exported
}

func (e *exportFlags) run(cmd *cobra.Command, o *options) error {
	if err := e.check(); err != nil {
		return err
	}
	cfg, err := o.load()
	if err != nil {
		return err
	}
	return withCaughtUp(cmd.Context(), cfg, func(api node.API) error {
		got, err := api.Export(cmd.Context(), e.req)
		if err != nil {
			return err
		}
		v := exportView{Path: e.out, Exported: got}
		if v.Path == "" {
			v.Path = got.Name
		}
		if v.Unchanged, err = writeWhole(v.Path, got.Content, e.force); err != nil {
			if got.Voucher != nil && got.Voucher.Now {
				err = fmt.Errorf("%w (the voucher %s %s is published: ask for the file again)", err, got.Voucher.Series, got.Voucher.Number)
			}
			return err
		}
		v.Content = nil
		if o.json {
			return printJSON(v)
		}
		return tellExport(v, e.req.Lang)
	})
}

// writeWhole writes a file as a whole or not at all. A file with this content is left as it is,
// one with another content only goes with force.
func writeWhole(path string, content []byte, force bool) (unchanged bool, err error) {
	have, err := os.ReadFile(path)
	switch {
	case err == nil && bytes.Equal(have, content):
		return true, nil
	case err == nil && !force:
		return false, fmt.Errorf("%s is there with another content: choose another name, or --force", path)
	case err != nil && !errors.Is(err, os.ErrNotExist):
		return false, fmt.Errorf("looking what is in %s: %w", path, err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".linesman-*")
	if err != nil {
		return false, fmt.Errorf("writing %s: %w", path, err)
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Chmod(0o640), f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return false, fmt.Errorf("writing %s: %w", path, errors.Join(err, os.Remove(f.Name())))
	}
	return false, nil
}

// tellExport says in words what was written.
func tellExport(v exportView, lang string) error {
	c, err := messages.Load()
	if err != nil {
		return err
	}
	t := c.In(lang)
	kr := func(m schema.Money) string { return t.Money(m) }
	lines := []string{t.T("export.written", "path", v.Path, "rows", fmt.Sprint(v.Rows), "total", kr(v.Total))}
	if v.Unchanged {
		lines[0] = t.T("export.unchanged", "path", v.Path, "rows", fmt.Sprint(v.Rows), "total", kr(v.Total))
	}
	lines = append(lines, t.T("export.totals", "month", v.Month[:7], "cost", kr(v.Cost), "vat", kr(v.VAT), "repay", kr(v.Repay)), "SHA-256 "+v.SHA256)
	fmt.Println(strings.Join(slices.Concat(lines, v.Notices), "\n"))
	return nil
}
