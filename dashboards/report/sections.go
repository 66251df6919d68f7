package report

import (
	"slices"
	"strconv"
	"strings"
)

func (c *composer) services() section {
	return c.compared("services", c.T("report.services"), c.T("report.services.table"), c.T("report.service"), c.r.Services)
}

func (c *composer) parts() section {
	kind := c.r.Scope.Kind
	return c.compared("parts", c.T("report.parts."+kind), c.T("report.parts.table."+kind), c.T("report.part."+kind), c.r.Parts)
}

// moves says in words what changed most.
func (c *composer) moves() section {
	s := section{id: "moves", title: c.T("report.moves")}
	var list []rich
	for _, m := range c.r.Moves {
		now, _ := c.decimal(m.Now)
		was, _ := c.decimal(m.Before)
		diff := now.Sub(was)
		key := "report.move.more"
		switch {
		case diff.Sign() == 0:
			continue
		case was.Sign() == 0:
			key = "report.move.new"
		case now.Sign() == 0:
			key = "report.move.gone"
		case diff.Sign() < 0:
			key = "report.move.less"
		}
		share := ""
		if p := c.percent(m.Now, m.Before); p.text != "–" && now.Sign() != 0 && was.Sign() != 0 {
			share = ", " + p.text
		}
		list = append(list, rich{text: c.T(key, "what", m.Label, "diff", c.Number(diff.Abs(), 2), "now", c.Number(now, 2), "was", c.Number(was, 2), "before", c.before(), "share", share),
			refs: []int{c.numbers[m.Now], c.numbers[m.Before]}})
	}
	if len(list) > 0 {
		s.blocks = []block{{text: c.T("report.moves.note", "before", c.before()), small: true}, {list: list}}
	}
	return s
}

// borne tells what the scope bears once shared costs were divided.
func (c *composer) borne() section {
	s := section{id: "borne", title: c.T("report.borne")}
	if len(c.r.Borne) == 0 {
		return s
	}
	t := &table{caption: c.T("report.borne.table"), head: []string{"", c.T("report.cost_kr")}}
	for _, r := range c.r.Borne {
		t.rows = append(t.rows, row{cells: []cell{text(r.Label), c.figure(r.Now)}})
	}
	s.blocks = []block{{text: c.T("report.borne.note"), small: true}, {table: t}}
	return s
}

func (c *composer) away() section {
	s := section{id: "away", title: c.T("report.away")}
	t := &table{caption: c.T("report.away.table"), head: []string{"", c.monthName(), c.before(), c.T("report.difference")}}
	for _, r := range c.r.Away {
		t.rows = append(t.rows, row{cells: []cell{text(r.Label), c.figure(r.Now), c.figure(r.Before), c.difference(r.Now, r.Before)}})
	}
	if len(t.rows) > 0 {
		s.blocks = []block{{table: t}}
	}
	return s
}

// rules tells how many violations there are. None in data that are not there is not none.
func (c *composer) rules() section {
	s := section{id: "rules", title: c.T("report.rules")}
	if len(c.r.Rules) == 0 {
		s.blocks = append(s.blocks, block{text: c.T("report.rules.none", "month", c.monthName())})
	} else {
		t := &table{caption: c.T("report.rules.table"), head: []string{c.T("report.rule"), c.T("report.found"), c.T("report.open")}}
		for _, r := range c.r.Rules {
			t.rows = append(t.rows, row{cells: []cell{text(r.Title), c.figure(r.Found), c.figure(r.Open)}})
		}
		s.blocks = append(s.blocks, block{table: t}, block{text: c.T("report.rules.note"), small: true})
	}
	if n := len(c.r.Unsure); n > 0 {
		s.blocks = append(s.blocks, block{text: c.T("report.rules.unsure", "n", strconv.Itoa(n), "rules", strings.Join(c.r.Unsure, "; ")), warn: true})
	}
	return s
}

func (c *composer) goals() section {
	s := section{id: "goals", title: c.T("report.goals")}
	if len(c.r.Goals) == 0 {
		s.blocks = []block{{text: c.T("report.goals.none")}}
		return s
	}
	t := &table{caption: c.T("report.goals.table"), head: []string{c.T("report.goal"), c.T("report.status"), c.T("report.words")}, wide: 2}
	for _, g := range c.r.Goals {
		what := g.Title
		if c.r.Scope.Kind != ScopeUnit {
			what += ", " + g.Place
		}
		status := cell{text: g.Status}
		if g.Figure != "" {
			status.ref = c.numbers[g.Figure]
		}
		mark := "▲ "
		if g.Good {
			mark = "● "
		}
		status.text = mark + status.text
		t.rows = append(t.rows, row{cells: []cell{text(what), status, text(g.Words)}})
	}
	s.blocks = []block{{table: t}}
	return s
}

func (c *composer) unused() section {
	s := section{id: "unused", title: c.T("report.unused")}
	n, ok := c.decimal(FigureUnused)
	if !ok {
		s.blocks = []block{{text: c.T("report.unused.unknown")}}
		return s
	}
	key := "report.unused.some"
	if n.IsZero() {
		key = "report.unused.none"
	}
	fees, _ := c.decimal(FigureIdle)
	s.blocks = []block{{list: []rich{{text: c.T(key, "n", c.Number(n, 0), "fees", c.Number(fees, 2)), refs: []int{c.numbers[FigureUnused], c.numbers[FigureIdle]}}}}}
	return s
}

// complete tells whether nothing is known to be missing in the month.
func (c *composer) complete() bool {
	return len(c.r.Sources) > 0 && !slices.ContainsFunc(c.r.Sources, func(s Source) bool { return s.State != "complete" })
}

func (c *composer) sources() section {
	s := section{id: "sources", title: c.T("report.sources")}
	if len(c.r.Sources) == 0 {
		s.blocks = []block{{text: c.T("report.sources.none"), warn: true}}
		return s
	}
	t := &table{caption: c.T("report.sources.table"), head: []string{c.T("report.source"), c.T("report.state"), c.T("report.missing"), c.T("report.last")}}
	for _, x := range c.r.Sources {
		last := "–"
		if x.Last != "" {
			last = x.Last
		}
		t.rows = append(t.rows, row{cells: []cell{text(x.Name), text(c.T("report.state." + x.State)), {text: strconv.Itoa(x.Missing), number: true, ref: c.numbers[x.Figure]}, text(last)}})
	}
	s.blocks = []block{{text: c.T("report.sources.note"), small: true}, {table: t}}
	return s
}
