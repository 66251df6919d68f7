// Package reminder writes the mail that tells a manager what is still to be settled. It holds
// counts, titles of rules, units, days and a link: nothing about a line or a person.
package reminder

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"linesman/dashboards/messages"
	"linesman/schema"
)

// Case is what a reminder needs of one violation that somebody has still to settle.
type Case struct {
	Unit, UnitName string // both may be empty
	Title          string // of the rule, in the language of the mail
	Deadline       schema.Day
	Overdue        bool
	New            bool // nobody was told of it since it was opened
	Candidate      bool // the rule only suspects
}

// Counts are what a reminder counts.
type Counts struct {
	All      int        `json:"all"`
	Overdue  int        `json:"overdue"`
	New      int        `json:"new"`
	Suspects int        `json:"suspects"` // candidates among them
	First    schema.Day `json:"-"`        // earliest deadline
}

func (c *Counts) add(one *Case) {
	c.All++
	if one.Overdue {
		c.Overdue++
	}
	if one.New {
		c.New++
	}
	if one.Candidate {
		c.Suspects++
	}
	if c.First == 0 || one.Deadline < c.First {
		c.First = one.Deadline
	}
}

// Mail is one reminder.
type Mail struct {
	Subject string
	Body    string
	Counts  Counts
}

// Config of the mails.
type Config struct {
	Texts        messages.Texts
	Organisation string
	Link         string // address of the console
}

// Compose writes one mail about the cases of one or more units. The same cases give the same mail.
func Compose(cfg Config, list []Case) Mail {
	t := cfg.Texts
	var all Counts
	units := map[string][]*Case{}
	for i := range list {
		one := &list[i]
		all.add(one)
		units[one.Unit] = append(units[one.Unit], one)
	}
	ids := make([]string, 0, len(units))
	for id := range units {
		ids = append(ids, id)
	}
	name := func(id string) string { return unitName(t, units[id][0]) }
	slices.SortFunc(ids, func(a, b string) int { return strings.Compare(name(a)+" "+a, name(b)+" "+b) })

	where := t.T("reminder.units", "n", strconv.Itoa(len(ids)))
	if len(ids) == 1 {
		where = name(ids[0])
	}
	var b strings.Builder
	b.WriteString(t.T("reminder.intro") + "\n")
	for _, id := range ids {
		b.WriteString("\n" + unitTitle(t, units[id][0]) + "\n")
		writeUnit(&b, cfg, id, units[id])
	}
	b.WriteString("\n" + t.T("reminder.end") + "\n")
	if cfg.Organisation != "" {
		b.WriteString("\n" + cfg.Organisation + "\n")
	}
	return Mail{Subject: t.T("reminder.subject", "n", strconv.Itoa(all.All), "late", strconv.Itoa(all.Overdue), "where", where), Body: b.String(), Counts: all}
}

// writeUnit writes the counts of a unit, those of each rule, and the way to them.
func writeUnit(b *strings.Builder, cfg Config, id string, list []*Case) {
	var all Counts
	rules := map[string]*Counts{}
	for _, one := range list {
		all.add(one)
		if rules[one.Title] == nil {
			rules[one.Title] = &Counts{}
		}
		rules[one.Title].add(one)
	}
	titles := make([]string, 0, len(rules))
	for title := range rules {
		titles = append(titles, title)
	}
	slices.SortFunc(titles, func(a, b string) int { // the most urgent first
		if x, y := rules[a].First, rules[b].First; x != y {
			return int(x - y)
		}
		return strings.Compare(a, b)
	})
	b.WriteString("  " + told(cfg.Texts, cfg.Texts.T("reminder.all", "n", strconv.Itoa(all.All)), &all) + "\n")
	for _, title := range titles {
		b.WriteString("  - " + title + ": " + told(cfg.Texts, strconv.Itoa(rules[title].All), rules[title]) + "\n")
	}
	query := url.Values{}
	if id != "" {
		query.Set("case-unit", id)
	}
	b.WriteString("  " + cfg.Texts.T("reminder.link", "link", strings.TrimRight(cfg.Link, "/")+"/cases"+asked(query)) + "\n")
}

func asked(q url.Values) string {
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}

// told puts counts into words, after how many there are in all.
func told(t messages.Texts, all string, c *Counts) string {
	parts := []string{all}
	for _, one := range []struct {
		key string
		n   int
	}{{"reminder.late", c.Overdue}, {"reminder.new", c.New}, {"reminder.suspects", c.Suspects}} {
		if one.n > 0 {
			parts = append(parts, t.T(one.key, "n", strconv.Itoa(one.n)))
		}
	}
	return strings.Join(append(parts, t.T("reminder.first", "day", c.First.String())), ", ")
}

func unitName(t messages.Texts, one *Case) string {
	switch {
	case one.UnitName != "":
		return one.UnitName
	case one.Unit != "":
		return one.Unit
	}
	return t.T("reminder.no_unit")
}

func unitTitle(t messages.Texts, one *Case) string {
	if one.UnitName == "" || one.Unit == "" {
		return unitName(t, one)
	}
	return one.UnitName + " (" + one.Unit + ")"
}
