package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
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

// repaymentsAsk is what the flags of repayments say.
type repaymentsAsk struct {
	node.RepaymentsRequest
	lang, employees, out, decimal string
	json, csv                     bool
}

func repaymentsCommand(o *options) *cobra.Command {
	var ask repaymentsAsk
	var month, minimum string
	cmd := &cobra.Command{
		Use:   "repayments",
		Short: "Private calls, messages and data that their holders repay, and the list for payroll",
		Long: `Repayments lists what each holder has to repay of a month: use marked as private (the prefix was dialled, or the operator
marked it) that costs something and that no approval of kind private settles. Holders are pseudonyms. The sum includes the
VAT that the operator charged and is rounded to öre once for each holder.

With --employees and --out it writes the list for payroll. FILE is payroll's own list of employees, CSV with semicolons and a
column employee_id; the ids are hashed with the key of the data directory to find out whom a pseudonym means, in memory only.

THE LIST FOR PAYROLL IS PERSONAL DATA: it says by name who used a work phone privately and for how much. Its one purpose is the
deduction from pay. Only whoever runs payroll, and whoever may open the data directory on payroll's behalf, may make it; no
manager needs it. Delete it when payroll has read it. The file is readable by its owner only (0600), an existing one is never
overwritten, and neither the log nor the store learns what is in it.

A row's reference names the holder and the month: a row that payroll has already is the same whoever exports it again. The run
names the whole list: two exports with the same run say the same.`,
		Example: `  linesman repayments
  linesman repayments --month 2026-03 --minimum 50 --lang sv
  linesman repayments --json | jq '.holders[] | select(.collect)'
  linesman repayments --month 2026-03 --lang sv --employees employees.csv --out payroll-2026-03.csv`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			ask.json = o.json
			if ask.Month, err = askedMonth(month); err != nil {
				return err
			}
			if ask.Minimum, err = leastAmount(minimum); err != nil {
				return err
			}
			if err := ask.check(); err != nil {
				return err
			}
			cfg, err := o.load()
			if err != nil {
				return err
			}
			return withCaughtUp(cmd.Context(), cfg, func(api node.API) error { return ask.do(cmd.Context(), api, os.Stdout) })
		},
	}
	f := cmd.Flags()
	f.StringVar(&month, "month", "", "the month (yyyy-mm, or a day of it)")
	f.StringVar(&minimum, "minimum", "0", "do not collect less than this from a holder (SEK including VAT)")
	f.StringVar(&ask.lang, "lang", "en", "language of the words: en or sv")
	f.BoolVar(&ask.csv, "csv", false, "the holders as CSV with semicolons")
	f.StringVar(&ask.employees, "employees", "", "payroll's list of employees: CSV with semicolons and a column employee_id")
	f.StringVar(&ask.out, "out", "", "where the list for payroll is written")
	f.StringVar(&ask.decimal, "decimal", "", "decimal mark in the list for payroll: comma or point (comma with --lang sv)")
	return cmd
}

func leastAmount(text string) (schema.Money, error) {
	m, err := schema.ParseMoney(strings.Replace(text, ",", ".", 1))
	if err == nil && m < 0 {
		err = errors.New("it is below 0")
	}
	if err != nil {
		return 0, fmt.Errorf("--minimum: %w", err)
	}
	return m, nil
}

func (a *repaymentsAsk) check() error {
	if err := knownLanguage(a.lang); err != nil {
		return err
	}
	if (a.employees == "") != (a.out == "") {
		return errors.New("the list for payroll needs both --employees and --out")
	}
	switch a.decimal {
	case "comma", "point":
	case "":
		a.decimal = map[bool]string{true: "comma", false: "point"}[a.lang == messages.Swedish]
	default:
		return fmt.Errorf("--decimal %s: want comma or point", a.decimal)
	}
	return nil
}

