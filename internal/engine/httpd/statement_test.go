package httpd

import (
	"bufio"
	"io"
	"strings"
	"testing"
)

func TestScanStatement(t *testing.T) {
	for _, c := range []struct {
		q, verb, format, target string
		sel, values             bool
	}{
		{q: "SELECT format FROM t", verb: "SELECT"},
		{q: "select a AS format, b FROM t WHERE format = 'x'", verb: "SELECT"},
		{q: "SELECT 1 FORMAT JSON", verb: "SELECT", format: "JSON"},
		{q: "SELECT 1 FORMAT JSON SETTINGS max_threads=1", verb: "SELECT", format: "JSON"},
		{q: "SELECT 1 SETTINGS max_threads=1 FORMAT JSON;", verb: "SELECT", format: "JSON"},
		{q: "SELECT format FROM t FORMAT TSV -- x", verb: "SELECT", format: "TSV"},
		{q: "SELECT t.format FROM t", verb: "SELECT"},
		{q: "SELECT ' FORMAT CSV', formatDateTime(now(), '%F')", verb: "SELECT"},
		{q: "SELECT $x$ FORMAT CSV $x$", verb: "SELECT"},
		{q: "SELECT 'it''s \\' FORMAT CSV'", verb: "SELECT"},
		{q: "-- c\n# c\n/* INSERT */ WITH 1 AS a SELECT a", verb: "WITH"},
		{q: "INSERT INTO t FORMAT CSV\n1,2", verb: "INSERT", format: "CSV", target: "INSERT INTO t"},
		{q: "INSERT INTO t (a, b) FORMAT ArrowStream", verb: "INSERT", format: "ArrowStream", target: "INSERT INTO t (a, b)"},
		{q: "insert into t(a,`values`) settings async_insert=1 format TSV\n1", verb: "INSERT", format: "TSV", target: "insert into t(a,`values`) settings async_insert=1"},
		{q: "INSERT INTO t VALUES (1)", verb: "INSERT", target: "INSERT INTO t", values: true},
		{q: "INSERT INTO t FORMAT Values (1)", verb: "INSERT", format: "Values", target: "INSERT INTO t", values: true},
		{q: "INSERT INTO t SELECT 1 FORMAT Null", verb: "INSERT", format: "Null", sel: true},
		{q: "INSERT INTO t (a) WITH x AS (SELECT 1) SELECT * FROM x", verb: "INSERT", sel: true},
		{q: "INSERT INTO t (SELECT 1)", verb: "INSERT", sel: true},
		{q: "", verb: ""},
		{q: "'", verb: ""},
	} {
		s := scanStatement(c.q)
		if s.verb != c.verb || s.format != c.format || s.target != c.target || s.hasSelect != c.sel || s.values != c.values {
			t.Errorf("%q\ngot  %+v\nwant %+v", c.q, s, c)
		}
	}
}

func TestReadStatement(t *testing.T) {
	for _, c := range []struct{ url, body, sql, data string }{
		{"", "SELECT 1", "SELECT 1", ""},
		{"", "INSERT INTO t FORMAT TSV\n1\n\n2", "INSERT INTO t FORMAT TSV\n", "1\n\n2"},
		{"INSERT INTO t", "FORMAT TSV\n1", "INSERT INTO t\nFORMAT TSV\n", "1"},
		{"", "INSERT INTO t VALUES (1), (2)", "INSERT INTO t VALUES (1), (2)", ""},
	} {
		sql, _, data, err := readStatement(c.url, bufio.NewReader(strings.NewReader(c.body)))
		if err != nil {
			t.Fatal(err)
		}
		rest, _ := io.ReadAll(data)
		if sql != c.sql || string(rest) != c.data {
			t.Errorf("%q + %q: got %q and %q", c.url, c.body, sql, rest)
		}
	}
}

