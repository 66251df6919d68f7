package policy

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/shopspring/decimal"

	"linesman/internal/engine"
	"linesman/schema"
)

func TestMain(m *testing.M) {
	engine.RunChildIfAsked()
	os.Exit(func() int {
		defer idle.close()
		return m.Run()
	}())
}

var stockholm, _ = time.LoadLocation(schema.DefaultZone)

func loadZone(t testing.TB, name string) *time.Location {
	t.Helper()
	l, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// testStore is an embedded engine with the declared tables.
type testStore struct {
	t      testing.TB
	engine *engine.Engine
	conn   driver.Conn
	offset uint64
}

// openStore gives an empty store until the test ends.
func openStore(t testing.TB) *testStore {
	t.Helper()
	s := &testStore{t: t, engine: idle.take()}
	if s.engine == nil {
		s.engine = startEngine(t)
		s.conn = s.engine.Conn()
		for _, in := range schema.Catalogue() {
			s.exec(createTable(in))
		}
		s.exec(currentView(schema.ViolationTable().Info()))
	} else {
		s.conn = s.engine.Conn()
		s.reset()
	}
	t.Cleanup(func() { idle.give(s.engine) })
	return s
}

func createTable(in schema.Info) string {
	cols := make([]string, len(in.Columns))
	for i, c := range in.Columns {
		cols[i] = "`" + c.Name + "` " + c.Type.ClickHouse()
	}
	for _, c := range in.Computed {
		cols = append(cols, "`"+c.Name+"` "+c.Type.ClickHouse()+" MATERIALIZED "+c.SQL)
	}
	sql := "CREATE TABLE `" + in.Name + "` (" + strings.Join(cols, ", ") + ") ENGINE = " + in.Engine
	if in.PartitionBy != "" {
		sql += " PARTITION BY " + in.PartitionBy
	}
	return sql + " ORDER BY (" + in.OrderBy + ")"
}

func currentView(in schema.Info) string {
	cols := []string{"violation_id"}
	for _, c := range in.Columns {
		if c.Name != "violation_id" && c.Name != "log_offset" {
			cols = append(cols, fmt.Sprintf("argMax(v.`%[1]s`, v.log_offset) AS `%[1]s`", c.Name))
		}
	}
	return "CREATE VIEW violations_current AS SELECT " + strings.Join(cols, ", ") + ", max(v.log_offset) AS log_offset FROM violations AS v FINAL GROUP BY violation_id"
}

func testCtx(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func (s *testStore) exec(sql string) {
	s.t.Helper()
	if err := s.conn.Exec(testCtx(s.t), sql); err != nil {
		s.t.Fatalf("%s: %v", sql, err)
	}
}

// reset empties the tables, so that tests of one engine do not meet.
func (s *testStore) reset() {
	s.t.Helper()
	rows, err := s.conn.Query(testCtx(s.t), "SELECT DISTINCT table FROM system.parts WHERE database = currentDatabase() AND active")
	if err != nil {
		s.t.Fatal(err)
	}
	defer rows.Close()
	filled := map[string]bool{}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			s.t.Fatal(err)
		}
		filled[name] = true
	}
	if err := rows.Err(); err != nil {
		s.t.Fatal(err)
	}
	for _, in := range schema.Catalogue() {
		if filled[in.Name] {
			s.renew(in)
		}
	}
}

// renew makes a table anew. Where it has many partitions that is faster than to empty it.
func (s *testStore) renew(in schema.Info) {
	s.t.Helper()
	s.exec("DROP TABLE `" + in.Name + "`")
	s.exec(createTable(in))
}

func insert[T any](s *testStore, table *schema.Table[T], rows ...T) {
	s.t.Helper()
	if len(rows) == 0 {
		return
	}
	names := make([]string, len(table.Columns))
	for i, c := range table.Columns {
		names[i] = "`" + c.Name + "`"
	}
	batch, err := s.conn.PrepareBatch(testCtx(s.t), "INSERT INTO `"+table.Name+"` ("+strings.Join(names, ", ")+")")
	if err != nil {
		s.t.Fatal(err)
	}
	for i := range rows {
		values := make([]any, len(table.Columns))
		for j, c := range table.Columns {
			values[j] = cell(c.Ref(&rows[i]))
		}
		if err := batch.Append(values...); err != nil {
			s.t.Fatal(err)
		}
	}
	if err := batch.Send(); err != nil {
		s.t.Fatal(err)
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
	case *[]schema.ID:
		out := make([]string, len(*p))
		for i, id := range *p {
			out[i] = string(id[:])
		}
		return out
	case *string:
		return *p
	case *bool:
		return *p
	case *uint32:
		return *p
	case *uint64:
		return *p
	case *int64:
		return *p
	case *float64:
		return *p
	}
	return ref
}

// project does what the pipeline does with events: stamp, number and store them.
func (s *testStore) project(events []schema.Violation) {
	s.t.Helper()
	for i := range events {
		s.offset++
		events[i].Offset = s.offset
	}
	insert(s, schema.ViolationTable(), events...)
}

func builtin(t testing.TB) *Set {
	t.Helper()
	set, err := Builtin(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func (s *testStore) evaluator(set *Set) *Evaluator {
	s.t.Helper()
	e, err := New(Config{}, s.conn, set, slog.New(slog.NewTextHandler(s.t.Output(), nil)))
	if err != nil {
		s.t.Fatal(err)
	}
	return e
}

func (s *testStore) evaluate(e *Evaluator, scope Scope) []schema.Violation {
	s.t.Helper()
	events, err := e.Evaluate(testCtx(s.t), scope)
	if err != nil {
		s.t.Fatal(err)
	}
	return events
}

// at reads a local time in Stockholm.
func at(t testing.TB, local string) schema.Time {
	t.Helper()
	moment, err := time.ParseInLocation("2006-01-02 15:04:05", local, stockholm)
	if err != nil {
		t.Fatal(err)
	}
	return schema.TimeOf(moment)
}

// usage makes a row; the id follows from what distinguishes it.
func usage(kind, line, unit string, when schema.Time, salt ...any) schema.Usage {
	return schema.Usage{EventID: schema.NewID("test", kind, line, fmt.Sprint(int64(when)), fmt.Sprint(salt...)), Kind: kind, LineID: line, Line: line, UnitID: unit,
		CostCentre: "K" + unit, OccurredAt: when, Zone: schema.DefaultZone, LocalDay: schema.DayOf(when, stockholm), Answered: true, Direction: schema.DirectionOut}
}

func roaming(line, unit string, when schema.Time, country string, bytes uint64, salt ...any) schema.Usage {
	u := usage(schema.KindData, line, unit, when, append(salt, country, bytes)...)
	u.Service, u.VisitedCtry, u.VolumeBytes = schema.ServiceData, country, bytes
	return u
}

func forwarded(line, unit string, when schema.Time, cost schema.Money, salt ...any) schema.Usage {
	u := usage(schema.KindCall, line, unit, when, append(salt, cost)...)
	u.Service, u.Forwarded, u.OtherClass, u.Class, u.Cost = schema.ServiceVoiceForward, true, "mobile", "mobile", cost
	return u
}

func premium(line, unit string, when schema.Time, salt ...any) schema.Usage {
	u := usage(schema.KindCall, line, unit, when, salt...)
	u.Service, u.OtherClass, u.Class, u.Cost = schema.ServicePremium, "premium", "premium", schema.Kronor(20)
	return u
}
