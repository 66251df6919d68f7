package when

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/shopspring/decimal"

	"linesman/internal/engine"
	"linesman/internal/engine/enginetest"
	"linesman/schema"
)

func TestMain(m *testing.M) {
	engine.RunChildIfAsked()
	os.Exit(m.Run())
}

// fill creates a table as it is declared and inserts rows.
func fill[T any](t *testing.T, conn driver.Conn, table *schema.Table[T], rows []T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	defs, names := make([]string, len(table.Columns)), make([]string, len(table.Columns))
	for i, c := range table.Columns {
		names[i] = "`" + c.Name + "`"
		defs[i] = names[i] + " " + c.Type.ClickHouse()
	}
	if err := conn.Exec(ctx, "CREATE TABLE "+table.Name+" ("+strings.Join(defs, ", ")+") ENGINE = MergeTree ORDER BY event_id"); err != nil {
		t.Fatal(err)
	}
	batch, err := conn.PrepareBatch(ctx, "INSERT INTO "+table.Name+" ("+strings.Join(names, ", ")+")")
	if err != nil {
		t.Fatal(err)
	}
	for i := range rows {
		values := make([]any, len(table.Columns))
		for j, c := range table.Columns {
			values[j] = cell(c.Ref(&rows[i]))
		}
		if err := batch.Append(values...); err != nil {
			t.Fatal(err)
		}
	}
	if err := batch.Send(); err != nil {
		t.Fatal(err)
	}
}

func cell(ref any) any {
	switch p := ref.(type) {
	case *schema.ID:
		return string(p[:])
	case *schema.Time:
		return time.UnixMilli(int64(*p)).UTC()
	case *schema.Day:
		return p.At(time.UTC)
	case *schema.Money:
		return decimal.New(int64(*p), -6)
	case *string:
		return *p
	case *bool:
		return *p
	case *uint32:
		return *p
	case *uint64:
		return *p
	case *float64:
		return *p
	}
	return ref
}

// holdsInStore asks the engine for the ids of the rows for which a condition holds, once in
// WHERE and once as a value.
func holdsInStore(t *testing.T, conn driver.Conn, table, sql string) (where, value map[string]bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	ask := func(query string) map[string]bool {
		rows, err := conn.Query(ctx, query)
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		defer rows.Close()
		ids := map[string]bool{}
		for rows.Next() {
			var id string
			if err := rows.Scan(&id); err != nil {
				t.Fatal(err)
			}
			ids[id] = true
		}
		if err := rows.Err(); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		return ids
	}
	return ask("SELECT event_id FROM " + table + " WHERE " + sql), ask("SELECT event_id FROM (SELECT event_id, toUInt8(" + sql + ") AS holds FROM " + table + ") WHERE holds = 1")
}

// edges are moments where local time is easy to get wrong: nights of daylight saving,
// midnights, year ends, holidays, leap days. The driver inserts nothing after 2262;
// TestWorkdayEveryDay goes further.
func edges(zone *time.Location) []time.Time {
	out := []time.Time{time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC), time.Date(2026, 10, 25, 1, 0, 0, 0, time.UTC), time.Date(2025, 3, 30, 1, 0, 0, 0, time.UTC),
		time.Date(2028, 2, 29, 11, 0, 0, 0, time.UTC), time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2038, 1, 19, 3, 14, 8, 0, time.UTC)}
	for _, d := range []string{"2026-01-01", "2026-01-06", "2026-04-03", "2026-04-06", "2026-05-01", "2026-05-14", "2025-06-06", "2004-05-31", "2005-05-16", "2026-12-25",
		"2027-01-01", "2023-05-05", "2024-04-26", "2026-04-02", "2026-05-25", "2026-06-05", "2026-03-29", "2026-10-25", "2000-02-29", "2261-03-27", "1950-06-06"} {
		day, _ := schema.ParseDay(d)
		out = append(out, day.At(zone), (day + 1).At(zone))
	}
	return out
}

