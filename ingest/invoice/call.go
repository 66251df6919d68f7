package invoice

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"linesman/ingest"
	"linesman/schema"
	"linesman/schema/personnummer"
	"linesman/schema/phone"
)

// rawCall is a TelecommunicationsService as it was read, before it is known what it is part
// of. Its numbers are reduced already.
type rawCall struct {
	line                 uint64
	date, clock          string
	class, country, mask string // of the other party
	hash                 uint64
	badNumber            string
	words                string // of category and call, in small letters
	payPerView           bool
	partner, visited     string
	quantity             *node
	amount, vat          *node
}

// call is a rawCall on its way out: a usage record, a cancellation of one, or a refusal.
type call struct {
	usage  schema.Usage
	amends *schema.Amendment
	bad    *ingest.Reject
}

func (c *call) deliver(out ingest.Sink) error {
	switch {
	case c.bad != nil:
		return out.Reject(*c.bad)
	case c.amends != nil:
		return out.Amendment(c.usage.Kind, c.amends)
	}
	return out.Usage(&c.usage)
}

// call takes a TelecommunicationsService out of the tree: there may be hundreds of thousands.
func (p *parser) call(parent, n *node) error {
	if p.calls++; p.calls > p.f.limits.Calls {
		return p.refuse(n.name, ingest.CodeTooLarge, fmt.Sprintf("more than %d calls", p.f.limits.Calls))
	}
	parent.kids = parent.kids[:len(parent.kids)-1]
	c := rawCall{line: n.line, date: clip(n.str("CallDate"), 40), clock: clip(n.str("CallTime"), 40), class: phone.None,
		partner: p.intern(clip(ingest.MaskName(n.str("RoamingPartnerName")), maxShort)), visited: strings.ToUpper(n.str("Country", "IdentificationCode")),
		quantity: n.get("Quantity"), amount: n.get("CallExtensionAmount"), vat: n.get("TaxTotal", "TaxAmount")}
	if c.amount == nil {
		c.amount = n.get("CallBaseAmount")
	}
	var words []string
	for _, name := range []string{"TelecommunicationsServiceCategoryCode", "CategoryCode", "TelecommunicationsServiceCategory", "TelecommunicationsServiceCallCode", "CallCode", "TelecommunicationsServiceCall"} {
		if w := n.str(name); w != "" {
			words = append(words, clip(w, 60))
		}
	}
	c.words = p.intern(normalWords(strings.Join(words, " ")))
	c.payPerView = n.str("PayPerView") != "" && n.str("PayPerView") != "0" && n.str("PayPerView") != "false"
	if raw := n.str("ServiceNumberCalled"); raw != "" {
		num, err := p.f.denmark.Reduce(raw)
		if err != nil {
			c.badNumber = err.Error()
		} else if num.Class == phone.Unknown && personnummer.Contains(raw) {
			return p.personal("ServiceNumberCalled")
		}
		c.class, c.country, c.mask = num.Class, p.intern(num.Country), num.Mask
		if num.Digits != "" {
			c.hash = p.f.key.Number(num.Digits)
		}
	}
	p.doc.calls[parent] = append(p.doc.calls[parent], c)
	return nil
}

// serviceOfCall tells what a call was. The codes of OIOUBL are words.
func serviceOfCall(c *rawCall) (kind, service, direction string, roaming bool) {
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(c.words, w) {
				return true
			}
		}
		return false
	}
	roaming = has("roam") || c.partner != ""
	in := has("incoming", "indgående", "indgaaende", "modtag", "received")
	direction = schema.DirectionOut
	if in {
		direction = schema.DirectionIn
	}
	switch {
	case has("mms"):
		return schema.KindSMS, schema.ServiceMMS, direction, roaming
	case has("sms"):
		return schema.KindSMS, schema.ServiceSMS, direction, roaming
	case has("data", "gprs", "internet"):
		return schema.KindData, schema.ServiceData, "", roaming
	case has("premium", "overtak", "indhold", "content") || c.payPerView:
		return schema.KindCall, schema.ServicePremium, direction, roaming
	case in && roaming:
		return schema.KindCall, schema.ServiceVoiceInRoaming, direction, roaming
	case in:
		return schema.KindCall, schema.ServiceVoiceIn, direction, roaming
	}
	return schema.KindCall, schema.ServiceVoiceOut, direction, roaming
}

// clock turns the local times of a supply line into moments. In the hour that comes twice a
// line's calls are taken to be in order: where they go back in time the second run begins.
type clock struct {
	zone   *time.Location
	day    string
	last   int64
	second bool
}

