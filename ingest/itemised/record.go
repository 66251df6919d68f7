package itemised

import (
	"errors"
	"math"
	"strings"

	"linesman/ingest"
	"linesman/schema"
	"linesman/schema/personnummer"
	"linesman/schema/phone"
)

// record makes a record of the fields, in r.u.
func (r *reading) record() *flaw {
	if bad := r.scanExtra(); bad != nil {
		return bad
	}
	sv, bad := r.service()
	if bad != nil {
		return bad
	}
	what, bad := r.change(sv)
	if bad != nil {
		return bad
	}
	u := &r.u
	u.Kind, u.Service, u.Direction = sv.kind, sv.service, sv.direction
	if what == changeCancel {
		return r.cancel(sv)
	}
	steps := [...]func(*reading, *service) *flaw{
		(*reading).subscription, (*reading).when, (*reading).other, (*reading).where,
		(*reading).amounts, (*reading).usage, (*reading).texts, (*reading).identity,
	}
	for _, step := range steps {
		if bad := step(r, sv); bad != nil {
			return bad
		}
	}
	if what == changeCorrect {
		return r.correct(sv)
	}
	return nil
}

func (r *reading) service() (*service, *flaw) { return r.serviceOf(fService) }

func (r *reading) serviceOf(f field) (*service, *flaw) {
	b := r.get(f)
	if sv, ok := r.c.services[string(b)]; ok {
		return sv, nil
	}
	if len(b) == 0 {
		return nil, missing(f)
	}
	if sv, ok := r.c.services[normal(string(b))]; ok {
		return sv, nil
	}
	return nil, unknown(f, b, "a service that the profile does not know: add it under services")
}

// unknown refuses a word that is in no table, with the other code where it is a person's number.
func unknown(f field, value []byte, reason string) *flaw {
	if personnummer.Contains(string(value)) {
		return personal(f)
	}
	return &flaw{field: f, code: ingest.CodeUnknown, reason: reason}
}

func missing(f field) *flaw {
	return &flaw{field: f, code: ingest.CodeMissing, reason: "the value is missing"}
}

func (r *reading) subscription(*service) (bad *flaw) {
	r.u.LineID, bad = r.line(fSubscription)
	return bad
}

// line reads a number of the organisation's own.
func (r *reading) line(f field) (string, *flaw) {
	b := r.get(f)
	o, ok := r.owns[string(b)]
	if !ok {
		if len(b) == 0 {
			return "", missing(f)
		}
		raw := string(b)
		o = r.own(raw)
		if len(r.owns) >= maxWords {
			clear(r.owns)
		}
		r.owns[raw] = o
	}
	if o.bad != nil && f != fSubscription {
		bad := *o.bad
		bad.field = f
		return "", &bad
	}
	return o.line, o.bad
}

func (r *reading) own(raw string) own {
	refuse := func(reason string) own {
		if personnummer.Contains(raw) {
			return own{bad: personal(fSubscription)}
		}
		return own{bad: &flaw{field: fSubscription, code: ingest.CodePhone, reason: reason}}
	}
	n, err := r.reducer.Reduce(raw)
	switch {
	case err != nil:
		return refuse(err.Error())
	case n.Class == phone.Masked || n.Digits == "":
		return refuse("the organisation's own number is masked or has letters")
	case n.Class == phone.Unknown && r.c.style == phone.National && raw[0] != '0' && raw[0] != '+':
		return refuse("not a whole telephone number; a spreadsheet program may have taken the leading 0 away: export the column as text")
	case n.Class == phone.Unknown:
		return refuse("not a whole telephone number of the profile's style " + string(r.c.style))
	case n.Digits[0] != '+' && !r.p.Phone.Extensions:
		return refuse("a short number; the profile may allow them with phone.extensions")
	}
	return own{line: r.key.Line(n.Digits)}
}

// when reads the start. Fees may stand with a date alone.
func (r *reading) when(sv *service) *flaw {
	var w wall
	f := fStart
	if r.h.place[fStart] >= 0 {
		if bad := r.parse(fStart, r.c.start, &w); bad != nil {
			return bad
		}
	} else {
		f = fDate
		if bad := r.parse(fDate, r.c.date, &w); bad != nil {
			return bad
		}
		if len(r.get(fTime)) > 0 || sv.kind != schema.KindFee && r.h.place[fTime] >= 0 {
			f = fTime
			if bad := r.parse(fTime, r.c.clock, &w); bad != nil {
				return bad
			}
		}
	}
	if !w.valid() {
		return &flaw{field: f, code: ingest.CodeTime, reason: "no such date or time in the calendar"}
	}
	t, err := r.clock.moment(&w, func() string { return r.u.LineID + sv.service })
	if err != nil {
		return &flaw{field: f, code: ingest.CodeTime, reason: err.Error()}
	}
	if f == fTime {
		f = fDate
	}
	r.u.OccurredAt = t
	return r.plausible(f, t)
}

func (r *reading) plausible(f field, t schema.Time) *flaw {
	if t < earliest || t > r.latest {
		return &flaw{field: f, code: ingest.CodeRange, reason: "the date lies before 2000 or more than a day in the future"}
	}
	return nil
}

func (r *reading) parse(f field, layouts []layout, w *wall) *flaw {
	b := r.get(f)
	if len(b) == 0 {
		return missing(f)
	}
	for i := range layouts {
		next := *w
		if layouts[i].parse(b, &next) {
			*w = next
			return nil
		}
	}
	var want []string
	for _, l := range layouts {
		want = append(want, l.pattern)
	}
	return &flaw{field: f, code: ingest.CodeTime, reason: errTime.Error() + " (" + strings.Join(want, ", ") + ")"}
}

