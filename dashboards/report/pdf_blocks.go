package report

import (
	"math"
	"strconv"
)

func (s *sheet) title() {
	d := s.doc
	if d.draft != "" {
		s.put(marginX, s.y+4, d.draft, bold, 9, accent)
		s.y += 18
	}
	for _, l := range s.wrap(d.title, innerW, bold, 20) {
		s.put(marginX, s.y+14, l, bold, 20, ink)
		s.y += 25
	}
	for _, l := range s.wrap(d.subtitle, innerW, bold, 13) {
		s.put(marginX, s.y+10, l, bold, 13, strong)
		s.y += 18
	}
	x := marginX
	for _, f := range d.facts {
		w := s.width(f[0]+": "+f[1], sans, 8.5) + 18
		if x+w > pageW-marginX && x > marginX {
			x, s.y = marginX, s.y+12
		}
		s.put(x, s.y+9, f[0]+":", sans, 8.5, faint)
		s.put(x+s.width(f[0]+": ", sans, 8.5), s.y+9, f[1], sans, 8.5, ink)
		x += w
	}
	s.y += 17
	s.rule(marginX, s.y, pageW-marginX, strong, 2)
	s.y += 16
}

// height is about how much room the first part of a block takes: what must stand under a heading.
func (b *block) height() float64 {
	switch {
	case b.chart != nil:
		return b.chart.h * innerW / b.chart.w
	case b.cards != nil:
		return 62
	case b.table != nil:
		return 62
	}
	return 30
}

func (s *sheet) section(x *section) {
	first := 30.0
	if len(x.blocks) > 0 {
		first = x.blocks[0].height()
	}
	if x.onNewPage && s.y > topY {
		s.newPage()
	}
	s.need(30 + first)
	s.AddOutlineAt(x.title)
	s.put(marginX, s.y+11, x.title, bold, 12.5, ink)
	s.y += 17
	s.rule(marginX, s.y, pageW-marginX, rule, 0.7)
	s.y += 9
	for i := range x.blocks {
		s.block(&x.blocks[i])
	}
	s.y += 12
}

// AddOutlineAt adds a bookmark that leads to where the sheet is.
func (s *sheet) AddOutlineAt(title string) {
	s.SetXY(marginX, s.y)
	s.AddOutlineWithPosition(title)
}

func (s *sheet) block(b *block) {
	switch {
	case b.text != "":
		s.paragraph(b)
	case b.list != nil:
		for _, x := range b.list {
			s.item(x)
		}
		s.y += 4
	case b.cards != nil:
		s.cards(b.cards)
	case b.table != nil:
		s.table(b.table)
	case b.chart != nil:
		s.chart(b.chart)
	}
}

func (s *sheet) paragraph(b *block) {
	size, colour, x := 9.5, ink, marginX
	if b.small {
		size, colour = 8, faint
	}
	if b.warn {
		x += 10
	}
	lines := s.wrap(b.text, innerW-(x-marginX)*2, sans, size)
	step := size * 1.4
	pad := 0.0
	if b.warn {
		pad = 5
	}
	s.need(math.Min(step*float64(len(lines))+2*pad, 200))
	if b.warn {
		s.fill(marginX, s.y, innerW, step*float64(len(lines))+2*pad, "#fdf3ec")
		s.fill(marginX, s.y, 3.5, step*float64(len(lines))+2*pad, accent)
	}
	s.y += pad
	for _, l := range lines {
		s.need(step)
		s.put(x, s.y+size, l, sans, size, colour)
		s.y += step
	}
	s.y += pad + 6
}

func (s *sheet) item(x rich) {
	const size, step = 9.5, 13.5
	lines := s.wrap(x.text, innerW-50, sans, size)
	s.need(step * float64(len(lines)))
	s.fill(marginX+2, s.y+4, 3.5, 3.5, strong)
	for i, l := range lines {
		s.put(marginX+14, s.y+size, l, sans, size, ink)
		if i == len(lines)-1 {
			at := marginX + 14 + s.width(l, sans, size)
			for _, n := range x.refs {
				at += s.mark(at, s.y+size, n)
			}
		}
		s.y += step
	}
	s.y += 2
}

