package report

import (
	"math"
	"unicode/utf8"
)

// Colours: dark and light differ in brightness too, so that they can be told apart in any kind of
// colour blindness and on a printer without colours.
const (
	ink    = "#1c2530"
	faint  = "#5b6672"
	rule   = "#c9d1d9"
	strong = "#0b5a8f"
	pale   = "#a9c4d9"
	accent = "#b34700"
	paper  = "#ffffff"
	shade  = "#f2f5f8"
)

// chart is a drawing with its numbers in words: title, desc and the table beside it.
type chart struct {
	id, title, desc string
	w, h            float64 // in points
	shapes          []shape
}

// Kinds of shapes.
const (
	shapeRect = iota
	shapeLine
	shapeText
)

// shape is a part of a drawing, in points from the upper left corner. A text's y is its baseline.
type shape struct {
	kind         int
	x, y, w, h   float64 // of a line: w and h lead to its other end
	fill, stroke string
	text         string
	anchor       string // start, middle or end
	size         float64
	bold, dashed bool
	width        float64 // of a line
}

// bar is one value of a chart; known false: there is no data.
type bar struct {
	label  string
	value  float64
	known  bool
	shown  string // the value in words
	before float64
	had    bool
	mark   bool
}

const chartWidth = 500

// columns draws a bar for each month, with a line for the budget if there is one.
func columns(c *chart, bars []bar, budget float64, budgetText string, axis func(float64) string) {
	const top, bottom, left, right = 22.0, 34.0, 52.0, 6.0
	c.w, c.h = chartWidth, 190
	most, least := budget, 0.0
	for _, b := range bars {
		most, least = math.Max(most, b.value), math.Min(least, b.value)
	}
	step := niceStep(most - least)
	high, low := math.Ceil(most/step)*step, math.Floor(least/step)*step
	if high == low {
		high = low + step
	}
	height := c.h - top - bottom
	y := func(v float64) float64 { return top + height*(high-v)/(high-low) }
	for v := low; v <= high+step/2; v += step {
		c.line(left, y(v), c.w-right, y(v), rule, 0.5, false)
		c.label(left-5, y(v)+2.6, axis(v), "end", 7.5, faint, false)
	}
	slot := (c.w - left - right) / float64(len(bars))
	for i, b := range bars {
		x := left + slot*float64(i)
		if b.known {
			fill := pale
			if b.mark {
				fill = strong
			}
			c.box(x+slot*0.16, math.Min(y(b.value), y(0)), slot*0.68, math.Abs(y(b.value)-y(0)), fill)
		} else {
			c.label(x+slot/2, y(0)-4, "–", "middle", 8, faint, false)
		}
		if b.mark && b.known { // in the column, where no line crosses it
			at, colour := y(b.value)+11, paper
			if b.value <= 0 || y(0)-y(b.value) < 16 || slot*0.68 < 5*float64(utf8.RuneCountInString(b.shown)) {
				at, colour = y(math.Max(b.value, 0))-4, ink
			}
			c.label(math.Min(x+slot/2, c.w-right-20), at, b.shown, "middle", 8, colour, true)
		}
		month, year, _ := cutSpace(b.label)
		c.label(x+slot/2, c.h-bottom+12, month, "middle", 7.5, ink, b.mark)
		if i == 0 || month == bars[0].label || i == len(bars)-1 || firstOfYear(bars, i) {
			c.label(x+slot/2, c.h-bottom+22, year, "middle", 7, faint, false)
		}
	}
	c.line(left, y(0), c.w-right, y(0), ink, 0.8, false)
	if budget > 0 {
		c.line(left, y(budget), c.w-right, y(budget), accent, 1.3, true)
		c.line(left, 8, left+18, 8, accent, 1.3, true)
		c.label(left+23, 10.6, budgetText, "start", 7.5, accent, true)
	}
}

func firstOfYear(bars []bar, i int) bool {
	_, a, _ := cutSpace(bars[i].label)
	_, b, _ := cutSpace(bars[i-1].label)
	return a != b
}

func cutSpace(s string) (before, after string, ok bool) {
	for i := range len(s) {
		if s[i] == ' ' {
			return s[:i], s[i+1:], true
		}
	}
	return s, "", false
}

// rows draws a bar for each thing: what it is now, and thinner what it was before.
func rows(c *chart, bars []bar, now, before string) {
	const left, right, each, top = 150.0, 78.0, 24.0, 20.0
	c.w, c.h = chartWidth, top+each*float64(len(bars))+4
	most, least := 0.0, 0.0
	for _, b := range bars {
		most, least = math.Max(most, math.Max(b.value, b.before)), math.Min(least, math.Min(b.value, b.before))
	}
	if most == least {
		most = least + 1
	}
	x := func(v float64) float64 { return left + (c.w-left-right)*(v-least)/(most-least) }
	c.box(left, 4, 8, 8, strong)
	c.label(left+12, 11, now, "start", 7.5, ink, false)
	shift := left + 24 + 4.2*float64(utf8.RuneCountInString(now))
	c.box(shift, 4, 8, 8, pale)
	c.label(shift+12, 11, before, "start", 7.5, ink, false)
	for i, b := range bars {
		y := top + each*float64(i)
		c.label(left-6, y+12, short(b.label, 32), "end", 8, ink, false)
		if b.had {
			c.box(math.Min(x(b.before), x(0)), y+12, math.Abs(x(b.before)-x(0)), 6, pale)
		}
		end := x(0)
		if b.known {
			c.box(math.Min(x(b.value), x(0)), y+2, math.Abs(x(b.value)-x(0)), 10, strong)
			end = math.Max(end, x(b.value))
		}
		c.label(end+5, y+10, b.shown, "start", 8, ink, false)
	}
	c.line(x(0), top-2, x(0), c.h-2, ink, 0.8, false)
}

func short(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}

func (c *chart) box(x, y, w, h float64, fill string) {
	c.shapes = append(c.shapes, shape{kind: shapeRect, x: x, y: y, w: w, h: h, fill: fill})
}

func (c *chart) line(x, y, x2, y2 float64, stroke string, width float64, dashed bool) {
	c.shapes = append(c.shapes, shape{kind: shapeLine, x: x, y: y, w: x2, h: y2, stroke: stroke, width: width, dashed: dashed})
}

func (c *chart) label(x, y float64, s, anchor string, size float64, fill string, bold bool) {
	c.shapes = append(c.shapes, shape{kind: shapeText, x: x, y: y, text: s, anchor: anchor, size: size, fill: fill, bold: bold})
}

// niceStep is a distance between lines of an axis that gives about four of them.
func niceStep(span float64) float64 {
	if span <= 0 {
		return 1
	}
	base := math.Pow(10, math.Floor(math.Log10(span/4)))
	for _, m := range [...]float64{1, 2, 2.5, 5, 10} {
		if span/(base*m) <= 5 {
			return base * m
		}
	}
	return base * 10
}
