package backtest

import (
	"fmt"
	"math/big"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"linesman/processors/policy"
	"linesman/processors/policy/when"
)

// parse reads the rules of a file's text.
func parse(t testing.TB, text string) *policy.Set {
	t.Helper()
	set, err := Parse(File{"draft.yaml", text})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// forwarding is a rule file with one rule; changes are pairs of old and new text.
func forwarding(t testing.TB, changes ...string) string {
	t.Helper()
	text := `pack: own
rules:
  - id: forwarding
    version: 1
    title: {en: Forwarded calls, sv: Medflyttade samtal}
    description: {en: Many of them., sv: Många.}
    severity: medium
    policy:
      - {document: Telefonpolicy, section: "3", quote: Medflyttning ska användas sparsamt., date: 2004}
    valid_from: 2025-01-01
    informed_at: 2025-01-01
    subject: line
    window: month
    source: usage
    where:
      - {column: forwarded, is: true}
    exempt: {approval: forwarding}
    limits:
      - {measure: count, count: true, unit: calls, above: 60}
      - {measure: cost, cost: true, unit: SEK, above: 150, high_above: 500}
`
	for i := 0; i < len(changes); i += 2 {
		if !strings.Contains(text, changes[i]) {
			t.Fatalf("the rule has no %q", changes[i])
		}
		text = strings.Replace(text, changes[i], changes[i+1], 1)
	}
	return text
}

func TestDiffInWords(t *testing.T) {
	for _, c := range []struct {
		name   string
		change []string
		en, sv []string
	}{
		{"nothing", nil, nil, nil},
		{"limit", []string{"version: 1", "version: 2", "above: 60", "above: 40"},
			[]string{"version: 1 → 2", "limit of count: 60 → 40 calls"}, []string{"version: 1 → 2", "gräns för count: 60 → 40 calls"}},
		{"fraction of a krona", []string{"above: 150,", "above: 99.5,"}, []string{"limit of cost: 150 → 99.5 SEK"}, []string{"gräns för cost: 150 → 99.5 SEK"}},
		{"window", []string{"window: month", "window: week"}, []string{"window: month → week"}, []string{"fönster: månad → vecka"}},
		{"condition", []string{"      - {column: forwarded, is: true}\n", "      - {column: forwarded, is: true}\n      - {column: other_class, in: [mobile]}\n"},
			[]string{"a condition was added: other_class in [mobile]"}, []string{"ett villkor har tillkommit: other_class in [mobile]"}},
		{"condition changed", []string{"{column: forwarded, is: true}", "{any: [{column: forwarded, is: true}, {column: other_class, is: mobile}]}"},
			[]string{"a condition was changed: forwarded is true → any of forwarded is true or other_class is mobile"},
			[]string{"ett villkor har ändrats: forwarded is true → något av forwarded is true eller other_class is mobile"}},
		{"high", []string{", high_above: 500", ""}, []string{"limit of high severity of cost: 500 → – SEK"}, []string{"gräns för hög allvarlighetsgrad för cost: 500 → – SEK"}},
		{"limit gone", []string{"      - {measure: count, count: true, unit: calls, above: 60}\n", ""},
			[]string{"a limit was removed: count above 60 calls (measured as count, divided by 1)"}, []string{"en gräns har tagits bort: count över 60 calls (mäts som antal, delas med 1)"}},
		{"title", []string{"sv: Medflyttade samtal", "sv: Flyttade samtal"}, []string{"title (Swedish): “Medflyttade samtal” → “Flyttade samtal”"},
			[]string{"rubrik (svenska): ”Medflyttade samtal” → ”Flyttade samtal”"}},
		{"dates", []string{"informed_at: 2025-01-01", "informed_at: 2026-02-01\n    valid_to: 2027-01-01"},
			[]string{"holds until: no date → 2027-01-01", "staff informed: 2025-01-01 → 2026-02-01"},
			[]string{"gäller till: inget datum → 2027-01-01", "personalen informerad: 2025-01-01 → 2026-02-01"}},
		{"severity", []string{"severity: medium", "severity: high"}, []string{"severity: medium → high"}, []string{"allvarlighetsgrad: medel → hög"}},
		{"exemption", []string{"    exempt: {approval: forwarding}\n", ""}, []string{"exempt with an approval of the kind: forwarding → nothing"},
			[]string{"undantag vid medgivande av sorten: medflyttning → inget"}},
		{"condition as text", []string{"    exempt: {", "    when: other_class == \"mobile\"\n    exempt: {"}, []string{"a condition was added: other_class == \"mobile\""},
			[]string{"ett villkor har tillkommit: other_class == \"mobile\""}},
		{"another limit for a unit", []string{"above: 60}", "above: 60, except: [{unit: U1, above: 80.5}]}"}, []string{"count: another limit was added: unit U1 above 80"},
			[]string{"count: en annan gräns har tillkommit: enhet U1 över 80"}},
		{"share", []string{"{measure: count, count: true, unit: calls, above: 60}", "{measure: count, share: {of: answered}, above: 12.5}"},
			[]string{"count: measured as: count → share", "count: share of was added: answered", "count: events needed: 0 → 20", "count: unit: calls → %", "limit of count: 60 → 12.5 %"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			old, next := parse(t, forwarding(t)), parse(t, forwarding(t, c.change...))
			var en, sv []string
			for _, w := range Diff(old.Rules()[0], next.Rules()[0]) {
				en, sv = append(en, w.In("en")), append(sv, w.In("sv"))
			}
			if !slices.Equal(en, c.en) || (c.sv != nil || c.en == nil) && !slices.Equal(sv, c.sv) {
				t.Errorf("got  %q\n     %q\nwant %q\n     %q", en, sv, c.en, c.sv)
			}
		})
	}
}

func TestDiffSets(t *testing.T) {
	old := parse(t, forwarding(t))
	next := parse(t, forwarding(t, "id: forwarding", "id: moved"))
	got := fmt.Sprint(DiffSets(old, next))
	if got != "[{forwarding 1 0 {Forwarded calls Medflyttade samtal} [{rule the rule is gone regeln är borta}]} "+
		"{moved 0 1 {Forwarded calls Medflyttade samtal} [{rule the rule is new regeln är ny}]}]" {
		t.Error(got)
	}
}

// leaf is one value within a rule that can be changed.
type leaf struct {
	path string
	at   func(r *policy.Rule) reflect.Value
}

// settable makes an unexported field one that can be set.
func settable(v reflect.Value) reflect.Value {
	return reflect.NewAt(v.Type(), unsafe.Pointer(v.UnsafeAddr())).Elem()
}

// fill sets everything within a value to something: lists get two items, pointers a target.
// It descends into any only once.
func fill(v reflect.Value, n *int, nested bool) {
	*n++
	if v.Type() == reflect.TypeFor[when.Expr]() { // its text says it all
		set(settable(v.FieldByName("text")), *n)
		return
	}
	if v.Type() == reflect.TypeFor[big.Rat]() {
		set(v, *n)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); v.Type() == reflect.TypeFor[policy.Rule]() && slices.Contains(untold(), f.Name) {
				continue
			}
			fill(settable(v.Field(i)), n, nested)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n, nested)
	case reflect.Slice:
		self := v.Type() == reflect.TypeFor[[]policy.Condition]()
		if self && nested {
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			fill(v.Index(i), n, self)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range 2 {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			fill(key, n, nested)
			fill(value, n, nested)
			v.SetMapIndex(key, value)
		}
	default:
		set(v, *n)
	}
}

