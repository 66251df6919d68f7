package enrich_test

import (
	"testing"
	"time"

	"linesman/processors/enrich"
	"linesman/processors/rate"
	"linesman/schema"
)

const (
	hash  = uint64(0x1234_5678_9abc_def0)
	ext   = uint64(0x0fed_cba9_8765_4321)
	other = uint64(0x5555_5555_5555_5555)
)

var line, alias = schema.LineID(hash), schema.LineID(ext)

// at reads a local time of Stockholm.
func at(t testing.TB, local string) schema.Time {
	loc, err := time.LoadLocation(schema.DefaultZone)
	if err != nil {
		t.Fatal(err)
	}
	m, err := time.ParseInLocation("2006-01-02 15:04:05", local, loc)
	if err != nil {
		t.Fatal(err)
	}
	return schema.TimeOf(m)
}

// state folds statements in log order: the n-th has offset n.
func state(t testing.TB, statements ...any) *enrich.State {
	s, c := enrich.NewState(), enrich.NewChange()
	for i, st := range statements {
		fold(t, s, c, st, uint64(i))
	}
	return s
}

func fold(t testing.TB, s *enrich.State, c *enrich.Change, statement any, offset uint64) {
	switch v := statement.(type) {
	case schema.Line:
		v.Offset = offset
		s.ApplyLine(v, c)
	case schema.Unit:
		v.Offset = offset
		s.ApplyUnit(v, c)
	case schema.NumberRange:
		v.Offset = offset
		s.ApplyNumberRange(v, c)
	case schema.Price:
		v.Offset = offset
		s.ApplyPrice(v, c)
	case schema.ExchangeRate:
		v.Offset = offset
		s.ApplyExchangeRate(v, c)
	default:
		t.Fatalf("no statement: %T", statement)
	}
}

func apply(t testing.TB, s *enrich.State, u schema.Usage) schema.Usage {
	if u.Zone == "" {
		u.Zone = schema.DefaultZone
	}
	if err := enrich.New(s, rate.New(s.Prices(), s.ExchangeRates())).Apply(&u); err != nil {
		t.Fatal(err)
	}
	return u
}

func TestValidityIncludesItsStartAndNotItsEnd(t *testing.T) {
	from, to := at(t, "2026-03-01 00:00:00"), at(t, "2026-03-29 00:00:00")
	s := state(t, schema.Line{LineID: line, UnitID: "SE1", CostCentre: "0815", Role: "personal", Holder: "PA", Plan: "flat", Kind: "mobile", Operator: "norrtele", ValidFrom: from, ValidTo: to})
	for moment, known := range map[schema.Time]bool{from - 1: false, from: true, to - 1: true, to: false, 1: false} {
		u := apply(t, s, schema.Usage{LineID: line, OccurredAt: moment})
		if (u.UnitID == "SE1") != known || u.Line != line {
			t.Errorf("at %s: unit %q, line %s; known: %v", moment, u.UnitID, u.Line, known)
		}
		want := schema.Usage{}
		if known {
			want = schema.Usage{UnitID: "SE1", CostCentre: "0815", Role: "personal", Holder: "PA", Plan: "flat", LineKind: "mobile", Subscription: "norrtele"}
		}
		if u.CostCentre != want.CostCentre || u.Role != want.Role || u.Holder != want.Holder || u.Plan != want.Plan || u.LineKind != want.LineKind || u.Subscription != want.Subscription {
			t.Errorf("at %s: %+v", moment, u)
		}
	}
}

func TestWhatWasDerivedBeforeIsForgotten(t *testing.T) {
	u := apply(t, state(t), schema.Usage{LineID: line, OccurredAt: 1, Line: "x", UnitID: "x", CostCentre: "x", Role: "x", Holder: "x", Plan: "x", LineKind: "x", Subscription: "x", Class: "internal", OtherClass: "mobile", RoamingZone: "eea", PriceID: "x", Rated: 1, Revision: 9})
	if u.Line != line || u.UnitID+u.CostCentre+u.Role+u.Holder+u.Plan+u.LineKind+u.Subscription+u.RoamingZone+u.PriceID != "" || u.Class != "mobile" || u.Rated != 0 || u.Revision != 0 {
		t.Errorf("something of an earlier state is left: %+v", u)
	}
}

