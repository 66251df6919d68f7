package contacts

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
	"linesman/schema"
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

// keep is a sink that keeps the rows.
type keep struct {
	ingesttest.Recorder
	rows []schema.Contact
}

func (k *keep) Contact(c *schema.Contact) error {
	k.rows = append(k.rows, *c)
	return k.Recorder.Contact(c)
}

func read(t testing.TB, body string, out ingest.Sink) (ingest.Summary, error) {
	t.Helper()
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	return testFormat(t).Read(context.Background(), ingest.Input{Name: "ace_2026-03-09.csv", Body: strings.NewReader(body), Now: now}, out)
}

const (
	head = "date;from;to;unit_hsa_id;queue;key;origin;offered;answered;abandoned;wait_s;talk_s;extract_ts\n"
	unit = "SE2321000016-A1B2"
)

func TestGolden(t *testing.T) {
	body, err := os.ReadFile("testdata/ace.csv")
	if err != nil {
		t.Fatal(err)
	}
	var rec ingesttest.Recorder
	sum, err := read(t, string(body), &rec)
	if err != nil || sum.Read != uint64(rec.Records+len(rec.Rejects)) {
		t.Fatalf("%d read, %d handed out, error %v", sum.Read, rec.Records+len(rec.Rejects), err)
	}
	ingesttest.Golden(t, "ace.golden", rec.Text.String()+strings.Join(sum.Notices, "\n")+"\n")
}

func TestRows(t *testing.T) {
	row := func(date, from, to, names, counts, extract string) string {
		return date + ";" + from + ";" + to + ";" + names + ";" + counts + ";" + extract
	}
	const names, counts, at = unit + ";Kö 1;8;external", "42;35;6;2310;9870", "2026-03-10 05:00"
	cases := []struct{ row, column, code string }{
		{row("2026-03-09", "08:00", "09:00", names, counts, at), "", ""},
		{row("2026-03-09", "8:00", "08:15:00", names, counts, "2026-03-10T04:00:00Z"), "", ""},
		{row("2026-03-09", "00:00", "24:00", unit+";Kö 1;;", "0;0;0;;", at), "", ""},
		{row("2026-03-09", "23:00", "00:00", names, counts, at), "", ""},
		{row("2026-03-09", "08:00", "08:00", names, counts, at), "to", ingest.CodeRange},
		{row("2026-03-09", "08:00", "07:00", names, counts, at), "to", ingest.CodeRange},
		{row("2026-03-09", "24:00", "24:00", names, counts, at), "from", ingest.CodeRange},
		{row("2026-03-09", "08:60", "09:00", names, counts, at), "from", ingest.CodeRange},
		{row("2026-03-09", "", "09:00", names, counts, at), "from", ingest.CodeMissing},
		{row("2026-03-09", "08:00", "9.00", names, counts, at), "to", ingest.CodeTime},
		{row("2026-03-09", "08:00:30", "09:00", names, counts, at), "from", ingest.CodeTime},
		{row("2026-03-09", "08:00", "24:01", names, counts, at), "to", ingest.CodeRange},
		{row("1970-01-01", "08:00", "09:00", names, counts, at), "date", ingest.CodeRange},
		{row("2026-11-22", "08:00", "09:00", names, counts, at), "date", ingest.CodeRange},
		{row("2026-02-30", "08:00", "09:00", names, counts, at), "date", ingest.CodeTime},
		{row("2026-03-29", "02:30", "03:00", names, counts, "2026-04-01"), "from", ingest.CodeTime},
		{row("2026-03-09", "08:00", "09:00", ";Kö 1;8;external", counts, at), "unit_hsa_id", ingest.CodeMissing},
		{row("2026-03-09", "08:00", "09:00", unit+";;8;external", counts, at), "queue", ingest.CodeMissing},
		{row("2026-03-09", "08:00", "09:00", unit+";Kö;12345;external", counts, at), "key", ingest.CodeRange},
		{row("2026-03-09", "08:00", "09:00", unit+";"+strings.Repeat("x", 201)+";8;external", counts, at), "queue", ingest.CodeRange},
		{row("2026-03-09", "08:00", "09:00", unit+";Kö;8;utifrån", counts, at), "origin", ingest.CodeUnknown},
		{row("2026-03-09", "08:00", "09:00", names, ";35;6;;", at), "offered", ingest.CodeMissing},
		{row("2026-03-09", "08:00", "09:00", names, "42;-1;6;;", at), "answered", ingest.CodeRange},
		{row("2026-03-09", "08:00", "09:00", names, "42;1,5;6;;", at), "answered", ingest.CodeNumber},
		{row("2026-03-09", "08:00", "09:00", names, "1000001;1;6;;", at), "offered", ingest.CodeRange},
		{row("2026-03-09", "08:00", "09:00", names, "42;43;0;;", at), "answered", ingest.CodeRange},
		{row("2026-03-09", "08:00", "09:00", names, "42;40;3;;", at), "abandoned", ingest.CodeRange},
		{row("2026-03-09", "08:00", "09:00", names, "42;40;2;x;", at), "wait_s", ingest.CodeNumber},
		{row("2026-03-09", "08:00", "09:00", names, "42;40;2;1;10000000000000", at), "talk_s", ingest.CodeRange},
		{row("2026-03-09", "08:00", "09:00", names, counts, "2026-03-09 07:59"), "extract_ts", ingest.CodeRange},
		{row("2026-03-09", "08:00", "09:00", names, counts, "2026-12-09 07:59"), "extract_ts", ingest.CodeRange},
		{row("2026-03-09", "08:00", "09:00", names, counts, "yesterday"), "extract_ts", ingest.CodeTime},
		{row("2026-03-09", "08:00", "09:00", names, "42;40", at), "", ingest.CodeColumns},
		{row("2026-03-09", "08:00", "09:00", unit+";K\xf6;8;external", counts, at), "", ingest.CodeEncoding},
		{strings.Repeat("x", 70_000), "", ingest.CodeTooLong},
	}
	for i, c := range cases {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			rec := ingesttest.Recorder{Quiet: true}
			sum, err := read(t, head+c.row+"\r\n2026-03-09;08:00;09:00;"+unit+";Other;8;external;1;1;0;1;1;2026-03-10", &rec)
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
			if j := rec.Rejects[0]; j.Row != 2 || j.Column != c.column || j.Code != c.code || len(j.Raw) == 0 {
				t.Errorf("line %d column %q code %s, want line 2 column %q code %s", j.Row, j.Column, j.Code, c.column, c.code)
			}
		})
	}
}

