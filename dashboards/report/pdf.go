package report

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/signintech/gopdf"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/goregular"
)

// Measures of a page in points: A4.
const (
	pageW, pageH = 595.28, 841.89
	marginX      = 47.0
	topY         = 50.0
	bottomY      = pageH - 58
	innerW       = pageW - 2*marginX
)

// Families of fonts.
const (
	sans = "sans"
	bold = "bold"
	mono = "mono"
)

// sheet writes a PDF. The first error stops the rest.
type sheet struct {
	gopdf.GoPdf
	doc   *document
	y     float64
	pages int // of the whole document; 0: not counted yet
	page  int
	err   error
	here  map[int]bool // figures that a link leads back to
}

// pdf is the document for printing. It is written twice: the first time tells how many pages
// there are.
func (d *document) pdf() ([]byte, error) {
	first, err := d.write(0)
	if err != nil {
		return nil, err
	}
	second, err := d.write(first.page)
	if err != nil {
		return nil, err
	}
	out, err := second.GetBytesPdfReturnErr()
	if err != nil {
		return nil, fmt.Errorf("making the PDF: %w", err)
	}
	return out, nil
}

func (d *document) write(pages int) (*sheet, error) {
	s := &sheet{doc: d, pages: pages, here: map[int]bool{}}
	s.Start(gopdf.Config{PageSize: gopdf.Rect{W: pageW, H: pageH}})
	s.SetInfo(gopdf.PdfInfo{Title: d.title + " – " + d.subtitle, Author: d.author, Subject: d.subject, Creator: "Linesman", Producer: "Linesman", CreationDate: day(d.made)})
	for _, f := range [...]struct {
		name string
		data []byte
	}{{sans, goregular.TTF}, {bold, gobold.TTF}, {mono, gomono.TTF}} {
		s.do(s.AddTTFFontData(f.name, f.data))
	}
	s.newPage()
	s.title()
	for i := range d.sections {
		s.section(&d.sections[i])
	}
	s.appendix()
	if s.err != nil {
		return nil, fmt.Errorf("making the PDF: %w", s.err)
	}
	return s, nil
}

func (s *sheet) do(err error) {
	if s.err == nil {
		s.err = err
	}
}

// newPage begins a page with its footer.
func (s *sheet) newPage() {
	s.AddPage()
	s.page++
	s.rule(marginX, bottomY+18, pageW-marginX, rule, 0.5)
	s.put(marginX, bottomY+31, s.fit(s.doc.title+" – "+s.doc.subtitle, innerW-90, sans, 7.5), sans, 7.5, faint)
	number := fmt.Sprintf("%s %d %s %d", s.doc.words.page, s.page, s.doc.words.of, s.pages)
	s.right(pageW-marginX, bottomY+31, number, sans, 7.5, faint)
	s.y = topY
}

// need begins a new page unless there is room for so much.
func (s *sheet) need(h float64) bool {
	if s.y+h <= bottomY {
		return false
	}
	s.newPage()
	return true
}

// printable replaces what the fonts lack.
var printable = strings.NewReplacer("\u202f", "\u00a0", "\u2009", "\u00a0")

func (s *sheet) colour(c string) {
	v, _ := strconv.ParseUint(strings.TrimPrefix(c, "#"), 16, 32)
	s.SetTextColor(uint8(v>>16), uint8(v>>8), uint8(v))
	s.SetFillColor(uint8(v>>16), uint8(v>>8), uint8(v))
	s.SetStrokeColor(uint8(v>>16), uint8(v>>8), uint8(v))
}

// put writes a text with its baseline at y.
func (s *sheet) put(x, y float64, text, font string, size float64, colour string) {
	if text == "" {
		return
	}
	s.colour(colour)
	s.do(s.SetFont(font, "", size))
	s.SetXY(x, y)
	s.do(s.Text(s.known(text)))
}

// known replaces characters that the font has no picture of.
func (s *sheet) known(text string) string {
	text = printable.Replace(text)
	return strings.Map(func(r rune) rune {
		if ok, err := s.IsCurrFontContainGlyph(r); err == nil && !ok {
			return '?'
		}
		return r
	}, text)
}

func (s *sheet) right(x, y float64, text, font string, size float64, colour string) {
	s.put(x-s.width(text, font, size), y, text, font, size, colour)
}

func (s *sheet) width(text, font string, size float64) float64 {
	if text == "" {
		return 0
	}
	if font == mono { // every letter is as wide as the next
		return float64(utf8.RuneCountInString(text)) * size * monoWidth
	}
	s.do(s.SetFont(font, "", size))
	w, err := s.MeasureTextWidth(s.known(text))
	s.do(err)
	return w
}

// monoWidth is how wide a letter of Go Mono is, as a part of its size.
const monoWidth = 0.6001

// fit cuts a text to a width.
func (s *sheet) fit(text string, w float64, font string, size float64) string {
	if s.width(text, font, size) <= w {
		return text
	}
	list := []rune(text)
	for len(list) > 1 && s.width(string(list)+"…", font, size) > w {
		list = list[:len(list)-1]
	}
	return string(list) + "…"
}

func (s *sheet) rule(x, y, x2 float64, colour string, width float64) {
	s.colour(colour)
	s.SetLineWidth(width)
	s.SetLineType("solid")
	s.Line(x, y, x2, y)
}

func (s *sheet) fill(x, y, w, h float64, colour string) {
	s.colour(colour)
	s.RectFromUpperLeftWithStyle(x, y, w, h, "F")
}

// wrap breaks a text into lines of a width: at spaces, and inside words that are too long.
func (s *sheet) wrap(text string, w float64, font string, size float64) []string {
	var out []string
	line := ""
	for _, word := range strings.Split(text, " ") {
		try := word
		if line != "" {
			try = line + " " + word
		}
		if s.width(try, font, size) <= w {
			line = try
			continue
		}
		if line != "" {
			out = append(out, line)
		}
		for line = word; s.width(line, font, size) > w; {
			list := []rune(line)
			n := len(list)
			for n > 1 && s.width(string(list[:n]), font, size) > w {
				n--
			}
			out, line = append(out, string(list[:n])), string(list[n:])
		}
	}
	return append(out, line)
}

// anchor is where links of a name lead: a little above y.
func (s *sheet) anchor(name string, y float64) {
	s.SetXY(marginX, y)
	s.SetAnchor(name)
}

// mark writes the number of a figure's query, small and raised, with a link to it; it returns
// how much room it took.
func (s *sheet) mark(x, y float64, n int) float64 {
	if n == 0 {
		return 0
	}
	text := s.markText(n)
	w := s.width(text, sans, markSize)
	s.put(x+1.5, y-3, text, sans, markSize, strong)
	s.AddInternalLink("q"+strconv.Itoa(n), x, y-9, w+2, 9)
	if !s.here[n] {
		s.here[n] = true
		s.anchor("f"+strconv.Itoa(n), y-12)
	}
	return w + 2
}

const markSize = 5.5

func (s *sheet) markText(n int) string { return "[" + strconv.Itoa(n) + "]" }

func (s *sheet) markWidth(n int) float64 {
	if n == 0 {
		return 0
	}
	return s.width(s.markText(n), sans, markSize) + 2
}
