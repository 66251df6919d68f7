package policy

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"linesman/schema"
)

// measureRise is the measure of a trend: how much the count rose over the lookback.
const measureRise = "rise"

// base fills in what every violation of the rule has in common.
func (r *Rule) base(subject string, from schema.Day) schema.Violation {
	return schema.Violation{
		ViolationID: r.ViolationID(subject, from), Rule: r.ID, RuleVersion: r.Version, Severity: r.Severity, Candidate: r.Candidate,
		SubjectKind: r.Subject, SubjectID: subject, WindowKind: r.Window, WindowFrom: from, WindowTo: windowTo(r.Window, from), Zone: r.Zone,
	}
}

// usageRow is a row of a query made by usageSQL.
type usageRow struct {
	subject, unit, centre     string
	from                      int32
	events, days, fingerprint uint64
	cost, first, last         int64
	countries, evidence       []string
	measures                  []int64
	wholes, chosen            []int64 // of layered rules: what shares are of, and which exceptions hold
}

// into lists where the columns of a row go.
func (u *usageRow) into(layered bool) []any {
	into := []any{&u.subject, &u.from, &u.unit, &u.centre, &u.days, &u.cost, &u.first, &u.last, &u.countries, &u.fingerprint, &u.evidence, &u.events, &u.measures}
	if layered {
		into = append(into, &u.wholes, &u.chosen)
	}
	return into
}

// scanUsage reads a row of a query made by usageSQL.
func (r *Rule) scanUsage(rows driver.Rows) (schema.Violation, error) {
	var u usageRow
	if err := rows.Scan(u.into(r.layered())...); err != nil {
		return schema.Violation{}, err
	}
	return r.usageVerdict(u)
}

// usageVerdict makes a violation of a row.
func (r *Rule) usageVerdict(u usageRow) (schema.Violation, error) {
	if !r.layered() {
		u.wholes, u.chosen = make([]int64, len(r.Limits)), make([]int64, len(r.Limits))
	}
	if n := len(r.Limits); len(u.measures) != n || len(u.wholes) != n || len(u.chosen) != n {
		return schema.Violation{}, fmt.Errorf("%d, %d and %d measures for %d limits", len(u.measures), len(u.wholes), len(u.chosen), n)
	}
	v := r.base(u.subject, schema.Day(u.from))
	v.UnitID, v.CostCentre, v.Cost = u.unit, u.centre, schema.Money(u.cost)
	if r.Subject == SubjectUnit {
		v.UnitID = u.subject
	}
	v.FirstEventAt, v.LastEventAt = schema.Time(u.first), schema.Time(u.last)
	if err := setEvidence(&v, u.evidence, u.events); err != nil {
		return v, err
	}
	v.Detail = r.detail(&v, &u)
	for i, l := range r.Limits {
		above, high, unit := l.limits(u.chosen[i])
		if l.hasHigh && l.exceeds(u.measures[i], u.wholes[i], high) {
			v.Severity = SeverityHigh
		}
		if v.Measure == "" && l.exceeds(u.measures[i], u.wholes[i], above) {
			v.Measure, v.Value, v.Limit, v.ValueUnit = l.Measure, l.value(u.measures[i], u.wholes[i]), unit, l.Unit
		}
	}
	return v, nil
}

// detail writes what explains a violation of usage: every measure with its limit, what a
// share is of, and which limits are exceptions.
func (r *Rule) detail(v *schema.Violation, u *usageRow) string {
	var d detail
	d.list("countries", u.countries)
	d.add("days", strconv.FormatUint(u.days, 10))
	d.list("measures", r.named(func(i int, l Limit) string { return l.text(u.measures[i], u.wholes[i]) }))
	d.list("limits", r.named(func(i int, l Limit) string {
		above, _, unit := l.limits(u.chosen[i])
		if l.How == measureShare {
			return number(unit)
		}
		return l.text(above, 0)
	}))
	d.list("parts", r.named(func(i int, l Limit) string {
		if l.How != measureShare {
			return ""
		}
		return fmt.Sprintf("%d/%d", u.measures[i], u.wholes[i])
	}))
	d.list("excepted", r.named(func(i int, l Limit) string {
		if u.chosen[i] < 1 || u.chosen[i] > int64(len(l.Except)) {
			return ""
		}
		return l.Except[u.chosen[i]-1].kind()
	}))
	d.add("digest", digest(v.Evidence, u.events, u.fingerprint))
	return d.String()
}

