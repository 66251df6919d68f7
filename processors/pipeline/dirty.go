package pipeline

import (
	"context"
	"fmt"

	"linesman/processors/store"
	"linesman/schema"
)

// Dirty is what has changed in the store since roll-ups and rules last looked: days, and the
// subjects whose windows must be judged again, by the first day of the month.
type Dirty struct {
	AllDays     bool // every day: what changed is not known
	AllSubjects bool // every subject: too many to list, or not known
	Reference   bool // statements moved something; else only usage and counts arrived
	Rules       bool // other rules judge than before
	Inventory   bool // statements came that rules look at without usage: of lines, units, equipment, employments, telephone hours, approvals or goals
	Days        map[schema.Day]bool
	Lines       map[string]map[schema.Day]bool
	Units       map[string]map[schema.Day]bool // whose counts changed, or for whom a goal was stated
	UsageUnits  map[string]map[schema.Day]bool // whose lines were used
	Months      map[schema.Day]bool            // judged again for every subject
	Amended     bool                           // usage was cancelled or corrected
	Moved       map[Cell]*Why                  // what of the past moved, and why
	Lost        *Why                           // something moved before the last stop: which cells is not known
	Sources     map[schema.Day]*Why            // files that brought usage, by the first day of the month
	Fresh       map[uint32]Span                // new rows of usage, by the partition as in log_partition
	Blurred     bool                           // lines and units are listed for other reasons than new rows, too
	at          map[topicPartition]reach

	lastDay, lastMonth schema.Day // of the last row
	lastUnit           string
	lastUnitMonth      schema.Day
	lastFile           schema.ID
	lastFileMonth      schema.Day
}

// Span is a span of offsets: the first, and the one after the last.
type Span struct{ From, Next uint64 }

type topicPartition struct {
	topic     string
	partition uint32
}

// maxDirty is how many subject months are listed before every subject counts as changed.
const maxDirty = 200_000

// NewDirty returns a Dirty without content.
func NewDirty() *Dirty {
	return &Dirty{Days: map[schema.Day]bool{}, Lines: map[string]map[schema.Day]bool{}, Units: map[string]map[schema.Day]bool{},
		UsageUnits: map[string]map[schema.Day]bool{}, Months: map[schema.Day]bool{},
		Moved: map[Cell]*Why{}, Sources: map[schema.Day]*Why{}, Fresh: map[uint32]Span{}, at: map[topicPartition]reach{}}
}

// Empty tells whether there is nothing to recompute, to judge or to note. Progress in the log
// without changed rows (duplicates) still has to be noted.
func (d *Dirty) Empty() bool {
	return !d.AllDays && !d.AllSubjects && !d.Inventory && len(d.Days)+len(d.Lines)+len(d.Units)+len(d.UsageUnits)+len(d.Months)+len(d.at) == 0
}

// Usage notes a changed row of usage.
func (d *Dirty) Usage(line, unit string, day schema.Day) {
	d.Blurred = true
	d.arrived(line, unit, day)
}

// arrived notes a new row of usage. Whoever notes such rows adds their offsets to Fresh.
func (d *Dirty) arrived(line, unit string, day schema.Day) {
	if day != d.lastDay || len(d.Days) == 0 { // neighbours mostly share the day
		d.Days[day] = true
		d.lastDay, d.lastMonth = day, day.Month()
	}
	touchMonth(d.Lines, line, d.lastMonth)
	if unit != d.lastUnit || d.lastMonth != d.lastUnitMonth {
		d.lastUnit, d.lastUnitMonth = unit, d.lastMonth
		if unit != "" {
			touchMonth(d.UsageUnits, unit, d.lastMonth)
		}
	}
}

// Unit notes a changed count of a unit.
func (d *Dirty) Unit(unit string, day schema.Day) { touch(d.Units, unit, day) }

func touch(m map[string]map[schema.Day]bool, subject string, day schema.Day) {
	touchMonth(m, subject, day.Month())
}

