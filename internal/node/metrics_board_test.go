package node

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"linesman/dashboards/boards"
	"linesman/dashboards/messages"
)

// TestPipelineBoardAsksForMetricsThatAre holds the dashboard for Prometheus against the list that
// /metrics is made from: a name that is misspelt there shows an empty panel, and nobody is told.
func TestPipelineBoardAsksForMetricsThatAre(t *testing.T) {
	raw, err := boards.JSON(boards.PipelineOperations, messages.English)
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(raw, &d); err != nil {
		t.Fatal(err)
	}
	known := metricByName()
	name, by := regexp.MustCompile(`linesman_[a-z0-9_]+`), regexp.MustCompile(`by \(([a-z, ]+)\)`)
	asked := 0
	for _, p := range d.Panels {
		for _, target := range p.Targets {
			found := name.FindAllString(target.Expr, -1)
			if len(found) == 0 {
				t.Errorf("%q asks for nothing: %s", p.Title, target.Expr)
			}
			for _, n := range found {
				asked++
				m, ok := known[n]
				for _, suffix := range []string{"_bucket", "_sum", "_count"} {
					if base, cut := strings.CutSuffix(n, suffix); cut && !ok {
						m, ok = known[base]
						ok = ok && (m.Kind == histogram || (m.Kind == summary && suffix != "_bucket"))
					}
				}
				if !ok {
					t.Errorf("%q asks for %s, which is not there", p.Title, n)
					continue
				}
				if counts := strings.Contains(target.Expr, "rate(") || strings.Contains(target.Expr, "increase("); counts == (m.Kind == gauge) {
					t.Errorf("%q asks for %s, a %s, in %s", p.Title, n, m.Kind, target.Expr)
				}
				for _, list := range by.FindAllStringSubmatch(target.Expr, -1) {
					for _, label := range strings.Split(list[1], ",") {
						if label = strings.TrimSpace(label); label != "le" && !strings.Contains(strings.Join(m.Labels, " "), label) {
							t.Errorf("%q groups %s by %s, which it has not", p.Title, n, label)
						}
					}
				}
			}
		}
	}
	if asked < 20 {
		t.Errorf("only %d metrics are asked for", asked)
	}
}
