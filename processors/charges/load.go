package charges

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"linesman/processors/rate"
	"linesman/schema"
)

// Merged returns a context in which tables are read as merged, and in which a query may be as long
// as price books make it: the engine's limits on that are of people's queries, and a query cannot
// lift them in its own text.
func Merged(ctx context.Context) context.Context {
	return clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"final": 1, "do_not_merge_across_partitions_select_final": 1,
		"max_query_size": 16 << 20, "max_ast_elements": 1_000_000, "max_expanded_ast_elements": 1_000_000}))
}

// each calls scan with every row of a query over tables as merged.
func each(ctx context.Context, store Store, what, sql string, scan func(driver.Rows) error, args ...any) error {
	rows, err := store.Query(Merged(ctx), sql, args...)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

func moment(name string, t schema.Time) any { return clickhouse.Named(name, int64(t)) }

// LoadTariff reads every price and exchange rate.
func LoadTariff(ctx context.Context, store Store) (*Tariff, error) {
	prices, err := LoadPrices(ctx, store)
	if err != nil {
		return nil, err
	}
	rates, err := LoadRates(ctx, store)
	if err != nil {
		return nil, err
	}
	return NewTariff(prices, rates), nil
}

// LoadPrices reads every price that was ever stated.
func LoadPrices(ctx context.Context, store Store) ([]schema.Price, error) {
	var prices []schema.Price
	err := each(ctx, store, "reading price books", `SELECT toString(price_id), toString(book), toString(book_version), toString(operator), toString(plan), toString(service), toString(other_class), toString(other_country),
    toString(zone), toString(per), reinterpretAsInt64(price), reinterpretAsInt64(opening), first_s, next_s, toString(currency), toUnixTimestamp64Milli(valid_from), toUnixTimestamp64Milli(valid_to),
    toString(weekdays), toString(hours), toString(visited), toString(bundle), included, toString(pool), prorated, log_offset, rank
FROM prices ORDER BY price_id, valid_from`, func(rows driver.Rows) error {
		var p schema.Price
		var price, opening, from, to int64
		if err := rows.Scan(&p.PriceID, &p.Book, &p.BookVersion, &p.Operator, &p.Plan, &p.Service, &p.OtherClass, &p.OtherCountry, &p.Zone, &p.Per, &price, &opening, &p.FirstS, &p.NextS, &p.Currency, &from, &to,
			&p.Weekdays, &p.Hours, &p.Visited, &p.Bundle, &p.Included, &p.Pool, &p.Prorated, &p.Offset, &p.Rank); err != nil {
			return err
		}
		p.Price, p.Opening, p.ValidFrom, p.ValidTo = schema.Money(price), schema.Money(opening), schema.Time(from), schema.Time(to)
		prices = append(prices, p)
		return nil
	})
	return prices, err
}

// LoadRates reads every exchange rate that was ever stated.
func LoadRates(ctx context.Context, store Store) ([]schema.ExchangeRate, error) {
	var rates []schema.ExchangeRate
	err := each(ctx, store, "reading exchange rates", `SELECT toString(currency), reinterpretAsInt64(rate), toUnixTimestamp64Milli(valid_from), toUnixTimestamp64Milli(valid_to), log_offset, rank FROM exchange_rates ORDER BY currency, valid_from`, func(rows driver.Rows) error {
		var r schema.ExchangeRate
		var value, from, to int64
		if err := rows.Scan(&r.Currency, &value, &from, &to, &r.Offset, &r.Rank); err != nil {
			return err
		}
		r.Rate, r.ValidFrom, r.ValidTo = schema.Money(value), schema.Time(from), schema.Time(to)
		rates = append(rates, r)
		return nil
	})
	return rates, err
}

// group is the sum of a line's records that come under the same prices.
type group struct {
	use                                use
	bundled                            bool
	records, duration, bytes, messages uint64
	charged                            int64 // seconds after increments, of what draws minutes from a bundle
	rated                              schema.Money
}

// quantity is what the group draws from a bundle under its price.
func (g *group) quantity(p *schema.Price) int64 {
	switch p.Per {
	case rate.PerMinute:
		return g.charged
	case rate.PerMB:
		return int64(min(g.bytes, math.MaxInt64))
	case rate.PerSMS:
		return int64(min(g.messages, math.MaxInt64))
	}
	return int64(min(g.records, math.MaxInt64))
}

// selectors is the SQL of what the rows of a month can depend on. A dimension that no row names
// is left out: it would only make more groups.
func (t *Tariff) selectors() string {
	dimension := func(column string, named func(p *schema.Price) bool) string {
		for _, rows := range [][]schema.Price{t.percents, t.bundles, t.fair} {
			if slices.ContainsFunc(rows, func(p schema.Price) bool { return named(&p) }) {
				return "toString(" + column + ")"
			}
		}
		return "''"
	}
	return dimension("other_class", func(p *schema.Price) bool { return p.OtherClass != "" }) + " AS s_class, " +
		dimension("other_country", func(p *schema.Price) bool { return p.OtherCountry != "" }) + " AS s_country, " +
		dimension("visited_country", func(p *schema.Price) bool { return p.Visited != "" }) + " AS s_visited"
}

// segments are the moments within a month at which a row begins or ends: what holds changes
// there. The first is the beginning of the month.
func (t *Tariff) segments(s span) []schema.Time {
	out := []schema.Time{s.from}
	for _, e := range t.edges {
		if e > s.from && e < s.to() {
			out = append(out, e)
		}
	}
	return out
}

const usageOf = "local_day BETWEEN {first:Date32} AND {last:Date32} AND occurred_at >= fromUnixTimestamp64Milli({from:Int64}) AND occurred_at < fromUnixTimestamp64Milli({to:Int64}) AND kind != 'fee'"

const dayMS = 86_400_000

// usageArgs bounds usage to a month. The rows are of their local day; the days around it are
// only what their partitions are found by.
func usageArgs(s span) []any {
	return []any{clickhouse.Named("first", s.first.String()), clickhouse.Named("last", (s.first + schema.Day(s.days) - 1).String()),
		moment("from", s.from-dayMS), moment("to", s.to()+dayMS)}
}

// text quotes a text for SQL.
func text(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

// drew is how a record that draws from a bundle was rated: the word for it, or one that tells why
// what the operator charged for it is worth nothing.
const drew = "rate_reason IN ('" + reasonBundle + "', '" + rate.ReasonNoExchangeRate + "', '" + rate.ReasonOutOfRange + "')"

// near tells whether a row was in force in a month or on the days around it. Rows of other times
// rated none of its records: named, they would only make queries longer with every version.
func (s span) near(p *schema.Price) bool {
	return p.ValidFrom < s.to()+dayMS && (p.ValidTo == 0 || p.ValidTo > s.from-dayMS)
}

// bundledSQL tells whether a record of a month draws from a bundle.
func (t *Tariff) bundledSQL(s span) string {
	with := map[string]bool{}
	for id, rows := range t.uses {
		if slices.ContainsFunc(rows, func(p schema.Price) bool { return p.Bundle != "" && s.near(&p) }) {
			with[id] = true
		}
	}
	if len(with) == 0 {
		return "rate_reason = '" + reasonBundle + "'"
	}
	return "(rate_reason = '" + reasonBundle + "' OR " + drew + " AND price_id IN (" + named(with) + "))"
}

// chargedSQL is the seconds that a record of a month is charged: increments are those of the price that
// rated it, as in rate.ChargedSeconds. Where prices of the bundle hold at some hours only, a call
// may reach into the increments of another: then it is the most that it can be, and the records
// tell.
func (t *Tariff) chargedSQL(s span) string {
	var cases []string
	for _, id := range slices.Sorted(maps.Keys(t.uses)) {
		for _, p := range t.uses[id] { // the latest begun first
			if p.Bundle == "" || p.Per != rate.PerMinute || !s.near(&p) {
				continue
			}
			next, to, most := int64(max(p.NextS, 1)), p.ValidTo, int64(0)
			if to == 0 {
				to = math.MaxInt64
			}
			if t.hours[p.Bundle] {
				most = t.longest(p.Bundle)
			}
			cases = append(cases, fmt.Sprintf("price_id = %s AND toUnixTimestamp64Milli(occurred_at) >= %d AND toUnixTimestamp64Milli(occurred_at) < %d, if(duration_s = 0, 0, if(duration_s <= %d, %d, %d + intDiv(toInt64(duration_s) - %d + %d, %d) * %d)) + %d",
				text(id), p.ValidFrom, to, p.FirstS, p.FirstS, p.FirstS, p.FirstS, next-1, next, next, most))
		}
	}
	if len(cases) == 0 {
		return "toInt64(duration_s)"
	}
	return "toInt64(multiIf(" + strings.Join(cases, ", ") + ", duration_s))"
}

// longest is the longest increment of a bundle's prices.
func (t *Tariff) longest(bundle string) int64 {
	most := uint32(0)
	for _, rows := range t.uses {
		for i := range rows {
			if rows[i].Bundle == bundle {
				most = max(most, rows[i].FirstS, rows[i].NextS)
			}
		}
	}
	return int64(most)
}

// loadGroups reads the sums of a month.
func loadGroups(ctx context.Context, store Store, s span, t *Tariff) ([]group, error) {
	segments := t.segments(s)
	marks := make([]string, 0, len(segments))
	for _, e := range segments[1:] {
		marks = append(marks, fmt.Sprintf("toUInt8(toUnixTimestamp64Milli(occurred_at) >= %d)", e))
	}
	segment := "0"
	if len(marks) > 0 {
		segment = strings.Join(marks, " + ")
	}
	bundled := t.bundledSQL(s)
	sql := `SELECT line_id, toString(unit_id), toString(cost_centre), toString(if(operator != '', operator, line_operator)) AS s_operator, toString(plan), toString(service), toString(roaming_zone),
    ` + t.selectors() + `, toString(price_id), toUInt8(` + bundled + `) AS s_bundled, toInt64(` + segment + `) AS s_segment,
    count(), sum(duration_s), sum(least(volume_bytes, ` + fmt.Sprint(maxVolume) + `)), sum(toUInt64(messages)), toInt64(sum(if(` + bundled + `, ` + t.chargedSQL(s) + `, 0))), sum(reinterpretAsInt64(rated))
FROM usage WHERE ` + usageOf + `
GROUP BY line_id, unit_id, cost_centre, s_operator, plan, service, roaming_zone, s_class, s_country, s_visited, price_id, s_bundled, s_segment
ORDER BY line_id, s_operator, plan, service, price_id, s_bundled, s_segment, unit_id, cost_centre, roaming_zone, s_class, s_country, s_visited`
	var out []group
	err := each(ctx, store, "adding up usage", sql, func(rows driver.Rows) error {
		var g group
		var bundled uint8
		var segment, rated int64
		u := &g.use
		if err := rows.Scan(&u.line, &u.unit, &u.centre, &u.operator, &u.plan, &u.service, &u.zone, &u.class, &u.country, &u.visited, &u.price, &bundled, &segment, &g.records, &g.duration, &g.bytes, &g.messages, &g.charged, &rated); err != nil {
			return err
		}
		g.bundled, g.rated, u.at = bundled != 0, schema.Money(rated), segments[segment]
		out = append(out, g)
		return nil
	}, usageArgs(s)...)
	return out, err
}

// quantity is what a record draws from a bundle under a price that holds at all hours.
func quantity(p *schema.Price, r *schema.Usage) int64 {
	switch p.Per {
	case rate.PerMinute:
		return rate.ChargedSeconds(r.DurationS, p.FirstS, p.NextS)
	case rate.PerMB:
		return int64(min(r.VolumeBytes, maxVolume))
	case rate.PerSMS:
		return int64(r.Messages)
	}
	return 1
}

// wanted says which records are read: those of some prices and some lines.
type wanted struct {
	prices, lines map[string]bool
	every         bool // whatever the line
}

// manyLines is how many lines a query names; of more, every line's records are read.
const manyLines = 10_000

// eachRecord calls do with the month's records that draw from bundles, in order of time; of
// records at the same moment the event id decides.
func eachRecord(ctx context.Context, store Store, s span, want wanted, do func(*use, *schema.Usage) error) error {
	where := usageOf + " AND price_id IN (" + named(want.prices) + ") AND " + drew
	if !want.every && len(want.lines) <= manyLines {
		where += " AND line_id IN (" + named(want.lines) + ")"
	}
	sql := `SELECT event_id, toUnixTimestamp64Milli(occurred_at), toInt32(local_day), toString(kind), line_id, toString(unit_id), toString(cost_centre), toString(operator), toString(line_operator), toString(plan), toString(service),
    toString(roaming_zone), toString(other_class), toString(other_country), toString(visited_country), toString(price_id), duration_s, volume_bytes, messages, answered, toString(zone)
FROM usage WHERE ` + where + `
ORDER BY occurred_at, event_id`
	return each(ctx, store, "reading usage beyond bundles", sql, func(rows driver.Rows) error {
		var r schema.Usage
		var id string
		var at int64
		var day int32
		if err := rows.Scan(&id, &at, &day, &r.Kind, &r.Line, &r.UnitID, &r.CostCentre, &r.Operator, &r.Subscription, &r.Plan, &r.Service, &r.RoamingZone, &r.Class, &r.OtherCountry, &r.VisitedCtry, &r.PriceID, &r.DurationS, &r.VolumeBytes, &r.Messages, &r.Answered, &r.Zone); err != nil {
			return err
		}
		copy(r.EventID[:], id)
		r.OccurredAt, r.LocalDay = schema.Time(at), schema.Day(day)
		u := useOf(&r)
		return do(&u, &r)
	}, usageArgs(s)...)
}

func named(set map[string]bool) string {
	var out []string
	for _, s := range slices.Sorted(maps.Keys(set)) {
		out = append(out, text(s))
	}
	return strings.Join(out, ", ")
}
