package policy

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

//go:embed packs/*.yaml
var packs embed.FS

// CorePack is the pack that is in force when none is chosen.
const CorePack = "core"

// Pack describes a file of rules.
type Pack struct {
	Name         string // as the file says; of a built-in one also as it is chosen by
	File         string
	Title        Text
	Organisation string // whose written policies it puts to work; may be empty
	Rules        int
	BuiltIn      bool // it comes with the program
	Parameters   []Parameter

	exempt []uint64 // numbers that no rule of a set with this pack may look at
}

// Parameter is a word of a pack's texts that an installation may set.
type Parameter struct {
	Name    string
	Says    Text
	Default string
	Value   string // what stands in the texts
}

// PackNames lists the built-in packs: core first, the others by name.
func PackNames() ([]string, error) {
	entries, err := fs.ReadDir(packs, "packs")
	if err != nil {
		return nil, fmt.Errorf("listing the built-in policy packs: %w", err)
	}
	names := []string{CorePack}
	for _, e := range entries {
		if name := strings.TrimSuffix(e.Name(), path.Ext(e.Name())); name != CorePack {
			names = append(names, name)
		}
	}
	return names, nil
}

// Builtin returns the rules of built-in packs by name; nil: those of the core pack. Values
// replace the parameters of the packs; those of other packs are passed over. A name that
// there is no pack of is an error that lists the names there are.
func Builtin(names []string, values map[string]string) (*Set, error) {
	known, err := PackNames()
	if err != nil {
		return nil, err
	}
	if names == nil {
		names = []string{CorePack}
	}
	var files []string
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("there is no policy pack %q; there are %s", name, strings.Join(known, ", "))
		}
		if file := name + ".yaml"; !slices.Contains(files, file) {
			files = append(files, file)
		}
	}
	if len(files) == 0 {
		return Merge()
	}
	sub, err := fs.Sub(packs, "packs")
	if err != nil {
		return nil, fmt.Errorf("opening the built-in policy packs: %w", err)
	}
	set, err := LoadWith(values, sub, files...)
	if err != nil {
		return nil, err
	}
	for i := range set.packs {
		set.packs[i].BuiltIn = true
	}
	return set, nil
}