func (a *repaymentsAsk) do(ctx context.Context, api node.API, w io.Writer) error {
	texts, err := messages.Load()
	if err != nil {
		return err
	}
	words := repaymentWords{allocationWords{texts.In(a.lang)}}
	if a.employees != "" {
		return a.payroll(ctx, api, w, words)
	}
	r, err := api.Repayments(ctx, a.RepaymentsRequest)
	if err != nil {
		return err
	}
	switch {
	case a.json:
		return printJSON(struct {
			Month string `json:"month"`
			allocate.Repayments
		}{r.Month.String(), r})
	case a.csv:
		return repaymentsCSV(w, r)
	}
	return words.holders(w, r)
}

// payroll writes the list for payroll, and tells about it without naming anybody.
func (a *repaymentsAsk) payroll(ctx context.Context, api node.API, w io.Writer, words repaymentWords) error {
	f, err := os.Open(a.employees)
	if err != nil {
		return fmt.Errorf("opening the list of employees: %w", err)
	}
	defer func() { _ = f.Close() }()
	p, err := api.Payroll(ctx, a.RepaymentsRequest, f)
	if err != nil {
		return err
	}
	text, err := words.payroll(p, a.decimal == "comma")
	if err != nil {
		return err
	}
	same, err := writeOnce(a.out, text)
	if err != nil {
		return err
	}
	if a.json {
		return printJSON(payrollView{Month: p.Month.String(), Run: p.Run, Rows: len(p.Rows), Sum: p.Sum, Below: p.Below, Employees: p.Employees,
			Repeated: p.Repeated, Unmatched: p.Unmatched, Rejects: p.Rejects, Same: same})
	}
	return words.told(w, p, a.out, same)
}

// payrollView is what is told of a list for payroll: nobody in it is named.
type payrollView struct {
	Month     string                `json:"month"`
	Run       string                `json:"run"`
	Rows      int                   `json:"rows"`
	Sum       schema.Money          `json:"sum"`
	Below     int                   `json:"below"`
	Employees int                   `json:"employees"`
	Repeated  int                   `json:"repeated"`
	Unmatched []allocate.Holder     `json:"unmatched"`
	Rejects   []node.EmployeeReject `json:"rejects"`
	Same      bool                  `json:"same"` // the file was there already and says the same
}

// writeOnce writes a file that only its owner can read. What is in one that is there is left as it
// is: it is the same, or an error.
func writeOnce(path string, text []byte) (same bool, err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		have, err := os.ReadFile(path)
		if err == nil && !bytes.Equal(have, text) {
			err = errors.New("it is there already and says something else; payroll may have read it: choose another name")
		}
		if err == nil {
			err = onlyOwners(path)
		}
		if err != nil {
			return false, fmt.Errorf("writing %s: %w", path, err)
		}
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("writing the list for payroll: %w", err)
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return false, errors.Join(fmt.Errorf("writing %s: %w", path, err), os.Remove(path))
	}
	return false, nil
}

// onlyOwners takes a file from everybody but its owner, if it can be read by others.
func onlyOwners(path string) error {
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm()&0o077 == 0 {
		return err
	}
	return os.Chmod(path, 0o600)
}

func repaymentsCSV(w io.Writer, r allocate.Repayments) error {
	rows := [][]string{{"month", "holder", "lines", "units", "calls", "messages", "data", "fees", "cost", "vat", "sum", "collect", "why"}}
	n := func(v uint64) string { return strconv.FormatUint(v, 10) }
	for _, h := range r.Holders {
		rows = append(rows, []string{r.Month.String(), h.Holder, strings.Join(h.Lines, ","), strings.Join(h.Units, ","), n(h.Calls), n(h.Messages), n(h.Data), n(h.Fees),
			h.Cost.String(), h.VAT.String(), h.Sum.String(), strconv.FormatBool(h.Collect), h.Why})
	}
	return writeRows(w, "the repayments", rows)
}

// repaymentWords writes repayments in one language.
type repaymentWords struct{ allocationWords }