// moment reads a date and a time of day, with or without an offset (XML Schema, time).
func (k *clock) moment(date, clockText string) (schema.Time, string, error) {
	if len(date) > 10 {
		date = date[:10]
	}
	if clockText == "" {
		clockText = "00:00:00"
	}
	for _, layout := range []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04Z07:00"} {
		if t, err := time.Parse(layout, date+"T"+clockText); err == nil {
			return schema.TimeOf(t), "", nil
		}
	}
	t, err := time.Parse("2006-01-02T15:04:05", date+"T"+clockText)
	if err != nil {
		if t, err = time.Parse("2006-01-02T15:04", date+"T"+clockText); err != nil {
			if _, err := time.Parse(time.DateOnly, date); err != nil {
				return 0, "CallDate", fmt.Errorf("no date: want yyyy-mm-dd")
			}
			return 0, "CallTime", fmt.Errorf("no time of day: want hh:mm:ss")
		}
	}
	local := t.UnixMilli()
	offset := func(ms int64) int64 {
		_, o := time.UnixMilli(ms).In(k.zone).Zone()
		return int64(o) * 1000
	}
	before, after := offset(local-86_400_000), offset(local+86_400_000)
	early, late := local-before, local-after
	if before == after || offset(early) != before || offset(late) != after {
		if offset(early) != before && offset(late) == after {
			return schema.Time(late), "", nil
		}
		return schema.Time(early), "", nil // in the hour that is left out: as if the clock had not been moved
	}
	if k.day != date {
		k.day, k.second = date, false
	} else if local < k.last {
		k.second = true
	}
	k.last = local
	if k.second {
		return schema.Time(late), "", nil
	}
	return schema.Time(early), "", nil
}

// telephony is what the calls of a supply line share.
type telephony struct {
	line string // subscription
	sign schema.Money
	spec string // regulation, cancellation or empty
	at   *clock
}

// callOf makes a record of a call.
func (r *reading) callOf(c *rawCall, s *telephony) *call {
	out := &call{}
	u := &out.usage
	refuse := func(element, code, reason string) *call {
		out.bad = &ingest.Reject{Row: c.line, Column: element, Code: code, Reason: reason, Raw: []byte(c.date + c.clock + c.words + strconv.FormatUint(c.hash, 16))}
		return out
	}
	var roaming bool
	u.Kind, u.Service, u.Direction, roaming = serviceOfCall(c)
	switch {
	case s.line == "":
		return refuse("PhoneNumber", ingest.CodePhone, "the number of the subscription is missing, masked or none")
	case c.badNumber != "":
		return refuse("ServiceNumberCalled", ingest.CodePhone, c.badNumber)
	}
	at, element, err := s.at.moment(c.date, c.clock)
	if err != nil {
		return refuse(element, ingest.CodeTime, err.Error())
	}
	if at < schema.Date(2000, 1, 1).Start(time.UTC) || at > (r.b.head.Issued+366).Start(time.UTC) {
		return refuse("CallDate", ingest.CodeRange, "the date lies before 2000, or more than a year after the statement")
	}
	u.LineID, u.OccurredAt, u.Zone, u.FileRow = s.line, at, r.f.zone, c.line
	u.OtherClass, u.OtherCountry, u.OtherMask, u.OtherHash = c.class, c.country, c.mask, c.hash
	if u.Service == schema.ServicePremium {
		u.OtherClass = phone.Premium
	}
	if roaming {
		u.VisitedNet = c.partner
		if len(c.visited) == 2 {
			u.VisitedCtry = c.visited
		}
	} else if len(c.visited) == 2 && u.OtherCountry == "" {
		u.OtherCountry = c.visited
	}
	if element, code, reason := r.quantityOf(c, u); reason != "" {
		return refuse(element, code, reason)
	}
	if element, reason := r.amountsOf(c, u, s.sign); reason != "" {
		return refuse(element, ingest.CodeNumber, reason)
	}
	u.Operator, u.Invoice, u.Currency, u.Source = r.b.head.Operator, r.b.head.Number, r.currency, Name+":"+FormatUtility
	if s.spec == specRegulation { // the call was recorded when it was charged first: this is money only
		u.Kind, u.Service, u.Direction = schema.KindFee, schema.ServiceOneTime, ""
		if u.Charged < 0 {
			u.Service = schema.ServiceCredit
		}
		u.DurationS, u.VolumeBytes, u.Messages, u.Answered, u.Outcome = 0, 0, 0, false, ""
	}
	if s.spec == specCancellation {
		out.amends = &schema.Amendment{LineID: u.LineID, AmendedAt: r.b.head.Issued.Start(r.f.danish), Source: u.Source, FileRow: c.line}
	}
	return out
}

