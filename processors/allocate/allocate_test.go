package allocate

import (
	"errors"
	"strings"
	"testing"

	"linesman/processors/covered"
	"linesman/schema"
)

// scene is a small world and what it comes to.
type scene struct {
	name    string
	make    func(w *world)
	want    string // postings, see say
	notices string // their codes
}

func cost(t testing.TB, when, amount string) schema.Usage {
	return schema.Usage{OccurredAt: at(t, when), Cost: money(t, amount)}
}

func billed(t testing.TB, when, amount, vat string) schema.Usage {
	u := cost(t, when, amount)
	u.Operator, u.Charged, u.VAT = "Norrtele", u.Cost, money(t, vat)
	return u
}

func run(t *testing.T, scenes []scene) {
	w := open(t)
	for _, s := range scenes {
		t.Run(s.name, func(t *testing.T) {
			w.t = t
			w.clear()
			s.make(w)
			r := w.month()
			if got := say(r); got != s.want {
				t.Errorf("postings\n%s\nwant\n%s", got, s.want)
			}
			if got := codes(r); got != s.notices {
				t.Errorf("notices %q, want %q", got, s.notices)
			}
		})
	}
}

const noon = "2026-03-10 12:00"

func TestWays(t *testing.T) {
	run(t, []scene{
		{"nothing happened", func(*world) {}, "", ""},
		{"no rule: the holder, as of each moment", func(w *world) {
			a, b := billed(t, "2026-03-09 12:00", "10.25", "2.5625"), billed(t, noon, "1", "0.25")
			b.UnitID, b.CostCentre = "V", "200" // the line moved in mid-month
			own := cost(t, noon, "0.123456")
			w.use(a, b, own)
		}, "100/U - 1 0.123456+0.00\n100/U - 1 10.25+2.5625\n200/V - 1 1.00+0.25", ""},
		{"jabber on the region", func(w *world) {
			w.rule(schema.AllocationRule{RuleID: "JABBER", Device: "jabber", ToCostCentre: "REGION"})
			for _, device := range []string{"jabber_desktop", "jabber_iphone", "jabber_android", "jabber_tablet", "jabber", "mobile", "desk_phone", "softjabber", ""} {
				u := cost(t, noon, "2")
				u.Device = device
				w.use(u)
			}
		}, "100/U - 4 8.00+0.00\nREGION JABBER 5 10.00+0.00", ""},
		{"a key, with a credit and VAT, to the millionth", func(w *world) {
			for i, share := range []string{"2", "1", "0.000001"} {
				w.rule(schema.AllocationRule{RuleID: "K", Target: uint32(i + 1), How: schema.AllocateKey, Share: money(t, share), ToCostCentre: []string{"201", "202", "203"}[i], ToProject: "P", ToActivity: "A"})
			}
			w.use(billed(t, noon, "-10", "-2.5"), billed(t, noon, "0.000001", "0"))
		}, "201//P/A K 2 -6.666664+-1.666666\n202//P/A K 0 -3.333332+-0.833333\n203//P/A K 0 -0.000003+-0.000001", ""},
		{"equal parts: the first takes what is left", func(w *world) {
			for i, centre := range []string{"201", "", "203"} {
				w.rule(schema.AllocationRule{RuleID: "E", Target: uint32(i + 1), How: schema.AllocateEqual, ToCostCentre: centre})
			}
			w.use(cost(t, noon, "0.00001"))
		}, "100/U E 0 0.000003+0.00\n201 E 1 0.000004+0.00\n203 E 0 0.000003+0.00", ""},
		{"by usage, those of the rule and fees left out", func(w *world) {
			for i, centre := range []string{"201", "202", "203"} {
				w.rule(schema.AllocationRule{RuleID: "USE", Target: uint32(i + 1), How: schema.AllocateUsage, Role: "shared", ToCostCentre: centre})
			}
			shared := cost(t, noon, "12")
			shared.Role, shared.CostCentre = "shared", "203" // 203 used nothing but the shared line
			w.use(shared)
			for i, kind := range []string{"call", "sms", "data", "fee", "call"} {
				u := cost(t, noon, "0")
				u.Kind, u.CostCentre = kind, "201"
				if i == 4 {
					u.CostCentre = "202"
				}
				w.use(u)
			}
		}, "201 USE 1 9.00+0.00\n201/U - 1 0.00+0.00\n201/U - 1 0.00+0.00\n201/U - 1 0.00+0.00\n201/U - 1 0.00+0.00\n202 USE 0 3.00+0.00\n202/U - 1 0.00+0.00", ""},
		{"nobody used anything: the holder", func(w *world) {
			w.rule(schema.AllocationRule{RuleID: "USE", How: schema.AllocateUsage, ToCostCentre: "201"})
			w.use(cost(t, noon, "12"))
		}, "100/U - 1 12.00+0.00", "shares"},
		{"shares of zero, and a way that is not known: the holder", func(w *world) {
			w.rule(schema.AllocationRule{RuleID: "K", How: schema.AllocateKey, Service: "sms", ToCostCentre: "201"})
			w.rule(schema.AllocationRule{RuleID: "W", How: "wish", Service: "data", ToCostCentre: "201"})
			a, b := cost(t, noon, "1"), cost(t, noon, "2")
			a.Service, b.Service = "sms", "data"
			w.use(a, b)
		}, "100/U - 1 2.00+0.00\n100/U - 1 1.00+0.00", "how shares"},
		{"one target of several of a rule to; rows that disagree", func(w *world) {
			w.rule(schema.AllocationRule{RuleID: "T", Target: 1, ToCostCentre: "201"})
			w.rule(schema.AllocationRule{RuleID: "T", Target: 2, ToCostCentre: "202", Service: "sms"})
			w.use(cost(t, noon, "1"))
		}, "201 T 1 1.00+0.00", "mixed targets"},
		{"units: named, staying with the cost centre, and none", func(w *world) {
			w.rule(schema.AllocationRule{RuleID: "A", Service: "sms", ToCostCentre: "100", ToProject: "P"})
			w.rule(schema.AllocationRule{RuleID: "B", Service: "mms", ToUnit: "W"})
			w.rule(schema.AllocationRule{RuleID: "C", Service: "data", ToCostCentre: "300"})
			w.rule(schema.AllocationRule{RuleID: "D", Service: "premium"}) // says that the holder bears it
			for _, s := range []string{"sms", "mms", "data", "premium"} {
				u := cost(t, noon, "1")
				u.Service = s
				w.use(u)
			}
		}, "100/U D 1 1.00+0.00\n100/U/P A 1 1.00+0.00\n100/W B 1 1.00+0.00\n300 C 1 1.00+0.00", ""},
		{"nobody's line", func(w *world) {
			w.use(cost(t, noon, "5"))
			w.exec("ALTER TABLE usage UPDATE cost_centre = '', unit_id = '' WHERE 1 SETTINGS mutations_sync = 2")
		}, " - 1 5.00+0.00", "no_centre"},
		{"shares and exchange rates up to what a decimal holds", func(w *world) {
			for i, share := range []string{"30000000", "999999999999.999999", "10000000"} {
				w.rule(schema.AllocationRule{RuleID: "K", Target: uint32(i + 1), How: schema.AllocateKey, Service: "sms", Share: money(t, share), ToCostCentre: []string{"201", "202", "203"}[i]})
			}
			for i, share := range []string{"30000000", "10000000"} {
				w.rule(schema.AllocationRule{RuleID: "L", Target: uint32(i + 1), How: schema.AllocateKey, Service: "mms", Share: money(t, share), ToCostCentre: []string{"301", "302"}[i]})
			}
			a, b := billed(t, noon, "100", "0"), billed(t, noon, "100", "2")
			a.Service, b.Service, b.Currency = "sms", "mms", "XAU"
			put(w, schema.ExchangeRateTable(), schema.ExchangeRate{Currency: "XAU", Rate: money(t, "10000000"), ValidFrom: at(t, "2026-01-01")})
			w.use(a, b)
		}, "201 K 1 0.003+0.00\n202 K 0 99.996+0.00\n203 K 0 0.001+0.00\n301 L 1 75.00+15000000.00\n302 L 0 25.00+5000000.00", ""},
		{"what is quoted stays a text", func(w *world) {
			w.rule(schema.AllocationRule{RuleID: `R'\`, UnitID: `U'\' OR 1`, ToCostCentre: `9'\`})
			u := cost(t, noon, "1")
			u.UnitID = `U'\' OR 1`
			w.use(u, cost(t, noon, "2"))
		}, "100/U - 1 2.00+0.00\n9'\\ R'\\ 1 1.00+0.00", ""},
	})
}

// Each condition takes what it names and leaves its near miss.
func TestConditions(t *testing.T) {
	w := open(t)
	hit := func(set func(*schema.AllocationRule), is, not func(*schema.Usage)) {
		t.Helper()
		w.clear()
		r := schema.AllocationRule{RuleID: "R", ToCostCentre: "T"}
		set(&r)
		w.rule(r)
		a, b := billed(t, noon, "1", "0"), billed(t, noon, "2", "0")
		is(&a)
		not(&b)
		w.use(a, b)
		if got := say(w.month()); !strings.Contains(got, "T R 1 1.00+0.00") || !strings.Contains(got, " - 1 2.00+0.00") {
			t.Errorf("%+v: %s", r, got)
		}
	}
	none := func(*schema.Usage) {}
	hit(func(r *schema.AllocationRule) { r.LineID = "LA" }, none, func(u *schema.Usage) { u.Line = "LB" })
	hit(func(r *schema.AllocationRule) { r.UnitID = "U" }, none, func(u *schema.Usage) { u.UnitID = "U2" })
	hit(func(r *schema.AllocationRule) { r.CostCentre = "100" }, none, func(u *schema.Usage) { u.CostCentre = "1000" })
	hit(func(r *schema.AllocationRule) { r.Operator = "Norrtele" }, none, func(u *schema.Usage) { u.Operator = "Syd" })
	hit(func(r *schema.AllocationRule) { r.Service = "voice_out" }, none, func(u *schema.Usage) { u.Service = "voice_in" })
	hit(func(r *schema.AllocationRule) { r.Device = "mobile" }, func(u *schema.Usage) { u.Device = "mobile" }, func(u *schema.Usage) { u.Device = "mobile2" })
	hit(func(r *schema.AllocationRule) { r.LineKind = "mobile" }, func(u *schema.Usage) { u.LineKind = "mobile" }, func(u *schema.Usage) { u.LineKind = "fixed" })
	hit(func(r *schema.AllocationRule) { r.Role = "on_call" }, func(u *schema.Usage) { u.Role = "on_call" }, func(u *schema.Usage) { u.Role = "shared" })
	hit(func(r *schema.AllocationRule) { r.Role, r.UnitID = "on_call", "U" }, func(u *schema.Usage) { u.Role = "on_call" }, func(u *schema.Usage) { u.Role, u.UnitID = "on_call", "V" })
}

func TestTimes(t *testing.T) {
	const spring = "2026-03-29 03:00" // 02:00 does not come
	from := func(id, since, until, centre string) schema.AllocationRule {
		return schema.AllocationRule{RuleID: id, ValidFrom: at(t, since), ValidTo: at(t, until), ToCostCentre: centre}
	}
	run(t, []scene{
		{"from midnight to midnight, local", func(w *world) {
			w.rule(from("R", "2026-03-10", "2026-03-11", "T"))
			w.use(cost(t, "2026-03-09 23:59:59.999", "1"), cost(t, "2026-03-10", "2"), cost(t, "2026-03-10 23:59:59.999", "4"), cost(t, "2026-03-11", "8"))
		}, "100/U - 2 9.00+0.00\nT R 2 6.00+0.00", ""},
		{"the month's own edges", func(w *world) {
			w.use(cost(t, "2026-02-28 23:59:59.999", "1"), cost(t, "2026-03-01", "2"), cost(t, "2026-03-31 23:59:59.999", "4"), cost(t, "2026-04-01", "8"))
		}, "100/U - 2 6.00+0.00", ""},
		{"at the change of the clocks", func(w *world) {
			w.rule(from("R", spring, "2026-03-29 04:00", "T"))
			w.use(cost(t, "2026-03-29T00:59:59.999Z", "1"), cost(t, "2026-03-29T01:00:00.000Z", "2"), cost(t, "2026-03-29T01:59:59.999Z", "4"), cost(t, "2026-03-29T02:00:00.000Z", "8"))
		}, "100/U - 2 9.00+0.00\nT R 2 6.00+0.00", ""},
		{"the lowest priority that fits, then the first name", func(w *world) {
			for _, r := range []schema.AllocationRule{{RuleID: "B", Priority: 5, ToCostCentre: "TB"}, {RuleID: "A", Priority: 5, Service: "sms", ToCostCentre: "TA"},
				{RuleID: "C", Priority: 5, Service: "sms", ToCostCentre: "TC"}, {RuleID: "Z", Priority: 1, Service: "mms", ToCostCentre: "TZ"}, {RuleID: "0", Priority: 9, ToCostCentre: "T0"}} {
				w.rule(r)
			}
			a, b := cost(t, noon, "1"), cost(t, noon, "2")
			a.Service, b.Service = "sms", "mms"
			w.use(a, b, cost(t, noon, "4"))
		}, "TA A 1 1.00+0.00\nTB B 1 4.00+0.00\nTZ Z 1 2.00+0.00", ""},
		{"a new version holds as a whole, with another priority", func(w *world) {
			w.rule(schema.AllocationRule{RuleID: "R", Target: 1, How: schema.AllocateEqual, Priority: 1, ToCostCentre: "T1"})
			w.rule(schema.AllocationRule{RuleID: "R", Target: 2, How: schema.AllocateEqual, Priority: 1, ToCostCentre: "T2"})
			w.rule(schema.AllocationRule{RuleID: "R", Target: 1, How: schema.AllocateEqual, Priority: 3, ToCostCentre: "T3", ValidFrom: at(t, noon)})
			w.rule(schema.AllocationRule{RuleID: "S", Priority: 2, ToCostCentre: "TS", ValidFrom: at(t, "2026-03-20")})
			w.use(cost(t, "2026-03-10 11:59", "2"), cost(t, noon, "4"), cost(t, "2026-03-20", "8"))
		}, "T1 R 1 1.00+0.00\nT2 R 0 1.00+0.00\nT3 R 1 4.00+0.00\nTS S 1 8.00+0.00", ""},
		{"a version that has ended brings none before it back", func(w *world) {
			w.rule(from("R", "2025-01-01", "", "T1"))
			w.rule(from("R", "2026-03-05", "2026-03-10", "T2"))
			w.use(cost(t, "2026-03-04", "1"), cost(t, "2026-03-09", "2"), cost(t, "2026-03-10", "4"))
		}, "100/U - 1 4.00+0.00\nT1 R 1 1.00+0.00\nT2 R 1 2.00+0.00", ""},
		{"stated anew, and corrected", func(w *world) {
			w.rule(from("R", "2026-01-01", "", "WRONG"))
			w.rule(from("R", "2026-01-01", "", "T"))
			w.use(cost(t, noon, "1"))
		}, "T R 1 1.00+0.00", ""},
		{"of two targets one ends", func(w *world) {
			w.rule(schema.AllocationRule{RuleID: "R", Target: 1, How: schema.AllocateEqual, ToCostCentre: "T1", ValidTo: at(t, noon)})
			w.rule(schema.AllocationRule{RuleID: "R", Target: 2, How: schema.AllocateEqual, ToCostCentre: "T2"})
			w.use(cost(t, "2026-03-10 11:59", "2"), cost(t, noon, "4"))
		}, "T1 R 1 1.00+0.00\nT2 R 1 5.00+0.00", ""},
		{"a line named by the extension that it had", func(w *world) {
			put(w, schema.LineTable(), schema.Line{LineID: "LA", Alias: "LX", ValidFrom: at(t, "2025-01-01"), Rank: 1}, schema.Line{LineID: "LB", Alias: "LX", ValidFrom: at(t, noon), Rank: 2})
			w.rule(schema.AllocationRule{RuleID: "R", LineID: "LX", ToCostCentre: "T"})
			w.use(cost(t, "2026-03-10 11:59", "1"), cost(t, noon, "2"))
			b, c := cost(t, noon, "4"), cost(t, "2026-03-10 11:59", "8")
			b.Line, c.Line = "LB", "LB"
			w.use(b, c)
		}, "100/U - 2 10.00+0.00\nT R 2 5.00+0.00", ""},
		{"a row written again, and a dead one", func(w *world) {
			u := w.usage(cost(t, noon, "1"))
			v := u
			v.Cost, v.CostCentre, v.Revision = money(t, "3"), "200", 2
			dead := w.usage(cost(t, noon, "7"))
			gone := dead
			gone.Deleted, gone.Revision = true, 2
			put(w, schema.UsageTable(), v, dead)
			put(w, schema.UsageTable(), u, gone)
		}, "200/U - 1 3.00+0.00", ""},
		{"VAT in other currencies, as charged", func(w *world) {
			for _, x := range []schema.ExchangeRate{{Currency: "NOK", Rate: money(t, "0.95"), ValidFrom: at(t, "2026-01-01")},
				{Currency: "NOK", Rate: money(t, "0.963333"), ValidFrom: at(t, noon), ValidTo: at(t, "2026-03-20")}, {Currency: "DKK", Rate: money(t, "1.5"), ValidFrom: at(t, "2026-04-01")}} {
				put(w, schema.ExchangeRateTable(), x)
			}
			nok := func(when, vat string) schema.Usage {
				u := billed(t, when, "0", vat)
				u.Currency = "NOK"
				return u
			}
			// 0.95 + 0.963333 + 0.95; 0.000005 of 0.95 is 0.00000475, which is rounded away from zero, each by itself
			back := nok("2026-03-01", "-0.000005")
			back.Service = "sms"
			w.use(nok("2026-03-10 11:59", "1"), nok(noon, "1"), nok("2026-03-20", "1"), nok("2026-03-01", "0.000005"), nok("2026-03-01", "0.000005"), back)
			dkk := billed(t, noon, "0", "1")
			dkk.Currency, dkk.RateReason = "DKK", "no_exchange_rate"
			own := cost(t, noon, "0")
			own.VAT = money(t, "9")
			w.use(dkk, own)
		}, "100/U - 1 0.00+-0.000005\n100/U - 1 0.00+0.00\n100/U - 6 0.00+2.863343", "no_rate no_vatrate"},
	})
}

func TestNoMonth(t *testing.T) {
	w := open(t)
	if _, err := Month(t.Context(), w.e.Conn(), Input{Zone: zone(t)}); !errors.Is(err, covered.ErrNoMonth) {
		t.Errorf("of an empty store: %v", err)
	}
	w.clear()
	if _, err := Month(t.Context(), w.e.Conn(), Input{Zone: zone(t), Month: schema.Date(2026, 4, 1)}); !errors.Is(err, covered.ErrNoMonth) {
		t.Errorf("of a month that is not over: %v", err)
	}
	if r, err := Month(t.Context(), w.e.Conn(), Input{Zone: zone(t)}); err != nil || r.Month != schema.Date(2026, 3, 1) {
		t.Errorf("of the newest month: %s, %v", r.Month, err)
	}
	if _, err := Month(t.Context(), w.e.Conn(), Input{}); err == nil {
		t.Error("a month without a zone")
	}
}
