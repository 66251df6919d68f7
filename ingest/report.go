package ingest

import (
	"fmt"
	"strings"
	"time"

	"linesman/schema"
)

// Report says what one collection of a file read and what became of it. It holds no values
// of the file.
type Report struct {
	FileID    schema.ID `json:"-"`
	File      string    `json:"file_id"` // FileID in hexadecimal digits
	Name      string    `json:"name"`    // masked, see [MaskName]
	Collector string    `json:"collector"`
	Profile   string    `json:"profile,omitempty"`
	State     string    `json:"state"` // done or failed
	Error     string    `json:"error,omitempty"`
	Size      uint64    `json:"size_bytes"` // as delivered; of a member of an archive: unpacked
	ContentID string    `json:"content_id"` // over the content as delivered
	Read      uint64    `json:"read"`       // data records; always sent + rejected + repeated
	Sent      uint64    `json:"sent"`
	Rejected  uint64    `json:"rejected"`
	Repeated  uint64    `json:"repeated"`
	// Amended counts the cancellations and corrections among what was sent; part of no sum.
	Amended uint64 `json:"amended,omitempty"`
	// Rejects counts the rejects by code.
	Rejects map[string]uint64 `json:"rejects,omitempty"`
	Notices []string          `json:"notices,omitempty"`
	Columns []ColumnUse       `json:"columns,omitempty"`
	// FirstAt and LastAt are the earliest and latest event; zero when there is none.
	FirstAt    time.Time `json:"first_at,omitzero"`
	LastAt     time.Time `json:"last_at,omitzero"`
	StartedAt  time.Time `json:"started_at"`
	RecordedAt time.Time `json:"recorded_at"`
	// Members are the files inside an archive; the counts above are their sums.
	Members []Report `json:"members,omitempty"`
}

// Failed tells whether the file, or a member of it, was refused.
func (r Report) Failed() bool { return r.State == schema.FileFailed }

// String is one line for people, and one more for each member of an archive.
func (r Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s: %d read, %d sent, %d rejected, %d repeated", r.Name, r.State, r.Read, r.Sent, r.Rejected, r.Repeated)
	if r.Amended > 0 {
		fmt.Fprintf(&b, ", %d of them cancel or correct others", r.Amended)
	}
	if r.Profile != "" {
		fmt.Fprintf(&b, " (%s)", r.Profile)
	}
	if !r.FirstAt.IsZero() {
		fmt.Fprintf(&b, ", %s to %s", r.FirstAt.Format("2006-01-02 15:04Z"), r.LastAt.Format("2006-01-02 15:04Z"))
	}
	if r.Error != "" && len(r.Members) == 0 {
		fmt.Fprintf(&b, "; %s", r.Error)
	}
	for _, n := range r.Notices {
		fmt.Fprintf(&b, "; note: %s", n)
	}
	for _, m := range r.Members {
		fmt.Fprintf(&b, "\n  %s", m)
	}
	return b.String()
}

// Add sums a member of an archive into the archive's report.
func (r *Report) Add(m Report) {
	r.Members = append(r.Members, m)
	r.Read += m.Read
	r.Sent += m.Sent
	r.Rejected += m.Rejected
	r.Repeated += m.Repeated
	r.Amended += m.Amended
	for code, n := range m.Rejects {
		if r.Rejects == nil {
			r.Rejects = map[string]uint64{}
		}
		r.Rejects[code] += n
	}
	if m.Failed() {
		r.State = schema.FileFailed
		if r.Error == "" {
			r.Error = m.Error
		}
	}
	if !m.FirstAt.IsZero() && (r.FirstAt.IsZero() || m.FirstAt.Before(r.FirstAt)) {
		r.FirstAt = m.FirstAt
	}
	if m.LastAt.After(r.LastAt) {
		r.LastAt = m.LastAt
	}
}
