package phone

import (
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// countries holds what is needed of every calling code of one to three digits.
type countries [1000]country

type country struct {
	class   string // empty: the calling code is not in use
	region  string // ISO code of the (main) country; empty where there is none
	several bool   // other countries share the code: +1, +7, +44, …
	lengths uint32 // bit n: national numbers of n digits exist
}

func newCountries() (countries, error) {
	var c countries
	all, err := phonenumbers.MetadataCollection()
	if err != nil {
		return c, err
	}
	for _, m := range all.GetMetadata() {
		code := int(m.GetCountryCode())
		if code <= 0 || code >= len(c) {
			continue
		}
		for _, n := range m.GetGeneralDesc().GetPossibleLength() {
			if n > 0 && n < 32 {
				c[code].lengths |= 1 << n
			}
		}
		regions := phonenumbers.GetRegionCodesForCountryCode(code)
		c[code].class, c[code].several = International, len(regions) > 1
		if len(regions) > 0 && regions[0] != phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY {
			c[code].region = regions[0]
		}
	}
	for _, code := range []int{870, 881, 882, 883} {
		c[code].class = Satellite
	}
	// Numbers of no country that are reached from everywhere.
	c[800].class, c[808].class, c[979].class = TollFree, SharedCost, Premium
	return c, nil
}

// split finds the calling code at the start of the digits: no code is the start of another.
func (c *countries) split(d string) (country, string, bool) {
	code := 0
	for i := range min(3, len(d)) {
		code = code*10 + int(d[i]-'0')
		if code == 0 {
			break // no calling code begins with 0
		}
		if c[code].class != "" {
			return c[code], d[i+1:], true
		}
	}
	return country{}, "", false
}

// plausible tells whether the digits are a calling code and a national number of a length
// that exists there.
func (c *countries) plausible(d string) bool {
	at, rest, ok := c.split(d)
	return ok && len(rest) < 32 && at.lengths&(1<<len(rest)) != 0
}

// lookup returns class and country of a number that begins with its calling code.
func (c *countries) lookup(d string) (class, region string, ok bool) {
	at, rest, ok := c.split(d)
	if !ok || len(rest) < 3 {
		return "", "", false
	}
	if at.several && c.plausible(d) {
		if n, err := phonenumbers.Parse("+"+d, ""); err == nil {
			if r := phonenumbers.GetRegionCodeForNumber(n); r != "" && r != "ZZ" {
				return at.class, r, true
			}
		}
	}
	return at.class, at.region, true
}

// maskedCountry returns the country of a masked number where its calling code is visible.
func (r *Reducer) maskedCountry(s *scanned) string {
	d := string(s.digits[:min(s.lead, maxDigits)])
	switch {
	case s.plus:
	case strings.HasPrefix(d, "00"):
		d = d[2:]
	case len(d) > 1 && d[0] == '0' && r.style != Exchange:
		return r.region
	case r.style != E164:
		return ""
	}
	at, _, ok := r.world.split(d)
	if !ok || at.several {
		return ""
	}
	return at.region
}
