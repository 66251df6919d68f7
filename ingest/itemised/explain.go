package itemised

import (
	"fmt"
	"slices"
	"strings"

	"linesman/ingest"
)

// Mapping says how one column of a file is read.
type Mapping struct {
	Field  string // canonical field; empty: the profile does not use the column
	Column string // name in the file's header; empty: the file has no such column
	Rule   string // how its values are read
	Sample string // an example of what the rule takes; never a value of a file
}

// Explain says how the profile reads a file with this header: each column in file order, then
// the fields that the file does not have.
func (p *Profile) Explain(header []string) []Mapping {
	h := p.columns(header)
	var list []Mapping
	for i, name := range header {
		m := Mapping{Column: printable(strings.TrimSpace(name)), Rule: "not used; scanned for personnummer"}
		for f := range fieldCount {
			if h.place[f] == i {
				m.Field = f.String()
				m.Rule, m.Sample = p.rule(f)
			}
		}
		if m.Field == "" && p.c.unscanned[normal(name)] {
			m.Rule = "not used"
		}
		list = append(list, m)
	}
	for f := range fieldCount {
		aliases := p.Columns[f.String()]
		if h.place[f] >= 0 || len(aliases) == 0 {
			continue
		}
		m := Mapping{Field: f.String(), Rule: "missing, and not needed: " + strings.Join(aliases, " or ")}
		if slices.Contains(p.c.required, f) || slices.Contains(p.lacks(h), f) {
			m.Rule = "MISSING: " + strings.Join(aliases, " or ")
		}
		list = append(list, m)
	}
	return list
}

// rule tells how a field is read, and an example.
func (p *Profile) rule(f field) (rule, sample string) {
	switch f {
	case fSubscription:
		return "own number, " + p.Phone.Style + " (" + p.Phone.Region + "), becomes the line's pseudonym", p.samplePhone()
	case fOther:
		return "other party, " + p.Phone.Style + " (" + p.Phone.Region + "), becomes class, country, mask and hash", p.samplePhone()
	case fDate, fTime, fStart:
		return p.timeRule(f)
	case fDuration:
		return "duration in " + or(p.Duration, "s"), map[durationStyle]string{
			seconds: "75", minutes: "1" + p.Numbers.Decimal + "25", minutesSeconds: "01:15", hoursMinutesSeconds: "00:01:15"}[p.c.duration]
	case fService:
		return fmt.Sprintf("one of %d words: %s", len(p.Services), strings.Join(sorted(keysOf(p.Services)), ", ")), ""
	case fCountry:
		return p.countryRule(), ""
	case fNetwork:
		return "visited network, as written", ""
	case fVolume:
		return fmt.Sprintf("volume in %s (%d bytes)", or(p.Volume, "B"), p.c.volume), p.sampleNumber("1234", "50")
	case fCount:
		return "number of messages, at least 1", "1"
	case fAmount:
		return p.amountRule(), p.sampleNumber("1234", "50")
	case fVAT:
		return "VAT in " + p.unit(), p.sampleNumber("308", "63")
	case fCurrency:
		return "ISO 4217 code", "SEK"
	case fPrivate:
		return "private when " + strings.Join(p.Private.Yes, " or "), ""
	}
	if f >= fChange {
		return p.amendRule(f)
	}
	if slices.Contains(p.c.key, f) {
		return "part of the record's natural key", ""
	}
	return "as written", ""
}

func (p *Profile) timeRule(f field) (rule, sample string) {
	layouts := map[field][]layout{fDate: p.c.date, fTime: p.c.clock, fStart: p.c.start, fAmendedAt: p.c.amended}[f]
	var patterns []string
	for _, l := range layouts {
		patterns = append(patterns, l.pattern)
	}
	rule = strings.Join(patterns, " or ") + ", " + p.Times.Zone
	if f != fDate {
		rule += ", doubled hour: " + p.Times.DoubledHour + ", missing hour: " + p.Times.MissingHour
	}
	if len(layouts) > 0 {
		sample = layouts[0].example()
	}
	return rule, sample
}

func (p *Profile) countryRule() string {
	var known []string
	if p.Countries.Names != "" {
		known = append(known, "names in language "+p.Countries.Names)
	}
	if p.Countries.ISO {
		known = append(known, "ISO codes")
	}
	if n := len(p.Countries.Map); n > 0 {
		known = append(known, fmt.Sprintf("%d of its own", n))
	}
	return "visited country: " + strings.Join(known, ", ") + "; empty is " + or(p.Constants.Country, p.Countries.Home)
}

func (p *Profile) unit() string {
	if p.c.minor {
		return "hundredths"
	}
	return "whole units of currency"
}

func (p *Profile) amountRule() string {
	if p.Amounts.IncludesVAT {
		return "amount including VAT (taken off) in " + p.unit()
	}
	return "amount excluding VAT in " + p.unit()
}

func (p *Profile) samplePhone() string {
	switch {
	case p.Phone.Style == "e164":
		return "46701234567"
	case p.Phone.Region == "SE":
		return "070-123 45 67"
	}
	return ""
}

// sampleNumber writes a number with the profile's own signs.
func (p *Profile) sampleNumber(whole, frac string) string {
	if n := len(whole); n > 3 && (p.c.num.blanks || len(p.c.num.thousands) > 0) {
		sign := " "
		if len(p.c.num.thousands) > 0 {
			sign = string(p.c.num.thousands[0])
		}
		whole = whole[:n-3] + sign + whole[n-3:]
	}
	return whole + p.Numbers.Decimal + frac
}

// example writes 14 March 2026, 08:15:30 by the pattern.
func (l *layout) example() string {
	var b strings.Builder
	for _, p := range l.parts {
		switch p.letter {
		case 0:
			b.WriteString(p.text)
		case 'y':
			b.WriteString("2026"[4-p.n:])
		case 'M':
			b.WriteString(map[int]string{1: "3", 2: "03", 3: "mar"}[p.n])
		case 'S':
			b.WriteString("000000000"[:p.n])
		case 'X':
			b.WriteString("Z")
		default:
			fmt.Fprintf(&b, "%0*d", p.n, map[byte]int{'d': 14, 'H': 8, 'm': 15, 's': 30}[p.letter])
		}
	}
	return b.String()
}

// uses says what became of each column, for the report.
func (h *header) uses(p *Profile) []ingest.ColumnUse {
	var list []ingest.ColumnUse
	for _, m := range p.Explain(h.names) {
		if m.Column == "" {
			continue
		}
		use := ingest.ColumnUse{Column: m.Column}
		if m.Field != "" {
			use.Field = m.Field + ": " + m.Rule
		}
		list = append(list, use)
	}
	return list
}

// notices names the columns that the profile does not use.
func (h *header) notices(p *Profile) []string {
	var list []string
	for _, m := range p.Explain(h.names) {
		if m.Field == "" && m.Column != "" {
			list = append(list, fmt.Sprintf("column %q is not used by profile %s", m.Column, p.Name))
		}
	}
	return list
}
