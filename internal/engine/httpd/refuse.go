package httpd

import (
	"regexp"
	"strings"
)

// The engine's grants do not cover everything in its embedded form: measured, the scalar function file() reads any
// file, a dictionary's source may be a program or another machine, and ATTACH moves directories. This scan refuses
// them by text. On Linux the sandbox of the child process enforces the same from below.

// mentionsFile finds text that could be a file clause if the scan were fooled.
var mentionsFile = regexp.MustCompile(`(?i)file|source`)

// localSourceKeys are what SOURCE(CLICKHOUSE(…)) may say: a table or query of this engine, nothing about a host.
var localSourceKeys = map[string]bool{"TABLE": true, "DB": true, "QUERY": true, "WHERE": true, "INVALIDATE_QUERY": true,
	"UPDATE_FIELD": true, "UPDATE_LAG": true}

// allowedEngines of tables and databases, beside the MergeTree family.
var allowedEngines = map[string]bool{"MEMORY": true, "NULL": true, "DICTIONARY": true, "VIEW": true, "MATERIALIZEDVIEW": true, "ATOMIC": true}

func allowedEngine(name string) bool {
	return allowedEngines[name] || strings.HasSuffix(name, "MERGETREE")
}

// refused gives the reason why a statement may not run, "" if it may. verb is its first word.
func refused(q, verb string) string {
	switch verb {
	case "KILL":
		return "KILL is not allowed; cancel the query at its client"
	case "ATTACH":
		return "ATTACH is not allowed (ALTER TABLE … ATTACH PARTITION is)"
	}
	rare := false
	last, beforeLast := "", ""
	for i := 0; i < len(q); {
		t := nextToken(q, i)
		if t.kind == tokEnd {
			break
		}
		name := tokenName(q, t)
		switch {
		case t.kind == tokWord && (name == "OUTFILE" || name == "INFILE"):
			return "INTO OUTFILE and FROM INFILE are not allowed"
		case name == "FILE" && (last == "APPLY" || beforeLast == "APPLY" || nextToken(q, t.end).kind == tokOpen):
			return "file() is not allowed"
		case name == "DISK" && verb != "SELECT" && nextToken(q, t.end).kind == tokOpen:
			return "disks cannot be defined by a statement"
		case t.kind == tokWord && name == "SOURCE" && verb != "SELECT" && verb != "INSERT":
			if reason := refusedSource(q, t.end); reason != "" {
				return reason
			}
		case name == "STACK_TRACE":
			return "system.stack_trace is not allowed: it interrupts every thread of the engine"
		case t.kind == tokWord && last == "=" && beforeLast == "ENGINE" && (verb == "CREATE" || verb == "REPLACE") && !allowedEngine(name):
			return "tables of engine " + name + " are not allowed; the MergeTree family, Memory, Null and Dictionary are"
		case isRareQuote(q[t.start:]):
			rare = true
		}
		beforeLast, last = last, name
		i = t.end
	}
	if rare && mentionsFile.MatchString(q) {
		return "quoting with $ or typographic quotes is not allowed in a statement that mentions a file or a source"
	}
	return ""
}

// isRareQuote finds the ways of quoting nobody here uses; where they occur nothing shall depend on this scan reading
// them exactly as the engine does.
func isRareQuote(s string) bool {
	return s[0] == '$' || strings.HasPrefix(s, "‘") || strings.HasPrefix(s, "“") || strings.HasPrefix(s, "’") || strings.HasPrefix(s, "”")
}

// tokenName gives a word or quoted identifier in upper case, and a mark for anything else. An identifier with escapes
// could spell anything and counts as FILE.
func tokenName(q string, t token) string {
	text := q[t.start:t.end]
	switch {
	case t.kind == tokWord:
		return strings.ToUpper(text)
	case t.kind == tokQuoted && (text[0] == '`' || text[0] == '"'):
		if strings.ContainsRune(text, '\\') {
			return "FILE"
		}
		return strings.ToUpper(strings.Trim(text, text[:1]))
	}
	return text
}

// refusedSource checks SOURCE(…) of a dictionary; i is behind the word.
func refusedSource(q string, i int) string {
	open := nextToken(q, i)
	if open.kind != tokOpen {
		return "" // a column of that name
	}
	kind := nextToken(q, open.end)
	switch word := strings.ToUpper(q[kind.start:kind.end]); {
	case kind.kind == tokWord && word == "NULL":
		return ""
	case kind.kind != tokWord || word != "CLICKHOUSE":
		return "the only sources of dictionaries allowed are CLICKHOUSE and NULL"
	}
	const reason = "a dictionary's CLICKHOUSE source may name TABLE, DB, QUERY, WHERE, INVALIDATE_QUERY, UPDATE_FIELD and UPDATE_LAG only, with quoted or numeric values"
	depth := 0
	for i = kind.end; ; {
		t := nextToken(q, i)
		i = t.end
		switch t.kind {
		case tokOpen:
			depth++
		case tokClose:
			if depth--; depth <= 0 {
				return ""
			}
		case tokWord:
			if !localSourceKeys[strings.ToUpper(q[t.start:t.end])] {
				return reason
			}
		case tokQuoted:
			if q[t.start] != '\'' {
				return reason
			}
		case tokOther:
			if c := q[t.start]; c < '0' || c > '9' {
				return reason
			}
		default:
			return reason
		}
	}
}
