package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"linesman/schema"
)

// section is a part of what a store shows, one line for each row.
type section struct {
	Name string
	SQL  string
}

// sections lists what two stores over the same files must agree on. Left out of the rows is
// what tells one collection of a file from another (its id, when it was recorded, where it
// lies in the log) and which of two files a record was read from first.
func sections() []section {
	out := []section{
		{"sums", "SELECT kind, count(), uniqExact(event_id), sum(duration_s), sum(volume_bytes), sum(messages), sum(charged), sum(vat), sum(rated), sum(cost) FROM usage GROUP BY kind ORDER BY ALL"},
		{"usage_daily", "SELECT * FROM usage_daily ORDER BY ALL"},
		{"usage_line_daily", "SELECT * FROM usage_line_daily ORDER BY ALL"},
		{"watches_current", "SELECT * REPLACE(hex(event_id) AS event_id) FROM watches_current ORDER BY ALL"},
		{"contacts_known", "SELECT hex(event_id) FROM contacts_known ORDER BY ALL"},
		{"statements", "SELECT hex(event_id), record FROM statements ORDER BY ALL"},
		// Whether one was opened as it stands or changed on the way depends on what was judged together.
		{"violations", "SELECT * EXCEPT(change, reason_code, event_id, last_offset, opened_at, last_opened_at, changed_at, changes) " +
			"REPLACE(hex(violation_id) AS violation_id, arrayMap(e -> hex(e), evidence) AS evidence) FROM violations_current WHERE change != 'retracted' ORDER BY ALL"},
		{"files", "SELECT DISTINCT collector, name, profile, state, error, size_bytes, content, read, rejected, handled FROM " +
			"(SELECT *, hex(content_id) AS content, accepted + duplicate AS handled FROM files) WHERE state != 'interrupted' ORDER BY ALL"},
		{"accepted", "SELECT topic, sum(accepted) FROM range_files WHERE topic IN ('linesman.calls', 'linesman.data', 'linesman.sms', 'linesman.watches', 'linesman.contacts', 'linesman.invoices', 'linesman.reference') GROUP BY 1 ORDER BY ALL"},
		{"rejects", "SELECT DISTINCT f.collector, f.name, r.row, r.`column`, r.code, r.reason, hex(r.row_hash) FROM rejects AS r JOIN file_reports AS f ON f.file_id = r.file_id ORDER BY ALL"},
	}
	for _, in := range schema.Catalogue() {
		switch in.Name {
		case schema.ViolationTable().Name, schema.FileTable().Name, schema.RejectTable().Name, schema.RestatementTable().Name, schema.SealTable().Name, schema.CaseTable().Name, schema.AccessReadTable().Name:
			continue // events about what happened when; see chains
		}
		out = append(out, section{in.Name, tableSQL(in)})
	}
	return out
}

func tableSQL(in schema.Info) string {
	aside := []string{"file_id", "file_row", "recorded_at", "log_offset", "revision", "rank"}
	var except, replace []string
	for _, c := range in.Columns {
		switch {
		case slices.Contains(aside, c.Name):
			except = append(except, c.Name)
		case c.Type == schema.TypeID:
			replace = append(replace, "hex("+c.Name+") AS "+c.Name)
		}
	}
	sql := "SELECT * EXCEPT(" + strings.Join(except, ", ") + ")"
	if len(replace) > 0 {
		sql += " REPLACE(" + strings.Join(replace, ", ") + ")"
	}
	return sql + " FROM " + in.Name + " ORDER BY ALL"
}

// snapshot holds the rows of each section.
type snapshot map[string][]string

// take asks the running program for everything.
func take(ctx context.Context, n *node) (snapshot, error) {
	s := snapshot{}
	for _, sec := range sections() {
		text, err := n.query(ctx, sec.SQL)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", sec.Name, err)
		}
		s[sec.Name] = lines(text)
	}
	return s, nil
}

func lines(text string) []string {
	if text = strings.TrimSuffix(text, "\n"); text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

// rows counts the rows of a snapshot.
func (s snapshot) rows() int {
	n := 0
	for _, l := range s {
		n += len(l)
	}
	return n
}

// write keeps a snapshot in a folder, one file for each section.
func (s snapshot) write(dir string) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	for name, l := range s {
		if err := os.WriteFile(filepath.Join(dir, name+".tsv"), []byte(strings.Join(l, "\n")+"\n"), 0o640); err != nil {
			return err
		}
	}
	return nil
}

