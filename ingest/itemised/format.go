package itemised

import (
	"context"
	"errors"
	"fmt"
	"sort"

	"linesman/ingest"
	"linesman/ingest/table"
	"linesman/internal/pseudonym"
	"linesman/schema"
	"linesman/schema/phone"
)

// maxSkip bounds the rows that stand before a header or behind the last record.
const maxSkip = 100

// Config says which profiles a format knows.
type Config struct {
	Profiles map[string]*Profile // by name
	Profile  string              // the profile of every file; empty: recognised by the header
	Key      *pseudonym.Key
	Zone     string // zone in which events are judged; empty: schema.DefaultZone
	MaxLine  int    // longest line in bytes; 0: 64 KiB
}

// Format reads itemised files. It is safe for concurrent use.
type Format struct {
	profiles []*Profile // candidates, by name
	forced   bool
	key      *pseudonym.Key
	zone     string
	maxLine  int
	reducers map[string]*phone.Reducer // by region and style
}

var _ ingest.Format = (*Format)(nil)

// New returns the format of itemised files.
func New(cfg Config) (*Format, error) {
	if cfg.Key == nil {
		return nil, errors.New("reading itemised files: no pseudonym key")
	}
	f := &Format{key: cfg.Key, zone: or(cfg.Zone, schema.DefaultZone), maxLine: cfg.MaxLine, reducers: map[string]*phone.Reducer{}}
	if f.maxLine <= 0 {
		f.maxLine = table.DefaultMaxLine
	}
	if cfg.Profile != "" {
		p, ok := cfg.Profiles[cfg.Profile]
		if !ok {
			return nil, fmt.Errorf("profile %q is not known%s", cfg.Profile, nearest(cfg.Profile, keysOf(cfg.Profiles)))
		}
		f.profiles, f.forced = []*Profile{p}, true
	} else {
		for _, p := range cfg.Profiles {
			f.profiles = append(f.profiles, p)
		}
	}
	if len(f.profiles) == 0 {
		return nil, errors.New("reading itemised files: no profiles")
	}
	sort.Slice(f.profiles, func(i, j int) bool { return f.profiles[i].Name < f.profiles[j].Name })
	for _, p := range f.profiles {
		if p == nil || p.c == nil {
			return nil, errors.New("reading itemised files: a profile that was not loaded")
		}
		id := p.Phone.Region + "/" + p.Phone.Style
		if f.reducers[id] != nil {
			continue
		}
		r, err := phone.New(p.Phone.Region, p.c.style)
		if err != nil {
			return nil, fmt.Errorf("profile %s: %w", p.Name, err)
		}
		f.reducers[id] = r
	}
	return f, nil
}

// Name returns "itemised".
func (f *Format) Name() string { return "itemised" }

// Read reads one file. It is refused where it is no text, where no profile (or more than one)
// fits its header, and where a needed column is missing; a bad row is refused alone.
func (f *Format) Read(ctx context.Context, in ingest.Input, out ingest.Sink) (ingest.Summary, error) {
	src, err := open(in, f.maxLine)
	if err != nil {
		return ingest.Summary{}, err
	}
	p, h, err := f.recognise(src)
	if err != nil {
		return ingest.Summary{}, err
	}
	if p.c.charset != nil && src.bom {
		src.notices = append(src.notices, "the file begins with a UTF-8 byte order mark and was read as utf-8, not as "+p.Encoding)
	}
	src.settle(p, h)
	r := f.newReading(p, h, in, src)
	read, sent, err := r.rows(ctx, src, out)
	sum := ingest.Summary{Profile: p.Name, Read: read, Notices: append(src.notices, h.notices(p)...), Columns: h.uses(p)}
	if src.footers > 0 {
		sum.Notices = append(sum.Notices, fmt.Sprintf("footer rows that were passed over: %d", src.footers))
	}
	if note := r.balance(read, sent); note != "" && err == nil {
		sum.Notices = append(sum.Notices, note)
	}
	return sum, err
}
