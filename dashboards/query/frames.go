package query

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/shopspring/decimal"

	"linesman/dashboards/messages"
)

// smallest is the least count of watches that is shown together with a profession group.
const smallest = 5

// framing turns the rows of an aggregate into a frame.
type framing struct {
	a      *aggregate
	texts  messages.Texts
	labels labels
	zone   *time.Location
	small  map[int][]bool // of rows: which values are withheld because few events are behind them
}

// cells is one row of an aggregate.
type cells struct {
	at     time.Time
	dims   []string
	values []*decimal.Decimal
}

func (f *framing) cells(got rows) []cells {
	out := make([]cells, 0, len(got))
	for r, row := range got {
		var c cells
		if f.a.timed {
			c.at, row = asTime(row[0]), row[1:]
		}
		for i := range f.a.dims {
			c.dims = append(c.dims, asText(row[i]))
		}
		row = row[len(f.a.dims):]
		for i := range f.a.metrics {
			d, ok := row[i].(decimal.Decimal)
			if len(f.small[r]) > 0 && f.small[r][i] {
				ok = false
			}
			if !ok || (f.a.single() && asCount(row[len(f.a.metrics)]) == 0 && f.a.decl[i].source != sourceViolations) {
				c.values = append(c.values, nil)
				continue
			}
			c.values = append(c.values, &d)
		}
		out = append(out, c)
	}
	return out
}

func (f *framing) frame(got rows) *data.Frame {
	limit := f.a.fetch()
	more := len(got) > limit
	if more {
		got = got[:limit]
	}
	all := f.cells(got)
	var out *data.Frame
	var folded, hidden bool
	if f.a.q.Format == FormatTimeseries {
		out, folded, hidden = f.wide(all)
	} else {
		hidden = f.suppress(all)
		out = f.long(all)
	}
	if more {
		note(out, f.texts.T("notice.rows", "n", strconv.Itoa(limit)))
	}
	if folded {
		note(out, f.texts.T("notice.series", "n", strconv.Itoa(f.series())))
	}
	if hidden || len(f.small) > 0 {
		note(out, f.texts.T("notice.suppressed"))
	}
	return out
}

// long is a table: month, dimensions, metrics.
func (f *framing) long(all []cells) *data.Frame {
	var fields []*data.Field
	if f.a.timed {
		months := make([]string, len(all))
		for i, c := range all {
			months[i] = f.texts.Month(c.at)
		}
		fields = append(fields, textField("month", f.texts.T("field.month"), months))
	}
	for d, dim := range f.a.dims {
		values := make([]string, len(all))
		for i, c := range all {
			values[i] = f.labels.text(dim, c.dims[d])
		}
		fields = append(fields, textField(dim, f.texts.T("field."+dim), values))
	}
	for m, name := range f.a.metrics {
		values := make([]*float64, len(all))
		for i, c := range all {
			values[i] = edge(c.values[m])
		}
		fields = append(fields, numberField(name, f.texts.T("metric."+name), f.a.decl[m].unit, values))
	}
	out := data.NewFrame(f.a.q.Metric, fields...)
	out.Meta = &data.FrameMeta{Type: data.FrameTypeTable, TypeVersion: data.FrameTypeVersion{0, 1}}
	return out
}

// line is one series of a timeseries.
type line struct {
	dims  []string // nil: the rest
	total decimal.Decimal
	at    map[time.Time]*decimal.Decimal
}

func (f *framing) series() int {
	if f.a.q.Limit > 0 {
		return min(f.a.q.Limit, maxSeries)
	}
	return 10
}

// wide is a time field and one field for each group. The largest groups stand by themselves.
func (f *framing) wide(all []cells) (out *data.Frame, folded, hidden bool) {
	lines, points := gather(all)
	if n := f.series(); len(lines) > n {
		rest := line{at: map[time.Time]*decimal.Decimal{}}
		for _, l := range lines[n:] {
			for at, v := range l.at {
				rest.add(at, v)
			}
		}
		lines, folded = append(lines[:n:n], rest), true
	}
	hidden = f.suppressPoints(lines, points)
	times := make([]time.Time, len(points))
	for i, p := range points {
		times[i] = midnight(p, f.zone)
	}
	fields := []*data.Field{data.NewField("time", nil, times).SetConfig(&data.FieldConfig{DisplayNameFromDS: f.texts.T("field.time")})}
	decl := f.a.decl[0]
	for n, l := range lines {
		values := make([]*float64, len(points))
		for i, p := range points {
			v, ok := l.at[p]
			if !ok && !decl.level {
				v = &decimal.Zero // nothing happened, as opposed to nothing is known
			}
			values[i] = edge(v)
		}
		name := f.texts.T("metric." + f.a.q.Metric)
		var set data.Labels
		if l.dims == nil && len(f.a.dims) > 0 {
			name = f.texts.T("other")
			set = data.Labels{"group": "other"}
		}
		if len(l.dims) > 0 {
			words := make([]string, len(l.dims))
			set = data.Labels{}
			for i, dim := range f.a.dims {
				words[i] = f.labels.text(dim, l.dims[i])
				set[dim] = l.dims[i]
			}
			name = strings.Join(words, ", ")
		}
		field := numberField(f.a.q.Metric, name, decl.unit, values)
		field.Labels = set
		if len(f.a.dims) > 0 {
			field.Config.Color = colour(n)
		}
		fields = append(fields, field)
	}
	out = data.NewFrame(f.a.q.Metric, fields...)
	out.Meta = &data.FrameMeta{Type: data.FrameTypeTimeSeriesWide, TypeVersion: data.FrameTypeVersion{0, 1}}
	if len(points) == 0 {
		out.Fields = nil // an empty frame, which panels know to show as "no data"
	}
	return out, folded, hidden
}

