package invoice

import (
	"fmt"
	"sort"
	"strings"

	"linesman/ingest"
	"linesman/schema"
	"linesman/schema/personnummer"
	"linesman/schema/phone"
)

// reading turns a parsed document into a bill. The first fault stays in err; what is read
// after it counts for nothing.
type reading struct {
	f        *Format
	doc      *document
	file     string
	err      error
	b        bill
	currency string
	sign     schema.Money // -1 in a credit note
	notes    map[string]*note
}

// note is something that happened in several places.
type note struct {
	first uint64 // line
	n     int
}

// noteAt remembers what is worth a notice, once for all places.
func (r *reading) noteAt(line uint64, text string) {
	if n := r.notes[text]; n != nil {
		n.n++
		return
	}
	r.notes[text] = &note{line, 1}
}

// noted lists what was remembered, in the order of the document.
func (r *reading) noted() []string {
	texts := make([]string, 0, len(r.notes))
	for t := range r.notes {
		texts = append(texts, t)
	}
	sort.Slice(texts, func(i, k int) bool {
		a, b := r.notes[texts[i]], r.notes[texts[k]]
		return a.first < b.first || a.first == b.first && texts[i] < texts[k]
	})
	for i, t := range texts {
		n := r.notes[t]
		texts[i] = fmt.Sprintf("line %d: %s", n.first, t)
		if n.n > 1 {
			texts[i] += fmt.Sprintf(" (%d times)", n.n)
		}
	}
	return texts
}

func (r *reading) refuse(n *node, element, code, reason string) {
	if r.err == nil {
		r.err = &ingest.FileError{File: r.file, Row: n.line, Column: element, Code: code, Reason: reason}
	}
}

// get returns the first element of a path below n, or nil.
func (n *node) get(path ...string) *node {
	for _, name := range path {
		if n == nil {
			return nil
		}
		var next *node
		for _, k := range n.kids {
			if k.name == name {
				next = k
				break
			}
		}
		n = next
	}
	return n
}

// all returns the elements of a name right below n.
func (n *node) all(name string) []*node {
	if n == nil {
		return nil
	}
	var out []*node
	for _, k := range n.kids {
		if k.name == name {
			out = append(out, k)
		}
	}
	return out
}

// str returns the text of an element; empty where there is none.
func (n *node) str(path ...string) string {
	if n = n.get(path...); n == nil {
		return ""
	}
	return n.text
}

