package report

import (
	"fmt"
	"html"
	"strconv"
	"strings"
)

// style is the whole style of the file. It is light only: it is made to be printed.
const style = `:root{color-scheme:light}
*{box-sizing:border-box}
body{margin:0;background:#e9edf1;color:#1c2530;font:15px/1.5 "Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main{max-width:860px;margin:24px auto;padding:44px 52px;background:#fff;box-shadow:0 1px 4px rgba(0,0,0,.18)}
header{border-bottom:3px solid #0b5a8f;padding-bottom:14px;margin-bottom:22px}
h1{font-size:29px;line-height:1.2;margin:0 0 4px}
.scope{font-size:19px;color:#0b5a8f;font-weight:600;margin:0 0 10px}
.facts{display:flex;flex-wrap:wrap;gap:4px 28px;margin:0;color:#5b6672;font-size:13px}
.facts div{display:flex;gap:6px}.facts dt::after{content:":"}.facts dd{margin:0;color:#1c2530}
.draft{display:inline-block;margin:0 0 10px;padding:2px 10px;border:2px solid #b34700;color:#b34700;font-weight:700;letter-spacing:.04em}
section{margin:0 0 30px}
h2{font-size:19px;margin:0 0 10px;padding-bottom:3px;border-bottom:1px solid #c9d1d9}
p{margin:0 0 10px}.small{font-size:12.5px;color:#5b6672}
.warn{border-left:5px solid #b34700;background:#fdf3ec;padding:8px 12px}
.cards{display:grid;grid-template-columns:repeat(4,1fr);gap:12px;margin:0 0 18px}
.card{border:1px solid #c9d1d9;border-top:4px solid #0b5a8f;padding:9px 12px;background:#fff}
.card.bad{border-top-color:#b34700}
.card .label{font-size:12px;color:#5b6672}.card .value{font-size:20px;font-weight:700;white-space:nowrap}.card .note{font-size:12px;color:#5b6672}
figure{margin:0 0 12px}figure svg{width:100%;height:auto;display:block}
table{border-collapse:collapse;width:100%;margin:0 0 10px;font-size:13.5px}
caption{text-align:left;font-size:12.5px;color:#5b6672;padding:0 0 4px}
th,td{padding:4px 8px;text-align:left;vertical-align:top;border-bottom:1px solid #dfe4e9}
thead th,thead td{border-bottom:2px solid #1c2530;vertical-align:bottom;font-size:12.5px}
tbody th{font-weight:400}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
tr.total th,tr.total td{font-weight:700;background:#f2f5f8;border-top:1px solid #1c2530}
.r{font-size:9.5px;vertical-align:super;line-height:0;margin-left:3px;color:#0b5a8f;text-decoration:none;font-weight:400}
.n .r{display:inline-block;min-width:23px;text-align:left}
.r:hover{text-decoration:underline}
ul{margin:0 0 10px;padding-left:20px}li{margin-bottom:4px}
.refs{list-style:none;padding:0;font-size:12.5px}
.refs li{break-inside:avoid;margin:0 0 9px;padding-left:38px;position:relative}
.refs .no{position:absolute;left:0;font-weight:700;color:#0b5a8f}
.refs b{font-weight:600}
code{display:block;font:11px/1.45 Consolas,"DejaVu Sans Mono","Courier New",monospace;background:#f2f5f8;padding:4px 7px;margin-top:2px;white-space:pre-wrap;overflow-wrap:anywhere}
:target{outline:3px solid #b34700;outline-offset:2px}
@page{size:A4;margin:17mm 15mm 18mm;@bottom-right{content:counter(page) " / " counter(pages);font:9px Arial,sans-serif;color:#5b6672}}
@media print{body{background:#fff;font-size:10.5pt}main{max-width:none;margin:0;padding:0;box-shadow:none}
h2{break-after:avoid}figure,.card,tr,.cards{break-inside:avoid}thead{display:table-header-group}.appendix{break-before:page}.next{break-before:page}
.cards{grid-template-columns:repeat(4,1fr)}}
@media screen and (max-width:700px){main{padding:20px}.cards{grid-template-columns:repeat(2,1fr)}}
`

