package report

import (
	"bytes"
	"compress/zlib"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// readable is what a PDF of ours says: the text of each page, line by line as it was put, and its links.
type readable struct {
	pages         []string
	links, broken int
}

// object is an object of a PDF with its stream.
type object struct{ dict, stream string }

// readPDF reads a PDF back as far as ours go: compressed streams, fonts with a table from glyphs to
// characters, links within the document. It fails the test where it meets anything else.
func readPDF(t *testing.T, raw []byte) readable {
	t.Helper()
	if !bytes.HasPrefix(raw, []byte("%PDF-")) || !bytes.HasSuffix(raw, []byte("%%EOF\n")) {
		t.Fatal("this is no PDF")
	}
	objects := map[string]object{}
	for _, m := range regexp.MustCompile(`(?s)(\d+) 0 obj\s(.*?)endobj`).FindAllSubmatch(raw, -1) {
		o := object{dict: string(m[2])}
		if at := bytes.Index(m[2], []byte("stream\n")); at >= 0 {
			o.dict = string(m[2][:at])
			body := m[2][at+len("stream\n"):]
			o.stream = string(body)
			if strings.Contains(o.dict, "FlateDecode") {
				z, err := zlib.NewReader(bytes.NewReader(body))
				if err != nil {
					t.Fatalf("object %s: %v", m[1], err)
				}
				text, err := io.ReadAll(z)
				if err != nil {
					t.Fatalf("object %s: %v", m[1], err)
				}
				o.stream = string(text)
			}
		}
		objects[string(m[1])] = o
	}
	fonts := map[string]map[string]rune{}
	for _, o := range objects {
		for _, m := range regexp.MustCompile(`/(F\d+) (\d+) 0 R`).FindAllStringSubmatch(o.dict, -1) {
			if to := regexp.MustCompile(`/ToUnicode (\d+) 0 R`).FindStringSubmatch(objects[m[2]].dict); to != nil {
				fonts[m[1]] = glyphs(objects[to[1]].stream)
			}
		}
	}
	var out readable
	kids := regexp.MustCompile(`(?s)/Kids \[(.*?)\]`).FindStringSubmatch(objects["2"].dict)
	if kids == nil || len(fonts) != 3 {
		t.Fatalf("no pages, or %d fonts instead of three", len(fonts))
	}
	for _, k := range regexp.MustCompile(`(\d+) 0 R`).FindAllStringSubmatch(kids[1], -1) {
		page := objects[k[1]].dict
		content := regexp.MustCompile(`/Contents\s+(\d+) 0 R`).FindStringSubmatch(page)
		if content == nil {
			t.Fatalf("page %s has no content", k[1])
		}
		out.pages = append(out.pages, pageText(t, objects[content[1]].stream, fonts))
		if annots := regexp.MustCompile(`(?s)/Annots \[(.*?)\]`).FindStringSubmatch(page); annots != nil {
			for _, a := range regexp.MustCompile(`(\d+) 0 R`).FindAllStringSubmatch(annots[1], -1) {
				out.links++
				to := regexp.MustCompile(`/Dest \[(\d+) 0 R`).FindStringSubmatch(objects[a[1]].dict)
				if to == nil || !strings.Contains(objects[to[1]].dict, "/Type /Page") {
					out.broken++
				}
			}
		}
	}
	return out
}

// glyphs reads which character each glyph is.
func glyphs(cmap string) map[string]rune {
	out := map[string]rune{}
	for _, m := range regexp.MustCompile(`<([0-9A-F]{4})><[0-9A-F]{4}><([0-9A-F]{4})>`).FindAllStringSubmatch(cmap, -1) {
		r, _ := strconv.ParseUint(m[2], 16, 32)
		out[m[1]] = rune(r)
	}
	return out
}

func pageText(t *testing.T, content string, fonts map[string]map[string]rune) string {
	t.Helper()
	var b strings.Builder
	font := ""
	for _, m := range regexp.MustCompile(`/(F\d+) [0-9.]+ Tf|\[([^\]]*)\] TJ`).FindAllStringSubmatch(content, -1) {
		if m[1] != "" {
			font = m[1]
			continue
		}
		for _, part := range regexp.MustCompile(`<([0-9A-F]*)>`).FindAllStringSubmatch(m[2], -1) {
			for i := 0; i+4 <= len(part[1]); i += 4 {
				r, ok := fonts[font][part[1][i:i+4]]
				if !ok {
					t.Fatalf("glyph %s of font %s is no character", part[1][i:i+4], font)
				}
				b.WriteRune(r)
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}
