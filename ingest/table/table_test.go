package table

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"linesman/ingest"
	"linesman/schema"
)

func TestLines(t *testing.T) {
	long := strings.Repeat("x", 100)
	cases := []struct {
		in   string
		want string
	}{
		{"", ""},
		{"a", "1 a"},
		{"a\n", "1 a"},
		{"a\r\nb\n\nc", "1 a|2 b|3 |4 c"},
		{"a\rb\r", "1 a\rb"},
		{long + "\nb", "1 " + long[:10] + " too long|2 b"},
		{"a\n" + long + "x", "1 a|2 " + long[:10] + " too long"},
		{"0123456789\n01234567890\n", "1 0123456789|2 0123456789 too long"},
		{"0123456789\r\n", "1 0123456789"},
	}
	for _, c := range cases {
		l := NewLines(strings.NewReader(c.in), 10)
		var got []string
		for {
			line, err := l.Next()
			if err == io.EOF {
				break
			}
			s := fmt.Sprintf("%d %s", l.Row(), line)
			if errors.Is(err, ErrLongLine) {
				s += " too long"
			} else if err != nil {
				t.Fatal(err)
			}
			got = append(got, s)
		}
		if s := strings.Join(got, "|"); s != c.want {
			t.Errorf("%q: %q, want %q", c.in, s, c.want)
		}
	}
}

