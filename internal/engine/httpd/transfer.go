package httpd

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"linesman/internal/engine/chdb"
)

// piecewise are the formats whose pieces, joined, equal the whole output.
var piecewise = map[string]bool{"Native": true, "TSV": true, "TabSeparated": true, "TSVRaw": true, "CSV": true, "JSONEachRow": true,
	"JSONCompactEachRow": true, "RowBinary": true, "LineAsString": true}

var contentTypes = map[string]string{"JSON": "application/json; charset=UTF-8", "JSONCompact": "application/json; charset=UTF-8",
	"JSONEachRow": "application/x-ndjson; charset=UTF-8", "CSV": "text/csv; charset=UTF-8; header=absent",
	"CSVWithNames": "text/csv; charset=UTF-8; header=present",
	"Native":       "application/octet-stream", "RowBinary": "application/octet-stream", "Parquet": "application/octet-stream",
	"ArrowStream": "application/octet-stream"}

// begin sends the headers, once.
func (x *request) begin(format string, r *chdb.Result) {
	if x.began {
		return
	}
	x.began = true
	h := x.w.Header()
	ct := contentTypes[format]
	if ct == "" {
		ct = "text/plain; charset=UTF-8"
	}
	h.Set("Content-Type", ct)
	h.Set("X-ClickHouse-Format", format)
	h.Set("X-ClickHouse-Summary", fmt.Sprintf(
		`{"read_rows":"%d","read_bytes":"%d","written_rows":"%d","written_bytes":"%d","total_rows_to_read":"0","result_rows":"%d","result_bytes":"%d","elapsed_ns":"%d"}`,
		r.ReadRows, r.ReadBytes, r.WrittenRows, r.WrittenBytes, r.Rows, len(r.Data), time.Since(x.start).Nanoseconds()))
}

// query runs anything but an insert with rows in the body.
func (x *request) query(sql, format string, params map[string]string, st *statement) error {
	if piecewise[format] && st.streamable() && x.q.Get("wait_end_of_query") != "1" {
		return x.stream(sql, format, params)
	}
	r, err := x.conn.Query(sql, format, params)
	if err != nil {
		return err
	}
	defer r.Free()
	return x.emit(format, r)
}

// emit writes a piece of output. Native blocks are rewritten to the revision the client asked for; that comes before
// the headers, so that a type which cannot be sent is an ordinary error.
func (x *request) emit(format string, r *chdb.Result) error {
	data := r.Data
	if revision, _ := strconv.Atoi(x.q.Get("client_protocol_version")); revision > 0 && format == "Native" {
		x.block.Reset()
		if err := upgradeNative(&x.block, &x.s.types, r.Data, revision); err != nil {
			return err
		}
		data = x.block.Bytes()
	}
	x.begin(format, r)
	_, err := x.w.Write(data)
	return err
}

func (x *request) stream(sql, format string, params map[string]string) error {
	s, err := x.conn.Stream(sql, format, params)
	if err != nil {
		return err
	}
	defer s.Close()
	flusher, _ := x.w.(http.Flusher)
	for {
		r, err := s.Next()
		if err != nil {
			return err
		}
		if r == nil {
			x.begin(format, &chdb.Result{})
			return nil
		}
		err = x.emit(format, r)
		r.Free()
		if err == nil {
			err = x.r.Context().Err()
		}
		if err != nil {
			s.Cancel()
			return err
		}
		if flusher != nil {
			flusher.Flush()
		}
	}
}

// insert runs an insert whose rows are in data.
func (x *request) insert(st *statement, params map[string]string, data io.Reader) error {
	format := st.format
	if format == "" {
		if format = x.r.Header.Get("X-ClickHouse-Format"); format == "" || st.values {
			format = "Values"
		}
	}
	r, err := x.copyIn(st.target, format, params, data)
	if err != nil {
		return err
	}
	defer r.Free()
	x.begin("Null", r)
	return nil
}

// copyIn streams rows into the engine. An insert that was cut off in the middle is cancelled, never committed.
func (x *request) copyIn(target, format string, params map[string]string, data io.Reader) (*chdb.Result, error) {
	ins, err := x.conn.Insert(target, format, params)
	if err != nil {
		return nil, err
	}
	defer ins.Close()
	buf := make([]byte, 1<<20)
	for {
		n, rerr := fill(data, buf)
		if _, err := ins.Write(buf[:n]); err != nil {
			break // Done says why
		}
		if rerr == io.EOF {
			break
		}
		if rerr != nil {
			ins.Cancel()
			return nil, newException(codeCannotRead, "reading the rows of the request: %v", rerr)
		}
	}
	return ins.Done()
}

// fill reads until buf is full or the data end. Unlike io.ReadFull it keeps io.EOF (the end) and io.ErrUnexpectedEOF (the
// client is gone) apart.
func fill(r io.Reader, buf []byte) (n int, err error) {
	for n < len(buf) && err == nil {
		var m int
		m, err = r.Read(buf[n:])
		n += m
	}
	return n, err
}

// external loads the tables of a multipart request as temporary tables and gives the statement.
func (x *request) external(sql string, structure map[string]string) (string, error) {
	mr, err := x.r.MultipartReader()
	if err != nil {
		return "", newException(codeCannotRead, "reading the request: %v", err)
	}
	for {
		p, err := mr.NextPart()
		if err == io.EOF {
			return sql, nil
		}
		if err != nil {
			return "", newException(codeCannotRead, "reading the request: %v", err)
		}
		name := p.FormName()
		if name == "query" {
			b, err := io.ReadAll(io.LimitReader(p, maxStatement))
			if err != nil {
				return "", newException(codeCannotRead, "reading the statement: %v", err)
			}
			sql += string(b)
			continue
		}
		if !identifier.MatchString(name) || strings.TrimSpace(structure[name]) == "" {
			return "", newException(codeSyntax, "the external table %q has no structure, or its name is not an identifier", name)
		}
		if err := x.externalTable(name, structure[name], p); err != nil {
			return "", err
		}
	}
}

func (x *request) externalTable(name, structure string, data io.Reader) error {
	format := x.q.Get(name + "_format")
	if format == "" {
		format = "TabSeparated"
	}
	create := "CREATE TEMPORARY TABLE " + name + " (" + structure + ")"
	if n, _, ok := x.conn.Classify([]byte(create)); !ok || n > 1 {
		return newException(codeSyntax, "the structure of the external table %s is not one", name)
	}
	if err := x.conn.Exec(create); err != nil {
		return err
	}
	r, err := x.copyIn("INSERT INTO "+name, format, nil, data)
	r.Free()
	return err
}