// text writes a measure in the limit's unit, without loss for money.
func (l Limit) text(raw, whole int64) string {
	if l.money && l.Scale == 1 {
		return schema.Money(raw).String()
	}
	return number(l.value(raw, whole))
}

// named writes values with the names of their measures; those that are empty are left out.
func (r *Rule) named(value func(int, Limit) string) []string {
	out := make([]string, len(r.Limits))
	for i, l := range r.Limits {
		if s := value(i, l); s != "" {
			out[i] = l.Measure + ":" + s
		}
	}
	return out
}

// scanTrend reads a row of a query made by trendSQL.
func (r *Rule) scanTrend(rows driver.Rows) (schema.Violation, error) {
	var (
		subject, centre                        string
		from, first, last                      int32
		n                                      int64
		slope, z, rise, middle, recent, target float64
		hasGoal                                uint8
		evidence                               []string
		total, fingerprint                     uint64
	)
	if err := rows.Scan(&subject, &from, &centre, &first, &last, &n, &slope, &z, &rise, &middle, &recent, &hasGoal, &target, &total, &fingerprint, &evidence); err != nil {
		return schema.Violation{}, err
	}
	v := r.base(subject, schema.Day(from))
	v.UnitID, v.CostCentre = subject, centre
	v.Measure, v.Value, v.Limit, v.ValueUnit = measureRise, round6(rise), round6(middle*float64(r.Trend.riseNum)/float64(r.Trend.riseDen)), "watches"
	v.FirstEventAt, v.LastEventAt = schema.Day(first).Start(r.location), schema.Day(last).Start(r.location)
	if err := setEvidence(&v, evidence, total); err != nil {
		return v, err
	}
	var d detail
	d.add("counts", strconv.FormatInt(n, 10))
	d.add("from", schema.Day(first).String())
	d.add("to", schema.Day(last).String())
	d.add("slope", number(round6(slope)))
	d.add("z", number(round6(z)))
	d.add("rise", number(round6(rise)))
	d.add("median", number(middle))
	d.add("recent", number(recent))
	if hasGoal != 0 {
		d.add("target", number(target))
	}
	d.add("digest", digest(v.Evidence, total, fingerprint))
	v.Detail = d.String()
	return v, nil
}

func setEvidence(v *schema.Violation, ids []string, total uint64) error {
	v.EvidenceTotal = uint32(min(total, math.MaxUint32))
	v.Evidence = make([]schema.ID, len(ids))
	for i, s := range ids {
		id, err := toID(s)
		if err != nil {
			return err
		}
		v.Evidence[i] = id
	}
	return nil
}

// toID reads a FixedString(16).
func toID(s string) (schema.ID, error) {
	if len(s) != len(schema.ID{}) {
		return schema.ID{}, fmt.Errorf("an event id of %d bytes", len(s))
	}
	return schema.ID([]byte(s)), nil
}

// digest stands for the whole evidence: the ids that are kept, how many there are in all,
// and the exclusive or over the first halves of all ids.
func digest(ids []schema.ID, total, fingerprint uint64) string {
	parts := make([]string, 0, len(ids)+2)
	parts = append(parts, strconv.FormatUint(total, 10), strconv.FormatUint(fingerprint, 16))
	for _, id := range ids {
		parts = append(parts, string(id[:]))
	}
	return schema.NewID("evidence", parts...).String()
}

// detail collects name=value pairs.
type detail struct{ parts []string }

func (d *detail) add(name, value string) { d.parts = append(d.parts, name+"="+plainText(value)) }

// list adds values separated by commas, and nothing when there are none.
func (d *detail) list(name string, values []string) {
	var kept []string
	for _, v := range values {
		if v = strings.ReplaceAll(plainText(v), ",", " "); v != "" {
			kept = append(kept, v)
		}
	}
	if len(kept) > 0 {
		d.parts = append(d.parts, name+"="+strings.Join(kept, ","))
	}
}

func (d *detail) String() string { return strings.Join(d.parts, ";") }

// plainText keeps the separators of a detail out of its values.
func plainText(s string) string { return strings.NewReplacer(";", " ", "=", " ").Replace(s) }

// parseDetail reads a detail back.
func parseDetail(s string) map[string]string {
	out := map[string]string{}
	for part := range strings.SplitSeq(s, ";") {
		if name, value, ok := strings.Cut(part, "="); ok {
			out[name] = value
		}
	}
	return out
}

// number writes a float with as many digits as it needs.
func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// round6 drops the noise of binary fractions from what is shown.
func round6(v float64) float64 { return math.Round(v*1e6) / 1e6 }
