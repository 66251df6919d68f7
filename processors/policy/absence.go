package policy

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"linesman/processors/policy/when"
	"linesman/schema"
)

// KindAbsence is the kind of a rule that trips when nothing happened: a line that is in force
// and not used, or that nobody reviewed.
const KindAbsence = "absence"

// measureAbsence is the number of days on which nothing happened.
const measureAbsence = "absence"

// Absence asks which lines had no event. A window is judged when usage of a later one is in
// the store and usage covers all the days looked at.
type Absence struct {
	Days  int        // days before the window's end; 0: the window itself
	Lines *when.Expr // condition over the table of lines, as of the window's last day; nil: all lines
}

// lookback returns the first day that is looked at for a window.
func (r *Rule) lookback(window schema.Day) schema.Day {
	if r.Absence.Days == 0 {
		return window
	}
	return windowTo(r.Window, window) - schema.Day(r.Absence.Days)
}

// ready lists the windows that can be judged: they and the days looked at lie in the rule's
// lifetime and are covered.
func (r *Rule) ready(c coverage) []schema.Day {
	var out []schema.Day
	if len(c.months) == 0 {
		return nil
	}
	for w := windowFrom(r.Window, max(c.first, r.start())); w < c.newest; w = windowTo(r.Window, w) {
		from, to := r.lookback(w), windowTo(r.Window, w)
		if from >= r.start() && (r.ValidTo == 0 || to <= r.ValidTo) && c.whole(from, to) {
			out = append(out, w)
		}
	}
	return out
}

// silence is a line that was not used in a window.
type silence struct {
	line   string
	window schema.Day
	held   []heldLine // statements that hold within the days looked at
}

// findAbsence judges the windows that are ready and lie in parts.
func (e *Evaluator) findAbsence(ctx context.Context, q Query, parts []Part) ([]schema.Violation, error) {
	r := q.rule
	list, err := e.readMoments(ctx)
	if err != nil {
		return nil, err
	}
	windows := slices.DeleteFunc(r.ready(cover(list, r.location)), func(w schema.Day) bool {
		return parts != nil && !slices.ContainsFunc(parts, func(p Part) bool { return p.From <= w && w < p.To })
	})
	if len(windows) == 0 {
		return nil, nil
	}
	parts = narrowed(parts, windows, r.Window)
	fits := ""
	if r.Absence.Lines != nil {
		fits = r.Absence.Lines.SQL()
	}
	lines := subjectsOf(parts)
	if r.From != SourceUsage {
		lines = nil // approvals may name an extension, or a unit's lines
	}
	stated, err := e.readRoster(ctx, fits, lines)
	if err != nil {
		return nil, err
	}
	uses, err := e.readUses(ctx, q, parts, stated)
	if err != nil {
		return nil, err
	}
	var silent []silence
	for _, w := range windows {
		silent = append(silent, r.silent(w, parts, stated, uses)...)
	}
	return e.silences(ctx, r, silent, stated)
}

// narrowed bounds parts to the windows that are judged.
func narrowed(parts []Part, windows []schema.Day, kind string) []Part {
	from, to := windows[0], windowTo(kind, windows[len(windows)-1])
	if parts == nil {
		return []Part{{From: from, To: to}}
	}
	var out []Part
	for _, p := range parts {
		if p.From, p.To = max(p.From, from), min(p.To, to); p.From < p.To {
			out = append(out, p)
		}
	}
	return out
}

