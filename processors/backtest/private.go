package backtest

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"linesman/processors/policy"
)

// personal are the columns, of usage and of what else rules read, that name one line, one holder,
// one device or one other party.
func personal() []string {
	return []string{"line_id", "alias_id", "holder", "number_mask", "other_mask", "other_hash", "subscription", "item_id"}
}

// Personal returns the places where a draft asks about one line, holder or other party, so that
// a page for trying rules can refuse it: whoever may ask that uses the command.
func Personal(draft *policy.Set, files ...File) policy.Problems {
	var out policy.Problems
	for _, r := range draft.Rules() {
		var words []string
		for _, c := range r.Where {
			words = append(words, columnsOf(c)...)
		}
		for _, l := range r.Limits {
			if l.Share != nil {
				words = append(words, l.Share.Columns()...)
			}
			for _, e := range l.Except {
				if e.Line != "" {
					words = append(words, e.Line)
				}
			}
		}
		if r.Absence != nil && r.Absence.Lines != nil {
			words = append(words, r.Absence.Lines.Columns()...)
		}
		slices.Sort(words)
		for _, w := range slices.Compact(words) {
			if slices.Contains(personal(), w) || strings.HasPrefix(w, "L") {
				out = append(out, problemAt(r, w, files))
			}
		}
	}
	return out
}

// columnsOf lists the columns that a condition reads. Numbers that never count are no question.
func columnsOf(c policy.Condition) []string {
	if c.When != nil {
		return c.When.Columns()
	}
	var out []string
	for _, a := range c.Any {
		out = append(out, columnsOf(a)...)
	}
	if c.Column != "" && c.Column != exemptColumn {
		out = append(out, c.Column)
	}
	return out
}

// problemAt finds the word in the rule's text.
func problemAt(r *policy.Rule, word string, files []File) policy.Problem {
	p := policy.Problem{File: r.File, Line: r.Line, Column: 1,
		Text: fmt.Sprintf("rule %s asks about %s: this page does not look up single lines, holders or numbers; \"linesman policy backtest\" does, for those who may", r.ID, word)}
	for _, f := range files {
		if f.Name != r.File {
			continue
		}
		for i, line := range strings.Split(f.Text, "\n") {
			if at := strings.Index(line, word); at >= 0 && i+1 >= r.Line {
				p.Line, p.Column = i+1, utf8.RuneCountInString(line[:at])+1
				return p
			}
		}
	}
	return p
}