// The two nights on which the clock is moved, the day around them, and an ordinary one.
func TestIntervalsOnTheClock(t *testing.T) {
	for _, c := range []struct {
		date, from, to string
		at             string
		seconds        uint32
	}{
		{"2026-03-09", "00:00", "01:00", "2026-03-08T23:00:00.000Z", 3600},
		{"2026-07-09", "02:00", "02:15", "2026-07-09T00:00:00.000Z", 900},
		{"2026-03-29", "01:00", "02:00", "2026-03-29T00:00:00.000Z", 3600},
		{"2026-03-29", "01:00", "03:00", "2026-03-29T00:00:00.000Z", 3600},
		{"2026-03-29", "03:00", "04:00", "2026-03-29T01:00:00.000Z", 3600},
		{"2026-03-29", "00:00", "24:00", "2026-03-28T23:00:00.000Z", 23 * 3600},
		{"2026-10-25", "01:00", "02:00", "2026-10-24T23:00:00.000Z", 3600},
		{"2026-10-25", "02:00", "03:00", "2026-10-25T00:00:00.000Z", 3600},
		{"2026-10-25", "03:00", "04:00", "2026-10-25T02:00:00.000Z", 3600},
		{"2026-10-25", "00:00", "00:00", "2026-10-24T22:00:00.000Z", 25 * 3600},
	} {
		var k keep
		if _, err := read(t, head+c.date+";"+c.from+";"+c.to+";"+unit+";Q;8;external;1;1;0;1;1;2026-11-01\n", &k); err != nil || len(k.rows) != 1 {
			t.Fatalf("%s %s: %d rows, rejects %v, error %v", c.date, c.from, len(k.rows), k.Rejects, err)
		}
		if g := k.rows[0]; g.OccurredAt.String() != c.at || g.IntervalS != c.seconds || g.Zone != "Europe/Stockholm" {
			t.Errorf("%s %s to %s: %s, %d s in %s; want %s, %d s", c.date, c.from, c.to, g.OccurredAt, g.IntervalS, g.Zone, c.at, c.seconds)
		}
	}
}

