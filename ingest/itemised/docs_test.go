package itemised

import (
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"
)

// example takes a block of docs/profiles.md.
func example(t *testing.T, doc, name string) string {
	t.Helper()
	_, rest, ok := strings.Cut(doc, "<!-- example: "+name+" -->\n```")
	_, rest, ok2 := strings.Cut(rest, "\n")
	block, _, ok3 := strings.Cut(rest, "```")
	if !ok || !ok2 || !ok3 {
		t.Fatalf("docs/profiles.md has no example %q", name)
	}
	return block
}

// The worked example of the documentation is a real one.
func TestDocumentedExample(t *testing.T) {
	b, err := os.ReadFile("../../docs/profiles.md")
	if err != nil {
		t.Fatal(err)
	}
	doc := string(b)
	content, err := charmap.CodePage850.NewEncoder().String(example(t, doc, "file"))
	if err != nil {
		t.Fatal(err)
	}
	all := builtins(t)
	all["vastnat"] = profile(t, example(t, doc, "profile"))
	got, sum, err := read(t, format(t, Config{Profiles: all}), "vastnat_2026-03.csv", content)
	if err != nil {
		t.Fatal(err)
	}
	out := fmt.Sprintf("%d read, %d rejected\n", sum.Read, len(got.rejects))
	for _, n := range sum.Notices {
		out += "note: " + n + "\n"
	}
	for _, u := range got.usage {
		out += fmt.Sprintf("row %d: %s %s %d s %d bytes %s %s %s %s %s\n",
			u.FileRow, u.Service, u.OccurredAt, u.DurationS, u.VolumeBytes, u.OtherClass, u.OtherMask, u.VisitedCtry, u.Charged, u.Currency)
	}
	for _, r := range got.rejects {
		out += fmt.Sprintf("row %d: %s in %s: %s\n", r.Row, r.Code, r.Column, r.Reason)
	}
	if want := example(t, doc, "result"); out != want {
		t.Errorf("the example in docs/profiles.md reads as\n%s", out)
	}
}

// Every key, field and service of a profile is documented.
func TestEverythingIsDocumented(t *testing.T) {
	b, err := os.ReadFile("../../docs/profiles.md")
	if err != nil {
		t.Fatal(err)
	}
	words := append(keysOf(kinds), fieldNames[:]...)
	var walk func(reflect.Type, string)
	walk = func(typ reflect.Type, at string) {
		for i := range typ.NumField() {
			f := typ.Field(i)
			tag := f.Tag.Get("yaml")
			switch {
			case tag == "":
			case f.Type.Kind() == reflect.Struct && tag != "constants":
				walk(f.Type, tag+".")
			default:
				words = append(words, at+tag)
			}
		}
	}
	walk(reflect.TypeFor[Profile](), "")
	for _, w := range words {
		if !strings.Contains(string(b), "`"+w+"`") {
			t.Errorf("docs/profiles.md does not explain `%s`", w)
		}
	}
}
