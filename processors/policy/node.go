package policy

import (
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"linesman/processors/policy/when"
	"linesman/schema"
)

// Problem is something wrong in a rule file, with its place.
type Problem struct {
	File         string
	Line, Column int
	Text         string
}

// String writes "file:line:column: text".
func (p Problem) String() string {
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Text)
}

// Problems are all that is wrong in a set of rule files, as one error.
type Problems []Problem

// Error lists the problems, one a line.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, one := range p {
		lines[i] = one.String()
	}
	return strings.Join(lines, "\n")
}

// reader walks the nodes of one YAML file and keeps every problem it meets, so that a
// whole file can be put right at once.
type reader struct {
	file     string
	lines    []string // of the file, to place what is wrong inside a text
	problems Problems

	mentioned []mention // by the rule that is being read
}

func (r *reader) problem(n *yaml.Node, format string, args ...any) {
	r.problems = append(r.problems, Problem{File: r.file, Line: max(n.Line, 1), Column: max(n.Column, 1), Text: fmt.Sprintf(format, args...)})
}

// fields is a mapping node with its keys checked. Its methods read one key each; they
// report what is wrong at the value's place, or at the mapping's when the key is missing.
type fields struct {
	r     *reader
	node  *yaml.Node
	what  string
	value map[string]*yaml.Node
}

// mapping checks that a node is a mapping with known keys only.
func (r *reader) mapping(n *yaml.Node, what string, known ...string) (fields, bool) {
	f := fields{r: r, node: n, what: what, value: map[string]*yaml.Node{}}
	n = resolve(n)
	if n.Kind != yaml.MappingNode {
		r.problem(n, "%s: want a mapping with the keys %s", what, strings.Join(known, ", "))
		return f, false
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], resolve(n.Content[i+1])
		switch {
		case !slices.Contains(known, key.Value):
			r.problem(key, "%s: unknown key %q%s", what, key.Value, didYouMean(key.Value, known))
		case f.value[key.Value] != nil:
			r.problem(key, "%s: key %q is given twice", what, key.Value)
		default:
			f.value[key.Value] = value
		}
	}
	return f, true
}

// resolve follows YAML aliases.
func resolve(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode && n.Alias != nil {
		n = n.Alias
	}
	return n
}

// didYouMean names the nearest of the right words, when one is near.
func didYouMean(word string, right []string) string { return when.DidYouMean(word, right) }

func (f fields) has(key string) bool { return f.value[key] != nil }

// at returns the node of a key, or the mapping's when the key is missing.
func (f fields) at(key string) *yaml.Node {
	if n := f.value[key]; n != nil {
		return n
	}
	return f.node
}

// need returns the node of a key and reports its absence.
func (f fields) need(key string) *yaml.Node {
	if f.value[key] == nil {
		f.r.problem(f.node, "%s: %q is missing", f.what, key)
	}
	return f.value[key]
}

// text reads a text. A number or date without quotes is refused: YAML would have changed
// 007 or 1e3 before anybody sees it.
func (f fields) text(key string, required bool) string {
	n := f.value[key]
	if n == nil {
		if required {
			f.need(key)
		}
		return ""
	}
	if n.Kind != yaml.ScalarNode || n.Tag != "!!str" {
		f.r.problem(n, "%s: %q wants a text (put it in quotes)", f.what, key)
		return ""
	}
	if required && strings.TrimSpace(n.Value) == "" {
		f.r.problem(n, "%s: %q is empty", f.what, key)
	}
	return strings.TrimSpace(n.Value)
}

// word reads one of the words that are allowed.
func (f fields) word(key string, required bool, allowed ...string) string {
	s := f.text(key, required)
	if s != "" && !slices.Contains(allowed, s) {
		f.r.problem(f.value[key], "%s: %q cannot be %q%s", f.what, key, s, didYouMean(s, allowed))
		return ""
	}
	return s
}

func (f fields) both(key string, required bool) Text {
	n := f.value[key]
	if n == nil {
		if required {
			f.need(key)
		}
		return Text{}
	}
	t, ok := f.r.mapping(n, f.what+" "+key, names(textKeys())...)
	if !ok {
		return Text{}
	}
	return Text{EN: t.text("en", true), SV: t.text("sv", true), DA: t.text("da", false)}
}

// integer reads a whole number of at least least.
func (f fields) integer(key string, required bool, fallback, least int64) int64 {
	n := f.value[key]
	if n == nil {
		if required {
			f.need(key)
		}
		return fallback
	}
	v, err := strconv.ParseInt(n.Value, 10, 64)
	if n.Kind != yaml.ScalarNode || err != nil || v < least {
		f.r.problem(n, "%s: %q wants a whole number of at least %d", f.what, key, least)
		return fallback
	}
	return v
}

// flag reads true or false.
func (f fields) flag(key string) bool {
	n := f.value[key]
	if n == nil {
		return false
	}
	if n.Kind != yaml.ScalarNode || n.Tag != "!!bool" {
		f.r.problem(n, "%s: %q wants true or false", f.what, key)
	}
	return n.Value == "true"
}

var decimalForm = regexp.MustCompile(`^-?[0-9]{1,15}(\.[0-9]{1,6})?$`)

// decimal reads a plain decimal number exactly.
func (f fields) decimal(key string, required bool) (*big.Rat, bool) {
	n := f.value[key]
	if n == nil {
		if required {
			f.need(key)
		}
		return nil, false
	}
	v, ok := parseDecimal(n)
	if !ok {
		f.r.problem(n, "%s: %q wants a number such as 60 or 12.5, with a point and at most six decimals", f.what, key)
	}
	return v, ok
}

func parseDecimal(n *yaml.Node) (*big.Rat, bool) {
	if n.Kind != yaml.ScalarNode || !decimalForm.MatchString(n.Value) {
		return nil, false
	}
	return new(big.Rat).SetString(n.Value)
}

// day reads a date; it holds from or until midnight in the rule's zone.
func (f fields) day(key string, required bool) schema.Day {
	n := f.value[key]
	if n == nil {
		if required {
			f.need(key)
		}
		return 0
	}
	d, err := schema.ParseDay(n.Value)
	if n.Kind != yaml.ScalarNode || err != nil {
		f.r.problem(n, "%s: %q wants a date such as 2025-01-01", f.what, key)
	}
	return d
}

// list returns the items of a sequence.
func (f fields) list(key string, required bool) []*yaml.Node {
	n := f.value[key]
	if n == nil {
		if required {
			f.need(key)
		}
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		f.r.problem(n, "%s: %q wants a list", f.what, key)
		return nil
	}
	if required && len(n.Content) == 0 {
		f.r.problem(n, "%s: %q is empty", f.what, key)
	}
	items := make([]*yaml.Node, len(n.Content))
	for i, item := range n.Content {
		items[i] = resolve(item)
	}
	return items
}
