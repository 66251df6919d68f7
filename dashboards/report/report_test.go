package report

import (
	"bytes"
	"encoding/xml"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"linesman/dashboards/messages"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs (go test -update writes it anew)", path)
	}
}

func render(t *testing.T, lang string) Rendered {
	t.Helper()
	out, err := Render(sample(t, lang), texts(t, lang))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func renderNote(t *testing.T, lang string) Rendered {
	t.Helper()
	out, err := RenderCorrection(sampleNote(), sample(t, lang), texts(t, lang))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestGolden(t *testing.T) {
	for _, lang := range messages.Languages() {
		golden(t, "report-"+lang+".html", render(t, lang).HTML)
		golden(t, "note-"+lang+".html", renderNote(t, lang).HTML)
		golden(t, "report-"+lang+".txt", []byte(strings.Join(readPDF(t, render(t, lang).PDF).pages, "\n--- page\n")))
		golden(t, "note-"+lang+".txt", []byte(strings.Join(readPDF(t, renderNote(t, lang).PDF).pages, "\n--- page\n")))
	}
}

// The same report gives the same bytes.
func TestSameBytes(t *testing.T) {
	for range 3 {
		if a, b := render(t, "sv"), render(t, "sv"); !bytes.Equal(a.HTML, b.HTML) || !bytes.Equal(a.PDF, b.PDF) {
			t.Fatal("the same report gave other bytes")
		}
		if a, b := renderNote(t, "en"), renderNote(t, "en"); !bytes.Equal(a.HTML, b.HTML) || !bytes.Equal(a.PDF, b.PDF) {
			t.Fatal("the same note gave other bytes")
		}
	}
}

// What is printed and everything that it links to is in the file itself.
func TestHTMLNeedsNothingElse(t *testing.T) {
	for _, doc := range [][]byte{render(t, "sv").HTML, renderNote(t, "en").HTML} {
		text := string(doc)
		for _, m := range regexp.MustCompile(`(?i)(src|href|xlink:href|action)\s*=\s*"([^"]*)"`).FindAllStringSubmatch(text, -1) {
			if !strings.HasPrefix(m[2], "#") {
				t.Errorf("%s leads out of the file", m[0])
			}
		}
		for _, bad := range []string{"<script", "url(", "@import", "<link", "<img", "javascript:", "report."} {
			if strings.Contains(text, bad) {
				t.Errorf("the file holds %q", bad)
			}
		}
		ids := map[string]bool{}
		for _, m := range regexp.MustCompile(` id="([^"]*)"`).FindAllStringSubmatch(text, -1) {
			if ids[m[1]] {
				t.Errorf("id %s is there twice", m[1])
			}
			ids[m[1]] = true
		}
		links := regexp.MustCompile(`href="#([^"]*)"`).FindAllStringSubmatch(text, -1)
		if len(links) < 3 {
			t.Errorf("only %d links", len(links))
		}
		for _, m := range links {
			if !ids[m[1]] && !(strings.HasPrefix(m[1], "f") && !strings.Contains(text, `href="#q`+m[1][1:]+`"`)) {
				t.Errorf("a link leads to #%s, which is not there", m[1])
			}
		}
		wellFormed(t, text)
	}
}

// wellFormed reads the body as XML: it is written so that it is.
func wellFormed(t *testing.T, text string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(text[strings.Index(text, "<main>") : strings.Index(text, "</main>")+len("</main>")]))
	for {
		_, err := d.Token()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatalf("the page is not well-formed: %v", err)
		}
	}
}

// What is for people who cannot see it: tables with captions and scopes, drawings with titles.
func TestHTMLForScreenReaders(t *testing.T) {
	text := string(render(t, "sv").HTML)
	count := func(pattern string) int { return len(regexp.MustCompile(pattern).FindAllString(text, -1)) }
	if tables, captions := count("<table>"), count("<caption>[^<]+</caption>"); tables < 6 || tables != captions {
		t.Errorf("%d tables, %d captions", tables, captions)
	}
	if drawings := count("<svg "); drawings != 3 || count(`<title id="t-[a-z]+">[^<]+</title>`) != drawings || count(`<desc id="d-[a-z]+">[^<]+</desc>`) != drawings {
		t.Errorf("%d drawings without title or description", drawings)
	}
	if count(`<th scope="row">`) < 30 || count(`<th scope="col"`) < 15 || !strings.Contains(text, `<html lang="sv">`) {
		t.Error("cells of heads have no scope, or the page no language")
	}
}

