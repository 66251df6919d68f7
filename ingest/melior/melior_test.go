package melior

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"linesman/ingest"
	"linesman/ingest/ingesttest"
)

func TestMain(m *testing.M) {
	flag.Bool("update", false, "rewrite the golden files")
	m.Run()
}

func testFormat(t testing.TB) *Format {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Fatal(err)
	}
	return New(zone)
}

func read(t testing.TB, body string, out ingest.Sink) (ingest.Summary, error) {
	t.Helper()
	now := time.Date(2026, 3, 20, 12, 0, 0, 0, time.UTC)
	return testFormat(t).Read(context.Background(), ingest.Input{Name: "bevakningar.csv", Body: strings.NewReader(body), Now: now}, out)
}

const head = "date;unit_hsa_id;profession_group;open;created;closed;median_age_days;over_7d;over_30d;extract_ts\n"

func TestGolden(t *testing.T) {
	body, err := os.ReadFile("testdata/weekly.csv")
	if err != nil {
		t.Fatal(err)
	}
	var rec ingesttest.Recorder
	sum, err := read(t, string(body), &rec)
	if err != nil || sum.Read != uint64(rec.Records+len(rec.Rejects)) {
		t.Fatalf("%d read, %d handed out, error %v", sum.Read, rec.Records+len(rec.Rejects), err)
	}
	ingesttest.Golden(t, "weekly.golden", rec.Text.String()+strings.Join(sum.Notices, "\n")+"\n")
}

func TestRows(t *testing.T) {
	const unit = "SE2321000016-A1B2"
	cases := []struct{ row, column, code string }{
		{"2026-03-09;" + unit + ";;120;30;25;4,5;40;10;2026-03-09T06:00:00+01:00", "", ""},
		{"2026-03-09;" + unit + ";SSK;120;30;25;4.5;40;10;2026-03-09 06:00:00", "", ""},
		{"2026-03-09;" + unit + ";;120;30;25;;;;2026-03-09 06:00", "", ""},
		{"2026-03-09;" + unit + ";;120;30;25;;;10;2026-03-09 06:00", "", ""},
		{"2026-03-09;" + unit + ";;-1;30;25;;;;2026-03-09 06:00", "open", ingest.CodeRange},
		{"2026-03-09;" + unit + ";;;30;25;;;;2026-03-09 06:00", "open", ingest.CodeMissing},
		{"2026-03-09;" + unit + ";;1,5;30;25;;;;2026-03-09 06:00", "open", ingest.CodeNumber},
		{"2026-03-09;" + unit + ";;10000001;30;25;;;;2026-03-09 06:00", "open", ingest.CodeRange},
		{"2026-03-09;" + unit + ";;12;30;25;NaN;;;2026-03-09 06:00", "median_age_days", ingest.CodeNumber},
		{"2026-03-09;" + unit + ";;12;30;25;-2;;;2026-03-09 06:00", "median_age_days", ingest.CodeRange},
		{"2026-03-09;" + unit + ";;12;30;25;2;13;;2026-03-09 06:00", "over_7d", ingest.CodeRange},
		{"2026-03-09;" + unit + ";;12;30;25;2;5;6;2026-03-09 06:00", "over_30d", ingest.CodeRange},
		{"2026-03-09;;;12;30;25;2;5;4;2026-03-09 06:00", "unit_hsa_id", ingest.CodeMissing},
		{"1970-01-01;" + unit + ";;12;30;25;2;5;4;2026-03-09 06:00", "date", ingest.CodeRange},
		{"2090-01-01;" + unit + ";;12;30;25;2;5;4;2026-03-09 06:00", "date", ingest.CodeRange},
		{"2026-02-30;" + unit + ";;12;30;25;2;5;4;2026-03-09 06:00", "date", ingest.CodeTime},
		{"2026-03-09;" + unit + ";;12;30;25;2;5;4;2026-03-08 06:00", "extract_ts", ingest.CodeRange},
		{"2026-03-09;" + unit + ";;12;30;25;2;5;4;2026-03-28 06:00", "extract_ts", ingest.CodeRange},
		{"2026-03-09;" + unit + ";;12;30;25;2;5;4;yesterday", "extract_ts", ingest.CodeTime},
		{"2026-03-09;" + unit + ";;12;30;25;2;5;4", "", ingest.CodeColumns},
		{"2026-03-09;" + unit + ";L\xe4kare;12;30;25;2;5;4;2026-03-09 06:00", "", ingest.CodeEncoding},
		{"2026-03-09;\"" + unit + ";;12;30;25;2;5;4;2026-03-09 06:00", "", ingest.CodeColumns},
		{strings.Repeat("x", 70_000), "", ingest.CodeTooLong},
	}
	for i, c := range cases {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			rec := ingesttest.Recorder{Quiet: true}
			sum, err := read(t, head+c.row+"\r\n2026-03-09;"+unit+"X;;1;0;0;;;;2026-03-09 06:00", &rec)
			if err != nil || sum.Read != 2 {
				t.Fatalf("%d read, error %v; want 2 and none", sum.Read, err)
			}
			if c.code == "" {
				if rec.Records != 2 {
					t.Fatalf("refused: %v", rec.Rejects[0].Reason)
				}
				return
			}
			if len(rec.Rejects) != 1 || rec.Records != 1 {
				t.Fatalf("%d records, %d rejects; want one each", rec.Records, len(rec.Rejects))
			}
			if j := rec.Rejects[0]; j.Row != 2 || j.Column != c.column || j.Code != c.code {
				t.Errorf("line %d column %q code %s, want line 2 column %q code %s", j.Row, j.Column, j.Code, c.column, c.code)
			}
		})
	}
}

