package verify

import (
	"fmt"
	"time"
)

// front tells of a partition that does not begin at its first record. Where nothing is deleted
// by time that is a finding, whether or not a seal is left that speaks of those records: who
// takes all of a partition away leaves no record whose chain would not fit.
func (d *deep) front(p *deepPart) {
	if p.rep.First == 0 {
		return
	}
	lowest, in := p.rep.First, sources(0)
	var newest time.Time
	for i := range p.seals.refs {
		r := &p.seals.refs[i]
		if r.first >= p.rep.First {
			continue
		}
		lowest, in = min(lowest, r.first), in|r.in
		if at := r.sealedAt.UTC(); at.After(newest) {
			newest = at
		}
	}
	said := "no seal that is left speaks of them"
	if in != 0 {
		said = fmt.Sprintf("they were sealed from offset %d on, the last of them at %s", lowest, newest.Format(time.RFC3339))
	}
	if d.retention > 0 {
		d.note("%s/%d begins at offset %d; the records before it are gone, as the retention of %s allows: %s", p.at.topic, p.at.partition, p.rep.First, d.retention, said)
		return
	}
	d.problem(Problem{Kind: Removed, Topic: p.at.topic, Partition: p.at.partition, Until: p.rep.First, Records: p.rep.First, Exact: true, Against: in.String(),
		Detail: "the log begins behind these records, and nothing is set that deletes records: " + said})
}

// unanchored notes how many seals of the log the file that was kept elsewhere does not have. That
// is no finding: a crash keeps seals from it, and it may have begun later than the log. But who
// shortens the file takes away what it would have told.
func (d *deep) unanchored() {
	if d.anchors == nil {
		return
	}
	newest, missing, older := time.Time{}, 0, 0
	for _, p := range d.index.parts {
		for i := range p.refs {
			if at := p.refs[i].sealedAt.UTC(); p.refs[i].in&inAnchors != 0 && at.After(newest) {
				newest = at
			}
		}
	}
	for _, p := range d.index.parts {
		for i := range p.refs {
			if r := &p.refs[i]; r.in&inLog != 0 && r.in&inAnchors == 0 {
				missing++
				if !r.sealedAt.UTC().After(newest) {
					older++
				}
			}
		}
	}
	if missing > 0 {
		d.note("%d seals of the log are not in the file of seals, %d of them no newer than its newest, which was made at %s: what they cover it cannot confirm", missing, older, newest.Format(time.RFC3339))
	}
}

// note adds a sentence to the report.
func (d *deep) note(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.rep.Notes = append(d.rep.Notes, fmt.Sprintf(format, args...))
}
