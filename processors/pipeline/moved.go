package pipeline

import (
	"maps"
	"slices"
	"strings"

	"linesman/processors/enrich"
	"linesman/schema"
)

// Cell is what a restatement is about: a month of a unit and cost centre.
type Cell struct {
	Month            schema.Day // first day
	Unit, CostCentre string
}

func cellOf(u *schema.Usage) Cell { return Cell{u.LocalDay.Month(), u.UnitID, u.CostCentre} }

// maxWhy is how many statements or files a restatement names.
const maxWhy = 100

// Why says why usage of the past moved.
type Why struct {
	causes map[string]bool
	ids    map[schema.ID]bool
	groups map[string][]schema.ID // statements that come by the thousand, shared between cells
}

func newWhy() *Why {
	return &Why{causes: map[string]bool{}, ids: map[schema.ID]bool{}, groups: map[string][]schema.ID{}}
}

func (w *Why) add(cause string, id schema.ID) {
	w.causes[cause] = true
	w.ids[id] = true
}

func (w *Why) group(cause string, ids []schema.ID) {
	w.causes[cause] = true
	if len(w.groups[cause]) < len(ids) {
		w.groups[cause] = ids
	}
}

func (w *Why) merge(o *Why) {
	maps.Copy(w.causes, o.causes)
	for id := range o.ids {
		for cause := range o.causes {
			w.add(cause, id)
			break
		}
	}
	for cause, ids := range o.groups {
		w.group(cause, ids)
	}
}

// Causes lists the causes, in alphabetical order, separated by commas.
func (w *Why) Causes() string {
	return strings.Join(slices.Sorted(maps.Keys(w.causes)), ",")
}

// IDs lists the events behind it, at most 100, and says how many there are.
func (w *Why) IDs() (ids []schema.ID, total uint64) {
	for id := range w.ids {
		ids = append(ids, id)
	}
	total = uint64(len(w.ids))
	for _, group := range w.groups {
		ids = append(ids, group[:min(len(group), maxWhy)]...)
		total += uint64(len(group))
	}
	slices.SortFunc(ids, func(a, b schema.ID) int { return slices.Compare(a[:], b[:]) })
	return ids[:min(len(ids), maxWhy)], total
}

// reasons finds the statements behind a row that moved.
type reasons struct {
	lines  map[string][]schema.ID // by recorded line id
	hashes map[uint64][]schema.ID // by the hash of an own number that others called
	units  map[string][]schema.ID
	prices []schema.ID
	ranges []schema.ID
	rates  []schema.ID
}

func newReasons(why []enrich.Stated) *reasons {
	r := &reasons{lines: map[string][]schema.ID{}, hashes: map[uint64][]schema.ID{}, units: map[string][]schema.ID{}}
	for _, s := range why {
		switch s.Cause {
		case schema.CauseLine:
			r.lines[s.Line] = append(r.lines[s.Line], s.Event)
			if s.Alias != "" {
				r.lines[s.Alias] = append(r.lines[s.Alias], s.Event)
			}
			if h, ok := schema.LineHash(s.Line); ok {
				r.hashes[h] = append(r.hashes[h], s.Event)
			}
		case schema.CauseUnit:
			r.units[s.Unit] = append(r.units[s.Unit], s.Event)
		case schema.CausePrice:
			r.prices = append(r.prices, s.Event)
		case schema.CauseNumberRange:
			r.ranges = append(r.ranges, s.Event)
		case schema.CauseExchangeRate:
			r.rates = append(r.rates, s.Event)
		}
	}
	return r
}

// moved notes that statements moved a row: from where it was, to where it is.
func (d *Dirty) moved(r *reasons, was, is *schema.Usage) {
	for _, cell := range [...]Cell{cellOf(was), cellOf(is)} {
		w := d.why(cell)
		for _, id := range r.lines[is.LineID] {
			w.add(schema.CauseLine, id)
		}
		if was.Class != is.Class {
			for _, id := range r.hashes[is.OtherHash] {
				w.add(schema.CauseLine, id)
			}
			if len(r.ranges) > 0 {
				w.group(schema.CauseNumberRange, r.ranges)
			}
		}
		for _, id := range r.units[is.UnitID] {
			w.add(schema.CauseUnit, id)
		}
		if (was.PriceID != is.PriceID || was.Rated != is.Rated || was.RateReason != is.RateReason) && len(r.prices) > 0 {
			w.group(schema.CausePrice, r.prices)
		}
		if (was.Cost != is.Cost || was.RateReason != is.RateReason) && len(r.rates) > 0 {
			w.group(schema.CauseExchangeRate, r.rates)
		}
	}
}

// died notes that an amendment took a row away.
func (d *Dirty) died(a *schema.Amendment, was *schema.Usage) {
	cause := schema.CauseCancellation
	if !a.ReplacedBy.IsZero() {
		cause = schema.CauseCorrection
	}
	d.Amended = true
	d.why(cellOf(was)).add(cause, a.EventID)
}

func (d *Dirty) why(c Cell) *Why {
	w := d.Moved[c]
	if w == nil {
		w = newWhy()
		d.Moved[c] = w
	}
	return w
}

// from notes which file brought usage of a month: late usage is told by its file.
func (d *Dirty) from(file schema.ID, month schema.Day) {
	if file == d.lastFile && month == d.lastFileMonth {
		return
	}
	d.lastFile, d.lastFileMonth = file, month
	w := d.Sources[month]
	if w == nil {
		w = newWhy()
		d.Sources[month] = w
	}
	w.add(schema.CauseLate, file)
}