func touchMonth(m map[string]map[schema.Day]bool, subject string, month schema.Day) {
	months := m[subject]
	if months == nil {
		months = map[schema.Day]bool{}
		m[subject] = months
	}
	if !months[month] {
		months[month] = true
	}
}

func (d *Dirty) fresh(partition uint32, s Span) {
	if have, ok := d.Fresh[partition]; ok {
		s.From, s.Next = min(s.From, have.From), max(s.Next, have.Next)
	}
	d.Fresh[partition] = s
}

func (d *Dirty) reached(r store.Range) {
	d.at[topicPartition{r.Topic, r.Partition}] = reach{r.Epoch, r.Next}
}

// Reached lists how far each partition had come.
func (d *Dirty) Reached() []store.Range {
	var out []store.Range
	for k, at := range d.at {
		out = append(out, store.Range{Topic: k.topic, Partition: k.partition, Epoch: at.epoch, Next: at.next})
	}
	return out
}

// Add joins what another one holds.
func (d *Dirty) Add(o *Dirty) { d.merge(o) }

// OnlyNew tells whether nothing but new rows of usage arrived.
func (d *Dirty) OnlyNew() bool {
	return len(d.Fresh) > 0 && !d.Blurred && !d.AllDays && !d.AllSubjects && !d.Reference && !d.Rules && !d.Inventory && !d.Amended && len(d.Months)+len(d.Units)+len(d.Moved) == 0 && d.Lost == nil
}

func (d *Dirty) merge(o *Dirty) {
	d.AllDays = d.AllDays || o.AllDays
	d.AllSubjects = d.AllSubjects || o.AllSubjects
	d.Reference = d.Reference || o.Reference
	d.Rules = d.Rules || o.Rules
	d.Inventory = d.Inventory || o.Inventory
	d.Amended = d.Amended || o.Amended
	d.Blurred = d.Blurred || o.Blurred
	for partition, span := range o.Fresh {
		d.fresh(partition, span)
	}
	for cell, w := range o.Moved {
		d.why(cell).merge(w)
	}
	if o.Lost != nil {
		if d.Lost == nil {
			d.Lost = newWhy()
		}
		d.Lost.merge(o.Lost)
	}
	for month, w := range o.Sources {
		if d.Sources[month] == nil {
			d.Sources[month] = newWhy()
		}
		d.Sources[month].merge(w)
	}
	for day := range o.Days {
		d.Days[day] = true
	}
	for month := range o.Months {
		d.Months[month] = true
	}
	mergeMonths(d.Lines, o.Lines)
	mergeMonths(d.Units, o.Units)
	mergeMonths(d.UsageUnits, o.UsageUnits)
	for k, at := range o.at {
		d.at[k] = d.at[k].further(at)
	}
	if pairs(d.Lines) > maxDirty {
		d.AllSubjects = true
		clear(d.Lines)
	}
}

func mergeMonths(into, from map[string]map[schema.Day]bool) {
	for subject, months := range from {
		for month := range months {
			touch(into, subject, month)
		}
	}
}

func pairs(m map[string]map[schema.Day]bool) int {
	n := 0
	for _, months := range m {
		n += len(months)
	}
	return n
}

// judged tells whether roll-ups or rules depend on a topic.
func judged(topic string) bool {
	switch topic {
	case schema.TopicFiles, schema.TopicRejects, schema.TopicViolations, schema.TopicRestatements, schema.TopicSeals, schema.TopicCases, schema.TopicAccess:
		return false
	}
	return true
}

