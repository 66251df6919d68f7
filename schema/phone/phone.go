// Package phone reduces telephone numbers to what may be known of them: a class, a country, a
// mask without the last digits, and normalised digits from which the caller makes a keyed
// hash. The digits themselves must not go further than that hash.
//
// Sweden is decided by a table of the national numbering plan (PTS, "Svensk telefoninummerplan",
// ITU-T E.164); other countries by their calling code, with the metadata of
// nyaruka/phonenumbers.
package phone

import (
	"errors"
	"fmt"
	"hash/maphash"
	"strings"
	"sync/atomic"

	"github.com/nyaruka/phonenumbers"
)

// Classes of numbers, as they stand in usage records.
const (
	Internal      = "internal"      // an extension of the organisation's own exchange
	Mobile        = "mobile"        // Swedish mobile number
	Fixed         = "fixed"         // Swedish geographic number
	Corporate     = "corporate"     // 010: Swedish numbers for organisations
	Premium       = "premium"       // 0900, 0939, 0944, 099, pay SMS 72xxx
	Directory     = "directory"     // 118xxx
	SharedCost    = "shared_cost"   // 077x
	TollFree      = "toll_free"     // 020
	Emergency     = "emergency"     // 112
	Satellite     = "satellite"     // +870, +881, +882, +883
	ShortCode     = "short_code"    // 1177, 11313, 11414, 116xxx and an operator's other short numbers
	International = "international" // any other number abroad
	Masked        = "masked"        // the source had masked it, or it is a name
	Unknown       = "unknown"       // digits that fit no plan
	None          = "none"          // there is no other party
)

// Style says how a source writes numbers.
type Style string

// The styles.
const (
	// National: 070-123 45 67 at home, 00 or + abroad, short numbers as dialled.
	National Style = "national"
	// E164: country code first, with or without the plus sign: 46701234567.
	E164 Style = "e164"
	// Exchange: as dialled at the organisation's exchange: extensions of 2 to 6 digits, and
	// outside numbers with or without the prefix 0 for an outside line.
	Exchange Style = "exchange"
)

// Errors of Reduce. They never contain the number.
var (
	ErrDamaged = errors.New("the number was turned into a decimal number such as 4,67E+10 by a spreadsheet program; its last digits are lost: export the column as text")
	ErrTooLong = errors.New("too long for a telephone number")
)

// Number is what is known of a telephone number.
type Number struct {
	Digits  string // normalised: "+46701234567", or the digits of a short number or extension; empty when masked or none
	Class   string // one of the classes
	Country string // ISO 3166 code; empty when unknown or not of one country
	Mask    string // for people: last four digits dropped as "•" (three of an extension); service numbers whole
}

// limits of a raw number: E.164 allows 15 digits, prefixes and machine numbers need a few more.
const (
	maxRaw    = 64
	maxDigits = 22
)

// cacheSlots bounds the cache: 65,536 numbers are some 10 MB when full.
const cacheSlots = 1 << 16

// Reducer reduces numbers of one style. It is safe for concurrent use.
type Reducer struct {
	region string
	style  Style
	sweden plan
	world  countries
	seed   maphash.Seed
	slots  []atomic.Pointer[cached]
}

// cached is one remembered reduction. A newer number with the same slot takes its place.
type cached struct {
	raw string
	num Number
	err error
}

// New returns a reducer for numbers written in a style. defaultRegion is the ISO code of the
// country whose national numbers stand without country code, "SE" where empty.
func New(defaultRegion string, style Style) (*Reducer, error) {
	if defaultRegion == "" {
		defaultRegion = "SE"
	}
	switch style {
	case National, E164, Exchange:
	default:
		return nil, fmt.Errorf("number style %q: want national, e164 or exchange", style)
	}
	if phonenumbers.GetCountryCodeForRegion(defaultRegion) == 0 {
		return nil, fmt.Errorf("region %q: not an ISO 3166 code with a calling code", defaultRegion)
	}
	world, err := newCountries()
	if err != nil {
		return nil, fmt.Errorf("reading calling codes: %w", err)
	}
	return &Reducer{
		region: defaultRegion, style: style, sweden: newPlan(), world: world,
		seed: maphash.MakeSeed(), slots: make([]atomic.Pointer[cached], cacheSlots),
	}, nil
}

// Reduce reduces a number. Spaces, hyphens, brackets, full stops, "tel:" and prefixes for an
// outside line do not matter; a letter, x, * or # makes the class masked. The raw text is not
// kept by reference, so it may live in a buffer that is used again.
func (r *Reducer) Reduce(raw string) (Number, error) {
	if raw == "" {
		return Number{Class: None}, nil
	}
	slot := &r.slots[maphash.String(r.seed, raw)%cacheSlots]
	if c := slot.Load(); c != nil && c.raw == raw {
		return c.num, c.err
	}
	num, err := r.reduce(raw)
	if len(raw) <= maxRaw {
		slot.Store(&cached{strings.Clone(raw), num, err})
	}
	return num, err
}

