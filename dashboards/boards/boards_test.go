package boards

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/cog/variants"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"

	"linesman/dashboards/messages"
	"linesman/dashboards/query"
)

var update = flag.Bool("update", false, "write the JSON that the code makes")

func catalogue(t testing.TB) *messages.Catalogue {
	t.Helper()
	c, err := messages.Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCommittedJSON(t *testing.T) {
	c := catalogue(t)
	for _, lang := range messages.Languages() {
		for _, uid := range All() {
			got, err := Render(uid, c.In(lang))
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("json", lang, uid+".json")
			if *update {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
				continue
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s is not what the code makes; run go test ./dashboards/boards -update", file)
			}
		}
	}
}

func strictQuery(raw []byte) (variants.Dataquery, error) {
	var t Target
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	err := dec.Decode(&t)
	return t, err
}

func strictly(raw []byte) error {
	var d dashboard.Dashboard
	err := d.UnmarshalJSONStrict(raw)
	// The parser returns an empty list of errors, which is not a nil error, when all is well.
	if list := (cog.BuildErrors{}); errors.As(err, &list) && len(list) == 0 {
		return nil
	}
	return err
}

func TestStrictParse(t *testing.T) {
	plugins.RegisterDefaultPlugins()
	runtime := cog.NewRuntime()
	runtime.RegisterDataqueryVariant(variants.DataqueryConfig{Identifier: DatasourceType, DataqueryUnmarshaler: strictQuery, StrictDataqueryUnmarshaler: strictQuery})
	for _, lang := range messages.Languages() {
		for _, uid := range All() {
			raw, err := JSON(uid, lang)
			if err != nil {
				t.Fatal(err)
			}
			if err := strictly(raw); err != nil {
				t.Errorf("%s in %s: %v", uid, lang, err)
			}
			for _, misspelt := range []string{`"showLegend"`, `"metric"`, `"gridPos"`} {
				if bytes.Contains(raw, []byte(misspelt)) && strictly(bytes.Replace(raw, []byte(misspelt), []byte(`"misspelt"`), 1)) == nil {
					t.Errorf("%s in %s: a misspelt %s went unnoticed", uid, lang, misspelt)
				}
			}
		}
	}
}

// TestNothingLeftZero looks for the values that hide something on screen when nobody set them.
func TestNothingLeftZero(t *testing.T) {
	for _, uid := range All() {
		raw, err := JSON(uid, messages.Swedish)
		if err != nil {
			t.Fatal(err)
		}
		var d struct {
			Panels []struct {
				ID          int `json:"id"`
				Type        string
				Title       string
				Description string
				GridPos     struct{ X, Y, W, H int }
				Options     map[string]json.RawMessage
				FieldConfig struct{ Defaults struct{ NoValue string } }
			}
		}
		if err := json.Unmarshal(raw, &d); err != nil {
			t.Fatal(err)
		}
		var ids []int
		taken := map[[2]int]string{}
		for _, p := range d.Panels {
			if slices.Contains(ids, p.ID) || p.ID == 0 {
				t.Errorf("%s: %q has the id %d of another", uid, p.Title, p.ID)
			}
			ids = append(ids, p.ID)
			for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
				for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
					if other := taken[[2]int{x, y}]; other != "" {
						t.Errorf("%s: %q lies on %q", uid, p.Title, other)
					}
					taken[[2]int{x, y}] = p.Title
				}
			}
			if p.Type == "row" {
				continue
			}
			if p.FieldConfig.Defaults.NoValue == "" || p.Description == "" || strings.HasSuffix(p.Description, ".help") {
				t.Errorf("%s: %q has no words for the empty panel, or no description", uid, p.Title)
			}
			for _, option := range map[string][]string{"timeseries": {"legend", "tooltip"}, "barchart": {"legend", "tooltip", "orientation", "xTickLabelMaxLength", "xField"}, "stat": {"orientation", "reduceOptions"}, "table": {"showHeader"}}[p.Type] {
				if v := string(p.Options[option]); v == "" || v == `""` || strings.Contains(v, `"mode":""`) {
					t.Errorf("%s: %q leaves %s unset (%s)", uid, p.Title, option, v)
				}
			}
		}
	}
}

