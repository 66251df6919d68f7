package demo

import (
	"fmt"
	"math/rand/v2"
	"time"
)

const (
	organisation = "Region Norrvik"
	hsaPrefix    = "SE2321009999-A"
)

// unitKind decides when a unit uses its telephones.
type unitKind uint8

const (
	clinic    unitKind = iota // reception: office hours, telephone hours in the morning
	ward                      // day and night
	emergency                 // day and night, busy evenings
	office                    // administration: office hours
	switchb                   // exchange and customer service: long days
)

type unit struct {
	id        string
	name      string
	parent    string
	centre    int
	employees int
	kind      unitKind
	watches   bool // has Melior watches
	fixed     []int
	forwards  []int // lines that now and then forward to somewhere
	mobiles   []int
	pilot     int   // hunt pilot, index into lines; -1: none
	members   []int // lines behind the hunt pilot
}

type centre struct{ code, name string }

// region is the demo organisation. It is not changed once the plan is made.
type region struct {
	dir  string
	seed uint64
	size Size
	zone *time.Location

	days    []day
	months  []month
	units   []unit
	centres []centre
	lines   []line
	exts    map[string]int // lines of the exchange by extension
	book    [2]book        // 2025 and from 2026
	nums    pool
	talk    [4]lengths // of the exchange: outside, inside, hunt pilot, forwarded
	mobile  lengths    // of mobiles
	volume  lengths    // data sessions of mobiles, in kB
}

// rng gives the random stream for one purpose and index.
func (r *region) rng(purpose, index int) *rand.Rand {
	return rand.New(rand.NewPCG(r.seed, uint64(purpose)<<32|uint64(index))) //nolint:gosec // made-up data
}

// Purposes of random streams.
const (
	streamLines = iota + 1
	streamCUCM
	streamItemised
	streamWatches
	streamPlan
	streamKeys
	streamAmend
	streamContacts
)

func newRegion(cfg Config) (*region, error) {
	zone, err := time.LoadLocation(zoneName)
	if err != nil {
		return nil, fmt.Errorf("loading zone: %w", err)
	}
	r := &region{dir: cfg.Dir, seed: cfg.Seed, size: cfg.Size, zone: zone, book: [2]book{newBook("2025"), newBook("2026")}}
	r.days, r.months = calendar(cfg.Size, zone)
	r.layUnits()
	r.nums = newPool(r.rng(streamLines, 1))
	r.layLines()
	rng := r.rng(streamLines, 2)
	r.talk = [4]lengths{newLengths(rng, 125, 1.0, 2, 3*3600), newLengths(rng, 62, 0.95, 1, 7200), newLengths(rng, 190, 0.7, 5, 5400), newLengths(rng, 80, 0.8, 3, 300)}
	r.mobile, r.volume = newLengths(rng, 95, 1.1, 1, 2*3600), newLengths(rng, 21000, 1.3, 12, 1_900_000)
	return r, nil
}

func hsa(code int) string { return fmt.Sprintf("%s%03d", hsaPrefix, code) }

// unitRow is one row of the table of units below.
type unitRow struct {
	code      int
	name      string
	parent    int
	centre    string
	employees int
	kind      unitKind
	watches   bool
	small     bool // part of the small region too
}

// layUnits takes the units of the size that was asked for.
func (r *region) layUnits() {
	index := map[string]int{}
	names := centreNames()
	present := map[int]bool{}
	for _, row := range unitTable() {
		if r.size == Small && !row.small {
			continue
		}
		present[row.code] = true
		if _, ok := index[row.centre]; !ok {
			index[row.centre] = len(r.centres)
			r.centres = append(r.centres, centre{row.centre, names[row.centre]})
		}
		u := unit{id: hsa(row.code), name: row.name, centre: index[row.centre], employees: row.employees, kind: row.kind, watches: row.watches, pilot: -1}
		switch {
		case row.code == 0:
		case present[row.parent]:
			u.parent = hsa(row.parent)
		default: // the level between is not part of the small region
			u.parent = hsa(0)
		}
		r.units = append(r.units, u)
	}
}

