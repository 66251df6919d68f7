package query

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"linesman/schema"
)

// Where a goal stands, as its judge says.
const (
	statusReached   = "reached"
	statusOnTrack   = "on_track"
	statusOffTrack  = "off_track"
	statusMissed    = "missed"
	statusTooLittle = "too_little_data"
)

// budgetMetric is the one kind of goal that has no way to go.
const budgetMetric = "cost_month"

// watchMetric is the one kind of goal that is counted by the week.
const watchMetric = "watches_open"

// costEach is the one kind of goal that is divided among people: it does not add up.
const costEach = "cost_per_employee"

// GoalSource judges goals. The judgement is the processors' work, and dashboards do not know
// those: whoever puts the program together hands it in, as with the texts of rules. So panels,
// commands and reports cannot come to say different things.
type GoalSource interface {
	Goals(ctx context.Context, ask GoalAsk) ([]GoalState, error)
}

// GoalAsk says which goals are asked for.
type GoalAsk struct {
	AsOf  schema.Day // last day that is looked at; 0: as far as the data reach
	Units []string   // goals of these units only; nil: every goal
}

// GoalState is one goal and what was judged of it; processors/goals says what each field means.
type GoalState struct {
	ID, Metric, Unit, CostCentre, Owner string
	Baseline, Target                    decimal.Decimal
	From, TargetDay                     schema.Day
	AsOf                                schema.Day

	Measured    bool
	Now         decimal.Decimal
	NowDay      schema.Day
	Month       schema.Day
	HasBefore   bool
	Before      decimal.Decimal
	Expected    decimal.Decimal
	OnPath      bool
	HasProgress bool
	Progress    decimal.Decimal

	Points              int
	HasForecast         bool
	Forecast, Low, High decimal.Decimal
	Status              string

	Days            []schema.Day // what was measured, oldest first
	Values, Weights []decimal.Decimal
}

// present returns a number where it is there.
func present(has bool, d decimal.Decimal) *decimal.Decimal {
	if !has {
		return nil
	}
	return &d
}

// shownProgress is progress within what a reader can take in: a goal of few calls can be
// missed by thousands of per cent, which says no more than "away from the target".
func (g GoalState) shownProgress() *decimal.Decimal {
	if !g.HasProgress {
		return nil
	}
	within := decimal.Max(decimal.NewFromInt(-100), decimal.Min(decimal.NewFromInt(200), g.Progress))
	return &within
}

// over tells whether the goal's day has passed.
func (g GoalState) over() bool { return g.AsOf != 0 && g.AsOf >= g.TargetDay }

// rising tells whether more is better.
func (g GoalState) rising() bool { return g.Metric != budgetMetric && g.Target.GreaterThan(g.Baseline) }

// Goal is a goal as people read it.
type Goal struct {
	ID         string       `json:"id"`
	Metric     string       `json:"metric"`
	Unit       string       `json:"unit,omitempty"`
	CostCentre string       `json:"cost_centre,omitempty"`
	Place      string       `json:"place"` // name of the unit or cost centre
	Title      string       `json:"title"` // what it is about
	Owner      string       `json:"owner"`
	Baseline   json.Number  `json:"baseline"`
	Target     json.Number  `json:"target"`
	From       string       `json:"from"`
	TargetDay  string       `json:"target_day"`
	AsOf       string       `json:"as_of,omitempty"` // last day of the newest whole month of data
	Now        *json.Number `json:"now,omitempty"`
	NowDay     string       `json:"now_day,omitempty"`
	Before     *json.Number `json:"before,omitempty"`   // the month before
	Expected   *json.Number `json:"expected,omitempty"` // where the planned path stands on now_day
	OnPath     bool         `json:"on_path"`
	Progress   *json.Number `json:"progress,omitempty"`     // per cent
	Forecast   *json.Number `json:"forecast,omitempty"`     // at the target day
	Low        *json.Number `json:"forecast_low,omitempty"` // of an interval of 80 %
	High       *json.Number `json:"forecast_high,omitempty"`
	Points     int          `json:"points"`
	Status     string       `json:"status"`
	StatusText string       `json:"status_text"`
	Words      string       `json:"words"`
}

