package schema_test

import (
	"crypto/sha256"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"linesman/schema"
)

func TestNewIDPrefixesItsParts(t *testing.T) {
	h := sha256.Sum256([]byte("\x04\x00\x00\x00cucm\x02\x00\x00\x00ab\x00\x00\x00\x00"))
	if got := schema.NewID("cucm", "ab", ""); got != schema.ID(h[:16]) {
		t.Errorf("the id is %s, want %x", got, h[:16])
	}
	long := strings.Repeat("x", 300)
	seen := map[schema.ID][]string{}
	for _, parts := range [][]string{{"k"}, {"k", ""}, {"k", "", ""}, {"", "k"}, {"k", "ab", "c"}, {"k", "a", "bc"}, {"k", "abc"}, {"ka", "bc"}, {"k", "a", "b", "c"}, {"k", "c", "ab"},
		{"k", "\x01\x00\x00\x00a"}, {"k", "a\x00"}, {"k", long}, {"k", long[:299]}, {"k", long[:255], long[255:]}} {
		id := schema.NewID(parts[0], parts[1:]...)
		if was, ok := seen[id]; ok {
			t.Errorf("%q and %q are one event", was, parts)
		}
		seen[id] = parts
		if id != schema.NewID(parts[0], parts[1:]...) {
			t.Errorf("%q gave two ids", parts)
		}
	}
}

func TestParseID(t *testing.T) {
	id := schema.NewID("k", "1")
	if got, err := schema.ParseID(id.String()); err != nil || got != id {
		t.Errorf("%s is read as %s, %v", id, got, err)
	}
	if got, err := schema.ParseID(strings.ToUpper(id.String())); err != nil || got != id {
		t.Errorf("%s in capitals is read as %s, %v", id, got, err)
	}
	for _, s := range []string{"", "0", id.String()[1:], id.String() + "0", strings.Repeat("g", 32), strings.Repeat(" ", 32), "0x" + id.String()[2:]} {
		if _, err := schema.ParseID(s); err == nil {
			t.Errorf("%q is read as an id", s)
		}
	}
	if !(schema.ID{}).IsZero() || id.IsZero() {
		t.Error("IsZero is wrong")
	}
}

func TestLineHashReadsWhatLineIDWrote(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	hashes := []uint64{0, 1, 31, 32, math.MaxUint64, math.MaxUint64 - 1, 1 << 63, 1 << 60, 1<<60 - 1}
	for range 10_000 {
		hashes = append(hashes, r.Uint64())
	}
	for _, h := range hashes {
		id := schema.LineID(h)
		if got, ok := schema.LineHash(id); !ok || got != h || len(id) != 14 || strings.ContainsAny(id[1:], "ILOU") {
			t.Fatalf("%d is written %s and read as %d, %v", h, id, got, ok)
		}
	}
	if got := schema.LineID(1<<63 | 17); got != "L800000000000H" {
		t.Errorf("the line id is %s", got)
	}
	for _, id := range []string{"", "L", "L800000000000", "L8000000000000H", "P800000000000H", "L80000000000OH", "L80000000000oH", "l800000000000H", "L8000000000å", "LG000000000000", "LZZZZZZZZZZZZZ"} {
		if got, ok := schema.LineHash(id); ok {
			t.Errorf("%q is read as %d", id, got)
		}
	}
}