// Names are escaped wherever they stand.
func TestNamesAreEscaped(t *testing.T) {
	r := sample(t, "en")
	evil := `<script>alert("x")</script>&`
	r.Scope.Name, r.Organisation, r.Parts[0].Label, r.Figures[0].Label, r.Figures[0].Query, r.Sources[0].Name, r.Rules[0].Title = evil, evil, evil, evil, evil, evil, evil
	out, err := Render(r, texts(t, "en"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(out.HTML), "<script") {
		t.Error("a name is part of the page's code")
	}
	wellFormed(t, string(out.HTML))
}

// Every figure is printed in the PDF, with its number, and each number leads to its query and back.
func TestPDF(t *testing.T) {
	for _, lang := range messages.Languages() {
		r := sample(t, lang)
		out := render(t, lang)
		p := readPDF(t, out.PDF)
		if len(p.pages) < 4 || !bytes.Contains(out.PDF, []byte("/Title <FEFF"+utf16(out.Title+" – "+out.Subtitle)+">")) {
			t.Errorf("%d pages, or no title", len(p.pages))
		}
		if !bytes.Contains(out.PDF, []byte("/CreationDate(D:20261005")) {
			t.Error("the day of publication is not the document's")
		}
		for i, page := range p.pages {
			if want := fmt.Sprintf("%s %d %s %d", texts(t, lang).T("report.page"), i+1, texts(t, lang).T("report.of"), len(p.pages)); !strings.Contains(page, want) {
				t.Errorf("page %d does not say %q", i+1, want)
			}
			if strings.Contains(page, "?") && !strings.Contains(page, "fullständiga?") && !strings.Contains(page, "complete?") {
				t.Errorf("page %d holds a character that the font lacks", i+1)
			}
		}
		all := strings.Join(p.pages, "\n")
		c := newComposer(r, texts(t, lang))
		for i := range r.Figures {
			f := &r.Figures[i]
			if want := printable.Replace(c.amount(f)); !strings.Contains(all, want) {
				t.Errorf("figure %s is not printed: %q", f.ID, want)
			}
			if !strings.Contains(all, fmt.Sprintf("[%d]", i+1)) {
				t.Errorf("figure %s has no number", f.ID)
			}
		}
		if p.links < len(r.Figures) || p.broken > 0 {
			t.Errorf("%d links, %d of them lead nowhere", p.links, p.broken)
		}
	}
}

func utf16(s string) string {
	var b strings.Builder
	for _, r := range s {
		fmt.Fprintf(&b, "%04X", r)
	}
	return b.String()
}

// A report without anything is one that says so, not one that breaks.
func TestEmpty(t *testing.T) {
	for _, kind := range []string{ScopeAll, ScopeCostCentre, ScopeUnit} {
		r := &Report{Scope: Scope{Kind: kind, ID: "0"}, Month: "2026-02-01", Language: "sv"}
		out, err := Render(r, texts(t, "sv"))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(out.HTML), "Ingen användning är registrerad") || !strings.Contains(string(out.HTML), "Utkast") || len(readPDF(t, out.PDF).pages) == 0 {
			t.Errorf("%s: nothing is told", kind)
		}
	}
}

// Many parts, long names and a year of zeros are still laid out.
func TestLong(t *testing.T) {
	r := sample(t, "en")
	for i := range 120 {
		id := fmt.Sprintf("x%d", i)
		r.Figures = append(r.Figures, Figure{ID: id, Label: strings.Repeat("Long name ", 20), Value: fmt.Sprint(i * 1000), Unit: SEK, Query: strings.Repeat("SELECT 1, ", 200)})
		r.Parts = append(r.Parts, Row{strings.Repeat("Avdelning", 12) + fmt.Sprint(i), id, id})
	}
	r.Course = nil
	out, err := Render(r, texts(t, "en"))
	if err != nil {
		t.Fatal(err)
	}
	p := readPDF(t, out.PDF)
	if len(p.pages) < 20 || p.broken > 0 || !strings.Contains(strings.Join(p.pages, ""), "[120]") {
		t.Errorf("%d pages, %d broken links", len(p.pages), p.broken)
	}
}

func TestCompare(t *testing.T) {
	was := []Figure{{ID: "a", Value: "10", Unit: SEK, Fixed: true}, {ID: "b", Value: "1", Fixed: false}, {ID: "c", Value: Hidden, Fixed: true}, {ID: "d", Value: "4", Fixed: true}, {ID: "e", Value: "5.50", Fixed: true}, {ID: "f", Value: "", Fixed: true}}
	now := []Figure{{ID: "a", Value: "10.000001", Unit: SEK, Fixed: true}, {ID: "b", Value: "2", Fixed: false}, {ID: "c", Value: "5", Fixed: true}, {ID: "e", Value: "5.5", Fixed: true}, {ID: "g", Value: "7", Fixed: true}, {ID: "h", Value: "", Fixed: true}}
	got := fmt.Sprint(Compare(was, now))
	if want := "[{a  SEK 10 10.000001} {c   <5 5} {g    7} {d   4 }]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestName(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range []struct {
		scope    Scope
		revision uint32
		want     string
	}{
		{Scope{Kind: ScopeCostCentre, ID: "0412", Name: "Eva Ek"}, 0, "monthly-2026-09-cc-0412-sv"},
		{Scope{Kind: ScopeCostCentre, ID: "0412"}, 2, "monthly-2026-09-cc-0412-sv-correction-2"},
		{Scope{Kind: ScopeUnit, ID: "SE2321000016-B2"}, 0, "monthly-2026-09-unit-SE2321000016-B2-sv"},
		{Scope{Kind: ScopeAll}, 0, "monthly-2026-09-all-sv"},
		{Scope{Kind: ScopeUnit, ID: "../../etc/passwd"}, 0, ""}, {Scope{Kind: ScopeUnit, ID: "a/b"}, 0, ""}, {Scope{Kind: ScopeUnit, ID: "a b"}, 0, ""}, {Scope{Kind: ScopeUnit, ID: "å"}, 0, ""}, {Scope{Kind: ScopeUnit, ID: strings.Repeat("x", 300)}, 0, ""},
	} {
		got := Name(c.scope, "2026-09-01", "sv", c.revision)
		if c.want != "" && got != c.want || strings.ContainsAny(got, "/\\. ") || len(got) > 120 || seen[got] {
			t.Errorf("%+v: %s", c.scope, got)
		}
		seen[got] = true
	}
}