func (s *sheet) cards(list []card) {
	const h, gap = 54.0, 9.0
	s.need(h + 10)
	w := (innerW - gap*float64(len(list)-1)) / float64(len(list))
	for i, c := range list {
		x := marginX + (w+gap)*float64(i)
		edge := strong
		if c.bad {
			edge = accent
		}
		s.fill(x, s.y, w, h, shade)
		s.fill(x, s.y, w, 3, edge)
		s.put(x+7, s.y+15, s.fit(c.label, w-10, sans, 7.5), sans, 7.5, faint)
		size := 13.0
		room := w - 14 - s.markWidth(c.ref)
		for size > 8 && s.width(c.value, bold, size) > room {
			size -= 0.5
		}
		s.put(x+7, s.y+33, c.value, bold, size, ink)
		s.mark(x+7+s.width(c.value, bold, size), s.y+33, c.ref)
		s.put(x+7, s.y+47, s.fit(c.note, w-10, sans, 7.5), sans, 7.5, faint)
	}
	s.y += h + 14
}

func (s *sheet) chart(c *chart) {
	k := innerW / c.w
	h := c.h * k
	s.need(h + 6)
	for _, x := range c.shapes {
		px, py := marginX+x.x*k, s.y+x.y*k
		switch x.kind {
		case shapeRect:
			if x.w > 0 && x.h > 0 {
				s.fill(px, py, x.w*k, x.h*k, x.fill)
			}
		case shapeLine:
			s.colour(x.stroke)
			s.SetLineWidth(x.width)
			s.SetLineType("solid")
			if x.dashed {
				s.SetLineType("dashed")
			}
			s.Line(px, py, marginX+x.w*k, s.y+x.h*k)
			s.SetLineType("solid")
		case shapeText:
			font := sans
			if x.bold {
				font = bold
			}
			size := x.size * 0.96
			switch w := s.width(x.text, font, size); x.anchor {
			case "middle":
				px -= w / 2
			case "end":
				px -= w
			}
			s.put(px, py, x.text, font, size, x.fill)
		}
	}
	s.y += h + 8
}

func (s *sheet) appendix() {
	if len(s.doc.refs) == 0 {
		return
	}
	s.newPage()
	s.AddOutlineAt(s.doc.words.contents)
	s.put(marginX, s.y+11, s.doc.words.contents, bold, 12.5, ink)
	s.y += 17
	s.rule(marginX, s.y, pageW-marginX, rule, 0.7)
	s.y += 9
	s.paragraph(&block{text: s.doc.words.to, small: true})
	for _, r := range s.doc.refs {
		s.reference(r)
	}
}

// reference writes a figure with the way to it.
func (s *sheet) reference(r ref) {
	const left, size, step = 30.0, 6.8, 8.8
	head := s.wrap(r.label+": "+r.value, innerW-left, sans, 8.5)
	code := s.wrap(r.how, innerW-left-8, mono, size)
	s.need(math.Min(11.5*float64(len(head))+step*float64(len(code))+8, bottomY-topY))
	n := strconv.Itoa(r.n)
	s.anchor("q"+n, s.y+2)
	s.put(marginX, s.y+8.5, "["+n+"]", bold, 8.5, strong)
	if s.here[r.n] {
		s.AddInternalLink("f"+n, marginX, s.y, 24, 10)
	}
	for _, l := range head {
		s.put(marginX+left, s.y+8.5, l, sans, 8.5, ink)
		s.y += 11.5
	}
	s.fill(marginX+left, s.y, innerW-left, step*float64(len(code))+3, shade)
	for _, l := range code {
		if s.need(step) {
			s.y += 2
		}
		s.put(marginX+left+4, s.y+size+1, l, mono, size, ink)
		s.y += step
	}
	s.y += 9
}
