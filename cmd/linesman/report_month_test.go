package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linesman/internal/node"
)

// TestMonthlyReport makes a draft, publishes it and lists it, with and without a running linesman.
func TestMonthlyReport(t *testing.T) {
	dir := t.TempDir()
	data, out := filepath.Join(dir, "D"), filepath.Join(dir, "out")
	const unit = "SE2321000016-A1B2"
	layout, made := newLayout(t), calls("month", 2)
	for i, day := range []string{"2026-03-31", "2026-05-02"} {
		at, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		for _, column := range []string{"dateTimeOrigination", "dateTimeConnect", "dateTimeDisconnect"} {
			made[i] = made[i].with(column, fmt.Sprint(at.Unix()+12*3600))
		}
		made[i] = made[i].with("callingPartyNumber", "62000")
	}
	succeed(t, "collect", "--data", data, "cucm", write(t, filepath.Join(dir, "cdr_StandAloneCluster_01_202605021200_1"), layout.file(made...)))
	succeed(t, "collect", "--data", data, "reference",
		write(t, filepath.Join(dir, "units.csv"), []byte("unit_id;name;parent_id;cost_centre;employees;valid_from;valid_to\n"+unit+";Akuten;;0100;40;2025-01-01;\n")),
		write(t, filepath.Join(dir, "lines.csv"), []byte("number;extension;kind;role;holder;unit_id;cost_centre;operator;plan;sim_status;valid_from;valid_to\n+46101062000;62000;fixed;shared;;"+unit+";;Norrtele;Bas;;2025-01-01;\n")))
	if said := succeed(t, "report", "list", "--data", data); !strings.Contains(said, "no monthly report") {
		t.Errorf("the list said %q", said)
	}
	month := func(more ...string) node.MonthlyReport {
		t.Helper()
		var got node.Monthly
		succeedJSON(t, &got, append([]string{"report", "month", "--data", data, "--month", "2026-03", "--unit", unit, "--lang", "sv", "--out", out}, more...)...)
		if len(got.Reports) != 1 {
			t.Fatalf("%+v", got)
		}
		return got.Reports[0]
	}
	const name = "monthly-2026-03-unit-" + unit + "-sv"
	if r := month(); r.State != node.MonthlyDraft || r.Name != name || r.Scope.Name != "Akuten" {
		t.Errorf("draft: %+v", r)
	}
	if r := month("--publish"); r.State != node.MonthlyPublished {
		t.Errorf("published: %+v", r)
	}
	startUp(t, data)
	if r := month("--publish"); r.State != node.MonthlyUnchanged || len(r.Problems) > 0 {
		t.Errorf("published again: %+v", r)
	}
	for _, ending := range []string{".html", ".pdf"} {
		a, err := os.ReadFile(filepath.Join(data, "reports", name+ending))
		if err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(filepath.Join(out, name+ending)); err != nil || !bytes.Equal(a, b) {
			t.Errorf("%s: the copy is not what was published: %v", ending, err)
		}
	}
	if err := os.WriteFile(filepath.Join(data, "reports", name+".html"), []byte("0 kr"), 0o600); err != nil {
		t.Fatal(err)
	}
	fails(t, nil, "report", "month", "--data", data, "--month", "2026-03", "--unit", unit, "--lang", "sv", "--publish")
	if r := month("--publish"); len(r.Problems) > 0 { // it was written again
		t.Errorf("published after that: %+v", r)
	}
	if said := succeed(t, "report", "list", "--data", data); !strings.Contains(said, "unit "+unit) || !strings.Contains(said, name) {
		t.Errorf("the list said\n%s", said)
	}
	fails(t, []string{"unit", "no-such"}, "report", "month", "--data", data, "--month", "2026-03", "--unit", "no-such")
	fails(t, []string{"--month", "yyyy-mm"}, "report", "month", "--data", data, "--month", "mars")
	fails(t, []string{"whole month", "2026-05"}, "report", "month", "--data", data, "--month", "2026-05")
	fails(t, []string{"mail"}, "report", "month", "--data", data, "--month", "2026-03", "--mail")
}

// A mail that was not sent, and files that were altered, are no success.
func TestMonthlyReportNotAsWanted(t *testing.T) {
	for _, c := range []struct {
		r  node.MonthlyReport
		ok bool
	}{
		{node.MonthlyReport{}, true}, {node.MonthlyReport{Mail: "sent"}, true}, {node.MonthlyReport{Mail: "before"}, true}, {node.MonthlyReport{Mail: "nobody"}, true},
		{node.MonthlyReport{Mail: "the mail server refused the mail"}, false}, {node.MonthlyReport{Problems: []string{"a.html: was altered"}}, false},
	} {
		if err := notAsWanted(node.Monthly{Reports: []node.MonthlyReport{{}, c.r}}); (err == nil) != c.ok {
			t.Errorf("%+v: %v", c.r, err)
		}
	}
}
