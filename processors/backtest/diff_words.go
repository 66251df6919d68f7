package backtest

import (
	"cmp"
	"fmt"
	"math/big"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"linesman/processors/policy"
	"linesman/processors/policy/when"
	"linesman/schema"
)

// maxDepth ends the way down into what a field holds.
const maxDepth = 8

// show writes a value for people.
func show(v reflect.Value) Text { return showAt(v, maxDepth) }

func showAt(v reflect.Value, depth int) Text {
	if depth == 0 {
		return Text{"…", "…"}
	}
	switch v.Type() {
	case reflect.TypeFor[schema.Day]():
		if v.Int() == 0 {
			return Text{"no date", "inget datum"}
		}
		return same(schema.Day(v.Int()).String())
	case reflect.TypeFor[when.Expr](): // what else it holds follows from its text
		return same(v.FieldByName("text").String())
	case reflect.TypeFor[big.Rat]():
		return same(decimal(v))
	case reflect.TypeFor[policy.Protection]():
		return protection(v, depth)
	case reflect.TypeFor[policy.Condition]():
		return condition(v, depth)
	case reflect.TypeFor[policy.Limit]():
		return limitText(v, depth)
	case reflect.TypeFor[policy.Source]():
		return same(fmt.Sprintf("%s, %s: “%s”", v.FieldByName("Document"), v.FieldByName("Section"), v.FieldByName("Quote"))).and(extra(v, depth, "Document", "Section", "Quote"))
	}
	switch v.Kind() {
	case reflect.Bool:
		if v.Bool() {
			return Text{"yes", "ja"}
		}
		return Text{"no", "nej"}
	case reflect.String:
		return word(v.String())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return same(strconv.FormatInt(v.Int(), 10))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return same(strconv.FormatUint(v.Uint(), 10))
	case reflect.Float32, reflect.Float64:
		return same(strconv.FormatFloat(v.Float(), 'f', -1, 64))
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return Text{"nothing", "inget"}
		}
		return showAt(v.Elem(), depth-1)
	case reflect.Slice, reflect.Array, reflect.Map:
		return listText(shownAt(v, depth))
	case reflect.Struct:
		if p := v.FieldByName("Protection"); p.IsValid() { // as it binds one rule
			return showAt(p, depth)
		}
		return extra(v, depth)
	}
	return same("?")
}

func same(s string) Text { return Text{s, s} }

// decimal writes an exact fraction with as many decimals as it needs, at most six.
func decimal(v reflect.Value) string {
	r, ok := v.Interface().(big.Rat)
	if !ok || r.IsInt() {
		return r.RatString()
	}
	return strings.TrimRight(r.FloatString(6), "0")
}

// protection writes what a pack protects: in its own words, then how.
func protection(v reflect.Value, depth int) Text {
	says := v.FieldByName("Says")
	t := Text{says.FieldByName("EN").String(), cmp.Or(says.FieldByName("SV").String(), says.FieldByName("EN").String())}
	return t.and(extra(v, depth, "Says", "File", "Line").and(extra(says, depth, "EN", "SV")))
}

// and appends in brackets.
func (t Text) and(o Text) Text {
	if o.EN == "" {
		return t
	}
	return Text{t.EN + " (" + o.EN + ")", t.SV + " (" + o.SV + ")"}
}

// extra writes the fields of a struct that are set, but for those that were told already.
func extra(v reflect.Value, depth int, told ...string) Text {
	var en, sv []string
	for i := range v.NumField() {
		name := v.Type().Field(i).Name
		if slices.Contains(told, name) || v.Field(i).IsZero() {
			continue
		}
		n, s := nameOf(pathOf(v.Type())+name), showAt(v.Field(i), depth-1)
		en, sv = append(en, n.EN+" "+s.EN), append(sv, n.SV+" "+s.SV)
	}
	return Text{strings.Join(en, ", "), strings.Join(sv, ", ")}
}

// pathOf is where in a rule a block stands.
func pathOf(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[policy.Limit]():
		return "Limits."
	case reflect.TypeFor[policy.Exception]():
		return "Limits.Except."
	case reflect.TypeFor[policy.Trend]():
		return "Trend."
	case reflect.TypeFor[policy.Exempt]():
		return "Exempt."
	case reflect.TypeFor[policy.Absence]():
		return "Absence."
	case reflect.TypeFor[policy.Schedule]():
		return "Schedule."
	case reflect.TypeFor[policy.Budget]():
		return "Budget."
	case reflect.TypeFor[policy.GoalRule]():
		return "GoalRule."
	case reflect.TypeFor[policy.Protection]():
		return "Protection."
	case reflect.TypeFor[policy.Span]():
		return "Span."
	case reflect.TypeFor[policy.Source]():
		return "Policy."
	case reflect.TypeFor[policy.Text]():
		return "Text."
	}
	return ""
}

// shown writes the items of a list, or the keys and values of a map in the order of the keys.
func shown(v reflect.Value) []Text { return shownAt(v, maxDepth) }

func shownAt(v reflect.Value, depth int) []Text {
	var out []Text
	if v.Kind() == reflect.Map {
		for it := v.MapRange(); it.Next(); {
			key, value := showAt(it.Key(), depth-1), showAt(it.Value(), depth-1)
			out = append(out, Text{key.EN + ": " + value.EN, key.SV + ": " + value.SV})
		}
		slices.SortFunc(out, func(a, b Text) int { return strings.Compare(a.EN, b.EN) })
		return out
	}
	for i := range v.Len() {
		out = append(out, showAt(v.Index(i), depth-1))
	}
	return out
}

