package verify

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"linesman/processors/store"
	"linesman/schema"
)

// Kinds of gaps.
const (
	GapSequence = "sequence" // numbers are missing in the names of files
	GapFile     = "file"     // days without a file, where the series has a rhythm
	GapMonth    = "month"    // a month an operator sent nothing for
	GapUsage    = "usage"    // days without, or with very little, usage, where the series has a rhythm
	GapUnit     = "unit"     // a unit without counts on days on which others have some
	GapSilent   = "silent"   // nothing comes any more
)

// States of a day, or of days, of a source.
const (
	CoverComplete = "complete" // nothing that is known of is missing
	CoverGap      = "gap"      // there are records, and some are known to be missing
	CoverNoData   = "no data"  // nothing came where something should have
)

// Gap is something that did not come. From and To are the first and the last day (yyyy-mm-dd).
type Gap struct {
	Kind        string `json:"kind"`
	From        string `json:"from"`
	To          string `json:"to"`
	FirstNumber uint64 `json:"first_number,omitempty"` // of a sequence
	LastNumber  uint64 `json:"last_number,omitempty"`
	Missing     uint64 `json:"missing"` // files, days or months
	Unit        string `json:"unit,omitempty"`
	Detail      string `json:"detail"`

	from, to schema.Day
}

// Span is days in a row with the same coverage.
type Span struct {
	From   string `json:"from"`
	To     string `json:"to"`
	State  string `json:"state"`
	Days   int    `json:"days"`
	Events uint64 `json:"events"`
}

// SourceGaps is what is known of one series of files.
type SourceGaps struct {
	Source    string `json:"source"` // e.g. "cucm StandAloneCluster/01", "itemised norrtele", "melior"
	Collector string `json:"collector"`
	Files     int    `json:"files"`
	Failed    int    `json:"failed_files"`
	Events    uint64 `json:"events"` // records that were looked at: with a first day asked for, also those of 120 days before it
	First     string `json:"first"`  // first and last day with a file or record
	Last      string `json:"last"`
	Rhythm    string `json:"rhythm"`
	Gaps      []Gap  `json:"gaps"`
	Coverage  []Span `json:"coverage"`
}

// RuleMonth says what the absence of violations of a rule in a month means.
type RuleMonth struct {
	Rule       string   `json:"rule"`
	Month      string   `json:"month"` // yyyy-mm
	Violations uint64   `json:"violations"`
	State      string   `json:"state"`             // violations, no violations, no violations in incomplete data, no data
	Wanting    []string `json:"wanting,omitempty"` // sources with gaps or without data in the month
}

// States of a rule in a month.
const (
	RuleViolations = "violations"
	RuleNone       = "no violations"
	RuleIncomplete = "no violations in incomplete data"
	RuleNoData     = "no data"
)

// GapReport is the gap report.
type GapReport struct {
	At      time.Time    `json:"at"`
	Since   string       `json:"since,omitempty"`
	Sources []SourceGaps `json:"sources"`
	Rules   []RuleMonth  `json:"rules"`
	Notes   []string     `json:"notes"`
}

// GapRule is what the report needs to know of a rule.
type GapRule struct {
	ID        string
	Watches   bool     // it reads watches, not usage
	Contacts  bool     // it reads statistics of contact centres, not usage
	Stated    bool     // it reads statements only, which come when something changes
	Kinds     []string // of usage; empty: all
	Forwarded bool     // it looks at forwarded calls only
	Start     schema.Day
}

// GapOptions say what to look at.
type GapOptions struct {
	Since schema.Day     // earlier days are left out; 0: everything
	Now   time.Time      // zero: the present
	Zone  *time.Location // of days; nil: UTC
	Rules []GapRule
}

// delivered is one file of a series.
type delivered struct {
	name   string
	failed bool
	day    schema.Day // nominal day, or first day of the nominal month
	to     schema.Day // last nominal day
	seq    uint64     // 0: none
	at     string     // time in the name, as written: order of a sequence
}

// series is the files and records of one source.
type series struct {
	source    string
	collector string
	monthly   bool
	files     []delivered
	events    map[schema.Day]uint64
	kinds     map[string]bool
	forwarded bool
	units     map[string]map[schema.Day]bool // of watches
	contacts  bool                           // it brings statistics of contact centres
}

// Gaps reports what is missing, series by series: it reads file reports, usage, watches and
// statistics of contact centres.
func Gaps(ctx context.Context, st *store.Store, opt GapOptions) (GapReport, error) {
	if opt.Now.IsZero() {
		opt.Now = time.Now()
	}
	if opt.Zone == nil {
		opt.Zone = time.UTC
	}
	rep := GapReport{At: opt.Now.UTC(), Sources: []SourceGaps{}, Rules: []RuleMonth{}, Notes: []string{
		"globalCallID numbers of CUCM are not in the data (only the record's own key is), so gaps between calls within a file cannot be seen",
		"days on which a source is usually silent count as complete; public holidays are not known and can show as gaps"}}
	if opt.Since != 0 {
		rep.Since = opt.Since.String()
	}
	all, err := readSeries(ctx, st, opt)
	if err != nil {
		return rep, err
	}
	today := schema.DayOf(schema.TimeOf(opt.Now), opt.Zone)
	covers := map[*series][]cover{}
	for _, s := range all {
		out, days := s.report(opt.Since, today)
		covers[s] = days
		rep.Sources = append(rep.Sources, out)
	}
	found, err := violationMonths(ctx, st)
	if err != nil {
		return rep, err
	}
	rep.Rules = ruleMonths(opt, today, all, covers, found)
	return rep, nil
}

