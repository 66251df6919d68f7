package when

import (
	"errors"
	"strings"
	"testing"
	"time"

	"linesman/schema"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	l, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// judged lists the columns of a table that a condition can read.
func judged(table schema.Info) []string {
	var names []string
	for _, c := range table.Columns {
		if celType(c.Type) != nil && !c.Aside {
			names = append(names, c.Name)
		}
	}
	return names
}

func parse(t testing.TB, text string) (*Expr, error) {
	t.Helper()
	table := schema.UsageTable().Info()
	return Parse(text, table, judged(table), zone(t, schema.DefaultZone))
}

func TestSQL(t *testing.T) {
	for _, tt := range []struct{ text, sql, columns string }{
		{`kind == "call"`, `kind = 'call'`, "kind"},
		{`kind in ["call", 'sms']`, `kind IN ('call', 'sms')`, "kind"},
		{`forwarded`, `forwarded`, "forwarded"},
		{`!(forwarded && answered == false)`, `NOT ((forwarded AND answered = false))`, "answered forwarded"},
		{`duration_s >= 60 * 60 - 1`, `duration_s >= 3599`, "duration_s"},
		{`100 < ring_s`, `100 < ring_s`, "ring_s"},
		{`cost > kr("12.50") || cost == kr("0.000001")`, `(cost > toDecimal64('12.50', 6) OR cost = toDecimal64('0.000001', 6))`, "cost"},
		{`cost > charged && visited_country != other_country`, `(cost > charged AND visited_country != other_country)`, "charged cost other_country visited_country"},
		{`kind == "call" && answered && private`, `(kind = 'call' AND answered AND private)`, "answered kind private"},
		{`other_mask.startsWith("+46" + "70")`, `startsWith(other_mask, '+4670')`, "other_mask"},
		{`invoice == "it's \\ \x00"`, `invoice = 'it\'s \\ \0'`, "invoice"},
		{`hour(occurred_at) < 24`, `toHour(occurred_at, 'Europe/Stockholm') < 24`, "occurred_at"},
		{`weekday(occurred_at) in [6, 7]`, `toDayOfWeek(occurred_at, 0, 'Europe/Stockholm') IN (6, 7)`, "occurred_at"},
		{`minutes(occurred_at) < 7 * 60 + 30`, `(toHour(occurred_at, 'Europe/Stockholm') * 60 + toMinute(occurred_at, 'Europe/Stockholm')) < 450`, "occurred_at"},
		{`local_day == day("2026-06-06")`, `local_day = toDate32('2026-06-06')`, "local_day"},
		{`occurred_at >= timestamp("2026-06-06T00:00:00+02:00")`, `occurred_at >= toDateTime64('2026-06-05 22:00:00.000', 3, 'UTC')`, "occurred_at"},
	} {
		e, err := parse(t, tt.text)
		if err != nil {
			t.Errorf("%s: %v", tt.text, err)
		} else if e.SQL() != tt.sql || strings.Join(e.Columns(), " ") != tt.columns || e.String() != tt.text {
			t.Errorf("%s\ngot  %s of %v\nwant %s of %s", tt.text, e.SQL(), e.Columns(), tt.sql, tt.columns)
		}
	}
}

func TestProblems(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{``, "1:1: the condition is empty"},
		{`knd == "call"`, `1:1: table usage has no column "knd"; did you mean "kind"?`},
		{`kind == "calls"`, `1:9: column "kind" has no value "calls"; did you mean "call"?`},
		{`kind in ["call", "cal"]`, `1:18: column "kind" has no value "cal"; did you mean "call"?`},
		{`service.startsWith("vioce")`, `1:20: no value of column "service" begins so; known are voice_out`},
		{"answered &&\n  knd == \"x\"", `2:3: table usage has no column "knd"; did you mean "kind"?`},
		{`file_id == "x"`, `1:1: column "file_id" cannot be judged by here`},
		{`cost > 12`, `1:6: > cannot compare an amount with a whole number; write amounts as kr("12.50")`},
		{`duration_s > 1.5`, `1:12: > cannot compare a whole number with a number with decimals`},
		{`duration_s == -1`, `1:15: duration_s is a whole number from 0 to 4294967295`},
		{`hour(occurred_at) == 24`, `1:22: hour(occurred_at) is a whole number from 0 to 23`},
		{`weekday(occurred_at) in [0]`, `1:26: weekday(occurred_at) is a whole number from 1 to 7`},
		{`invoice < "x"`, `1:9: < is not for a text; use == or !=`},
		{`duration_s`, `1:1: column "duration_s" is a whole number; compare it with something`},
		{`true`, `1:1: a constant alone does not depend on the row; leave it out`},
		{`1 < 2`, `1:3: this compares two constants and does not depend on the row`},
		{`duration_s > 1 / 0`, `1:16: this constant cannot be worked out: division by zero`},
		{`duration_s * 2 > 1`, `1:1: columns cannot be calculated with; compare "duration_s" itself`},
		{`cost > kr("12,50")`, `1:10: this constant cannot be worked out: amount "12,50": ',' is not a digit`},
		{`cost > kr("0.0000001")`, `1:10: this constant cannot be worked out: amount "0.0000001": more than six decimals`},
		{`hour(kind) > 1`, `1:6: hour wants a column that holds moments; "kind" is a text`},
		{`hours(occurred_at) > 1`, `1:1: no function "hours"; did you mean "hour"?`},
		{`answered ? private : forwarded`, `1:10: "? :" is not part of conditions; use && and ||`},
		{`kind in []`, `1:9: the list is empty`},
		{`kind in [invoice]`, `1:10: a list holds constants only; join comparisons with ||`},
		{`kind.size() > 1`, `1:6: no function "size"; known are day, hour, kr, minutes, startsWith, timestamp, weekday, workday`},
		{`(answered == true) == forwarded`, `1:11: conditions are not compared with each other; join them with &&, || and !`},
		{`answered && `, `1:13: mismatched input '<EOF>'`},
		{`answered & private`, `1:10: token recognition error at: '& '`},
		{`occurred_at > timestamp("2026-01-01T00:00:00.0001Z")`, `1:24: want a moment in whole milliseconds, from 1900 to 2299`},
		{`[1].all(x, x > 0)`, `1:5: no function "all"`},
	} {
		_, err := parse(t, tt.text)
		var problems Problems
		if !errors.As(err, &problems) || !strings.Contains("\n"+err.Error(), "\n"+tt.want) {
			t.Errorf("%s\ngot  %v\nwant %s", tt.text, err, tt.want)
		}
	}
}

