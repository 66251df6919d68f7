package query

import (
	"maps"
	"slices"
	"strings"

	"linesman/dashboards/messages"
)

// Choices is what a query can be made of, in words: what a query editor shows.
type Choices struct {
	Metrics []MetricChoice    `json:"metrics"`
	Fields  []FieldChoice     `json:"fields"`
	Lists   map[string]string `json:"lists"` // field -> the list of options that its values come from
}

// MetricChoice is a metric and what it can be asked by.
type MetricChoice struct {
	Option
	Unit    string   `json:"unit"`
	List    bool     `json:"list"`    // has columns of its own: no groupBy, no compare
	Group   []string `json:"group"`   // fields to group by
	Filter  []string `json:"filter"`  // fields to filter on
	Compare []string `json:"compare"` // with format stat
}

// FieldChoice is a field to group by or to filter on.
type FieldChoice struct{ Option }

// CatalogueOf lists every metric with the fields that it has. It holds no figures and depends on
// nobody's rights: a field that a caller may not ask for is refused when it is asked for.
func CatalogueOf(texts messages.Texts) Choices {
	out := Choices{Lists: map[string]string{"unit": "units", "cost_centre": "cost_centres", "month": "months", "rule": "rules", "state": "states"}}
	word := func(kind, name string) string {
		if key := kind + "." + name; texts.Has(key) {
			return texts.T(key)
		}
		return strings.ReplaceAll(name, "_", " ")
	}
	all := catalogue()
	for _, name := range Metrics() {
		m := all[name]
		c := MetricChoice{Option: Option{word("metric", name), name}, Unit: m.unit, Group: []string{}, Filter: []string{}, Compare: []string{}}
		if m.source == sourceList {
			c.List = true
			c.Filter = append(c.Filter, slices.Sorted(maps.Keys(listFields(name)))...)
		} else {
			c.Group, c.Filter = fieldsOf(m)
			c.Compare = append(c.Compare, "previous", "previous_percent")
		}
		if name == "cost" {
			c.Compare = append(c.Compare, "budget", "budget_percent")
		}
		out.Metrics = append(out.Metrics, c)
	}
	for _, name := range Dimensions() {
		out.Fields = append(out.Fields, FieldChoice{Option{word("field", name), name}})
	}
	return out
}

// fieldsOf lists the fields that a metric can be grouped by and filtered on.
func fieldsOf(m metric) (group, filter []string) {
	places := []*aggregate{{decl: []metric{m}, byLine: m.source == sourceUsage && m.lines}}
	switch {
	case m.source == sourceWatches:
		places = append(places, &aggregate{decl: []metric{m}, byGroup: true})
	case m.source == sourceUsage && !m.daily && !m.lines:
		places = append(places, &aggregate{decl: []metric{m}, byLine: true})
	}
	for name, d := range dimensions() {
		if !slices.ContainsFunc(places, func(a *aggregate) bool { return a.column(d) != "" }) {
			continue
		}
		group = append(group, name)
		if name != "profession_group" { // see checkDimensions
			filter = append(filter, name)
		}
	}
	slices.Sort(group)
	slices.Sort(filter)
	return group, filter
}
