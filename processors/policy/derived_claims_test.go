package policy

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"linesman/schema"
)

// Here and in derived_reference*_test.go is the reference: it shares no code with what is tested.

func inForceAt(from, to, at schema.Time) bool { return from <= at && (to == 0 || to > at) }

func (w *statements) lineAt(id string, at schema.Time) (best schema.Line, ok bool) {
	for _, l := range w.lines {
		if l.LineID == id && inForceAt(l.ValidFrom, l.ValidTo, at) && (!ok || l.ValidFrom > best.ValidFrom) {
			best, ok = l, true
		}
	}
	return best, ok
}

// statement finds what was stated of a name: of a line by its id, or by its extension.
func (w *statements) statement(name string, at schema.Time) (schema.Line, bool) {
	best, ok := w.lineAt(name, at)
	for _, l := range w.lines {
		if l.Alias == name && inForceAt(l.ValidFrom, l.ValidTo, at) && (!ok || cmp.Or(cmp.Compare(l.ValidFrom, best.ValidFrom), cmp.Compare(l.Rank, best.Rank)) > 0) {
			best, ok = l, true
		}
	}
	return best, ok
}

func (w *statements) named(name string, at schema.Time) string {
	if l, ok := w.statement(name, at); ok {
		return l.LineID
	}
	return name
}

func (w *statements) centreOf(unit, own string, at schema.Time) string {
	if own != "" {
		return own
	}
	var best schema.Unit
	ok := false
	for _, u := range w.units {
		if u.UnitID == unit && inForceAt(u.ValidFrom, u.ValidTo, at) && (!ok || u.ValidFrom > best.ValidFrom) {
			best, ok = u, true
		}
	}
	return best.CostCentre
}

func (w *statements) live() []schema.Usage {
	var out []schema.Usage
	for _, u := range w.usage {
		if !u.Deleted && u.OccurredAt >= schema.Date(2024, 1, 1).Start(stockholm) {
			out = append(out, u)
		}
	}
	slices.SortFunc(out, func(a, b schema.Usage) int {
		return cmp.Or(cmp.Compare(a.OccurredAt, b.OccurredAt), bytes.Compare(a.EventID[:], b.EventID[:]))
	})
	return out
}

// claim is what the reference says of one violation.
type claim struct {
	Severity, Unit, Centre, Measure string
	Value, Limit                    float64
	Cost                            schema.Money
	To                              schema.Day
	Evidence                        string
	Total                           uint32
}

func claimOf(v schema.Violation) claim {
	return claim{v.Severity, v.UnitID, v.CostCentre, v.Measure, v.Value, v.Limit, v.Cost, v.WindowTo, idText(v.Evidence), v.EvidenceTotal}
}

func idText(ids []schema.ID) string {
	var b strings.Builder
	for _, id := range ids {
		fmt.Fprintf(&b, "%x ", id[:3])
	}
	return b.String()
}

// claims says what stands in a world, by rule, subject and window.
func (w *statements) claims() map[string]claim {
	out := map[string]claim{}
	w.claimAbsences(out)
	w.claimHours(out)
	w.claimBudgets(out)
	w.claimRuns(out)
	w.claimReturns(out)
	w.claimLosses(out)
	w.claimDecisions(out)
	return out
}

func spot(rule, subject string, day schema.Day) string {
	return rule + " " + subject + " " + day.String()
}

func local(t schema.Time) time.Time { return time.UnixMilli(int64(t)).In(stockholm) }

func dayAt(t schema.Time) schema.Day { y, m, d := local(t).Date(); return schema.Date(y, m, d) }
