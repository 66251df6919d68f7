package unpack

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

const maxName = 200 // bytes

// CleanName returns the base name of a path of any system, without control characters and
// at most 200 bytes long. It is for messages and reports; nothing is opened by it.
func CleanName(name string) string {
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return '_'
		}
		return r
	}, name)
	for len(name) > maxName {
		_, n := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-n]
	}
	if name == "." || name == ".." || name == "/" || name == "" {
		return "unnamed"
	}
	return name
}
