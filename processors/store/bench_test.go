package store

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"linesman/internal/engine"
	"linesman/schema"
	"linesman/schema/columnar"
)

// benchRows makes rows that look like a day of a region's usage.
func benchRows(n, batch int) []schema.Usage {
	rnd := rand.New(rand.NewPCG(1, uint64(batch)))
	pick := func(s ...string) string { return s[rnd.IntN(len(s))] }
	rows := make([]schema.Usage, n)
	day := schema.TimeOf(time.Date(2026, 1, 1+batch*3, 0, 0, 0, 0, time.UTC))
	for i := range rows {
		line := rnd.IntN(3000)
		u := &rows[i]
		*u = schema.Usage{EventID: schema.NewID("bench", fmt.Sprint(batch), fmt.Sprint(i)), Kind: "call", Service: pick("voice_out", "voice_in", "voice_internal"), Direction: pick("out", "in"),
			LineID: schema.LineID(uint64(line)), OccurredAt: day + schema.Time(rnd.IntN(3*86400_000)), Zone: schema.DefaultZone, DurationS: uint32(rnd.IntN(600)), RingS: uint32(rnd.IntN(30)), Answered: i%5 > 0,
			Outcome: pick("answered", "no_answer"), OtherClass: pick("mobile", "fixed", "internal"), OtherCountry: "SE", OtherMask: fmt.Sprintf("+4670%03d••••", rnd.IntN(1000)), OtherHash: rnd.Uint64(),
			Device: pick("desk_phone", "jabber_desktop"), Source: "cucm", FileID: schema.NewID("f", fmt.Sprint(batch, i/5000)), FileRow: uint64(i), RecordedAt: day, Line: schema.LineID(uint64(line)),
			Class: pick("mobile", "fixed"), UnitID: fmt.Sprintf("SE2321009999-A%03d", line%40), CostCentre: fmt.Sprintf("%05d", line%25), Role: pick("personal", "shared"), Holder: "P" + schema.Pseudonym(uint64(line)),
			Plan: "x", LineKind: "fixed", Rated: schema.Money(rnd.IntN(1e6)), Cost: schema.Money(rnd.IntN(1e6)), PriceID: "p1", RateReason: "rated", LogOffset: uint64(batch*n + i), Revision: 1}
		u.LocalDay = schema.DayOf(u.OccurredAt, time.UTC)
	}
	return rows
}

// BenchmarkInsert compares where the time of an insert goes: reading the stream, sorting,
// writing the part; and the formats.
func BenchmarkInsert(b *testing.B) {
	e, err := engine.Open(b.Context(), engine.Config{Dir: b.TempDir()}, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = e.Close(context.Background()) }()
	s, err := New(b.Context(), e, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	const n = 100_000
	var streams [][]byte
	for i := range 4 {
		batch := columnar.NewBatch(schema.UsageTable())
		batch.Append(benchRows(n, i))
		var buf bytes.Buffer
		if err := batch.Flush(&buf); err != nil {
			b.Fatal(err)
		}
		streams = append(streams, buf.Bytes())
	}
	create := schema.CreateTable(schema.UsageTable().Info())
	plain := strings.ReplaceAll(create, " CODEC(NONE)", "")
	for _, t := range []struct{ name, engine, create string }{{"null", "Null", create}, {"unsorted", "MergeTree ORDER BY tuple()", create}, {"usage", "", create}, {"all-compressed", "", plain}} {
		create, stmt := t.create, t.create
		if t.engine != "" {
			stmt = create[:bytes.Index([]byte(create), []byte("ENGINE"))] + "ENGINE = " + t.engine
		}
		table := "bench_" + strings.ReplaceAll(t.name, "-", "_")
		stmt = "CREATE TABLE IF NOT EXISTS " + table + stmt[len("CREATE TABLE IF NOT EXISTS usage"):]
		if err := s.Conn().Exec(b.Context(), stmt); err != nil {
			b.Fatal(err)
		}
		b.Run("arrow/"+t.name, func(b *testing.B) {
			cpu := engineCPU(b, e)
			for i := 0; b.Loop(); i++ {
				if err := e.InsertArrow(b.Context(), table, "", schema.UsageTable().Info().Names(), bytes.NewReader(streams[i%len(streams)])); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)*n/b.Elapsed().Seconds(), "rows/s")
			b.ReportMetric((engineCPU(b, e)-cpu)/float64(b.N*n)*1e6, "engine-cpu-µs/row")
			b.ReportMetric(float64(len(streams[0]))/n, "B/row")
		})
	}
}

// engineCPU returns the CPU seconds of the engine's process.
func engineCPU(b *testing.B, e *engine.Engine) float64 {
	h, err := e.Health(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", h.PID))
	if err != nil {
		b.Skip("no /proc: ", err)
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	f := strings.Fields(rest)
	user, _ := strconv.ParseFloat(f[11], 64)
	system, _ := strconv.ParseFloat(f[12], 64)
	return (user + system) / 100
}