// set gives a plain value that follows from n and is not zero.
func set(v reflect.Value, n int) {
	switch v.Kind() {
	case reflect.Struct: // an exact fraction
		v.Addr().Interface().(*big.Rat).SetFrac64(int64(n), 4)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.String:
		v.SetString(fmt.Sprint("text", n))
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(int64(n%100) + 1)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(n%100) + 1)
	case reflect.Float32, reflect.Float64:
		v.SetFloat(float64(n) + 0.5)
	default:
		panic(fmt.Sprintf("a %s cannot be filled: teach the test", v.Type()))
	}
}

// change makes a plain value another one.
func change(v reflect.Value) {
	if v.Kind() == reflect.Bool {
		v.SetBool(!v.Bool())
		return
	}
	before := fmt.Sprint(v)
	if set(v, 90_017); fmt.Sprint(v) == before {
		set(v, 90_018)
	}
}

// leaves lists every plain value within a value.
func leaves(path string, v reflect.Value, at func(r *policy.Rule) reflect.Value) []leaf {
	var out []leaf
	if v.Type() == reflect.TypeFor[when.Expr]() {
		return []leaf{{path, func(r *policy.Rule) reflect.Value { return settable(at(r).FieldByName("text")) }}}
	}
	if v.Type() == reflect.TypeFor[big.Rat]() {
		return []leaf{{path, at}}
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			name := v.Type().Field(i).Name
			if v.Type() == reflect.TypeFor[policy.Rule]() && slices.Contains(untold(), name) {
				continue
			}
			out = append(out, leaves(path+"."+name, settable(v.Field(i)), func(r *policy.Rule) reflect.Value { return settable(at(r).Field(i)) })...)
		}
	case reflect.Pointer:
		return leaves(path, v.Elem(), func(r *policy.Rule) reflect.Value { return at(r).Elem() })
	case reflect.Slice:
		for i := range v.Len() {
			out = append(out, leaves(fmt.Sprintf("%s[%d]", path, i), v.Index(i), func(r *policy.Rule) reflect.Value { return at(r).Index(i) })...)
		}
	case reflect.Map:
		// A changed value of a map is a changed list; one key stands for all.
		return nil
	default:
		return []leaf{{path, at}}
	}
	return out
}

