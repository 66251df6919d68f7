// Package messages is the one catalogue of words that dashboards, queries and reports show:
// every text in every language under one key.
package messages

import (
	"embed"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// The languages of the catalogue.
const (
	English = "en"
	Swedish = "sv"
)

//go:embed en.yaml sv.yaml
var files embed.FS

// Languages lists the languages of the catalogue.
func Languages() []string { return []string{English, Swedish} }

// Language returns the supported language nearest to what was asked for (a tag such as
// "sv-SE", in any case); Swedish where it is none of them.
func Language(tag string) string {
	base, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(tag, "_", "-")), "-")
	if slices.Contains(Languages(), base) {
		return base
	}
	return Swedish
}

// Catalogue holds the texts. It is safe for concurrent use.
type Catalogue struct {
	texts map[string]map[string]string // language, key
}

// Load reads the catalogue that is part of the program.
func Load() (*Catalogue, error) {
	c := &Catalogue{texts: map[string]map[string]string{}}
	for _, lang := range Languages() {
		raw, err := files.ReadFile(lang + ".yaml")
		if err != nil {
			return nil, fmt.Errorf("reading the messages in %s: %w", lang, err)
		}
		texts := map[string]string{}
		if err := yaml.Unmarshal(raw, &texts); err != nil {
			return nil, fmt.Errorf("reading the messages in %s: %w", lang, err)
		}
		c.texts[lang] = texts
	}
	return c, nil
}

// In returns the texts of one language.
func (c *Catalogue) In(lang string) Texts {
	lang = Language(lang)
	return Texts{lang: lang, texts: c.texts[lang]}
}

// Keys lists the keys of a language, sorted.
func (c *Catalogue) Keys(lang string) []string {
	keys := make([]string, 0, len(c.texts[lang]))
	for k := range c.texts[lang] {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// Texts are the texts of one language.
type Texts struct {
	lang  string
	texts map[string]string
}

// Lang returns the language of the texts.
func (t Texts) Lang() string { return t.lang }

// Has tells whether there is a text under the key.
func (t Texts) Has(key string) bool { _, ok := t.texts[key]; return ok }

// T returns the text under a key with its {placeholders} filled from name, value pairs. A
// key that does not exist is returned itself, so that a gap is seen and not an empty place.
func (t Texts) T(key string, pairs ...string) string {
	text, ok := t.texts[key]
	if !ok {
		return key
	}
	return Fill(text, pairs...)
}

// Value returns the words for a value of a field, e.g. Value("kind", "call"); a value that
// has none is returned itself.
func (t Texts) Value(field, value string) string {
	if text, ok := t.texts[field+"."+value]; ok {
		return text
	}
	if value == "" {
		return t.T("none")
	}
	return value
}

// Fill replaces {name} in a text by the value that follows name in pairs.
func Fill(text string, pairs ...string) string {
	if len(pairs) < 2 {
		return text
	}
	old := make([]string, 0, len(pairs))
	for i := 0; i+1 < len(pairs); i += 2 {
		old = append(old, "{"+pairs[i]+"}", pairs[i+1])
	}
	return strings.NewReplacer(old...).Replace(text)
}
