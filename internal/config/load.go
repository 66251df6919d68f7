package config

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/providers/structs"
	"github.com/knadh/koanf/v2"
)

// EnvPrefix begins the environment variable of every key: broker.max_bytes is
// LINESMAN_BROKER_MAX_BYTES.
const EnvPrefix = "LINESMAN_"

// Key is one setting, for the reference page and for messages.
type Key struct {
	Name    string // broker.max_bytes
	Env     string // LINESMAN_BROKER_MAX_BYTES
	Doc     string
	Default string
	Secret  bool
	Open    bool // the names below the key are free
	Number  bool
}

// Keys lists every setting in the order of the declaration.
func Keys() []Key {
	def := Default()
	return keysOf("", reflect.ValueOf(def))
}

func keysOf(prefix string, v reflect.Value) []Key {
	var out []Key
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name := prefix + f.Tag.Get("koanf")
		if f.Type.Kind() == reflect.Struct {
			out = append(out, keysOf(name+".", v.Field(i))...)
			continue
		}
		out = append(out, Key{Name: name, Env: EnvPrefix + strings.ToUpper(strings.ReplaceAll(name, ".", "_")), Doc: f.Tag.Get("doc"),
			Default: fmt.Sprint(v.Field(i).Interface()), Secret: f.Tag.Get("secret") == "true", Open: f.Type.Kind() == reflect.Map, Number: isNumber(f.Type)})
	}
	return out
}

// envOutside lists variables with the prefix that are not settings.
var envOutside = [...]string{"LINESMAN_ENGINE_CHILD", "LINESMAN_ENGINE_LIBRARY", "LINESMAN_CACHE", "LINESMAN_FULL", "LINESMAN_REQUIRE_BROWSER", "LINESMAN_TEST_MAIN", "LINESMAN_OUTAGE", "LINESMAN_FILES", "LINESMAN_KAFKA", "LINESMAN_KAFKA_LOGS", "LINESMAN_REQUIRE_KAFKA"}

// Load reads the file (if a path is given) and the environment over the defaults. A key that
// does not exist is an error that names the nearest one that does.
func Load(path string, environ []string) (Config, error) {
	cfg := Default()
	k := koanf.New(".")
	if err := k.Load(structs.Provider(cfg, "koanf"), nil); err != nil {
		return cfg, fmt.Errorf("configuration defaults: %w", err)
	}
	keys := Keys()
	if path != "" {
		fk := koanf.New(".")
		if err := fk.Load(file.Provider(path), &textParser{}); err != nil {
			return cfg, fmt.Errorf("configuration file %s: %w", path, err)
		}
		if err := check(path, fk.Raw(), keys); err != nil {
			return cfg, err
		}
		if err := k.Merge(fk); err != nil {
			return cfg, fmt.Errorf("configuration file %s: %w", path, err)
		}
	}
	byEnv := map[string]Key{}
	for _, key := range keys {
		byEnv[key.Env] = key
	}
	var wrong []error
	err := k.Load(env.Provider(".", env.Opt{Prefix: EnvPrefix, EnvironFunc: func() []string { return environ }, TransformFunc: func(name, value string) (string, any) {
		key, ok := byEnv[name]
		if !ok && !outside(name) {
			wrong = append(wrong, unknown("environment", name, envNames(keys)))
		}
		if d, ok := decimal(value); ok && key.Number {
			value = d
		}
		return key.Name, value
	}}), nil)
	if err := errors.Join(append(wrong, err)...); err != nil {
		return cfg, err
	}
	if err := k.Unmarshal("", &cfg); err != nil {
		return cfg, fmt.Errorf("configuration: %w", err)
	}
	if err := cfg.Validate(); err != nil {
		return cfg, fmt.Errorf("configuration: %w", err)
	}
	return cfg, nil
}

func outside(name string) bool {
	for _, o := range envOutside {
		if name == o || strings.HasPrefix(name, "LINESMAN_ENGINE_") {
			return true
		}
	}
	return false
}

func envNames(keys []Key) []string {
	out := make([]string, len(keys))
	for i, k := range keys {
		out[i] = k.Env
	}
	return out
}

func check(path string, have map[string]any, keys []Key) error {
	names := make([]string, len(keys))
	known := map[string]Key{}
	for i, k := range keys {
		names[i], known[k.Name] = k.Name, k
	}
	found := map[string]bool{}
	unfit("", have, known, found)
	var errs []error
	for _, h := range slices.Sorted(maps.Keys(found)) {
		err := unknown("configuration file "+path, h, names)
		if found[h] {
			err = fmt.Errorf("configuration file %s: %q in one word is no key; write a section: %s: …%s", path, h, strings.ReplaceAll(h, ".", ": {"), strings.Repeat("}", strings.Count(h, ".")))
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// unfit collects the keys in and below a section that are no settings, and whether that is because they
// have a dot. Names below an open setting are free, also to have dots.
func unfit(section string, have map[string]any, known map[string]Key, found map[string]bool) {
	for key, value := range have {
		name := section + key
		k, ok := known[name]
		below, nested := value.(map[string]any)
		switch {
		case known != nil && strings.Contains(key, "."):
			found[name] = true
		case ok && k.Open:
			for free, v := range below {
				if deep, nested := v.(map[string]any); nested {
					unfit(name+"."+free+".", deep, nil, found)
				}
			}
		case nested && len(below) > 0:
			unfit(name+".", below, known, found)
		case !ok:
			found[name] = false
		}
	}
}

func unknown(where, key string, names []string) error {
	best, dist := "", 1<<30
	for _, n := range names {
		if d := levenshtein.ComputeDistance(key, n); d < dist {
			best, dist = n, d
		}
	}
	return fmt.Errorf("%s: there is no key %q; did you mean %q?", where, key, best)
}

func split(list string) []string {
	var out []string
	for _, s := range strings.Split(list, ",") {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// Reference returns the page docs/configuration.md.
func Reference() string {
	var b strings.Builder
	b.WriteString("# Configuration\n\nOne YAML file, given with `--config`; every key also as environment variable, which wins over the file. Flags win over both.\n" +
		"A key that does not exist is an error that names the nearest right one. Numbers are decimal, also with leading zeros: 010 is ten. This page is generated from the declarations: `make docs`.\n\n" +
		"| key | environment variable | default | meaning |\n|---|---|---|---|\n")
	for _, k := range Keys() {
		def := "`" + k.Default + "`"
		if k.Default == "" {
			def = ""
		}
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s |\n", k.Name, k.Env, def, k.Doc)
	}
	b.WriteString("\n## Example\n\n```yaml\norganisation: Region Norrvik\ndata: /var/lib/linesman\nconsole:\n  listen: 127.0.0.1:8080\nbroker:\n  mode: cluster\n  brokers: kafka1:9093,kafka2:9093\n  tls: true\n" +
		"  sasl_mechanism: scram-sha-512\n  sasl_user: linesman\ningest:\n  settle: 500ms\n```\n\nThe password of that broker is better kept in `LINESMAN_BROKER_SASL_PASSWORD`.\n")
	return b.String()
}

// Environ returns the environment of the process, for Load.
func Environ() []string { return os.Environ() }
