package report

import "math"

// Measures of tables in points.
const (
	cellSize = 8.6
	cellStep = 11.4
	cellPad  = 4.5
)

// table writes a table: numbers as wide as they are, and what is left for the words. Its head is
// written again on each page.
func (s *sheet) table(t *table) {
	widths, marks := s.columnWidths(t)
	s.need(cellStep*3 + 22)
	s.put(marginX, s.y+7.5, s.fit(t.caption, innerW, sans, 7.8), sans, 7.8, faint)
	s.y += 12
	s.tableHead(t, widths)
	for _, r := range t.rows {
		font := sans
		if r.total {
			font = bold
		}
		lines := make([][]string, len(r.cells))
		most := 1
		for i, c := range r.cells {
			lines[i] = []string{c.text}
			if !c.number {
				lines[i] = s.wrap(c.text, widths[i]-2*cellPad-s.markWidth(c.ref), font, cellSize)
			}
			most = max(most, len(lines[i]))
		}
		h := cellStep*float64(most) + 4
		if s.need(h) {
			s.tableHead(t, widths)
		}
		if r.total {
			s.fill(marginX, s.y, innerW, h, shade)
		}
		x := marginX
		for i, c := range r.cells {
			s.cell(x, widths[i], marks[i], c, lines[i], font)
			x += widths[i]
		}
		s.y += h
		s.rule(marginX, s.y, pageW-marginX, "#dfe4e9", 0.5)
	}
	s.y += 10
}

// cell writes a cell; mark is the room that the references of its column take, so that numbers
// stand under each other.
func (s *sheet) cell(x, w, mark float64, c cell, lines []string, font string) {
	y := s.y + cellSize + 1.5
	for i, l := range lines {
		at := x + cellPad
		tw := s.width(l, font, cellSize)
		if c.number {
			at = x + w - cellPad - tw - mark
		}
		s.put(at, y, l, font, cellSize, ink)
		if i == len(lines)-1 {
			s.mark(at+tw, y, c.ref)
		}
		y += cellStep
	}
}

func (s *sheet) tableHead(t *table, widths []float64) {
	most := 1
	lines := make([][]string, len(t.head))
	for i, h := range t.head {
		lines[i] = s.wrap(h, widths[i]-2*cellPad, bold, 8)
		most = max(most, len(lines[i]))
	}
	x := marginX
	for i := range t.head {
		y := s.y + 9 + 10.5*float64(most-len(lines[i]))
		for _, l := range lines[i] {
			if t.numeric(i) {
				s.right(x+widths[i]-cellPad, y, l, bold, 8, ink)
			} else {
				s.put(x+cellPad, y, l, bold, 8, ink)
			}
			y += 10.5
		}
		x += widths[i]
	}
	s.y += 10.5*float64(most) + 3
	s.rule(marginX, s.y, pageW-marginX, ink, 0.9)
}

// columnWidths tells how wide each column is, and how much of it references take.
func (s *sheet) columnWidths(t *table) (out, marks []float64) {
	out, marks = make([]float64, len(t.head)), make([]float64, len(t.head))
	for _, r := range t.rows {
		for i, c := range r.cells {
			if i < len(marks) && c.number {
				marks[i] = math.Max(marks[i], s.markWidth(c.ref))
			}
		}
	}
	left := innerW
	for i := range t.head {
		if i == t.wide {
			continue
		}
		most := 0.0
		for _, r := range t.rows {
			if i < len(r.cells) {
				font := sans
				if r.total {
					font = bold
				}
				most = math.Max(most, s.width(r.cells[i].text, font, cellSize)+math.Max(marks[i], s.markWidth(r.cells[i].ref)))
			}
		}
		if t.numeric(i) {
			most = math.Max(most, math.Min(s.width(t.head[i], bold, 8), 74))
		} else {
			most = math.Min(math.Max(most, s.width(t.head[i], bold, 8)), 150)
		}
		out[i] = most + 2*cellPad
		left -= out[i]
	}
	out[t.wide] = math.Max(left, 80)
	return out, marks
}
