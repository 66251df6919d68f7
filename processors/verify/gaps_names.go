package verify

import (
	"cmp"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"linesman/schema"
)

// named is what the name of a file says.
type named struct {
	source    string
	collector string
	monthly   bool
	day, to   schema.Day // 0: the name says nothing
	seq       uint64
	at        string
}

// The names are those of "CUCM CDR Administration Guide" (cdr_cluster_node_time_sequence, time
// in UTC), and a year and a month anywhere in the names of operators' files.
const (
	cucmPattern  = `^cdr_(.+)_(\d+)_(\d{12})_(\d+)(?:\.|$)`
	monthPattern = `(?:^|[^0-9])(20\d\d)[-_]?(0[1-9]|1[0-2])(?:[^0-9]|$)`
)

// patterns are the patterns of names, compiled.
type patterns struct{ cucm, month *regexp.Regexp }

func newPatterns() patterns {
	return patterns{regexp.MustCompile(cucmPattern), regexp.MustCompile(monthPattern)}
}

// parse tells the series of a file and its place in it.
func (p patterns) parse(collector, profile, name string) named {
	n := parseSource(collector + ":" + profile)
	base := path.Base(name) // of a file in an archive
	switch collector {
	case "cucm":
		if m := p.cucm.FindStringSubmatch(base); m != nil {
			n.source = "cucm " + m[1] + "/" + m[2]
			n.seq, _ = strconv.ParseUint(m[4], 10, 64) // too long: none
			n.at = m[3]
			if t, err := time.Parse("200601021504", m[3]); err == nil {
				n.day = schema.DayOf(schema.TimeOf(t), time.UTC) // the exchange begins its days in UTC
				n.to = n.day
			}
		}
	case "itemised":
		if m := p.month.FindStringSubmatch(base); m != nil {
			year, _ := strconv.Atoi(m[1])
			month, _ := strconv.Atoi(m[2])
			n.day = schema.Date(year, time.Month(month), 1)
			n.to = nextMonth(n.day) - 1
		}
	}
	return n
}

// parseSource names the series of a collector and profile.
func parseSource(source string) named {
	collector, profile, _ := strings.Cut(source, ":")
	n := named{source: collector, collector: collector, monthly: collector == "itemised"}
	if profile != "" {
		n.source += " " + profile
	}
	return n
}

func nextMonth(d schema.Day) schema.Day { return (d.Month() + 31).Month() }

// restart is a jump of the numbers that is taken for a new beginning, not for lost files.
const restart = 1000

// sequence finds numbers that are missing. Files are put in the order of the times in their
// names; where the numbers jump far or fall back, the exchange began to count anew.
func (s *series) sequence() []Gap {
	var files []delivered
	for _, f := range s.files {
		if f.seq > 0 && f.at != "" {
			files = append(files, f)
		}
	}
	slices.SortFunc(files, func(a, b delivered) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.seq, b.seq))
	})
	files = slices.CompactFunc(files, func(a, b delivered) bool { return a.seq == b.seq })
	files = withoutStrays(files)
	var out []Gap
	for i := 0; i < len(files); {
		k := i + 1
		for k < len(files) && near(files[k-1].seq, files[k].seq) {
			k++
		}
		out = append(out, missingNumbers(slices.Clone(files[i:k]))...)
		i = k
	}
	return out
}

func near(a, b uint64) bool { return a < b+restart && b < a+restart }

// withoutStrays leaves out single files whose number fits neither neighbour while these fit
// each other: sent again by hand, under a number of their own.
func withoutStrays(files []delivered) []delivered {
	var out []delivered
	for i, f := range files {
		if i+1 < len(files) && len(out) > 0 {
			before, after := out[len(out)-1].seq, files[i+1].seq
			if !near(before, f.seq) && !near(f.seq, after) && near(before, after) {
				continue
			}
		}
		out = append(out, f)
	}
	return out
}

func missingNumbers(files []delivered) []Gap {
	slices.SortFunc(files, func(a, b delivered) int { return cmp.Compare(a.seq, b.seq) })
	var out []Gap
	for i := 1; i < len(files); i++ {
		a, b := files[i-1], files[i]
		if b.seq <= a.seq+1 {
			continue
		}
		from, to := a.day, b.day
		if to-from > 1 { // whole days lie between
			from, to = from+1, to-1
		}
		from, to = min(from, to), max(from, to)
		n := b.seq - a.seq - 1
		out = append(out, Gap{Kind: GapSequence, from: from, to: to, FirstNumber: a.seq + 1, LastNumber: b.seq - 1, Missing: n,
			Detail: fmt.Sprintf("%s between %s and %s", plural(int(n), "file is missing", "files are missing"), a.name, b.name)})
	}
	return out
}
