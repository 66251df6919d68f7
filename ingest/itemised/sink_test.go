package itemised

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"linesman/ingest"
	"linesman/internal/pseudonym"
	"linesman/schema"
)

var update = flag.Bool("update", false, "write golden files anew")

// recorded is when the tests read their files.
var recorded = time.Date(2026, 11, 15, 12, 0, 0, 0, time.UTC)

// collected is a sink that keeps what it gets.
type collected struct {
	ingest.Sink // other kinds of records are a defect: they panic
	usage       []schema.Usage
	rejects     []ingest.Reject
	amendments  []amended
}

// amended is an amendment and the kind of the record that it amends.
type amended struct {
	kind string
	schema.Amendment
}

func (c *collected) Amendment(kind string, a *schema.Amendment) error {
	c.amendments = append(c.amendments, amended{kind, *a})
	return nil
}

// counted is what the books of a file count: the amendment of a correction goes with its record.
func (c *collected) counted() uint64 {
	n := uint64(len(c.usage) + len(c.rejects))
	for _, a := range c.amendments {
		if a.ReplacedBy.IsZero() {
			n++
		}
	}
	return n
}

func (c *collected) Usage(u *schema.Usage) error { c.usage = append(c.usage, *u); return nil }

func (c *collected) Reject(r ingest.Reject) error {
	r.Raw = bytes.Clone(r.Raw)
	c.rejects = append(c.rejects, r)
	return nil
}

func testKey() *pseudonym.Key { return pseudonym.New(bytes.Repeat([]byte{7}, 32)) }

func builtins(t testing.TB) map[string]*Profile {
	t.Helper()
	all, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func format(t testing.TB, cfg Config) *Format {
	t.Helper()
	if cfg.Profiles == nil {
		cfg.Profiles = builtins(t)
	}
	cfg.Key = testKey()
	f, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func profile(t testing.TB, text string) *Profile {
	t.Helper()
	p, err := Load(strings.NewReader(text), "test.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// read reads a file whole; every data row must come out as a record or a reject.
func read(t testing.TB, f *Format, name, content string) (*collected, ingest.Summary, error) {
	t.Helper()
	var c collected
	in := ingest.Input{Name: name, Body: strings.NewReader(content), FileID: schema.ID{1}, Now: recorded}
	sum, err := f.Read(context.Background(), in, &c)
	if got := c.counted(); err == nil && got != sum.Read {
		t.Errorf("%s: %d read, %d handed out", name, sum.Read, got)
	}
	return &c, sum, err
}

// dump writes what was read for people, one record a line.
func dump(c *collected, sum ingest.Summary) string {
	var b strings.Builder
	fmt.Fprintf(&b, "profile %s, %d read\n", sum.Profile, sum.Read)
	for _, n := range sum.Notices {
		fmt.Fprintf(&b, "notice: %s\n", n)
	}
	for i := range c.usage {
		v := reflect.ValueOf(c.usage[i])
		fmt.Fprintf(&b, "row %d:", c.usage[i].FileRow)
		for j := range v.NumField() {
			switch name := v.Type().Field(j).Name; name {
			case "FileRow", "FileID", "RecordedAt", "Zone": // the same in all
			default:
				if !v.Field(j).IsZero() {
					fmt.Fprintf(&b, " %s=%v", name, v.Field(j).Interface())
				}
			}
		}
		b.WriteByte('\n')
	}
	for _, a := range c.amendments {
		fmt.Fprintf(&b, "row %d amends %s of %s: %s by %s, at %s, from %s, id %s\n", a.FileRow, a.kind, a.LineID, a.Amends, a.ReplacedBy, a.AmendedAt, a.Source, a.EventID)
	}
	for _, r := range c.rejects {
		fmt.Fprintf(&b, "row %d refused: %s, column %q: %s\n", r.Row, r.Code, r.Column, r.Reason)
	}
	return b.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (run with -update to write it anew):\n%s", path, got)
	}
}

func testfile(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