// page writes HTML.
type page struct{ strings.Builder }

func (p *page) f(format string, args ...any) { fmt.Fprintf(p, format, args...) }

func esc(s string) string { return html.EscapeString(s) }

// html is the document as one file that needs nothing else.
func (d *document) html() []byte {
	p := &page{}
	p.f("<!doctype html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n", d.lang)
	p.f("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n<meta name=\"description\" content=\"%s\">\n", esc(d.subject))
	p.f("<title>%s – %s</title>\n<style>\n%s</style>\n</head>\n<body>\n<main>\n<header>\n", esc(d.title), esc(d.subtitle), style)
	if d.draft != "" {
		p.f("<p class=\"draft\">%s</p>\n", esc(d.draft))
	}
	p.f("<h1>%s</h1>\n<p class=\"scope\">%s</p>\n<dl class=\"facts\">\n", esc(d.title), esc(d.subtitle))
	for _, x := range d.facts {
		p.f("<div><dt>%s</dt><dd>%s</dd></div>\n", esc(x[0]), esc(x[1]))
	}
	p.f("</dl>\n</header>\n")
	used := map[int]bool{}
	for i := range d.sections {
		p.section(&d.sections[i], used)
	}
	p.appendix(d)
	p.f("</main>\n</body>\n</html>\n")
	return []byte(p.String())
}

// ref links to a figure's query. The first link is where the appendix leads back to.
func (p *page) ref(n int, used map[int]bool) {
	if n == 0 {
		return
	}
	id := ""
	if !used[n] {
		used[n], id = true, fmt.Sprintf(" id=\"f%d\"", n)
	}
	p.f("<a class=\"r\"%s href=\"#q%d\">[%d]</a>", id, n, n)
}

func (p *page) section(s *section, used map[int]bool) {
	class := ""
	if s.onNewPage {
		class = " class=\"next\""
	}
	p.f("<section id=\"%s\"%s aria-labelledby=\"h-%s\">\n<h2 id=\"h-%s\">%s</h2>\n", s.id, class, s.id, s.id, esc(s.title))
	for i := range s.blocks {
		p.block(&s.blocks[i], used)
	}
	p.f("</section>\n")
}

func (p *page) block(b *block, used map[int]bool) {
	switch {
	case b.text != "":
		switch {
		case b.warn:
			p.f("<p class=\"warn\" role=\"note\">%s</p>\n", esc(b.text))
		case b.small:
			p.f("<p class=\"small\">%s</p>\n", esc(b.text))
		default:
			p.f("<p>%s</p>\n", esc(b.text))
		}
	case b.list != nil:
		p.f("<ul>\n")
		for _, x := range b.list {
			p.f("<li>%s", esc(x.text))
			for _, n := range x.refs {
				p.ref(n, used)
			}
			p.f("</li>\n")
		}
		p.f("</ul>\n")
	case b.cards != nil:
		p.f("<div class=\"cards\">\n")
		for _, c := range b.cards {
			bad := ""
			if c.bad {
				bad = " bad"
			}
			p.f("<div class=\"card%s\"><div class=\"label\">%s</div><div class=\"value\">%s", bad, esc(c.label), esc(c.value))
			p.ref(c.ref, used)
			p.f("</div><div class=\"note\">%s</div></div>\n", esc(c.note))
		}
		p.f("</div>\n")
	case b.table != nil:
		p.table(b.table, used)
	case b.chart != nil:
		p.chart(b.chart)
	}
}