func centreNames() map[string]string {
	return map[string]string{
		"0010100": "Regionledning", "0012000": "Sjukhusledning", "0012100": "Medicin", "0012110": "Medicin vårdavdelningar",
		"0012200": "Kirurgi", "0012210": "Kirurgi vårdavdelning", "0012300": "Ortopedi", "0012400": "Kvinnosjukvård",
		"0012500": "Barn- och ungdomssjukvård", "0012600": "Akutsjukvård", "0012610": "Ambulans", "0012700": "Anestesi, operation och IVA",
		"0012800": "Diagnostik", "0021000": "Psykiatri ledning", "0021100": "BUP", "0021200": "Vuxenpsykiatri",
		"0031000": "Primärvård ledning", "0031100": "Hälsocentraler norr", "0031200": "Hälsocentraler söder", "0031300": "Primärvårdsjour",
		"0041000": "Ekonomi och HR", "0041100": "Kommunikation", "0051000": "IT och telefoni", "0061000": "Regionservice", "0061100": "Kundtjänst och växel",
	}
}

func unitTable() []unitRow {
	return []unitRow{
		{0, "Region Norrvik", 0, "0010100", 24, office, false, true},
		{1, "Norrviks sjukhus, ledning", 0, "0012000", 22, office, false, false},
		{10, "Medicinkliniken", 1, "0012100", 70, clinic, true, true},
		{11, "Avdelning 51, Hjärta", 10, "0012110", 85, ward, true, true},
		{12, "Avdelning 52, Stroke", 10, "0012110", 78, ward, true, false},
		{13, "Medicinmottagningen", 10, "0012100", 55, clinic, true, true},
		{14, "Dialysenheten", 10, "0012100", 40, ward, true, false},
		{20, "Kirurgkliniken", 1, "0012200", 64, clinic, true, false},
		{21, "Avdelning 61, Kirurgi", 20, "0012210", 82, ward, true, false},
		{22, "Kirurgmottagningen", 20, "0012200", 48, clinic, true, false},
		{23, "Endoskopienheten", 20, "0012200", 26, clinic, true, false},
		{30, "Ortopedkliniken", 1, "0012300", 58, clinic, true, false},
		{31, "Avdelning 62, Ortopedi", 30, "0012300", 70, ward, true, false},
		{32, "Ortopedmottagningen", 30, "0012300", 44, clinic, true, false},
		{40, "Kvinnokliniken", 1, "0012400", 50, clinic, true, false},
		{41, "Förlossningen", 40, "0012400", 66, ward, true, false},
		{42, "Barnmorskemottagningen", 40, "0012400", 30, clinic, true, false},
		{50, "Barn- och ungdomskliniken", 1, "0012500", 52, clinic, true, false},
		{51, "Avdelning 81, Barn", 50, "0012500", 60, ward, true, false},
		{60, "Akutkliniken", 1, "0012600", 110, emergency, true, true},
		{61, "Ambulanssjukvården", 60, "0012610", 74, emergency, false, false},
		{70, "Anestesi, operation och IVA", 1, "0012700", 120, ward, false, false},
		{80, "Bild- och laboratoriemedicin", 1, "0012800", 96, clinic, true, false},
		{100, "Psykiatri, ledning", 0, "0021000", 14, office, false, false},
		{101, "BUP Norrvik, öppenvård", 100, "0021100", 62, clinic, true, true},
		{102, "BUP Första linjen", 100, "0021100", 28, clinic, true, false},
		{103, "Vuxenpsykiatriska mottagningen", 100, "0021200", 68, clinic, true, true},
		{104, "Avdelning 71, Psykiatrisk slutenvård", 100, "0021200", 76, ward, true, false},
		{105, "Beroendemottagningen", 100, "0021200", 24, clinic, true, false},
		{200, "Primärvård, ledning", 0, "0031000", 12, office, false, false},
		{201, "Hälsocentralen Centrum", 200, "0031100", 60, clinic, true, true},
		{202, "Hälsocentralen Hamnen", 200, "0031100", 52, clinic, true, false},
		{203, "Hälsocentralen Bruket", 200, "0031200", 46, clinic, true, false},
		{204, "Hälsocentralen Fjällvik", 200, "0031200", 38, clinic, true, false},
		{205, "Primärvårdsjouren", 200, "0031300", 20, emergency, false, false},
		{300, "Ekonomienheten", 0, "0041000", 34, office, false, false},
		{301, "HR-enheten", 0, "0041000", 30, office, false, false},
		{302, "Kommunikationsenheten", 0, "0041100", 16, office, false, false},
		{400, "IT-avdelningen", 0, "0051000", 70, office, false, false},
		{401, "Telefoni och e-tjänster", 400, "0051000", 18, office, false, false},
		{500, "Regionservice", 0, "0061000", 60, office, false, false},
		{501, "Fastighet och teknik", 500, "0061000", 44, office, false, false},
		{502, "Kundtjänst och växel", 500, "0061100", 36, switchb, false, false},
	}
}
