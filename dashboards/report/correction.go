package report

import (
	"strconv"

	"linesman/dashboards/messages"
)

// Change is a figure of a published report that later data changed.
type Change struct {
	ID     string `json:"id"`
	Label  string `json:"label"`
	Unit   string `json:"unit"`
	Before string `json:"before"` // as it was published last; empty: it was not there
	After  string `json:"after"`
}

// Cause is why figures of the month moved, as the restatements say.
type Cause struct {
	Day    string   `json:"day"`    // yyyy-mm-dd: when they moved
	Causes []string `json:"causes"` // words of schema.Restatement
	Unit   string   `json:"unit"`   // name of the unit; empty: lines without a unit
	Centre string   `json:"cost_centre"`
	Before string   `json:"before"` // its cost of the month, exact
	After  string   `json:"after"`
}

// Correction is a note to a report that was published.
type Correction struct {
	Revision uint32   `json:"revision"`
	Of       string   `json:"of"`    // name of the report that was published first
	Since    string   `json:"since"` // yyyy-mm-dd: when the figures that it corrects were published
	Changes  []Change `json:"changes"`
	Causes   []Cause  `json:"causes"`
}

// Compare tells which figures about the month itself differ between what was published last and
// what the data say now.
func Compare(published, now []Figure) []Change {
	var out []Change
	was := map[string]Figure{}
	for _, f := range published {
		was[f.ID] = f
	}
	seen := map[string]bool{}
	for _, f := range now {
		seen[f.ID] = true
		if b := was[f.ID]; (f.Fixed || b.Fixed) && !sameValue(b, f) {
			out = append(out, Change{ID: f.ID, Label: f.Label, Unit: f.Unit, Before: b.Value, After: f.Value})
		}
	}
	for _, f := range published {
		if f.Fixed && !seen[f.ID] && f.Value != "" {
			out = append(out, Change{ID: f.ID, Label: f.Label, Unit: f.Unit, Before: f.Value})
		}
	}
	return out
}

func sameValue(a, b Figure) bool {
	x, has := a.Decimal()
	y, had := b.Decimal()
	if has && had {
		return x.Equal(y)
	}
	return a.Value == b.Value
}

// note is a correction in words. r is the report as the data say now.
func (c *composer) note(n *Correction) *document {
	d := c.frame(c.T("report.note.title", "n", strconv.Itoa(int(n.Revision)), "month", c.monthName()))
	d.subject = c.T("report.note.subject", "scope", c.scope(), "month", c.monthName())
	d.facts = append(d.facts, [2]string{c.T("report.note.of"), n.Of}, [2]string{c.T("report.note.since"), c.Day(day(n.Since))})
	if c.r.Published == "" {
		d.draft = c.T("report.draft")
	}
	changes := &table{caption: c.T("report.note.table"), head: []string{c.T("report.note.figure"), c.T("report.note.was"), c.T("report.note.is"), c.T("report.difference")}}
	for _, ch := range n.Changes {
		was, is := Figure{Value: ch.Before, Unit: ch.Unit}, Figure{Value: ch.After, Unit: ch.Unit}
		diff := cell{text: "–", number: true}
		a, has := is.Decimal()
		b, had := was.Decimal()
		if has && had {
			diff.text = c.signed(a.Sub(b), ch.Unit)
		}
		changes.rows = append(changes.rows, row{cells: []cell{text(ch.Label), {text: c.amount(&was), number: true}, {text: c.amount(&is), number: true, ref: c.numbers[ch.ID]}, diff}})
	}
	d.sections = []section{{id: "changes", title: c.T("report.note.changes"), blocks: []block{{text: c.T("report.note.intro")}, {table: changes}}}, c.causes(n)}
	for i := range c.r.Figures {
		f := &c.r.Figures[i]
		for _, ch := range n.Changes {
			if ch.ID == f.ID {
				d.refs = append(d.refs, ref{n: i + 1, label: f.Label, value: c.amount(f), exact: f.Value, how: f.Query + f.Command, sql: f.Query != ""})
			}
		}
	}
	return d
}

func (c *composer) causes(n *Correction) section {
	s := section{id: "causes", title: c.T("report.note.causes")}
	if len(n.Causes) == 0 {
		s.blocks = []block{{text: c.T("report.note.unknown")}}
		return s
	}
	t := &table{caption: c.T("report.note.causes.table"), head: []string{c.T("report.note.why"), c.T("report.note.where"), c.T("report.note.when"), c.T("report.note.was"), c.T("report.note.is")}}
	for _, x := range n.Causes {
		why := ""
		for i, word := range x.Causes {
			if i > 0 {
				why += ", "
			}
			why += c.Value("report.cause", word)
		}
		where := x.Unit
		if where == "" {
			where = c.T("none")
		}
		if x.Centre != "" {
			where += " / " + x.Centre
		}
		t.rows = append(t.rows, row{cells: []cell{text(why), text(where), text(x.Day), {text: c.amount(&Figure{Value: x.Before, Unit: SEK}), number: true}, {text: c.amount(&Figure{Value: x.After, Unit: SEK}), number: true}}})
	}
	s.blocks = []block{{table: t}, {text: c.T("report.note.causes.note"), small: true}}
	return s
}

// Rendered is a document in both forms.
type Rendered struct {
	Title    string
	Subtitle string
	HTML     []byte
	PDF      []byte
}

// Render makes the report. Errors come from making the PDF.
func Render(r *Report, t messages.Texts) (Rendered, error) {
	return rendered(newComposer(r, t).document())
}

// RenderCorrection makes a correction note; r is the report as the data say now.
func RenderCorrection(n *Correction, r *Report, t messages.Texts) (Rendered, error) {
	return rendered(newComposer(r, t).note(n))
}

func rendered(d *document) (Rendered, error) {
	pdf, err := d.pdf()
	return Rendered{Title: d.title, Subtitle: d.subtitle, HTML: d.html(), PDF: pdf}, err
}
