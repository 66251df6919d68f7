package messages

import (
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"linesman/schema"
)

// Number writes a number as people of the language do: 12 345,6 in Swedish, 12,345.6 in
// English. Rounded half away from zero.
func (t Texts) Number(d decimal.Decimal, decimals int32) string {
	s := d.Abs().StringFixed(decimals)
	whole, frac, _ := strings.Cut(s, ".")
	thousand, point := ",", "."
	if t.lang == Swedish {
		thousand, point = "\u202f", ","
	}
	var b strings.Builder
	if d.Sign() < 0 && strings.Trim(s, "0.") != "" {
		b.WriteString("\u2212")
	}
	for i := range len(whole) {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteString(thousand)
		}
		b.WriteByte(whole[i])
	}
	if frac != "" {
		b.WriteString(point + frac)
	}
	return b.String()
}

// Money writes an amount rounded to hundredths, without its currency.
func (t Texts) Money(m schema.Money) string { return t.Number(decimal.New(int64(m), -6), 2) }

// Month writes the month of a day: "mars 2026", "March 2026".
func (t Texts) Month(day time.Time) string {
	return t.T("month."+day.Format("01")) + " " + day.Format("2006")
}

// Measured writes a value in the unit of measure that rules and evidence use: bytes as MB,
// seconds as minutes, SEK, counts.
func (t Texts) Measured(value decimal.Decimal, unit string) string {
	nbsp := "\u00a0"
	switch strings.ToLower(unit) {
	case "byte", "bytes":
		return t.Number(value.Div(decimal.NewFromInt(1_000_000)), 1) + nbsp + "MB"
	case "mb":
		return t.Number(value, 1) + nbsp + "MB"
	case "sek", "kr":
		return t.Number(value, 2) + nbsp + "kr"
	case "s":
		return t.Number(value.Div(decimal.NewFromInt(60)), 1) + nbsp + "min"
	}
	decimals := int32(0)
	if !value.Equal(value.Truncate(0)) {
		decimals = 1
	}
	text := t.Number(value, decimals)
	if unit == "" || unit == "count" {
		return text
	}
	return text + nbsp + t.Value("measure", unit)
}
