package report

import (
	"fmt"
	"testing"

	"linesman/dashboards/messages"
	"linesman/schema"
)

func texts(t *testing.T, lang string) messages.Texts {
	t.Helper()
	c, err := messages.Load()
	if err != nil {
		t.Fatal(err)
	}
	return c.In(lang)
}

// sample is a report of a made-up cost centre.
func sample(t *testing.T, lang string) *Report {
	t.Helper()
	w := texts(t, lang)
	r := &Report{Scope: Scope{ScopeCostCentre, "0412", "Kirurgkliniken Åsele & Ö"}, Month: "2026-09-01", Language: lang, Organisation: "Region Norrvik", Published: "2026-10-05"}
	add := func(id, label, value, unit string, fixed bool) string {
		r.Figures = append(r.Figures, Figure{ID: id, Label: label, Value: value, Unit: unit, Fixed: fixed,
			Query: "SELECT toString(sum(cost)) FROM usage_daily WHERE cost_centre = '0412' AND local_day BETWEEN '2026-09-01' AND '2026-09-30' /* " + id + " */"})
		return id
	}
	add(FigureCost, w.T("report.label.cost", "month", "2026-09"), "184213.455", SEK, true)
	add(FigurePrevious, w.T("report.label.cost", "month", "2026-08"), "171004.1", SEK, false)
	add(FigureYearAgo, w.T("report.label.cost", "month", "2025-09"), "190400", SEK, false)
	add(FigureBudget, w.T("report.label.budget", "month", "2026-09"), "180000", SEK, true)
	r.VAT = []string{add("vat.SEK", w.T("report.label.vat", "month", "2026-09", "currency", "SEK"), "41203.4", SEK, true)}
	add(FigureRepay, w.T("report.label.repay", "month", "2026-09"), "1312.5", SEK, true)
	add(FigurePrivate, w.T("report.label.private", "month", "2026-09"), "1400", SEK, true)
	add(FigureRecords, w.T("report.label.records", "month", "2026-09"), "48211", Count, true)
	values := []string{"190400", "201377.25", "188400", "143000", "175250", "", "181000.5", "176400", "169999.99", "150200", "98011.4"}
	for i, v := range values {
		month := schema.Date(2025, 9, 1)
		for range i {
			month = (month + 31).Month()
		}
		r.Course = append(r.Course, Point{month.String(), add("cost.m"+month.String()[:7], "K "+month.String()[:7], v, SEK, false)})
	}
	r.Course = append(r.Course, Point{"2026-08-01", FigurePrevious}, Point{"2026-09-01", FigureCost})
	for i, s := range []struct{ kind, service, now, before string }{{"fee", "subscription", "121000", "120400"}, {"call", "voice_out", "24113.455", "21004.1"}, {"data", "data", "30100", "18200"}, {"call", "premium", "9000", "11400"}, {"fee", "credit", "-1200", "0"}} {
		r.Services = append(r.Services, Row{w.Value("service", s.service), add(fmt.Sprintf("s%d.now", i), w.Value("service", s.service), s.now, SEK, true), add(fmt.Sprintf("s%d.before", i), w.Value("service", s.service), s.before, SEK, false)})
	}
	for i, s := range []struct{ name, now, before string }{{"Kirurgmottagningen", "100213.455", "90000"}, {"Operation", "84000", "81004.1"}} {
		r.Parts = append(r.Parts, Row{s.name, add(fmt.Sprintf("p%d.now", i), s.name, s.now, SEK, true), add(fmt.Sprintf("p%d.before", i), s.name, s.before, SEK, false)})
	}
	r.Moves = []Row{{"Kirurgmottagningen, " + w.Value("service", "data"), "s2.now", "s2.before"}, {"Operation, " + w.Value("service", "premium"), "s3.now", "s3.before"}, {w.Value("service", "credit"), "s4.now", "s4.before"}}
	r.Away = []Row{{w.T("report.forwarding_cost"), add("forwarding.cost", "f", "812.25", SEK, true), add("forwarding.cost.before", "f", "900", SEK, false)}, {w.T("report.roaming_data"), add("roaming.data", "d", "1288490188", Bytes, true), add("roaming.data.before", "d", "0", Bytes, false)}}
	r.Rules = []Rule{{"Vidarekoppling till mobil", add("v1", "v", "12", Count, true), add("v1.open", "v", Hidden, Count, false)}, {"Betalsamtal", add("v2", "v", Hidden, Count, true), add("v2.open", "v", "0", Count, false)}}
	r.Unsure = []string{"Roaming utanför EES"}
	add("goal.g1", "g", "7", Count, false)
	r.Goals = []Goal{{"Operation", w.Value("goal", "unused_lines"), w.Value("status", "off_track"), "I slutet av september hade 7 abonnemang inte använts på 90 dagar, 2 fler än i augusti; målet är högst 3 senast den 31 december 2026. I den här takten blir det då omkring 9 (7–11): inte i fas.", false, "goal.g1"},
		{"Kirurgkliniken", w.Value("goal", "cost_month"), w.Value("status", "on_track"), "Budgeten hålls.", true, "goal.g1"}}
	add(FigureUnused, w.T("report.unused.lines"), "7", Count, true)
	add(FigureIdle, w.T("report.unused.fees"), "1043.5", SEK, true)
	r.Figures = append(r.Figures, Figure{ID: "source.1", Label: w.T("report.label.source", "source", "cucm"), Value: "0", Unit: Count, Command: "linesman gaps --since 2026-09-01"}, Figure{ID: "source.2", Label: w.T("report.label.source", "source", "itemised norrtele"), Value: "2", Unit: Count, Command: "linesman gaps --since 2026-09-01"})
	r.Sources = []Source{{"cucm StandAloneCluster/01", "complete", 0, "2026-09-30", "source.1"}, {"itemised norrtele", "gap", 2, "2026-09-28", "source.2"}}
	return r
}

func sampleNote() *Correction {
	return &Correction{Revision: 1, Of: Name(Scope{ScopeCostCentre, "0412", ""}, "2026-09-01", "sv", 0), Since: "2026-10-05",
		Changes: []Change{{FigureCost, "Kostnad", SEK, "184213.455", "184513.455"}, {"v2", "Betalsamtal", Count, Hidden, "5"}, {"gone", "Borta", SEK, "10", ""}},
		Causes:  []Cause{{"2026-10-20", []string{schema.CauseLate, schema.CausePrice}, "Operation", "0412", "84000", "84300"}}}
}