func listText(items []Text) Text {
	var en, sv []string
	for _, t := range items {
		en, sv = append(en, t.EN), append(sv, t.SV)
	}
	return Text{"[" + strings.Join(en, ", ") + "]", "[" + strings.Join(sv, ", ") + "]"}
}

// exemptColumn is the column that exempt numbers are kept out by. What changes in them is told
// by the field that lists them.
const exemptColumn = "other_hash"

// condition writes a condition as it stands in a rule file: other_class in [mobile, fixed].
func condition(v reflect.Value, depth int) Text {
	if items := v.FieldByName("Any"); items.Len() > 0 {
		var en, sv []string
		for _, t := range shownAt(items, depth) {
			en, sv = append(en, t.EN), append(sv, t.SV)
		}
		return Text{"any of " + strings.Join(en, " or "), "något av " + strings.Join(sv, " eller ")}.and(extra(v, depth, "Any"))
	}
	if text := v.FieldByName("When"); text.IsValid() && !text.IsNil() {
		return showAt(text, depth).and(extra(v, depth, "When"))
	}
	if v.FieldByName("Column").String() == exemptColumn { // whose numbers they are is nobody's business
		return Text{"numbers that never count", "nummer som aldrig räknas"}.and(extra(v, depth, "Column", "Op", "Values", "Any", "Type"))
	}
	var values []string
	for i := range v.FieldByName("Values").Len() {
		if s := v.FieldByName("Values").Index(i).String(); s == "" {
			values = append(values, `""`)
		} else {
			values = append(values, s)
		}
	}
	text := v.FieldByName("Column").String() + " " + v.FieldByName("Op").String() + " "
	if op := v.FieldByName("Op").String(); len(values) == 1 && op != "in" && op != "not_in" {
		text += values[0]
	} else {
		text += "[" + strings.Join(values, ", ") + "]"
	}
	// The column's type follows from the column.
	return same(text).and(extra(v, depth, "Column", "Op", "Values", "Any", "Type"))
}

// limitText writes a whole limit: count above 60 calls.
func limitText(v reflect.Value, depth int) Text {
	measure, unit := v.FieldByName("Measure").String(), v.FieldByName("Unit").String()
	above := rawText(v, "above")
	t := Text{measure + " above " + above + " " + unit, measure + " över " + above + " " + unit}
	if e := v.FieldByName("Except"); e.IsValid() && e.Len() > 0 {
		for _, x := range exceptions(v) {
			t.EN, t.SV = t.EN+", "+x.EN, t.SV+", "+x.SV
		}
	}
	if v.FieldByName("hasHigh").Bool() {
		high := rawText(v, "high")
		t.EN, t.SV = t.EN+", severity high above "+high, t.SV+", hög allvarlighetsgrad över "+high
	}
	return t.and(extra(v, depth, "Measure", "Unit", "Except", "above", "aboveUnit", "high", "hasHigh", "money"))
}

// rawText writes a bound, kept in the column's own unit, in the limit's unit.
func rawText(limit reflect.Value, field string) string {
	return inUnit(limit, limit.FieldByName(field).Int())
}

func inUnit(limit reflect.Value, raw int64) string {
	per := limit.FieldByName("Scale").Int()
	switch {
	case limit.FieldByName("How").String() == "share":
		per = int64(schema.Micro)
	case limit.FieldByName("money").Bool():
		per *= int64(schema.Micro)
	}
	r := big.NewRat(raw, max(per, 1))
	if r.IsInt() {
		return r.Num().String()
	}
	return strings.TrimRight(r.FloatString(9), "0")
}

// exceptions writes the other limits of a limit: unit X above 80.
func exceptions(limit reflect.Value) []Text {
	var out []Text
	list := limit.FieldByName("Except")
	for i := range list.Len() {
		e := list.Index(i)
		above, high := inUnit(limit, e.FieldByName("above").Int()), inUnit(limit, e.FieldByName("high").Int())
		who := extra(e, maxDepth, "above", "high", "aboveUnit")
		t := Text{who.EN + " above " + above, who.SV + " över " + above}
		if limit.FieldByName("hasHigh").Bool() {
			t.EN, t.SV = t.EN+" (high above "+high+")", t.SV+" (hög över "+high+")"
		}
		out = append(out, t)
	}
	return out
}

// bounds writes those fields of a limit that belong together: the bound as it was given and as
// it is compared, the higher bound and whether there is one. ok is false for other fields; two
// equal texts say that there is nothing to tell.
func bounds(name string, a, b reflect.Value) (from, to string, what Text, ok bool) {
	equal := func(field string) bool { return a.FieldByName(field).Equal(b.FieldByName(field)) }
	switch name {
	case "above":
		return rawText(a, name), rawText(b, name), Text{"limit", "gräns"}, true
	case "aboveUnit": // what is compared is told; the form in which it was given only where it alone differs
		return "", "", Text{}, rawText(a, "above") != rawText(b, "above")
	case "high":
		return high(a), high(b), Text{"limit of high severity", "gräns för hög allvarlighetsgrad"}, true
	case "hasHigh":
		return "", "", Text{}, true
	case "money":
		return "", "", Text{}, !equal("How") || !equal("Column")
	}
	return "", "", Text{}, false
}

func high(limit reflect.Value) string {
	if !limit.FieldByName("hasHigh").Bool() {
		return "–"
	}
	return rawText(limit, "high")
}
