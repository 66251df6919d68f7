package node

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"linesman/internal/config"
)

const ownPack = `pack: own
parameters:
  - {name: own-limit, says: {en: L, sv: G}, default: 5}
rules:
  - id: own-rule
    version: 1
    title: {en: T, sv: T}
    description: {en: D, sv: D}
    severity: low
    policy: [{document: D, section: "1", quote: Q}]
    valid_from: 2025-01-01
    informed_at: 2025-01-01
    window: month
    source: usage
    when: kind == "call"
    limits: [{measure: count, count: true, unit: calls, above: "${own-limit}"}]
`

func TestLoadRules(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "own.yaml"), []byte(ownPack), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		cfg   config.Policy
		rules int
		error string
	}{
		"core":                      {config.Default().Policy, 4, ""},
		"core and own":              {config.Policy{Packs: config.List{"core"}, Dir: dir, Values: config.Values{"own-limit": "7"}}, 5, ""},
		"own only":                  {config.Policy{Packs: config.List{}, Dir: dir}, 1, ""},
		"no rules":                  {config.Policy{Packs: config.List{}}, 0, ""},
		"no such pack":              {config.Policy{Packs: config.List{"cor"}}, 0, `no policy pack "cor"; there are core`},
		"a folder where names go":   {config.Policy{Packs: config.List{dir}}, 0, "policy.dir"},
		"value for nothing":         {config.Policy{Packs: config.List{"core"}, Dir: dir, Values: config.Values{"own-limt": "7"}}, 0, `no pack in force has a parameter "own-limt"; there are: own-limit`},
		"value that is no limit":    {config.Policy{Dir: dir, Values: config.Values{"own-limit": "many"}}, 0, "own.yaml:16:64"},
		"value that ends something": {config.Policy{Dir: dir, Values: config.Values{"own-limit": "7}"}}, 0, "own.yaml:3:5"},
	} {
		t.Run(name, func(t *testing.T) {
			set, err := LoadRules(c.cfg)
			if c.error != "" {
				if err == nil || !strings.Contains(err.Error(), c.error) {
					t.Fatalf("error %v, want one with %q", err, c.error)
				}
				return
			}
			if err != nil || len(set.Rules()) != c.rules {
				t.Fatalf("%v, %v", set, err)
			}
			if r, ok := set.Find("own-rule", 1); ok && c.cfg.Values != nil && r.Limits[0].Above() != 7 {
				t.Errorf("the value does not hold: %v", r.Limits[0].Above())
			}
		})
	}
}
