package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReports(t *testing.T) {
	for _, c := range []struct{ name, yaml, want string }{
		{"default", "", ""},
		{"all of it", "reports:\n  day: 5\n  hour: 6\n  languages: [sv, en]\n  scopes: [cost_centre]\n  recipients:\n    \"0412\": ekonomi@example.se\nmail:\n  host: smtp.example.se\n  from: linesman@example.se\n  default: telefoni@example.se\n", ""},
		{"no such day", "reports:\n  day: 32\n", "reports.day"},
		{"no such hour", "reports:\n  hour: 24\n", "reports.hour"},
		{"no such language", "reports:\n  languages: [sv, fi]\n", `"fi" is not one of`},
		{"a language twice", "reports:\n  languages: [sv, sv]\n", "twice"},
		{"no language", "reports:\n  languages: []\n", "reports.languages"},
		{"no such scope", "reports:\n  scopes: [ward]\n", `"ward" is not one of`},
		{"no address", "reports:\n  recipients:\n    \"0412\": Eva Ek <eva@example.se>\n", "reports.recipients"},
		{"no mail server", "reports:\n  day: 5\n  recipients:\n    \"0412\": ekonomi@example.se\n", "mail.host"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "linesman.yaml")
			if err := os.WriteFile(path, []byte(c.yaml), 0o600); err != nil {
				t.Fatal(err)
			}
			cfg, err := Load(path, nil)
			switch {
			case c.want == "" && err != nil:
				t.Fatal(err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Fatalf("error %v, want one about %s", err, c.want)
			case err != nil && strings.Contains(err.Error(), "eva@"):
				t.Errorf("the error repeats an address: %v", err)
			}
			if c.name == "all of it" && (cfg.Reports.Address("cost_centre", "0412") != "ekonomi@example.se" || cfg.Reports.Address("all", "") != "" || cfg.ReportFolder() != filepath.Join("data", "reports")) {
				t.Errorf("%+v", cfg.Reports)
			}
		})
	}
}
