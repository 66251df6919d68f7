package allocate

import (
	"context"
	"fmt"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"linesman/processors/store"
	"linesman/schema"
)

// loader reads what a month is made of.
type loader struct {
	store       Store
	month, next schema.Day
	from, to    schema.Time // the moments that may lie in the month in some zone
	held        extensions
	permits     permits
	rates       []rate
	spans       []span
	notices     []Notice
}

// settings make the answer independent of the connection. Parts of different months never hold
// versions of the same event, so they need not be merged with each other.
const settings = "\nSETTINGS final = 1, do_not_merge_across_partitions_select_final = 1"

// long lets a query be long: a region may have a rule for each of its lines. It goes with the query
// and not into it: the engine would have to read the text to learn how much of it it may read.
func long() clickhouse.Settings {
	return clickhouse.Settings{"max_query_size": 64 << 20, "max_ast_elements": 5_000_000, "max_expanded_ast_elements": 5_000_000}
}

func (l *loader) each(ctx context.Context, sql string, scan func(driver.Rows) error) error {
	rows, err := l.store.Query(clickhouse.Context(ctx, clickhouse.WithSettings(long())), sql+settings)
	if err != nil {
		return err
	}
	return store.EachRow(rows, scan)
}

// loadRules reads the rules and finds those that hold in the month.
func (l *loader) loadRules(ctx context.Context) error {
	var rows []schema.AllocationRule
	err := l.each(ctx, `SELECT rule_id, target, priority, toString(how), line_id, toString(unit_id), toString(cost_centre), toString(operator), toString(service), toString(device),
    toString(line_kind), toString(role), toString(to_cost_centre), toString(to_unit), toString(to_project), toString(to_activity), reinterpretAsInt64(share),
    toUnixTimestamp64Milli(valid_from), toUnixTimestamp64Milli(valid_to)
FROM allocation_rules WHERE valid_from < `+moment(l.to), func(r driver.Rows) error {
		var a schema.AllocationRule
		var share, from, to int64
		if err := r.Scan(&a.RuleID, &a.Target, &a.Priority, &a.How, &a.LineID, &a.UnitID, &a.CostCentre, &a.Operator, &a.Service, &a.Device,
			&a.LineKind, &a.Role, &a.ToCostCentre, &a.ToUnit, &a.ToProject, &a.ToActivity, &share, &from, &to); err != nil {
			return err
		}
		a.Share, a.ValidFrom, a.ValidTo = schema.Money(share), schema.Time(from), schema.Time(to)
		rows = append(rows, a)
		return nil
	})
	if err != nil {
		return fmt.Errorf("allocating %s: reading the rules: %w", l.month, err)
	}
	l.spans, l.notices = spansOf(rows, l.from, l.to)
	return nil
}

// far is when what holds until further notice ends.
const far = schema.LastTime

func ends(t int64) schema.Time {
	if t == 0 {
		return far
	}
	return schema.Time(t)
}

// loadExtensions reads which line had which extension. A statement ends where the next one about
// the same line, or about the same extension, begins.
func (l *loader) loadExtensions(ctx context.Context) error {
	const end = "if(valid_to = toDateTime64(0, 3, 'UTC'), toDateTime64('2299-12-30 00:00:00', 3, 'UTC'), valid_to)"
	next := func(of string) string {
		return "leadInFrame(valid_from, 1, toDateTime64('2299-12-30 00:00:00', 3, 'UTC')) OVER (PARTITION BY " + of + " ORDER BY valid_from, rank ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)"
	}
	l.held = extensions{}
	return l.each(ctx, "SELECT alias_id, line_id, toUnixTimestamp64Milli(since), toUnixTimestamp64Milli(until) FROM (\n"+
		"    SELECT alias_id, line_id, valid_from AS since, least("+end+", "+next("line_id")+", "+next("alias_id")+") AS until FROM lines\n"+
		") WHERE alias_id != '' AND since < until AND since < "+moment(l.to)+" AND until > "+moment(l.from)+" ORDER BY alias_id, since, line_id", func(r driver.Rows) error {
		var alias, line string
		var since, until int64
		if err := r.Scan(&alias, &line, &since, &until); err != nil {
			return err
		}
		l.held[alias] = append(l.held[alias], held{line, schema.Time(since), schema.Time(until)})
		return nil
	})
}

// permit is when private use is settled; until is exclusive.
type permit struct{ since, until schema.Time }

// permits are approvals of kind private: for a line, or for every line of a unit.
type permits struct{ lines, units map[string][]permit }

// cover tells whether private use of a line that a unit held is settled by an approval.
func (p permits) cover(line, unit string, at schema.Time) bool {
	for _, list := range [2][]permit{p.lines[line], p.units[unit]} {
		for _, x := range list {
			if x.since <= at && at < x.until {
				return true
			}
		}
	}
	return false
}