func readSeries(ctx context.Context, st *store.Store, opt GapOptions) ([]*series, error) {
	byKey, byFile := map[string]*series{}, map[string]*series{}
	get := func(n named) *series {
		s := byKey[n.source]
		if s == nil {
			s = &series{source: n.source, collector: n.collector, monthly: n.monthly, events: map[schema.Day]uint64{}, kinds: map[string]bool{}, units: map[string]map[schema.Day]bool{}}
			byKey[n.source] = s
		}
		return s
	}
	rows, err := st.Conn().Query(store.Exact(ctx), "SELECT lower(hex(file_id)), name, toString(collector), toString(profile), toString(state), first_at, last_at FROM files WHERE state != 'interrupted' ORDER BY recorded_at, file_id")
	if err != nil {
		return nil, fmt.Errorf("reading the file reports: %w", err)
	}
	defer rows.Close()
	names := newPatterns()
	for rows.Next() {
		var id, name, collector, profile, state string
		var first, last time.Time
		if err := rows.Scan(&id, &name, &collector, &profile, &state, &first, &last); err != nil {
			return nil, fmt.Errorf("reading the file reports: %w", err)
		}
		n := names.parse(collector, profile, name)
		s := get(n)
		byFile[id] = s
		f := delivered{name: name, failed: state != schema.FileDone, day: n.day, to: n.to, seq: n.seq, at: n.at}
		if f.day == 0 && first.Unix() > 0 {
			f.day, f.to = schema.DayOf(schema.TimeOf(first), opt.Zone), schema.DayOf(schema.TimeOf(last), opt.Zone)
			if s.monthly {
				f.day = f.day.Month()
			}
		}
		s.files = append(s.files, f)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("reading the file reports: %w", err)
	}
	unknown := func(source string) *series { return get(parseSource(source)) }
	if err := usageDays(ctx, st, opt.Since, byFile, unknown); err != nil {
		return nil, err
	}
	if err := watchDays(ctx, st, byFile, unknown); err != nil {
		return nil, err
	}
	if err := contactDays(ctx, st, byFile, unknown); err != nil {
		return nil, err
	}
	out := slices.Collect(maps.Values(byKey))
	slices.SortFunc(out, func(a, b *series) int { return cmp.Compare(a.source, b.source) })
	return out, nil
}

// learnDays is how many days before those that are asked for are looked at to learn a rhythm.
const learnDays = 120

// usageDays counts usage by day; repetitions that are not merged yet do not matter here.
func usageDays(ctx context.Context, st *store.Store, since schema.Day, byFile map[string]*series, unknown func(string) *series) error {
	where := ""
	if since != 0 {
		where = " WHERE local_day >= '" + (since - learnDays).String() + "'"
	}
	rows, err := st.Conn().Query(ctx, "SELECT lower(hex(file_id)), toString(source), toString(kind), forwarded, toInt32(local_day), count() FROM usage"+where+" GROUP BY file_id, source, kind, forwarded, local_day")
	if err != nil {
		return fmt.Errorf("counting usage by day: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var file, source, kind string
		var forwarded bool
		var day int32
		var n uint64
		if err := rows.Scan(&file, &source, &kind, &forwarded, &day, &n); err != nil {
			return fmt.Errorf("counting usage by day: %w", err)
		}
		s := byFile[file]
		if s == nil { // its report has not come yet
			s = unknown(source)
		}
		s.kinds[kind] = true
		s.forwarded = s.forwarded || forwarded
		s.events[schema.Day(day)] += n
	}
	return rows.Err()
}

func watchDays(ctx context.Context, st *store.Store, byFile map[string]*series, unknown func(string) *series) error {
	rows, err := st.Conn().Query(ctx, "SELECT lower(hex(file_id)), toString(source), toString(unit_id), toInt32(day), count() FROM watches GROUP BY file_id, source, unit_id, day")
	if err != nil {
		return fmt.Errorf("counting watches by day: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var file, source, unit string
		var day int32
		var n uint64
		if err := rows.Scan(&file, &source, &unit, &day, &n); err != nil {
			return fmt.Errorf("counting watches by day: %w", err)
		}
		s := byFile[file]
		if s == nil {
			s = unknown(source)
		}
		s.events[schema.Day(day)] += n
		if s.units[unit] == nil {
			s.units[unit] = map[schema.Day]bool{}
		}
		s.units[unit][schema.Day(day)] = true
	}
	return rows.Err()
}

// contactDays counts the intervals of contact centres by day: a queue that is closed on some
// weekdays has none then, so they are not looked at unit by unit.
func contactDays(ctx context.Context, st *store.Store, byFile map[string]*series, unknown func(string) *series) error {
	rows, err := st.Conn().Query(store.Exact(ctx), "SELECT lower(hex(file_id)), toString(source), toInt32(local_day), count() FROM contacts GROUP BY file_id, source, local_day")
	if err != nil {
		return fmt.Errorf("counting statistics of contact centres by day: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var file, source string
		var day int32
		var n uint64
		if err := rows.Scan(&file, &source, &day, &n); err != nil {
			return fmt.Errorf("counting statistics of contact centres by day: %w", err)
		}
		s := byFile[file]
		if s == nil {
			s = unknown(source)
		}
		s.contacts = true
		s.events[schema.Day(day)] += n
	}
	return rows.Err()
}
