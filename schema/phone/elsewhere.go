package phone

import (
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// elsewhere reduces digits where the default region is not Sweden: by the metadata of
// phonenumbers alone, without our table of short numbers and of what that library lacks.
func (r *Reducer) elsewhere(d string, plus bool) Number {
	abroad, ok := strings.CutPrefix(d, "00")
	switch {
	case plus:
		return r.international(d, "+"+d)
	case d == "112":
		return Number{Digits: d, Class: Emergency, Country: r.region, Mask: d}
	case ok:
		return r.international(abroad, d)
	case r.style == E164 && d[0] != '0' && r.world.plausible(d):
		return r.international(d, d)
	}
	if n, err := phonenumbers.Parse(d, r.region); err == nil && len(d) > 6 && phonenumbers.IsValidNumberForRegion(n, r.region) {
		return r.own(n)
	}
	if len(d) < 2 || len(d) > 6 {
		return unknown(d, "")
	}
	if r.style == Exchange {
		return Number{Digits: d, Class: Internal, Mask: hide(d, 3)}
	}
	return Number{Digits: d, Class: ShortCode, Country: r.region, Mask: hide(d, 3)}
}

// international decides about a number that begins with its country code, which may be that
// of the default region.
func (r *Reducer) international(d, asWritten string) Number {
	class, country, ok := r.world.lookup(d)
	if !ok {
		return unknown(asWritten, "")
	}
	if country == r.region {
		n, err := phonenumbers.Parse("+"+d, r.region)
		if err != nil {
			return unknown("+"+d, r.region)
		}
		return r.own(n)
	}
	digits := "+" + d
	return Number{Digits: digits, Class: class, Country: country, Mask: hide(digits, 4)}
}

// own reduces a number of the default region.
func (r *Reducer) own(n *phonenumbers.PhoneNumber) Number {
	digits := phonenumbers.Format(n, phonenumbers.E164)
	out := Number{Digits: digits, Class: classOf(phonenumbers.GetNumberType(n)), Country: r.region, Mask: digits}
	if out.Class != Premium {
		out.Mask = hide(digits, 4)
	}
	return out
}

// classOf names a type of the metadata. Where a plan does not tell mobile from fixed (Denmark)
// the number counts as fixed.
func classOf(t phonenumbers.PhoneNumberType) string {
	switch t {
	case phonenumbers.MOBILE:
		return Mobile
	case phonenumbers.FIXED_LINE, phonenumbers.FIXED_LINE_OR_MOBILE:
		return Fixed
	case phonenumbers.UAN:
		return Corporate
	case phonenumbers.PREMIUM_RATE:
		return Premium
	case phonenumbers.SHARED_COST:
		return SharedCost
	case phonenumbers.TOLL_FREE:
		return TollFree
	}
	return Unknown
}