func TestHolderChangesInTheMiddleOfTheMonth(t *testing.T) {
	change := at(t, "2026-03-16 00:00:00")
	s := state(t,
		schema.Line{LineID: line, UnitID: "SE1", Holder: "PA", ValidFrom: at(t, "2026-01-01 00:00:00"), ValidTo: change},
		schema.Line{LineID: line, UnitID: "SE2", Holder: "PB", ValidFrom: change})
	for local, want := range map[string]string{"2026-03-15 23:59:59": "PA SE1", "2026-03-16 00:00:00": "PB SE2", "2026-03-31 12:00:00": "PB SE2", "2025-12-31 23:59:59": " "} {
		if u := apply(t, s, schema.Usage{LineID: line, OccurredAt: at(t, local)}); u.Holder+" "+u.UnitID != want {
			t.Errorf("%s: %s %s, want %s", local, u.Holder, u.UnitID, want)
		}
	}
}

func TestExtensionStandsForTheNumber(t *testing.T) {
	change := at(t, "2026-03-16 00:00:00")
	second := schema.LineID(99)
	s := state(t, // the extension moves from one number to another
		schema.Line{LineID: line, Alias: alias, UnitID: "SE1", ValidFrom: 1, ValidTo: change},
		schema.Line{LineID: second, Alias: alias, UnitID: "SE2", ValidFrom: change})
	for _, c := range []struct {
		recorded string
		at       schema.Time
		line     string
		unit     string
	}{
		{alias, change - 1, line, "SE1"}, {alias, change, second, "SE2"}, {line, change - 1, line, "SE1"}, {line, change, line, ""}, {second, change, second, "SE2"}, {second, change - 1, second, ""},
	} {
		if u := apply(t, s, schema.Usage{LineID: c.recorded, OccurredAt: c.at}); u.Line != c.line || u.UnitID != c.unit || u.LineID != c.recorded {
			t.Errorf("%s at %s: line %s of %q, want %s of %q", c.recorded, c.at, u.Line, u.UnitID, c.line, c.unit)
		}
	}
}

func TestCorrectionReplacesTheStatement(t *testing.T) {
	s := state(t,
		schema.Line{LineID: line, Alias: alias, UnitID: "wrong", ValidFrom: 10},
		schema.Line{LineID: line, Alias: schema.LineID(7), UnitID: "right", ValidFrom: 10, ValidTo: 20})
	if u := apply(t, s, schema.Usage{LineID: line, OccurredAt: 15}); u.UnitID != "right" {
		t.Errorf("the unit is %q", u.UnitID)
	}
	if u := apply(t, s, schema.Usage{LineID: line, OccurredAt: 25}); u.UnitID != "" {
		t.Errorf("after the corrected end the unit is %q: the first statement still holds", u.UnitID)
	}
	if u := apply(t, s, schema.Usage{LineID: alias, OccurredAt: 15}); u.Line != alias || u.UnitID != "" {
		t.Errorf("the extension that was corrected away still stands for %s", u.Line)
	}
	if u := apply(t, s, schema.Usage{LineID: schema.LineID(7), OccurredAt: 15}); u.Line != line || u.UnitID != "right" {
		t.Errorf("the corrected extension stands for %s", u.Line)
	}
	if u := apply(t, s, schema.Usage{OtherHash: hash, OtherClass: "mobile", OccurredAt: 25}); u.Class != "mobile" {
		t.Errorf("a number that is no longer ours is %s", u.Class)
	}
}

// Of statements that overlap, the one that began last holds; where it has ended, the one
// below it holds again.
func TestOverlappingStatements(t *testing.T) {
	s := state(t,
		schema.Line{LineID: line, UnitID: "loan", ValidFrom: 20, ValidTo: 30},
		schema.Line{LineID: line, UnitID: "home", ValidFrom: 10})
	for moment, want := range map[schema.Time]string{9: "", 10: "home", 19: "home", 20: "loan", 29: "loan", 30: "home"} {
		if u := apply(t, s, schema.Usage{LineID: line, OccurredAt: moment}); u.UnitID != want {
			t.Errorf("at %d the unit is %q, want %q", moment, u.UnitID, want)
		}
	}
}

