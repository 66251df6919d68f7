package policy

import (
	"math/big"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"linesman/processors/policy/when"
	"linesman/schema"
)

// How a limit measures.
const (
	measureCount = "count"
	measureSum   = "sum"
	measureCost  = "cost"
	measureShare = "share"
	measureMost  = "most"
)

// measureMatches is the measure of a rule of kind match: the number of its events.
const measureMatches = "matches"

// shareEvents is of how many events a share must be to be judged, where a rule does not say.
const shareEvents = 20

// Limit is one measure and what it must not exceed. Value and limit are exact: they are
// compared as whole numbers of the column's own unit (bytes, millionths of a krona), shares
// as fractions.
type Limit struct {
	Measure   string     // name of the measure, e.g. "count"
	How       string     // count, sum, cost, most or share
	Column    string     // the column summed, or whose commonest value counts; empty for count and share
	Share     *when.Expr // for share: the events of which those that are selected are a part
	AtLeast   int64      // for share: with fewer events than this nothing is judged
	Scale     int64      // the column's unit divided by this gives the limit's unit (1 000 000: bytes to MB)
	Unit      string     // unit of value and limit, e.g. "MB"; of a share "%"
	Says      Text       // words for explanations; {value} is replaced
	Except    []Exception
	money     bool
	above     int64 // in the column's own unit, of shares in millionths of a percent: trips when the measure is greater
	high      int64 // severity is high when the measure is greater
	hasHigh   bool
	aboveUnit float64 // limit in Unit
}

// Above returns the limit in the limit's unit.
func (l Limit) Above() float64 { return l.aboveUnit }

// HighAbove returns the limit, in the limit's unit, above which the severity is high.
func (l Limit) HighAbove() (float64, bool) { return l.inUnit(l.high), l.hasHigh }

// Exception is another limit for one line, one unit or one role. Which one holds is decided
// by the subject's last event in the window; of several a line's goes before its unit's,
// and that before the role's.
type Exception struct {
	Line, Unit, Role string // exactly one is given
	above, high      int64  // as in [Limit]
	aboveUnit        float64
}

// Above returns the excepted limit in the limit's unit.
func (e Exception) Above() float64 { return e.aboveUnit }

// kind says by what the exception is chosen.
func (e Exception) kind() string {
	switch {
	case e.Line != "":
		return SubjectLine
	case e.Unit != "":
		return SubjectUnit
	}
	return "role"
}

// inUnit converts a whole number of the column's own unit to the limit's unit.
func (l Limit) inUnit(raw int64) float64 {
	switch {
	case l.How == measureShare:
		return float64(raw) / float64(schema.Micro)
	case l.money:
		return float64(raw) / (float64(l.Scale) * float64(schema.Micro))
	}
	return float64(raw) / float64(l.Scale)
}

// limits returns what holds for a subject: the limit's own numbers, or those of exception
// number chosen, counted from 1.
func (l Limit) limits(chosen int64) (above, high int64, unit float64) {
	if chosen < 1 || chosen > int64(len(l.Except)) {
		return l.above, l.high, l.aboveUnit
	}
	e := l.Except[chosen-1]
	return e.above, e.high, e.aboveUnit
}

// exceeds tells whether a measure is above a limit. Of a share, part is the number of
// selected events among whole, and limit is in millionths of a percent.
func (l Limit) exceeds(part, whole, limit int64) bool {
	if l.How != measureShare {
		return part > limit
	}
	left := new(big.Int).Mul(big.NewInt(part), big.NewInt(100*int64(schema.Micro)))
	return whole >= l.AtLeast && left.Cmp(new(big.Int).Mul(big.NewInt(limit), big.NewInt(whole))) > 0
}

// value converts a measure to the limit's unit.
func (l Limit) value(part, whole int64) float64 {
	if l.How != measureShare {
		return l.inUnit(part)
	}
	if whole == 0 {
		return 0
	}
	return round6(100 * float64(part) / float64(whole))
}

// limit reads one measure with its limit.
func (r *reader) limit(n *yaml.Node, what string, table schema.Info, rule *Rule) Limit {
	var l Limit
	f, ok := r.mapping(n, what, names(limitKeys())...)
	if !ok {
		return l
	}
	l.Measure = f.text("measure", true)
	if l.Measure != "" && !idForm.MatchString(l.Measure) {
		r.problem(f.value["measure"], "%s: measure %q: want small letters, digits and hyphens", what, l.Measure)
	}
	if l.Measure == measureMatches || strings.HasPrefix(l.Measure, measureRise) {
		r.problem(f.value["measure"], "%s: measure %q: matches and names that begin with rise are taken", what, l.Measure)
	}
	l.Says = f.both("says", false)
	given := 0
	for _, key := range []string{measureCount, measureSum, measureCost, measureMost, measureShare} {
		if f.has(key) {
			given, l.How = given+1, key
		}
	}
	if given != 1 {
		r.problem(n, "%s: give exactly one of count: true, sum: a column, cost: true, most: a column, share: {of: a condition}", what)
		return l
	}
	if l.How == measureShare {
		f.share(&l, table, rule)
	} else {
		l.Unit, l.Scale = f.text("unit", true), f.integer("scale", false, 1, 1)
		if f.has("at_least") {
			r.problem(f.value["at_least"], "%s: \"at_least\" is for a share", what)
		}
	}
	if !f.measured(&l, table) {
		return l
	}
	f.threshold(&l)
	for _, e := range l.Except {
		column := map[string]string{SubjectLine: "line_id", SubjectUnit: "unit_id", "role": "role"}[e.kind()]
		if _, ok := table.Column(column); !ok {
			r.problem(f.value["except"], "%s except: %s have no %s", what, table.Name, e.kind())
		}
	}
	return l
}

