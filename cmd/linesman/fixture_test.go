package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"maps"
	"strings"
	"testing"
)

// The fixtures in testdata are laid out as CUCM writes them: the older layout of 129 columns
// with a row of types, and the newer one of 133 columns without.
const (
	older = "cdr_StandAloneCluster_01_202603140845_1" // 10 calls: forwarded, Jabber, unanswered
	newer = "cdr_StandAloneCluster_01_202603140921_2" // 7 calls, one of them to a 0900 number
)

// layout is the header and one call of a fixture, to make more calls of.
type layout struct {
	columns []string
	row     []string
}

func newLayout(t *testing.T) layout {
	t.Helper()
	lines := strings.Split(string(read(t, "testdata/"+older)), "\n")
	l := layout{columns: strings.Split(lines[0], ","), row: strings.Split(lines[2], ",")}
	if len(l.columns) != 129 || len(l.row) != 129 {
		t.Fatalf("the fixture has %d and %d columns", len(l.columns), len(l.row))
	}
	return l
}

// call is a row's values by column; other columns are as in the fixture.
type call map[string]string

func (c call) with(column, value string) call {
	c = maps.Clone(c)
	c[column] = value
	return c
}

// header is the first line of a file, with or without a column.
func (l layout) header(without string) string {
	var out []string
	for _, c := range l.columns {
		if strings.Trim(c, `"`) != without {
			out = append(out, c)
		}
	}
	return strings.Join(out, ",") + "\n"
}

func (l layout) line(c call, without string) string {
	var out []string
	for i, quoted := range l.columns {
		name := strings.Trim(quoted, `"`)
		v, ok := c[name]
		switch {
		case name == without:
			continue
		case !ok:
			v = l.row[i]
		case strings.HasPrefix(l.row[i], `"`):
			v = `"` + v + `"`
		}
		out = append(out, v)
	}
	return strings.Join(out, ",") + "\n"
}

func (l layout) file(calls ...call) []byte {
	var b bytes.Buffer
	b.WriteString(l.header(""))
	for _, c := range calls {
		b.WriteString(l.line(c, ""))
	}
	return b.Bytes()
}

// calls makes n outgoing calls whose ids begin with name.
func calls(name string, n int) []call {
	out := make([]call, n)
	for i := range out {
		at := 1773475200 + 60*i // 2026-03-14T08:00:00Z
		out[i] = call{"pkid": fmt.Sprintf("%s-%06d", name, i), "dateTimeOrigination": fmt.Sprint(at), "dateTimeConnect": fmt.Sprint(at + 5),
			"dateTimeDisconnect": fmt.Sprint(at + 65), "duration": "60", "callingPartyNumber": fmt.Sprint(62000 + i%50), "finalCalledPartyNumber": "0701740605",
			"originalCalledPartyNumber": "0701740605"}
	}
	return out
}

func gzipped(t *testing.T, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