func TestCostCentreOfTheUnit(t *testing.T) {
	s := state(t,
		schema.Line{LineID: line, UnitID: "SE1", ValidFrom: 1},
		schema.Line{LineID: alias, UnitID: "SE1", CostCentre: "own", ValidFrom: 1},
		schema.Unit{UnitID: "SE1", CostCentre: "0100", ValidFrom: 10, ValidTo: 20},
		schema.Unit{UnitID: "SE1", CostCentre: "0200", ValidFrom: 20},
		schema.Unit{UnitID: "SE2", CostCentre: "0900", ValidFrom: 1})
	for moment, want := range map[schema.Time]string{9: "", 10: "0100", 19: "0100", 20: "0200"} {
		if u := apply(t, s, schema.Usage{LineID: line, OccurredAt: moment}); u.CostCentre != want || u.UnitID != "SE1" {
			t.Errorf("at %d cost centre %q of %q, want %q", moment, u.CostCentre, u.UnitID, want)
		}
		if u := apply(t, s, schema.Usage{LineID: alias, OccurredAt: moment}); u.CostCentre != "own" {
			t.Errorf("at %d the line's own cost centre became %q", moment, u.CostCentre)
		}
	}
	c := enrich.NewChange()
	fold(t, s, c, schema.Unit{UnitID: "SE1", CostCentre: "0101", ValidFrom: 10, ValidTo: 20}, 9)
	if u := apply(t, s, schema.Usage{LineID: line, OccurredAt: 15}); u.CostCentre != "0101" || u.Revision != 10 {
		t.Errorf("after the correction: %q, revision %d", u.CostCentre, u.Revision)
	}
	if c.All || !c.Lines[line] || c.Lines[alias] || c.From > 10 {
		t.Errorf("the correction moves %v from %d: want the line that follows its unit, and only that", c.Lines, c.From)
	}
}

func TestOtherParty(t *testing.T) {
	s := state(t,
		schema.Line{LineID: schema.LineID(other), UnitID: "SE1", ValidFrom: 100, ValidTo: 200},
		schema.NumberRange{First: "+46104760000", Last: "+46104769999", ValidFrom: 100, ValidTo: 200},
		schema.NumberRange{First: "+46104771000", Last: "+46104771999", ValidFrom: 100},
		schema.NumberRange{First: "+46104781000", Last: "+46104781499", ValidFrom: 100})
	for name, c := range map[string]struct {
		u    schema.Usage
		want string
	}{
		"own number by its hash":           {schema.Usage{OtherHash: other, OtherClass: "mobile", OccurredAt: 100}, "internal"},
		"not yet ours":                     {schema.Usage{OtherHash: other, OtherClass: "mobile", OccurredAt: 99}, "mobile"},
		"ours until just before the end":   {schema.Usage{OtherHash: other, OtherClass: "mobile", OccurredAt: 199}, "internal"},
		"no longer ours":                   {schema.Usage{OtherHash: other, OtherClass: "mobile", OccurredAt: 200}, "mobile"},
		"another number":                   {schema.Usage{OtherHash: other + 1, OtherClass: "mobile", OccurredAt: 150}, "mobile"},
		"no number":                        {schema.Usage{OtherClass: "none", OccurredAt: 150}, "none"},
		"already internal":                 {schema.Usage{OtherClass: "internal", OtherMask: "61•••", OccurredAt: 150}, "internal"},
		"the whole mask in a range":        {schema.Usage{OtherClass: "corporate", OtherMask: "+4610476••••", OccurredAt: 150}, "internal"},
		"the range before it began":        {schema.Usage{OtherClass: "corporate", OtherMask: "+4610476••••", OccurredAt: 99}, "corporate"},
		"the range at its end":             {schema.Usage{OtherClass: "corporate", OtherMask: "+4610476••••", OccurredAt: 200}, "corporate"},
		"a mask wider than the range":      {schema.Usage{OtherClass: "corporate", OtherMask: "+4610477••••", OccurredAt: 150}, "corporate"},
		"a mask as wide as the range":      {schema.Usage{OtherClass: "fixed", OtherMask: "+46104771•••", OccurredAt: 150}, "internal"},
		"a mask past the end of the range": {schema.Usage{OtherClass: "fixed", OtherMask: "+46104781•••", OccurredAt: 150}, "fixed"},
		"beside the range":                 {schema.Usage{OtherClass: "fixed", OtherMask: "+46104772•••", OccurredAt: 150}, "fixed"},
		"a longer number":                  {schema.Usage{OtherClass: "fixed", OtherMask: "+46104771••••", OccurredAt: 150}, "fixed"},
		"a whole number is no mask":        {schema.Usage{OtherClass: "fixed", OtherMask: "+46104761234", OccurredAt: 150}, "fixed"},
		"service numbers are never ours":   {schema.Usage{OtherClass: "premium", OtherMask: "+4610476••••", OccurredAt: 150}, "premium"},
		"nothing known of the other party": {schema.Usage{OtherClass: "masked", OccurredAt: 150}, "masked"},
	} {
		if got := apply(t, s, c.u); got.Class != c.want || got.OtherClass != c.u.OtherClass {
			t.Errorf("%s: class %q, recorded %q; want %q", name, got.Class, got.OtherClass, c.want)
		}
	}
}