// In the hour that comes twice the second row for the same is the second run; another extract
// in the same file begins with the first one again.
func TestTheHourThatComesTwice(t *testing.T) {
	row := func(from, to, queue, offered, extract string) string {
		return "2026-10-25;" + from + ";" + to + ";" + unit + ";" + queue + ";8;external;" + offered + ";0;0;;;" + extract + "\n"
	}
	var k keep
	if _, err := read(t, head+row("02:00", "02:30", "A", "1", "2026-10-26")+row("02:30", "03:00", "A", "2", "2026-10-26")+row("02:00", "02:30", "A", "3", "2026-10-26")+
		row("02:30", "03:00", "A", "4", "2026-10-26")+row("02:00", "02:30", "B", "5", "2026-10-26")+row("02:00", "02:30", "A", "6", "2026-10-27")+row("02:00", "02:30", "A", "7", "2026-10-26"), &k); err != nil {
		t.Fatal(err)
	}
	want := []string{"00:00", "00:30", "01:00", "01:30", "00:00", "00:00"}
	if len(k.rows) != len(want) || len(k.Rejects) != 1 || k.Rejects[0].Row != 8 || k.Rejects[0].Code != ingest.CodeWrongKind {
		t.Fatalf("%d rows, rejects %+v", len(k.rows), k.Rejects)
	}
	for i, w := range want {
		if got := k.rows[i].OccurredAt.String()[11:16]; got != w || k.rows[i].IntervalS != 1800 {
			t.Errorf("row %d begins at %s and lasts %d s, want %s and 1800", i+1, got, k.rows[i].IntervalS, w)
		}
	}
}

func TestNothingCountsTwice(t *testing.T) {
	row := func(from, to, key, offered, extract string) string {
		return "2026-03-09;" + from + ";" + to + ";" + unit + ";Q;" + key + ";external;" + offered + ";0;0;;;" + extract + "\n"
	}
	const at, later = "2026-03-10 05:00", "2026-03-11 05:00"
	for _, c := range []struct {
		name, body string
		refused    []uint64
	}{
		{"one after the other", row("08:00", "09:00", "1", "5", at) + row("09:00", "10:00", "1", "5", at), nil},
		{"word for word", row("08:00", "09:00", "1", "5", at) + row("08:00", "09:00", "1", "5", at), nil},
		{"other counts", row("08:00", "09:00", "1", "5", at) + row("08:00", "09:00", "1", "6", at), []uint64{3}},
		{"other counts later", row("08:00", "09:00", "1", "5", at) + row("08:00", "09:00", "1", "6", later), nil},
		{"another key", row("08:00", "09:00", "1", "5", at) + row("08:00", "09:00", "2", "6", at), nil},
		{"a day beside hours", row("00:00", "24:00", "1", "11", at) + row("08:00", "09:00", "1", "5", at) + row("09:00", "10:00", "1", "6", at), []uint64{2}},
		{"the day last", row("08:00", "09:00", "1", "5", at) + row("09:00", "10:00", "1", "6", at) + row("00:00", "24:00", "1", "11", at), []uint64{4}},
		{"the day twice", row("00:00", "24:00", "1", "11", at) + row("08:00", "09:00", "1", "5", at) + row("00:00", "24:00", "1", "11", at), []uint64{2, 4}},
		{"the same beginning", row("08:00", "10:00", "1", "11", at) + row("08:00", "09:00", "1", "5", at), []uint64{2}},
		{"halves", row("08:00", "09:00", "1", "5", at) + row("08:30", "09:30", "1", "6", at), []uint64{2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			rec := ingesttest.Recorder{Quiet: true}
			sum, err := read(t, head+c.body, &rec)
			if err != nil || len(rec.Rejects) != len(c.refused) || int(sum.Read) != rec.Records+len(rec.Rejects) {
				t.Fatalf("%d read, %d records, rejects %+v, error %v", sum.Read, rec.Records, rec.Rejects, err)
			}
			for i, want := range c.refused {
				if j := rec.Rejects[i]; j.Row != want || j.Code != ingest.CodeWrongKind || len(j.Raw) == 0 {
					t.Errorf("%+v, want line %d", j, want)
				}
			}
		})
	}
}