// What would be much to read or deep to follow is refused in words.
func TestLimits(t *testing.T) {
	for _, text := range []string{strings.Repeat("(", 400) + "answered" + strings.Repeat(")", 400),
		"kind == \"" + strings.Repeat("x", MaxText) + "\"", strings.Repeat("answered && ", 300) + "answered && answered" + strings.Repeat(" ", MaxText)} {
		if _, err := parse(t, text); err == nil {
			t.Errorf("%.40s… goes through", text)
		}
	}
	if _, err := parse(t, strings.Repeat("answered && ", 200)+"answered"); err != nil {
		t.Errorf("a long chain: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{`kind == "call" && !workday(occurred_at) || cost >= kr("12.50")`, `!(a in [1, -2.5, "x\u00e5"])`, `hour(occurred_at) < 24 ? 1 : {}`,
		"minutes(occurred_at)\n>= 7*60", `other_mask.startsWith('\x00')`, `local_day in [day("2026-01-31")]`, `private == false`} {
		f.Add(seed)
	}
	table := schema.UsageTable().Info()
	columns, stockholm := judged(table), zone(f, schema.DefaultZone)
	row := RowOf(schema.UsageTable(), &schema.Usage{OccurredAt: 1_773_100_000_000, Kind: schema.KindCall})
	f.Fuzz(func(t *testing.T, text string) {
		e, err := Parse(text, table, columns, stockholm)
		if err != nil {
			var problems Problems
			if !errors.As(err, &problems) || len(problems) == 0 {
				t.Fatalf("not a list of problems: %v", err)
			}
			for _, p := range problems {
				if p.Line < 1 || p.Column < 1 || p.Text == "" {
					t.Errorf("a problem without a place: %+v", p)
				}
			}
			return
		}
		if e.SQL() == "" || strings.ContainsRune(e.SQL(), 0) || len(e.Columns()) == 0 {
			t.Errorf("SQL %q of columns %v", e.SQL(), e.Columns())
		}
		if _, err := e.Holds(row); err != nil {
			t.Errorf("a condition that was accepted cannot be evaluated: %v", err)
		}
	})
}
