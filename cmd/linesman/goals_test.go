package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linesman/internal/node"
)

// TestGoalsCommand takes a goal and counts from their files to words, with and without a
// running linesman.
func TestGoalsCommand(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "D")
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const unit = "SE2321000016-A1B2"
	counts := "date;unit_hsa_id;profession_group;open;created;closed;median_age_days;over_7d;over_30d;extract_ts\n"
	for i := range 13 { // two fewer every week, to 30 March
		day := time.Date(2026, 1, 5+7*i, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
		counts += fmt.Sprintf("%s;%s;;%d;5;7;4;40;10;%sT06:00:00+01:00\n", day, unit, 140-2*i, day)
	}
	succeed(t, "collect", "--data", data, "melior", write("weekly.csv", counts))
	succeed(t, "collect", "--data", data, "reference", write("units.csv", "unit_id;name;parent_id;cost_centre;employees;valid_from;valid_to\n"+unit+";Akuten;;0100;40;2025-01-01;\n"),
		write("goals.csv", "goal_id;metric;unit_id;cost_centre;baseline;target;target_date;owner;valid_from;valid_to\n"+
			"M-1;watches_open;"+unit+";;140;100;2026-05-25;Enhetschef;2026-01-05;\n"+"O-1;unused_lines;"+unit+";;14;5;2026-12-31;Enhetschef;2026-01-05;\n"))
	const words = "I mars 2026 var 116 bevakningar öppna, 10 färre än i februari; målet är högst 100 senast den 25 maj 2026. I den här takten blir det då omkring 100: i fas."
	check := func() {
		t.Helper()
		out := succeed(t, "goals", "--data", data, "--lang", "sv", "--unit", unit)
		for _, want := range []string{"ÖPPNA BEVAKNINGAR\nAkuten (M-1): I fas\n    " + words + "\n", "Akuten (O-1): För lite data\n    Oanvända abonnemang: inget är uppmätt; målet är högst 5 senast den 31 december 2026.\n"} {
			if !strings.Contains(out, want) {
				t.Errorf("linesman goals said\n%s\nwithout\n%s", out, want)
			}
		}
		var goals []node.Goal
		succeedJSON(t, &goals, "goals", "--data", data, "--as-of", "2026-03-01")
		if len(goals) != 2 || goals[0].AsOf != "2026-02-28" || goals[0].Status != "on_track" || *goals[0].Now != "126" || *goals[0].Forecast != "100" || goals[1].Now != nil {
			t.Errorf("as of the first of March: %+v", goals)
		}
	}
	check()
	startUp(t, data)
	check()
	if out := succeed(t, "goals", "--data", data, "--unit", "nobody"); out != "no goal is in force for unit nobody\n" {
		t.Errorf("of no unit: %q", out)
	}
	fails(t, []string{`language "fi"`}, "goals", "--data", data, "--lang", "fi")
	fails(t, []string{"--as-of", "yyyy-mm-dd"}, "goals", "--data", data, "--as-of", "March")
}
