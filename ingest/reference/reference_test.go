package reference

import (
	"context"
	"errors"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"linesman/ingest"
	"linesman/ingest/ingesttest"
	"linesman/internal/pseudonym"
	"linesman/schema"
	"linesman/schema/phone"
)

func TestMain(m *testing.M) {
	flag.Bool("update", false, "rewrite the golden files")
	m.Run()
}

func testKey() *pseudonym.Key { return pseudonym.New([]byte("a key for tests, 32 bytes long..")) }

func testFormat(t testing.TB) *Format {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Fatal(err)
	}
	numbers, err := phone.New("SE", phone.Exchange)
	if err != nil {
		t.Fatal(err)
	}
	f, err := New(testKey(), numbers, zone)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func read(t testing.TB, body string, out ingest.Sink) (ingest.Summary, error) {
	t.Helper()
	now := time.Date(2026, 3, 20, 12, 0, 0, 0, time.UTC)
	return testFormat(t).Read(context.Background(), ingest.Input{Name: "lines_2026-01.csv", Body: strings.NewReader(body), Now: now}, out)
}

func TestGolden(t *testing.T) {
	for _, kind := range []string{"units", "cost_centres", "lines", "ranges", "approvals", "prices", "prices_further", "exchange_rates", "goals", "equipment", "employments", "telephone_hours", "access_grants"} {
		t.Run(kind, func(t *testing.T) {
			body, err := os.ReadFile("testdata/" + kind + ".csv")
			if err != nil {
				t.Fatal(err)
			}
			var rec ingesttest.Recorder
			sum, err := read(t, string(body), &rec)
			if err != nil || sum.Read != uint64(rec.Records+len(rec.Rejects)) {
				t.Fatalf("%d read, %d handed out, error %v", sum.Read, rec.Records+len(rec.Rejects), err)
			}
			text := rec.Text.String()
			for _, secret := range []string{"61234\"", "234567", "4761234", "anst4711", "chef0042", "anna.lind", "region.example", "Grafana", "9804"} {
				if strings.Contains(text, secret) {
					t.Errorf("the records hold %q", secret)
				}
			}
			ingesttest.Golden(t, kind+".golden", sum.Profile+"\n"+text+strings.Join(sum.Notices, "\n")+"\n")
		})
	}
}

func TestLineIDsMeetTheExchange(t *testing.T) {
	var k keep
	body := "number;extension;kind;role;holder;unit_id;cost_centre;operator;plan;sim_status;valid_from;valid_to\n010-476 12 34;61234;fixed;personal;a1;U;1;;;;2025-07-01;\n"
	if _, err := read(t, body, &k); err != nil || len(k.lines) != 1 {
		t.Fatalf("%d lines, error %v", len(k.lines), err)
	}
	l, key := k.lines[0], testKey()
	if l.LineID != key.Line("+46104761234") || l.Alias != key.Line("61234") || l.Holder != key.Person("a1") {
		t.Errorf("line %+v has other pseudonyms than those of its number, extension and holder", l)
	}
	if want := time.Date(2025, 6, 30, 22, 0, 0, 0, time.UTC); !l.ValidFrom.UTC().Equal(want) {
		t.Errorf("valid from %s, want midnight in Stockholm %s", l.ValidFrom, want)
	}
}

type keep struct {
	ingesttest.Recorder
	lines []schema.Line
}

func (k *keep) Line(l *schema.Line) error {
	k.lines = append(k.lines, *l)
	return nil
}

func TestSameStatementIsOneEvent(t *testing.T) {
	rec := ingesttest.Recorder{Quiet: true}
	const row = "0110;Akuten;2020-01-01;\n"
	if _, err := read(t, "cost_centre;name;valid_from;valid_to\n"+row+"0110;\"Akuten\";2020-01-01 00:00;\n"+"0110;Akuten 2;2020-01-01;\n110;Akuten;2020-01-01;\n", &rec); err != nil {
		t.Fatal(err)
	}
	if rec.IDs[0] != rec.IDs[1] || rec.IDs[0] == rec.IDs[2] || rec.IDs[0] == rec.IDs[3] {
		t.Errorf("ids %v: the first two are one statement, the others are not", rec.IDs)
	}
}

func TestRefusedFiles(t *testing.T) {
	cases := []struct{ name, body, code, column string }{
		{"empty", "", ingest.CodeEmpty, ""},
		{"unknown header", "a;b;c\n1;2;3\n", ingest.CodeColumns, ""},
		{"commas", "unit_id,name,parent_id,cost_centre\n", ingest.CodeColumns, ""},
		{"missing column", "unit_id;name;parent_id;valid_from;valid_to\n", ingest.CodeColumns, "cost_centre"},
		{"binary", "PK\x00\x00", ingest.CodeUnreadable, ""},
		{"Latin-1", "unit_id;v\xe5rd\n", ingest.CodeEncoding, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := read(t, c.body, &ingesttest.Recorder{})
			var refused *ingest.FileError
			if !errors.As(err, &refused) || refused.Code != c.code || refused.Column != c.column {
				t.Errorf("error %v, want code %s column %q", err, c.code, c.column)
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	for _, kind := range []string{"units", "cost_centres", "lines", "ranges", "approvals", "prices", "prices_further", "exchange_rates", "goals", "equipment", "employments", "telephone_hours", "access_grants"} {
		body, err := os.ReadFile("testdata/" + kind + ".csv")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(body))
	}
	format := testFormat(f)
	f.Fuzz(func(t *testing.T, body string) {
		rec := ingesttest.Recorder{Quiet: true}
		sum, err := format.Read(context.Background(), ingest.Input{Name: "x", Body: strings.NewReader(body)}, &rec)
		if err == nil && sum.Read != uint64(rec.Records+len(rec.Rejects)) {
			t.Errorf("%d read, %d handed out", sum.Read, rec.Records+len(rec.Rejects))
		}
	})
}
