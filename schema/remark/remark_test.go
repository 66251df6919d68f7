package remark

import (
	"strings"
	"testing"
)

func TestTextsKeepPersonalDataOut(t *testing.T) {
	for _, c := range []struct {
		note string
		ok   bool
	}{
		{"", true},
		{"Samtalen gällde jourbyte; telefonen är återställd.", true},
		{"12 samtal, 1 250 kr, återbetalt 2026-03-14", true},
		{"godkänt 2026-03-01 till 2026-03-31, rum 12345", true},
		{"dnr 26/12", true}, {"dnr 2026/12", false},
		{strings.Repeat("å", 500), true},
		{strings.Repeat("å", 501), false},
		{"ring 070-123 45 67", false},
		{"+46 8 123 45", false},
		{"123456", false}, {"12345", true},
		{"1 2 3 4 5 6", false}, {"1.2.3.4.5.6", false}, {"1–2–3–4–5–6", false}, {"(12)(34)(56)", false}, {"1\u200b2\u200b3\u200b4\u200b5\u200b6", false}, {"12\n34\n56", false},
		{"１２３４５６", false}, {"٠١٢٣٤٥", false}, {"¹²³⁴⁵⁶", false},
		{"19811218-9876", false}, {"811218-9876", false}, {"8112189876", false},
		{"2026-03-01 12345", true}, {"2026-03-011", false}, {"12026-03-01", false}, {"2026-13-01", false}, {"1985-05-05", false}, {"2026-03-01-1234", false},
		{"2012-12-12 1212", false}, {"född 2012-12-12, 12 12", false}, {"2012-12-12 1213", true}, {"2012-12-12 K12", false}, {"2026-03-14, 1 250 kr", true},
		{"anna@example.se", false}, {"anna＠example.se", false},
		{"a\x00b", false}, {"a\x1b[31m", false}, {"a\xff", false}, {"line\nline", true},
	} {
		err := Check(c.note, 500)
		if (err == nil) != c.ok {
			t.Errorf("%q: %v", c.note, err)
		}
		if err != nil && c.note != "" && len(c.note) > 3 && strings.Contains(err.Error(), c.note) {
			t.Errorf("the error repeats the note %q", c.note)
		}
	}
}

// Whatever is written, no six digits remain that only spacing separates.
func FuzzCheck(f *testing.F) {
	for _, s := range []string{"070-123 45 67", "2026-03-01 12345", "a1b2c3d4e5f6", "12345 6", "2026-03-01/2026-03-02"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, note string) {
		if Check(note, 500) != nil {
			return
		}
		run := 0
		for i := 0; i < len(note); i++ {
			if n := isoDate(note, i); n > 0 {
				run, i = 0, i+n-1
				continue
			}
			switch c := note[i]; {
			case c >= '0' && c <= '9':
				if run++; run > maxDigits {
					t.Errorf("%q passed", note)
				}
			case c != ' ' && c != '-' && c != '/' && c != '.':
				run = 0
			}
		}
	})
}
