// Package cucm reads call detail records of Cisco Unified Communications Manager: the files
// cdr_<cluster>_<node>_<yyyymmddhhmm>_<sequence> as the manager delivers them (Cisco, "Call
// Detail Records Administration Guide").
//
// Columns are found by name, because releases differ in their number (129, 133 and others).
// What a row tells about people beyond its numbers (user ids, names, comments) is not read.
package cucm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"linesman/ingest"
	"linesman/ingest/table"
	"linesman/schema"
	"linesman/schema/phone"
)

// Name is the collector's name.
const Name = "cucm"

// Hasher makes the keyed hashes of numbers.
type Hasher interface {
	Number(digits string) uint64
	Line(digits string) string
}

// Numbers reduces numbers as the exchange writes them.
type Numbers interface {
	Reduce(raw string) (phone.Number, error)
}

// Config says what is particular to an organisation's exchange.
type Config struct {
	// Gateways are the beginnings of the names of gateways and trunks, without regard to
	// case. nil: GW, GATEWAY, SIP, TRUNK, ICT, H323, SBC, CUBE, VG, MGCP, PSTN. Names with "/" or "@" and
	// IP addresses are gateways anyway.
	Gateways []string
	// PrivatePrefix is dialled before a number to mark a call as private; empty: not in use.
	PrivatePrefix string
	// Zone is the zone in which calls are judged; empty: schema.DefaultZone.
	Zone string
}

// Format reads CUCM files. It is safe for concurrent use.
type Format struct {
	cfg     Config
	key     Hasher
	numbers Numbers
	devices devices
	reasons map[uint32]reason
	name    *regexp.Regexp
}

// New returns the format. numbers must reduce in the style [phone.Exchange].
func New(cfg Config, key Hasher, numbers Numbers) (*Format, error) {
	if key == nil || numbers == nil {
		return nil, errors.New("the CUCM format needs the pseudonym key and a number reducer")
	}
	if cfg.Zone == "" {
		cfg.Zone = schema.DefaultZone
	}
	name, err := regexp.Compile(`^_?(cdr|cmr)_[A-Za-z][A-Za-z0-9.-]{0,63}_\d{1,3}_20\d{2}(0[1-9]|1[0-2])([0-2]\d|3[01])([01]\d|2[0-3])[0-5]\d_\d{1,7}$`)
	if err != nil {
		return nil, fmt.Errorf("the pattern of CUCM file names: %w", err)
	}
	return &Format{cfg: cfg, key: key, numbers: numbers, devices: newDevices(cfg.Gateways), reasons: reasons(), name: name}, nil
}

// Name is the collector's name.
func (f *Format) Name() string { return Name }

// PlainName tells whether a name is one that CUCM gives: its digits are a time and a sequence.
func (f *Format) PlainName(name string) bool { return f.name.MatchString(name) }

// Read reads one file; see [ingest.Format].
func (f *Format) Read(ctx context.Context, in ingest.Input, out ingest.Sink) (ingest.Summary, error) {
	r := &reader{
		f: f, out: out, file: ingest.MaskName(in.Name), lines: table.NewLines(in.Body, 0),
		latest: in.Now.UTC().Unix() + 24*3600, parties: make(map[string]*party), classes: make(map[string]string),
	}
	r.rec.Source, r.rec.Zone, r.rec.Kind = Name, f.cfg.Zone, schema.KindCall
	if f.PlainName(in.Name) {
		r.file = in.Name
	}
	sum := ingest.Summary{}
	if err := r.header(in.Name); err != nil {
		return sum, err
	}
	sum.Columns = r.uses
	err := r.rows(ctx)
	sum.Read, sum.Notices = r.read, r.noticeList()
	return sum, err
}

// reader is the state of reading one file.
type reader struct {
	f       *Format
	out     ingest.Sink
	file    string
	lines   *table.Lines
	latest  int64 // latest believable origination, seconds since the epoch
	read    uint64
	uses    []ingest.ColumnUse
	columns int
	slot    []int16 // for each column of the file: the place of its value in val, or -1
	val     [numColumns][]byte
	rec     schema.Usage
	key     []byte
	parties map[string]*party
	classes map[string]string
	unsure  uint64 // rows whose forwarding line is not named
}

func (r *reader) refuse(row uint64, column, code, reason string) error {
	return &ingest.FileError{File: r.file, Row: row, Column: column, Code: code, Reason: reason}
}

func (r *reader) rows(ctx context.Context) error {
	first := true
	for {
		if r.read&0xfff == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		line, err := r.lines.Next()
		switch {
		case errors.Is(err, table.ErrLongLine):
			r.read++
			if err := r.reject(line, "", ingest.CodeTooLong, fmt.Sprintf("the line is longer than %d bytes", table.DefaultMaxLine)); err != nil {
				return err
			}
			continue
		case err == io.EOF:
			return nil
		case err != nil:
			return fmt.Errorf("reading %s after line %d: %w", r.file, r.lines.Row(), err)
		case len(line) == 0:
			continue
		case first && typeRow(line):
			first = false
			continue
		}
		first = false
		r.read++
		if err := r.row(line); err != nil {
			return err
		}
	}
}

// typeRow recognises the row of column types that some releases write below the header.
func typeRow(line []byte) bool {
	head := strings.ToUpper(string(line[:min(len(line), 24)]))
	head = strings.TrimPrefix(head, `"`)
	for _, t := range []string{"INTEGER", "VARCHAR(", "UNIQUEIDENTIFIER"} {
		if strings.HasPrefix(head, t) {
			return true
		}
	}
	return false
}

func (r *reader) row(line []byte) error {
	if reason := r.split(line); reason != "" {
		return r.reject(line, "", ingest.CodeColumns, reason)
	}
	if bad := r.decode(); bad != nil {
		return r.reject(line, bad.column, bad.code, bad.reason)
	}
	r.rec.FileRow = r.lines.Row()
	return r.out.Usage(&r.rec)
}

func (r *reader) reject(line []byte, column, code, reason string) error {
	return r.out.Reject(ingest.Reject{Row: r.lines.Row(), Column: column, Code: code, Reason: reason, Raw: line})
}

func (r *reader) noticeList() []string {
	if r.unsure == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%d rows are marked as forwarded but name no line that forwarded them; they count as ordinary calls", r.unsure)}
}
