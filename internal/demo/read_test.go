package demo

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The tests read the files with nothing of the generator: only the layouts that the formats
// prescribe.

// content is a file below the folder of its collector, unpacked.
func content(t testing.TB, dir string, f *File) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, f.Collector, f.Name))
	if err != nil {
		t.Fatal(err)
	}
	switch filepath.Ext(f.Name) {
	case ".gz":
		z, err := gzip.NewReader(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		if !z.ModTime.IsZero() {
			t.Errorf("%s carries a time stamp", f.Name)
		}
		if raw, err = io.ReadAll(z); err != nil {
			t.Fatal(err)
		}
	case ".zip":
		z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
		if err != nil {
			t.Fatal(err)
		}
		r, err := z.File[0].Open()
		if err != nil {
			t.Fatal(err)
		}
		if raw, err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	return raw
}

// rowOf is one data row by column name.
type rowOf struct {
	columns map[string]int
	cells   []string
	line    int64
}

func (r *rowOf) get(name string) string {
	if i, ok := r.columns[name]; ok && i < len(r.cells) {
		return r.cells[i]
	}
	return ""
}

// rows calls each for every data row of a file and returns how many there are.
func rows(t testing.TB, dir string, f *File, each func(r *rowOf)) int64 {
	t.Helper()
	b := content(t, dir, f)
	comma := ';'
	switch {
	case f.Collector == "cucm":
		comma = ','
	case f.Profile == "fjordtel":
		comma = ','
		if !bytes.HasPrefix(b, []byte("\xEF\xBB\xBF")) {
			t.Errorf("%s has no byte order mark", f.Name)
		}
		b = b[3:]
	case f.Profile == "norrtele":
		b = fromLatin1(b)
	}
	c := csv.NewReader(bytes.NewReader(b))
	c.Comma, c.ReuseRecord, c.FieldsPerRecord, c.LazyQuotes = comma, true, -1, true
	r := rowOf{columns: map[string]int{}}
	n := int64(0)
	for line := int64(1); ; line++ {
		cells, err := c.Read()
		if errors.Is(err, io.EOF) {
			return n
		}
		if err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
		if line == 1 {
			for i, name := range cells {
				r.columns[strings.Clone(name)] = i
			}
			continue
		}
		if cells[0] == "INTEGER" || cells[0] == "Summa" {
			continue
		}
		r.cells, r.line = cells, line
		n++
		if each != nil {
			each(&r)
		}
	}
}

func fromLatin1(b []byte) []byte {
	out := make([]rune, len(b))
	for i, c := range b {
		out[i] = rune(c)
	}
	return []byte(string(out))
}

// table reads a small file whole.
func wholeTable(t testing.TB, dir string, truth *Truth, kind string) []map[string]string {
	t.Helper()
	var out []map[string]string
	for i := range truth.Files {
		f := &truth.Files[i]
		if f.Collector != "reference" || f.Profile != kind {
			continue
		}
		rows(t, dir, f, func(r *rowOf) {
			m := map[string]string{}
			for name, i := range r.columns {
				m[name] = strings.Clone(r.cells[i])
			}
			out = append(out, m)
		})
	}
	return out
}