func (n *node) attribute(name string) string {
	if n == nil {
		return ""
	}
	for _, a := range n.attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// need returns the text of an element that a document must have.
func (r *reading) need(n *node, path ...string) string {
	s := n.str(path...)
	if s == "" {
		r.refuse(n, strings.Join(path, "/"), ingest.CodeMissing, "the element is missing or empty"+r.foreign())
	}
	return s
}

// foreign tells why an element may seem to be missing.
func (r *reading) foreign() string {
	if r.doc.foreign == "" {
		return ""
	}
	return "; elements of the namespace " + clip(ingest.MaskName(r.doc.foreign), 120) + " are not those of UBL 2.1 and were not looked at"
}

// maxShort bounds a number or a reference, in bytes.
const maxShort = 200

// short returns a text as it may be kept: telephone numbers in it are masked.
func (r *reading) short(n *node, path ...string) string {
	return ingest.MaskName(clip(n.str(path...), maxShort))
}

// money reads an amount of the document's currency, signed as the element is; 0 where there
// is none and must is false.
func (r *reading) money(n *node, must bool, path ...string) schema.Money {
	at := n.get(path...)
	name := strings.Join(path, "/")
	switch {
	case at == nil && must, at != nil && at.text == "" && must:
		r.refuse(n, name, ingest.CodeMissing, "the amount is missing"+r.foreign())
		return 0
	case at == nil || at.text == "":
		return 0
	}
	v, over := r.decimal(at, name)
	if over {
		r.refuse(at, name, ingest.CodeNumber, "an amount with more than six decimals")
	}
	return v
}

// plus adds amounts.
func (r *reading) plus(n *node, a, b schema.Money) schema.Money {
	const most = 999_999_999_999_999_999
	if sum := a + b; sum <= most && sum >= -most {
		return sum
	}
	r.refuse(n, n.name, ingest.CodeRange, "amounts whose sum is outside of what can be kept")
	return 0
}

// measure reads a quantity or price. More than six decimals are rounded, and said.
func (r *reading) measure(n *node, path ...string) schema.Money {
	at := n.get(path...)
	if at == nil || at.text == "" {
		return 0
	}
	name := strings.Join(path, "/")
	v, over := r.decimal(at, name)
	if over {
		r.noteAt(at.line, name+" has more than six decimals and is kept rounded; the line's amount is what was charged")
	}
	return v
}

// decimal reads a number (XML Schema, decimal). over: it has more than six decimals, and is
// rounded half away from zero.
func (r *reading) decimal(n *node, name string) (v schema.Money, over bool) {
	s := n.text
	sign, digits := "", s
	if s != "" && (s[0] == '-' || s[0] == '+') {
		sign, digits = strings.TrimPrefix(s[:1], "+"), s[1:]
	}
	whole, frac, _ := strings.Cut(digits, ".")
	if whole+frac == "" || strings.Trim(whole+frac, "0123456789") != "" || len(s) > 64 {
		r.refuse(n, name, ingest.CodeNumber, "no decimal number: want digits with a point, such as -1234.50")
		return 0, false
	}
	frac = strings.TrimRight(frac, "0")
	up := false
	if len(frac) > 6 {
		over, up, frac = true, frac[6] >= '5', frac[:6]
	}
	v, err := schema.ParseMoney(sign + whole + "." + frac + "0")
	if err != nil {
		r.refuse(n, name, ingest.CodeRange, "a number outside of what can be kept: at most twelve digits before the point")
		return 0, false
	}
	switch {
	case up && sign == "-":
		v--
	case up:
		v++
	}
	return v, over
}

// day reads a date (XML Schema, date: a zone may follow); 0 where there is none.
func (r *reading) day(n *node, path ...string) schema.Day {
	at := n.get(path...)
	if at == nil || at.text == "" {
		return 0
	}
	s := at.text
	if len(s) > 10 && (s[10] == 'Z' || s[10] == '+' || s[10] == '-') && len(s) <= 16 {
		s = s[:10]
	}
	d, err := schema.ParseDay(s)
	name := strings.Join(path, "/")
	if err != nil {
		r.refuse(at, name, ingest.CodeTime, "no date: want yyyy-mm-dd")
		return 0
	}
	if d < schema.Date(1990, 1, 1) || d > schema.Date(2100, 1, 1) {
		r.refuse(at, name, ingest.CodeRange, "a date before 1990 or after 2099")
		return 0
	}
	return d
}

// period reads a period, or the one that holds where there is none.
func (r *reading) period(n *node, name string, from, to schema.Day) (schema.Day, schema.Day) {
	p := n.get(name)
	if p == nil || p.str("StartDate") == "" && p.str("EndDate") == "" {
		return from, to
	}
	from, to = r.day(p, "StartDate"), r.day(p, "EndDate")
	if from != 0 && to != 0 && to < from {
		r.noteAt(p.line, name+" ends before it begins; it is kept as stated")
	}
	return from, to
}

// checkCurrencies refuses amounts of another currency than the document's.
func (r *reading) checkCurrencies(tax string) {
	for _, c := range r.doc.currencies {
		if c.code != r.currency && (!c.tax || c.code != tax || tax == "") {
			r.refuse(&node{line: c.line}, c.element, ingest.CodeUnknown, "an amount in another currency than the document's: only VAT may be told in the tax currency (TaxCurrencyCode) beside it")
		}
	}
}

// currencyOf reads an ISO 4217 code.
func (r *reading) currencyOf(n *node, path ...string) string {
	s := n.str(path...)
	if len(s) != 3 || strings.ToUpper(s) != s || strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		if at := n.get(path...); at != nil {
			n = at
		}
		r.refuse(n, strings.Join(path, "/"), ingest.CodeUnknown, "not an ISO 4217 code of three capital letters"+r.foreign())
		return ""
	}
	return s
}

