package policy

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// maxValue is the length of the longest value of a parameter, in characters.
const maxValue = 200

// valueForm is what a value may hold: nothing that could end a text in YAML, in a condition
// or in a query.
var valueForm = regexp.MustCompile(`^[\p{L}\p{N} ._,-]*$`)

var placeholder = regexp.MustCompile(`\$\{([^{}]*)\}`)

// parameters reads which words of the file can be set, and sets them: every text of the file
// that is no key, except those of the parameters themselves.
func (r *reader) parameters(file *yaml.Node, f fields, values map[string]string) []Parameter {
	var out []Parameter
	byName := map[string]string{}
	for _, n := range f.list("parameters", false) {
		p, ok := r.parameter(n, values)
		if !ok {
			continue
		}
		if _, twice := byName[p.Name]; twice {
			r.problem(n, "parameters: %q is given twice", p.Name)
		}
		byName[p.Name] = p.Value
		out = append(out, p)
	}
	for i := 0; i+1 < len(file.Content); i += 2 {
		if file.Content[i].Value != "parameters" {
			r.replace(file.Content[i+1], byName)
		}
	}
	return out
}

func (r *reader) parameter(n *yaml.Node, values map[string]string) (Parameter, bool) {
	var p Parameter
	f, ok := r.mapping(n, "parameters", names(parameterKeys())...)
	if !ok {
		return p, false
	}
	if p.Name = f.text("name", true); p.Name == "" {
		return p, false
	}
	if !idForm.MatchString(p.Name) {
		r.problem(f.value["name"], "parameter %q: want small letters, digits and hyphens, beginning with a letter", p.Name)
	}
	p.Says = f.both("says", true)
	d := f.need("default")
	if d == nil {
		return p, true
	}
	p.Default = d.Value
	if d.Kind != yaml.ScalarNode || !validValue(p.Default) {
		r.problem(d, "parameter %s: a value holds letters, digits, spaces and . _ - , only, at most %d characters", p.Name, maxValue)
	}
	p.Value = p.Default
	if v, set := values[p.Name]; set {
		if p.Value = v; !validValue(v) {
			r.problem(n, "parameter %s: the value that is set holds more than letters, digits, spaces and . _ - , or is longer than %d characters", p.Name, maxValue)
		}
	}
	return p, true
}

func validValue(s string) bool {
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= maxValue && valueForm.MatchString(s)
}

// replace puts values into the texts below a node. An anchor's text is met where it stands.
func (r *reader) replace(n *yaml.Node, values map[string]string) {
	switch n.Kind {
	case yaml.MappingNode:
		for i := 1; i < len(n.Content); i += 2 {
			r.replace(n.Content[i], values)
		}
	case yaml.SequenceNode:
		for _, item := range n.Content {
			r.replace(item, values)
		}
	case yaml.ScalarNode:
		n.Value = placeholder.ReplaceAllStringFunc(n.Value, func(found string) string {
			name := found[2 : len(found)-1]
			value, ok := values[name]
			if !ok {
				r.problem(n, "there is no parameter %q%s", name, didYouMean(name, sortedKeys(values)))
			}
			return value
		})
		if strings.Contains(n.Value, "${") {
			r.problem(n, "a parameter is written ${name}")
		}
	}
}

func sortedKeys(values map[string]string) []string {
	out := make([]string, 0, len(values))
	for name := range values {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}