func TestRefused(t *testing.T) {
	for _, q := range []string{
		"SELECT 1 INTO OUTFILE 'x'", "SELECT 1 INTO/**/outfile 'x'", "INSERT INTO t FROM INFILE 'x' FORMAT CSV",
		"SELECT $a$'$a$ INTO OUTFILE $a$'$a$", "SELECT ‘'’ INTO OUTFILE 'x' -- '",
		"SELECT 1 # ' \nINTO OUTFILE 'x'", "SELECT 1 INTO\u00a0OUTFILE 'x'",
		"KILL QUERY WHERE 1", " /* */ kill mutation where 1", "ATTACH TABLE t FROM '/tmp' (a String) ENGINE = MergeTree",
		"SELECT file('/etc/passwd')", "SELECT FILE ('/etc/passwd')", "SELECT `file`('/etc/passwd')", "SELECT \"fi\\x6ce\"('/etc/passwd')",
		"SELECT * APPLY file FROM t", "SELECT * APPLY(file) FROM t", "CREATE FUNCTION f AS (x) -> file(x)", "INSERT INTO t SELECT file('x')",
		"CREATE DICTIONARY d (a UInt64) PRIMARY KEY a SOURCE(EXECUTABLE(COMMAND 'ls' FORMAT 'TSV')) LAYOUT(FLAT())",
		"CREATE OR REPLACE DICTIONARY d (a UInt64) PRIMARY KEY a SOURCE(`executable`(COMMAND 'ls'))",
		"CREATE DICTIONARY d (a UInt64) PRIMARY KEY a SOURCE /* */ (HTTP(URL 'http://x/'))",
		"CREATE DICTIONARY d (a UInt64) PRIMARY KEY a SOURCE(CLICKHOUSE(HOST 'x' TABLE 't'))",
		"CREATE DICTIONARY d (a UInt64) PRIMARY KEY a SOURCE(CLICKHOUSE(`host` 'x' TABLE 't'))",
		"CREATE DICTIONARY d (a UInt64) PRIMARY KEY a SOURCE(CLICKHOUSE(NAME nc))",
		"CREATE TABLE t (a String) ENGINE = MergeTree ORDER BY a SETTINGS disk = disk(type = local, path = '/tmp/x/')",
		"CREATE TABLE t (a String) ENGINE = Log", "CREATE TABLE t (a String) engine=Buffer(x, y)", "SELECT * FROM system.stack_trace",
		"CREATE DATABASE d ENGINE = Filesystem('/etc')", "SELECT * FROM system.`stack_trace`",
	} {
		if refused(q, scanStatement(q).verb) == "" {
			t.Errorf("allowed: %s", q)
		}
	}
	for _, q := range []string{
		"SELECT file, source FROM rejects WHERE text = 'INTO OUTFILE file(1)'", "SELECT `outfile` FROM t", "SELECT match(x, '^a$')",
		"CREATE TABLE t (file String, source LowCardinality(String)) ENGINE = MergeTree ORDER BY file",
		"CREATE DICTIONARY d (a UInt64, b String) PRIMARY KEY a SOURCE(CLICKHOUSE(TABLE 't' DB 'linesman' UPDATE_LAG 5)) LAYOUT(FLAT()) LIFETIME(0)",
		"CREATE DICTIONARY d (a UInt64) PRIMARY KEY a SOURCE(NULL()) LAYOUT(FLAT()) LIFETIME(0)",
		"CREATE TABLE t (a String) ENGINE = ReplacingMergeTree ORDER BY a", "CREATE TABLE t (engine String) ENGINE = Memory",
		"CREATE MATERIALIZED VIEW v TO t AS SELECT engine FROM x WHERE engine = 'Log'", "CREATE DATABASE IF NOT EXISTS d",
		"ALTER TABLE t ATTACH PARTITION 1 FROM u", "SELECT -- INTO OUTFILE 'x'\n 1", "SELECT source(1)",
	} {
		if reason := refused(q, scanStatement(q).verb); reason != "" {
			t.Errorf("refused: %s (%s)", q, reason)
		}
	}
}

func FuzzScanStatement(f *testing.F) {
	f.Add("SELECT 1 INTO OUTFILE 'x'")
	f.Add("INSERT INTO t (a) FORMAT CSV\n1")
	f.Add("SELECT $a$ $a$ ‘ “ # \n /* ")
	f.Add("CREATE DICTIONARY d SOURCE(CLICKHOUSE(TABLE 't'))")
	f.Fuzz(func(t *testing.T, q string) {
		st := scanStatement(q)
		if st.dataAt > len(q) || len(st.target) > len(q) {
			t.Fatalf("%+v points outside of %q", st, q)
		}
		refused(q, st.verb)
		for i := 0; i < len(q); {
			tok := nextToken(q, i)
			if tok.start < i || tok.end > len(q) || tok.kind != tokEnd && tok.end <= tok.start {
				t.Fatalf("token %+v at %d of %q", tok, i, q)
			}
			if tok.kind == tokEnd {
				break
			}
			i = tok.end
		}
	})
}

func FuzzUpgradeNative(f *testing.F) {
	f.Add([]byte("\x01\x02\x01a\x06String\x01x\x01y"), 54460)
	f.Add([]byte("\x01\x01\x01a\x16LowCardinality(String)\x01\x00\x00\x00\x00\x00\x00\x00\x00\x06\x00\x00\x00\x00\x00\x00"), 54460)
	f.Add([]byte("\x01\x01\x01a\x0cArray(UInt8)\xff\xff\xff\xff\xff\xff\xff\xff"), 0)
	f.Fuzz(func(t *testing.T, b []byte, revision int) {
		_ = upgradeNative(io.Discard, &typeCache{}, b, revision) // must neither panic nor hang
	})
}
