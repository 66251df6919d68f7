package policy

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"linesman/schema"
)

// Trends returns what a statistical trend says of every unit and window in parts (nil: the
// whole history), those it does not judge and those it does not flag included. It reads
// only. A rule without statistics gives an error.
func (e *Evaluator) Trends(ctx context.Context, rule *Rule, parts []Part) ([]Judgement, error) {
	if !rule.Trend.statistical() {
		return nil, fmt.Errorf("rule %s is no trend with a test", rule.Name())
	}
	q, err := e.asked(rule)
	if err != nil {
		return nil, err
	}
	series, err := e.readSeries(ctx, q, parts)
	if err != nil {
		return nil, err
	}
	return q.rule.judge(series, parts), nil
}

// usedPeriods names the periods a violation rests on.
type usedPeriods map[schema.ID]map[schema.Day]bool

// findTrends judges a statistical trend and tells of the units it could not judge. The
// violations come without evidence: see [Evaluator.addEvidence].
func (e *Evaluator) findTrends(ctx context.Context, q Query, parts []Part) ([]schema.Violation, usedPeriods, error) {
	series, err := e.readSeries(ctx, q, parts)
	if err != nil {
		return nil, nil, err
	}
	var found []schema.Violation
	used := usedPeriods{}
	silent := map[string]map[string]bool{}
	judged := q.rule.judge(series, parts)
	if err := e.mark(ctx, q, parts, judged); err != nil {
		return nil, nil, err
	}
	for _, j := range judged {
		if j.Silent != "" && j.Silent != SilentFew {
			if silent[j.Silent] == nil {
				silent[j.Silent] = map[string]bool{}
			}
			silent[j.Silent][j.Unit] = true
		}
		if !j.Flagged {
			continue
		}
		v := q.rule.trendViolation(&j)
		found, used[v.ViolationID] = append(found, v), map[schema.Day]bool{}
		for _, p := range j.used {
			used[v.ViolationID][p.period] = true
		}
	}
	for why, units := range silent {
		names := make([]string, 0, len(units))
		for u := range units {
			names = append(names, u)
		}
		slices.Sort(names)
		e.log.Warn("units are not judged", "rule", q.Rule, "missing", why, "units", len(names), "first", names[:min(len(names), 20)])
	}
	return found, used, nil
}

// trendViolation makes a violation of a judgement.
func (r *Rule) trendViolation(j *Judgement) schema.Violation {
	t := r.Trend
	v := r.base(j.Unit, j.WindowFrom)
	first, last := j.used[0], j.used[len(j.used)-1]
	v.UnitID, v.CostCentre = j.Unit, j.series.centre(last.counted.Start(r.location))
	v.Measure, v.Value, v.Limit, v.ValueUnit = measureRise, j.Rise, r.leastRise(j), t.Unit
	v.FirstEventAt, v.LastEventAt = first.counted.Start(r.location), last.counted.Start(r.location)
	if !r.source().counted {
		v.FirstEventAt = first.period.Start(r.location)
	}
	if t.Exposure != "" {
		v.ValueUnit += " per 100 " + t.Exposure
	}
	var total, fingerprint uint64
	numbers := make([]string, 0, 2*len(j.used))
	for _, p := range j.used {
		total, fingerprint, v.Cost = total+p.total, fingerprint^p.fingerprint, v.Cost+p.cost
		numbers = append(numbers, p.counted.String(), strconv.FormatInt(p.value, 10))
	}
	if r.NoEvidence { // what is named is another question than what was counted
		numbers = append(numbers, "no evidence")
	}
	for _, g := range r.guardsOf(r.source().table()) {
		numbers = append(numbers, g.text())
	}
	v.EvidenceTotal = uint32(min(total, 1<<32-1))
	v.Detail = r.trendDetail(j, schema.NewID("series", append(numbers, strconv.FormatUint(total, 10), strconv.FormatUint(fingerprint, 16))...))
	return v
}

// trendDetail writes what explains a judgement. The digest stands for every number and
// every event behind it.
func (r *Rule) trendDetail(j *Judgement, digest schema.ID) string {
	t := r.Trend
	var d detail
	d.add("test", j.Test)
	if t.Season > 0 {
		d.add("season", strconv.Itoa(t.Season))
	}
	d.add("per", t.Per)
	d.add("counts", strconv.Itoa(j.Counts))
	d.add("from", j.First.String())
	d.add("to", j.Last.String())
	for _, f := range []struct {
		name  string
		value float64
	}{{"slope", round6(j.Slope.Estimate)}, {"slope_low", round6(j.Slope.Low)}, {"slope_high", round6(j.Slope.High)}, {"z", j.Z}, {"p", j.P}, {"rise", j.Rise}, {"median", round6(j.Median)}, {"recent", round6(j.Recent)}} {
		d.add(f.name, number(f.value))
	}
	if t.Baseline.To != 0 {
		d.add("baseline", number(round6(j.Baseline)))
	}
	if j.HasTarget {
		d.add("target", number(j.Target))
		d.add("recent_count", exactText(j.latest))
	}
	if t.money { // what statistics make of amounts is no amount; what was counted is
		d.add("last_count", exactText(t.exact(j.used[len(j.used)-1].value)))
		d.add("cost", sumOf(j.used).String())
	}
	if t.Exposure != "" {
		d.add("exposure", t.Exposure)
		d.add("exposed", strconv.FormatInt(j.Exposed, 10))
		d.add("without_exposure", strconv.Itoa(j.Without))
	}
	if t.coupled() {
		d.add("judged", strconv.Itoa(j.Judged))
		d.add("found", strconv.Itoa(j.Found))
		d.add("false_discovery", number(t.FalseDiscovery))
	}
	d.add("unit", t.Unit)
	d.add("digest", digest.String())
	return d.String()
}
