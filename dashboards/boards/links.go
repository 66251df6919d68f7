package boards

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"

	"linesman/dashboards/messages"
)

// keep takes the period and every choice along to another dashboard; what that one has no picker
// for does nothing there.
const keep = "${__url_time_range}&${__all_variables}"

// address leads to a dashboard with what is chosen now. More are parameters that come last, and
// so hold where the same stands among the choices.
func address(uid string, more ...string) string {
	out := "/d/" + uid + "?" + keep
	for _, m := range more {
		out += "&" + m
	}
	return out
}

// others is the menu of the other dashboards that Grafana shows above each. The console has a
// navigation of its own.
func others(texts messages.Texts) *dashboard.DashboardLinkBuilder {
	return dashboard.NewDashboardLinkBuilder(texts.T("link.dashboards")).Type(dashboard.DashboardLinkTypeDashboards).Icon("external link").Tooltip(texts.T("link.dashboards.help")).
		Tags([]string{"linesman"}).AsDropdown(true).TargetBlank(false).IncludeVars(true).KeepTime(true)
}

func (b *board) linkTo(uid string) dashboard.DashboardLink {
	return dashboard.DashboardLink{Type: dashboard.DashboardLinkTypeLink, Title: b.texts.T("board." + uid), Url: cog.ToPtr(address(uid)), Tags: []string{}}
}

// linked places a panel whose figures lead to another dashboard.
func (b *board) linked(w, h uint32, uid string, panel cog.Builder[dashboard.Panel]) {
	b.add(w, h, panel)
	if last := b.panels[len(b.panels)-1].Panel; last != nil && last.FieldConfig != nil {
		last.FieldConfig.Defaults.Links = []dashboard.DashboardLink{b.linkTo(uid)}
	}
}

// leads makes the values of a column lead to another dashboard, with the value as a choice there.
// More are pickers of both dashboards whose choice goes along, as the month that the figures are of.
func (b *board) leads(uid, variable string, more ...string) dashboard.DynamicConfigValue {
	url := "/d/" + uid + "?${__url_time_range}&var-" + variable + "=${__value.raw}"
	for _, name := range more {
		url += "&var-" + name + "=${" + name + "}"
	}
	return property("links", []any{map[string]any{"title": b.texts.T("board." + uid), "url": url}})
}
