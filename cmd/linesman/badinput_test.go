package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"linesman/ingest"
)

// What no log, report or table may ever hold: numbers and a personnummer of the bad files.
// They are nobody's: the series is kept for fiction, the person is the tax agency's example.
const (
	secretNumber = "701740699"
	secretPerson = "121212-1212"
)

// badFile is a file that is wrong in some way, and what has to be said about it.
type badFile struct {
	name, collector string
	content         []byte
	make            func(t *testing.T, path string) // instead of content
	state           string
	says            string   // in the file's error; empty: no error
	sent            uint64   // records that are taken all the same
	some            bool     // some records are taken, how many depends on the compressor
	rejects         []string // code and column of each reject
}

func badFiles(t *testing.T) []badFile {
	l := newLayout(t)
	secret := func(name string) call { return calls(name, 1)[0].with("finalCalledPartyNumber", "0"+secretNumber) }
	good := secret("good")
	goodLine := func(name string) string { return l.line(secret(name), "") }
	text := string(l.file(secret("semicolon")))
	return []badFile{
		{name: "a_empty", state: "failed", says: "empty", rejects: []string{"empty_file "}},
		{name: "b_delimiter", content: []byte(strings.NewReplacer(",", ";", `"`, "").Replace(text)), state: "failed", says: "separated by ';'", rejects: []string{"bad_columns "}},
		{name: "c_truncated.gz", content: truncated(t, l), some: true, state: "failed", says: "end too early", rejects: []string{"bad_archive "}},
		{name: "d_bomb.gz", make: bomb, state: "failed", says: "times as many", rejects: []string{"too_large "}},
		{name: "e_gigabyte", make: func(t *testing.T, path string) {
			gigabyte(t, path, l.header("")+goodLine("before"), "\n"+goodLine("after"))
		},
			state: "done", sent: 2, rejects: []string{"line_too_long "}},
		{name: "f_binary", content: append([]byte("\x7fELF\x02\x01\x01\x00\x00"), bytes.Repeat([]byte{0, 1, 2, 255}, 500)...), state: "failed", says: "binary", rejects: []string{"unreadable "}},
		{name: "g_utf16", content: utf16le(text), state: "failed", says: "UTF-16", rejects: []string{"bad_encoding "}},
		{name: "h_missing", content: []byte(l.header("duration") + l.line(good, "duration")), state: "failed", says: `column "duration"`, rejects: []string{"bad_columns duration"}},
		{name: "i_unknown", content: []byte(strings.Replace(l.header(""), "\n", ",\"lokaltTillagg\"\n", 1) + strings.TrimSuffix(goodLine("extra"), "\n") + ",\"" + secretPerson + "\"\n"), state: "done", sent: 1},
		{name: "j_values", content: l.file(
			secret("past").with("dateTimeOrigination", "1"), secret("future").with("dateTimeOrigination", "3786912000"),
			secret("negative").with("duration", "-5"), secret("letters").with("duration", "12a"), secret("fine"),
			secret("noline").with("callingPartyNumber", "")), state: "done", sent: 1,
			rejects: []string{"bad_number duration", "missing_value callingPartyNumber", "out_of_range dateTimeOrigination", "out_of_range dateTimeOrigination", "out_of_range duration"}},
		{name: "k_torn", content: []byte(l.header("") + goodLine("whole") + goodLine("torn")[:200] + "\n" + goodLine("whole2")), state: "done", sent: 2, rejects: []string{"bad_columns "}},
		{name: "l_" + secretPerson + ".csv", content: []byte("hej\n"), state: "failed", says: "missing", rejects: []string{"bad_columns dateTimeOrigination"}},
		{name: "m_0" + secretNumber + ".csv", content: []byte("hej\n"), state: "failed", says: "missing", rejects: []string{"bad_columns dateTimeOrigination"}},
		{name: "46" + secretNumber + ".csv", collector: "melior", content: []byte("hej\n"), state: "failed", says: "xxxxxxxxxxx.csv", rejects: []string{"bad_columns date"}},
		{name: "person.csv", collector: "melior", content: []byte(melior("", "2026-03-10;SE2321000016-A1B2;"+secretPerson+";10;1;1;3;1;0;2026-03-10T06:00:00+01:00\n")),
			state: "failed", says: ":3", rejects: []string{"personnummer profession_group"}},
		{name: "values.csv", collector: "melior", content: []byte(melior("", "1970-01-01;SE2321000016-A1B2;;-4;1;1;3;1;0;2026-03-10T06:00:00+01:00\n")), state: "done", sent: 1, rejects: []string{"out_of_range date"}},
		{name: "wrong.csv", collector: "reference", content: []byte("a;b\n" + secretPerson + ";1\n"), state: "failed", says: "header", rejects: []string{"bad_columns "}},
		{name: "latin1.csv", collector: "reference", content: []byte("unit_id;name;parent_id;cost_centre;employees;valid_from;valid_to\nSE2321000016-Z1;V\xe5rd;;0100;10;2025-01-01;\n"), state: "done", rejects: []string{"bad_encoding "}},
		{name: "unknown.csv", collector: "itemised", content: []byte("Kund;Nummer\n1;0" + secretNumber + "\n"), state: "failed", says: "profile", rejects: []string{"bad_columns "}},
	}
}