func randomUsage(r *rand.Rand, i int, near []time.Time) schema.Usage {
	pick := func(words ...string) string { return words[r.IntN(len(words))] }
	at := near[r.IntN(len(near))].UnixMilli() + []int64{-3_600_000, -1000, -1, 0, 1, 999, 3_599_999, 3_600_000, 7_200_000}[r.IntN(9)]
	if r.IntN(3) == 0 {
		at = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli() + r.Int64N(400*86_400_000)
	}
	money := []schema.Money{0, 1, -1, schema.Ore(1250), schema.Ore(1250) - 1, schema.Ore(1250) + 1, schema.Kronor(100), 999_999_999_999_999_999, -999_999_999_999_999_999}
	return schema.Usage{EventID: schema.NewID("row", fmt.Sprint(i)), Kind: pick("call", "data", "sms", "fee"), Service: pick("voice_out", "voice_in", "sms", "data", ""), Direction: pick("out", "in", "internal", ""),
		Class: pick("mobile", "premium", "fixed", ""), OccurredAt: schema.Time(at), LocalDay: schema.DayOf(schema.Time(at), near[0].Location()), Answered: r.IntN(2) == 0, Private: r.IntN(2) == 0, Forwarded: r.IntN(2) == 0,
		DurationS: []uint32{0, 1, 59, 60, 61, 3600, 4_294_967_295}[r.IntN(7)], RingS: uint32(r.IntN(40)), VolumeBytes: []uint64{0, 1, 50_000_000, 50_000_001, 9_223_372_036_854_775_807}[r.IntN(5)],
		Messages: uint32(r.IntN(4)), Cost: money[r.IntN(len(money))], Charged: money[r.IntN(len(money))], VisitedCtry: pick("NO", "SE", "", "DK"), OtherCountry: pick("NO", "SE", "", "DK"),
		Invoice: pick("it's", `a\b`, "åäö", "", "x\x00y", "Å"), OtherMask: pick("+4670123", "+46", "90510", ""), Role: pick("on_call", "personal", "")}
}

// phrase makes a random condition out of all parts of the language.
func phrase(r *rand.Rand, depth int) string {
	pick := func(words ...string) string { return words[r.IntN(len(words))] }
	if depth > 0 {
		switch r.IntN(5) {
		case 0, 1:
			return "(" + phrase(r, depth-1) + pick(" && ", " || ") + phrase(r, depth-1) + ")"
		case 2:
			return "!(" + phrase(r, depth-1) + ")"
		case 3:
			return phrase(r, depth-1) + pick(" && ", " || ") + phrase(r, depth-1) + pick(" && ", " || ") + phrase(r, depth-1)
		}
	}
	compare := pick(" == ", " != ", " < ", " <= ", " > ", " >= ")
	equal := pick(" == ", " != ")
	switch r.IntN(18) {
	case 0:
		return "kind" + equal + pick(`"call"`, `"sms"`, `"fee"`)
	case 1:
		return pick("answered", "!forwarded", "private == false", "private != true", "answered == private")
	case 2:
		return "duration_s" + compare + pick("0", "60", "30 + 30", "61 - 1", "2 * 1800", "4294967295")
	case 3:
		return "volume_bytes" + compare + pick("50 * 1000000", "50000001", "9223372036854775807", "0")
	case 4:
		return pick("cost", "charged") + compare + pick(`kr("12.50")`, `kr("0")`, `kr("-0.000001")`, `kr("100")`, `kr("999999999999.999999")`)
	case 5:
		return "cost" + compare + "charged"
	case 6:
		return "visited_country" + equal + "other_country"
	case 7:
		return pick(`visited_country in ["", "SE"]`, `kind in ["call"]`, `messages in [0, 2, 4294967295]`, `cost in [kr("12.50"), kr("-0.000001")]`, `!(duration_s in [59, 61])`)
	case 8:
		return "hour(occurred_at)" + compare + pick("0", "1", "2", "3", "7", "23")
	case 9:
		return "minutes(occurred_at)" + compare + pick("0", "1", "59", "2 * 60", "3 * 60", "1439")
	case 10:
		return "weekday(occurred_at)" + compare + pick("1", "5", "6", "7")
	case 11:
		return pick("workday(occurred_at)", "!workday(occurred_at)", "workday(occurred_at) == false", "workday(occurred_at) != answered")
	case 12:
		return "occurred_at" + compare + pick(`timestamp("2026-03-29T01:00:00Z")`, `timestamp("2026-10-25T03:00:00+02:00")`, `timestamp("1969-12-31T23:59:59.999Z")`)
	case 13:
		return pick("local_day"+compare+`day("2026-04-03")`, `local_day in [day("2026-12-25"), day("2028-02-29")]`)
	case 14:
		return "invoice" + equal + pick(`"it's"`, `'a\\b'`, `"åäö"`, `"x\x00y"`, `"A\u030a"`)
	case 15:
		return pick("other_mask", "invoice") + ".startsWith(" + pick(`"+46"`, `"9"`, `"å"`, `"x\x00"`, `"it'"`) + ")"
	case 16:
		return `"SE"` + equal + "visited_country"
	}
	return pick("hour(occurred_at) in [2, 3]", "7 * 60 + 30 <= minutes(occurred_at)", "ring_s > messages")
}

