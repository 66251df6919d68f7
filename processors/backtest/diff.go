package backtest

import (
	"fmt"
	"math/big"
	"reflect"
	"slices"
	"strings"

	"linesman/processors/policy"
	"linesman/processors/policy/when"
	"linesman/schema"
)

// Words says in both languages what changes in one field of a rule.
type Words struct {
	Field string `json:"field"` // as in a rule file, e.g. "limits"
	EN    string `json:"en"`
	SV    string `json:"sv"`
}

// In returns the words in a language: "sv", otherwise English.
func (w Words) In(lang string) string { return Text{w.EN, w.SV}.In(lang) }

// RuleDiff says how a rule of one set became that of another.
type RuleDiff struct {
	ID    string  `json:"id"`
	From  uint32  `json:"from"` // version; 0: the rule is new
	To    uint32  `json:"to"`   // version; 0: the rule is gone
	Title Text    `json:"title"`
	Words []Words `json:"words"` // empty: nothing changed
}

// DiffSets compares the newest version of every rule of two sets, in the order of their ids.
func DiffSets(old, next *policy.Set) []RuleDiff {
	var ids []string
	for _, r := range append(old.Rules(), next.Rules()...) {
		ids = append(ids, r.ID)
	}
	slices.Sort(ids)
	out := []RuleDiff{}
	for _, id := range slices.Compact(ids) {
		out = append(out, DiffRules(id, newest(old, id), newest(next, id)))
	}
	return out
}

// DiffRules compares two versions of a rule, either of which may be nil.
func DiffRules(id string, old, next *policy.Rule) RuleDiff {
	d := RuleDiff{ID: id, Words: Diff(old, next)}
	if old != nil {
		d.From, d.Title = old.Version, Text{old.Title.EN, old.Title.SV}
	}
	if next != nil {
		d.To, d.Title = next.Version, Text{next.Title.EN, next.Title.SV}
	}
	return d
}

// Diff says what differs between two versions of a rule, field by field in the order of
// [policy.Rule]; nothing when they say the same. Where a file keeps a rule is not told. A field
// that Diff has no words for is told by its name and its values, so that none is forgotten.
func Diff(old, next *policy.Rule) []Words {
	switch {
	case old == nil && next == nil:
		return []Words{}
	case old == nil:
		return []Words{{"rule", "the rule is new", "regeln är ny"}}
	case next == nil:
		return []Words{{"rule", "the rule is gone", "regeln är borta"}}
	}
	w := &writer{out: []Words{}, derived: slices.Contains([]string{policy.KindBudget, policy.KindSchedule}, next.Kind)}
	a, b := reflect.ValueOf(unsucceeded(old)).Elem(), reflect.ValueOf(unsucceeded(next)).Elem()
	for i := range a.NumField() {
		name := a.Type().Field(i).Name
		if slices.Contains(untold(), name) {
			continue
		}
		w.field = keyOf(name)
		w.any(name, a.Field(i), b.Field(i))
	}
	return w.out
}

// untold are the fields that say where a rule was read, the zone's second form, and what follows
// from other rules of the set: the version that ended it.
func untold() []string { return []string{"File", "Line", "location", "mentioned", "succeeded"} }

// derivedTrend are the fields of a trend that follow from others.
func derivedTrend() []string { return []string{"riseNum", "riseDen", "hasZ", "money"} }

// unsucceeded is a rule that a later version of its set did not end: the file says no such end.
func unsucceeded(r *policy.Rule) *policy.Rule {
	ended := schema.Day(reflect.ValueOf(r).Elem().FieldByName("succeeded").Int())
	if ended == 0 || r.ValidTo != ended {
		return r
	}
	out := *r
	out.ValidTo = 0
	return &out
}

// onlyWords tells whether nothing differs that a verdict depends on. Dates count as words
// where both versions are judged over the same days whatever their dates.
func onlyWords(diff []Words, asDated bool) bool {
	free := []string{"version", "pack", "title", "description", "policy"}
	if !asDated {
		free = append(free, "valid_from", "informed_at", "negotiated_at")
	}
	return !slices.ContainsFunc(diff, func(w Words) bool { return !slices.Contains(free, w.Field) })
}

