package httpd

import (
	"bufio"
	"io"
	"strings"
)

// statement is what the HTTP interface must know about a statement before it hands it to the engine.
type statement struct {
	verb      string // first word, upper case
	hasSelect bool   // INSERT … SELECT
	values    bool   // INSERT … VALUES
	inline    bool   // text follows VALUES
	format    string // FORMAT clause
	target    string // of an INSERT: the text before FORMAT or VALUES
	dataAt    int    // of INSERT … FORMAT x and VALUES: where the data begin
}

func (s *statement) insert() bool { return s.verb == "INSERT" }

// streamable says whether the engine can give the result in pieces.
func (s *statement) streamable() bool { return s.verb == "SELECT" || s.verb == "WITH" }

// hasData says whether the statement's data have been announced, so that nothing of the statement is missing.
func (s *statement) hasData() bool { return s.format != "" || s.values || s.hasSelect }

// takesBody says whether the rows of the insert come from the request's body.
func (s *statement) takesBody() bool {
	return s.insert() && !s.hasSelect && !(s.values && s.inline)
}

// scanner walks over the tokens of one statement.
type scanner struct {
	q  string
	st statement

	words, depth int
	prev         string // word before, "." after a dot, "" after anything else
	wantFormat   bool   // the word FORMAT was just read
	formatAt     int
	inSettings   bool
}

// scanStatement scans SQL text; what it cannot read is left for the engine to complain about.
func scanStatement(q string) statement {
	s := &scanner{q: q}
	for i := 0; ; {
		t := nextToken(q, i)
		i = t.end
		switch t.kind {
		case tokEnd:
			return s.st
		case tokWord:
			if s.word(t) {
				return s.st
			}
			continue
		case tokOpen:
			s.depth++
		case tokClose:
			s.depth--
		}
		s.prev, s.wantFormat = "", false
		if t.kind == tokDot {
			s.prev = "."
		}
	}
}

// word takes one word; it reports true when the rest of the text is data.
func (s *scanner) word(t token) (data bool) {
	w := strings.ToUpper(s.q[t.start:t.end])
	st, prev := &s.st, s.prev
	s.prev = w
	s.words++
	if s.words == 1 {
		st.verb = w
	}
	switch {
	case s.wantFormat:
		s.wantFormat = false
		st.format = s.q[t.start:t.end]
		if st.insert() && !st.hasSelect {
			s.formatData(t.end)
			return true
		}
	case s.depth == 0 && st.format != "" && !st.insert() && !s.inSettings && w != "FORMAT":
		if s.inSettings = w == "SETTINGS"; !s.inSettings {
			st.format = "" // it was a column or an alias called format
		}
	case s.depth == 0 && w == "FORMAT" && s.words > 1 && prev != ".":
		s.wantFormat, s.formatAt = true, t.start
	case st.insert() && s.depth == 0 && w == "VALUES" && s.words > 2:
		st.values, st.target, st.dataAt = true, strings.TrimSpace(s.q[:t.start]), t.end
		st.inline = strings.TrimSpace(s.q[t.end:]) != ""
		return true
	case st.insert() && s.words > 2 && (w == "SELECT" || w == "WITH" && s.depth == 0):
		st.hasSelect = true
	}
	return false
}

// formatData notes where the data of INSERT … FORMAT x begin: after blanks and at most one line end.
func (s *scanner) formatData(end int) {
	s.st.target = strings.TrimSpace(s.q[:s.formatAt])
	s.st.values = strings.EqualFold(s.st.format, "VALUES")
	for end < len(s.q) && strings.IndexByte(" \t\r", s.q[end]) >= 0 {
		end++
	}
	if end < len(s.q) && s.q[end] == '\n' {
		end++
	}
	s.st.dataAt = end
}

// maxStatement bounds the text of a statement; rows of inserts are not part of it.
const maxStatement = 64 << 20

// readStatement reads the statement, or the rest of it, from the body. The reader gives the rows of an INSERT.
func readStatement(sql string, body *bufio.Reader) (string, statement, io.Reader, error) {
	if sql != "" {
		sql += "\n"
	}
	peek, _ := body.Peek(body.Size()) // an error comes again with the next read
	st := scanStatement(sql + string(peek))
	if st.insert() && !st.hasSelect && !st.values && st.dataAt > len(sql) {
		n := st.dataAt - len(sql)
		if _, err := body.Discard(n); err != nil {
			return "", st, nil, err
		}
		return sql + string(peek[:n]), st, body, nil
	}
	rest, err := io.ReadAll(io.LimitReader(body, maxStatement+1))
	if err != nil {
		return "", st, nil, err
	}
	if len(rest) > maxStatement {
		return "", st, nil, newException(codeSyntax, "the statement is longer than %d bytes", maxStatement)
	}
	sql += string(rest)
	return sql, scanStatement(sql), strings.NewReader(""), nil
}
