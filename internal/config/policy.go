package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Policy is the rules.
type Policy struct {
	Packs  List   `koanf:"packs" doc:"Built-in policy packs that are in force: a list in YAML, separated by commas in the environment. linesman policy packs lists them; [] is none."`
	Values Values `koanf:"values" doc:"Values of the packs' parameters by name; in the environment name=value, separated by semicolons. Values are read as they stand, with or without quotes."`
	Dir    string `koanf:"dir" doc:"Folder with rule packs of your own (YAML), beside the built-in ones."`
}

// List is a setting of several words.
type List []string

// UnmarshalText reads words separated by commas.
func (l *List) UnmarshalText(text []byte) error {
	*l = append(List{}, split(string(text))...)
	return nil
}

// String joins the words with commas.
func (l List) String() string { return strings.Join(l, ",") }

// Values is a setting of several named values.
type Values map[string]string

// UnmarshalText reads name=value pairs separated by semicolons.
func (v *Values) UnmarshalText(text []byte) error {
	*v = Values{}
	for pair := range strings.SplitSeq(string(text), ";") {
		if pair = strings.TrimSpace(pair); pair == "" {
			continue
		}
		name, value, ok := strings.Cut(pair, "=")
		if !ok {
			return fmt.Errorf("%q: want name=value, separated by semicolons", pair)
		}
		(*v)[strings.TrimSpace(name)] = strings.TrimSpace(value)
	}
	return nil
}

// String joins the pairs with semicolons.
func (v Values) String() string {
	pairs := make([]string, 0, len(v))
	for _, name := range slices.Sorted(maps.Keys(v)) {
		pairs = append(pairs, name+"="+v[name])
	}
	return strings.Join(pairs, ";")
}
