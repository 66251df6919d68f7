package main

import (
	"path/filepath"
	"strings"
	"testing"

	"linesman/internal/node"
)

// Grants are told with nothing running and beside a running program, in both languages; people
// by pseudonyms only, and found by their login.
func TestAccess(t *testing.T) {
	data := filepath.Join(t.TempDir(), "D")
	file := filepath.Join(t.TempDir(), "access_grants.csv")
	write(t, file, []byte(`who;role;unit;purpose;approver;valid_from;valid_to;grant_id
anna.lind@region.example;unit_manager;U1;;;2020-01-01;;
ANNA.lind@region.example;person_level;U1;granskning;dpo@region.example;2020-03-01;2020-04-01 12:00;ACC-1
finance@region.example;finance;;;;2020-01-01;;
finance@region.example;person_level;;;dpo@region.example;2020-01-01;2021-01-01;
`))
	if r := linesman(t, "collect", "--data", data, "reference", file); !strings.Contains(r.out+r.err, "3") || strings.Contains(r.out+r.err, "region.example") {
		t.Errorf("collect said %s%s", r.out, r.err)
	}
	eventually(t, data, "SELECT row, column, code FROM rejects", "5\tpurpose\tmissing_value")
	anna := strings.TrimSpace(succeed(t, "access", "who", "--data", data, "Anna.Lind@region.example"))
	if !pseudonym.MatchString(anna) {
		t.Fatalf("who said %q", anna)
	}
	checks := func() {
		t.Helper()
		if got := strings.TrimSpace(succeed(t, "access", "who", "--data", data, " anna.lind@region.example")); got != anna {
			t.Errorf("anna is %s and %s", anna, got)
		}
		out := succeed(t, "access", "grants", "--data", data)
		if !strings.Contains(out, "unit manager") || !strings.Contains(out, "the whole organisation") || strings.Contains(out, "granskning") || strings.Contains(out, "region.example") {
			t.Errorf("grants said\n%s", out)
		}
		out = succeed(t, "access", "grants", "--data", data, "--at", "2020-03-15", "--who", "anna.lind@region.example", "--lang", "sv")
		if !strings.Contains(out, "enskilda personer") || !strings.Contains(out, "2020-04-01 12:00") || !strings.Contains(out, "ACC-1") || strings.Contains(out, "ekonomi") {
			t.Errorf("grants of a day said\n%s", out)
		}
		var all []node.Grant
		if succeedJSON(t, &all, "access", "grants", "--data", data, "--all", "--who", anna); len(all) != 2 || all[0].Who != anna || all[0].Approver == "" {
			t.Errorf("all grants of anna are %+v", all)
		}
		var log node.AccessLog
		if succeedJSON(t, &log, "access", "log", "--data", data, "--since", "2020-01-01"); log.Reads == nil || len(log.Reads) != 0 {
			t.Errorf("the access log is %+v", log)
		}
		if out := succeed(t, "access", "log", "--data", data, "--lang", "sv"); !strings.Contains(out, "Ingen har läst") {
			t.Errorf("an empty log says %s", out)
		}
	}
	checks()
	fails(t, []string{"--at"}, "access", "grants", "--data", data, "--at", "soon")
	fails(t, []string{"exclude"}, "access", "grants", "--data", data, "--at", "2020-03-15", "--all")
	fails(t, []string{"--limit"}, "access", "log", "--data", data, "--limit", "0")
	fails(t, []string{"login name"}, "access", "who", "--data", data, "  ")
	i := startUp(t, data)
	defer i.stop()
	checks()
}
