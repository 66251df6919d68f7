package demo

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// dirContacts gets the statistics of the contact centre.
const dirContacts = "contacts"

const equipmentHeader = "item_id;kind;number;holder;unit_id;handed_out;returned;lost_at;blocked_at"

// equipmentTable is the inventory: a desk telephone for every line that has one, a mobile for
// every mobile line. Two mobiles were lost; their subscriptions were blocked within the hour.
func (g *generator) equipmentTable() *table {
	t := newTable(equipmentHeader)
	mobiles := 0
	for i := range g.lines {
		l := &g.lines[i]
		// Handed out over three years, before every period.
		out := time.Date(2022, time.January, 10+i%900, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
		switch {
		case l.desk():
			t.add(fmt.Sprintf("BT-%05d", i+1), "desk_phone", l.number, l.holder, g.units[l.unit].id, out, l.handedIn, "", "")
		case l.kind == "mobile":
			lost, blocked := "", ""
			if mobiles++; !l.subject && l.role == "personal" && mobiles%(20*len(g.months)) == 7 {
				lost = g.plan.date(1, 12) + " 16:20:00"
				blocked = g.plan.date(1, 12) + " 17:05:00"
			}
			t.add(fmt.Sprintf("MT-%05d", i+1), "mobile", l.number, l.holder, g.units[l.unit].id, out, l.back, lost, blocked)
		}
	}
	return t
}

// employmentsTable says who works here. Holders of lines that nobody uses left on the day on
// which the line was given back; those whose lines are kept are on an assignment until further
// notice.
func (g *generator) employmentsTable() *table {
	t := newTable("holder;state;unit_id;valid_from;valid_to")
	seen := map[string]bool{}
	add := func(holder, state string, unit int, to string) {
		if holder != "" && !seen[holder] {
			seen[holder] = true
			t.add(holder, state, g.units[unit].id, "2021-02-01", to)
		}
	}
	for i := range g.lines {
		l := &g.lines[i]
		state := "employed"
		if l.silent && l.back == "" {
			state = "assignment"
		}
		add(l.holder, state, l.unit, l.back)
	}
	for _, m := range g.plan.moved {
		add(m.holder, "employed", m.unit, "")
	}
	return t
}

// hoursTable are the hours in which clinics can be called.
func (g *generator) hoursTable() *table {
	t := newTable("number;unit_id;weekday;opens;closes;valid_from;valid_to")
	for u := range g.units {
		un := &g.units[u]
		if un.pilot < 0 {
			continue
		}
		for day := 1; day <= 5; day++ {
			t.add(g.lines[un.pilot].number, un.id, strconv.Itoa(day), "08:00", "11:30", holdsFrom, "")
		}
	}
	return t
}

// queueKey is a choice that callers of a clinic's queue have.
type queueKey struct {
	key, origin string
	calls       int // on an ordinary day, for a clinic of 50 employees
}

func queueKeys() []queueKey {
	return []queueKey{{"1", "external", 24}, {"2", "external", 11}, {"8", "internal", 3}, {"9", "external", 2}}
}

// writeContacts writes one file a month with the statistics of the contact centre: the calls to
// each clinic's queue by the key that was pressed, for the telephone hours of each working day.
func (g *generator) writeContacts() (*output, error) {
	out := &output{tally: newTally()}
	for m := range g.months {
		rng := g.rng(streamContacts, m)
		var b strings.Builder
		b.WriteString("date;from;to;unit_hsa_id;queue;key;origin;offered;answered;abandoned;wait_s;talk_s;extract_ts\n")
		rows := int64(0)
		mo := g.months[m]
		for d := mo.first; d < mo.first+mo.days; d++ {
			if g.days[d].free {
				continue
			}
			for u := range g.units {
				if un := &g.units[u]; un.pilot >= 0 && un.kind == clinic {
					for _, k := range queueKeys() {
						offered := int(float64(k.calls*un.employees) / 50 * g.days[d].factor * (0.8 + 0.4*rng.Float64()))
						lost := offered * rng.IntN(20) / 100
						fmt.Fprintf(&b, "%s;08:00;11:30;%s;%s;%s;%s;%d;%d;%d;%d;%d;%s\n", g.days[d].label, un.id, g.lines[un.pilot].ext, k.key, k.origin,
							offered, offered-lost, lost, offered*(40+rng.IntN(160)), (offered-lost)*(120+rng.IntN(180)), g.plan.date(m, mo.days+2)+"T04:30:00Z")
						rows++
					}
				}
			}
		}
		name := "ace_" + mo.label + ".csv"
		out.files = append(out.files, File{Name: name, Collector: dirContacts, Month: mo.label, Rows: rows, Accepted: rows})
		if err := g.writeFile(dirContacts, name, []byte(b.String())); err != nil {
			return nil, err
		}
	}
	return out, nil
}