// exchange reads rate and date to kronor. A rate without a date is not kept.
func (r *reading) exchange(n *node) {
	h := &r.b.head
	for _, name := range []string{"PaymentExchangeRate", "PricingExchangeRate", "TaxExchangeRate"} {
		x := n.get(name)
		if x == nil {
			continue
		}
		from, to := x.str("SourceCurrencyCode"), x.str("TargetCurrencyCode")
		rate := r.measure(x, "CalculationRate")
		turned := strings.EqualFold(x.str("MathematicOperatorCode"), "Divide")
		if from == "SEK" && to == r.currency {
			from, to, turned = to, from, !turned
		}
		day := r.day(x, "Date")
		switch {
		case from != r.currency || to != "SEK" || rate <= 0:
			continue
		case day == 0:
			r.noteAt(x.line, name+" has no date: the rate is not kept")
			continue
		case turned:
			inverse, err := schema.Micro.MulDiv(int64(schema.Micro), int64(rate))
			if err != nil {
				r.refuse(x, name, ingest.CodeRange, "an exchange rate outside of what can be kept")
				return
			}
			rate = inverse
		}
		h.ExchangeRate, h.ExchangeDay = rate, day
		return
	}
}

// subscription reduces the number of a subscription to what may be kept.
func (r *reading) subscription(p *phone.Reducer, raw string) (line, mask string) {
	n, err := p.Reduce(raw)
	if err != nil || n.Digits == "" || n.Digits[0] != '+' || len(n.Digits) < 8 || n.Class == phone.Unknown || n.Class == phone.Masked {
		return "", ""
	}
	return r.f.key.Line(n.Digits), n.Mask
}

// supplier reads who sent the document.
func (r *reading) supplier(n, party *node) {
	h := &r.b.head
	if party == nil {
		r.refuse(n, "AccountingSupplierParty", ingest.CodeMissing, "the supplier is missing"+r.foreign())
		return
	}
	endpoint := party.get("EndpointID")
	var ids []string
	add := func(id string) {
		if id = supplierKey(id); id != "" {
			ids = append(ids, id)
		}
	}
	add(party.str("PartyLegalEntity", "CompanyID"))
	for _, tax := range party.all("PartyTaxScheme") {
		if id := supplierKey(tax.str("CompanyID")); id != "" && strings.Trim(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == "" && strings.ContainsAny(id, "0123456789") {
			add(id)
		}
	}
	if e := party.str("EndpointID"); e != "" {
		if scheme := endpoint.attribute("schemeID"); scheme != "" {
			add(scheme + ":" + e)
		}
		add(e)
	}
	for _, id := range party.all("PartyIdentification") {
		add(id.str("ID"))
	}
	if len(ids) == 0 {
		r.refuse(party, "PartyLegalEntity/CompanyID", ingest.CodeMissing, "the supplier has neither organisation number nor electronic address"+r.foreign())
		return
	}
	h.SupplierID = clip(ids[0], maxShort)
	h.SupplierName = r.short(party, "PartyLegalEntity", "RegistrationName")
	if h.SupplierName == "" {
		h.SupplierName = r.short(party, "PartyName", "Name")
	}
	if personnummer.Contains(h.SupplierID) {
		r.refuse(party, "PartyLegalEntity/CompanyID", ingest.CodePersonnummer, "the supplier's number looks like a personnummer")
	}
	h.Operator = h.SupplierName
	for _, id := range ids {
		if operator := r.f.suppliers[id]; operator != "" {
			h.Operator = operator
			r.configured()
			return
		}
	}
	if h.Operator == "" {
		h.Operator = h.SupplierID
	}
}
