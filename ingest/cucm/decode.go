package cucm

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"

	"linesman/ingest"
	"linesman/schema"
	"linesman/schema/phone"
)

const (
	earliest    = 946684800     // 2000-01-01T00:00:00Z, seconds since the epoch
	maxDuration = 7 * 24 * 3600 // s
	maxParties  = 1 << 16       // numbers remembered per file
)

// bad says why a row is refused, without its values.
type bad struct {
	column, code, reason string
}

// decode turns the values of a row into the record.
func (r *reader) decode() *bad {
	rec := &r.rec
	if b := r.identity(); b != nil {
		return b
	}
	if b := r.times(); b != nil {
		return b
	}
	var causes [2]uint32
	for i, c := range [2]int{colDestCause, colOrigCause} {
		v, ok := unsigned(r.val[c])
		if !ok {
			return r.number(c)
		}
		causes[i] = v
	}
	rec.Cause = causes[0]
	if rec.Cause == 0 {
		rec.Cause = causes[1]
	}
	rec.Outcome = outcomeAnswered
	if !rec.Answered {
		rec.Outcome = outcome(rec.Cause)
	}
	return r.parts()
}

// identity makes the event id from the natural key: pkid, or the call's own identifiers.
func (r *reader) identity() *bad {
	r.key = appendPart(r.key[:0], []byte(Name))
	if id := r.val[colPkid]; len(id) > 0 {
		at := len(r.key) + 4
		r.key = appendPart(r.key, id)
		for i, c := range r.key[at:] {
			if c >= 'A' && c <= 'Z' {
				r.key[at+i] = c + 'a' - 'A' // written in either case
			}
		}
	} else {
		for _, c := range [...]int{colCallManager, colCallID, colOrigLeg} {
			if len(r.val[c]) == 0 {
				return &bad{"pkid", ingest.CodeMissing, "the row has neither a pkid nor the call identifiers that could stand for it"}
			}
		}
		for _, c := range [...]int{colCluster, colCallManager, colCallID, colOrigLeg, colOrigination} {
			r.key = appendPart(r.key, r.val[c])
		}
	}
	sum := sha256.Sum256(r.key)
	r.rec.EventID = schema.ID(sum[:16])
	return nil
}

// appendPart writes a part of an event id as schema.NewID does.
func appendPart(b, part []byte) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(len(part)))
	return append(b, part...)
}

func (r *reader) times() *bad {
	rec := &r.rec
	for _, c := range [...]int{colOrigination, colDuration} {
		if len(r.val[c]) == 0 {
			return &bad{columnSpecs()[c].name, ingest.CodeMissing, "the value is missing"}
		}
	}
	var at [3]int64
	for i, c := range [...]int{colOrigination, colConnect, colDisconnect} {
		v, ok := signed(r.val[c])
		if !ok {
			return &bad{columnSpecs()[c].name, ingest.CodeTime, "not a time in seconds since 1970"}
		}
		if (v != 0 || i == 0) && (v < earliest || v > r.latest+int64(i)*maxDuration) {
			return &bad{columnSpecs()[c].name, ingest.CodeRange, "the time is before 2000 or in the future"}
		}
		at[i] = v
	}
	duration, ok := signed(r.val[colDuration])
	if !ok {
		return r.number(colDuration)
	}
	if duration < 0 || duration > maxDuration {
		return &bad{columnSpecs()[colDuration].name, ingest.CodeRange, "the duration is negative or longer than seven days"}
	}
	rec.OccurredAt = schema.Time(at[0] * 1000)
	rec.DurationS = uint32(duration)
	rec.Answered = at[1] != 0 || duration > 0
	until := at[1]
	if until == 0 {
		until = at[2]
	}
	rec.RingS = uint32(min(max(until-at[0], 0), maxDuration))
	return nil
}

func (r *reader) number(col int) *bad {
	return &bad{columnSpecs()[col].name, ingest.CodeNumber, "not a whole number"}
}

// signed reads a whole number; nothing counts as 0.
func signed(b []byte) (int64, bool) {
	neg := len(b) > 1 && b[0] == '-'
	if neg {
		b = b[1:]
	}
	if len(b) > 18 {
		return 0, false
	}
	var v int64
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		v = v*10 + int64(c-'0')
	}
	if neg {
		v = -v
	}
	return v, true
}

// unsigned reads a 32-bit value that some tools write as a negative number.
func unsigned(b []byte) (uint32, bool) {
	v, ok := signed(b)
	return uint32(v), ok && v >= -1<<31 && v < 1<<32
}

// party is one number of a row, reduced.
type party struct {
	num  phone.Number
	err  error
	hash uint64
	line string
}

func (r *reader) party(raw []byte) *party {
	if p, ok := r.parties[string(raw)]; ok {
		return p
	}
	p := r.reduce(string(raw))
	if len(r.parties) >= maxParties {
		clear(r.parties)
	}
	r.parties[string(raw)] = p
	return p
}

func (r *reader) reduce(raw string) *party {
	if user, ok := uriUser(raw); ok {
		raw = user
		if !digitsOnly(user) {
			// A directory address is a person's name: its hash is all that may stay.
			h := r.f.key.Number("sip:" + lower(user))
			return &party{num: phone.Number{Digits: "sip:" + lower(user), Class: phone.Unknown}, hash: h, line: r.f.key.Line("sip:" + lower(user))}
		}
	}
	if conference(raw) {
		return &party{num: phone.Number{Class: phone.Internal}}
	}
	p := &party{}
	p.num, p.err = r.f.numbers.Reduce(raw)
	if p.err == nil && p.num.Digits != "" {
		p.hash, p.line = r.f.key.Number(p.num.Digits), r.f.key.Line(p.num.Digits)
	}
	return p
}

