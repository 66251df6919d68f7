package demo

import (
	"strconv"
	"strings"
)

// micro is an amount in millionths of a krona. The generator keeps its own arithmetic, so
// that what it expects does not come from the code that is to be tested with it.
type micro int64

const krona micro = 1_000_000

func ore(n int64) micro { return micro(n) * (krona / 100) }

// decimal writes the amount with at least two decimals behind sep.
func (m micro) decimal(sep byte) string {
	sign := ""
	if m < 0 {
		sign, m = "-", -m
	}
	frac := strconv.FormatInt(int64(m%krona)+int64(krona), 10)[1:]
	return sign + strconv.FormatInt(int64(m/krona), 10) + string(sep) + frac[:2] + strings.TrimRight(frac[2:], "0")
}

// roundOre rounds half away from zero to hundredths.
func (m micro) roundOre() micro {
	if m < 0 {
		return -(-m).roundOre()
	}
	return (m + 5000) / 10000 * 10000
}

func (m micro) float() float64 { return float64(m) / float64(krona) }

// price is one row of the price book.
type price struct {
	operator, plan, service, class, country, zone, per string
	price, opening                                     micro
	first, next                                        int32
}

// book is one version of the price book.
type book struct {
	version string
	rows    []price
}

// cost rates a call of the organisation's own exchange: the row for its service and class,
// the row for its country before the one for any abroad.
func (b *book) cost(service, class, country string, seconds int32) micro {
	best, rank := -1, -1
	for i, p := range b.rows {
		if p.operator != "" || p.plan != "" || p.zone != "" || p.per == "MB" || p.per == "SMS" {
			continue
		}
		if p.service != service || (p.class != "" && p.class != class) {
			continue
		}
		n := 0
		switch p.country {
		case "":
		case "*":
			n++
		case country:
			n += 2
		default:
			continue
		}
		if p.class != "" {
			n += 4
		}
		if n > rank {
			best, rank = i, n
		}
	}
	if best < 0 {
		return 0
	}
	return b.rows[best].charge(seconds)
}

// charge is opening + price × billed time, rounded half up to a millionth.
func (p *price) charge(seconds int32) micro {
	if seconds == 0 {
		return 0
	}
	if p.per == "call" {
		return p.opening + p.price
	}
	billed := int64(max(p.first, 1))
	if next := int64(max(p.next, 1)); int64(seconds) > billed {
		billed += (int64(seconds) - billed + next - 1) / next * next
	}
	return p.opening + micro((int64(p.price)*billed+30)/60)
}