// TestDifferential compares what the engine selects with CEL's own evaluation, row by row,
// for random conditions in zones with different clocks.
func TestDifferential(t *testing.T) {
	conn := enginetest.Open(t).Conn()
	near := edges(zone(t, schema.DefaultZone))
	r := rand.New(rand.NewPCG(4, 2))
	rows := make([]schema.Usage, 600)
	for i := range rows {
		rows[i] = randomUsage(r, i, near)
	}
	table := schema.UsageTable()
	fill(t, conn, table, rows)
	asRows := make([]Row, len(rows))
	for i := range rows {
		asRows[i] = RowOf(table, &rows[i])
	}
	some, all, conditions := 0, 0, 400
	for n := range conditions {
		text := phrase(r, n%4)
		in := zone(t, []string{schema.DefaultZone, schema.DefaultZone, "America/New_York", "Asia/Kolkata", "UTC", "Europe/Copenhagen"}[n%6])
		e, err := Parse(text, table.Info(), judged(table.Info()), in)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		where, value := holdsInStore(t, conn, "usage", e.SQL())
		held := 0
		for i, row := range asRows {
			want, err := e.Holds(row)
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			id := rows[i].EventID[:]
			if where[string(id)] != want || value[string(id)] != want {
				t.Errorf("%s in %s: CEL says %t, the engine %t in WHERE and %t as a value\n%.600s\nat %s: %+v", text, in, want, where[string(id)], value[string(id)], e.SQL(), time.UnixMilli(int64(rows[i].OccurredAt)).In(in), rows[i])
				break
			}
			if want {
				held++
			}
		}
		if held > 0 {
			some++
		}
		if held == len(rows) {
			all++
		}
	}
	if some < conditions*3/4 || all > conditions/4 {
		t.Errorf("the conditions are too tame: of %d, %d hold for some rows and %d for all", conditions, some, all)
	}
}

// The calendar in SQL is the one in Go on every day the store can hold.
func TestWorkdayEveryDay(t *testing.T) {
	conn := enginetest.Open(t).Conn()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	for _, name := range []string{schema.DefaultZone, "Europe/Copenhagen"} {
		t.Run(name, func(t *testing.T) {
			rows, err := conn.Query(ctx, fmt.Sprintf("SELECT toInt32(toInt32(number) + %d), toUInt8(%s) FROM (SELECT number, toDateTime64(toDecimal64((toInt64(number) + %d) * 86400 + 43200, 0), 3, 'UTC') AS noon FROM numbers(%d)) ORDER BY number",
				schema.FirstDay, workdaySQL("noon", name), schema.FirstDay, schema.LastDay-schema.FirstDay+1))
			if err != nil {
				t.Fatal(err)
			}
			defer rows.Close()
			days, work := 0, 0
			for rows.Next() {
				var day int32
				var got uint8
				if err := rows.Scan(&day, &got); err != nil {
					t.Fatal(err)
				}
				want := clock{zone(t, name)}.workday(time.Unix(int64(day)*86400+43200, 0))
				if (got == 1) != want {
					t.Fatalf("%s, %s: the engine says %d, Go %t", name, schema.Day(day), got, want)
				}
				days++
				work += int(got)
			}
			if err := rows.Err(); err != nil || days != int(schema.LastDay-schema.FirstDay)+1 || work < days/2 {
				t.Errorf("%s: %d days, %d workdays, %v", name, days, work, err)
			}
		})
	}
}