func filled() *policy.Rule {
	r, n := &policy.Rule{}, 0
	fill(reflect.ValueOf(r).Elem(), &n, false)
	return r
}

// derived are values that follow from others of the rule, so that the change of them alone
// cannot happen.
func derived(path string) bool {
	if name, ok := strings.CutPrefix(path, ".Trend."); ok {
		return slices.Contains(derivedTrend(), name)
	}
	if strings.HasPrefix(path, ".guards") {
		return !strings.Contains(path, ".Protection.") || strings.HasSuffix(path, ".File") || strings.HasSuffix(path, ".Line")
	}
	return strings.HasPrefix(path, ".Where") && strings.HasSuffix(path, ".Type") || strings.Contains(path, ".Except[") && strings.HasSuffix(path, ".aboveUnit")
}

// Whatever changes in a rule is told, and two changes are told as two: a field that a rule gets
// one day cannot be forgotten.
func TestEveryFieldIsTold(t *testing.T) {
	base := filled()
	all := leaves("", reflect.ValueOf(base).Elem(), func(r *policy.Rule) reflect.Value { return reflect.ValueOf(r).Elem() })
	if len(all) < 60 {
		t.Fatalf("only %d values in a rule", len(all))
	}
	if got := Diff(base, filled()); len(got) > 0 {
		t.Fatalf("equal rules differ: %v", got)
	}
	told := map[string]string{}
	for _, l := range all {
		if derived(l.path) {
			continue
		}
		next := filled()
		change(l.at(next))
		words := Diff(base, next)
		if len(words) == 0 {
			t.Errorf("a change of %s is not told", l.path)
		}
		for _, w := range words {
			if w.EN == "" || w.SV == "" || w.Field == "" {
				t.Errorf("a change of %s is told without words: %+v", l.path, w)
			}
		}
		told[l.path] = fmt.Sprint(words)
	}
	for i, a := range all {
		b := all[(i+7)%len(all)]
		if derived(a.path) || derived(b.path) {
			continue
		}
		next := filled()
		change(a.at(next))
		change(b.at(next))
		if got := fmt.Sprint(Diff(base, next)); got == told[a.path] || got == told[b.path] {
			t.Errorf("of %s and %s only one is told: %s", a.path, b.path, got)
		}
	}
}

