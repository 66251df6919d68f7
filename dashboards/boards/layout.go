package boards

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/variants"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"

	"linesman/dashboards/messages"
	"linesman/dashboards/query"
	"linesman/schema"
)

// Target is a query as a panel carries it.
type Target struct {
	query.Query
	Datasource *common.DataSourceRef `json:"datasource,omitempty"`
}

// The methods below make Target a query of the dashboard SDK.

func (Target) ImplementsDataqueryVariant() {}

// DataqueryType names the data source the query is for.
func (Target) DataqueryType() string { return DatasourceType }

// Validate has nothing to say here: the runner checks names when the query is run.
func (Target) Validate() error { return nil }

// Equals compares by content.
func (t Target) Equals(other variants.Dataquery) bool {
	a, errA := json.Marshal(t)
	b, errB := json.Marshal(other)
	return errA == nil && errB == nil && string(a) == string(b)
}

// Build returns the target itself.
func (t Target) Build() (variants.Dataquery, error) { return t, nil }

func datasource() common.DataSourceRef {
	return common.DataSourceRef{Type: cog.ToPtr(DatasourceType), Uid: cog.ToPtr(DatasourceUID)}
}

// ask makes a target; the first is A, the next B.
func ask(ref string, q query.Query, filters ...query.Filter) Target {
	q.RefID, q.Filters = ref, filters
	return Target{Query: q, Datasource: cog.ToPtr(datasource())}
}

// by is a filter on a field by the dashboard's variable of the same name.
func by(field string) query.Filter {
	return query.Filter{Field: field, Op: query.OpIn, Values: []string{"${" + field + "}"}}
}

// board lays panels out from left to right and from top to bottom on Grafana's 24 columns.
type board struct {
	texts  messages.Texts
	source *common.DataSourceRef // nil: Linesman's own
	panels []dashboard.PanelOrRowPanel
	id     uint32
	x, y   uint32
	height uint32 // of the present line of panels
	errs   []error
}

const columns = 24

func (b *board) next() uint32 { b.id++; return b.id }

// row starts a titled section.
func (b *board) row(key string) {
	b.wrap()
	b.panels = append(b.panels, dashboard.PanelOrRowPanel{RowPanel: &dashboard.RowPanel{Type: "row", Title: cog.ToPtr(b.texts.T(key)), Id: b.next(),
		GridPos: &dashboard.GridPos{X: 0, Y: b.y, W: columns, H: 1}, Panels: []dashboard.Panel{}}})
	b.y++
}

func (b *board) wrap() {
	b.y += b.height
	b.x, b.height = 0, 0
}

// add places a panel of a width and a height.
func (b *board) add(w, h uint32, panel cog.Builder[dashboard.Panel]) {
	p, err := panel.Build()
	if err != nil {
		b.errs = append(b.errs, err)
		return
	}
	if b.x+w > columns {
		b.wrap()
	}
	p.Id = cog.ToPtr(b.next())
	p.GridPos = &dashboard.GridPos{X: b.x, Y: b.y, W: w, H: h}
	if p.Datasource = b.source; b.source == nil {
		p.Datasource = cog.ToPtr(datasource())
	}
	b.x += w
	b.height = max(b.height, h)
	b.panels = append(b.panels, dashboard.PanelOrRowPanel{Panel: &p})
}

// marks shows, on every curve, when rules took effect and goals were due. The filters narrow
// the goals.
func (b *board) marks(filters ...query.Filter) cog.Builder[dashboard.AnnotationQuery] {
	q := query.Query{Metric: "annotations", Format: query.FormatTable}
	return dashboard.NewAnnotationQueryBuilder().Name(b.texts.T("board.marks")).Datasource(datasource()).
		Enable(true).Hide(false).IconColor("purple").Target(ask("Anno", q, filters...))
}

// build closes the layout into a dashboard.
func (b *board) build(uid string, marks cog.Builder[dashboard.AnnotationQuery], variables ...cog.Builder[dashboard.VariableModel]) (dashboard.Dashboard, error) {
	builder := dashboard.NewDashboardBuilder(b.texts.T("board."+uid)).
		Uid(uid).Description(b.texts.T("board."+uid+".description")).Tags([]string{"linesman"}).
		Time("now-12M/M", "now").Timezone(schema.DefaultZone).WeekStart("monday").
		Refresh("").Readonly().Links([]cog.Builder[dashboard.DashboardLink]{others(b.texts)}).Tooltip(dashboard.DashboardCursorSyncCrosshair).Variables(variables)
	if marks != nil {
		builder.Annotation(marks)
	}
	d, err := builder.Build()
	if err != nil {
		b.errs = append(b.errs, err)
	}
	if err := errors.Join(b.errs...); err != nil {
		return d, fmt.Errorf("laying out %s: %w", uid, err)
	}
	d.Panels = b.panels
	return d, nil
}

// variable is a picker whose choices come from the list of options of the given name.
func (b *board) variable(name, options string) *dashboard.QueryVariableBuilder {
	return dashboard.NewQueryVariableBuilder(name).Label(b.texts.T("var." + name)).Datasource(datasource()).
		Query(dashboard.StringOrMap{String: cog.ToPtr(options)}).
		Refresh(dashboard.VariableRefreshOnDashboardLoad).Sort(dashboard.VariableSortDisabled).Hide(dashboard.VariableHideDontHide).AllowCustomValue(false)
}

// several is a picker of any number of choices; everything at first.
func (b *board) several(name, options string) *dashboard.QueryVariableBuilder {
	all := dashboard.StringOrArrayOfString{ArrayOfString: []string{"$__all"}}
	text := dashboard.StringOrArrayOfString{ArrayOfString: []string{b.texts.T("var.all")}}
	return b.variable(name, options).Multi(true).IncludeAll(true).Current(dashboard.VariableOption{Selected: cog.ToPtr(true), Text: text, Value: all})
}

// month is the picker of one month; the newest one at first, or what the server sets.
func (b *board) month() *dashboard.QueryVariableBuilder {
	return b.variable("month", "months").Multi(false).IncludeAll(false)
}
