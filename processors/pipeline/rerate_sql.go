package pipeline

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"linesman/processors/rate"
	"linesman/schema"
)

// mostMoney is the greatest amount that the store takes, in millionths.
const mostMoney = 999_999_999_999_999_999

// plan is how rows of a key are rated: price times quantity by a divisor, and something for each.
// Quantity and divisor follow from the kind of the row.
type plan struct {
	id, reason  string
	price, plus schema.Money
	first, next uint32
}

// newPlan makes a plan of a price; nil is none. A price that may go beyond all amounts on the
// way, and come back, does not fit.
func newPlan(p *schema.Price) (of plan, fits bool) {
	switch {
	case p == nil:
		return plan{reason: rate.ReasonNoPrice, next: 1}, true
	case p.Bundle != "":
		return plan{id: p.PriceID, reason: rate.ReasonBundle, next: 1}, true
	}
	of = plan{id: p.PriceID, reason: rate.ReasonRated, price: p.Price, next: 1}
	switch p.Per {
	case rate.PerMinute:
		of.plus, of.first, of.next = p.Opening, p.FirstS, max(p.NextS, 1)
	case rate.PerMB, rate.PerSMS:
	default:
		amount, err := rate.Amount(p, &schema.Usage{})
		if err != nil {
			amount, of.reason = 0, rate.ReasonOutOfRange
		}
		of.price, of.plus = 0, amount
	}
	up, down := min(of.price, of.plus) >= 0, max(of.price, of.plus) <= 0
	return of, (up || down) && max(of.price, -of.price, of.plus, -of.plus) <= mostMoney
}

// by is an expression that tells which plan rates a row, and what it is for each of them.
type by struct {
	expr string
	is   func(plan int) string
}

// number is an expression for what the plan of a row says of something.
func (r *rerating) number(b by, of func(*plan) int64) string {
	plans, values, same := []string{}, []int64{}, true
	for i := range r.plans {
		plans, values = append(plans, b.is(i)), append(values, of(&r.plans[i]))
		same = same && values[i] == values[0]
	}
	if same {
		return fmt.Sprintf("toInt64(%d)", values[0])
	}
	return fmt.Sprintf("transform(%s, [%s], CAST([%s], 'Array(Int64)'), toInt64(0))", b.expr, strings.Join(plans, ", "), numbers(values))
}

// text is number for words.
func (r *rerating) text(b by, of func(*plan) string) string {
	plans, values := []string{}, []string{}
	for i := range r.plans {
		plans, values = append(plans, b.is(i)), append(values, of(&r.plans[i]))
	}
	return fmt.Sprintf("transform(%s, [%s], [%s], '')", b.expr, strings.Join(plans, ", "), quoted(values))
}

// sum is the amount of a row, in millionths, whether it is too much or not: price times quantity
// by a divisor, rounded half away from zero in 128 bits, and what is added. It is the same as
// schema.Money's MulDiv and rate.Amount.
func (r *rerating) sum(b by) string {
	first, next := r.number(b, func(p *plan) int64 { return int64(p.first) }), r.number(b, func(p *plan) int64 { return int64(p.next) })
	charged := "if(duration_s = 0, toInt64(0), " + first + " + intDiv(greatest(toInt64(duration_s) - " + first + ", toInt64(0)) + " + next + " - 1, " + next + ") * " + next + ")"
	quantity := fmt.Sprintf("multiIf(kind = '%s', %s, kind = '%s', toInt64(least(volume_bytes, %d)), toInt64(messages))", schema.KindCall, charged, schema.KindData, math.MaxInt64)
	half := fmt.Sprintf("multiIf(kind = '%s', 60, kind = '%s', 1000000, 1)", schema.KindCall, schema.KindData)
	sign := r.number(b, func(p *plan) int64 {
		if p.price < 0 {
			return -1
		}
		return 1
	})
	price, plus := r.number(b, func(p *plan) int64 { return int64(p.price) }), r.number(b, func(p *plan) int64 { return int64(p.plus) })
	return fmt.Sprintf("intDiv(toInt128(%s) * 2 * %s + %s * %s, toInt128(%[4]s * 2)) + %s", price, quantity, sign, half, plus)
}