// Every field that can be told has words in both languages: none is told by its name in Go or as
// it stands in a rule file.
func TestEveryFieldHasWords(t *testing.T) {
	seen := map[reflect.Type]bool{}
	var visit func(prefix string, of reflect.Type)
	visit = func(prefix string, of reflect.Type) {
		for of.Kind() == reflect.Pointer || of.Kind() == reflect.Slice {
			of = of.Elem()
		}
		if of.Kind() != reflect.Struct || seen[of] || of == reflect.TypeFor[big.Rat]() || of == reflect.TypeFor[when.Expr]() || of == reflect.TypeFor[policy.Condition]() {
			return
		}
		seen[of] = true
		for i := range of.NumField() {
			f := of.Field(i)
			told := slices.Concat(untold(), derivedTrend(), []string{"hasHigh", "money", "Protection", "sql"})
			if prefix == "guards." {
				told = append(told, "columns")
			}
			words, ok := fieldNames()[prefix+f.Name]
			if !ok && !slices.Contains(told, f.Name) && !strings.HasPrefix(prefix+f.Name, "Limits.Except.") {
				t.Errorf("%s has no words", prefix+f.Name)
			}
			if ok && (words.EN == "" || words.SV == "") {
				t.Errorf("%s has the words %+v", prefix+f.Name, words)
			}
			inner := pathOf(deref(f.Type))
			if inner == "" {
				inner = prefix + f.Name + "."
			}
			if prefix != "" || !slices.Contains(untold(), f.Name) {
				visit(inner, f.Type)
			}
		}
	}
	visit("", reflect.TypeFor[policy.Rule]())
	if len(seen) < 10 {
		t.Errorf("only %d types in a rule", len(seen))
	}
}

func deref(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	return t
}

// trending is a rule file about a trend, in its statistical form.
func trending(trend string) string {
	return strings.Replace(rising("1", "0.15"), "source: watches\n    trend: {column: open, lookback_weeks: 12, at_least: 8, z: 2.326, rise_share: 0.15, recent: 4}", "source: usage\n    when: kind == \"call\"\n    trend: {"+trend+"}", 1)
}

func TestDiffOfTrends(t *testing.T) {
	const base = "count: true, unit: calls, test: mann-kendall, lookback_weeks: 12, at_least: 8, z: 2, rise_share: 0.15, recent: 4"
	for name, c := range map[string]struct{ to, en, sv string }{
		"rise":     {strings.Replace(base, "0.15", "0.1", 1), "rise of the median: 0.15 → 0.1", "ökning av medianen: 0.15 → 0.1"},
		"months":   {strings.Replace(base, "lookback_weeks: 12", "per: month, lookback_months: 24", 1), "lookback: 12 weeks → 24 months; counted per: week → month", "tillbakablick: 12 veckor → 24 månader; räknas per: vecka → månad"},
		"seasons":  {strings.Replace(base, "mann-kendall, lookback_weeks: 12", "seasonal-mann-kendall, season: 12, lookback_weeks: 104", 1), "lookback: 12 weeks → 104 weeks; test: Mann–Kendall → Mann–Kendall by season; seasons of a year: 0 → 12", "tillbakablick: 12 veckor → 104 veckor; test: Mann–Kendall → Mann–Kendall per årstid; årstider på ett år: 0 → 12"},
		"exposure": {base + ", exposure: lines", "in relation to the number of: nothing → lines", "i förhållande till antalet: inget → anknytningar"},
		"alarms":   {strings.Replace(base, "z: 2, ", "false_discovery: 0.1, ", 1), "certainty (z): 2 → not asked for; share of false alarms at most: 0 → 0.1", "säkerhet (z): 2 → krävs inte; andel falska larm som mest: 0 → 0.1"},
		"baseline": {base + ", baseline: {from: 2024-01-01, to: 2025-01-01}", "period compared with begins: no date → 2024-01-01; period compared with ends before: no date → 2025-01-01",
			"period som jämförs med börjar: inget datum → 2024-01-01; period som jämförs med slutar före: inget datum → 2025-01-01"},
	} {
		var en, sv []string
		for _, w := range Diff(parse(t, trending(base)).Rules()[0], parse(t, trending(c.to)).Rules()[0]) {
			en, sv = append(en, w.EN), append(sv, w.SV)
		}
		if strings.Join(en, "; ") != c.en || strings.Join(sv, "; ") != c.sv {
			t.Errorf("%s: %q\n%q", name, en, sv)
		}
	}
}
