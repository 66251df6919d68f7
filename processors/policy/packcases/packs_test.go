package packcases

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"linesman/processors/policy"
)

// Every pack loads without a problem, and each rule says in every language of its policy what it is about.
func TestPacksAreWhole(t *testing.T) {
	for _, s := range suites() {
		file := filepath.Join("..", "packs", s.pack+".yaml")
		for _, p := range policy.Check(file) {
			t.Error(p)
		}
		set, err := policy.Builtin([]string{s.pack}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range set.Rules() {
			texts := []policy.Text{r.Title, r.Description}
			for _, l := range r.Limits {
				if l.Says != (policy.Text{}) {
					texts = append(texts, l.Says)
				}
			}
			for _, text := range texts {
				if text.EN == "" || text.SV == "" || slices.Contains(s.langs, "da") && text.DA == "" {
					t.Errorf("%s %s: a text is missing a language: %+v", s.pack, r.ID, text)
				}
			}
			if r.InformedAt == 0 || r.ValidFrom == 0 || len(r.Policy) == 0 {
				t.Errorf("%s %s: dates or policy are missing", s.pack, r.ID)
			}
			for _, p := range r.Policy {
				if p.Document == "" || p.Section == "" || p.Quote == "" || p.Date == "" && s.pack != "nu-sjukvarden-bup" {
					t.Errorf("%s %s: %+v lacks something", s.pack, r.ID, p)
				}
			}
			if r.Subject == policy.SubjectLine && !strings.Contains(r.Description.EN, "about a line") && !strings.Contains(r.Description.EN, "bout the line") {
				t.Errorf("%s %s: it is about a line and does not say why", s.pack, r.ID)
			}
		}
	}
}

// The core pack stays what is in force when nothing is chosen, and ids are never used twice.
func TestPacksGoTogether(t *testing.T) {
	names, err := policy.PackNames()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"core", "laholm", "nu-sjukvarden-bup", "region-jamtland-harjedalen", "region-sjaelland", "sorsele"}
	if !slices.Equal(names, want) {
		t.Errorf("packs %v, want %v", names, want)
	}
	var together []*policy.Set
	for _, n := range names {
		set, err := policy.Builtin([]string{n}, nil)
		if err != nil {
			t.Fatal(err)
		}
		together = append(together, set)
	}
	if _, err := policy.Merge(together...); err != nil {
		t.Errorf("all packs at once: %v", err)
	}
	core, err := policy.Builtin(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range core.Rules() {
		if r.Pack != "core" {
			t.Errorf("without a choice %s of pack %s is in force", r.ID, r.Pack)
		}
	}
}

// blanks makes every run of blanks one, those of the policies' layout included.
func blanks(text string) string { return strings.Join(strings.Fields(text), " ") }

// Quotations are copied word by word. The policies themselves are not part of this repository:
// LINESMAN_POLICIES names the folder that holds them as text.
func TestQuotations(t *testing.T) {
	folder := os.Getenv("LINESMAN_POLICIES")
	if folder == "" {
		t.Skip("LINESMAN_POLICIES names no folder with the policies as text: quotations are not compared")
	}
	files := map[string]string{
		"NU-sjukvården":              "nu-sjukvarden-bup*.txt",
		"Laholms kommun":             "laholm*.txt",
		"Sorsele kommun":             "sorsele*.txt",
		"Region Sjælland":            "region-sjaelland*.txt",
		"Region Jämtland Härjedalen": "region-jamtland*.txt",
	}
	texts := map[string]string{}
	for owner, pattern := range files {
		found, err := filepath.Glob(filepath.Join(folder, pattern))
		if err != nil || len(found) != 1 {
			t.Fatalf("%s: %d files %s, %v", folder, len(found), pattern, err)
		}
		text, err := os.ReadFile(found[0])
		if err != nil {
			t.Fatal(err)
		}
		texts[owner] = blanks(string(text))
	}
	packs, err := filepath.Glob("../packs/*.yaml")
	if err != nil || len(packs) < 6 {
		t.Fatalf("%d packs, %v", len(packs), err)
	}
	compared := 0
	for _, file := range packs {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var pack any
		if err := yaml.Unmarshal(text, &pack); err != nil {
			t.Fatal(err)
		}
		quotes(pack, func(document, quote string) {
			compared++
			owner, _, _ := strings.Cut(document, ",")
			if said, ok := texts[owner]; !ok || !strings.Contains(said, blanks(quote)) {
				t.Errorf("%s quotes what %q does not say: %s", file, document, quote)
			}
		})
	}
	t.Logf("%d quotations compared", compared)
}

// quotes finds what a pack quotes, wherever it stands.
func quotes(node any, found func(document, quote string)) {
	switch n := node.(type) {
	case []any:
		for _, item := range n {
			quotes(item, found)
		}
	case map[string]any:
		if q, ok := n["quote"].(string); ok {
			document, _ := n["document"].(string)
			found(document, q)
		}
		for _, item := range n {
			quotes(item, found)
		}
	}
}

// When the staff were told is the organisation's to say, once for all rules of a pack.
func TestInformedAtIsAParameter(t *testing.T) {
	for _, s := range suites() {
		set, err := policy.Builtin([]string{s.pack}, map[string]string{"informed-at": "2026-09-01"})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range set.Rules() {
			if r.InformedAt != day("2026-09-01") {
				t.Errorf("%s %s: the staff were told on %s", s.pack, r.ID, r.InformedAt)
			}
		}
		if _, err := policy.Builtin([]string{s.pack}, map[string]string{"informed-at": "soon"}); err == nil {
			t.Errorf("%s: a day that is none is taken", s.pack)
		}
	}
}
