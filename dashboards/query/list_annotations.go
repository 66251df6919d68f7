package query

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"linesman/schema"
)

// RuleChange is a day on which a rule takes effect, changes or ends.
type RuleChange struct {
	ID      string
	Version uint32
	Day     schema.Day
	Kind    string // starts, changes or ends
}

// Kinds of a [RuleChange].
const (
	RuleStarts  = "starts"
	RuleChanges = "changes"
	RuleEnds    = "ends"
)

// RuleCalendar is what the texts of rules may know besides: when rules took effect. Without
// it, panels show no changes of rules.
type RuleCalendar interface {
	Changes() []RuleChange
}

// namedRules is how many rules one annotation names; the others are counted.
const namedRules = 4

// annotations lists what happened on the days of the period that may explain a curve: rules
// that took effect, changed or ended, and days by which goals were to be reached. The fields
// have the names that Grafana looks for, untranslated. Each day has one of each kind.
func annotations(ctx context.Context, r *Runner, l *listing) (*data.Frame, error) {
	marks := l.ruleMarks(r)
	goals, err := l.goalMarks(ctx, r)
	if err != nil {
		return nil, err
	}
	marks = append(marks, goals...)
	marks = slices.DeleteFunc(marks, func(m mark) bool {
		return m.day.At(time.UTC).Before(l.period.from) || m.day.At(time.UTC).After(l.period.to) || !l.wants(m.about)
	})
	slices.SortStableFunc(marks, func(a, b mark) int { return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(a.about, b.about)) })
	times, texts, tags := make([]time.Time, len(marks)), make([]string, len(marks)), make([]string, len(marks))
	for i, m := range marks {
		times[i], texts[i], tags[i] = midnight(m.day.At(time.UTC), r.cfg.Zone), m.text, l.texts.T("mark."+m.about)
	}
	f := data.NewFrame(l.q.Metric, data.NewField("time", nil, times), data.NewField("text", nil, texts), data.NewField("tags", nil, tags))
	f.Meta = &data.FrameMeta{}
	return f, nil
}

// mark is one annotation. About is "rule" or "goal".
type mark struct {
	day         schema.Day
	about, text string
}

// wants tells whether the filters ask for a kind of annotation.
func (l *listing) wants(about string) bool {
	return !slices.ContainsFunc(l.filters, func(f Filter) bool {
		return f.Field == "about" && slices.Contains(f.Values, about) == (f.Op == OpNotIn)
	})
}

// ruleMarks names the rules that start, change and end on each day.
func (l *listing) ruleMarks(r *Runner) []mark {
	calendar, ok := r.cfg.Rules.(RuleCalendar)
	if !ok {
		return nil
	}
	type moment struct {
		day  schema.Day
		kind string
	}
	titles := map[moment][]string{}
	for _, c := range calendar.Changes() {
		at := moment{c.Day, c.Kind}
		titles[at] = append(titles[at], r.ruleTitle(l.q.Lang, c.ID, c.Version))
	}
	var out []mark
	for at, list := range titles {
		slices.Sort(list)
		if more := len(list) - namedRules; more > 0 {
			list = append(list[:namedRules], l.texts.T("mark.more", "n", strconv.Itoa(more)))
		}
		out = append(out, mark{at.day, "rule", l.texts.T("mark.rule_"+at.kind, "rules", strings.Join(list, "; "))})
	}
	slices.SortFunc(out, func(a, b mark) int { return strings.Compare(a.text, b.text) })
	return out
}

// goalMarks counts, by kind, the goals that were to be reached by a day.
func (l *listing) goalMarks(ctx context.Context, r *Runner) ([]mark, error) {
	s := &statement{}
	var c conditions
	l.narrow(s, &c, "unit_id")
	s.write(`SELECT d, m AS metric, count() FROM (
  SELECT goal_id, argMax(metric, valid_from) AS m, argMax(unit_id, valid_from) AS unit_id, argMax(cost_centre, valid_from) AS cost_centre, argMax(target_day, valid_from) AS d
  FROM (SELECT *, %s AS bucket FROM goals)
  WHERE %s
  GROUP BY goal_id)%s
GROUP BY d, m ORDER BY d, m
LIMIT %d
SETTINGS final = 1`, s.day(l.period.to), inForce(s, r.cfg.Zone.String()), c.where(), maxRows)
	got, _, err := l.read(ctx, r, s, maxRows)
	if err != nil {
		return nil, err
	}
	var out []mark
	for _, row := range got {
		day, text := dayOf(asTime(row[0])), l.texts.T("mark.goals", "goal", l.texts.Value("goal", asText(row[1])), "n", asNumber(row[2]).String())
		if n := len(out); n > 0 && out[n-1].day == day {
			out[n-1].text += "; " + text
			continue
		}
		out = append(out, mark{day, "goal", text})
	}
	for i := range out {
		out[i].text = l.texts.T("mark.goal_day", "goals", out[i].text)
	}
	return out, nil
}