func TestRoamingZones(t *testing.T) {
	before, after := schema.Date(2025, 12, 31), schema.Date(2026, 1, 1)
	for country, want := range map[string][2]string{
		"": {"", ""}, "SE": {"home", "home"}, "NO": {"eea", "eea"}, "IS": {"eea", "eea"}, "LI": {"eea", "eea"}, "FI": {"eea", "eea"}, "HR": {"eea", "eea"}, "GR": {"eea", "eea"},
		"UA": {"world", "eea"}, "MD": {"world", "eea"}, "GB": {"world", "world"}, "CH": {"world", "world"}, "TH": {"world", "world"}, "AX": {"world", "world"}, "E": {"world", "world"}, "S ": {"world", "world"}, "no": {"world", "world"},
	} {
		if got := [2]string{enrich.Zone(country, before), enrich.Zone(country, after)}; got != want {
			t.Errorf("%q: %v, want %v", country, got, want)
		}
	}
	eea := 0
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			if enrich.Zone(string([]rune{a, b}), after) == enrich.ZoneEEA {
				eea++
			}
		}
	}
	if eea != 26+3+2 { // EU states but Sweden, EFTA's three in the EEA, Ukraine and Moldova
		t.Errorf("%d countries roam as at home", eea)
	}
	// The day is that of the judging zone, not of UTC.
	s := state(t)
	for local, want := range map[string]string{"2025-12-31 23:59:59": "world", "2026-01-01 00:00:00": "eea"} {
		if u := apply(t, s, schema.Usage{VisitedCtry: "UA", OccurredAt: at(t, local)}); u.RoamingZone != want {
			t.Errorf("Ukraine at %s is %s, want %s", local, u.RoamingZone, want)
		}
	}
}

// The enricher remembers the bounds of the last day; it must find the same days as the
// calendar, whatever comes before and in whatever zone.
func TestDaysAcrossZonesAndClockChanges(t *testing.T) {
	s := state(t)
	e := enrich.New(s, rate.New(nil, nil))
	for _, start := range []string{"2026-03-28 20:00:00", "2026-10-24 20:00:00", "2026-12-31 20:00:00", "2024-02-28 20:00:00"} {
		for minute := range schema.Time(60 * 32) {
			for _, name := range []string{schema.DefaultZone, schema.DefaultZone, "America/Havana", "UTC"} {
				loc, err := time.LoadLocation(name)
				if err != nil {
					t.Fatal(err)
				}
				u := schema.Usage{Zone: name, OccurredAt: at(t, start) + minute*60_000}
				if err := e.Apply(&u); err != nil || u.LocalDay != schema.DayOf(u.OccurredAt, loc) {
					t.Fatalf("%s in %s is on %s, %v", u.OccurredAt, name, u.LocalDay, err)
				}
			}
		}
	}
	u := schema.Usage{Zone: "Europe/Atlantis", OccurredAt: 1}
	if err := e.Apply(&u); err == nil {
		t.Error("a zone that does not exist gave no error")
	}
}