func TestRefusedFiles(t *testing.T) {
	const good = "2026-03-09;SE2321000016-A1B2;;120;30;25;4,5;40;10;2026-03-09 06:00\n"
	cases := []struct {
		name, body, code string
		row              uint64
	}{
		{"empty", "", ingest.CodeEmpty, 0},
		{"blank", "\n\n", ingest.CodeEmpty, 0},
		{"commas", strings.ReplaceAll(head, ";", ","), ingest.CodeColumns, 1},
		{"missing column", "date;unit_hsa_id;open\n", ingest.CodeColumns, 1},
		{"column twice", "open;" + head, ingest.CodeColumns, 1},
		{"binary", "\x00\x01\x02", ingest.CodeUnreadable, 1},
		{"UTF-16", "\xff\xfed\x00a\x00", ingest.CodeEncoding, 1},
		{"Latin-1 header", "date;\xe5\n", ingest.CodeEncoding, 1},
		{"long header", strings.Repeat("a", 100_000), ingest.CodeTooLong, 1},
		{"personnummer as unit", head + good + strings.Replace(good, "SE2321000016-A1B2", "19800101-9804", 1), ingest.CodePersonnummer, 3},
		{"personnummer as group", head + strings.Replace(good, ";;", ";8001019804;", 1), ingest.CodePersonnummer, 2},
		{"personnummer as count", head + strings.Replace(good, "120", "8001019804", 1), ingest.CodePersonnummer, 2},
		{"personnummer as date", head + strings.Replace(good, "2026-03-09", "198001019804", 1), ingest.CodePersonnummer, 2},
		{"reserve number", head + strings.Replace(good, ";;", ";19800101K23;", 1), ingest.CodePersonnummer, 2},
		{"personnummer in an unknown column", strings.TrimSuffix(head, "\n") + ";note\n" + strings.TrimSuffix(good, "\n") + ";ring 800101-9804\n", ingest.CodePersonnummer, 2},
		{"personnummer in a damaged row", head + good + "x;800101-9804\n", ingest.CodePersonnummer, 3},
		{"personnummer in the header", "800101-9804;" + head, ingest.CodePersonnummer, 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var rec ingesttest.Recorder
			_, err := read(t, c.body, &rec)
			var refused *ingest.FileError
			if !errors.As(err, &refused) || refused.Code != c.code || refused.Row != c.row {
				t.Fatalf("error %v, want code %s line %d", err, c.code, c.row)
			}
			if rec.Records+len(rec.Rejects) != 0 {
				t.Errorf("%d records of a refused file were handed out", rec.Records+len(rec.Rejects))
			}
			if strings.Contains(err.Error(), "9804") {
				t.Errorf("the error holds the number: %v", err)
			}
		})
	}
}

