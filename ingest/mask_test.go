package ingest

import (
	"testing"

	"linesman/schema/personnummer"
)

func TestMaskName(t *testing.T) {
	for name, want := range map[string]string{
		"lines_2026-01.csv":                        "lines_2026-01.csv",
		"bevakningar_20260314.csv":                 "bevakningar_20260314.csv",
		"anna_198001019804.csv":                    "anna_xxxxxxxxxxxx.csv",
		"anna_800101-9804_2026.csv":                "anna_xxxxxxxxxxx_2026.csv",
		"19800101-9804":                            "xxxxxxxxxxxxx",
		"800101\u20139804 semester":                "xxxxxx\u2013xxxx semester",
		"cdr_StandAloneCluster_01_202603140815_17": "cdr_StandAloneCluster_01_202603140815_17",
	} {
		if got := MaskName(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
		if personnummer.Contains(MaskName(name)) {
			t.Errorf("%s: a number is left in %q", name, MaskName(name))
		}
	}
}
