package plugin

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"
	"go.yaml.in/yaml/v3"

	"linesman/dashboards/boards"
	"linesman/dashboards/messages"
	linesmanquery "linesman/dashboards/query"
	"linesman/dashboards/query/querytest"
)

// The shapes of Grafana's files for provisioning, as far as ours use them
// (grafana.com/docs, Provision Grafana; Provision alerting resources by files).
type (
	sources struct {
		APIVersion  int `yaml:"apiVersion"`
		Prune       bool
		Datasources []struct {
			Name, UID, Type, Access string
			OrgID                   int  `yaml:"orgId"`
			IsDefault               bool `yaml:"isDefault"`
			Editable                bool
			Version                 int
			JSONData                Settings          `yaml:"jsonData"`
			SecureJSONData          map[string]string `yaml:"secureJsonData"`
		}
	}
	providers struct {
		APIVersion int `yaml:"apiVersion"`
		Providers  []struct {
			Name, Folder, Type    string
			OrgID                 int    `yaml:"orgId"`
			FolderUID             string `yaml:"folderUid"`
			DisableDeletion       bool   `yaml:"disableDeletion"`
			AllowUIUpdates        bool   `yaml:"allowUiUpdates"`
			UpdateIntervalSeconds int    `yaml:"updateIntervalSeconds"`
			Options               struct {
				Path                      string
				FoldersFromFilesStructure bool `yaml:"foldersFromFilesStructure"`
			}
		}
	}
	contacts struct {
		APIVersion    int `yaml:"apiVersion"`
		ContactPoints []struct {
			OrgID     int `yaml:"orgId"`
			Name      string
			Receivers []struct {
				UID, Type string
				Settings  struct {
					Addresses   string
					SingleEmail bool `yaml:"singleEmail"`
				}
				DisableResolveMessage bool `yaml:"disableResolveMessage"`
			}
		} `yaml:"contactPoints"`
	}
	route struct {
		OrgID          int `yaml:"orgId"`
		Receiver       string
		Matchers       [][3]string `yaml:"object_matchers"`
		GroupBy        []string    `yaml:"group_by"`
		GroupWait      string      `yaml:"group_wait"`
		GroupInterval  string      `yaml:"group_interval"`
		RepeatInterval string      `yaml:"repeat_interval"`
		Routes         []route
	}
	policies struct {
		APIVersion int `yaml:"apiVersion"`
		Policies   []route
	}
	rules struct {
		APIVersion int `yaml:"apiVersion"`
		Groups     []struct {
			OrgID                  int `yaml:"orgId"`
			Name, Folder, Interval string
			Rules                  []struct {
				UID, Title, Condition string
				Data                  []struct {
					RefID             string                   `yaml:"refId"`
					RelativeTimeRange struct{ From, To int64 } `yaml:"relativeTimeRange"`
					DatasourceUID     string                   `yaml:"datasourceUid"`
					Model             map[string]any
				}
				NoDataState         string `yaml:"noDataState"`
				ExecErrState        string `yaml:"execErrState"`
				For                 string
				Labels, Annotations map[string]string
				IsPaused            bool `yaml:"isPaused"`
			}
		}
	}
)

// strict reads a file and refuses fields that nobody knows.
func strict(t *testing.T, name string, into any) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("../../deploy/grafana/provisioning", name))
	if err != nil {
		t.Fatal(err)
	}
	d := yaml.NewDecoder(bytes.NewReader(raw))
	d.KnownFields(true)
	if err := d.Decode(into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func TestProvisioning(t *testing.T) {
	var s sources
	strict(t, "datasources/linesman.yaml", &s)
	if d := s.Datasources[0]; len(s.Datasources) != 1 || s.APIVersion != 1 || d.UID != boards.DatasourceUID || d.Type != ID || d.Editable || d.SecureJSONData[keyName] == "" || !strings.HasPrefix(d.JSONData.URL, "${") || !strings.HasPrefix(d.SecureJSONData[keyName], "${") {
		t.Errorf("data source %+v", s)
	}
	var p providers
	strict(t, "dashboards/linesman.yaml", &p)
	if d := p.Providers[0]; len(p.Providers) != 1 || d.AllowUIUpdates || d.Options.Path == "" || d.Folder != "Linesman" || d.FolderUID != "linesman" {
		t.Errorf("dashboards %+v", p)
	}
	var c contacts
	strict(t, "alerting/contact-points.yaml", &c)
	var r policies
	strict(t, "alerting/policies.yaml", &r)
	var walk func(list []route)
	walk = func(list []route) {
		for _, one := range list {
			if one.Receiver != c.ContactPoints[0].Name {
				t.Errorf("a policy leads to %q", one.Receiver)
			}
			walk(one.Routes)
		}
	}
	walk(r.Policies)
	if source := r.Policies[0].Routes[0].Matchers; !slices.Equal(source, [][3]string{{"source", "=", "linesman"}}) {
		t.Errorf("the policy is for %v", source)
	}
	text, err := os.ReadFile("../../deploy/grafana/grafana.ini")
	if err != nil {
		t.Fatal(err)
	}
	said, section := map[[2]string]string{}, ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "["); ok {
			section = strings.TrimSuffix(name, "]")
		} else if key, value, ok := strings.Cut(line, " = "); ok && !strings.HasPrefix(line, "#") {
			said[[2]string{section, key}] = value
		}
	}
	for _, want := range [][3]string{{"public_dashboards", "enabled", "false"}, {"snapshots", "enabled", "false"}, {"snapshots", "external_enabled", "false"}, {"auth.anonymous", "enabled", "false"},
		{"feature_toggles", "enable", "idForwarding"}, {"plugins", "allow_loading_unsigned_plugins", ID}} {
		if got := said[[2]string{want[0], want[1]}]; got != want[2] {
			t.Errorf("grafana.ini: [%s] %s = %q, want %q", want[0], want[1], got, want[2])
		}
	}
}