// badInput drops them all at once, with good neighbours between them.
func badInput(t *testing.T, i *instance) {
	l := newLayout(t)
	var usage, files int
	if _, err := fmt.Sscan(query(t, i.data, "SELECT (SELECT count() FROM usage), (SELECT count() FROM files)"), &usage, &files); err != nil {
		t.Fatal(err)
	}
	bad := badFiles(t)
	staging := t.TempDir()
	for n := range bad {
		b := &bad[n]
		if b.collector == "" {
			b.collector = "cucm"
		}
		path := filepath.Join(staging, b.name)
		if b.make != nil {
			b.make(t, path)
		} else {
			write(t, path, b.content)
		}
	}
	for _, b := range bad {
		if err := os.Rename(filepath.Join(staging, b.name), filepath.Join(i.data, "inbox", b.collector, b.name)); err != nil {
			t.Fatal(err)
		}
		if b.collector == "cucm" {
			drop(t, i.data, "cucm", b.name+"_neighbour", l.file(calls("neighbour"+b.name, 3)...))
			usage, files = usage+3+int(b.sent), files+1
		}
		files++
	}
	drop(t, i.data, "melior", "weekly.csv", []byte(melior("", "")))
	eventually(t, i.data, "SELECT count() FROM files", fmt.Sprint(files+1))
	putAway(t, i.data)
	for _, b := range bad {
		if b.some {
			usage += int(b.report(t, i.data).Sent)
		}
	}
	eventually(t, i.data, "SELECT count() FROM usage", fmt.Sprint(usage))
	wants(t, i.data, "SELECT count() FROM files WHERE name LIKE '%_neighbour' AND state = 'done' AND accepted = 3", "13")
	wants(t, i.data, "SELECT count() FROM watches WHERE file_id IN (SELECT file_id FROM file_reports WHERE name = 'person.csv')", "0")
	for _, b := range bad {
		t.Run(b.name, func(t *testing.T) { b.check(t, i.data) })
	}
	settled(t, i.data)
	noSecrets(t, i)
}

func (b *badFile) report(t *testing.T, data string) (rep ingest.Report) {
	t.Helper()
	if err := json.Unmarshal(read(t, filepath.Join(data, b.state, b.collector, b.name+".report.json")), &rep); err != nil {
		t.Fatal(err)
	}
	return rep
}

func (b *badFile) check(t *testing.T, data string) {
	rep := b.report(t, data)
	if rep.State != b.state || (rep.Sent != b.sent) != b.some || !strings.Contains(rep.Error, b.says) || (rep.Error == "") != (b.state == "done") {
		t.Errorf("report: %s", rep)
	}
	t.Logf("%s", rep)
	where := fmt.Sprintf("lower(hex(file_id)) = '%s'", rep.File)
	got := strings.Split(query(t, data, "SELECT concat(code, ' ', `column`) AS r FROM rejects WHERE "+where+" ORDER BY r"), "\n")
	if want := slices.Clone(b.rejects); len(want) == 0 {
		if got[0] != "" {
			t.Errorf("rejects %q, want none", got)
		}
	} else if !slices.Equal(trimmed(got), trimmed(want)) {
		t.Errorf("rejects %q, want %q", got, want)
	}
	if got := query(t, data, "SELECT state, error FROM files WHERE "+where); got != strings.TrimSpace(b.state+"\t"+strings.ReplaceAll(rep.Error, "'", `\'`)) {
		t.Errorf("files says %q, the report %q", got, rep.Error)
	}
	if n := query(t, data, "SELECT countIf(reason = '') FROM rejects WHERE "+where); n != "0" {
		t.Errorf("%s rejects without a reason", n)
	}
}

func trimmed(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = strings.TrimSpace(s)
	}
	return out
}

// noSecrets looks for what was planted, everywhere but in the delivered files themselves.
func noSecrets(t *testing.T, i *instance) {
	t.Helper()
	places := map[string]string{"what linesman up wrote": i.errs.String() + i.out.String()}
	for _, table := range []string{"rejects", "file_reports", "usage", "watches", "violations"} {
		places["table "+table] = query(t, i.data, "SELECT * FROM "+table)
	}
	err := filepath.WalkDir(i.data, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		in, _ := filepath.Rel(i.data, path)
		delivered := strings.HasPrefix(in, "done/") || strings.HasPrefix(in, "failed/")
		if delivered && !strings.HasSuffix(in, ".report.json") {
			return nil
		}
		content, err := os.ReadFile(path)
		if os.IsNotExist(err) { // merged away
			return nil
		}
		places["file "+filepath.Dir(in)] += string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(places) < 20 {
		t.Errorf("only %d places were looked at", len(places))
	}
	for place, text := range places {
		for _, secret := range []string{secretNumber, secretPerson, strings.ReplaceAll(secretPerson, "-", "")} {
			if strings.Contains(text, secret) {
				at := strings.Index(text, secret)
				t.Errorf("%s holds %s: …%q…", place, secret, text[max(0, at-80):min(len(text), at+40)])
			}
		}
	}
}

func melior(columns, rows string) string {
	return "date;unit_hsa_id;profession_group;open;created;closed;median_age_days;over_7d;over_30d;extract_ts" + columns + "\n" +
		"2026-03-09;SE2321000016-A1B2;;120;30;25;4,5;40;10;2026-03-09T06:00:00+01:00\n" + rows
}

// truncated is a gzip file of which the second half is missing.
func truncated(t *testing.T, l layout) []byte {
	packed := gzipped(t, l.file(calls("truncated", 200)...))
	return packed[:len(packed)/2]
}

// bomb is a small gzip file that unpacks into 400 MB.
func bomb(t *testing.T, path string) {
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z := gzip.NewWriter(f)
	if _, err := io.Copy(z, io.LimitReader(zeros{}, 400<<20)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '0'
	}
	return len(p), nil
}

// gigabyte is a file with a line of a gigabyte, which takes no room on disk.
func gigabyte(t *testing.T, path, before, after string) {
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(before); err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte(after), int64(len(before))+1<<30); err != nil {
		t.Fatal(err)
	}
}

func utf16le(s string) []byte {
	out := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(s)) {
		out = append(out, byte(u), byte(u>>8))
	}
	return out
}