func (p *page) table(t *table, used map[int]bool) {
	p.f("<table>\n<caption>%s</caption>\n<thead><tr>", esc(t.caption))
	for i, h := range t.head {
		class := ""
		if t.numeric(i) {
			class = " class=\"n\""
		}
		if h == "" {
			p.f("<td></td>")
			continue
		}
		p.f("<th scope=\"col\"%s>%s</th>", class, esc(h))
	}
	p.f("</tr></thead>\n<tbody>\n")
	for _, r := range t.rows {
		if r.total {
			p.f("<tr class=\"total\">")
		} else {
			p.f("<tr>")
		}
		for i, c := range r.cells {
			tag, class := "td", ""
			if i == 0 {
				tag, class = "th", " scope=\"row\""
			} else if c.number {
				class = " class=\"n\""
			}
			p.f("<%s%s>%s", tag, class, esc(c.text))
			p.ref(c.ref, used)
			if c.number && c.ref == 0 && t.marked(i) {
				p.f("<span class=\"r\"></span>") // so that numbers stand under each other
			}
			p.f("</%s>", tag)
		}
		p.f("</tr>\n")
	}
	p.f("</tbody>\n</table>\n")
}

// numeric tells whether a column holds numbers.
func (t *table) numeric(column int) bool {
	return len(t.rows) > 0 && column < len(t.rows[0].cells) && t.rows[0].cells[column].number
}

// marked tells whether a number in a column has a reference.
func (t *table) marked(column int) bool {
	for _, r := range t.rows {
		if column < len(r.cells) && r.cells[column].number && r.cells[column].ref > 0 {
			return true
		}
	}
	return false
}

func (p *page) chart(c *chart) {
	p.f("<figure>\n<svg viewBox=\"0 0 %s %s\" role=\"img\" aria-labelledby=\"t-%s d-%s\" xmlns=\"http://www.w3.org/2000/svg\" font-family=\"Segoe UI,Roboto,Helvetica Neue,Arial,sans-serif\">\n", num(c.w), num(c.h), c.id, c.id)
	p.f("<title id=\"t-%s\">%s</title>\n<desc id=\"d-%s\">%s</desc>\n", c.id, esc(c.title), c.id, esc(c.desc))
	for _, s := range c.shapes {
		switch s.kind {
		case shapeRect:
			p.f("<rect x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" fill=\"%s\"/>\n", num(s.x), num(s.y), num(s.w), num(s.h), s.fill)
		case shapeLine:
			dash := ""
			if s.dashed {
				dash = " stroke-dasharray=\"5 3\""
			}
			p.f("<line x1=\"%s\" y1=\"%s\" x2=\"%s\" y2=\"%s\" stroke=\"%s\" stroke-width=\"%s\"%s/>\n", num(s.x), num(s.y), num(s.w), num(s.h), s.stroke, num(s.width), dash)
		case shapeText:
			weight := ""
			if s.bold {
				weight = " font-weight=\"700\""
			}
			p.f("<text x=\"%s\" y=\"%s\" font-size=\"%s\" text-anchor=\"%s\" fill=\"%s\"%s>%s</text>\n", num(s.x), num(s.y), num(s.size), s.anchor, s.fill, weight, esc(s.text))
		}
	}
	p.f("</svg>\n</figure>\n")
}

// num writes a coordinate.
func num(v float64) string {
	s := strconv.FormatFloat(v, 'f', 2, 64)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// appendix lists every figure with the way to it.
func (p *page) appendix(d *document) {
	if len(d.refs) == 0 {
		return
	}
	p.f("<section id=\"appendix\" class=\"appendix\" aria-labelledby=\"h-appendix\">\n<h2 id=\"h-appendix\">%s</h2>\n<p class=\"small\">%s</p>\n<ol class=\"refs\">\n", esc(d.words.contents), esc(d.words.to))
	for _, r := range d.refs {
		p.f("<li id=\"q%d\"><a class=\"no\" href=\"#f%d\">[%d]</a> <b>%s</b>: %s<code>%s</code></li>\n", r.n, r.n, r.n, esc(r.label), esc(r.value), esc(r.how))
	}
	p.f("</ol>\n</section>\n")
}