// TestEveryTextIsTranslated finds keys that stand where words should.
func TestEveryTextIsTranslated(t *testing.T) {
	key := regexp.MustCompile(`"(cost|centre|goals|violations|overview|invoices|subs|roaming|forwarding|watches|evidence|quality|ops|link|group|empty|board|var|field|metric)\.[a-z_0-9.-]+"`)
	for _, lang := range messages.Languages() {
		for _, uid := range All() {
			raw, err := JSON(uid, lang)
			if err != nil {
				t.Fatal(err)
			}
			if found := key.FindAll(raw, -1); found != nil {
				t.Errorf("%s in %s shows keys: %s", uid, lang, found)
			}
		}
	}
}

func TestOpen(t *testing.T) {
	raw, err := Open("cost-follow-up", "sv", Opening{From: "2026-01-01T00:00:00+01:00", To: "2026-04-01T00:00:00+02:00", Month: "2026-03", MonthText: "mars 2026", Zone: "Europe/Stockholm"})
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Time       struct{ From, To string }
		Templating struct {
			List []struct {
				Name    string
				Current struct{ Value any }
			}
		}
	}
	if err := json.Unmarshal(raw, &d); err != nil {
		t.Fatal(err)
	}
	if d.Time.From != "2026-01-01T00:00:00+01:00" || d.Templating.List[0].Name != "month" || d.Templating.List[0].Current.Value != "2026-03" {
		t.Errorf("%+v", d)
	}
	for _, uid := range []string{"nothing", "../en/violations", ""} {
		if _, err := JSON(uid, "sv"); err == nil {
			t.Errorf("dashboard %q was found", uid)
		}
	}
}

// TestListOfViolationsFits adds up the widths of the columns: what lies outside the panel at
// 1366 px is not found, and the link to the evidence did once.
func TestListOfViolationsFits(t *testing.T) {
	const inside, last = 1290, 80 // a page of 1366 px less margins and two scroll bars; the state
	for _, lang := range messages.Languages() {
		raw, err := JSON("violations", lang)
		if err != nil {
			t.Fatal(err)
		}
		var d struct {
			Panels []struct {
				Type        string
				FieldConfig struct {
					Overrides []struct {
						Properties []struct {
							ID    string `json:"id"`
							Value any
						}
					}
				}
			}
		}
		if err := json.Unmarshal(raw, &d); err != nil {
			t.Fatal(err)
		}
		sum, columns := 0.0, 0
		for _, p := range d.Panels {
			for _, o := range p.FieldConfig.Overrides {
				for _, property := range o.Properties {
					if width, ok := property.Value.(float64); ok && p.Type == "table" && property.ID == "custom.width" {
						sum, columns = sum+width, columns+1
					}
				}
			}
		}
		if columns != 9 || sum+last > inside {
			t.Errorf("%s: %d columns of %v px and the last do not fit %d px", lang, columns, sum, inside)
		}
	}
}

// TestFiguresFollowTheState finds figures of violations that the picker of the state passes by:
// they would contradict the list below them.
func TestFiguresFollowTheState(t *testing.T) {
	d, err := Build("violations", catalogue(t).In(messages.Swedish))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, p := range d.Panels {
		if p.Panel == nil {
			continue
		}
		for _, target := range p.Panel.Targets {
			n++
			if q, ok := target.(Target); !ok || !slices.ContainsFunc(q.Filters, func(f query.Filter) bool { return f.Field == "state" }) {
				t.Errorf("%q does not follow the state: %+v", *p.Panel.Title, target)
			}
		}
	}
	if n < 8 {
		t.Errorf("only %d queries were looked at", n)
	}
}
