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

// note adds a sentence to the report.
func (d *deep) note(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.rep.Notes = append(d.rep.Notes, fmt.Sprintf(format, args...))
}