// keyOf writes a Go name as the keys of rule files are written: ValidFrom is valid_from. From is
// called source there.
func keyOf(name string) string {
	switch name {
	case "ID":
		return "id"
	case "From":
		return "source"
	}
	var b strings.Builder
	for i, c := range name {
		if c >= 'A' && c <= 'Z' {
			if i > 0 && !strings.HasSuffix(b.String(), "_") && (name[i-1] < 'A' || name[i-1] > 'Z') {
				b.WriteByte('_')
			}
			c += 'a' - 'A'
		}
		b.WriteRune(c)
	}
	return b.String()
}

// writer collects the words of one field after the other.
type writer struct {
	field   string
	out     []Words
	derived bool // limits follow from another field, which tells how high they are
}

func (w *writer) say(en, sv string) { w.out = append(w.out, Words{w.field, en, sv}) }

// any compares one field of any type. Types with words of their own come first.
func (w *writer) any(name string, a, b reflect.Value) {
	switch a.Type() {
	case reflect.TypeFor[policy.Text]():
		w.texts(name, a, b)
		return
	case reflect.TypeFor[[]policy.Limit]():
		w.limits(a, b)
		return
	case reflect.TypeFor[policy.Trend]():
		w.trend(a, b)
		return
	case reflect.TypeFor[big.Rat]():
		w.plain(name, a, b)
		return
	}
	switch a.Kind() {
	case reflect.Struct:
		for i := range a.NumField() {
			w.any(joined(name, a.Type().Field(i).Name), a.Field(i), b.Field(i))
		}
	case reflect.Pointer:
		w.pointer(name, a, b)
	case reflect.Slice, reflect.Array, reflect.Map:
		w.list(name, a, b)
	default:
		w.plain(name, a, b)
	}
}

// plain compares two values as they are shown.
func (w *writer) plain(name string, a, b reflect.Value) { w.moved(nameOf(name), show(a), show(b)) }

func (w *writer) moved(n, from, to Text) {
	if from != to {
		w.say(n.EN+": "+from.EN+" → "+to.EN, n.SV+": "+from.SV+" → "+to.SV)
	}
}

// trend compares two trends. How far back one looks is told in its own periods, and a certainty
// only where one is asked for.
func (w *writer) trend(a, b reflect.Value) {
	for i := range a.NumField() {
		switch name := a.Type().Field(i).Name; {
		case slices.Contains(derivedTrend(), name):
		case name == "Lookback":
			w.moved(nameOf("Trend.Lookback"), periods(a), periods(b))
		case name == "Z":
			w.moved(nameOf("Trend.Z"), certainty(a), certainty(b))
		default:
			w.any(joined("Trend", name), a.Field(i), b.Field(i))
		}
	}
}

// periods writes how far a trend looks back: 12 weeks. A plain trend counts weeks.
func periods(trend reflect.Value) Text {
	n := show(trend.FieldByName("Lookback")).EN
	if trend.FieldByName("Per").String() == policy.WindowMonth {
		return Text{n + " months", n + " månader"}
	}
	return Text{n + " weeks", n + " veckor"}
}

func certainty(trend reflect.Value) Text {
	if !trend.FieldByName("hasZ").Bool() {
		return Text{"not asked for", "krävs inte"}
	}
	return show(trend.FieldByName("Z"))
}

func joined(outer, inner string) string { return outer + "." + inner }

// pointer compares what may be missing: a block such as trend.
func (w *writer) pointer(name string, a, b reflect.Value) {
	n := nameOf(name)
	switch {
	case a.IsNil() && b.IsNil():
	case a.Type() == reflect.TypeFor[*when.Expr]() && !a.IsNil() && !b.IsNil():
		w.plain(name, a, b)
	case a.IsNil():
		w.say(n.EN+" was added: "+show(b.Elem()).EN, n.SV+" har tillkommit: "+show(b.Elem()).SV)
	case b.IsNil():
		w.say(n.EN+" was removed: "+show(a.Elem()).EN, n.SV+" har tagits bort: "+show(a.Elem()).SV)
	default:
		w.any(name, a.Elem(), b.Elem())
	}
}

// texts compares a text in both languages.
func (w *writer) texts(name string, a, b reflect.Value) {
	n := nameOf(name)
	for i := range a.NumField() {
		from, to := show(a.Field(i)), show(b.Field(i))
		if from == to {
			continue
		}
		language := nameOf("Text." + a.Type().Field(i).Name)
		w.say(n.EN+" ("+language.EN+"): “"+from.EN+"” → “"+to.EN+"”", n.SV+" ("+language.SV+"): ”"+from.SV+"” → ”"+to.SV+"”")
	}
}

