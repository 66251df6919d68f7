package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// run runs statements that must succeed.
func run(t testing.TB, ctx context.Context, e *Engine, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if err := e.Conn().Exec(ctx, s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// count gives one number.
func count(t testing.TB, ctx context.Context, e *Engine, sql string) uint64 {
	t.Helper()
	var n uint64
	if err := e.Conn().QueryRow(ctx, sql).Scan(&n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

func TestPartitionsExchangeFinal(t *testing.T) {
	e := openTest(t, t.TempDir())
	ctx := testContext(t)
	const columns = " (d Date, id UInt64, v UInt64) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(d) ORDER BY id"
	run(t, ctx, e, "CREATE TABLE a"+columns, "CREATE TABLE b"+columns, "SYSTEM STOP MERGES a",
		"INSERT INTO a VALUES ('2026-01-01', 1, 1), ('2026-02-01', 2, 1)", "INSERT INTO a VALUES ('2026-02-01', 2, 5)",
		"INSERT INTO b VALUES ('2026-01-01', 7, 70), ('2026-01-02', 8, 80)")
	if n := count(t, ctx, e, "SELECT count() FROM a"); n != 3 {
		t.Errorf("%d rows before FINAL", n)
	}
	final := clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"final": 1}))
	if n := count(t, final, e, "SELECT sum(v) FROM a"); n != 6 {
		t.Errorf("sum with final=1: %d", n)
	}
	run(t, ctx, e, "ALTER TABLE a REPLACE PARTITION 202601 FROM b")
	if n := count(t, final, e, "SELECT sum(v) FROM a"); n != 155 {
		t.Errorf("sum after REPLACE PARTITION: %d", n)
	}
	run(t, ctx, e, "EXCHANGE TABLES a AND b")
	if n := count(t, ctx, e, "SELECT sum(v) FROM a"); n != 150 {
		t.Errorf("sum after EXCHANGE TABLES: %d", n)
	}
	run(t, ctx, e, "ALTER TABLE b DROP PARTITION 202601", "OPTIMIZE TABLE a FINAL", "TRUNCATE TABLE a", "DROP TABLE a SYNC", "RENAME TABLE b TO c")
}

func TestViewsAndDictionaries(t *testing.T) {
	e := openTest(t, t.TempDir())
	ctx := testContext(t)
	run(t, ctx, e, "CREATE TABLE raw (id UInt64, name String) ENGINE = MergeTree ORDER BY id",
		"CREATE TABLE sums (name String, n AggregateFunction(count)) ENGINE = AggregatingMergeTree ORDER BY name",
		"CREATE MATERIALIZED VIEW to_sums TO sums AS SELECT name, countState() AS n FROM raw GROUP BY name",
		"CREATE VIEW totals AS SELECT name, countMerge(n) AS n FROM sums GROUP BY name",
		"INSERT INTO raw VALUES (1, 'a'), (2, 'b'), (3, 'a')",
		"CREATE DICTIONARY names (id UInt64, name String) PRIMARY KEY id SOURCE(CLICKHOUSE(TABLE 'raw' DB 'linesman')) LAYOUT(HASHED()) LIFETIME(0)",
		"CREATE TABLE copy AS raw", "INSERT INTO copy SELECT * FROM raw", "CREATE TABLE nothing (a UInt8) ENGINE = Null")
	if n := count(t, ctx, e, "SELECT n FROM totals WHERE name = 'a'"); n != 2 {
		t.Errorf("the view counts %d", n)
	}
	var name string
	if err := e.Conn().QueryRow(ctx, "SELECT dictGet('names', 'name', 2::UInt64)").Scan(&name); err != nil || name != "b" {
		t.Errorf("the dictionary says %q, %v", name, err)
	}
	run(t, ctx, e, "INSERT INTO raw VALUES (4, 'd')", "SYSTEM RELOAD DICTIONARY names")
	if err := e.Conn().QueryRow(ctx, "SELECT dictGet('names', 'name', 4::UInt64)").Scan(&name); err != nil || name != "d" {
		t.Errorf("the dictionary after a reload says %q, %v", name, err)
	}
}

// TestForbidden lists what no statement may do, whoever wrote it.
func TestForbidden(t *testing.T) {
	e := openTest(t, t.TempDir())
	ctx := testContext(t)
	run(t, ctx, e, "CREATE TABLE t (a String) ENGINE = MergeTree ORDER BY a")
	out := filepath.Join(t.TempDir(), "out")
	for _, sql := range []string{
		"SELECT * FROM file('/etc/passwd', 'LineAsString')", "SELECT file('/etc/passwd')", "SELECT '/etc/passwd' AS a, * APPLY file FROM (SELECT '/etc/passwd')",
		"SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')", "SELECT * FROM s3('http://127.0.0.1:1/bucket/x', 'LineAsString')",
		"SELECT * FROM remote('127.0.0.1:1', system.one)", "SELECT * FROM mysql('127.0.0.1:1', 'a', 'b', 'c', 'd')",
		"SELECT * FROM sqlite('/tmp/x.db', 't')", "SELECT * FROM executable('ls', 'TSV', 'x String')",
		"SELECT 1 INTO OUTFILE '" + out + "'", "INSERT INTO t FROM INFILE '/etc/passwd' FORMAT LineAsString",
		"INSERT INTO FUNCTION file('" + out + "', 'TSV', 'a String') SELECT 'x'",
		"INSERT INTO FUNCTION url('http://127.0.0.1:1/', 'TSV', 'a String') SELECT 'x'",
		"CREATE TABLE f (a String) ENGINE = File('TSV', '" + out + "')", "CREATE TABLE f (a String) ENGINE = URL('http://127.0.0.1:1/', 'TSV')",
		"CREATE TABLE f (a String) ENGINE = Log", "CREATE TABLE f (a String) ENGINE = Distributed('default', 'a', 'b')",
		"CREATE TABLE f (a String) ENGINE = MergeTree ORDER BY a SETTINGS disk = disk(type = local, path = '" + out + "/')",
		"CREATE DATABASE f ENGINE = Filesystem('/etc')", "CREATE DATABASE f ENGINE = MySQL('127.0.0.1:1', 'a', 'b', 'c')",
		"CREATE DICTIONARY d (a UInt64, b String) PRIMARY KEY a SOURCE(EXECUTABLE(COMMAND 'ls' FORMAT 'TSV')) LAYOUT(FLAT()) LIFETIME(0)",
		"CREATE DICTIONARY d (a UInt64, b String) PRIMARY KEY a SOURCE(HTTP(URL 'http://127.0.0.1:1/' FORMAT 'TSV')) LAYOUT(FLAT()) LIFETIME(0)",
		"CREATE USER u", "CREATE NAMED COLLECTION c AS a = 1", "GRANT ALL ON *.* TO default", "BACKUP TABLE t TO File('" + out + "')",
		"SYSTEM SHUTDOWN", "SYSTEM KILL", "KILL QUERY WHERE 1", "ATTACH TABLE z FROM '/tmp' (a String) ENGINE = MergeTree ORDER BY a",
		"SELECT * FROM system.stack_trace",
		"SELECT 1; SELECT 2", "SELECT 1; DROP TABLE t", "SELECT 1; DROP TABLE t; nonsense", "DROP TABLE t; nonsense", "INSERT INTO t VALUES ('x'); DROP TABLE t",
		"INSERT INTO t VALUES ('x')\n\nDROP TABLE t",
	} {
		err := e.Conn().Exec(ctx, sql)
		var ex *clickhouse.Exception
		if !errors.As(err, &ex) {
			t.Errorf("allowed, or failed in another way: %s: %v", sql, err)
		}
		if _, serr := os.Stat(out); serr == nil {
			t.Errorf("%s wrote a file (%v)", sql, err)
			_ = os.Remove(out)
		}
		if n := count(t, ctx, e, "SELECT count() FROM system.tables WHERE database = 'linesman'"); n != 1 {
			t.Fatalf("%d tables are left after %s (%v)", n, sql, err)
		}
	}
	if h, err := e.Health(ctx); err != nil || h.Restarts != 0 {
		t.Errorf("%+v, %v", h, err)
	}
	// Rows are data, whatever they look like.
	if err := e.Conn().InsertFormat(ctx, "LineAsString", "INSERT INTO t", strings.NewReader("a\n\nDROP TABLE t\n;DROP TABLE t;\n")); err != nil {
		t.Fatal(err)
	}
	if n := count(t, ctx, e, "SELECT count() FROM t"); n < 3 {
		t.Errorf("%d rows of text arrived", n)
	}
}

func TestReadonly(t *testing.T) {
	e := openTest(t, t.TempDir())
	ctx := testContext(t)
	run(t, ctx, e, "CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a")
	for _, mode := range []string{"1", "2"} {
		settings := map[string]string{"readonly": mode, "max_threads": "1"}
		for _, sql := range []string{"INSERT INTO t SELECT 1", "INSERT INTO t VALUES (1)", "DROP TABLE t", "CREATE TABLE u (a UInt8) ENGINE = Memory", "SET readonly = 0", "SELECT 1 SETTINGS readonly = 0"} {
			var out bytes.Buffer
			if err := e.QueryFormat(ctx, sql, "TSV", settings, &out); err == nil {
				t.Errorf("readonly=%s allowed %s", mode, sql)
			}
		}
		var out bytes.Buffer
		if err := e.QueryFormat(ctx, "SELECT count() FROM t;\n", "TSV", settings, &out); err != nil || out.String() != "0\n" {
			t.Errorf("readonly=%s: %q, %v", mode, out.String(), err)
		}
		err := e.QueryFormat(ctx, "SELECT 1 SETTINGS max_threads = 2", "TSV", settings, &out)
		if (err == nil) != (mode == "2") {
			t.Errorf("readonly=%s and a setting in the statement: %v", mode, err)
		}
	}
}

func TestQueryFormats(t *testing.T) {
	e := openTest(t, t.TempDir())
	ctx := testContext(t)
	for format, want := range map[string]string{
		"TSV": "0\ta\n1\tb\n", "CSVWithNames": "\"n\",\"s\"\n0,\"a\"\n1,\"b\"\n", "JSONEachRow": "{\"n\":0,\"s\":\"a\"}\n{\"n\":1,\"s\":\"b\"}\n",
		"TabSeparatedWithNames": "n\ts\n0\ta\n1\tb\n", "Values": "(0,'a'),(1,'b')",
	} {
		var out bytes.Buffer
		err := e.QueryFormat(ctx, "SELECT toUInt8(number) AS n, char(97 + number) AS s FROM numbers(2)", format, nil, &out)
		if err != nil || out.String() != want {
			t.Errorf("%s: %q, %v", format, out.String(), err)
		}
	}
	for _, format := range []string{"PrettyCompact", "JSON", "JSONCompact", "Parquet", "ArrowStream", "Vertical", "Markdown"} {
		var out bytes.Buffer
		if err := e.QueryFormat(ctx, "SELECT number FROM numbers(3)", format, nil, &out); err != nil || out.Len() == 0 {
			t.Errorf("%s: %d bytes, %v", format, out.Len(), err)
		}
	}
	// A header must appear once, however long the result is.
	var out bytes.Buffer
	if err := e.QueryFormat(ctx, "SELECT number AS n FROM numbers(300000)", "CSVWithNames", nil, &out); err != nil || bytes.Count(out.Bytes(), []byte("\n")) != 1+300000 {
		t.Errorf("CSVWithNames: %d lines, %v", bytes.Count(out.Bytes(), []byte("\n")), err)
	}
	if bytes.Count(out.Bytes(), []byte(`"n"`)) != 1 {
		t.Error("CSVWithNames repeats its header")
	}
}

// Cancelling the context must stop the statement in the engine, not only the wait for it.
func TestCancelKillsTheQuery(t *testing.T) {
	e := openTest(t, t.TempDir())
	ctx := testContext(t)
	marker := fmt.Sprintf("cancel%d", os.Getpid())
	running := func() uint64 {
		return count(t, ctx, e, "SELECT count() FROM system.processes WHERE query LIKE '%"+marker+"%' AND query NOT LIKE '%processes%'")
	}
	cancelled, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() {
		done <- e.Conn().Exec(cancelled, "SELECT sum(sleepEachRow(0.01)) AS "+marker+" FROM numbers(1000000) SETTINGS max_block_size = 1, function_sleep_max_microseconds_per_block = 0")
	}()
	poll(t, "the query to start", func() bool { return running() == 1 })
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("the cancelled statement returned %v", err)
	}
	poll(t, "the query to end", func() bool { return running() == 0 })
}

// poll waits until ok, or fails the test at the deadline.
func poll(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(deadline); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