// quantityOf reads how long, how much or how many.
func (r *reading) quantityOf(c *rawCall, u *schema.Usage) (element, code, reason string) {
	var v schema.Money
	unit := ""
	if c.quantity != nil && c.quantity.text != "" {
		var ok bool
		if v, ok = quietly(r, c.quantity); !ok || v < 0 {
			return "Quantity", ingest.CodeNumber, "no decimal number of at least 0"
		}
		unit = strings.ToUpper(c.quantity.attribute("unitCode"))
	}
	scale := func(by int64) uint64 {
		m, err := v.MulDiv(by, int64(schema.Micro))
		if err != nil {
			return math.MaxUint64
		}
		return uint64(m)
	}
	switch u.Kind {
	case schema.KindSMS:
		if n := scale(1); n >= 1 && n <= math.MaxUint32 && unit != "SEC" && unit != "MIN" {
			u.Messages = uint32(n)
		} else {
			u.Messages = 1
		}
		return "", "", ""
	case schema.KindData:
		by, ok := map[string]int64{"AD": 1, "2P": 1000, "KB": 1000, "4L": 1_000_000, "MB": 1_000_000, "E34": 1_000_000_000, "GB": 1_000_000_000}[unit]
		if !ok {
			return "Quantity", ingest.CodeUnknown, "the volume has no unit that is known: want AD, 2P, 4L or E34 (UN/ECE Recommendation 20: byte, kB, MB, GB)"
		}
		if u.VolumeBytes = scale(by); u.VolumeBytes > math.MaxInt64 {
			return "Quantity", ingest.CodeRange, "a volume outside of what can be kept"
		}
		return "", "", ""
	}
	by, ok := map[string]int64{"SEC": 1, "MIN": 60, "HUR": 3600}[unit]
	switch {
	case ok && scale(by) <= math.MaxUint32:
		u.DurationS = uint32(scale(by))
	case ok:
		return "Quantity", ingest.CodeRange, "a duration outside of what can be kept"
	case v != 0:
		r.noteAt(c.line, "the quantity of a call has no unit of time (SEC, MIN, HUR): its duration is not known")
	}
	u.Answered, u.Outcome = true, "answered"
	return "", "", ""
}

// quietly reads a number whose fault refuses one call only.
func quietly(r *reading, n *node) (schema.Money, bool) {
	probe := &reading{f: r.f, file: r.file, notes: r.notes}
	v, _ := probe.decimal(n, n.name)
	return v, probe.err == nil
}

func (r *reading) amountsOf(c *rawCall, u *schema.Usage, sign schema.Money) (element, reason string) {
	for _, a := range []struct {
		n  *node
		to *schema.Money
	}{{c.amount, &u.Charged}, {c.vat, &u.VAT}} {
		if a.n == nil || a.n.text == "" {
			continue
		}
		v, ok := quietly(r, a.n)
		if !ok {
			return a.n.name, "no decimal number"
		}
		*a.to = sign * v
	}
	return "", ""
}

// identifyCalls gives calls their ids: what tells one call of a subscription from another,
// whatever statement it stands in and whichever sign its amount has, and which of the same
// ones in the document it is. So a cancellation finds the call.
func (r *reading) identifyCalls(in ingest.Input) {
	type kind struct {
		id      schema.ID
		cancels bool
	}
	seen := map[kind]int{}
	for _, c := range r.b.calls {
		if c.bad != nil {
			continue
		}
		u := &c.usage
		u.FileID, u.RecordedAt = in.FileID, schema.TimeOf(in.Now)
		h := r.b.head
		key := []string{h.SupplierID, u.LineID, u.OccurredAt.String(), u.Service, strconv.FormatUint(u.OtherHash, 16), u.OtherMask, strconv.FormatUint(uint64(u.DurationS), 10),
			strconv.FormatUint(u.VolumeBytes, 10), strconv.FormatUint(uint64(u.Messages), 10), u.VisitedCtry, u.VisitedNet, amount(u.Charged)}
		if u.Kind == schema.KindFee { // a regulation: of one statement
			key = append(key, h.Number)
		}
		same := kind{schema.NewID("oioubl call", key...), c.amends != nil}
		n := seen[same]
		seen[same]++
		u.EventID = schema.NewID("oioubl call", append(key, strconv.Itoa(n))...)
		if c.amends != nil {
			c.amends.FileID, c.amends.RecordedAt, c.amends.Amends = u.FileID, u.RecordedAt, u.EventID
			c.amends.EventID = schema.NewID("oioubl cancellation", h.SupplierID, h.Number, u.EventID.String())
		}
	}
}

func amount(m schema.Money) string {
	if m < 0 {
		m = -m
	}
	return m.String()
}