// subjectsOf lists the subjects of parts; nil when some part is for all.
func subjectsOf(parts []Part) []string {
	var out []string
	for _, p := range parts {
		if p.Subjects == nil {
			return nil
		}
		out = append(out, p.Subjects...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// silent finds the lines that were in force on all days looked at and had no event on any.
func (r *Rule) silent(window schema.Day, parts []Part, stated *roster, uses map[string][]schema.Day) []silence {
	from, to := r.lookback(window), windowTo(r.Window, window)
	start, end := from.Start(r.location), to.Start(r.location)
	var out []silence
	for line := range stated.lines {
		if !within(parts, window, line) || r.exemptLine(line) {
			continue
		}
		last, ok := stated.line(line, end-1)
		if !ok || !last.fits || slices.ContainsFunc(uses[line], func(d schema.Day) bool { return from <= d && d < to }) {
			continue
		}
		if held, ok := stated.inForce(line, start, end); ok {
			out = append(out, silence{line, window, held})
		}
	}
	slices.SortFunc(out, func(a, b silence) int { return strings.Compare(a.line, b.line) })
	return out
}

// exemptLine tells whether a line's own number is one that no rule may look at.
func (r *Rule) exemptLine(line string) bool {
	hash, ok := schema.LineHash(line)
	return ok && slices.Contains(r.ExemptNumbers, hash)
}

// fees are the fees of one line in one window.
type fees struct {
	total, fingerprint uint64
	cost               schema.Money
	ids                []schema.ID
	first, last        schema.Time
}

// silences makes the violations, with the fees that were paid in the window.
func (e *Evaluator) silences(ctx context.Context, r *Rule, silent []silence, stated *roster) ([]schema.Violation, error) {
	if len(silent) == 0 {
		return nil, nil
	}
	paid, err := e.readFees(ctx, r, silent)
	if err != nil {
		return nil, err
	}
	out := make([]schema.Violation, 0, len(silent))
	for _, s := range silent {
		v := r.base(s.line, s.window)
		end := v.WindowTo.Start(r.location)
		last, _ := stated.line(s.line, end-1)
		v.UnitID, v.CostCentre = last.unit, stated.centre(last, end-1)
		days := float64(v.WindowTo - r.lookback(s.window))
		v.Measure, v.Value, v.Limit, v.ValueUnit = measureAbsence, days, days, "days"
		v.FirstEventAt, v.LastEventAt = s.held[0].from, s.held[len(s.held)-1].from
		for _, h := range s.held {
			v.Evidence = append(v.Evidence, h.event)
		}
		f := paid[feeOf{s.line, s.window}]
		if v.Cost = f.cost; f.total > 0 {
			v.FirstEventAt, v.LastEventAt = min(v.FirstEventAt, f.first), max(v.LastEventAt, f.last)
		}
		room := max(0, MaxEvidence-len(v.Evidence))
		v.Evidence = append(v.Evidence, f.ids[:min(room, len(f.ids))]...)
		total := uint64(len(s.held)) + f.total
		v.EvidenceTotal = uint32(min(total, 1<<32-1))
		var d detail
		d.add("days", number(days))
		d.add("from", r.lookback(s.window).String())
		d.add("to", (v.WindowTo - 1).String())
		d.add("fees", strconv.FormatUint(f.total, 10))
		d.add("cost", f.cost.String())
		d.add("digest", digest(v.Evidence, total, f.fingerprint))
		v.Detail = d.String()
		out = append(out, v)
	}
	return out, nil
}

// explainAbsence: "no use in 90 days up to 31 March 2026; 1 fee, 119 kr".
func (w wording) explainAbsence(v schema.Violation, r *Rule, d map[string]string) string {
	days := swedish(d["days"])
	text := ""
	if l, ok := r.limitNamed(measureAbsence); ok {
		text = strings.ReplaceAll(l.Says.In(w.lang), "{value}", days)
	}
	if text == "" {
		text = fmt.Sprintf(w.say("nothing in %s days", "ingenting på %s dagar", "intet i %s dage"), days)
	}
	text += w.say(" up to ", " till och med ", " til og med ") + w.date(d["to"])
	if d["fees"] == "0" || d["fees"] == "" {
		return text
	}
	fees := w.say(" fees ", " avgifter ", " afgifter ")
	if d["fees"] == "1" {
		fees = w.say(" fee ", " avgift ", " afgift ")
	}
	return text + "; " + swedish(d["fees"]) + fees + w.period(v) + ": " + w.quantity(cmp.Or(d["cost"], "0"), "SEK")
}
