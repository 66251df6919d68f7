package policy

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"linesman/schema"
)

// Days is a set of days; a [Scope] keeps the first day of each month.
type Days = map[schema.Day]struct{}

// Scope says which windows may have changed. It counts in calendar months of the zone in
// which usage is kept (local_day); the evaluator finds the windows of each rule that a
// month can change. The zero Scope holds nothing.
type Scope struct {
	All        bool            // every subject and every window, and violations of rules that are gone
	Lines      map[string]Days // months touched, by line id
	Units      map[string]Days // months touched, by unit id
	UsageUnits map[string]Days // months in which lines of a unit were used, by unit id
	Months     Days            // months touched for every subject, e.g. by an approval for a unit
	// Inventory: statements of lines, units, equipment, employments, telephone hours or approvals
	// arrived. What is judged by statements is judged whole: it is little.
	Inventory bool
	// Fresh: lines and units are listed because these rows of usage arrived, and for no other
	// reason; empty: for whatever reason.
	Fresh  []Fresh
	Reason string // why known violations may change: [ReasonData] (also when empty), [ReasonReference], [ReasonRule]
}

// TouchLine notes that the usage of a line on a day was added, corrected or restated.
func (s *Scope) TouchLine(line string, day schema.Day) { s.Lines = touch(s.Lines, line, day) }

// TouchUnit notes that usage or counts of a unit on a day were added, corrected or restated.
// Units of usage need to be touched only when [Set.Judges] says that a rule looks at them.
func (s *Scope) TouchUnit(unit string, day schema.Day) { s.Units = touch(s.Units, unit, day) }

// TouchUnitUsage notes that usage of a unit's lines on a day was added, corrected or restated.
func (s *Scope) TouchUnitUsage(unit string, day schema.Day) {
	s.UsageUnits = touch(s.UsageUnits, unit, day)
}

// TouchMonth notes that anything may have changed in the month of a day.
func (s *Scope) TouchMonth(day schema.Day) {
	if s.Months == nil {
		s.Months = Days{}
	}
	s.Months[day.Month()] = struct{}{}
}

// Add joins another scope to this one, so that several batches are evaluated at once. The
// reason of the scope added last stands when it has one.
func (s *Scope) Add(other Scope) {
	switch { // whom they list, and why
	case len(s.Lines)+len(s.UsageUnits) == 0:
		s.Fresh = other.Fresh
	case len(s.Fresh) > 0 && len(other.Fresh) > 0:
		s.Fresh = joinFresh(s.Fresh, other.Fresh)
	case len(other.Lines)+len(other.UsageUnits) > 0:
		s.Fresh = nil
	}
	s.All = s.All || other.All
	s.Inventory = s.Inventory || other.Inventory
	s.Reason = cmp.Or(other.Reason, s.Reason)
	for line, days := range other.Lines {
		for day := range days {
			s.TouchLine(line, day)
		}
	}
	for unit, days := range other.Units {
		for day := range days {
			s.TouchUnit(unit, day)
		}
	}
	for unit, days := range other.UsageUnits {
		for day := range days {
			s.TouchUnitUsage(unit, day)
		}
	}
	for day := range other.Months {
		s.TouchMonth(day)
	}
}

// Empty tells whether nothing was touched.
func (s *Scope) Empty() bool {
	return !s.All && !s.Inventory && len(s.Lines) == 0 && len(s.Units) == 0 && len(s.UsageUnits) == 0 && len(s.Months) == 0
}

func touch(m map[string]Days, subject string, day schema.Day) map[string]Days {
	if m == nil {
		m = map[string]Days{}
	}
	days := m[subject]
	if days == nil {
		days = Days{}
		m[subject] = days
	}
	days[day.Month()] = struct{}{}
	return m
}

func (s *Scope) reason() string {
	if s.Reason == "" {
		return ReasonData
	}
	return s.Reason
}

// bounds of one query, so that its text stays well under ClickHouse's limit of 256 KiB and
// its conditions stay cheaper than reading a few windows whole.
const (
	maxParts      = 120
	maxListBytes  = 64 << 10
	listOverheads = 3 // two quotes and a comma
)

// parts returns the bounds of a rule's query for a scope: nil for everything, an empty
// slice for nothing.
func (r *Rule) parts(s Scope, kept *time.Location, maxSubjects int) []Part {
	if s.All || s.Inventory && r.asksInventory() {
		return nil
	}
	s = r.trendScope(s)
	touched := s.Lines
	if r.Subject == SubjectUnit {
		touched = s.Units
		if r.From == SourceUsage {
			touched = both(s.Units, s.UsageUnits)
		}
	}
	byMonth := map[schema.Day][]string{}
	pairs, size := 0, 0
	for subject, months := range touched {
		for day := range months {
			month := day.Month()
			list := byMonth[month]
			if _, whole := s.Months[month]; whole || len(list) > 0 && list[len(list)-1] == subject {
				continue
			}
			byMonth[month] = append(list, subject)
			pairs, size = pairs+1, size+len(subject)+listOverheads
		}
	}
	whole := make([]schema.Day, 0, len(s.Months))
	for day := range s.Months {
		whole = append(whole, day.Month())
	}
	if pairs > maxSubjects || size > maxListBytes || len(byMonth) > maxParts {
		whole = append(whole, slices.Collect(maps.Keys(byMonth))...)
		clear(byMonth)
	}
	parts := r.wholeParts(whole, kept)
	for _, month := range slices.Sorted(maps.Keys(byMonth)) {
		w := r.affected(month, kept)
		slices.Sort(byMonth[month])
		parts = append(parts, Part{From: w.From, To: w.To, Subjects: byMonth[month]})
	}
	return parts
}

// asksInventory tells whether statements that move no usage change what a rule finds: how many
// lines a unit has, and what it may cost.
func (r *Rule) asksInventory() bool {
	return r.Budget != nil || r.Trend != nil && r.Trend.Exposure == ExposureLines
}

// both joins months touched by subject.
func both(a, b map[string]Days) map[string]Days {
	if len(a) == 0 || len(b) == 0 {
		return maps.Collect(func(yield func(string, Days) bool) {
			for k, v := range a {
				if !yield(k, v) {
					return
				}
			}
			for k, v := range b {
				if !yield(k, v) {
					return
				}
			}
		})
	}
	out := maps.Clone(a)
	for subject, days := range b {
		if have, ok := out[subject]; ok {
			days = maps.Clone(days)
			maps.Copy(days, have)
		}
		out[subject] = days
	}
	return out
}

// wholeParts bounds a query to months of every subject; very many scattered months become
// one span.
func (r *Rule) wholeParts(months []schema.Day, kept *time.Location) []Part {
	parts := []Part{}
	var spans []span
	for _, m := range months {
		spans = append(spans, r.affected(m, kept))
	}
	spans = mergeSpans(spans)
	if len(spans) > maxParts {
		spans = []span{{spans[0].From, spans[len(spans)-1].To}}
	}
	for _, w := range spans {
		parts = append(parts, Part{From: w.From, To: w.To})
	}
	return parts
}
