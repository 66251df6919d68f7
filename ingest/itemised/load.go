package itemised

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/agnivade/levenshtein"
	"go.yaml.in/yaml/v3"
)

// maxProfile bounds a profile file.
const maxProfile = 1 << 20

// Load reads and checks a profile. name is the file's name for messages; every error names
// the line, and a wrong key comes with the nearest right one. All faults are reported at once.
func Load(r io.Reader, name string) (*Profile, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxProfile+1))
	if err != nil {
		return nil, fmt.Errorf("reading profile %s: %w", name, err)
	}
	if len(raw) > maxProfile {
		return nil, fmt.Errorf("reading profile %s: larger than %d bytes", name, maxProfile)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(raw, &doc); err != nil {
		return nil, yamlError(name, err)
	}
	if len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, fmt.Errorf("%s:1: not a profile: want keys such as name, columns, services", name)
	}
	l := &loader{file: name, lines: map[string]int{}}
	l.keys(doc.Content[0], reflect.TypeFor[Profile](), "")
	if err := l.err(); err != nil {
		return nil, err
	}
	p := &Profile{}
	if err := doc.Decode(p); err != nil {
		return nil, yamlError(name, err)
	}
	p.c = l.compile(p)
	if err := l.err(); err != nil {
		return nil, err
	}
	return p, nil
}

// yamlError puts the file's name before each of YAML's own messages, which name the line.
func yamlError(name string, err error) error {
	var t *yaml.TypeError
	if !errors.As(err, &t) {
		return fmt.Errorf("%s: %s", name, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	var all []error
	for _, e := range t.Errors {
		line, rest, ok := strings.Cut(strings.TrimPrefix(e, "line "), ": ")
		if !ok {
			line, rest = "1", e
		}
		all = append(all, fmt.Errorf("%s:%s: %s", name, line, rest))
	}
	return errors.Join(all...)
}

// loader collects the faults of one profile with their lines.
type loader struct {
	file  string
	lines map[string]int // path such as times.zone → line
	errs  []error
}

func (l *loader) err() error { return errors.Join(l.errs...) }

// fail records a fault at the key, or at the nearest key above that is there.
func (l *loader) fail(path, format string, args ...any) {
	line := 1
	for at := path; at != ""; at = above(at) {
		if n, ok := l.lines[at]; ok {
			line = n
			break
		}
	}
	l.errs = append(l.errs, fmt.Errorf("%s:%d: %s: %s", l.file, line, path, fmt.Sprintf(format, args...)))
}

func above(path string) string {
	return path[:max(0, strings.LastIndexByte(path, '.'))]
}

// keys walks the document beside the type that it will be decoded into.
func (l *loader) keys(n *yaml.Node, t reflect.Type, at string) {
	if n.Kind == yaml.AliasNode {
		l.errs = append(l.errs, fmt.Errorf("%s:%d: %s: anchors and aliases are not used in profiles", l.file, n.Line, at))
		return
	}
	if n.Kind != yaml.MappingNode {
		return // a wrong kind of value is told by the decoding
	}
	known := map[string]reflect.Type{}
	if t.Kind() == reflect.Struct {
		for i := range t.NumField() {
			if tag := t.Field(i).Tag.Get("yaml"); tag != "" {
				known[tag] = t.Field(i).Type
			}
		}
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		path := strings.TrimPrefix(at+"."+key.Value, ".")
		l.lines[path] = key.Line
		switch t.Kind() {
		case reflect.Struct:
			sub, ok := known[key.Value]
			if !ok {
				l.errs = append(l.errs, fmt.Errorf("%s:%d: unknown key %q%s%s", l.file, key.Line, key.Value, inside(at), nearest(key.Value, keysOf(known))))
				continue
			}
			l.keys(value, sub, path)
		case reflect.Map:
			l.keys(value, t.Elem(), path)
		}
	}
}

func inside(at string) string {
	if at == "" {
		return ""
	}
	return " in " + at
}

func keysOf[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	return keys
}

// nearest proposes the right word for a wrong one, or lists the right ones.
func nearest(word string, right []string) string {
	best, distance := "", 1+max(2, len(word)/3)
	for _, r := range right {
		if d := levenshtein.ComputeDistance(strings.ToLower(word), strings.ToLower(r)); d < distance || d == distance && r < best {
			best, distance = r, d
		}
	}
	if best != "" {
		return fmt.Sprintf("; did you mean %q?", best)
	}
	return "; known are " + strings.Join(sorted(right), ", ")
}
