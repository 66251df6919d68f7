package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"linesman/internal/words"
	"linesman/processors/backtest"
)

// phrases are the words of the tables in one language.
type phrases struct {
	lang                                                                              string
	rule, newOnes, gone, changed, unchanged, draft, inForce, unit, month, total, none string
	same, reworded, notNamed, since, beginning, ownDates, period, subjects, evidence  string
	judges, version, fromDay, untilDay                                                string
}

func phrasesIn(lang string) phrases {
	if lang == "sv" {
		return phrases{lang, "regel", "nya", "borta", "ändrade", "oförändrade", "utkastet", "gällande", "enhet", "månad", "summa", "ingen regel i utkastet skiljer sig från dem som gäller",
			"som i dag, inte bedömda", "bara ord eller datum skiljer, så de hittar detsamma och bedömdes inte", "(enhet saknas)", "bedömt från och med", "början", "var och en bedömd enligt sina egna datum", "fönster", "berörda", "exempel",
			"med utkastet bedömer", "version", "från och med", "till och med"}
	}
	return phrases{lang, "rule", "new", "gone", "changed", "unchanged", "draft", "in force", "unit", "month", "total", "no rule of the draft differs from those in force",
		"as in force, not judged", "only words or dates differ, so they find the same and were not judged", "(no unit)", "judged from", "the beginning", "each judged by its own dates", "windows", "concerned", "examples",
		"with the draft, judges", "version", "from", "until"}
}

// kr writes an amount rounded to öre.
func (phrases) kr(a backtest.Amount) string {
	s := backtest.Rounded(a).String()
	whole, frac, _ := strings.Cut(strings.TrimPrefix(s, "-"), ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + " " + whole[i:]
	}
	if strings.HasPrefix(s, "-") {
		whole = "-" + whole
	}
	return whole + "," + frac
}

func (p phrases) sum(s backtest.Sum) string {
	return words.Thousands(uint64(s.Count)) + "\t" + p.kr(s.Cost)
}

// showBacktest writes a line for each rule, then what is behind it.
func showBacktest(w io.Writer, rep backtest.Report, lang string) {
	p := phrasesIn(lang)
	switch {
	case len(rep.Rules) == 0 && len(rep.Reworded) == 0:
		fmt.Fprintln(w, p.none)
	case len(rep.Rules) > 0:
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
		p.header(t, p.rule)
		for _, r := range rep.Rules {
			p.row(t, fmt.Sprintf("%s %d → %d", r.ID, r.InForce, r.Draft), r.Tally)
		}
		if len(rep.Rules) > 1 {
			p.row(t, p.total, rep.Total)
		}
		_ = t.Flush() // standard output tells of its own faults
	}
	if len(rep.Same) > 0 {
		fmt.Fprintf(w, "%s: %s\n", p.same, strings.Join(rep.Same, ", "))
	}
	for _, r := range rep.Rules {
		p.ruleDetail(w, rep, r)
	}
	if len(rep.Reworded) > 0 {
		fmt.Fprintf(w, "\n%s:\n", p.reworded)
		showDiffs(w, rep.Reworded, lang)
	}
}

func (p phrases) header(t io.Writer, first string) {
	fmt.Fprintf(t, "%s\t%s\tkr\t%s\tkr\t%s\tkr\t%s\tkr\t%s\tkr\t%s\tkr\t\n", first, p.newOnes, p.gone, p.changed, p.unchanged, p.inForce, p.draft)
}

func (p phrases) row(t io.Writer, first string, y backtest.Tally) {
	fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", first, p.sum(y.New), p.sum(y.Gone), p.sum(y.Changed), p.sum(y.Unchanged), p.sum(y.InForceFinds()), p.sum(y.DraftFinds()))
}

