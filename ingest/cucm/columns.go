package cucm

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"linesman/ingest"
	"linesman/ingest/table"
)

// The columns that are read, as places in reader.val.
const (
	colPkid = iota
	colCluster
	colCallManager
	colCallID
	colOrigLeg
	colOrigination
	colConnect
	colDisconnect
	colDuration
	colCalling
	colOriginalCalled
	colFinalCalled
	colLastRedirect
	colOrigDevice
	colDestDevice
	colOrigCause
	colDestCause
	colReason
	colOnBehalfOf
	colHuntPilot
	colOutpulsed
	numColumns
)

type columnSpec struct {
	name   string
	field  string // what it feeds
	needed bool
}

func columnSpecs() [numColumns]columnSpec {
	return [numColumns]columnSpec{
		colPkid:           {"pkid", "event_id", false},
		colCluster:        {"globalCallId_ClusterID", "event_id without pkid", false},
		colCallManager:    {"globalCallID_callManagerId", "event_id without pkid", false},
		colCallID:         {"globalCallID_callId", "event_id without pkid", false},
		colOrigLeg:        {"origLegCallIdentifier", "event_id without pkid", false},
		colOrigination:    {"dateTimeOrigination", "occurred_at", true},
		colConnect:        {"dateTimeConnect", "answered, ring_s", true},
		colDisconnect:     {"dateTimeDisconnect", "ring_s", true},
		colDuration:       {"duration", "duration_s", true},
		colCalling:        {"callingPartyNumber", "line_id, other_*", true},
		colOriginalCalled: {"originalCalledPartyNumber", "line_id of a forwarding line", true},
		colFinalCalled:    {"finalCalledPartyNumber", "line_id, other_*", true},
		colLastRedirect:   {"lastRedirectDn", "line_id of a forwarding line", true},
		colOrigDevice:     {"origDeviceName", "device, direction", true},
		colDestDevice:     {"destDeviceName", "device, direction", true},
		colOrigCause:      {"origCause_value", "cause, outcome", true},
		colDestCause:      {"destCause_value", "cause, outcome", true},
		colReason:         {"lastRedirectRedirectReason", "forwarded, redirect_*", true},
		colOnBehalfOf:     {"lastRedirectRedirectOnBehalfOf", "forwarded", false},
		colHuntPilot:      {"huntPilotDN", "forwarded", false},
		colOutpulsed:      {"outpulsedCalledPartyNumber", "private", false},
	}
}

// header reads the header and maps the columns.
func (r *reader) header(name string) error {
	if strings.HasPrefix(strings.TrimPrefix(strings.ToLower(name), "_"), "cmr_") {
		return r.refuse(0, "", ingest.CodeWrongKind, "these are quality records (CMR), not calls: deliver the cdr_ files only")
	}
	r.lines.SkipBOM()
	head := r.lines.Peek(512)
	if bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")) {
		return r.refuse(1, "", ingest.CodeEncoding, "the file is UTF-16: CUCM writes UTF-8")
	}
	if bytes.IndexByte(head, 0) >= 0 {
		return r.refuse(1, "", ingest.CodeUnreadable, "the file is binary, not text")
	}
	line, err := r.lines.Next()
	switch {
	case err == io.EOF:
		return r.refuse(0, "", ingest.CodeEmpty, "the file is empty: not even a header")
	case errors.Is(err, table.ErrLongLine):
		return r.refuse(1, "", ingest.CodeTooLong, fmt.Sprintf("the header is longer than %d bytes: these are no CUCM records", table.DefaultMaxLine))
	case err != nil:
		return fmt.Errorf("reading %s: %w", r.file, err)
	case !utf8.Valid(line):
		return r.refuse(1, "", ingest.CodeEncoding, "the header is not UTF-8")
	}
	if bytes.IndexByte(line, ',') < 0 && bytes.Count(line, []byte(";")) > 2 {
		return r.refuse(1, "", ingest.CodeColumns, "the header is separated by ';', want ','")
	}
	fields, err := table.Split(nil, line, ',')
	if err != nil {
		return r.refuse(1, "", ingest.CodeColumns, "the header has an unbalanced quotation mark")
	}
	return r.mapColumns(fields)
}

func (r *reader) mapColumns(fields [][]byte) error {
	specs := columnSpecs()
	place := make(map[string]int, len(fields))
	var twice []string
	for i, f := range fields {
		name := strings.ToLower(strings.TrimSpace(string(f)))
		if _, again := place[name]; again {
			twice = append(twice, name)
		}
		place[name] = i
		r.uses = append(r.uses, ingest.ColumnUse{Column: printable(string(f))})
		r.slot = append(r.slot, -1)
	}
	if _, quality := place["numberpacketslost"]; quality {
		return r.refuse(1, "", ingest.CodeWrongKind, "these are quality records (CMR), not calls: deliver the cdr_ files only")
	}
	have := [numColumns]bool{}
	for c, spec := range specs {
		at, ok := place[strings.ToLower(spec.name)]
		if !ok && spec.needed {
			return r.refuse(1, spec.name, ingest.CodeColumns, "the column is missing from the header")
		}
		if slices.Contains(twice, strings.ToLower(spec.name)) {
			return r.refuse(1, spec.name, ingest.CodeColumns, "the column stands twice in the header")
		}
		if ok {
			have[c], r.slot[at], r.uses[at].Field = true, int16(c), spec.field
		}
	}
	if !have[colPkid] && (!have[colCallManager] || !have[colCallID] || !have[colOrigLeg]) {
		return r.refuse(1, specs[colPkid].name, ingest.CodeColumns, "the column is missing from the header, and so are the call identifiers that could stand for it")
	}
	r.columns = len(fields)
	return nil
}

func printable(name string) string {
	return ingest.MaskName(strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return '_'
		}
		return c
	}, name[:min(len(name), 64)]))
}

// split cuts a row and keeps the values of the columns that are read. It returns what is
// wrong with the row, or nothing. A value never spans lines.
func (r *reader) split(line []byte) string {
	at, n := 0, 0
	for {
		var v []byte
		if at < len(line) && line[at] == '"' {
			end := bytes.IndexByte(line[at+1:], '"')
			if end < 0 {
				return "a quotation mark is not balanced"
			}
			stop := at + 1 + end
			if stop+1 < len(line) && line[stop+1] != ',' {
				return r.splitSlow(line)
			}
			v = line[at+1 : stop]
			at = stop + 1
		} else {
			stop := at
			for stop < len(line) && line[stop] != ',' {
				stop++
			}
			v = line[at:stop]
			at = stop
		}
		if n >= r.columns {
			return r.wrongColumns(n + 1 + bytes.Count(line[at:], []byte(",")))
		}
		if s := r.slot[n]; s >= 0 {
			r.val[s] = v
		}
		n++
		if at >= len(line) {
			break
		}
		at++ // the comma
	}
	if n != r.columns {
		return r.wrongColumns(n)
	}
	return ""
}

// splitSlow handles rows with doubled quotation marks.
func (r *reader) splitSlow(line []byte) string {
	fields, err := table.Split(nil, line, ',')
	if err != nil {
		return "a quotation mark is not balanced"
	}
	if len(fields) != r.columns {
		return r.wrongColumns(len(fields))
	}
	for i, v := range fields {
		if s := r.slot[i]; s >= 0 {
			r.val[s] = v
		}
	}
	return ""
}

func (r *reader) wrongColumns(n int) string {
	return fmt.Sprintf("%d columns, the header has %d", n, r.columns)
}
