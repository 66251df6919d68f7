package query

import (
	"context"
	"fmt"
	"time"
)

// File is one collected file. Read = Accepted + Duplicate + Rejected + Repeated.
type File struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Collector string    `json:"collector"`
	Profile   string    `json:"profile"`
	At        time.Time `json:"at"` // when reading ended, UTC
	Read      uint64    `json:"read"`
	Accepted  uint64    `json:"accepted"`
	Duplicate uint64    `json:"duplicate"`
	Rejected  uint64    `json:"rejected"`
	Repeated  uint64    `json:"repeated"`
	State     string    `json:"state"`
	Error     string    `json:"error,omitempty"`
}

func errFilesScope() error {
	return fmt.Errorf("%w: files belong to no unit; they need access to everything", ErrScope)
}

// Files lists the latest collected files, the newest first.
func (r *Runner) Files(ctx context.Context, scope Scope, limit int) ([]File, error) {
	if err := scope.check(); err != nil {
		return nil, err
	}
	if !scope.All {
		return nil, errFilesScope()
	}
	ctx = r.within(ctx, scope)
	s := &statement{}
	s.write("SELECT lower(hex(file_id)), name, collector, profile, recorded_at, read, accepted, duplicate, rejected, repeated, state, error FROM files ORDER BY recorded_at DESC, name LIMIT %d\nSETTINGS final = 1", max(1, min(limit, maxRows)))
	got, err := read(ctx, r.store, s)
	if err != nil {
		return nil, err
	}
	out := make([]File, 0, len(got))
	for _, row := range got {
		out = append(out, File{ID: asText(row[0]), Name: asText(row[1]), Collector: asText(row[2]), Profile: asText(row[3]), At: asTime(row[4]).UTC(),
			Read: asCount(row[5]), Accepted: asCount(row[6]), Duplicate: asCount(row[7]), Rejected: asCount(row[8]), Repeated: asCount(row[9]),
			State: asText(row[10]), Error: asText(row[11])})
	}
	return out, nil
}