// ruleDetail says what the draft changes in a rule, what to know about the figures, and the
// figures by unit and by month.
func (p phrases) ruleDetail(w io.Writer, rep backtest.Report, r backtest.Rule) {
	title := r.Title.In(p.lang)
	fmt.Fprintf(w, "\n%s/%d  %s\n", r.ID, r.Draft, title)
	for _, d := range r.Diff {
		fmt.Fprintf(w, "  · %s\n", d.In(p.lang))
	}
	fmt.Fprintf(w, "  %s", p.judgedFrom(r))
	if r.From != 0 || r.To != 0 {
		fmt.Fprintf(w, "; %s %s – %s", p.period, r.From, r.To)
	}
	fmt.Fprintf(w, "; %s: %s %d, %s %d\n", p.subjects, p.inForce, r.Subjects.InForce, p.draft, r.Subjects.Draft)
	fmt.Fprintf(w, "  %s\n", p.reigns(r))
	for _, n := range r.Notes {
		fmt.Fprintf(w, "  %s\n", n.In(p.lang))
	}
	if len(r.ByUnit) > 0 {
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
		p.header(t, p.unit)
		for _, row := range r.ByUnit {
			p.row(t, p.unitName(rep, row.Key), row.Tally)
		}
		p.header(t, p.month)
		for _, row := range r.ByMonth {
			p.row(t, row.Key[:len("2006-01")], row.Tally)
		}
		_ = t.Flush()
	}
	p.examples(w, r)
}

// judgedFrom says from which day on the versions were judged.
func (p phrases) judgedFrom(r backtest.Rule) string {
	switch {
	case r.AsDated:
		return p.ownDates
	case r.Since == 0:
		return p.since + " " + p.beginning
	}
	return p.since + " " + r.Since.String()
}

// reigns says which version judges when once the draft is in force.
func (p phrases) reigns(r backtest.Rule) string {
	var out []string
	for _, j := range r.Judges {
		text := fmt.Sprintf("%s %d %s %s", p.version, j.Version, p.fromDay, j.From)
		if j.Draft {
			text = p.draft + " " + text
		}
		if j.To != 0 {
			text += " " + p.untilDay + " " + j.To.String()
		}
		out = append(out, text)
	}
	return p.judges + " " + strings.Join(out, ", ")
}

func (p phrases) unitName(rep backtest.Report, id string) string {
	switch name := rep.Units[id]; {
	case id == "":
		return p.notNamed
	case name != "":
		return name + " " + id
	}
	return id
}

func (p phrases) examples(w io.Writer, r backtest.Rule) {
	if len(r.Examples) == 0 {
		return
	}
	fmt.Fprintf(w, "  %s:\n", p.evidence)
	kinds := map[string]string{backtest.New: p.newOnes, backtest.Gone: p.gone, backtest.Changed: p.changed}
	for _, c := range r.Examples {
		f := c.Draft
		if f == nil {
			f = c.InForce
		}
		fmt.Fprintf(w, "  %s: %s %s – %s, %s kr: %s\n", kinds[c.Kind], c.Subject, c.From, c.To, p.kr(f.Cost), f.Explain.In(p.lang))
		if c.Kind == backtest.Changed {
			fmt.Fprintf(w, "      %s: %s, %s kr\n", p.inForce, c.InForce.Explain.In(p.lang), p.kr(c.InForce.Cost))
		}
		fmt.Fprintf(w, "      %s", strings.Join(c.Evidence, " "))
		if more := int(c.Total) - len(c.Evidence); more > 0 {
			fmt.Fprintf(w, " +%d", more)
		}
		fmt.Fprintln(w)
	}
}

// showDiffs writes each rule with what changes in it.
func showDiffs(w io.Writer, diffs []backtest.RuleDiff, lang string) {
	unchanged := map[string]string{"en": "nothing changes", "sv": "ingenting ändras"}[lang]
	for _, d := range diffs {
		fmt.Fprintf(w, "%s %d → %d  %s\n", d.ID, d.From, d.To, d.Title.In(lang))
		for _, line := range d.Words {
			fmt.Fprintf(w, "  · %s\n", line.In(lang))
		}
		if len(d.Words) == 0 {
			fmt.Fprintf(w, "  · %s\n", unchanged)
		}
	}
}