// other reduces the other party's number.
func (r *reading) other(sv *service) *flaw {
	u := &r.u
	u.OtherClass = phone.None
	b := r.get(fOther)
	if len(b) > 0 {
		n, err := r.reducer.Reduce(string(b))
		if err != nil {
			return &flaw{field: fOther, code: ingest.CodePhone, reason: err.Error()}
		}
		if n.Class == phone.Unknown && personnummer.Contains(string(b)) {
			return personal(fOther)
		}
		u.OtherClass, u.OtherCountry, u.OtherMask = n.Class, n.Country, n.Mask
		if n.Digits != "" {
			u.OtherHash = r.key.Number(n.Digits)
		}
	}
	if sv.service == schema.ServicePremium {
		u.OtherClass = phone.Premium
	}
	return nil
}

// where finds the visited country.
func (r *reading) where(sv *service) *flaw {
	u := &r.u
	switch sv.visited {
	case "none":
		return nil
	case "home":
		u.VisitedCtry = r.p.Countries.Home
		return nil
	}
	b := r.get(fCountry)
	if len(b) == 0 {
		switch {
		case r.p.Constants.Country != "":
			u.VisitedCtry = r.p.Constants.Country
		case sv.visited == "required":
			return &flaw{field: fCountry, code: ingest.CodeMissing, reason: "the country is missing: it was not at home"}
		default:
			u.VisitedCtry = r.p.Countries.Home
		}
		return nil
	}
	code, ok := r.c.countries[string(b)]
	if !ok {
		if code, ok = r.c.countries[normal(string(b))]; !ok {
			return unknown(fCountry, b, "a country that the profile does not know: add it under countries.map")
		}
	}
	u.VisitedCtry = code
	return nil
}

func (r *reading) amounts(sv *service) *flaw {
	u := &r.u
	amount, bad := r.money(fAmount)
	if bad != nil {
		return bad
	}
	vat, bad := r.money(fVAT)
	if bad != nil {
		return bad
	}
	if r.p.Amounts.IncludesVAT {
		amount -= vat
	}
	if sv.negate {
		amount, vat = -amount, -vat
	}
	u.Charged, u.VAT = amount, vat
	if b := r.get(fCurrency); len(b) > 0 {
		switch {
		case string(b) == u.Currency:
		case !isCurrency(b):
			return unknown(fCurrency, b, "not an ISO 4217 code of three capital letters")
		default:
			u.Currency, _ = r.word(fCurrency)
		}
	}
	if u.Currency == "" {
		return missing(fCurrency)
	}
	return nil
}

// money reads an amount; an empty one is 0.
func (r *reading) money(f field) (schema.Money, *flaw) {
	b := r.get(f)
	if len(b) == 0 {
		return 0, nil
	}
	v, err := r.c.num.micro(b)
	if err != nil {
		return 0, wrong(f, err)
	}
	if r.c.minor {
		m, err := schema.Money(v).MulDiv(1, 100)
		if err != nil {
			return 0, wrong(f, err)
		}
		return m, nil
	}
	return schema.Money(v), nil
}

// wrong names the class of a number's fault.
func wrong(f field, err error) *flaw {
	code := ingest.CodeNumber
	if errors.Is(err, errNegative) || errors.Is(err, errLarge) || errors.Is(err, schema.ErrMoneyRange) {
		code = ingest.CodeRange
	}
	return &flaw{field: f, code: code, reason: err.Error()}
}

// usage reads duration, volume and count, each where the kind has it.
func (r *reading) usage(sv *service) *flaw {
	u := &r.u
	if b := r.get(fDuration); len(b) > 0 {
		d, err := r.c.duration.seconds(b, &r.c.num)
		if err != nil {
			return wrong(fDuration, err)
		}
		u.DurationS = d
	} else if sv.kind == schema.KindCall && r.h.place[fDuration] >= 0 {
		return missing(fDuration)
	}
	if b := r.get(fVolume); len(b) > 0 {
		micro, err := r.c.num.micro(b)
		if err == nil {
			u.VolumeBytes, err = scale(micro, r.c.volume)
		}
		if err == nil && u.VolumeBytes > math.MaxInt64 {
			err = errLarge
		}
		if err != nil {
			return wrong(fVolume, err)
		}
	} else if sv.kind == schema.KindData && r.h.place[fVolume] >= 0 {
		return missing(fVolume)
	}
	switch sv.kind {
	case schema.KindSMS:
		u.Messages, u.DurationS = 1, 0
		if b := r.get(fCount); len(b) > 0 {
			n, err := r.c.num.count(b)
			if err != nil {
				return wrong(fCount, err)
			}
			u.Messages = max(n, 1)
		}
	case schema.KindCall:
		u.Answered, u.Outcome = u.DurationS > 0 || u.Charged != 0, "answered"
		if !u.Answered {
			u.Outcome = "no_answer"
		}
	case schema.KindFee:
		u.DurationS, u.VolumeBytes = 0, 0
	}
	return nil
}

// texts reads the texts: network, invoice, and whether it was private.
func (r *reading) texts(*service) *flaw {
	u := &r.u
	var bad *flaw
	if u.VisitedNet, bad = r.word(fNetwork); bad != nil {
		return bad
	}
	if u.VisitedNet == "" && u.VisitedCtry != "" {
		u.VisitedNet = r.p.Constants.Network
	}
	if u.VisitedCtry == "" {
		u.VisitedNet = ""
	}
	if r.h.place[fInvoice] >= 0 {
		if u.Invoice, bad = r.word(fInvoice); bad != nil {
			return bad
		}
	}
	if b := r.get(fPrivate); len(b) > 0 {
		yes, ok := r.c.private[normal(string(b))]
		if !ok {
			return unknown(fPrivate, b, "neither yes nor no: add it under private")
		}
		u.Private = yes
	}
	return nil
}