func (p *Pipeline) markDirty(d *Dirty) {
	p.dirtyMu.Lock()
	p.dirty.merge(d)
	p.dirtyMu.Unlock()
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// TakeDirty returns what has changed since the last call. Whoever takes it and fails to deal
// with it gives it back with GiveBack.
func (p *Pipeline) TakeDirty() *Dirty {
	p.dirtyMu.Lock()
	defer p.dirtyMu.Unlock()
	d := p.dirty
	p.dirty = NewDirty()
	return d
}

// GiveBack returns what was taken and not dealt with.
func (p *Pipeline) GiveBack(d *Dirty) { p.markDirty(d) }

// Changed signals that there is something to take.
func (p *Pipeline) Changed() <-chan struct{} { return p.wake }

// loadDirty finds what was stored before a stop but not yet recomputed and judged.
func (p *Pipeline) loadDirty(ctx context.Context) error {
	d := NewDirty()
	if err := p.findReplay(ctx); err != nil {
		return err
	}
	for _, pt := range p.all() {
		if !judged(pt.topic) {
			continue
		}
		at, err := p.store.Evaluated(ctx, pt.topic, pt.partition)
		if err != nil {
			return err
		}
		next := pt.next.Load()
		if pt.topic == schema.TopicReference && pt.pending != nil {
			// It was stopped while it moved usage: which lines the moved rows had before is not known.
			d.AllDays, d.AllSubjects, d.Reference, d.Inventory = true, true, true, true
			if err := p.lostSince(ctx, min(at, next), d); err != nil {
				return err
			}
		}
		if at >= next {
			continue
		}
		d.at[topicPartition{pt.topic, pt.partition}] = reach{pt.epoch, next}
		if pt.topic == schema.TopicReference {
			// What a statement moved is not noted anywhere: judge everything.
			d.AllDays, d.AllSubjects, d.Reference, d.Inventory = true, true, true, true
			if err := p.lostSince(ctx, at, d); err != nil {
				return err
			}
			continue
		}
		if err := p.dirtySince(ctx, pt, at, d); err != nil {
			return fmt.Errorf("finding what changed before the last stop: %w", err)
		}
	}
	if !d.Empty() {
		p.markDirty(d)
	}
	return nil
}

func (p *Pipeline) dirtySince(ctx context.Context, pt *part, at uint64, d *Dirty) error {
	ctx = store.Exact(ctx)
	switch pt.topic {
	case schema.TopicCalls, schema.TopicData, schema.TopicSMS:
		rows, err := p.store.Conn().Query(ctx, "SELECT line_id, toString(unit_id), toInt32(local_day) FROM usage WHERE log_partition = ? AND log_offset >= ? GROUP BY 1, 2, 3 LIMIT ?", logPartition(pt.topic, pt.partition), at, maxDirty+1)
		if err != nil {
			return err
		}
		defer rows.Close()
		var line, unit string
		var day int32
		one, n := NewDirty(), 0
		for ; rows.Next(); n++ {
			if err := rows.Scan(&line, &unit, &day); err != nil {
				return err
			}
			one.Usage(line, unit, schema.Day(day))
		}
		if n > maxDirty { // the list was cut
			one.AllDays, one.AllSubjects = true, true
		}
		d.merge(one)
		if err := rows.Err(); err != nil {
			return err
		}
		return p.amendedSince(ctx, logPartition(pt.topic, pt.partition), at, d)
	case schema.TopicWatches, schema.TopicContacts:
		stmt := "SELECT DISTINCT toString(unit_id), toInt32(day) FROM watches WHERE log_offset >= ?"
		if pt.topic == schema.TopicContacts {
			stmt = "SELECT DISTINCT toString(unit_id), toInt32(local_day) FROM contacts WHERE log_offset >= ?"
		}
		rows, err := p.store.Conn().Query(ctx, stmt, at)
		if err != nil {
			return err
		}
		defer rows.Close()
		var unit string
		var day int32
		for rows.Next() {
			if err := rows.Scan(&unit, &day); err != nil {
				return err
			}
			d.Unit(unit, schema.Day(day))
		}
		return rows.Err()
	}
	return nil
}

func logPartition(topic string, partition uint32) uint32 {
	return 1000*schema.UsageTopicIndex(topic) + partition
}