func TestLinesPassSourceErrorsOn(t *testing.T) {
	broken := errors.New("the connection broke")
	for _, start := range []string{"", "a", strings.Repeat("x", 1000)} {
		l := NewLines(io.MultiReader(strings.NewReader(start), failing{broken}), 10)
		var err error
		for err == nil || errors.Is(err, ErrLongLine) {
			_, err = l.Next()
		}
		if !errors.Is(err, broken) {
			t.Errorf("after %d bytes: error %v, want %v", len(start), err, broken)
		}
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestSplit(t *testing.T) {
	cases := []struct {
		in   string
		want []string
		bad  bool
	}{
		{"", []string{""}, false},
		{"a;b", []string{"a", "b"}, false},
		{";", []string{"", ""}, false},
		{`"a;b";c`, []string{"a;b", "c"}, false},
		{`"";""`, []string{"", ""}, false},
		{`"say ""hi""";x`, []string{`say "hi"`, "x"}, false},
		{`""""`, []string{`"`}, false},
		{`a"b;c`, []string{`a"b`, "c"}, false},
		{`"a`, nil, true},
		{`"a"b;c`, nil, true},
		{`x;"`, nil, true},
	}
	for _, c := range cases {
		got, err := Split(nil, []byte(c.in), ';')
		if (err != nil) != c.bad {
			t.Errorf("%s: error %v", c.in, err)
			continue
		}
		var texts []string
		for _, f := range got {
			texts = append(texts, string(f))
		}
		if !c.bad && fmt.Sprintf("%q", texts) != fmt.Sprintf("%q", c.want) {
			t.Errorf("%s: %q, want %q", c.in, texts, c.want)
		}
	}
}

func FuzzSplit(f *testing.F) {
	f.Add(`a;"b;""c""";d`)
	f.Add(`"`)
	f.Fuzz(func(t *testing.T, line string) {
		kept := strings.Clone(line)
		b := []byte(line)
		fields, err := Split(nil, b, ';')
		if err != nil {
			return
		}
		if string(b) != kept {
			t.Error("the line was changed")
		}
		// What was split can be written and split again.
		var parts []string
		for _, p := range fields {
			parts = append(parts, `"`+strings.ReplaceAll(string(p), `"`, `""`)+`"`)
		}
		again, err := Split(nil, []byte(strings.Join(parts, ";")), ';')
		if err != nil || fmt.Sprintf("%q", again) != fmt.Sprintf("%q", fields) {
			t.Errorf("%q became %q, error %v", fields, again, err)
		}
	})
}

func TestValues(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Fatal(err)
	}
	num := func(b []byte) (any, error) { return Uint(b, 100) }
	dec := func(b []byte) (any, error) { return Decimal(b, 0, 100) }
	mon := func(b []byte) (any, error) { return Money(b) }
	mom := func(b []byte) (any, error) {
		v, err := Moment(b, zone)
		return v.String(), err
	}
	day := func(b []byte) (any, error) { return Day(b) }
	few := func(b []byte) (any, error) { return Uint(b, 7) }
	min := func(b []byte) (any, error) { return Minutes(b) }
	cases := []struct {
		read func([]byte) (any, error)
		in   string
		want any
		err  error
	}{
		{num, "0", uint64(0), nil}, {num, "100", uint64(100), nil}, {num, "101", nil, ErrRange}, {num, "99999999999999999999999", nil, ErrRange}, {num, "999999999999999999999x", nil, ErrNumber},
		{num, "-1", nil, ErrRange}, {num, "-", nil, ErrNumber}, {num, "-x", nil, ErrNumber}, {num, "1.0", nil, ErrNumber}, {num, "", nil, ErrMissing}, {num, "+1", nil, ErrNumber},
		{few, "7", uint64(7), nil}, {few, "8", nil, ErrRange}, {few, "9", nil, ErrRange}, {few, "10", nil, ErrRange}, {few, "07", uint64(7), nil},
		{min, "00:00", uint32(0), nil}, {min, "8:05", uint32(485), nil}, {min, "08:05:00", uint32(485), nil}, {min, "24:00", uint32(1440), nil}, {min, "24:01", nil, ErrRange}, {min, "08:60", nil, ErrRange},
		{min, "08:05:30", nil, ErrTime}, {min, "0805", nil, ErrTime}, {min, "08.05", nil, ErrTime}, {min, "-8:05", nil, ErrTime}, {min, ":8:05", nil, ErrTime}, {min, "", nil, ErrMissing},
		{dec, "1,5", 1.5, nil}, {dec, "1.5", 1.5, nil}, {dec, "1,5,5", nil, ErrNumber}, {dec, "1e2", nil, ErrNumber}, {dec, "NaN", nil, ErrNumber}, {dec, "Inf", nil, ErrNumber}, {dec, "-1", nil, ErrRange}, {dec, "", nil, ErrMissing}, {dec, "0x1", nil, ErrNumber},
		{mon, "0,19", schema.Ore(19), nil}, {mon, "-1.5", -schema.Ore(150), nil}, {mon, "1 000", nil, ErrNumber}, {mon, "1.234,56", nil, ErrNumber}, {mon, "9999999999999", nil, ErrRange}, {mon, "", nil, ErrMissing},
		{mom, "2026-03-29", "2026-03-28T23:00:00.000Z", nil}, {mom, "2026-03-30 08:15", "2026-03-30T06:15:00.000Z", nil}, {mom, "2026-03-30T08:15:00+00:00", "2026-03-30T08:15:00.000Z", nil},
		{mom, "30/3 2026", nil, ErrTime}, {mom, "2026-02-29", nil, ErrTime}, {mom, "", nil, ErrMissing},
		{day, "2026-03-14", schema.Date(2026, 3, 14), nil}, {day, "2026-3-14", nil, ErrTime}, {day, "", nil, ErrMissing},
	}
	for i, c := range cases {
		got, err := c.read([]byte(c.in))
		if !errors.Is(err, c.err) || c.err == nil && got != c.want {
			t.Errorf("case %d, %q: %v, error %v; want %v, %v", i, c.in, got, err, c.want, c.err)
		}
	}
}

func TestReader(t *testing.T) {
	in := ingest.Input{Name: "x.csv", Body: strings.NewReader("\n A ;\"b\";Extra\r\n1; 2 ;3\n\n1;2\n\"x;2;3\n\xff;;\n" + strings.Repeat("y", DefaultMaxLine+1) + "\n4;5;6")}
	r, err := Header(in, ';')
	if err != nil {
		t.Fatal(err)
	}
	notices, err := r.Map([]Column{{Name: "B", Field: "bee", Needed: true}, {Name: "a", Field: "ay", Needed: true}, {Name: "c"}})
	if err != nil || len(notices) != 1 || !strings.Contains(notices[0], `"extra"`) {
		t.Fatalf("notices %v, error %v", notices, err)
	}
	var got []string
	for {
		row, reject, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if reject != nil {
			got = append(got, fmt.Sprintf("%d:%s", reject.Row, reject.Code))
			continue
		}
		extra := ""
		row.Extra(func(v []byte) { extra += string(v) })
		got = append(got, fmt.Sprintf("%d:%s,%s,%v,%s", row.Number, row.Get(0), row.Get(1), row.Get(2) == nil, extra))
	}
	want := "3:2,1,true,3 5:bad_columns 6:bad_columns 7:bad_encoding 8:line_too_long 9:5,4,true,6"
	if s := strings.Join(got, " "); s != want || r.Read() != 6 {
		t.Errorf("%s with %d read; want %s with 6", s, r.Read(), want)
	}
}