// difference is what one section lacks or has too much.
type difference struct {
	Section string   `json:"section"`
	Lost    int      `json:"lost"` // rows that only the run without crashes has
	More    int      `json:"more"` // rows that only the run with crashes has, or has twice
	Show    []string `json:"show"` // the first of them
}

// compare compares two snapshots row by row. The rows of both are in order.
func compare(calm, crashed snapshot) []difference {
	var out []difference
	for _, sec := range sections() {
		d := difference{Section: sec.Name}
		a, b := slices.Clone(calm[sec.Name]), slices.Clone(crashed[sec.Name])
		slices.Sort(a) // the engine's order is not that of bytes
		slices.Sort(b)
		for len(a) > 0 || len(b) > 0 {
			switch {
			case len(b) == 0 || (len(a) > 0 && a[0] < b[0]):
				d.Lost++
				d.show("- " + a[0])
				a = a[1:]
			case len(a) == 0 || b[0] < a[0]:
				d.More++
				d.show("+ " + b[0])
				b = b[1:]
			default:
				a, b = a[1:], b[1:]
			}
		}
		if d.Lost+d.More > 0 {
			out = append(out, d)
		}
	}
	return out
}

func (d *difference) show(line string) {
	if len(d.Show) < 20 {
		d.Show = append(d.Show, line)
	}
}

// String is the difference for people.
func (d difference) String() string {
	return fmt.Sprintf("%s: %d rows lost, %d too many or different\n  %s", d.Section, d.Lost, d.More, strings.Join(d.Show, "\n  "))
}

// chains looks at the life of each violation and at events that stand twice: a violation is
// opened, then changes, and is opened again only after it was retracted.
func chains(ctx context.Context, n *node) ([]string, error) {
	var wrong []string
	text, err := n.query(ctx, "SELECT hex(violation_id), arrayStringConcat(arrayMap(c -> substring(c.2, 1, 1), arraySort(groupArray((log_offset, toString(change))))), '') FROM violations GROUP BY violation_id")
	if err != nil {
		return nil, err
	}
	for _, l := range lines(text) {
		id, life, _ := strings.Cut(l, "\t")
		if !lived(life) {
			wrong = append(wrong, fmt.Sprintf("violation %s lived %s (o opened, c changed, r retracted)", id, life))
		}
	}
	for _, table := range []string{"usage", "watches", "contacts", "violations", "file_reports", "rejects", "restatements", "amendments", "access_log"} {
		out, err := n.query(ctx, "SELECT count() - uniqExact(event_id) FROM "+table)
		if err != nil {
			return nil, err
		}
		if out != "0\n" {
			wrong = append(wrong, fmt.Sprintf("%s: %s events stand twice", table, strings.TrimSpace(out)))
		}
	}
	return wrong, nil
}

// lived tells whether changes can follow each other so: o opened, c changed, r retracted.
func lived(life string) bool {
	there := false
	for _, change := range life {
		if opens := change == 'o'; opens == there {
			return false
		}
		there = change != 'r'
	}
	return true
}

// collections counts the collections that were finished, those that were cut off, and those
// cut off that show what only a finished one can.
func collections(ctx context.Context, n *node) (finished, interrupted, counted int, err error) {
	out, err := n.query(ctx, "SELECT countIf(state != 'interrupted'), countIf(state = 'interrupted'), countIf(state = 'interrupted' AND (name != '' OR read != 0)) FROM files")
	if err != nil {
		return 0, 0, 0, err
	}
	if _, err := fmt.Sscan(out, &finished, &interrupted, &counted); err != nil {
		return 0, 0, 0, fmt.Errorf("counting collections: %q: %w", out, err)
	}
	return finished, interrupted, counted, nil
}

// verify lets the program compare log and store itself.
func verify(ctx context.Context, n *node) error {
	var rep struct {
		OK         bool `json:"ok"`
		Partitions []struct {
			Topic  string `json:"topic"`
			Behind uint64 `json:"behind"`
		} `json:"partitions"`
	}
	text, err := n.ask(ctx, "verify", "--json")
	if err == nil {
		err = json.Unmarshal([]byte(text), &rep)
	}
	if err != nil {
		return fmt.Errorf("verify: %w\n%s", err, tail(text))
	}
	for _, p := range rep.Partitions {
		if p.Behind > 0 && p.Topic != schema.TopicSeals { // the log may be sealed at any moment
			return fmt.Errorf("verify left records uncompared:\n%s", tail(text))
		}
	}
	if !rep.OK || len(rep.Partitions) == 0 {
		return fmt.Errorf("verify does not say ok:\n%s", tail(text))
	}
	return nil
}