// measured reads which number is measured.
func (f fields) measured(l *Limit, table schema.Info) bool {
	switch l.How {
	case measureShare:
		return true
	case measureMost:
		return f.most(l, table)
	case measureSum:
		col, ok := f.column(measureSum, table)
		if !ok {
			return false
		}
		if !slices.Contains(summable(), col.Type) {
			f.r.problem(f.value[measureSum], "%s: column %q is a %s and cannot be summed", f.what, col.Name, col.Type)
		}
		l.Column, l.money = col.Name, col.Type == schema.TypeMoney
		return true
	case measureCost:
		if _, ok := table.Column("cost"); !ok {
			f.r.problem(f.value[measureCost], "%s: %s have no cost", f.what, table.Name)
		}
		l.Column, l.money = "cost", true
	}
	if !f.flag(l.How) {
		f.r.problem(f.value[l.How], "%s: %s wants true", f.what, l.How)
	}
	return true
}

func summable() []schema.Type {
	return []schema.Type{schema.TypeUint, schema.TypeUint32, schema.TypeInt, schema.TypeMoney}
}

// share reads of what a share is one.
func (f fields) share(l *Limit, table schema.Info, rule *Rule) {
	l.Scale, l.Unit, l.AtLeast = 1, "%", f.integer("at_least", false, shareEvents, 1)
	for _, key := range []string{"scale", "unit"} {
		if f.has(key) {
			f.r.problem(f.value[key], "%s: a share is in percent; leave %q out", f.what, key)
		}
	}
	if s, ok := f.r.mapping(f.value[measureShare], f.what+" share", names(shareKeys())...); ok && s.need("of") != nil {
		l.Share = s.when("of", table, usable(table), rule.location)
	}
}

// bound reads a limit as a whole number. A sum of whole numbers is above a limit exactly
// when it is above the limit's floor; limits of shares have no more decimals than are kept.
func (f fields) bound(key string, required bool, l *Limit) (int64, float64, bool) {
	v, ok := f.decimal(key, required)
	if !ok {
		return 0, 0, false
	}
	scaled := new(big.Rat).Mul(v, new(big.Rat).SetInt64(l.Scale))
	if l.money || l.How == measureShare {
		scaled.Mul(scaled, new(big.Rat).SetInt64(int64(schema.Micro)))
	}
	floor := new(big.Int).Div(scaled.Num(), scaled.Denom())
	if !floor.IsInt64() {
		f.r.problem(f.value[key], "%s: %q is too large", f.what, key)
		return 0, 0, false
	}
	if l.How == measureShare && (v.Sign() < 0 || v.Cmp(big.NewRat(100, 1)) > 0) {
		f.r.problem(f.value[key], "%s: %q is in percent, from 0 to 100", f.what, key)
		return 0, 0, false
	}
	unit, _ := v.Float64()
	return floor.Int64(), unit, true
}

// threshold reads the limits.
func (f fields) threshold(l *Limit) {
	above, unit, ok := f.bound("above", true, l)
	if !ok {
		return
	}
	l.above, l.aboveUnit = above, unit
	if l.high, _, l.hasHigh = f.bound("high_above", false, l); l.hasHigh && l.high < l.above {
		f.r.problem(f.value["high_above"], "%s: high_above is below the limit", f.what)
	}
	for _, n := range f.list("except", false) {
		if e, ok := f.r.exception(n, f.what+" except", l); ok {
			l.Except = append(l.Except, e)
		}
	}
	slices.SortStableFunc(l.Except, func(a, b Exception) int { return specific(a) - specific(b) })
}

// specific orders exceptions: a line's first, then a unit's, then a role's.
func specific(e Exception) int {
	return slices.Index([]string{SubjectLine, SubjectUnit, "role"}, e.kind())
}

// exception reads another limit for a line, unit or role.
func (r *reader) exception(n *yaml.Node, what string, l *Limit) (Exception, bool) {
	var e Exception
	f, ok := r.mapping(n, what, names(exceptKeys())...)
	if !ok {
		return e, false
	}
	given := 0
	for _, key := range []string{"role", "unit", "line"} {
		if f.has(key) {
			given++
		}
	}
	if given != 1 {
		r.problem(n, "%s: give exactly one of role, unit, line", what)
		return e, false
	}
	words := slices.DeleteFunc(vocabulary("usage", "role"), func(w string) bool { return w == "" })
	e.Role, e.Unit, e.Line = f.word("role", false, words...), f.text("unit", false), f.text("line", false)
	for _, key := range []string{"role", "unit"} {
		if f.has(key) && f.value[key].Value == "" {
			r.problem(f.value[key], "%s: %q is empty", what, key)
		}
	}
	if f.has("line") {
		if _, ok := schema.LineHash(e.Line); !ok {
			r.problem(f.value["line"], "%s: a line is named by its pseudonym, \"L\" and 13 characters; numbers do not belong in a rule", what)
		}
	}
	for _, other := range l.Except {
		if other.Role == e.Role && other.Unit == e.Unit && other.Line == e.Line {
			r.problem(n, "%s: this %s is given twice", what, e.kind())
		}
	}
	if e.Role != "" {
		r.mentions("role", f.value["role"])
	}
	above, unit, ok := f.bound("above", true, l)
	e.above, e.aboveUnit, e.high = above, unit, max(l.high, above)
	if f.has("high_above") {
		if !l.hasHigh {
			r.problem(f.value["high_above"], "%s: the limit itself has no high_above", what)
		}
		if e.high, _, ok = f.bound("high_above", true, l); ok && e.high < e.above {
			r.problem(f.value["high_above"], "%s: high_above is below the limit", what)
		}
	}
	return e, ok
}
