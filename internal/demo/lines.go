package demo

import (
	"fmt"
	"math/rand/v2"
)

// operator is who runs the subscription of a line.
type operator uint8

const (
	exchange operator = iota // the organisation's own exchange
	norrTele
	fjordTel
)

// String names the operator as the reference data does.
func (o operator) String() string { return [...]string{"exchange", "Norrtele", "Fjordtel"}[o] }

// file is the operator's name in file names, and its mapping profile.
func (o operator) file() string { return [...]string{"exchange", "norrtele", "fjordtel"}[o] }

// line is one line of the organisation at the start of the period.
type line struct {
	number  string // E.164
	ext     string // as the exchange writes it; empty for mobiles
	kind    string // fixed, softphone or mobile
	role    string
	holder  string
	unit    int
	op      operator
	plan    string
	sim     string
	devices []string // device names in CUCM, the usual one first
	pilot   bool     // hunt pilot: a number without a telephone
	active  float64  // how much a mobile is used, 1 is usual
	subject bool     // something is planted on it: the background keeps clear of it
	silent  bool     // nobody uses it
	back    string   // day on which it is given back; empty: it is kept

	handedIn string // day on which its desk telephone is handed in; empty: it is kept
	soft     int    // index of that day
}

// Extensions run from firstExt; hunt pilots from firstPilot.
const (
	firstExt   = 61000
	firstPilot = 69000
)

func extNumber(ext int) (number, short string) {
	return fmt.Sprintf("+4610476%04d", ext%10000), fmt.Sprintf("%05d", ext)
}

// mobileNumber gives the series for fiction (070-174 06 05 to 59) as far as it reaches, then
// a series that the regulator has not handed out in this form.
func mobileNumber(i int) string {
	if i < 55 {
		return fmt.Sprintf("+467017406%02d", 5+i)
	}
	return fmt.Sprintf("+467999%05d", 10000+7*(i-55))
}

// layLines gives every unit its lines, by its employees.
func (r *region) layLines() {
	fixed, mobile := 1900, 1100
	if r.size == Small {
		fixed, mobile = 64, 50
	}
	rng := r.rng(streamLines, 0)
	r.layPilots()
	holder := 10000
	share(r, fixed, func(u, i int) {
		r.units[u].fixed = append(r.units[u].fixed, len(r.lines))
		r.lines = append(r.lines, r.fixedLine(rng, u, i, &holder))
	})
	share(r, mobile, func(u, i int) {
		r.units[u].mobiles = append(r.units[u].mobiles, len(r.lines))
		r.lines = append(r.lines, r.mobileLine(rng, u, i, &holder))
	})
	r.exts = map[string]int{}
	for l := range r.lines {
		if r.lines[l].op == exchange {
			r.exts[r.lines[l].ext] = l
		}
	}
	for u := range r.units {
		if un := &r.units[u]; un.pilot >= 0 {
			un.members = un.fixed[:min(len(un.fixed), 2+un.employees/12)]
		}
	}
}

// share calls add for every line, unit by unit, in proportion to the employees.
func share(r *region, total int, add func(unit, i int)) {
	all := 0
	for _, u := range r.units {
		all += u.employees
	}
	done, cum := 0, 0
	for u := range r.units {
		cum += r.units[u].employees
		for done < total*cum/all {
			add(u, done)
			done++
		}
	}
}

func (r *region) layPilots() {
	for u := range r.units {
		un := &r.units[u]
		if un.kind != clinic && un.kind != switchb {
			continue
		}
		number, ext := extNumber(firstPilot + u)
		un.pilot = len(r.lines)
		r.lines = append(r.lines, line{number: number, ext: ext, kind: "fixed", role: "shared", unit: u, op: exchange, plan: "Svarsgrupp", pilot: true})
	}
}

func (r *region) fixedLine(rng *rand.Rand, u, i int, holder *int) line {
	number, ext := extNumber(firstExt + i)
	l := line{number: number, ext: ext, kind: "fixed", role: "personal", unit: u, op: exchange, plan: "Anknytning"}
	un := &r.units[u]
	switch p := rng.Float64(); {
	case un.kind == ward && p < 0.55, un.kind == emergency && p < 0.45, p < 0.15:
		l.role = "shared"
	case un.kind != office && p > 0.94:
		l.role = "on_call"
	default:
		*holder++
		l.holder = fmt.Sprintf("e%05d", *holder)
	}
	mac := fmt.Sprintf("SEPA46C2A%06X", rng.IntN(1<<24))
	if l.role != "personal" {
		l.devices = []string{mac}
		return l
	}
	user := fmt.Sprintf("E%05d", *holder)
	switch p := rng.Float64(); {
	case p < 0.35: // softphone only
		l.kind = "softphone"
		l.devices = []string{"CSF" + user, [...]string{"TCT", "BOT", "TAB"}[rng.IntN(3)] + user}
	case p < 0.60:
		l.devices = []string{mac, "CSF" + user}
	default:
		l.devices = []string{mac}
	}
	return l
}

func (r *region) mobileLine(rng *rand.Rand, u, i int, holder *int) line {
	l := line{number: mobileNumber(i), kind: "mobile", role: "personal", unit: u, op: norrTele, sim: "active", active: 0.4 + 1.2*rng.Float64()}
	if i%5 >= 3 {
		l.op = fjordTel
	}
	l.plan = [...]string{"Bas", "Fri", "Fri"}[rng.IntN(3)]
	un := &r.units[u]
	switch p := rng.Float64(); {
	case un.kind == ward && p < 0.4:
		l.role = "shared"
	case un.kind != office && p < 0.5 && p > 0.38:
		l.role = "on_call"
	case p > 0.965:
		l.role = "loan"
		if rng.IntN(3) == 0 {
			l.sim = "spare"
		}
	default:
		*holder++
		l.holder = fmt.Sprintf("e%05d", *holder)
	}
	return l
}

// layForwards picks the lines that forward now and then, once the plan has taken its own.
func (r *region) layForwards() {
	for u := range r.units {
		un := &r.units[u]
		for i, l := range un.fixed {
			if i%3 == 1 && !r.lines[l].subject {
				un.forwards = append(un.forwards, l)
			}
		}
	}
}
