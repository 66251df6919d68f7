package schema_test

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"linesman/schema"
)

var update = flag.Bool("update", false, "rewrite the generated pages and add new fields to the list of fields")

func TestPagesAreFresh(t *testing.T) {
	for path, text := range map[string]string{"../docs/schema.md": schema.Page(), "../docs/linesman.proto": schema.Proto()} {
		if *update {
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		have, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if string(have) != text {
			t.Errorf("%s is stale: run go test ./schema -update", path)
		}
	}
}

func TestPagesAreDeterministicAndComplete(t *testing.T) {
	page, proto := schema.Page(), schema.Proto()
	if page != schema.Page() || proto != schema.Proto() {
		t.Error("two calls gave two texts")
	}
	if m := regexp.MustCompile(`\{\{.*?\}\}`).FindString(page); m != "" {
		t.Errorf("%s was not filled in", m)
	}
	for _, topic := range schema.Topics() {
		if !strings.Contains(page, "| `"+topic.Name+"` | "+strconv.Itoa(topic.Partitions)+" | ") {
			t.Errorf("the page lacks topic %s", topic.Name)
		}
	}
	for _, in := range schema.Catalogue() {
		_, section, ok := strings.Cut(page, "\n### "+in.Name+"\n")
		if !ok {
			t.Errorf("the page lacks table %s", in.Name)
			continue
		}
		section, _, _ = strings.Cut(section, "\n###")
		for _, want := range []string{in.Meaning, in.Engine, in.OrderBy, in.Key} {
			if !strings.Contains(section, want) {
				t.Errorf("the section of %s lacks %q", in.Name, want)
			}
		}
		for _, c := range in.Columns {
			if !strings.Contains(section, "| `"+c.Name+"` | "+c.Type.String()+" | "+c.Unit+" | ") {
				t.Errorf("the section of %s lacks column %s", in.Name, c.Name)
			}
		}
		for _, c := range in.Computed {
			if !strings.Contains(section, "| `"+c.Name+"` | "+c.Type.String()+" |  | computed | ") {
				t.Errorf("the section of %s lacks column %s", in.Name, c.Name)
			}
		}
	}
	for _, line := range strings.Split(page, "\n") {
		if strings.HasPrefix(line, "| `") && strings.Contains(line, "recorded |") && strings.Count(strings.ReplaceAll(line, `\|`, ""), "|") != 8 {
			t.Errorf("row with the wrong number of cells: %s", line)
		}
	}
}

// The statements stand in the migrations, the names and meanings in the declarations.
func TestRelationsAreThoseOfTheMigrations(t *testing.T) {
	declared := map[string]bool{}
	for _, r := range schema.Relations() {
		declared[r.Name] = true
		if r.Meaning == "" || !strings.Contains(schema.Page(), "| `"+r.Name+"` | "+r.Kind+" | ") {
			t.Errorf("%s has no meaning or is not on the page", r.Name)
		}
	}
	for _, in := range schema.Catalogue() {
		declared[in.Name] = true
	}
	files, err := os.ReadDir("../processors/store/migrations")
	if err != nil {
		t.Fatal(err)
	}
	made := map[string]bool{}
	create := regexp.MustCompile(`(?m)^CREATE (?:TABLE|VIEW|MATERIALIZED VIEW)(?: IF NOT EXISTS)? (\w+)`)
	for _, f := range files {
		raw, err := os.ReadFile("../processors/store/migrations/" + f.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range create.FindAllStringSubmatch(string(raw), -1) {
			made[m[1]] = true
		}
	}
	for name := range made {
		if !declared[name] {
			t.Errorf("a migration makes %s, which schema.Relations does not name", name)
		}
	}
	for name := range declared {
		if !made[name] {
			t.Errorf("no migration makes %s", name)
		}
	}
}

const fieldsFile = "testdata/fields.txt"

// fieldLines lists what must never change: the type on the wire and the name of every number.
func fieldLines() []string {
	var lines []string
	for _, in := range schema.Catalogue() {
		for _, c := range in.Columns {
			if c.Field != 0 {
				lines = append(lines, fmt.Sprintf("%s %d %s %s", in.Record, c.Field, c.Name, c.Type))
			}
		}
	}
	return lines
}

// A number in the file may leave the declarations, but may never come back as something
// else; -update only adds to the file.
func TestFieldNumbersAreNeverReused(t *testing.T) {
	raw, err := os.ReadFile(fieldsFile)
	if err != nil && !*update {
		t.Fatal(err)
	}
	known := map[string]string{} // "Usage 7" -> "zone symbol"
	for _, line := range strings.Split(strings.TrimSpace(string(raw)), "\n") {
		number, rest := splitField(line)
		known[number] = rest
	}
	add := ""
	for _, line := range fieldLines() {
		number, rest := splitField(line)
		was, ok := known[number]
		switch {
		case !ok && *update:
			add += line + "\n"
		case !ok:
			t.Errorf("%s is not in %s: run go test ./schema -update", line, fieldsFile)
		case was != rest:
			t.Errorf("field %s was %q and is now %q: take a new number", number, was, rest)
		}
	}
	if add != "" {
		if err := os.WriteFile(fieldsFile, append(raw, add...), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func splitField(line string) (number, rest string) {
	f := strings.SplitN(line, " ", 3)
	if len(f) < 3 {
		return line, ""
	}
	return f[0] + " " + f[1], f[2]
}

func TestDeclarationsAreSound(t *testing.T) {
	tables, records := map[string]bool{}, map[string]bool{}
	topics := map[string]bool{"": true}
	for _, topic := range schema.Topics() {
		topics[topic.Name] = true
	}
	for _, in := range schema.Catalogue() {
		if tables[in.Name] || records[in.Record] || in.Meaning == "" || in.Key == "" || !topics[in.Topic] {
			t.Errorf("table %s, record %s, topic %q: not unique, not known or not explained", in.Name, in.Record, in.Topic)
		}
		tables[in.Name], records[in.Record] = true, true
		numbers, names := map[int]bool{}, map[string]bool{}
		last := 0
		for _, c := range in.Columns {
			if names[c.Name] || c.Meaning == "" {
				t.Errorf("%s.%s: name not unique or not explained", in.Name, c.Name)
			}
			names[c.Name] = true
			if c.Field == 0 {
				continue
			}
			if c.Field < 0 || numbers[c.Field] || c.Field < last {
				t.Errorf("%s.%s: field number %d is not positive, not unique or not ascending", in.Name, c.Name, c.Field)
			}
			numbers[c.Field], last = true, max(last, c.Field)
		}
		for _, c := range in.Computed {
			if names[c.Name] || c.Meaning == "" || c.SQL == "" {
				t.Errorf("%s.%s: name not unique, not explained or not computed", in.Name, c.Name)
			}
			names[c.Name] = true
		}
		for _, key := range strings.Split(in.OrderBy, ", ") {
			if !names[key] {
				t.Errorf("%s is ordered by %s, which is no column", in.Name, key)
			}
		}
		if id, ok := in.Column("event_id"); !ok || id.Type != schema.TypeID || id.Field == 0 {
			t.Errorf("%s has no event id on the wire", in.Name)
		}
	}
}

// The first migration is what the declarations say, down to engine, order and comments. It
// changes only together with a new step that is marked to make the store anew.
func TestFirstMigrationIsDerived(t *testing.T) {
	const path = "../processors/store/migrations/0001_facts.sql"
	if *update {
		var all []string
		for _, in := range schema.Catalogue() {
			all = append(all, schema.CreateTable(in))
		}
		if err := os.WriteFile(path, []byte(strings.Join(all, "\n;\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	have := strings.Split(strings.TrimSpace(string(raw)), "\n;\n")
	if len(have) != len(schema.Catalogue()) {
		t.Fatalf("%d statements for %d tables", len(have), len(schema.Catalogue()))
	}
	for i, in := range schema.Catalogue() {
		if got, want := strings.TrimSuffix(have[i], "\n;"), schema.CreateTable(in); got != want {
			t.Errorf("the statement of %s is\n%s\nthe declaration says\n%s", in.Name, got, want)
		}
	}
}
