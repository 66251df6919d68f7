package schema_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "linesman"

// layers says what the code of a folder may import of the module, in test code too unless
// said otherwise below. Everything points down; ingest and processors meet only in the log.
var layers = map[string][]string{
	"schema":          {"schema"},
	"ingest":          {"schema", "internal", "ingest"},
	"processors":      {"schema", "internal", "processors"},
	"dashboards":      {"schema", "internal", "dashboards"},
	"internal":        {"schema", "internal"},
	"internal/bridge": {"schema", "internal", "processors", "dashboards", "internal/bridge"},                            // hands what processors find out to the dashboards
	"internal/node":   {"schema", "internal", "ingest", "processors", "dashboards", "internal/node", "internal/bridge"}, // the wiring
	"internal/bench":  {"schema", "internal", "ingest", "processors", "internal/node", "internal/bench"},                // drives the whole, to measure it
	"cmd":             {"schema", "internal", "ingest", "processors", "dashboards", "internal/node", "internal/bench", "cmd"},
	"scripts":         {"schema", "internal", "scripts"},
}

// layer names the layer of a package path without the module.
func layer(pkg string) string {
	for name := pkg; name != "."; name = path.Dir(name) {
		if layers[name] != nil {
			return name
		}
	}
	top, _, _ := strings.Cut(pkg, "/")
	return top
}

// helps tells whether a package exists for tests only, as enginetest does.
func helps(pkg string) bool {
	return strings.HasSuffix(path.Base(pkg), "test") && pkg != "processors/backtest"
}

// forbidden says why a package may not import another, or nothing. Tests may reach further,
// to build what they test from the real parts, but never into cmd; schema's tests may not.
func forbidden(from, to string, test bool) string {
	if strings.HasPrefix(to, "github.com/apache/arrow") && from != "schema/columnar" && !test {
		return "Arrow is for schema/columnar"
	}
	to, ours := strings.CutPrefix(to, module+"/")
	test = test || helps(from)
	switch {
	case !ours:
		return ""
	case helps(to) && !test:
		return "it is for tests"
	case layers[layer(from)] == nil:
		return "the folder has no layer: name it in this test and in the design"
	case slices.Contains(layers[layer(from)], layer(to)):
		return ""
	case test && layer(from) != "schema" && layer(to) != "cmd":
		return ""
	}
	return layer(from) + " may not know " + layer(to)
}

func TestImportsPointDown(t *testing.T) {
	root := ".."
	files, arrow := 0, false
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if base := d.Name(); d.IsDir() && name != root && (base == "node_modules" || base == "testdata" || base == "vendor" || base[0] == '.' || base[0] == '_') {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		files++
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		from := path.Dir(filepath.ToSlash(rel))
		for _, imp := range f.Imports {
			to, err := strconv.Unquote(imp.Path.Value)
			if err != nil {
				return err
			}
			arrow = arrow || strings.HasPrefix(to, "github.com/apache/arrow") && from == "schema/columnar"
			if why := forbidden(from, to, strings.HasSuffix(name, "_test.go")); why != "" {
				t.Errorf("%s imports %s: %s", rel, to, why)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 50 || !arrow {
		t.Errorf("only %d files were seen, Arrow in its place: %v; the walk looks in the wrong folder", files, arrow)
	}
}

func TestForbiddenImports(t *testing.T) {
	for _, c := range []struct {
		from, to string
		test, ok bool
	}{
		{"schema", "linesman/ingest", false, false},
		{"schema", "linesman/internal/broker", true, false},
		{"schema/columnar", "linesman/schema", false, true},
		{"schema", "linesman/schema/schematest", true, true},
		{"schema", "linesman/schema/schematest", false, false},
		{"ingest/cucm", "linesman/processors/rate", false, false},
		{"processors/rate", "linesman/ingest", false, false},
		{"ingest/cucm", "linesman/internal/pseudonym", false, true},
		{"dashboards/boards", "linesman/processors/store", false, false},
		{"dashboards/query", "linesman/processors/store", true, true},
		{"dashboards/query/querytest", "linesman/processors/store", false, true},
		{"dashboards/query", "linesman/dashboards/query/querytest", false, false},
		{"dashboards/boards", "linesman/schema", false, true},
		{"internal/broker", "linesman/dashboards/query", false, false},
		{"internal/broker", "linesman/processors/store", false, false},
		{"internal/broker", "linesman/internal/node", false, false},
		{"internal/node", "linesman/processors/store", false, true},
		{"internal/node", "linesman/cmd/linesman", true, false},
		{"processors/store", "linesman/internal/node", false, false},
		{"cmd/linesman", "linesman/internal/node", false, true},
		{"elsewhere", "linesman/schema", false, false},
		{"internal/engine", "github.com/apache/arrow/go/v17/arrow", true, true},
		{"internal/engine", "github.com/apache/arrow/go/v17/arrow", false, false},
		{"schema/columnar", "github.com/apache/arrow/go/v17/arrow/ipc", false, true},
		{"dashboards/plugin", "github.com/apache/arrow-go/v18/arrow", false, false},
	} {
		if why := forbidden(c.from, c.to, c.test); (why == "") != c.ok {
			t.Errorf("%s imports %s (test: %v): %q", c.from, c.to, c.test, why)
		}
	}
}