// list compares lists without regard to what stayed: what went and what came are told.
func (w *writer) list(name string, a, b reflect.Value) { w.items(name, shown(a), shown(b)) }

func (w *writer) items(name string, old, next []Text) {
	gone, come := without(old, next), without(next, old)
	n := itemOf(name)
	if name == "ExemptNumbers" { // counted, not named: whom somebody may call unseen is nobody's business
		if len(gone)+len(come) > 0 {
			n = nameOf(name)
			w.say(fmt.Sprintf("%s: %d added, %d removed", n.EN, len(come), len(gone)), fmt.Sprintf("%s: %d har tillkommit, %d har tagits bort", n.SV, len(come), len(gone)))
		}
		return
	}
	if len(gone) == 1 && len(come) == 1 {
		w.say(n.EN+" was changed: "+gone[0].EN+" → "+come[0].EN, n.SV+" har ändrats: "+gone[0].SV+" → "+come[0].SV)
		return
	}
	for _, t := range gone {
		w.say(n.EN+" was removed: "+t.EN, n.SV+" har tagits bort: "+t.SV)
	}
	for _, t := range come {
		w.say(n.EN+" was added: "+t.EN, n.SV+" har tillkommit: "+t.SV)
	}
	if len(gone)+len(come) == 0 && !slices.Equal(old, next) {
		n, all := nameOf(name), listText(next)
		w.say(n.EN+": the order was changed: "+all.EN, n.SV+": ordningen har ändrats: "+all.SV)
	}
}

// without returns the texts less those of another list, each taken away once.
func without(all, taken []Text) []Text {
	left := slices.Clone(taken)
	var out []Text
	for _, t := range all {
		if i := slices.Index(left, t); i >= 0 {
			left = slices.Delete(left, i, i+1)
			continue
		}
		out = append(out, t)
	}
	return out
}

// limits compares limits of the same measure field by field, so that the words say "limit of
// count: 60 → 40" instead of naming all of it.
func (w *writer) limits(a, b reflect.Value) {
	old := measures(a)
	next := measures(b)
	if distinct(old) && distinct(next) {
		for _, m := range old {
			i, j := slices.Index(old, m), slices.Index(next, m)
			if j < 0 {
				w.say("a limit was removed: "+show(a.Index(i)).EN, "en gräns har tagits bort: "+show(a.Index(i)).SV)
				continue
			}
			w.limit(m, a.Index(i), b.Index(j))
		}
		for j, m := range next {
			if !slices.Contains(old, m) {
				w.say("a limit was added: "+show(b.Index(j)).EN, "en gräns har tillkommit: "+show(b.Index(j)).SV)
			}
		}
		if slices.Equal(slices.Sorted(slices.Values(old)), slices.Sorted(slices.Values(next))) && !slices.Equal(old, next) {
			w.say("the order of the limits was changed: "+strings.Join(next, ", "), "gränsernas ordning har ändrats: "+strings.Join(next, ", "))
		}
		return
	}
	w.list("Limits", a, b)
}

func measures(limits reflect.Value) []string {
	var out []string
	for i := range limits.Len() {
		out = append(out, limits.Index(i).FieldByName("Measure").String())
	}
	return out
}

func distinct(names []string) bool {
	sorted := slices.Sorted(slices.Values(names))
	return len(slices.Compact(sorted)) == len(names)
}

// limit compares two limits of one measure.
func (w *writer) limit(measure string, a, b reflect.Value) {
	unit := " " + b.FieldByName("Unit").String()
	for i := range a.NumField() {
		name := a.Type().Field(i).Name
		if name == "aboveUnit" && w.derived {
			continue
		}
		if from, to, what, ok := bounds(name, a, b); ok {
			if from != to {
				w.say(what.EN+" of "+measure+": "+from+" → "+to+unit, what.SV+" för "+measure+": "+from+" → "+to+unit)
			}
			continue
		}
		before := len(w.out)
		if name == "Except" {
			w.items("Limits.Except", exceptions(a), exceptions(b))
		} else {
			w.any(joined("Limits", name), a.Field(i), b.Field(i))
		}
		for k := before; k < len(w.out); k++ {
			w.out[k].EN, w.out[k].SV = measure+": "+w.out[k].EN, measure+": "+w.out[k].SV
		}
	}
}
