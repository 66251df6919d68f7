package unpack

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"linesman/ingest"

	"github.com/klauspost/compress/gzip"
)

func gzipped(t testing.TB, s string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(s)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func zipped(t testing.TB, files ...string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		w, err := z.Create(files[i])
		if err == nil {
			_, err = io.WriteString(w, files[i+1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// open reads everything and tells it as "name: content" or "name: code".
func open(t *testing.T, name string, body io.Reader, size int64, limits Limits) (got []string, err error) {
	t.Helper()
	err = Each(name, body, size, limits, func(f *File) error {
		content, err := io.ReadAll(f)
		what := string(content)
		var refused *ingest.FileError
		if errors.As(err, &refused) {
			what = "refused " + refused.Code
		} else if err != nil {
			return err
		}
		if !errors.Is(f.Err(), err) {
			t.Errorf("%s: reading gave %v, Err gives %v", f.Name, err, f.Err())
		}
		if f.Archive != "" {
			got = append(got, f.Archive+"/"+f.Name+": "+what)
		} else {
			got = append(got, f.Name+": "+what)
		}
		return nil
	})
	return got, err
}

func TestEach(t *testing.T) {
	two := gzipped(t, "one ") + gzipped(t, "two")
	cases := []struct {
		name, file, body string
		want             []string
	}{
		{"plain", "a.csv", "hello", []string{"a.csv: hello"}},
		{"empty", "a.csv", "", []string{"a.csv: "}},
		{"gzip", "a.csv.gz", gzipped(t, "hello"), []string{"a.csv: hello"}},
		{"gzip in capitals", "A.CSV.GZ", gzipped(t, "hello"), []string{"A.CSV: hello"}},
		{"gzip without the name", "a.csv", gzipped(t, "hello"), []string{"a.csv: hello"}},
		{"gzip of several parts", "a.gz", two, []string{"a: one two"}},
		{"empty gzip", "a.gz", gzipped(t, ""), []string{"a: "}},
		{"text named gzip", "a.csv.gz", "hello", []string{"a.csv: hello"}},
		{"nothing named gzip", "a.csv.gz", "", []string{"a.csv: refused bad_archive"}},
		{"binary named zip", "a.zip", "\x00\x01", []string{"a.zip: refused bad_archive"}},
		{"zip", "a.zip", zipped(t, "x.csv", "1", "dir/", "", "dir/y.csv", "2"), []string{"a.zip/x.csv: 1", "a.zip/y.csv: 2"}},
		{"zip without the name", "a.csv", zipped(t, "x.csv", "1"), []string{"a.csv/x.csv: 1"}},
		{"zip with what systems add", "a.zip", zipped(t, "__MACOSX/._x", "?", ".DS_Store", "?", "x", "1"), []string{"a.zip/x: 1"}},
		{"zip with paths", "a.zip", zipped(t, "../../etc/passwd", "1", `C:\temp\y.csv`, "2", "/z", "3"), []string{"a.zip/passwd: 1", "a.zip/y.csv: 2", "a.zip/z: 3"}},
		{"zip without files", "a.zip", zipped(t), nil},
		{"gzip in gzip", "a.gz", gzipped(t, gzipped(t, "hello")), []string{"a: refused bad_archive"}},
		{"zip in gzip", "a.gz", gzipped(t, zipped(t, "x", "1")), []string{"a: refused bad_archive"}},
		{"gzip and zip in zip", "a.zip", zipped(t, "x.gz", gzipped(t, "1"), "y.zip", zipped(t, "z", "1"), "w", "2"), []string{"a.zip/x.gz: refused bad_archive", "a.zip/y.zip: refused bad_archive", "a.zip/w: 2"}},
		{"path and control characters", "/var/../in/a\n\x1b[31m.csv", "x", []string{"a__[31m.csv: x"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for how, body := range map[string]io.Reader{"in place": strings.NewReader(c.body), "stream": io.MultiReader(strings.NewReader(c.body))} {
				got, err := open(t, c.file, body, int64(len(c.body)), Limits{})
				if err != nil || fmt.Sprint(got) != fmt.Sprint(c.want) {
					t.Errorf("%s: %q, error %v; want %q", how, got, err, c.want)
				}
			}
		})
	}
}

func TestCutShort(t *testing.T) {
	packed := gzipped(t, strings.Repeat("hello, gzip. ", 10_000))
	for _, n := range []int{2, 5, 10, 30, len(packed) - 8, len(packed) - 1} {
		got, err := open(t, "a.csv.gz", strings.NewReader(packed[:n]), int64(n), Limits{})
		if err != nil || len(got) != 1 || got[0] != "a.csv: refused bad_archive" {
			t.Errorf("%d bytes: %q, error %v", n, got, err)
		}
	}
	err := Each("a.csv.gz", strings.NewReader(packed[:100]), 100, Limits{}, func(f *File) error {
		_, err := io.ReadAll(f)
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "end too early: 100 bytes read gave") {
		t.Errorf("error %v: want how many bytes were read", err)
	}
	z := zipped(t, "x", strings.Repeat("hello", 1000))
	for _, n := range []int{4, 50, len(z) - 1} {
		_, err := open(t, "a.zip", strings.NewReader(z[:n]), int64(n), Limits{})
		var refused *ingest.FileError
		if !errors.As(err, &refused) || refused.Code != ingest.CodeArchive {
			t.Errorf("%d bytes of a zip: error %v", n, err)
		}
	}
}

func TestDamaged(t *testing.T) {
	packed := []byte(gzipped(t, strings.Repeat("hello, gzip. ", 100)))
	packed[len(packed)-6] ^= 0xff // the checksum
	if got, _ := open(t, "a.gz", bytes.NewReader(packed), 0, Limits{}); len(got) != 1 || got[0] != "a: refused bad_archive" {
		t.Errorf("%q", got)
	}
	z := []byte(zipped(t, "x", strings.Repeat("hello", 1000), "y", "2"))
	z[40] ^= 0xff // content of x
	if got, err := open(t, "a.zip", bytes.NewReader(z), int64(len(z)), Limits{}); err != nil || len(got) != 2 || got[0] != "a.zip/x: refused bad_archive" || got[1] != "a.zip/y: 2" {
		t.Errorf("%q, error %v: the neighbour of a damaged member must stay", got, err)
	}
}

// zeros is an endless file.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestBombs(t *testing.T) {
	bomb := gzipped(t, strings.Repeat("0", 40<<20)) // some 40 KB
	inZip := zipped(t, "z", "1", "bomb", strings.Repeat("0", 40<<20))
	cases := []struct {
		name   string
		body   io.Reader
		size   int
		limits Limits
		want   string
	}{
		{"gzip bomb", strings.NewReader(bomb), len(bomb), Limits{}, "[a: refused too_large]"},
		{"zip bomb", strings.NewReader(inZip), len(inZip), Limits{}, "[a/z: 1 a/bomb: refused too_large]"},
		{"allowed ratio", strings.NewReader(gzipped(t, strings.Repeat("0", 1000))), 0, Limits{MaxRatio: 2, RatioAfter: 2000}, "[a: " + strings.Repeat("0", 1000) + "]"},
		{"size", strings.NewReader(strings.Repeat("0", 1000)), 1000, Limits{MaxBytes: 999}, "[a: refused too_large]"},
		{"exactly the size", strings.NewReader("000"), 3, Limits{MaxBytes: 3}, "[a: 000]"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := open(t, "a", c.body, int64(c.size), c.limits)
			if err != nil || fmt.Sprint(got) != c.want {
				t.Errorf("%.100q, error %v; want %.100s", got, err, c.want)
			}
		})
	}
	n := int64(0)
	err := Each("a", zeros{}, 0, Limits{MaxBytes: 1 << 20}, func(f *File) error {
		var err error
		n, err = io.Copy(io.Discard, f)
		return err
	})
	if err == nil || n > 2<<20 {
		t.Errorf("%d bytes of an endless file were given, error %v", n, err)
	}
	// Many members, each within the ratio's start: together they are a bomb.
	many := make([]string, 0, 100)
	for i := range 50 {
		many = append(many, fmt.Sprint(i), strings.Repeat("0", 100_000))
	}
	b := zipped(t, many...)
	got, err := open(t, "a.zip", strings.NewReader(b), int64(len(b)), Limits{RatioAfter: 150_000, MaxRatio: 20})
	var refused *ingest.FileError
	if !errors.As(err, &refused) || refused.Code != ingest.CodeTooLarge || len(got) < 2 || len(got) > 10 {
		t.Errorf("%d members were read, error %v", len(got), err)
	}
	files := make([]string, 0, 20)
	for i := range 10 {
		files = append(files, fmt.Sprint(i), "x")
	}
	z := zipped(t, files...)
	if _, err := open(t, "a.zip", strings.NewReader(z), int64(len(z)), Limits{MaxFiles: 9}); err == nil || !strings.Contains(err.Error(), "10 files") {
		t.Errorf("error %v: want too many files", err)
	}
}

func TestFinish(t *testing.T) {
	text := strings.Repeat("line\n", 100_000)
	for name, body := range map[string]string{"a": text, "a.gz": gzipped(t, text)} {
		err := Each(name, strings.NewReader(body), 0, Limits{}, func(f *File) error {
			if _, err := f.Read(make([]byte, 10)); err != nil { // a format that gives up early
				return err
			}
			size, id, err := f.Finish()
			sum := sha256.Sum256([]byte(body))
			if err != nil || size != int64(len(body)) || !bytes.Equal(id[:], sum[:16]) {
				t.Errorf("%s: %d bytes, id %s, error %v; want %d bytes and %x", name, size, id, err, len(body), sum[:16])
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	z := zipped(t, "m", text)
	if err := Each("a.zip", strings.NewReader(z), int64(len(z)), Limits{}, func(f *File) error {
		size, id, err := f.Finish()
		if sum := sha256.Sum256([]byte(text)); err != nil || size != int64(len(text)) || !bytes.Equal(id[:], sum[:16]) {
			t.Errorf("member: %d bytes, id %s, error %v", size, id, err)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}

func TestSourceErrorStaysWhatItIs(t *testing.T) {
	broken := errors.New("the connection broke")
	for name, start := range map[string]string{"plain": strings.Repeat("x", 100_000), "gzip": gzipped(t, strings.Repeat("hello", 100))[:20], "zip": zipped(t, "x", "1")[:20]} {
		body := io.MultiReader(strings.NewReader(start), failing{broken})
		_, err := open(t, "a", body, 0, Limits{})
		var refused *ingest.FileError
		if !errors.Is(err, broken) || errors.As(err, &refused) {
			t.Errorf("%s: error %v, want that of the source", name, err)
		}
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestCleanName(t *testing.T) {
	for in, want := range map[string]string{
		"a.csv": "a.csv", "": "unnamed", ".": "unnamed", "..": "unnamed", "/": "unnamed", "a/b/": "b", `..\..\x`: "x", "å\xff\u202e.csv": "å__.csv",
		strings.Repeat("å", 150): strings.Repeat("å", 100),
	} {
		if got := CleanName(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func FuzzEach(f *testing.F) {
	f.Add("a.gz", gzipped(f, "hello"))
	f.Add("a.zip", zipped(f, "x", "1", "y/z", "2"))
	f.Add("a", "hello")
	f.Fuzz(func(t *testing.T, name, body string) {
		limits := Limits{MaxBytes: 1 << 20, RatioAfter: 1 << 16, MaxFiles: 100}
		err := Each(name, strings.NewReader(body), int64(len(body)), limits, func(f *File) error {
			n, err := io.Copy(io.Discard, f)
			if n > limits.MaxBytes {
				t.Errorf("%d bytes given, the limit is %d", n, limits.MaxBytes)
			}
			var refused *ingest.FileError
			if err != nil && !errors.As(err, &refused) {
				t.Errorf("error %v of content is no refusal", err)
			}
			if strings.ContainsAny(f.Name, "/\x00\n") {
				t.Errorf("name %q", f.Name)
			}
			_, _, err = f.Finish()
			return err
		})
		var refused *ingest.FileError
		if err != nil && !errors.As(err, &refused) {
			t.Errorf("error %v of content is no refusal", err)
		}
	})
}