func TestRefusedFiles(t *testing.T) {
	const good = "2026-03-09;08:00;09:00;" + unit + ";Q;8;external;42;35;6;2310;9870;2026-03-10 05:00\n"
	for _, c := range []struct {
		name, body, code string
		row              uint64
	}{
		{"empty", "", ingest.CodeEmpty, 0},
		{"commas", strings.ReplaceAll(head, ";", ","), ingest.CodeColumns, 1},
		{"missing column", strings.Replace(head, "offered;", "", 1), ingest.CodeColumns, 1},
		{"binary", "\x00\x01\x02", ingest.CodeUnreadable, 1},
		{"Latin-1 header", "date;\xe5\n", ingest.CodeEncoding, 1},
		{"personnummer as queue", head + good + strings.Replace(good, ";Q;", ";19800101-9804;", 1), ingest.CodePersonnummer, 3},
		{"personnummer as key", head + strings.Replace(good, ";8;", ";8001019804;", 1), ingest.CodePersonnummer, 2},
		{"personnummer as a sum", head + strings.Replace(good, "9870", "8001019804", 1), ingest.CodePersonnummer, 2},
		{"personnummer as date", head + strings.Replace(good, "2026-03-09", "198001019804", 1), ingest.CodePersonnummer, 2},
		{"personnummer as time", head + strings.Replace(good, "08:00", "198001019804", 1), ingest.CodePersonnummer, 2},
		{"personnummer in an unknown column", strings.TrimSuffix(head, "\n") + ";caller\n" + strings.TrimSuffix(good, "\n") + ";800101-9804\n", ingest.CodePersonnummer, 2},
		{"personnummer in a damaged row", head + good + "x;800101-9804\n", ingest.CodePersonnummer, 3},
		{"personnummer in the header", "800101-9804;" + head, ingest.CodePersonnummer, 1},
	} {
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

// Everything that a row says is in its id, so of two rows that contradict each other in one
// extract the same one holds, whatever file came first.
func TestEveryValueIsInTheID(t *testing.T) {
	base := []string{"2026-03-09", "08:00", "09:00", unit, "Q", "8", "external", "42", "35", "6", "2310", "9870", "2026-03-10 05:00:00"}
	other := []string{"2026-03-08", "08:01", "09:01", unit + "X", "R", "9", "internal", "43", "34", "5", "2311", "9871", "2026-03-10 05:00:01"}
	seen := map[schema.ID]int{}
	for i := -1; i < len(base); i++ {
		row := append([]string(nil), base...)
		if i >= 0 {
			row[i] = other[i]
		}
		rec := ingesttest.Recorder{Quiet: true}
		if _, err := read(t, head+strings.Join(row, ";")+"\n", &rec); err != nil || len(rec.IDs) != 1 {
			t.Fatalf("%d records, rejects %v, error %v", len(rec.IDs), rec.Rejects, err)
		}
		if k, ok := seen[rec.IDs[0]]; ok {
			t.Errorf("with another value in column %d the row has the id of the one in which it was column %d", i, k)
		}
		seen[rec.IDs[0]] = i
	}
}

func FuzzRead(f *testing.F) {
	f.Add(head + "2026-03-09;08:00;09:00;" + unit + ";Q;8;external;42;35;6;2310;9870;2026-03-10 05:00\n")
	f.Add(head + "2026-10-25;02:00;03:00;U;Q;;;1;1;0;;;2026-10-26\n2026-10-25;02:00;03:00;U;Q;;;1;1;0;;;2026-10-26\n")
	f.Add(head + "\"a\"\"b\";;;\n")
	format := testFormat(f)
	f.Fuzz(func(t *testing.T, body string) {
		rec := keep{Recorder: ingesttest.Recorder{Quiet: true}}
		sum, err := format.Read(context.Background(), ingest.Input{Name: "x", Body: strings.NewReader(body)}, &rec)
		if err != nil {
			if rec.Records+len(rec.Rejects) != 0 {
				t.Errorf("%d rows of a refused file were handed out", rec.Records+len(rec.Rejects))
			}
			return
		}
		if sum.Read != uint64(rec.Records+len(rec.Rejects)) {
			t.Errorf("%d read, %d handed out", sum.Read, rec.Records+len(rec.Rejects))
		}
		for _, c := range rec.rows {
			if c.UnitID == "" || c.IntervalS == 0 || c.IntervalS > 26*3600 || c.Answered+c.Abandoned > c.Offered || c.EventID.IsZero() {
				t.Errorf("%+v was handed out", c)
			}
		}
	})
}
