package demo

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

const meliorHeader = "date;unit_hsa_id;profession_group;open;created;closed;median_age_days;over_7d;over_30d;extract_ts\n"

func groups() [3]string { return [3]string{"Läkare", "Sjuksköterska", "Medicinsk sekreterare"} }

// split divides a unit's count among the groups; the sum stays.
func split(n int) [3]int {
	a, b := n*35/100, n*45/100
	return [3]int{a, b, n - a - b}
}

// writeMelior writes one file a week, a file of corrections, and one file that must be
// refused whole because it carries a person's number.
func (g *generator) writeMelior() (*output, error) {
	out := &output{tally: newTally()}
	var fixes strings.Builder
	for w, monday := range g.mondays() {
		rng := g.rng(streamWatches, 1<<16+w)
		var b strings.Builder
		b.WriteString(meliorHeader)
		rows := int64(0)
		for i := range g.plan.series {
			s := &g.plan.series[i]
			if w < s.first {
				continue
			}
			claim := s.counts
			if s.claimed != nil {
				claim = s.claimed
			}
			g.meliorRows(&b, rng, s.unit, monday, claim, w-s.first, stamp(monday, w))
			rows += 3
			if s.claimed != nil && s.claimed[w-s.first] != s.counts[w-s.first] {
				g.meliorRows(&fixes, rng, s.unit, monday, s.counts, w-s.first, stamp(monday.AddDate(0, 0, 80), 0))
			}
		}
		y, week := monday.ISOWeek()
		name := fmt.Sprintf("melior_%04d-v%02d.csv", y, week)
		if err := g.addMelior(out, name, monday.Format("2006-01"), b.String(), rows); err != nil {
			return nil, err
		}
		if w == len(g.mondays())*2/3 {
			if err := g.refusedMelior(out, monday, b.String(), rows); err != nil {
				return nil, err
			}
		}
	}
	if fixes.Len() == 0 {
		return out, nil
	}
	return out, g.addMelior(out, "melior_korrigering.csv", "", meliorHeader+fixes.String(), int64(strings.Count(fixes.String(), "\n")))
}

func (g *generator) addMelior(out *output, name, month, content string, rows int64) error {
	out.files = append(out.files, File{Name: name, Collector: dirMelior, Month: month, Rows: rows, Accepted: rows})
	out.tally.watches += rows
	return g.writeFile(dirMelior, name, []byte(content))
}

// refusedMelior is the week's file once more, with a number in it that tests use where a
// person's number is wanted (1912-12-12, checksum right).
func (g *generator) refusedMelior(out *output, monday time.Time, content string, rows int64) error {
	name := "melior_" + monday.Format(time.DateOnly) + "_felaktig.csv"
	out.files = append(out.files, File{Name: name, Collector: dirMelior, Rows: rows, Rejected: rows})
	out.rejects = append(out.rejects, Reject{File: name, Column: "profession_group", Kind: "personnummer: the whole file is refused"})
	return g.writeFile(dirMelior, name, []byte(strings.Replace(content, ";Läkare;", ";Läkare 19121212-1212;", 1)))
}

// stamp is when the extract was made: the morning of the day, in one of the two allowed ways.
func stamp(day time.Time, w int) string {
	y, m, d := day.Date()
	at := time.Date(y, m, d, 5, 10+w%7, 0, 0, day.Location())
	if w%2 == 0 {
		return at.Format(time.RFC3339)
	}
	return at.Format(time.DateTime)
}

// meliorRows writes the rows of a unit and week, one for each group. Open watches are those
// of the week before, plus created, minus closed.
func (g *generator) meliorRows(b *strings.Builder, rng *rand.Rand, u int, monday time.Time, counts []int, w int, at string) {
	now, before := split(counts[w]), split(counts[max(w-1, 0)])
	for i, name := range groups() {
		created := now[i]*2/5 + 1 + rng.IntN(6)
		created = max(created, now[i]-before[i])
		closed := created - (now[i] - before[i])
		age := 3 + 7*rng.Float64()
		fmt.Fprintf(b, "%s;%s;%s;%d;%d;%d;%s;%d;%d;%s\n", monday.Format(time.DateOnly), g.units[u].id, name, now[i], created, closed,
			strconv.FormatFloat(age, 'f', 1, 64), now[i]*(30+rng.IntN(20))/100, now[i]*(5+rng.IntN(9))/100, at)
	}
}