func (t repaymentWords) holders(w io.Writer, r allocate.Repayments) error {
	fmt.Fprintf(w, "%s\n\n", t.T("repayments.title", "month", t.Month(r.Month.At(time.UTC))))
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tab, strings.Join([]string{t.T("repayments.calls"), t.T("repayments.messages"), t.T("repayments.data"), t.T("allocate.cost"), t.T("allocate.vat"), t.T("repayments.sum")}, "\t")+"\t  "+t.T("repayments.holder"))
	var all allocate.Holder
	for _, h := range r.Holders {
		name := h.Holder
		if h.Why != "" {
			name += "  " + t.T("repayments.why."+h.Why)
		}
		t.row(tab, h, name)
		all.Calls, all.Messages, all.Data = all.Calls+h.Calls, all.Messages+h.Messages, all.Data+h.Data
	}
	all.Cost, all.VAT, all.Sum = r.Cost, r.VAT, r.Sum
	t.row(tab, all, t.T("repayments.total"))
	if err := tab.Flush(); err != nil {
		return err
	}
	t.unpaid(w, "repayments.settled", r.Settled)
	t.unpaid(w, "repayments.no_holder", r.NoHolder)
	fmt.Fprintf(w, "\n%s\n", t.T("repayments.run", "run", r.Run))
	return t.notices(w, r.Notices)
}

// unpaid tells of private use that nobody repays.
func (t repaymentWords) unpaid(w io.Writer, key string, p allocate.Private) {
	if p.Records > 0 {
		fmt.Fprintf(w, "\n%s\n", t.T(key, "n", strconv.FormatUint(p.Records, 10), "cost", t.kronor(p.Cost)))
	}
}

func (t repaymentWords) row(w io.Writer, h allocate.Holder, name string) {
	fmt.Fprintf(w, "%d\t%d\t%d\t%s\t%s\t%s\t  %s\n", h.Calls, h.Messages, h.Data, t.kronor(h.Cost), t.kronor(h.VAT), t.kronor(h.Sum), name)
}

// payroll writes the list for payroll. What names an employee stays as payroll itself wrote it: a
// system reads it.
func (t repaymentWords) payroll(p node.PayrollResult, comma bool) ([]byte, error) {
	var b bytes.Buffer
	out := csv.NewWriter(&b)
	out.Comma = ';'
	rows := [][]string{{"employee_id", "month", "amount", "currency", "text", "reference", "run"}}
	for _, d := range p.Rows {
		amount := d.Amount.String()
		if comma {
			amount = strings.Replace(amount, ".", ",", 1)
		}
		rows = append(rows, []string{d.EmployeeID, p.Month.String()[:7], amount, "SEK", t.T("repayments.text", "month", t.Month(p.Month.At(time.UTC))), d.Reference, p.Run})
	}
	if err := out.WriteAll(rows); err != nil {
		return nil, fmt.Errorf("writing the list for payroll: %w", err)
	}
	return b.Bytes(), nil
}

// told says what was written, and whom the list of employees does not name.
func (t repaymentWords) told(w io.Writer, p node.PayrollResult, path string, same bool) error {
	key := map[bool]string{true: "repayments.same", false: "repayments.written"}[same]
	fmt.Fprintln(w, t.T(key, "file", path, "n", strconv.Itoa(len(p.Rows)), "sum", t.kronor(p.Sum), "run", p.Run))
	if p.Below > 0 {
		fmt.Fprintln(w, t.T("repayments.below", "n", strconv.Itoa(p.Below)))
	}
	if p.Repeated > 0 {
		fmt.Fprintln(w, t.T("repayments.repeated", "n", strconv.Itoa(p.Repeated)))
	}
	for _, j := range p.Rejects {
		fmt.Fprintln(w, t.T("repayments.reject", "line", strconv.FormatUint(j.Line, 10), "column", j.Column, "reason", j.Reason))
	}
	if len(p.Unmatched) > 0 {
		fmt.Fprintln(w, t.T("repayments.unmatched", "n", strconv.Itoa(len(p.Unmatched))))
	}
	for _, h := range p.Unmatched {
		if _, err := fmt.Fprintf(w, "  %s  %s\n", h.Holder, t.kronor(h.Sum)); err != nil {
			return err
		}
	}
	return nil
}