func (l *line) add(at time.Time, v *decimal.Decimal) {
	if v == nil {
		if _, there := l.at[at]; !there {
			l.at[at] = nil // withheld, or not known, and not zero
		}
		return
	}
	l.total = l.total.Add(v.Abs())
	if old := l.at[at]; old != nil {
		sum := old.Add(*v)
		v = &sum
	}
	l.at[at] = v
}

// gather sorts cells into series, the largest first, and lists the points in time.
func gather(all []cells) ([]line, []time.Time) {
	index := map[string]int{}
	var lines []line
	var points []time.Time
	for _, c := range all {
		if !slices.ContainsFunc(points, c.at.Equal) {
			points = append(points, c.at)
		}
		key := strings.Join(c.dims, "\x00")
		i, ok := index[key]
		if !ok {
			i = len(lines)
			index[key] = i
			lines = append(lines, line{dims: c.dims, at: map[time.Time]*decimal.Decimal{}})
		}
		lines[i].add(c.at, c.values[0])
	}
	slices.SortFunc(points, time.Time.Compare)
	slices.SortStableFunc(lines, func(a, b line) int {
		return cmp.Or(b.total.Cmp(a.total), slices.Compare(a.dims, b.dims))
	})
	return lines, points
}

// suppress withholds small counts where a profession group is shown. When just one count of
// a whole would be withheld, the next smallest goes too: it could be found by subtraction.
func (f *framing) suppress(all []cells) bool {
	g := slices.Index(f.a.dims, "profession_group")
	if g < 0 {
		return false
	}
	hidden := false
	for m := range f.a.metrics {
		wholes := map[string][]**decimal.Decimal{}
		for i := range all {
			others := slices.Delete(slices.Clone(all[i].dims), g, g+1)
			key := all[i].at.String() + strings.Join(others, "\x00")
			wholes[key] = append(wholes[key], &all[i].values[m])
		}
		for _, whole := range wholes {
			hidden = withhold(whole) || hidden
		}
	}
	return hidden
}

func (f *framing) suppressPoints(lines []line, points []time.Time) bool {
	if !slices.Contains(f.a.dims, "profession_group") {
		return false
	}
	hidden := false
	for _, p := range points {
		values := make([]*decimal.Decimal, len(lines))
		refs := make([]**decimal.Decimal, len(lines))
		for i, l := range lines {
			values[i] = l.at[p]
			refs[i] = &values[i]
		}
		if !withhold(refs) {
			continue
		}
		hidden = true
		for i, l := range lines {
			l.at[p] = values[i]
		}
	}
	return hidden
}

// withhold sets small counts to nil, and tells whether it did.
func withhold(counts []**decimal.Decimal) bool {
	limit := decimal.NewFromInt(smallest)
	small := 0
	var next **decimal.Decimal
	for _, c := range counts {
		switch {
		case *c == nil:
		case (*c).LessThan(limit):
			*c = nil
			small++
		case next == nil || (*c).LessThan(**next):
			next = c
		}
	}
	if small == 1 && next != nil {
		*next = nil
	}
	return small > 0
}

func textField(name, title string, values []string) *data.Field {
	return data.NewField(name, nil, values).SetConfig(&data.FieldConfig{DisplayNameFromDS: title})
}

func numberField(name, title, unit string, values []*float64) *data.Field {
	decimals := map[string]uint16{unitKronor: 0, unitCount: 0, unitMinutes: 0, unitMB: 1, unitPercent: 1}
	config := &data.FieldConfig{DisplayNameFromDS: title, Unit: unit}
	if n, ok := decimals[unit]; ok {
		config.SetDecimals(n)
	}
	return data.NewField(name, nil, values).SetConfig(config)
}

func timeField(name, title string, values []*time.Time) *data.Field {
	return data.NewField(name, nil, values).SetConfig(&data.FieldConfig{DisplayNameFromDS: title})
}

func note(f *data.Frame, text string) {
	f.Meta.Notices = append(f.Meta.Notices, data.Notice{Severity: data.NoticeSeverityInfo, Text: text})
}
