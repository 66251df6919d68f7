package boards

import (
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"linesman/dashboards/messages"
	"linesman/dashboards/query"
)

// walk visits every object of a JSON document.
func walk(node any, visit func(object map[string]any)) {
	switch n := node.(type) {
	case map[string]any:
		visit(n)
		for _, v := range n {
			walk(v, visit)
		}
	case []any:
		for _, v := range n {
			walk(v, visit)
		}
	}
}

func document(t *testing.T, uid, lang string) map[string]any {
	t.Helper()
	raw, err := JSON(uid, lang)
	if err != nil {
		t.Fatal(err)
	}
	var d map[string]any
	if err := json.Unmarshal(raw, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// variables are the pickers of a dashboard, with the list of options that each has.
func variables(t *testing.T, uid string) map[string]string {
	t.Helper()
	out := map[string]string{}
	templating, _ := document(t, uid, messages.Swedish)["templating"].(map[string]any)
	list, _ := templating["list"].([]any)
	for _, v := range list {
		variable, _ := v.(map[string]any)
		name, _ := variable["name"].(string)
		out[name], _ = variable["query"].(string)
	}
	return out
}

// TestLinksLeadSomewhere follows every link of every dashboard to a dashboard that there is, and
// every parameter to a picker that it has.
func TestLinksLeadSomewhere(t *testing.T) {
	linked := map[string]bool{}
	for _, lang := range messages.Languages() {
		for _, uid := range All() {
			walk(document(t, uid, lang), func(object map[string]any) {
				text, ok := object["url"].(string)
				if !ok {
					return
				}
				u, err := url.Parse(strings.NewReplacer(keep, "", "${__url_time_range}", "", "${__value.raw}", "x").Replace(text))
				if err != nil {
					t.Fatal(err)
				}
				target, ok := strings.CutPrefix(u.Path, "/d/")
				if !ok || !slices.Contains(All(), target) || target == uid {
					t.Errorf("%s leads to %q", uid, text)
					return
				}
				linked[target] = true
				if !strings.Contains(text, keep) {
					takesMonth(t, uid, target, u.Query())
				}
				if title, _ := object["title"].(string); title == "" || strings.Contains(title, "board.") {
					t.Errorf("%s: the link to %s has the title %q", uid, target, title)
				}
				for name := range u.Query() {
					if _, ok := variables(t, target)[strings.TrimPrefix(name, "var-")]; !ok && name != "" {
						t.Errorf("%s leads to %q, and %s has no picker for %s", uid, text, target, name)
					}
				}
			})
		}
	}
	for _, uid := range All() {
		if !linked[uid] && uid != "overview" && uid != PipelineOperations {
			t.Errorf("nothing leads to %s", uid)
		}
	}
}

// takesMonth checks a link that says itself what goes along: a figure of a month must lead to the
// same month.
func takesMonth(t *testing.T, uid, target string, params url.Values) {
	t.Helper()
	_, here := variables(t, uid)["month"]
	_, there := variables(t, target)["month"]
	if want := map[bool]string{true: "${month}"}[here && there]; params.Get("var-month") != want {
		t.Errorf("%s leads to %s with the month %q, want %q", uid, target, params.Get("var-month"), want)
	}
}

// TestQueriesUseTheirPickers finds variables in queries that the dashboard has no picker for, and
// pickers whose options nobody knows.
func TestQueriesUseTheirPickers(t *testing.T) {
	place := regexp.MustCompile(`\$\{?([a-z_]+)`)
	for _, uid := range All() {
		pickers := variables(t, uid)
		for name, options := range pickers {
			if name != "prometheus" && !slices.Contains(query.OptionLists(), options) {
				t.Errorf("%s: the picker %s has the options %q", uid, name, options)
			}
		}
		walk(document(t, uid, messages.Swedish), func(object map[string]any) {
			for _, key := range []string{"values", "uid"} {
				raw, _ := json.Marshal(object[key])
				for _, found := range place.FindAllStringSubmatch(string(raw), -1) {
					if _, ok := pickers[found[1]]; !ok {
						t.Errorf("%s: nobody can pick %s", uid, found[1])
					}
				}
			}
		})
	}
}

// TestColours keeps green off: beside red and orange many cannot tell it.
func TestColours(t *testing.T) {
	for _, uid := range All() {
		raw, err := JSON(uid, messages.English)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(raw), `"green"`) {
			t.Errorf("%s has something green", uid)
		}
	}
}

func TestGroupsHoldEveryDashboardOnce(t *testing.T) {
	all := UIDs()
	slices.Sort(all)
	if len(slices.Compact(slices.Clone(all))) != len(all) || len(all) != 12 {
		t.Errorf("the console shows %v", all)
	}
	for _, uid := range all {
		if GroupOf(uid) == "" {
			t.Errorf("%s is in no group", uid)
		}
	}
	if GroupOf(PipelineOperations) != "" || !slices.Contains(All(), PipelineOperations) {
		t.Error("the dashboard about Prometheus is for Grafana only")
	}
}