// loadPermits reads approvals as the rules of policies do: one for a line may name its extension,
// and one without a line is for the unit that held the line when it was used.
func (l *loader) loadPermits(ctx context.Context) error {
	l.permits = permits{map[string][]permit{}, map[string][]permit{}}
	return l.each(ctx, "SELECT line_id, toString(unit_id), toUnixTimestamp64Milli(valid_from), toUnixTimestamp64Milli(valid_to) FROM approvals WHERE kind = 'private' AND valid_from < "+moment(l.to), func(r driver.Rows) error {
		var line, unit string
		var since, until int64
		if err := r.Scan(&line, &unit, &since, &until); err != nil {
			return err
		}
		p := permit{schema.Time(since), ends(until)}
		if line == "" {
			if unit != "" {
				l.permits.units[unit] = append(l.permits.units[unit], p)
			}
			return nil
		}
		l.permits.lines[line] = append(l.permits.lines[line], p)
		for _, h := range l.held[line] {
			l.permits.lines[h.line] = append(l.permits.lines[h.line], permit{max(p.since, h.since), min(p.until, h.until)})
		}
		return nil
	})
}

// rate is what a currency was worth in a time; to is exclusive.
type rate struct {
	currency string
	worth    schema.Money
	from, to schema.Time
}

// loadRates reads what currencies were worth, the latest first: of several in force the one that
// began last holds, as for what was charged.
func (l *loader) loadRates(ctx context.Context) error {
	return l.each(ctx, `SELECT toString(currency), reinterpretAsInt64(rate), toUnixTimestamp64Milli(valid_from), toUnixTimestamp64Milli(valid_to)
FROM exchange_rates WHERE valid_from < `+moment(l.to)+` ORDER BY currency, valid_from DESC`, func(r driver.Rows) error {
		var x rate
		var worth, from, to int64
		if err := r.Scan(&x.currency, &worth, &from, &to); err != nil {
			return err
		}
		x.worth, x.from, x.to = schema.Money(worth), schema.Time(from), ends(to)
		l.rates = append(l.rates, x)
		return nil
	})
}

// worthSQL writes what one unit of a record's currency was worth, in millionths; 0: nobody stated it.
func (l *loader) worthSQL() string {
	var b strings.Builder
	b.WriteString("multiIf(currency IN ('', 'SEK'), toInt64(1000000),")
	for _, x := range l.rates {
		if x.to > l.from {
			fmt.Fprintf(&b, " currency = %s AND occurred_at >= %s AND occurred_at < %s, toInt64(%d),", quote(x.currency), moment(x.from), moment(x.to), x.worth)
		}
	}
	b.WriteString(" toInt64(0))")
	return b.String()
}

// use is a row of the answer: records that are alike, or those of one moment where the holder may
// have to repay them.
type use struct {
	sums
	span                        int
	centre, unit, kind, service string
	operator                    string
	private                     bool // private and not for nothing
	holder, line                string
	at                          schema.Time
	noRate                      uint64 // records charged in a currency without a rate
	lacking                     string // currency in which VAT could not be told
}

// usageSQL asks for the month's usage. VAT becomes kronor record by record, rounded half away from
// zero to a millionth, as the charged amount does when it becomes a cost; what would be beyond
// the range of an amount counts 0 there, and here.
func (l *loader) usageSQL(and string) string {
	return "SELECT span, toString(cost_centre), toString(unit_id), toString(kind), toString(service), toString(operator), own, who, whose, moment, lacking,\n" +
		"    count(), toInt64(sum(cost) * 1000000), toInt64(sum(if(abs(tax) > 999999999999999999, toInt128(0), tax))), countIf(rate_reason = 'no_exchange_rate')\n" +
		"FROM (\n    SELECT cost_centre, unit_id, kind, service, operator, cost, rate_reason,\n        toBool(private AND cost != 0) AS own, if(own, holder, '') AS who, if(who != '', line_id, '') AS whose,\n" +
		"        if(who != '', toUnixTimestamp64Milli(occurred_at), 0) AS moment,\n" +
		"        " + l.worthSQL() + " AS worth,\n        if(operator = '', toInt128(0), toInt128(toDecimal128(vat, 6) * 1000000)) AS micro,\n" +
		"        sign(micro) * intDiv(abs(micro) * worth + 500000, toInt128(1000000)) AS tax,\n        if(micro != 0 AND worth = 0, toString(currency), '') AS lacking,\n" +
		"        " + ruleSQL(l.spans, l.from, l.to, l.held) + " AS span\n    FROM usage\n    WHERE " + l.whereSQL() + and + "\n)\nGROUP BY ALL"
}

// whereSQL selects the usage of the month.
func (l *loader) whereSQL() string {
	return fmt.Sprintf("local_day >= toDate32('%s') AND local_day < toDate32('%s') AND occurred_at >= %s AND occurred_at < %s", l.month, l.next, moment(l.from), moment(l.to))
}

func (l *loader) eachUse(ctx context.Context, sql string, take func(use)) error {
	return l.each(ctx, sql, func(r driver.Rows) error {
		var u use
		var span uint32
		var at, cost, vat int64
		if err := r.Scan(&span, &u.centre, &u.unit, &u.kind, &u.service, &u.operator, &u.private, &u.holder, &u.line, &at, &u.lacking, &u.records, &cost, &vat, &u.noRate); err != nil {
			return err
		}
		u.span, u.at, u.cost, u.vat = int(span), schema.Time(at), schema.Money(cost), schema.Money(vat)
		take(u)
		return nil
	})
}
