package reminder

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"linesman/dashboards/messages"
	"linesman/schema"
)

var update = flag.Bool("update", false, "write the mails that the code makes")

func texts(t *testing.T, lang string) messages.Texts {
	t.Helper()
	c, err := messages.Load()
	if err != nil {
		t.Fatal(err)
	}
	return c.In(lang)
}

func some(day int) schema.Day { return schema.Date(2026, time.March, day) }

func TestMails(t *testing.T) {
	kir := func(title string, day int, late, fresh, suspect bool) Case {
		return Case{Unit: "SE2321000115-E000000000201", UnitName: "Kirurgkliniken", Title: title, Deadline: some(day), Overdue: late, New: fresh, Candidate: suspect}
	}
	surgery := []Case{kir("Samtal till betaltjänster", 20, false, true, false), kir("Privat data utomlands", 2, true, false, false), kir("Privat data utomlands", 12, false, true, true), kir("Anknytning utan svar", 2, true, false, false)}
	several := append(slices.Clone(surgery), Case{Unit: "E 7&8", Title: "Samtal till betaltjänster", Deadline: some(30), New: true}, Case{Title: "Samtal till betaltjänster", Deadline: some(31)})
	for _, lang := range messages.Languages() {
		for name, list := range map[string][]Case{"one": surgery, "several": several} {
			cfg := Config{Texts: texts(t, lang), Organisation: "Region Norrvik", Link: "https://linesman.example.se/"}
			m := Compose(cfg, list)
			slices.Reverse(list)
			if again := Compose(cfg, list); again != m {
				t.Errorf("%s, %s: another order of the cases is another mail", name, lang)
			}
			got := m.Subject + "\n\n" + m.Body
			file := filepath.Join("testdata", name+"."+lang+".txt")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s:\n%s\nwant\n%s", file, got, want)
			}
		}
	}
	if m := Compose(Config{Texts: texts(t, "en")}, surgery); m.Counts != (Counts{All: 4, Overdue: 2, New: 2, Suspects: 1, First: some(2)}) {
		t.Errorf("%+v", m.Counts)
	}
}
