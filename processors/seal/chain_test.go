package seal

import (
	"bytes"
	"encoding/hex"
	"testing"
	"time"

	"linesman/internal/broker"
)

// The bytes as docs/tamper-evidence.md shows them: who changes them changes what was sealed.
func TestCanonicalBytes(t *testing.T) {
	rec := broker.Record{Key: []byte("k1"), Value: []byte{}, Time: time.UnixMilli(1_770_000_000_123), Offset: 77,
		Headers: []broker.Header{{Key: "v", Value: []byte("1")}, {Key: "t"}}}
	const want = "0000019c1c38a47b" + "00000002" + "6b31" + "00000000" + "00000002" + "00000001" + "76" + "00000001" + "31" + "00000001" + "74" + "ffffffff"
	if got := hex.EncodeToString(AppendCanonical(nil, &rec)); got != want {
		t.Errorf("bytes %s\nwant  %s", got, want)
	}
	var h Hasher
	leaf := h.Leaf(&rec)
	first := Chain{}.Next(leaf)
	// Computed with another program, from the page.
	if got, want := hex.EncodeToString(leaf[:]), "051853915d78e6bf4f163c3bcd6ba76e4f31041b49a93c058b9108b701a96783"; got != want {
		t.Errorf("leaf %s, want %s", got, want)
	}
	if want := "d883a0bc5b486206d509f9ad2e0d06dbc9bb8aa3dd22d3a06c68d61903d457f1"; first.String() != want {
		t.Errorf("first link %s, want %s", first, want)
	}
	rec.Offset = 78
	if h.Leaf(&rec) != leaf {
		t.Error("the leaf depends on the offset")
	}
	back, err := ParseChain(first.String())
	if err != nil || back != first {
		t.Errorf("%v, %v", back, err)
	}
}

func TestParseChainRefuses(t *testing.T) {
	for _, s := range []string{"", "00", string(bytes.Repeat([]byte("g"), 64)), string(bytes.Repeat([]byte("0"), 66))} {
		if _, err := ParseChain(s); err == nil {
			t.Errorf("%q was taken", s)
		}
	}
}

// Two different records never give the same bytes: what one field loses the next one gains is
// told by the lengths.
func FuzzCanonical(f *testing.F) {
	f.Add([]byte("ab"), []byte("c"), "v", []byte("1"), int64(5), []byte("a"), []byte("bc"), "v", []byte("1"), int64(5), uint8(0))
	f.Add([]byte(""), []byte("c"), "v", []byte("1"), int64(5), []byte("c"), []byte(""), "v", []byte("1"), int64(5), uint8(1))
	f.Add([]byte("\x00\x00\x00\x01"), []byte(""), "", []byte(""), int64(0), []byte(""), []byte("\x00\x00\x00\x01"), "", []byte(""), int64(0), uint8(0xff))
	f.Fuzz(func(t *testing.T, k1, v1 []byte, h1 string, x1 []byte, t1 int64, k2, v2 []byte, h2 string, x2 []byte, t2 int64, absent uint8) {
		a, b := record(k1, v1, h1, x1, t1, absent&15), record(k2, v2, h2, x2, t2, absent>>4)
		same := bytes.Equal(AppendCanonical(nil, &a), AppendCanonical(nil, &b))
		if same != equal(&a, &b) {
			t.Fatalf("%+v and %+v: same bytes %v", a, b, same)
		}
	})
}

// record makes a record; the bits of absent leave key, value, headers and the header's value out.
func record(k, v []byte, h string, x []byte, ms int64, absent uint8) broker.Record {
	rec := broker.Record{Key: k, Value: v, Time: time.UnixMilli(ms % (1 << 50))}
	if absent&1 != 0 {
		rec.Key = nil
	}
	if absent&2 != 0 {
		rec.Value = nil
	}
	if absent&8 != 0 {
		x = nil
	}
	if absent&4 == 0 {
		rec.Headers = []broker.Header{{Key: h, Value: x}}
	}
	return rec
}

func equal(a, b *broker.Record) bool {
	bytesEqual := func(x, y []byte) bool { return (x == nil) == (y == nil) && bytes.Equal(x, y) }
	if !bytesEqual(a.Key, b.Key) || !bytesEqual(a.Value, b.Value) || !a.Time.Equal(b.Time) || len(a.Headers) != len(b.Headers) {
		return false
	}
	for i := range a.Headers {
		if a.Headers[i].Key != b.Headers[i].Key || !bytesEqual(a.Headers[i].Value, b.Headers[i].Value) {
			return false
		}
	}
	return true
}

func BenchmarkLink(b *testing.B) {
	rec := record([]byte("L0123456789ABC"), bytes.Repeat([]byte("x"), 150), "v", []byte("1"), 1_770_000_000_000, 0)
	var h Hasher
	var c Chain
	for b.Loop() {
		c = c.Next(h.Leaf(&rec))
	}
}