// TestAlertRules asks every query of the rules: an alert whose query is wrong says nothing for years.
func TestAlertRules(t *testing.T) {
	var all rules
	strict(t, "alerting/rules.yaml", &all)
	raw, err := os.ReadFile("../../deploy/grafana/provisioning/alerting/rules.yaml")
	if err != nil || bytes.Contains(raw, []byte("$")) {
		t.Errorf("the rules hold a dollar sign, which Grafana reads as a variable: %v", err)
	}
	words, err := messages.Load()
	if err != nil {
		t.Fatal(err)
	}
	runner, err := linesmanquery.New(linesmanquery.Config{Zone: querytest.Zone(), Messages: words}, querytest.Open(t))
	if err != nil {
		t.Fatal(err)
	}
	alerts := linesmanquery.Scope{All: true, Figures: true} // what a grant of finance gives; never rows of persons
	asked := map[string]bool{}
	fires := map[string]int{}
	for _, rule := range all.Groups[0].Rules {
		if all.Groups[0].Folder != "Linesman" || rule.Labels["source"] != "linesman" || !slices.Contains([]string{"warning", "critical"}, rule.Labels["severity"]) || !slices.Contains(boards.All(), rule.Annotations["__dashboardUid__"]) {
			t.Errorf("%s: labels %v, annotations %v", rule.UID, rule.Labels, rule.Annotations)
		}
		if !strings.HasPrefix(rule.UID, "linesman-") || len(rule.UID) > 40 || asked[rule.UID] || rule.IsPaused || rule.ExecErrState != "Error" {
			t.Errorf("rule %+v", rule)
		}
		asked[rule.UID] = true
		for _, state := range []string{rule.For, all.Groups[0].Interval} {
			if _, err := time.ParseDuration(state); err != nil {
				t.Errorf("%s: %v", rule.UID, err)
			}
		}
		var frame *data.Frame
		limit := 0
		for _, d := range rule.Data {
			if d.DatasourceUID == "__expr__" {
				if d.RefID != rule.Condition || d.Model["type"] != "threshold" || d.Model["expression"] != "A" {
					t.Errorf("%s: condition %+v", rule.UID, d)
				}
				limit = d.Model["conditions"].([]any)[0].(map[string]any)["evaluator"].(map[string]any)["params"].([]any)[0].(int)
				continue
			}
			if d.DatasourceUID != boards.DatasourceUID || d.RefID != "A" || d.RelativeTimeRange.From <= d.RelativeTimeRange.To {
				t.Errorf("%s: %+v", rule.UID, d)
			}
			model, err := json.Marshal(d.Model)
			if err != nil {
				t.Fatal(err)
			}
			known := json.NewDecoder(bytes.NewReader(model))
			known.DisallowUnknownFields()
			var fields linesmanquery.Query
			if err := known.Decode(&fields); err != nil {
				t.Errorf("%s: %v", rule.UID, err)
			}
			q, err := linesmanquery.Parse(model)
			if err != nil || q.RefID != d.RefID || !slices.Contains(linesmanquery.Metrics(), q.Metric) {
				t.Fatalf("%s: %v, %+v", rule.UID, err, q)
			}
			end := time.Date(2026, 3, 31, 22, 0, 0, 0, time.UTC)
			span := linesmanquery.TimeRange{From: end.Add(-time.Duration(d.RelativeTimeRange.From) * time.Second), To: end.Add(-time.Duration(d.RelativeTimeRange.To) * time.Second)}
			if frame, err = runner.Run(t.Context(), q, alerts, span); err != nil {
				t.Fatalf("%s: %v", rule.UID, err)
			}
		}
		// Grafana's expressions take a table with one column of numbers; its texts are the labels.
		numbers := 0
		for _, f := range frame.Fields {
			if f.Type().Numeric() {
				numbers++
				for i := range f.Len() {
					if v, ok := f.ConcreteAt(i); ok && v.(float64) > float64(limit) {
						fires[rule.UID]++
					}
				}
			} else if f.Type() != data.FieldTypeString {
				t.Errorf("%s: column %s is a %s", rule.UID, f.Name, f.Type())
			}
		}
		if numbers != 1 {
			t.Errorf("%s: %d columns of numbers", rule.UID, numbers)
		}
	}
	t.Log(fires)
	// What the seeded March makes of them: one severe violation, old files, and the cost centre whose budget was cut.
	if fires["linesman-severe-violations"] != 1 || fires["linesman-stale-data"] != 1 || fires["linesman-budget-80"] == 0 || fires["linesman-budget-100"] == 0 || fires["linesman-budget-80"] < fires["linesman-budget-100"] {
		t.Errorf("rules that fire: %v", fires)
	}
}
