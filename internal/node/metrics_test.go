package node

import (
	"bytes"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"
)

// scrapeMetrics reads /metrics as Prometheus does.
func scrapeMetrics(t *testing.T, url string) map[string]*dto.MetricFamily {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		t.Fatalf("/metrics answers %s", res.Status)
	}
	p := expfmt.NewTextParser(model.UTF8Validation)
	got, err := p.TextToMetricFamilies(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func value(m map[string]*dto.MetricFamily, name string) float64 {
	f := m[name]
	if f == nil || len(f.Metric) != 1 {
		return -1
	}
	return f.Metric[0].GetGauge().GetValue() + f.Metric[0].GetCounter().GetValue()
}

// checkMetrics compares what is served with what is declared, both ways.
func checkMetrics(t *testing.T, url string) {
	got := scrapeMetrics(t, url)
	declared := metricByName()
	for name, m := range declared {
		f := got[name]
		if f == nil {
			t.Errorf("%s is documented and not served", name)
			continue
		}
		if kind := strings.ToLower(f.GetType().String()); kind != m.Kind {
			t.Errorf("%s is a %s, documented as %s", name, kind, m.Kind)
		}
		if f.GetHelp() != m.Help {
			t.Errorf("%s: help %q", name, f.GetHelp())
		}
		for _, s := range f.Metric {
			var labels []string
			for _, l := range s.Label {
				labels = append(labels, l.GetName())
				if strings.ContainsAny(l.GetValue(), "+@") || regexp.MustCompile(`[0-9]{5}`).MatchString(l.GetValue()) {
					t.Errorf("%s: label %s=%q looks like somebody's number", name, l.GetName(), l.GetValue())
				}
			}
			want := slices.Clone(m.Labels)
			slices.Sort(want)
			if slices.Sort(labels); !slices.Equal(labels, want) {
				t.Errorf("%s has labels %v, documented %v", name, labels, want)
			}
		}
	}
	for name := range got {
		if _, ok := declared[name]; !ok {
			t.Errorf("%s is served and not documented", name)
		}
	}
	sum := func(name string) (n float64) {
		for _, m := range got[name].GetMetric() {
			n += m.GetGauge().GetValue() + m.GetCounter().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
		return n
	}
	for name, least := range map[string]float64{"linesman_files_total": 100, "linesman_read_records_total": 20_000, "linesman_rejected_records_total": 5, "linesman_usage_rows": 20_000,
		"linesman_log_bytes": 1 << 20, "linesman_log_offset": 20_000, "linesman_range_records_total": 20_000, "linesman_insert_seconds": 10, "linesman_violations": 5,
		"linesman_violation_events_total": 5, "linesman_store_up": 1, "linesman_store_memory_bytes": 50 << 20, "linesman_disk_free_bytes": 1 << 20,
		"linesman_settle_last_success_timestamp_seconds": 1.7e9, "linesman_newest_event_timestamp_seconds": 1.7e9} {
		if have := sum(name); have < least {
			t.Errorf("%s sums to %v, want at least %v", name, have, least)
		}
	}
	for _, name := range []string{"linesman_lag_records", "linesman_insert_errors_total", "linesman_range_failures_total", "linesman_evaluated_lag_records", "linesman_inbox_files"} {
		if have := sum(name); have != 0 {
			t.Errorf("%s sums to %v after everything was collected", name, have)
		}
	}
	if sum("linesman_log_offset") != sum("linesman_stored_offset") {
		t.Error("logged and stored offsets differ although nothing lags")
	}
}

// Prometheus' conventions: the program's prefix, base units, _total for counters only.
func TestNamesOfMetrics(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range Metrics() {
		switch {
		case seen[m.Name]:
			t.Errorf("%s is declared twice", m.Name)
		case !regexp.MustCompile(`^linesman_[a-z_]+[a-z]$`).MatchString(m.Name):
			t.Errorf("%s: lower case and the prefix linesman_", m.Name)
		case strings.HasSuffix(m.Name, "_total") != (m.Kind == counter):
			t.Errorf("%s is a %s", m.Name, m.Kind)
		case m.Help == "" || !strings.HasSuffix(m.Help, "."):
			t.Errorf("%s: help %q", m.Name, m.Help)
		}
		seen[m.Name] = true
		for _, wrong := range []string{"millis", "_ms", "minutes", "_mb", "kilo"} {
			if strings.Contains(m.Name, wrong) {
				t.Errorf("%s is not in base units", m.Name)
			}
		}
	}
}

// alertFile is all that a file of rules may hold here.
type alertFile struct {
	Groups []struct {
		Name  string `yaml:"name"`
		Rules []struct {
			Alert       string            `yaml:"alert"`
			Expr        string            `yaml:"expr"`
			For         string            `yaml:"for"`
			Labels      map[string]string `yaml:"labels"`
			Annotations map[string]string `yaml:"annotations"`
		} `yaml:"rules"`
	} `yaml:"groups"`
}

func TestAlertsAskForMetricsThatExist(t *testing.T) {
	text, err := os.ReadFile("../../deploy/prometheus/alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file alertFile
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(&file); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../../docs/operate.md")
	if err != nil {
		t.Fatal(err)
	}
	declared := metricByName()
	rules := 0
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			rules++
			if r.Alert == "" || r.Labels["severity"] == "" || r.Annotations["summary"] == "" || r.Annotations["description"] == "" {
				t.Errorf("rule %+v is not whole", r)
			}
			if r.For != "" {
				if _, err := model.ParseDuration(r.For); err != nil {
					t.Errorf("%s: %v", r.Alert, err)
				}
			}
			if !strings.Contains(string(page), r.Alert) {
				t.Errorf("docs/operate.md does not say what to do about %s", r.Alert)
			}
			for _, name := range regexp.MustCompile(`linesman_[a-z_]+`).FindAllString(r.Expr, -1) {
				if _, ok := declared[name]; !ok {
					t.Errorf("%s asks for %s, which does not exist", r.Alert, name)
				}
			}
		}
	}
	if rules < 10 {
		t.Errorf("%d rules", rules)
	}
}

func TestTheTableOfMetrics(t *testing.T) {
	page, err := os.ReadFile("../../docs/operate.md")
	if err != nil {
		t.Fatal(err)
	}
	made, err := WithMetrics(string(page))
	if err != nil {
		t.Fatal(err)
	}
	if made != string(page) {
		t.Error("docs/operate.md is stale: make docs")
	}
	if again, err := WithMetrics(made); err != nil || again != made {
		t.Errorf("making the table twice differs: %v", err)
	}
	if _, err := WithMetrics("no marks"); err == nil {
		t.Error("a page without marks is no error")
	}
}
