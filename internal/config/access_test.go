package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAccess(t *testing.T) {
	dir := t.TempDir()
	key := filepath.Join(dir, "key")
	if err := os.WriteFile(key, []byte(strings.Repeat("k", 40)+"\r\nmore\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", 32)
	oidc := "  login: oidc\n  url: https://linesman.example.se\n  oidc: {issuer: 'https://login.example.se', client_id: linesman}\n"
	for name, tc := range map[string]struct{ text, wrong string }{
		"nothing":                    {"", ""},
		"grafana":                    {"access:\n  grafana: {url: 'http://grafana:3000', key_file: " + key + "}\n", ""},
		"a proxy elsewhere":          {"console: {listen: '0.0.0.0:8080', hosts: [a.example, b.example]}\naccess:\n  login: proxy\n  proxy: {from: [10.1.2.7, '10.2.0.0/16', '::1']}\n", ""},
		"a provider":                 {"access:\n" + oidc, ""},
		"only grafana, elsewhere":    {"console: {listen: ':8080'}\naccess:\n  login: grafana\n  grafana: {url: 'https://g.example', key: " + long + "}\n", ""},
		"a token elsewhere":          {"console: {listen: '0.0.0.0:8080'}\n", "this machine alone"},
		"a login that there is not":  {"access: {login: open}\n", "access.login"},
		"a proxy without an address": {"access: {login: proxy}\n", "access.proxy.from: needed"},
		"a proxy anywhere":           {"access:\n  login: proxy\n  proxy: {from: ['0.0.0.0/0']}\n", "all addresses"},
		"a proxy by name":            {"access:\n  login: proxy\n  proxy: {from: [proxy.example]}\n", "want an address"},
		"a provider in the clear":    {"access:\n" + strings.Replace(oidc, "https://login", "http://login", 1), "access.oidc.issuer"},
		"a console in the clear":     {"access:\n" + strings.Replace(oidc, "https://linesman", "http://linesman", 1), "access.url"},
		"a provider without an id":   {"access:\n" + strings.Replace(oidc, "client_id: linesman", "client_id: ''", 1), "client_id"},
		"an address with a path":     {"access: {url: 'https://linesman.example.se/x'}\n", "without a path"},
		"nobody at all":              {"access: {login: grafana}\n", "access.grafana.key"},
		"grafana nowhere":            {"access:\n  grafana: {key: " + long + "}\n", "access.grafana.url"},
		"two keys":                   {"access:\n  grafana: {url: 'https://g.example', key: " + long + ", key_file: " + key + "}\n", "one is enough"},
		"a session of a year":        {"access: {session: 8760h}\n", "access.session"},
	} {
		path := filepath.Join(dir, "config.yaml")
		if err := os.WriteFile(path, []byte(tc.text), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, err := Load(path, nil)
		if tc.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), tc.wrong) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		secrets, err := cfg.Access.Secrets()
		if err != nil || (name == "grafana") != (secrets.Grafana == strings.Repeat("k", 40)) {
			t.Errorf("%s: %d, %v", name, len(secrets.Grafana), err)
		}
		if got, err := cfg.Access.Proxy.Networks(); err != nil || name == "a proxy elsewhere" && (len(got) != 3 || got[0].String() != "10.1.2.7/32" || len(cfg.Console.Hosts) != 2) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if got := (&AccessGrafana{URL: "https://g.example"}).TokenIssuer(); got != "https://g.example/" {
		t.Errorf("issuer %q", got)
	}
	for name, a := range map[string]Access{"a short key": {Grafana: AccessGrafana{Key: "short"}}, "a key of two": {MetricsKey: long, Grafana: AccessGrafana{Key: long}},
		"a file that there is not": {Grafana: AccessGrafana{KeyFile: key + ".gone"}}, "an empty file": {MetricsKeyFile: os.DevNull}} {
		if _, err := a.Secrets(); err == nil || strings.Contains(err.Error(), long) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
