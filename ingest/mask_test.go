package ingest

import (
	"strings"
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

// A telephone number in the name of a file is somebody's: that of whom the calls are, often.
func TestMaskNamePhones(t *testing.T) {
	for name, want := range map[string]string{
		"samtal_0731112233.csv":             "samtal_xxxxxxxxxx.csv",
		"samtal_0708123456_2026-03.csv":     "samtal_xxxxxxxxxx_2026-03.csv",
		"46731112233":                       "xxxxxxxxxxx",
		"0046731112233.csv":                 "xxxxxxxxxxxxx.csv",
		"+46731112233.csv":                  "+xxxxxxxxxxx.csv",
		"+4520123456":                       "+xxxxxxxxxx",
		"+46 73 111 22 33.csv":              "+xx xx xxx xx xx.csv",
		"anna 073-111 22 33.csv":            "anna xxx-xxx xx xx.csv",
		"073.111.22.33":                     "xxx.xxx.xx.xx",
		"0731112233-0731112244.zip":         "xxxxxxxxxx-xxxxxxxxxx.zip",
		"12 0731112233":                     "12 xxxxxxxxxx",
		"08-123456.csv":                     "xx-xxxxxx.csv",
		"0911-12345":                        "xxxx-xxxxx",
		"2026-03-14 0731112233.csv":         "2026-03-14 xxxxxxxxxx.csv",
		"0731112233 2026-03-14.csv":         "xxxxxxxxxx 2026-03-14.csv",
		"a_0731112233_b_198001019804_c":     "a_xxxxxxxxxx_b_xxxxxxxxxxxx_c",
		"Anna \u00c5berg 0731112233 \u00e5": "Anna \u00c5berg xxxxxxxxxx \u00e5",

		"20260314081500.csv":         "20260314081500.csv",
		"2026-03-14 08.15.00.csv":    "2026-03-14 08.15.00.csv",
		"14032026081500.csv":         "14032026081500.csv",
		"01032026.csv":               "01032026.csv",
		"08122026.csv":               "08122026.csv",
		"010320260815.csv":           "010320260815.csv",
		"03 2026-01-15 rapport.csv":  "03 2026-01-15 rapport.csv",
		"invoice_20269912345.csv":    "invoice_20269912345.csv",
		"part_000000017.csv":         "part_000000017.csv",
		"norrtele_andringar_02.csv":  "norrtele_andringar_02.csv",
		"melior_2026-v07.csv":        "melior_2026-v07.csv",
		"extract_1773475200123.json": "extract_1773475200123.json",
		"0123456789012345.csv":       "0123456789012345.csv", // too long for any number
		"+46":                        "+46",
		"":                           "",
	} {
		if got := MaskName(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
		if got := MaskName(MaskName(name)); got != want {
			t.Errorf("%s: masked twice it is %q", name, got)
		}
	}
}

func FuzzMaskName(f *testing.F) {
	for _, s := range []string{"a_0731112233", "+46 73-111 22 33", "198001019804", "2026-03-14 0.0", "\xff0-1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		got := MaskName(name)
		if len(got) != len(name) {
			t.Fatalf("%q became %q", name, got)
		}
		if personnummer.Contains(got) {
			t.Fatalf("%q still holds a personnummer: %q", name, got)
		}
		if again := MaskName(name + "_0731112233"); strings.Contains(again, "0731112233") {
			t.Fatalf("%q hides a number behind it: %q", name, again)
		}
	})
}