func (r *Reducer) reduce(raw string) (Number, error) {
	if len(raw) > maxRaw {
		return Number{Class: Unknown}, ErrTooLong
	}
	var s scanned
	s.scan(raw)
	switch {
	case s.n == 0 && !s.masked:
		return Number{Class: None}, nil
	case spreadsheet(raw):
		return Number{Class: Unknown}, ErrDamaged
	case s.masked:
		s.plus = s.plus || r.style == E164 && s.lead > 1 && s.digits[0] != '0'
		return Number{Class: Masked, Country: r.maskedCountry(&s), Mask: s.mask()}, nil
	case s.n > maxDigits:
		return Number{Class: Unknown}, ErrTooLong
	}
	digits := string(s.digits[:s.n])
	switch {
	case r.region != "SE":
		return r.elsewhere(digits, s.plus), nil
	case s.plus:
		return r.abroad(digits, "+"+digits), nil
	}
	return r.dialled(digits), nil
}

// dialled decides about digits without a plus sign.
func (r *Reducer) dialled(d string) Number {
	if n, ok := r.short(d); ok {
		return n
	}
	if r.style == E164 && d[0] != '0' && len(d) > 6 {
		if !r.world.plausible(d) { // such as a national number that lost its 0
			return unknown(d, "")
		}
		return r.abroad(d, d)
	}
	if strings.HasPrefix(d, "00") {
		return r.zeroZero(d)
	}
	if d[0] == '0' {
		if n, ok := r.home(d[1:]); ok {
			return n
		}
		if n, ok := r.short(d[1:]); ok { // a short number behind the prefix for an outside line
			return n
		}
		return unknown(d, "")
	}
	if rest, ok := strings.CutPrefix(d, "46"); ok && len(rest) >= 8 {
		if n, ok := r.home(rest); ok {
			return n
		}
	}
	if len(d) >= 2 && len(d) <= 6 {
		if r.style == Exchange {
			return Number{Digits: d, Class: Internal, Mask: hide(d, 3)}
		}
		return Number{Digits: d, Class: ShortCode, Country: "SE", Mask: hide(d, 3)}
	}
	return unknown(d, "")
}

// zeroZero decides about digits that begin with 00: the prefix for abroad, or at an exchange
// the prefix 0 for an outside line before a national number, and 000 before one abroad.
func (r *Reducer) zeroZero(d string) Number {
	rest := d[2:]
	if abroad, ok := strings.CutPrefix(rest, "0"); ok { // 0 00 47…, or 00 0 70…
		if n, ok := r.home(abroad); ok && !r.world.plausible(abroad) {
			return n
		}
		return r.abroad(abroad, d)
	}
	if home, ok := strings.CutPrefix(rest, "46"); ok {
		if n, ok := r.home(strings.TrimPrefix(home, "0")); ok {
			return n
		}
	}
	national, ok := r.home(rest)
	if ok && (r.style == Exchange || !r.world.plausible(rest)) {
		return national
	}
	return r.abroad(rest, d)
}

// home looks a national number without its 0 up in the Swedish plan.
func (r *Reducer) home(nsn string) (Number, bool) {
	class, ok := r.sweden.class(nsn)
	if !ok {
		return Number{}, false
	}
	n := Number{Digits: "+46" + nsn, Class: class, Country: "SE"}
	if n.Mask = n.Digits; class != Premium {
		n.Mask = hide(n.Digits, 4)
	}
	return n, true
}

// abroad decides about a number that begins with its country code. asWritten is what stands
// for it when there is no such country.
func (r *Reducer) abroad(d, asWritten string) Number {
	if rest, ok := strings.CutPrefix(d, "46"); ok {
		rest = strings.TrimPrefix(rest, "0") // +46 (0)70-…
		if n, ok := r.home(rest); ok {
			return n
		}
		if n, ok := r.short(rest); ok {
			return n
		}
		return unknown("+"+d, "SE")
	}
	class, country, ok := r.world.lookup(d)
	if !ok {
		return unknown(asWritten, "")
	}
	n := Number{Digits: "+" + d, Class: class, Country: country}
	n.Mask = hide(n.Digits, 4)
	return n
}

func unknown(digits, country string) Number {
	return Number{Digits: digits, Class: Unknown, Country: country, Mask: hide(digits, 4)}
}

// hide replaces the last n characters with dots, all of them where there are no more.
func hide(digits string, n int) string {
	n = min(n, len(digits))
	return digits[:len(digits)-n] + strings.Repeat("•", n)
}
