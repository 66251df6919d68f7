package policy

import (
	"fmt"
	"slices"

	"linesman/schema"
)

// most reads whose commonest value is counted. A keyed hash of the other party tells "the
// same number again" without telling which.
func (f fields) most(l *Limit, table schema.Info) bool {
	name := f.text(measureMost, true)
	if name == "" {
		return false
	}
	if col, ok := table.Column(name); ok && col.Type == schema.TypeHash {
		f.r.mentions(name, f.value[measureMost])
		l.Column = name
		return true
	}
	col, ok := f.column(measureMost, table)
	if !ok {
		return false
	}
	if !slices.Contains(commonTypes(), col.Type) {
		f.r.problem(f.value[measureMost], "%s: column %q is a %s; most counts equal texts and whole numbers", f.what, col.Name, col.Type)
		return false
	}
	l.Column = col.Name
	return true
}

func commonTypes() []schema.Type {
	return []schema.Type{schema.TypeText, schema.TypeSymbol, schema.TypeUint, schema.TypeUint32, schema.TypeInt, schema.TypeHash}
}

// mostColumns lists the columns whose commonest value can be counted.
func mostColumns() []string {
	out := columnNames(func(c schema.ColumnInfo) bool { return slices.Contains(commonTypes(), c.Type) })
	return append(out, "other_hash")
}

// mostSQL counts the selected events that share the commonest value of a column. Empty texts
// and 0 say that the value is not known: they are no value.
func (r *Rule) mostSQL(column string) string {
	known := r.knownSQL(column)
	if r.shares() {
		known = "picked AND " + known
	}
	if r.textual(column) {
		column = "toString(" + column + ")"
	}
	return fmt.Sprintf("toInt64(arrayMax(sumMapIf([%s], [toUInt64(1)], %s).2))", column, known)
}

// knownSQL writes that a column has a value.
func (r *Rule) knownSQL(column string) string {
	if r.textual(column) {
		return "toString(" + column + ") != ''"
	}
	return column + " != 0"
}

func (r *Rule) textual(column string) bool {
	col, _ := r.source().table().Column(column)
	return col.Type == schema.TypeText || col.Type == schema.TypeSymbol
}
