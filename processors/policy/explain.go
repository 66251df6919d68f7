package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"linesman/schema"
)

// Explain says in one line what a violation is, with its rule's own words where the set
// has the rule: "72 forwarded calls to mobile numbers in March 2026, limit 60; cost
// 188,40 kr, limit 150 kr". lang is "sv", "da" or "en"; numbers are written the Swedish way in all.
func (s *Set) Explain(v schema.Violation, lang string) string {
	r, _ := s.Find(v.Rule, v.RuleVersion)
	return explain(v, r, lang)
}

// Explain is [Set.Explain] without the rule at hand: it uses the words of the violation only.
func Explain(v schema.Violation, lang string) string { return explain(v, nil, lang) }

func explain(v schema.Violation, r *Rule, lang string) string {
	w := wording{lang: lang}
	if v.Change == schema.ChangeRetracted {
		title := v.Rule
		if r != nil {
			title = r.Title.In(lang)
		}
		return w.say("No longer a violation: ", "Inte längre en avvikelse: ", "Ikke længere en afvigelse: ") + title + " " + w.period(v) + " (" + w.reason(v.ReasonCode) + ")"
	}
	d := parseDetail(v.Detail)
	if v.Measure == measureRise && d["test"] != "" {
		return w.tested(v, r, d)
	}
	if v.Measure == measureRise && d["slope"] != "" {
		return w.trend(v, d)
	}
	if text, ok := w.explainSpecial(v, r, d); ok {
		return text
	}
	text := w.measures(v, r, d)
	if c := d["countries"]; c != "" {
		text += "; " + w.say("countries ", "länder ", "lande ") + strings.ReplaceAll(c, ",", ", ")
	}
	return text
}

// measures writes each measure with its limit, the broken one first.
func (w wording) measures(v schema.Violation, r *Rule, d map[string]string) string {
	values, order := pairs(d["measures"])
	limits, _ := pairs(d["limits"])
	parts, _ := pairs(d["parts"])
	excepted, _ := pairs(d["excepted"])
	if len(order) == 0 {
		values, limits, order = map[string]string{v.Measure: number(v.Value)}, map[string]string{v.Measure: number(v.Limit)}, []string{v.Measure}
	}
	slices.SortStableFunc(order, func(a, b string) int { return btoi(b == v.Measure) - btoi(a == v.Measure) })
	var out []string
	for i, name := range order {
		unit, says := "", ""
		if name == v.Measure {
			unit = v.ValueUnit
		}
		if l, ok := r.limitNamed(name); ok {
			unit, says = l.Unit, l.Says.In(w.lang)
		}
		part := w.measure(name, values[name], unit, says) + w.of(parts[name])
		if i == 0 {
			part += " " + w.period(v)
		}
		if name != measureMatches {
			part += ", " + w.say("limit ", "gräns ", "grænse ") + w.quantity(limits[name], unit) + w.excepted(excepted[name])
		}
		out = append(out, part)
	}
	return strings.Join(out, "; ")
}

// of writes what a share is made of: " (25 of 40)".
func (w wording) of(parts string) string {
	part, whole, ok := strings.Cut(parts, "/")
	if !ok {
		return ""
	}
	return " (" + swedish(part) + w.say(" of ", " av ", " af ") + swedish(whole) + ")"
}

// excepted says whose limit it is, when it is not the rule's own.
func (w wording) excepted(kind string) string {
	switch kind {
	case SubjectLine:
		return w.say(" for this line", " för den här anknytningen", " for dette nummer")
	case SubjectUnit:
		return w.say(" for this unit", " för den här enheten", " for denne enhed")
	case "role":
		return w.say(" for this role", " för den här rollen", " for denne rolle")
	}
	return ""
}

func (r *Rule) limitNamed(measure string) (Limit, bool) {
	if r != nil {
		for _, l := range r.Limits {
			if l.Measure == measure {
				return l, true
			}
		}
	}
	return Limit{}, false
}

