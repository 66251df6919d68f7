// Package boards is the dashboards as Go code. They are built into Grafana's v1 JSON, one
// file for each language, and committed: Grafana is provisioned with the same files that the
// console shows.
package boards

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/grafana/grafana-foundation-sdk/go/dashboard"

	"linesman/dashboards/messages"
)

// The data source that every dashboard reads from, provisioned under this fixed uid.
const (
	DatasourceType = "linesman-datasource"
	DatasourceUID  = "linesman"
)

//go:embed json
var files embed.FS

// ErrUnknown says that there is no dashboard with the uid.
var ErrUnknown = errors.New("no such dashboard")

// PipelineOperations is the one dashboard that reads Prometheus and not Linesman's own data source:
// it shows what /metrics tells over time, which nothing but a Prometheus keeps. The console has
// none, so it leaves this one out; how the pipeline stands now is on its page /flow.
const PipelineOperations = "pipeline-operations"

// UIDs lists the dashboards that the console shows, in that order; [All] has those that only
// Grafana shows too.
func UIDs() []string {
	var out []string
	for _, g := range Groups() {
		out = append(out, g.UIDs...)
	}
	return out
}

// All lists every dashboard, as Grafana is provisioned with them.
func All() []string { return append(UIDs(), PipelineOperations) }

// Group is dashboards that belong together: a menu of the console, a folder's section in a list.
type Group struct {
	Key  string // money, usage, …
	UIDs []string
}

// Groups lists the dashboards of the console by what they are about.
func Groups() []Group {
	return []Group{
		{"start", []string{"overview"}},
		{"money", []string{"cost-follow-up", "cost-centre", "invoice-reconciliation", "subscriptions"}},
		{"usage", []string{"roaming", "forwarding"}},
		{"goals", []string{"reduction-goals", "melior-watches"}},
		{"rules", []string{"violations", "violation-evidence"}},
		{"data", []string{"data-quality"}},
	}
}

// GroupOf is the key of the group that a dashboard belongs to.
func GroupOf(uid string) string {
	for _, g := range Groups() {
		if slices.Contains(g.UIDs, uid) {
			return g.Key
		}
	}
	return ""
}

// Build makes one dashboard from code.
func Build(uid string, texts messages.Texts) (dashboard.Dashboard, error) {
	build, ok := map[string]func(messages.Texts) (dashboard.Dashboard, error){
		"overview": overview, "cost-follow-up": costFollowUp, "cost-centre": costCentre, "invoice-reconciliation": invoices, "subscriptions": subscriptions,
		"roaming": roaming, "forwarding": forwarding, "reduction-goals": reductionGoals, "melior-watches": meliorWatches,
		"violations": violations, "violation-evidence": violationEvidence, "data-quality": dataQuality, PipelineOperations: pipelineOperations,
	}[uid]
	if !ok {
		return dashboard.Dashboard{}, fmt.Errorf("%w: %q", ErrUnknown, uid)
	}
	return build(texts)
}

// Render makes one dashboard's JSON from code, as it is committed.
func Render(uid string, texts messages.Texts) ([]byte, error) {
	d, err := Build(uid, texts)
	if err != nil {
		return nil, fmt.Errorf("building dashboard %s: %w", uid, err)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(d); err != nil {
		return nil, fmt.Errorf("writing dashboard %s: %w", uid, err)
	}
	return b.Bytes(), nil
}

// JSON returns the committed JSON of a dashboard.
func JSON(uid, lang string) ([]byte, error) {
	raw, err := files.ReadFile("json/" + messages.Language(lang) + "/" + uid + ".json")
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
		return nil, fmt.Errorf("%w: %q", ErrUnknown, uid)
	}
	if err != nil {
		return nil, fmt.Errorf("reading dashboard %s: %w", uid, err)
	}
	return raw, nil
}

// Opening is what a dashboard shows when it is opened: the data's own period.
type Opening struct {
	From, To  string // RFC 3339
	Month     string // value of the variable month, as 2026-03
	MonthText string
	Zone      string // judging zone
}

// Open returns the JSON of a dashboard with its time range, its zone and its month set.
func Open(uid, lang string, o Opening) ([]byte, error) {
	raw, err := JSON(uid, lang)
	if err != nil {
		return nil, err
	}
	var d map[string]any
	if err := json.Unmarshal(raw, &d); err != nil {
		return nil, fmt.Errorf("reading dashboard %s: %w", uid, err)
	}
	d["time"] = map[string]any{"from": o.From, "to": o.To}
	d["timezone"] = o.Zone
	if templating, ok := d["templating"].(map[string]any); ok {
		list, _ := templating["list"].([]any)
		for _, v := range list {
			if variable, ok := v.(map[string]any); ok && variable["name"] == "month" && o.Month != "" {
				variable["current"] = map[string]any{"text": o.MonthText, "value": o.Month, "selected": true}
			}
		}
	}
	out, err := json.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("writing dashboard %s: %w", uid, err)
	}
	return out, nil
}
