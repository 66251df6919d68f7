package verify

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"linesman/schema"
)

func day(text string) schema.Day {
	d, err := schema.ParseDay(text)
	if err != nil {
		panic(err)
	}
	return d
}

// from lists days, every so many, without some.
func from(first string, n, every int, without ...string) []schema.Day {
	var out []schema.Day
	for i := range n {
		if d := day(first) + schema.Day(i*every); !slices.Contains(without, d.String()) {
			out = append(out, d)
		}
	}
	return out
}

func TestRhythm(t *testing.T) {
	// 2026-03-02 is a Monday.
	var workdays []schema.Day
	for _, d := range from("2026-03-02", 56, 1, "2026-03-18", "2026-03-19", "2026-03-23") {
		if weekday(d) < 5 {
			workdays = append(workdays, d)
		}
	}
	for _, c := range []struct {
		name   string
		days   []schema.Day
		rhythm string
		holes  string
		today  string
		silent string
	}{
		{"every day", from("2026-03-02", 30, 1, "2026-03-10"), "every day", "[2026-03-10..2026-03-10 1]", "2026-04-02", ""},
		{"silent", from("2026-03-02", 30, 1), "every day", "[]", "2026-04-10", "2026-04-01"},
		{"working days", workdays, "daily on Mon Tue Wed Thu Fri", "[2026-03-18..2026-03-19 2 2026-03-23..2026-03-23 1]", "2026-04-27", ""},
		{"weekly", from("2026-03-02", 20, 7, "2026-03-16", "2026-05-04", "2026-05-11"), "every 7 days", "[2026-03-16..2026-03-22 1 2026-05-04..2026-05-17 2]", "2026-07-20", ""},
		{"weekly, silent", from("2026-03-02", 10, 7), "every 7 days", "[]", "2026-06-01", "2026-05-11"},
		{"too few", from("2026-03-02", 4, 1), "none that could be learned", "[]", "2027-01-01", ""},
	} {
		r := learn(c.days)
		var holes []string
		for _, h := range r.holes(c.days) {
			holes = append(holes, fmt.Sprintf("%s..%s %d", h.from, h.to, r.missing(h)))
		}
		silent := ""
		if h, ok := r.silent(c.days[len(c.days)-1], day(c.today)); ok {
			silent = h.from.String()
		}
		if r.String() != c.rhythm || fmt.Sprint(holes) != c.holes || silent != c.silent {
			t.Errorf("%s: %s %v silent %q\nwant %s %s silent %q", c.name, r, holes, silent, c.rhythm, c.holes, c.silent)
		}
	}
}

func TestNamesOfFiles(t *testing.T) {
	p := newPatterns()
	for _, c := range []struct {
		collector, profile, name string
		source, day, to          string
		seq                      uint64
	}{
		{"cucm", "", "cdr_StandAloneCluster_01_202603142355_77.gz", "cucm StandAloneCluster/01", "2026-03-14", "2026-03-14", 77},
		{"cucm", "", "week.zip/cdr_My_Cluster_02_202603142355_9", "cucm My_Cluster/02", "2026-03-14", "2026-03-14", 9},
		{"cucm", "", "export.csv", "cucm", "", "", 0},
		{"itemised", "norrtele", "norrtele_2026-09.csv", "itemised norrtele", "2026-09-01", "2026-09-30", 0},
		{"itemised", "norrtele", "faktura202512_spec.csv", "itemised norrtele", "2025-12-01", "2025-12-31", 0},
		{"itemised", "norrtele", "20269912345.csv", "itemised norrtele", "", "", 0},
		{"melior", "", "melior_2026-v38.csv", "melior", "", "", 0},
	} {
		n := p.parse(c.collector, c.profile, c.name)
		text := func(d schema.Day) string {
			if d == 0 {
				return ""
			}
			return d.String()
		}
		if n.source != c.source || text(n.day) != c.day || text(n.to) != c.to || n.seq != c.seq {
			t.Errorf("%s: %+v %s %s, want %+v", c.name, n, text(n.day), text(n.to), c)
		}
	}
}

func TestSequence(t *testing.T) {
	files := func(numbers ...uint64) *series {
		s := &series{}
		for i, n := range numbers {
			at := time.Date(2026, 3, 1+i, 23, 55, 0, 0, time.UTC)
			d := schema.DayOf(schema.TimeOf(at), time.UTC)
			s.files = append(s.files, delivered{name: fmt.Sprint("f", n), seq: n, at: at.Format("200601021504"), day: d, to: d})
		}
		return s
	}
	for _, c := range []struct {
		name    string
		numbers []uint64
		want    string
	}{
		{"whole", []uint64{5, 6, 7, 8}, "[]"},
		{"one missing", []uint64{5, 6, 8, 9}, "[7-7]"},
		{"some missing, out of order", []uint64{5, 8, 6, 12}, "[7-7 9-11]"},
		{"the same again", []uint64{5, 6, 6, 7}, "[]"},
		{"sent again under a number of its own", []uint64{5, 6, 900_006, 7, 9}, "[8-8]"},
		{"counted anew", []uint64{70_005, 70_006, 1, 2, 4}, "[3-3]"},
	} {
		var got []string
		for _, g := range files(c.numbers...).sequence() {
			got = append(got, fmt.Sprintf("%d-%d", g.FirstNumber, g.LastNumber))
		}
		if fmt.Sprint(got) != c.want {
			t.Errorf("%s: %v, want %s", c.name, got, c.want)
		}
	}
}

func TestThinDays(t *testing.T) {
	events := map[schema.Day]uint64{}
	for _, d := range from("2026-03-02", 42, 1) {
		events[d] = 1000
		if weekday(d) > 4 {
			events[d] = 30 // the weekend's own measure
		}
	}
	events[day("2026-03-25")] = 12
	got := thin(events)
	if len(got) != 1 || got[0].from != day("2026-03-25") {
		t.Errorf("%+v", got)
	}
}