// conference recognises the exchange's own conference bridges: b00 and digits.
func conference(s string) bool {
	return len(s) > 3 && (s[0] == 'b' || s[0] == 'B') && s[1] == '0' && s[2] == '0' && digitsOnly(s[3:])
}

func digitsOnly(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && !(c == '+' && i == 0) {
			return false
		}
	}
	return s != ""
}

// uriUser returns the part of a SIP address before its domain.
func uriUser(s string) (string, bool) {
	i := bytes.IndexByte([]byte(s), '@')
	if i < 0 {
		return "", false
	}
	if len(s) > 4 && lower(s[:4]) == "sip:" {
		s, i = s[4:], i-4
	}
	return s[:max(i, 0)], true
}

func lower(s string) string { return string(bytes.ToLower([]byte(s))) }

// parts decides whose call it is: line, other party, direction and forwarding.
func (r *reader) parts() *bad {
	rec := &r.rec
	rec.Forwarded, rec.Device, rec.RedirectName, rec.Private = false, "", "", false
	code, ok := unsigned(r.val[colReason])
	if !ok {
		return r.number(colReason)
	}
	rec.RedirectCode = code
	if code != 0 {
		rec.RedirectName = r.reasonName(code)
	}
	final := r.party(r.val[colFinalCalled])
	if by := r.forwardedBy(code); by != nil {
		rec.Forwarded = true
		rec.Service, rec.Direction = schema.ServiceVoiceForward, schema.DirectionOut
		if final.num.Class == phone.Internal {
			rec.Direction = schema.DirectionInternal
		}
		return r.fill(colLastRedirect, r.party(by), final, "finalCalledPartyNumber")
	}
	calling := r.party(r.val[colCalling])
	orig, dest := r.device(colOrigDevice), r.device(colDestDevice)
	from := own(orig) || calling.num.Class == phone.Internal
	to := own(dest) || final.num.Class == phone.Internal ||
		final.num.Class == phone.Masked && dest != deviceGateway // a feature code, answered by the exchange itself
	rec.Direction = schema.DirectionOut
	switch {
	case from && to:
		rec.Direction = schema.DirectionInternal
	case to:
		rec.Direction = schema.DirectionIn
	}
	rec.Service = serviceOf(rec.Direction)
	if rec.Direction == schema.DirectionIn {
		rec.Device = dest
		return r.fill(colFinalCalled, final, calling, "callingPartyNumber")
	}
	rec.Device = orig
	rec.Private = r.private()
	return r.fill(colCalling, calling, final, "finalCalledPartyNumber")
}

func (r *reader) reasonName(code uint32) string {
	if known, ok := r.f.reasons[code]; ok {
		return known.name
	}
	return "other"
}

// forwardedBy returns the number that forwarded the call, or nil. A hunt pilot passes calls
// on too, but it is no line that forwards.
func (r *reader) forwardedBy(code uint32) []byte {
	known, ok := r.f.reasons[code]
	behalf, _ := unsigned(r.val[colOnBehalfOf])
	switch {
	case known.forward:
		if behalf == behalfRecording || behalf == behalfMonitoring || behalf == behalfQueueing {
			return nil
		}
	case ok, behalf != behalfForward:
		return nil
	}
	by := r.val[colLastRedirect]
	if len(by) == 0 {
		if by = r.val[colOriginalCalled]; bytes.Equal(by, r.val[colFinalCalled]) {
			by = nil
		}
	}
	if len(by) == 0 {
		r.unsure++
		return nil
	}
	if bytes.Equal(by, r.val[colHuntPilot]) {
		return nil
	}
	return by
}

func (r *reader) device(col int) string {
	name := r.val[col]
	if class, ok := r.classes[string(name)]; ok {
		return class
	}
	class := r.f.devices.class(name)
	if len(r.classes) >= maxParties {
		clear(r.classes)
	}
	r.classes[string(name)] = class
	return class
}

// private tells whether the caller dialled the prefix for private calls.
func (r *reader) private() bool {
	p := r.f.cfg.PrivatePrefix
	if p == "" {
		return false
	}
	for _, c := range [...]int{colOriginalCalled, colFinalCalled, colOutpulsed} {
		if v := r.val[c]; len(v) > len(p) && string(v[:len(p)]) == p {
			return true
		}
	}
	return false
}

// fill sets line and other party.
func (r *reader) fill(lineCol int, line, other *party, otherColumn string) *bad {
	rec := &r.rec
	column := columnSpecs()[lineCol].name
	switch {
	case line.err != nil:
		return badPhone(column, line.err)
	case line.num.Class == phone.None:
		return &bad{column, ingest.CodeMissing, "the number of the organisation's own line is missing"}
	case line.line == "":
		return &bad{column, ingest.CodePhone, "the number of the organisation's own line is masked or no number"}
	case other.err != nil:
		return badPhone(otherColumn, other.err)
	}
	rec.LineID = line.line
	rec.OtherClass, rec.OtherCountry = other.num.Class, other.num.Country
	rec.OtherMask, rec.OtherHash = other.num.Mask, other.hash
	return nil
}

func badPhone(column string, err error) *bad {
	reason := "not a telephone number"
	for _, known := range [...]error{phone.ErrDamaged, phone.ErrTooLong} {
		if errors.Is(err, known) {
			reason = known.Error()
		}
	}
	return &bad{column, ingest.CodePhone, reason}
}
