package httpd

import "strings"

// tokenKind is what the statement scan must tell apart.
type tokenKind uint8

const (
	tokEnd tokenKind = iota
	tokWord
	tokQuoted // string, quoted identifier, heredoc
	tokOpen   // ( [ {
	tokClose  // ) ] }
	tokDot
	tokOther
)

// token is a piece of SQL text: q[start:end].
type token struct {
	kind       tokenKind
	start, end int
}

// nextToken skips blanks and comments from position i and gives the token there. It follows the engine's lexer where
// the two must agree: on where quoted text and comments end. Text that never ends runs to the end of q.
func nextToken(q string, i int) token {
	for i < len(q) {
		if n := skipBlank(q, i); n > i {
			i = n
			continue
		}
		c := q[i]
		switch {
		case c == '\'' || c == '"' || c == '`':
			return token{tokQuoted, i, quotedEnd(q, i+1, c)}
		case strings.HasPrefix(q[i:], "‘"):
			return token{tokQuoted, i, after(q, i+3, "’")}
		case strings.HasPrefix(q[i:], "“"):
			return token{tokQuoted, i, after(q, i+3, "”")}
		case c == '$':
			if end := heredocEnd(q, i); end > 0 {
				return token{tokQuoted, i, end}
			}
			return token{tokOther, i, i + 1}
		case c == '(' || c == '[' || c == '{':
			return token{tokOpen, i, i + 1}
		case c == ')' || c == ']' || c == '}':
			return token{tokClose, i, i + 1}
		case c == '.':
			return token{tokDot, i, i + 1}
		case isWordStart(c):
			j := i + 1
			for j < len(q) && (isWordStart(q[j]) || q[j] >= '0' && q[j] <= '9') {
				j++
			}
			return token{tokWord, i, j}
		default:
			return token{tokOther, i, i + 1}
		}
	}
	return token{tokEnd, len(q), len(q)}
}

// skipBlank skips one blank or comment at i, if there is one.
func skipBlank(q string, i int) int {
	rest := q[i:]
	switch {
	case rest[0] == ' ' || rest[0] >= '\t' && rest[0] <= '\r':
		return i + 1
	case strings.HasPrefix(rest, "--"), strings.HasPrefix(rest, "# "), strings.HasPrefix(rest, "#!"):
		return after(q, i, "\n")
	case strings.HasPrefix(rest, "/*"):
		return after(q, i+2, "*/")
	}
	return i
}

// after gives the position behind the next end mark, or the end of q.
func after(q string, i int, end string) int {
	if n := strings.Index(q[i:], end); n >= 0 {
		return i + n + len(end)
	}
	return len(q)
}

// quotedEnd finds the end of text quoted with c; a doubled quote or a backslash keeps it open.
func quotedEnd(q string, i int, c byte) int {
	for i < len(q) {
		switch q[i] {
		case '\\':
			i += 2
		case c:
			if i+1 < len(q) && q[i+1] == c {
				i += 2
				continue
			}
			return i + 1
		default:
			i++
		}
	}
	return len(q)
}

// heredocEnd finds the end of $tag$ text $tag$; 0 when there is none at i.
func heredocEnd(q string, i int) int {
	j := i + 1
	for j < len(q) && (isWordStart(q[j]) || q[j] >= '0' && q[j] <= '9') {
		j++
	}
	if j >= len(q) || q[j] != '$' {
		return 0
	}
	tag := q[i : j+1]
	if n := strings.Index(q[j+1:], tag); n >= 0 {
		return j + 1 + n + len(tag)
	}
	return 0
}

func isWordStart(c byte) bool { return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