// newBook is the price book of a year. A third of the prices changed on 2026-01-01.
func newBook(version string) book {
	late := version != "2025"
	pick := func(a, b micro) micro {
		if late {
			return b
		}
		return a
	}
	minute := func(service, class, country, zone string, p, opening micro, first, next int32) price {
		return price{service: service, class: class, country: country, zone: zone, per: "minute", price: p, opening: opening, first: first, next: next}
	}
	call := func(service, class string, p micro) price {
		return price{service: service, class: class, per: "call", price: p}
	}
	unit := func(op, service, zone, per string, p micro) price {
		return price{operator: op, service: service, zone: zone, per: per, price: p}
	}
	rows := []price{
		call("voice_internal", "", 0), call("voice_in", "", 0), call("voice_out", "internal", 0),
		minute("voice_out", "fixed", "", "", pick(ore(12), ore(10)), pick(ore(15), ore(14)), 60, 1),
		minute("voice_out", "corporate", "", "", pick(ore(12), ore(10)), pick(ore(15), ore(14)), 60, 1),
		minute("voice_out", "mobile", "", "", pick(ore(45), ore(42)), pick(ore(25), ore(25)), 60, 1),
		minute("voice_out", "international", "NO", "", ore(95), ore(35), 30, 30),
		minute("voice_out", "international", "DK", "", ore(95), ore(35), 30, 30),
		minute("voice_out", "international", "FI", "", ore(110), ore(35), 30, 30),
		minute("voice_out", "international", "*", "", pick(ore(250), ore(290)), ore(50), 30, 30),
		minute("voice_out", "satellite", "", "", ore(4500), ore(1000), 60, 60),
		minute("voice_out", "directory", "", "", pick(ore(1490), ore(1690)), ore(990), 60, 60),
		minute("voice_out", "premium", "", "", ore(1990), ore(500), 60, 60),
		minute("premium", "", "", "", ore(1990), ore(500), 60, 60),
		minute("voice_out", "shared_cost", "", "", ore(25), ore(45), 60, 1),
		call("voice_out", "toll_free", 0), call("voice_out", "emergency", 0), call("voice_out", "short_code", 0),
		call("voice_forward", "internal", 0),
		minute("voice_forward", "fixed", "", "", pick(ore(12), ore(10)), pick(ore(15), ore(14)), 60, 1),
		minute("voice_forward", "corporate", "", "", pick(ore(12), ore(10)), pick(ore(15), ore(14)), 60, 1),
		minute("voice_forward", "mobile", "", "", pick(ore(60), ore(50)), pick(ore(30), ore(30)), 60, 1),
		minute("voice_forward", "international", "*", "", ore(290), ore(50), 30, 30),
		minute("voice_out", "", "", "eea", pick(ore(40), ore(35)), 0, 30, 1),
		minute("voice_out", "", "", "world", ore(1200), ore(100), 60, 60),
		call("voice_in_roaming", "", 0),
		minute("voice_in_roaming", "", "", "world", ore(550), 0, 60, 60),
		unit("", "sms", "home", "SMS", pick(ore(35), ore(30))), unit("Fjordtel", "sms", "home", "SMS", ore(29)),
		unit("", "sms", "eea", "SMS", ore(35)), unit("", "sms", "world", "SMS", ore(250)),
		unit("", "mms", "", "SMS", ore(90)),
		unit("", "data", "home", "MB", 0), unit("", "data", "eea", "MB", 0), unit("", "data", "world", "MB", pick(ore(95), ore(85))),
	}
	for _, op := range []operator{norrTele, fjordTel} {
		rows = append(rows, operatorRows(op.String())...)
	}
	return book{version: version, rows: rows}
}

// operatorRows is the contract with an operator: the plan Bas is paid by use, Fri is not.
func operatorRows(op string) []price {
	var rows []price
	for _, plan := range [2]string{"Bas", "Fri"} {
		row := func(per, service, class, zone string, p, opening micro, first, next int32) {
			rows = append(rows, price{operator: op, plan: plan, service: service, class: class, zone: zone, per: per, price: p, opening: opening, first: first, next: next})
		}
		fee, minute, opening, text := ore(8900), ore(39), ore(29), ore(29)
		if plan == "Fri" {
			fee, minute, opening, text = ore(14900), 0, 0, 0
		}
		row("month", "subscription", "", "", fee, 0, 0, 0)
		row("minute", "voice_out", "", "", minute, opening, 60, 1)
		row("minute", "voice_out", "international", "", minute, opening, 60, 1)
		row("minute", "voice_out", "directory", "", ore(1490), ore(990), 0, 0)
		row("minute", "voice_out", "premium", "", ore(500), ore(990), 0, 0)
		row("minute", "premium", "", "", ore(500), ore(990), 0, 0)
		row("minute", "voice_out", "", "eea", 0, 0, 0, 0)
		row("minute", "voice_out", "", "world", ore(500), 0, 0, 0)
		row("minute", "voice_in_roaming", "", "eea", 0, 0, 0, 0)
		row("minute", "voice_in_roaming", "", "world", ore(500), 0, 0, 0)
		for _, zone := range [3]string{"", "home", "eea"} {
			row("SMS", "sms", "", zone, map[bool]micro{true: 0, false: text}[zone == "eea"], 0, 0, 0)
		}
		row("SMS", "sms", "", "world", 0, 0, 0, 0)
		row("SMS", "mms", "", "", text, 0, 0, 0)
		row("MB", "data", "", "", 0, 0, 0, 0)
		row("MB", "data", "", "eea", 0, 0, 0, 0)
		row("MB", "data", "", "world", ore(95), 0, 0, 0)
	}
	return rows
}

// bookOf is the price book in force in a month.
func (r *region) bookOf(m int) *book {
	if r.months[m].year > 2025 {
		return &r.book[1]
	}
	return &r.book[0]
}
