package httpd

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"linesman/internal/engine/chdb"
)

// request is one statement on its way through the engine.
type request struct {
	s            *Server
	w            http.ResponseWriter
	r            *http.Request
	q            url.Values
	tag          string // names the statement to the engine, for KILL
	exceptionTag string // marks an exception in the middle of a result as genuine
	conn         *chdb.Conn
	began        bool         // the response's headers are out
	block        bytes.Buffer // the piece of output that is just being rewritten
	start        time.Time
}

// urlParameters are the URL parameters which are not settings of the engine.
var urlParameters = map[string]bool{"query": true, "database": true, "default_format": true, "user": true, "password": true,
	"query_id": true, "quota_key": true, "stacktrace": true, "buffer_size": true, "wait_end_of_query": true,
	"client_protocol_version": true, "role": true, "http_write_exception_in_output_format": true, "enable_http_compression": true}

// ours are settings a client may not choose.
var ours = map[string]bool{"log_comment": true, "implicit_select": true, "output_format_native_write_json_as_string": true}

var identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func (x *request) run() error {
	if err := x.unsupported(); err != nil {
		return err
	}
	conn, err := x.s.lib.Connect(x.s.cfg.Args...)
	if err != nil {
		return err
	}
	defer conn.Close()
	x.conn = conn
	if db := x.database(); db != "" && db != "default" {
		if err := conn.Exec("USE " + quoteIdentifier(db)); err != nil {
			return err
		}
	}
	set, params, structure := x.settings()
	if err := conn.Exec("SET " + strings.Join(set, ", ")); err != nil {
		return err
	}
	sql, st, data, err := x.statement(structure)
	if err != nil {
		return err
	}
	if err := x.check(sql, &st); err != nil {
		return err
	}
	stop := x.s.watch(x.r.Context(), x.tag)
	defer stop()
	if st.takesBody() {
		return x.insert(&st, params, data)
	}
	return x.query(sql, x.format(&st), params, &st)
}

// unsupported refuses what would otherwise be silently ignored.
func (x *request) unsupported() error {
	for _, k := range []string{"compress", "decompress", "session_id"} {
		if v := x.q.Get(k); v != "" && v != "0" {
			return newException(codeNotSupported, "the embedded engine does not know the parameter %s", k)
		}
	}
	if enc := x.r.Header.Get("Content-Encoding"); enc != "" && enc != "identity" {
		return newException(codeNotSupported, "the embedded engine does not know the Content-Encoding %s", enc)
	}
	return nil
}

func (x *request) database() string {
	if h := x.r.Header.Get("X-ClickHouse-Database"); h != "" {
		return h
	}
	return x.q.Get("database")
}

// settings splits the URL's parameters into settings ("name='value'"), query parameters, and the structures of
// external tables.
func (x *request) settings() (set []string, params, structure map[string]string) {
	params, structure = map[string]string{}, map[string]string{}
	for k, v := range x.q {
		if name, ok := strings.CutPrefix(k, "param_"); ok {
			params[name] = v[0]
		} else if name, ok := strings.CutSuffix(k, "_structure"); ok {
			structure[name] = v[0]
		} else if !urlParameters[k] && !ours[k] && identifier.MatchString(k) && !x.tableFormat(k) {
			set = append(set, k+" = "+quoteString(v[0]))
		}
	}
	slices.Sort(set)
	set = append(set, "log_comment = "+quoteString(x.tag), "implicit_select = 0", "output_format_native_write_json_as_string = 1")
	if x.r.Method == http.MethodGet && !x.q.Has("readonly") {
		set = append(set, "readonly = 2")
	}
	return set, params, structure
}

// tableFormat says whether k is the format of an external table, not a setting that ends in _format.
func (x *request) tableFormat(k string) bool {
	name, ok := strings.CutSuffix(k, "_format")
	return ok && x.q.Has(name+"_structure")
}

// statement puts the statement together: the query parameter, and the head of the body.
func (x *request) statement(structure map[string]string) (sql string, st statement, data io.Reader, err error) {
	sql = x.q.Get("query")
	if strings.HasPrefix(x.r.Header.Get("Content-Type"), "multipart/form-data") {
		if sql, err = x.external(sql, structure); err != nil {
			return "", st, nil, err
		}
		return sql, scanStatement(sql), strings.NewReader(""), nil
	}
	st = scanStatement(sql)
	if st.insert() && st.hasData() {
		return sql, st, x.r.Body, nil
	}
	sql, st, data, err = readStatement(sql, bufio.NewReaderSize(x.r.Body, 1<<16))
	var ours *exception
	if err != nil && !errors.As(err, &ours) {
		err = newException(codeCannotRead, "reading the request: %v", err)
	}
	return sql, st, data, err
}

// check refuses what must not reach the engine: more than one statement, and what refused finds.
func (x *request) check(sql string, st *statement) error {
	text := sql
	if st.takesBody() { // the rows are data, never SQL
		format := st.format
		if format == "" {
			format = "Values"
		}
		text = st.target + " FORMAT " + format
	}
	if reason := refused(text, st.verb); reason != "" {
		return newException(codeAccessDenied, "%s", reason)
	}
	// The engine runs the statements of a text one by one as it reads them. A text it cannot read to the end must
	// therefore not reach it: its first statements would be run.
	n, class, ok := x.conn.Classify([]byte(text))
	switch {
	case n > 1:
		return newException(codeSyntax, "Syntax error (Multi-statements are not allowed)")
	case !ok || n == 0 || class == chdb.Unknown:
		return x.syntaxError(text)
	case class == chdb.Control && (st.streamable() || st.insert() || st.verb == "EXPLAIN"):
		return newException(codeAccessDenied, "INTO OUTFILE is not allowed")
	}
	return nil
}

// syntaxError gets the engine's own complaint without running anything.
func (x *request) syntaxError(sql string) error {
	r, err := x.conn.Query("SELECT formatQuery({q:String})", "Null", map[string]string{"q": escapeParameter(sql)})
	if err != nil {
		return err
	}
	r.Free()
	return newException(codeSyntax, "the engine could not tell how many statements this is")
}

func (x *request) format(st *statement) string {
	for _, f := range []string{st.format, x.q.Get("default_format"), x.r.Header.Get("X-ClickHouse-Format")} {
		if f != "" {
			return f
		}
	}
	return "TabSeparated"
}

// fail answers with an exception, in the way that is still open.
func (x *request) fail(e *exception) {
	if x.began { // the status is out: frame the exception in the body, as the server does
		_, _ = fmt.Fprintf(x.w, "\r\n__exception__\r\n%s\r\n%s\n%d %s\r\n__exception__\r\n", x.exceptionTag, e.text, len(e.text)+1, x.exceptionTag)
		return
	}
	h := x.w.Header()
	h.Set("X-ClickHouse-Exception-Code", fmt.Sprint(e.code))
	h.Set("Content-Type", "text/plain; charset=UTF-8")
	x.w.WriteHeader(e.status())
	_, _ = io.WriteString(x.w, e.text+"\n")
}

var (
	stringEscapes     = strings.NewReplacer(`\`, `\\`, `'`, `\'`)
	identifierEscapes = strings.NewReplacer(`\`, `\\`, "`", "\\`")
	// parameters are read as escaped text
	parameterEscapes = strings.NewReplacer(`\`, `\\`, "\t", `\t`, "\n", `\n`)
)

func quoteString(s string) string     { return "'" + stringEscapes.Replace(s) + "'" }
func quoteIdentifier(s string) string { return "`" + identifierEscapes.Replace(s) + "`" }
func escapeParameter(s string) string { return parameterEscapes.Replace(s) }