func TestSameStatementIsOneEvent(t *testing.T) {
	rec := ingesttest.Recorder{Quiet: true}
	row := "2026-03-09;SE2321000016-A1B2;;120;30;25;4,5;40;10;2026-03-09 06:00\n"
	if _, err := read(t, head+row+strings.Replace(row, "4,5", "4.50", 1)+strings.Replace(row, "120", "121", 1), &rec); err != nil {
		t.Fatal(err)
	}
	if rec.IDs[0] != rec.IDs[1] || rec.IDs[0] == rec.IDs[2] {
		t.Errorf("ids %v: the first two are the same statement, the third is another", rec.IDs)
	}
}

// Everything that a row says is in its id, so of two rows that contradict each other in one
// extract the same one holds, whatever file came first.
func TestEveryValueIsInTheID(t *testing.T) {
	base := []string{"2026-03-09", "SE2321000016-A1B2", "SSK", "120", "30", "25", "4.5", "40", "10", "2026-03-09 06:00:00"}
	other := []string{"2026-03-08", "SE2321000016-A1B3", "LAK", "121", "31", "26", "4.6", "41", "11", "2026-03-09 06:00:01"}
	body := head + strings.Join(base, ";") + "\n"
	for i := range base {
		changed := append([]string(nil), base...)
		changed[i] = other[i]
		body += strings.Join(changed, ";") + "\n"
	}
	rec := ingesttest.Recorder{Quiet: true}
	if _, err := read(t, body, &rec); err != nil || len(rec.IDs) != len(base)+1 {
		t.Fatalf("%d records, rejects %v, error %v", len(rec.IDs), rec.Rejects, err)
	}
	seen := map[string]bool{}
	for i, id := range rec.IDs {
		if seen[id.String()] {
			t.Errorf("row %d has the id of another one", i)
		}
		seen[id.String()] = true
	}
}

func TestTotalsBesideGroups(t *testing.T) {
	row := func(day, unit, group, extract string) string {
		return day + ";" + unit + ";" + group + ";120;30;25;4,5;40;10;" + extract + "\n"
	}
	const a, b = "SE2321000016-A1", "SE2321000016-B2"
	const day, next = "2026-03-09", "2026-03-10"
	const at, later = "2026-03-11 06:00", "2026-03-12 06:00"
	for _, c := range []struct {
		name, body string
		refused    []uint64 // lines
	}{
		{"total alone", row(day, a, "", at) + row(day, b, "", at), nil},
		{"groups alone", row(day, a, "SSK", at) + row(day, a, "LAK", at), nil},
		{"total first", row(day, a, "", at) + row(day, a, "SSK", at), []uint64{2}},
		{"total last", row(day, a, "SSK", at) + row(day, a, "", at), []uint64{3}},
		{"of another extract", row(day, a, "SSK", at) + row(day, a, "", later), []uint64{3}},
		{"another unit", row(day, a, "SSK", at) + row(day, b, "", at), nil},
		{"another day", row(day, a, "SSK", at) + row(next, a, "", at), nil},
		{"the group's row is bad", strings.Replace(row(day, a, "SSK", at), "30", "x", 1) + row(day, a, "", at), []uint64{2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			rec := ingesttest.Recorder{Quiet: true}
			sum, err := read(t, head+c.body, &rec)
			if err != nil || sum.Read != 2 || len(rec.Rejects) != len(c.refused) || rec.Records != 2-len(c.refused) {
				t.Fatalf("%d read, %d records, rejects %v, error %v", sum.Read, rec.Records, rec.Rejects, err)
			}
			for i, want := range c.refused {
				j := rec.Rejects[i]
				if j.Row != want || len(j.Raw) == 0 || c.name != "the group's row is bad" && (j.Code != ingest.CodeWrongKind || j.Column != "profession_group") {
					t.Errorf("%+v, want line %d", j, want)
				}
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	f.Add(head + "2026-03-09;SE2321000016-A1B2;;120;30;25;4,5;40;10;2026-03-09 06:00\n")
	f.Add(head + "\"a\"\"b\";;;\n")
	f.Fuzz(func(t *testing.T, body string) {
		rec := ingesttest.Recorder{Quiet: true}
		sum, err := read(t, body, &rec)
		if err == nil && sum.Read != uint64(rec.Records+len(rec.Rejects)) {
			t.Errorf("%d read, %d handed out", sum.Read, rec.Records+len(rec.Rejects))
		}
	})
}
