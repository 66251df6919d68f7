package personnummer

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// The numbers are the test numbers that are commonly published (121212-1212), or made here.
func TestContains(t *testing.T) {
	for _, c := range []struct {
		text string
		want bool
	}{
		{"121212-1212", true},
		{"121212+1212", true},
		{"1212121212", true},
		{"19121212-1212", true},
		{"191212121212", true},
		{"20121212-1212", true},
		{"19121212–1212", true}, // typographic hyphen
		{"pnr:121212-1212.", true},
		{"pnr1212121212", true},
		{"Ringde om 19121212-1212, återkommer", true},
		{"åäö121212-1212åäö", true},
		{"id=191212121212;x", true},
		{"a 1 22 333 121212-1212", true},
		{"000229-0005", true}, // 2000-02-29
		// Co-ordination numbers: day + 60.
		{"701063-2391", true},
		{"19701063-2391", true},
		{"197010632391", true},
		// Reserve numbers.
		{"19700123K1", true},
		{"19700123M12", true},
		{"19700123-X12", true},
		{"19700123k12.", true},
		{"991970123456", true},
		{"99197012-3456", true},

		{"", false},
		{"121212-1213", false},   // check digit
		{"121312-1213", false},   // month 13
		{"120230-1219", false},   // 30 February
		{"18121212-1212", false}, // nobody lives that long
		{"121212 1212", false},   // a date and a time
		{"2026-03-14 12:12", false},
		{"20260314", false},
		{"20260314T121212", false},
		{"19700123A1", false},
		{"19700123K123", false},
		{"19700123K1a", false},
		{"19701323K1", false},
		{"11212121212", false},  // eleven digits
		{"1121212-1212", false}, // seven digits before the hyphen
		{"121212-12123", false}, // five after it
		{"121212--1212", false},
		{"0701234567", false}, // a phone number that fails Luhn
		{"1773475200", false}, // an epoch: month 73
		{"992470123456", false},
		{"Ward 7, bed 12", false},
		// Words of UUIDs, hex letters on one side.
		{"4f1212121212", false},
		{"1212121212ab", false},
		{"a121212-1212", false},
		{"SE2321000016-1X99", false}, // HSA-id of an organisation: 23-21 is no date
	} {
		if got := Contains(c.text); got != c.want {
			t.Errorf("Contains(%q) = %v, want %v", c.text, got, c.want)
		}
	}
}

// Every valid number is found in every spelling and place.
func TestFindsAll(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		year, month, day := 1900+rnd.IntN(126), 1+rnd.IntN(12), 1+rnd.IntN(28)
		if rnd.IntN(3) == 0 {
			day += 60
		}
		nine := fmt.Sprintf("%02d%02d%02d%03d", year%100, month, day, rnd.IntN(1000))
		ten := nine + string(checkDigit(nine))
		century := fmt.Sprint(year / 100)
		for _, s := range []string{ten, ten[:6] + "-" + ten[6:], ten[:6] + "+" + ten[6:], century + ten, century + ten[:6] + "-" + ten[6:]} {
			for _, around := range []string{"%s", "x %s", "(%s)", "Pnr %s!", "nr%s.", "12 %s 34"} {
				if text := fmt.Sprintf(around, s); !Contains(text) {
					t.Fatalf("%q was not found", text)
				}
			}
		}
	}
}

// A UUID is an id that every exchange writes: it must hardly ever look like a person.
func TestUUIDsAreNotPersons(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	found := 0
	for range 200_000 {
		a, b := rnd.Uint64(), rnd.Uint64()
		uuid := fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", a>>32, a>>16&0xffff, a&0xffff, b>>48, b&0xffffffffffff)
		if Contains(uuid) {
			found++
		}
	}
	if found > 2 {
		t.Errorf("%d of 200,000 UUIDs were taken for a personnummer", found)
	}
}

func checkDigit(nine string) byte {
	for c := byte('0'); c <= '9'; c++ {
		if luhn(nine + string(c)) {
			return c
		}
	}
	return '?'
}

func FuzzContains(f *testing.F) {
	for _, s := range []string{"121212-1212", "19700123K1", "4f1212121212", "991970123456", "é121212\u20131212"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		found := Contains(text)
		digits := strings.Count(strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return '0'
			}
			return '.'
		}, text), "0")
		if found && digits < 9 {
			t.Fatalf("%q has %d digits only", text, digits)
		}
		if !Contains(text + " 121212-1212 ") {
			t.Fatalf("%q hides a number behind it", text)
		}
	})
}

func BenchmarkContains(b *testing.B) {
	for _, c := range []struct{ name, text string }{{"words", "Telia Sverige AB"}, {"uuid", "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"}} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				Contains(c.text)
			}
		})
	}
}
