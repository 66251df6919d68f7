package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"linesman/dashboards/console"
	"linesman/dashboards/messages"
	"linesman/dashboards/query"
	"linesman/processors/covered"
	"linesman/schema"
)

// mostRows is how many rows a table of the page about money has; the files have all of them.
const mostRows = 200

// moneyMonths is for how many months back the page is offered.
const moneyMonths = 36

// MoneyMonths lists the whole months that the data cover, the newest first.
func (n *Node) MoneyMonths(ctx context.Context) ([]schema.Day, error) {
	if n.engine == nil {
		return nil, ErrOnlyCollects
	}
	newest, err := covered.Month(ctx, n.store.Conn(), 0)
	if errors.Is(err, covered.ErrNoMonth) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	first, _, err := covered.Days(ctx, n.store.Conn())
	if err != nil {
		return nil, err
	}
	var out []schema.Day
	for m := newest; m >= first.Month() && len(out) < moneyMonths; m = (m - 1).Month() {
		out = append(out, m)
	}
	return out, nil
}

// MoneySection works a part of the page about money out.
func (n *Node) MoneySection(ctx context.Context, id string, month schema.Day, t messages.Texts) (console.MoneySection, error) {
	w := moneyWords{t}
	var out console.MoneySection
	var err error
	switch id {
	case console.MoneyAllocation:
		out, err = n.moneyAllocation(ctx, month, w)
	case console.MoneyBudgets:
		out, err = n.moneyBudgets(ctx, month, w)
	case console.MoneyInvoices:
		out, err = n.moneyInvoices(ctx, month, w)
	case console.MoneySavings:
		out, err = n.moneySavings(ctx, month, w)
	case console.MoneyReports:
		if month, err = covered.Month(ctx, n.store.Conn(), month); err == nil {
			out, err = n.moneyReports(ctx, month, w)
		}
	default:
		return out, fmt.Errorf("%w: no section %q", query.ErrNotFound, id)
	}
	out.ID, out.Title, out.Intro = id, t.T("money."+id), t.T("money."+id+".intro")
	return out, monthError(err)
}

// monthError is the page's word for a month that is not covered.
func monthError(err error) error {
	if errors.Is(err, covered.ErrNoMonth) {
		return fmt.Errorf("%w: %w", console.ErrMoneyMonth, err)
	}
	return err
}

// moneyWords writes figures in one language.
type moneyWords struct{ messages.Texts }

func (t moneyWords) kr(m schema.Money) string { return t.Money(m) }

func (t moneyWords) count(n uint64) string { return t.Number(decimal.NewFromUint64(n), 0) }

func (t moneyWords) monthOf(d schema.Day) string { return t.Month(d.At(time.UTC)) }

// columns makes columns of keys money.col.*; those that begin with # hold numbers.
func (t moneyWords) columns(keys ...string) []console.MoneyColumn {
	out := make([]console.MoneyColumn, len(keys))
	for i, k := range keys {
		number := k[0] == '#'
		if number {
			k = k[1:]
		}
		out[i] = console.MoneyColumn{Title: t.T("money.col." + k), Number: number}
	}
	return out
}

// table makes a table of at most [mostRows] rows.
func (t moneyWords) table(id string, columns []console.MoneyColumn, rows [][]string) console.MoneyTable {
	out := console.MoneyTable{ID: id, Title: t.T("money.table." + id), Columns: columns, Rows: rows, Empty: t.T("money.table." + id + ".empty")}
	if len(rows) > mostRows {
		out.Rows, out.More = rows[:mostRows], t.T("money.more", "shown", strconv.Itoa(mostRows), "all", t.count(uint64(len(rows))))
	}
	return out
}

// codeAndName is a code with its name, where it has one.
func codeAndName(code, name string) string {
	if name == "" || name == code {
		return code
	}
	return code + " " + name
}

// placeNames are the names of cost centres and units at the end of a month.
type placeNames struct{ centres, units map[string]string }

func (n *Node) placeNames(ctx context.Context, month schema.Day) (placeNames, error) {
	out := placeNames{centres: map[string]string{}, units: map[string]string{}}
	for _, of := range []struct {
		stmt string
		into map[string]string
	}{
		{"SELECT toString(cost_centre), toString(argMax(name, valid_from)) FROM cost_centres WHERE valid_from < ? GROUP BY cost_centre SETTINGS final = 1", out.centres},
		{"SELECT toString(unit_id), toString(argMax(name, valid_from)) FROM units WHERE valid_from < ? GROUP BY unit_id SETTINGS final = 1", out.units},
	} {
		rows, err := n.store.Conn().Query(ctx, of.stmt, covered.Next(month).At(time.UTC))
		if err != nil {
			return out, fmt.Errorf("reading names of cost centres and units: %w", err)
		}
		var code, name string
		for rows.Next() {
			if err := rows.Scan(&code, &name); err != nil {
				_ = rows.Close()
				return out, fmt.Errorf("reading names of cost centres and units: %w", err)
			}
			of.into[code] = name
		}
		err = rows.Err()
		_ = rows.Close()
		if err != nil {
			return out, fmt.Errorf("reading names of cost centres and units: %w", err)
		}
	}
	return out, nil
}

// MoneyFile writes one of the files that a section offers: an export, or a report that was published.
func (n *Node) MoneyFile(ctx context.Context, id string, month schema.Day, t messages.Texts) (console.MoneyFile, error) {
	req := ExportRequest{Format: id, Month: month, Lang: t.Lang(), DecimalComma: t.Lang() == messages.Swedish, BOM: true}
	if number, ok := strings.CutPrefix(id, voucherFile); ok {
		if v, err := strconv.ParseUint(number, 10, 32); err == nil {
			revision := uint32(v)
			req.Format, req.Revision = ExportSIE, &revision
		}
	}
	if slices.Contains(ExportFormats(), req.Format) {
		e, err := n.Export(ctx, req)
		if errors.Is(err, ErrNoRevision) || errors.Is(err, ErrNothingToPost) {
			err = fmt.Errorf("%w: %w", query.ErrNotFound, err)
		}
		return console.MoneyFile{Name: e.Name, Type: e.MediaType, Body: e.Content}, monthError(err)
	}
	if strings.HasSuffix(id, ".pdf") {
		if f, ok, err := n.reportFile(ctx, id); ok || err != nil {
			return f, err
		}
	}
	return console.MoneyFile{}, fmt.Errorf("%w: no file %q", query.ErrNotFound, id)
}