// GoalsAsk says which goals a command or a report asks for.
type GoalsAsk struct {
	Lang  string
	AsOf  schema.Day // 0: as far as the data reach
	Units []string   // nil: every goal within the scope
}

// Goals judges the goals within a scope and puts them into words.
func (r *Runner) Goals(ctx context.Context, scope Scope, ask GoalsAsk) ([]Goal, error) {
	if err := scope.check(); err != nil {
		return nil, err
	}
	ctx = r.within(ctx, scope)
	var filters []Filter
	if ask.Units != nil {
		filters = append(filters, Filter{Field: "unit", Op: OpIn, Values: ask.Units})
	}
	states, err := r.judged(ctx, scope, ask.AsOf, filters)
	if err != nil {
		return nil, err
	}
	texts := r.cfg.Messages.In(ask.Lang)
	places, err := r.places(ctx, ask.Lang, len(states))
	if err != nil {
		return nil, err
	}
	out := make([]Goal, len(states))
	for i, g := range states {
		out[i] = Goal{ID: g.ID, Metric: g.Metric, Unit: g.Unit, CostCentre: g.CostCentre, Place: places(g), Title: texts.Value("goal", g.Metric), Owner: g.Owner,
			Baseline: *figure(true, g.Baseline), Target: *figure(true, g.Target), From: g.From.String(), TargetDay: g.TargetDay.String(),
			Now: figure(g.Measured, g.Now), Before: figure(g.HasBefore, g.Before), Expected: figure(g.Measured, g.Expected), OnPath: g.OnPath,
			Progress: figure(g.HasProgress, g.Progress), Forecast: figure(g.HasForecast, g.Forecast), Low: figure(g.HasForecast, g.Low), High: figure(g.HasForecast, g.High),
			Points: g.Points, Status: g.Status, StatusText: texts.T("status." + g.Status), Words: goalSentence(texts, g)}
		if g.AsOf != 0 {
			out[i].AsOf = g.AsOf.String()
		}
		if g.Measured {
			out[i].NowDay = g.NowDay.String()
		}
	}
	return out, nil
}

func figure(has bool, d decimal.Decimal) *json.Number {
	if !has {
		return nil
	}
	n := json.Number(d.String())
	return &n
}

// judged asks for the goals within a scope and keeps those that the filters select.
func (r *Runner) judged(ctx context.Context, scope Scope, asOf schema.Day, filters []Filter) ([]GoalState, error) {
	if r.cfg.Goals == nil {
		return nil, nil
	}
	ask := GoalAsk{AsOf: asOf}
	if !scope.All {
		ask.Units = scope.units()
	}
	judging, err := r.judging(ctx, scope)
	if err != nil {
		return nil, err
	}
	all, err := r.cfg.Goals.Goals(judging, ask)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(g GoalState) bool {
		if !scope.sees(g.Unit) {
			return true // whatever the source says
		}
		return slices.ContainsFunc(filters, func(f Filter) bool {
			v := map[string]string{"unit": g.Unit, "cost_centre": g.CostCentre, "goal": g.Metric}[f.Field]
			return slices.Contains(f.Values, v) == (f.Op == OpNotIn)
		})
	}), nil
}

// places names whom goals are for.
func (r *Runner) places(ctx context.Context, lang string, goals int) (func(g GoalState) string, error) {
	l, err := r.labels(ctx, lang, []string{"unit", "cost_centre"}, make(rows, goals))
	return func(g GoalState) string {
		if g.Unit == "" && g.CostCentre != "" {
			return l.text("cost_centre", g.CostCentre)
		}
		return l.text("unit", g.Unit)
	}, err
}

func dayOf(t time.Time) schema.Day { return schema.Date(t.Year(), t.Month(), t.Day()) }