// sumLimit is the condition on sums that are too much.
func sumLimit(sum string) string { return fmt.Sprintf("abs(%s) > %d", sum, mostMoney) }

// planned lists the keys and which plan each has.
func (r *rerating) planned() (keys []uint64, plans []int) {
	keys = slices.Sorted(maps.Keys(r.keys))
	for _, k := range keys {
		plans = append(plans, r.keys[k])
	}
	return keys, plans
}

// changed reads the rows of a span that the prices make other than they are.
func (r *rerating) changed(s *span) string {
	keys, plans := r.planned()
	b := by{"new_plan", strconv.Itoa}
	id, reason := r.text(b, func(p *plan) string { return p.id }), r.text(b, func(p *plan) string { return p.reason })
	return fmt.Sprintf(`FROM (
	SELECT line_id, unit_id, cost_centre, local_day, rated, price_id, rate_reason, new_plan, %s AS new_sum
	FROM (
		SELECT *, transform(%s, [%s], [%s], -1) AS new_plan FROM usage WHERE %s AND %s AND %s AND NOT %s
	)
	WHERE new_plan >= 0
)
WHERE if(%s, rated != 0 OR rate_reason != '%s', rated != reinterpret(toInt64(new_sum), 'Decimal(18, 6)') OR rate_reason != %s) OR price_id != %s`,
		r.sum(b), r.key(), numbers(keys), numbers(plans), s.where, r.from, priced, foreign, sumLimit("new_sum"), rate.ReasonOutOfRange, reason, id)
}

// marked begins what stands for a plan in rate_reason, where no reason begins so.
const marked = "#"

func marker(plan int) string { return "'" + marked + strconv.Itoa(plan) + "'" }

// update sets the columns of every row that is rated here. Of one that stays as it is they are set
// to what they are.
//
// It does so in three steps, of one reading. The first one puts the plan of each row into rate_reason, a
// column of symbols: what a plan says is then worked out once for each symbol and not for each row. The
// second one puts the sum into rated, or what is beyond every amount; the third one puts everything right.
// In one step the text of each would stand wherever it is used, and the engine took longer to
// understand that than to rate.
func (r *rerating) update() string {
	keys, plans := r.planned()
	marks := make([]string, len(plans))
	for i, p := range plans {
		marks[i] = marker(p)
	}
	b := by{"rate_reason", marker}
	id, reason := r.text(b, func(p *plan) string { return p.id }), r.text(b, func(p *plan) string { return p.reason })
	mark := fmt.Sprintf("UPDATE rate_reason = transform(%s, [%s], [%s], toString(rate_reason)) WHERE NOT deleted AND %s AND %s AND NOT %s", r.key(), numbers(keys), strings.Join(marks, ", "), r.from, priced, foreign)
	where := fmt.Sprintf("WHERE startsWith(rate_reason, '%s')", marked)
	// Not greatest and least: compiled, the engine gets those of 128 bits wrong (see docs/decisions/0019).
	sum := fmt.Sprintf("UPDATE rated = reinterpret(toInt64(if(%s, toInt128(%d), %s)), 'Decimal(18, 6)') %s", sumLimit(r.sum(b)), mostMoney+1, r.sum(b), where)
	over := sumLimit("reinterpretAsInt64(rated)")
	rated := fmt.Sprintf("if(%s, toDecimal64(0, 6), rated)", over)
	return mark + ", " + sum + fmt.Sprintf(", UPDATE rated = %s, cost = if(operator = '', %[1]s, cost), price_id = %s, rate_reason = if(%s, '%s', %s) %s", rated, id, over, rate.ReasonOutOfRange, reason, where)
}
