package node

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"linesman/internal/config"
	"linesman/processors/policy"
)

// LoadRules returns the rules of the chosen built-in packs and those of a folder, if one is
// named. A value for a parameter that none of the packs has is an error.
func LoadRules(cfg config.Policy) (*policy.Set, error) {
	set, err := policy.Builtin(cfg.Packs, cfg.Values)
	if err != nil {
		return nil, fmt.Errorf("setting policy.packs: %w; a folder with packs of your own belongs to policy.dir", err)
	}
	if cfg.Dir != "" {
		own, err := policy.LoadWith(cfg.Values, os.DirFS(cfg.Dir))
		if err != nil {
			return nil, fmt.Errorf("rule packs in %s: %w", cfg.Dir, err)
		}
		if set, err = policy.Merge(set, own); err != nil {
			return nil, err
		}
	}
	known := set.Parameters()
	for _, name := range slices.Sorted(maps.Keys(cfg.Values)) {
		if _, ok := known[name]; !ok {
			names := strings.Join(slices.Sorted(maps.Keys(known)), ", ")
			if names == "" {
				names = "none"
			}
			return nil, fmt.Errorf("setting policy.values: no pack in force has a parameter %q; there are: %s", name, names)
		}
	}
	return set, nil
}
