package config

import (
	"reflect"

	koanfyaml "github.com/knadh/koanf/parsers/yaml"
	"go.yaml.in/yaml/v3"
)

// textParser reads YAML so that a setting of text is the text that stands in the file, and a number is
// decimal. YAML by itself reads 0412 as the number 266, 1e3 as 1000 and null as nothing; but ids of
// cost centres, accounts and passwords are no numbers, whether somebody thought of quotes or not, and
// an hour 010 is ten.
type textParser struct{ koanfyaml.YAML }

// Unmarshal reads the first document. Errors name the line; the file is named by [Load].
func (*textParser) Unmarshal(raw []byte) (map[string]any, error) {
	var root yaml.Node
	if err := yaml.Unmarshal(raw, &root); err != nil {
		return nil, err
	}
	if root.IsZero() {
		return nil, nil
	}
	(&texts{seen: map[visit]bool{}}).keep(&root, reflect.TypeFor[Config]())
	var out map[string]any
	if err := root.Decode(&out); err != nil {
		return nil, err
	}
	return out, nil
}

// texts marks the scalars of a document that are text, or decimal numbers, by the type of their setting.
type texts struct{ seen map[visit]bool }

// visit is a part of the document read as a type. Aliases reach a part several times, and can go in circles.
type visit struct {
	node *yaml.Node
	as   reflect.Type
}

// keep goes through a section (a struct), named values (a map) or a list (a slice).
func (x *texts) keep(n *yaml.Node, as reflect.Type) {
	if n = meant(n); x.seen[visit{n, as}] {
		return
	}
	x.seen[visit{n, as}] = true
	switch {
	case n.Kind == yaml.DocumentNode:
		for _, c := range n.Content {
			x.keep(c, as)
		}
	case n.Kind == yaml.SequenceNode && as.Kind() == reflect.Slice:
		for i, c := range n.Content {
			n.Content[i] = text(c)
		}
	case n.Kind == yaml.MappingNode && as.Kind() != reflect.Slice:
		for i := 0; i+1 < len(n.Content); i += 2 {
			x.pair(n.Content[i:i+2], as)
		}
	}
}

// pair goes through a key and its value in a section or among named values.
func (x *texts) pair(pair []*yaml.Node, as reflect.Type) {
	key, value := meant(pair[0]), meant(pair[1])
	if key.ShortTag() == "!!merge" {
		parts := []*yaml.Node{value}
		if value.Kind == yaml.SequenceNode {
			parts = value.Content
		}
		for _, p := range parts {
			x.keep(p, as)
		}
		return
	}
	if as.Kind() == reflect.Map {
		pair[0], pair[1] = text(pair[0]), text(pair[1])
		return
	}
	for i := range as.NumField() {
		f := as.Field(i)
		if f.Tag.Get("koanf") != key.Value {
			continue
		}
		switch f.Type.Kind() {
		case reflect.Struct:
			x.keep(value, f.Type)
		case reflect.Map, reflect.Slice, reflect.String:
			if value.Kind != yaml.ScalarNode {
				x.keep(value, f.Type)
			} else if value.ShortTag() != "!!null" { // a setting without a value keeps its default
				pair[1] = text(value)
			}
		default:
			if d, ok := decimal(value.Value); ok && isNumber(f.Type) && value.Kind == yaml.ScalarNode {
				pair[1] = &yaml.Node{Kind: yaml.ScalarNode, Value: d, Line: pair[1].Line, Column: pair[1].Column}
			}
		}
		return
	}
	x.keep(value, reflect.TypeFor[Values]()) // no setting: the error names what stands in the file
}

// meant is the node that an alias stands for.
func meant(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// text is a scalar as text; another node is returned as it is. It is a copy, as an alias of it may be
// a number elsewhere.
func text(n *yaml.Node) *yaml.Node {
	m := meant(n)
	if m.Kind != yaml.ScalarNode {
		return n
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: m.Value, Line: n.Line, Column: n.Column}
}