// pairs reads "count:72,cost:188.40" and the order of the names.
func pairs(s string) (map[string]string, []string) {
	values := map[string]string{}
	var order []string
	for p := range strings.SplitSeq(s, ",") {
		if name, value, ok := strings.Cut(p, ":"); ok {
			values[name] = value
			order = append(order, name)
		}
	}
	return values, order
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// wording holds the language of an explanation.
type wording struct{ lang string }

// say returns the words of the language.
func (w wording) say(en, sv, da string) string { return Text{en, sv, da}.In(w.lang) }

func (w wording) measure(name, value, unit, says string) string {
	if says != "" {
		written := swedish(value)
		if m, err := schema.ParseMoney(value); err == nil && unit == "SEK" {
			written = strings.TrimSuffix(kronor(m), "\u00a0kr")
		}
		return strings.ReplaceAll(says, "{value}", written)
	}
	if name == measureMatches {
		if value == "1" {
			return w.say("1 event", "1 händelse", "1 hændelse")
		}
		return swedish(value) + w.say(" events", " händelser", " hændelser")
	}
	for _, t := range []Text{{"count", "antal", "antal"}, {"cost", "kostnad", "omkostning"}, {"volume", "volym", "mængde"}, {"duration", "samtalstid", "taletid"}, {"share", "andel", "andel"}} {
		if name == t.EN {
			name = t.In(w.lang)
			break
		}
	}
	return name + " " + w.quantity(value, unit)
}

// quantity writes a number with its unit. Counted things have none: "limit 60".
func (w wording) quantity(value, unit string) string {
	switch unit {
	case "SEK":
		if m, err := schema.ParseMoney(value); err == nil {
			return kronor(m)
		}
		return swedish(value) + "\u00a0kr"
	case "kB", "MB", "GB", "s", "min", "h", "%":
		return swedish(value) + "\u00a0" + unit
	}
	return swedish(value)
}

func (w wording) trend(v schema.Violation, d map[string]string) string {
	text := fmt.Sprintf(w.say("Open watches rise by %s a week, %s over the %s counts up to %s, limit %s; median of the latest counts %s",
		"Öppna bevakningar ökar med %s i veckan, %s över de %s räkningarna till och med %s, gräns %s; median för de senaste räkningarna %s",
		"Åbne opfølgninger stiger med %s om ugen, %s over de %s optællinger til og med %s, grænse %s; median af de seneste optællinger %s"),
		swedish(oneDecimal(d["slope"])), swedish(oneDecimal(number(v.Value))), d["counts"], w.date(d["to"]), swedish(oneDecimal(number(v.Limit))), swedish(d["recent"]))
	if d["target"] != "" {
		text += w.say(", goal ", ", mål ", ", mål ") + swedish(d["target"])
	}
	return text
}

// oneDecimal rounds a number for reading; whole numbers stay whole.
func oneDecimal(s string) string {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return s
	}
	return strings.TrimSuffix(strconv.FormatFloat(f, 'f', 1, 64), ".0")
}

func (w wording) reason(code string) string {
	switch code {
	case ReasonReference:
		return w.say("reference data were restated", "grunddata har rättats", "grunddata er rettet")
	case ReasonAmended:
		return w.say("records were cancelled or corrected", "poster har makulerats eller rättats", "poster er annulleret eller rettet")
	case ReasonRule:
		return w.say("the rule was changed or retired", "regeln har ändrats eller upphört", "reglen er ændret eller ophørt")
	}
	return w.say("late or corrected data", "sena eller rättade uppgifter", "sene eller rettede oplysninger")
}

// period writes the window: "in March 2026", "in week 12, 2026", "on 14 March 2026".
func (w wording) period(v schema.Violation) string {
	day := v.WindowFrom.At(time.UTC)
	switch v.WindowKind {
	case WindowRolling:
		return w.rollingPeriod(v)
	case WindowYear:
		return w.say("in ", "år ", "i ") + strconv.Itoa(day.Year())
	case WindowMonth:
		return w.say("in ", "i ", "i ") + w.month(day.Month()) + " " + strconv.Itoa(day.Year())
	case WindowWeek:
		year, week := day.ISOWeek()
		return fmt.Sprintf(w.say("in week %d, %d", "vecka %d, %d", "i uge %d, %d"), week, year)
	}
	return w.say("on ", "den ", "den ") + w.date(v.WindowFrom.String())
}

func (w wording) date(s string) string {
	d, err := schema.ParseDay(s)
	if err != nil {
		return s
	}
	t := d.At(time.UTC)
	return fmt.Sprintf("%d %s %d", t.Day(), w.month(t.Month()), t.Year())
}

func (w wording) month(m time.Month) string {
	switch w.lang {
	case "da":
		return [...]string{"januar", "februar", "marts", "april", "maj", "juni", "juli", "august", "september", "oktober", "november", "december"}[m-1]
	case "sv":
		return [...]string{"januari", "februari", "mars", "april", "maj", "juni", "juli", "augusti", "september", "oktober", "november", "december"}[m-1]
	}
	return m.String()
}

// swedish writes a plain number with a decimal comma and thousands apart.
func swedish(s string) string {
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "−", s[1:]
	}
	whole, frac, has := strings.Cut(s, ".")
	var groups []string
	for len(whole) > 3 {
		groups = append([]string{whole[len(whole)-3:]}, groups...)
		whole = whole[:len(whole)-3]
	}
	out := sign + strings.Join(append([]string{whole}, groups...), "\u00a0")
	if has {
		out += "," + frac
	}
	return out
}

// kronor writes an amount rounded to öre, without decimals when it is whole.
func kronor(m schema.Money) string {
	return strings.TrimSuffix(swedish(m.RoundOre().String()), ",00") + "\u00a0kr"
}
