// Package sheets writes who bears the costs of a month as files that people and other programs
// work on: Excel workbooks, CSV, Parquet and Arrow. The same postings give the same bytes.
package sheets

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"linesman/internal/words"
	"linesman/schema"
	"linesman/schema/columnar"
)

// Table declares the columns of postings in CSV, Parquet and Arrow.
func Table() *schema.Table[schema.Posting] {
	type p = schema.Posting
	return &schema.Table[p]{Name: "postings", Record: "Posting", Meaning: "What each bearer bears of the costs of a month.", Columns: []schema.Column[p]{
		{Name: "month", Type: schema.TypeDay, Meaning: "First day of the month, in the judging zone.", Ref: func(r *p) any { return &r.Month }},
		{Name: "cost_centre", Type: schema.TypeSymbol, Meaning: "Cost centre; text, leading zeros count.", Ref: func(r *p) any { return &r.CostCentre }},
		{Name: "unit_id", Type: schema.TypeSymbol, Meaning: "Unit that bears it.", Ref: func(r *p) any { return &r.UnitID }},
		{Name: "project", Type: schema.TypeSymbol, Meaning: "Project.", Ref: func(r *p) any { return &r.Project }},
		{Name: "activity", Type: schema.TypeSymbol, Meaning: "Activity.", Ref: func(r *p) any { return &r.Activity }},
		{Name: "kind", Type: schema.TypeSymbol, Meaning: "call, data, sms or fee.", Ref: func(r *p) any { return &r.Kind }},
		{Name: "service", Type: schema.TypeSymbol, Meaning: "As in usage.", Ref: func(r *p) any { return &r.Service }},
		{Name: "operator", Type: schema.TypeSymbol, Meaning: "Operator that itemised it; empty: the organisation's own exchange.", Ref: func(r *p) any { return &r.Operator }},
		{Name: "rule", Type: schema.TypeSymbol, Meaning: "Allocation rule that decided; empty: whoever held the line bears it.", Ref: func(r *p) any { return &r.Rule }},
		{Name: "repay", Type: schema.TypeBool, Meaning: "Private use that the holder repays.", Ref: func(r *p) any { return &r.Repay }},
		{Name: "records", Type: schema.TypeUint, Meaning: "Usage records behind it.", Ref: func(r *p) any { return &r.Records }},
		{Name: "cost", Type: schema.TypeMoney, Unit: "SEK", Meaning: "Cost without VAT, exact.", Ref: func(r *p) any { return &r.Cost }},
		{Name: "vat", Type: schema.TypeMoney, Unit: "SEK", Meaning: "VAT as the operator charged it, exact.", Ref: func(r *p) any { return &r.VAT }},
	}}
}

// Sorted returns the postings in the order in which files have them.
func Sorted(postings []schema.Posting) []schema.Posting {
	out := slices.Clone(postings)
	slices.SortFunc(out, func(a, b schema.Posting) int {
		return cmp.Or(cmp.Compare(a.Month, b.Month), cmp.Compare(a.CostCentre, b.CostCentre), cmp.Compare(a.UnitID, b.UnitID), cmp.Compare(a.Project, b.Project), cmp.Compare(a.Activity, b.Activity),
			cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Service, b.Service), cmp.Compare(a.Operator, b.Operator), cmp.Compare(a.Rule, b.Rule), compareBools(a.Repay, b.Repay),
			cmp.Compare(a.Cost, b.Cost), cmp.Compare(a.VAT, b.VAT), cmp.Compare(a.Records, b.Records))
	})
	return out
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// Parquet writes the postings as a Parquet file; amounts are exact decimals.
func Parquet(w io.Writer, postings []schema.Posting) error {
	return columnar.ExportParquet(w, Table(), Sorted(postings), nil)
}

// Arrow writes the postings as an Arrow IPC file; amounts are exact decimals.
func Arrow(w io.Writer, postings []schema.Posting) error {
	return columnar.ExportArrow(w, Table(), Sorted(postings), nil)
}

// CSVOptions say how CSV is written.
type CSVOptions struct {
	DecimalComma bool // as spreadsheets in Swedish expect; else a point
	BOM          bool // begin with a byte order mark, by which Excel knows UTF-8
}

// CSV writes the postings with semicolons, in UTF-8, lines ending in CR LF; amounts are exact. A text
// that a spreadsheet would take for a formula gets an apostrophe before it.
func CSV(w io.Writer, postings []schema.Posting, o CSVOptions) error {
	if o.BOM {
		if _, err := io.WriteString(w, "\ufeff"); err != nil {
			return fmt.Errorf("writing CSV: %w", err)
		}
	}
	out := csv.NewWriter(w)
	out.Comma, out.UseCRLF = ';', true
	t := Table()
	row := t.Info().Names()
	if err := out.Write(row); err != nil {
		return fmt.Errorf("writing CSV: %w", err)
	}
	list := Sorted(postings)
	for i := range list {
		for j, c := range t.Columns {
			row[j] = o.cell(c.Ref(&list[i]))
		}
		if err := out.Write(row); err != nil {
			return fmt.Errorf("writing CSV: %w", err)
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("writing CSV: %w", err)
	}
	return nil
}

func (o CSVOptions) cell(v any) string {
	switch v := v.(type) {
	case *schema.Day:
		return v.String()
	case *schema.Money:
		if o.DecimalComma {
			return strings.Replace(v.String(), ".", ",", 1)
		}
		return v.String()
	case *bool:
		return strconv.FormatBool(*v)
	case *uint64:
		return strconv.FormatUint(*v, 10)
	case *string:
		return words.Text(*v)
	}
	return fmt.Sprint(v)
}
