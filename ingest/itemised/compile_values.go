package itemised

import (
	"fmt"
	"strings"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"linesman/schema"
	"linesman/schema/phone"
)

func (l *loader) numbers(p *Profile, c *compiled) {
	p.Numbers.Decimal = or(p.Numbers.Decimal, ".")
	l.oneOf("numbers.decimal", p.Numbers.Decimal, ".", ",")
	c.num.point = p.Numbers.Decimal[0]
	for _, t := range p.Numbers.Thousands {
		switch t {
		case "space", " ", "\u00a0", "\u202f", "nbsp":
			c.num.blanks = true
		case ".", ",", "'":
			if t == p.Numbers.Decimal {
				l.fail("numbers.thousands", "%q is the decimal sign", t)
			}
			c.num.thousands = append(c.num.thousands, t[0])
		default:
			l.fail("numbers.thousands", "%q: want space, a full stop, a comma or '", t)
		}
	}
	c.num.credit = l.marks("numbers.credit_marks", p.Numbers.CreditMarks)
	c.num.ignore = l.marks("numbers.ignore", p.Numbers.Ignore)
	p.Amounts.Unit = or(p.Amounts.Unit, "major")
	l.oneOf("amounts.unit", p.Amounts.Unit, "major", "minor")
	c.minor = p.Amounts.Unit == "minor"
	if p.Amounts.IncludesVAT && len(p.Columns["vat"]) == 0 {
		l.fail("amounts.includes_vat", "needs the column vat, to take it off")
	}
	var err error
	if c.duration, err = durationOf(or(p.Duration, "s")); err != nil {
		l.fail("duration", "%s", err)
	}
	if c.volume, err = volumeOf(or(p.Volume, "B")); err != nil {
		l.fail("volume", "%s", err)
	}
}

// marks checks words that stand beside numbers.
func (l *loader) marks(path string, words []string) (list [][]byte) {
	for _, m := range words {
		if m = strings.TrimSpace(m); m == "" || strings.ContainsAny(m, "0123456789,-()") || m == "." {
			l.fail(path, "%q: want a word without digits and signs", m)
			continue
		}
		list = append(list, []byte(m))
	}
	return list
}

func (l *loader) times(p *Profile, c *compiled) {
	read := func(name, column string, patterns []string) (list []layout) {
		if len(p.Columns[column]) > 0 && len(patterns) == 0 {
			l.fail("times."+name, "missing: there is a column %s", column)
		}
		for _, pattern := range patterns {
			lay, err := newLayout(pattern)
			if err == nil {
				err = lay.suits(name)
			}
			if err != nil {
				l.fail("times."+name, "%q: %s", pattern, err)
				continue
			}
			list = append(list, lay)
		}
		return list
	}
	t := &p.Times
	c.date = read("date", "date", t.Date)
	c.clock = read("time", "time", t.Time)
	c.start = read("start", "start", t.Start)
	c.amended = read("amended", "amended_at", t.Amended)
	t.Zone = or(t.Zone, schema.DefaultZone)
	zone, err := time.LoadLocation(t.Zone)
	if err != nil || t.Zone == "Local" {
		l.fail("times.zone", "%q is no zone: want a name such as Europe/Stockholm or UTC", t.Zone)
	}
	c.zone = zone
	t.DoubledHour, t.MissingHour = or(t.DoubledHour, "first"), or(t.MissingHour, "shift")
	l.oneOf("times.doubled_hour", t.DoubledHour, "first", "second", "by_order", "reject")
	l.oneOf("times.missing_hour", t.MissingHour, "shift", "reject")
	c.doubled, c.missing = t.DoubledHour, t.MissingHour
}

func (l *loader) services(p *Profile, c *compiled) {
	c.services = map[string]*service{}
	if len(p.Services) == 0 {
		l.fail("services", "missing: which values of the service column mean what")
	}
	for _, value := range sorted(keysOf(p.Services)) {
		path, s := "services."+value, p.Services[value]
		kind, ok := kinds[s.Service]
		if !ok {
			l.fail(path, "%q is no service%s", s.Service, nearest(s.Service, keysOf(kinds)))
			continue
		}
		fallback := "column"
		if kind[0] == schema.KindFee {
			fallback = "none"
		}
		s.Visited = or(s.Visited, fallback)
		l.oneOf(path, s.Visited, "column", "required", "home", "none")
		if s.Visited == "required" && len(p.Columns["country"]) == 0 && p.Constants.Country == "" {
			l.fail(path, "visited: required needs the column country")
		}
		p.Services[value] = s
		sv := &service{kind[0], s.Service, kind[1], s.Visited, s.Negate}
		if other, twice := c.services[normal(value)]; twice && *other != *sv {
			l.fail(path, "the same value in another spelling means something else")
		}
		c.services[value], c.services[normal(value)] = sv, sv
	}
}

// countryLanguages are the languages whose country names a profile may ask for.
var countryLanguages = map[string]language.Tag{
	"sv": language.Swedish, "en": language.English, "da": language.Danish, "nb": language.Norwegian, "fi": language.Finnish,
}

func (l *loader) countries(p *Profile, c *compiled) {
	co := &p.Countries
	co.Home = or(co.Home, "SE")
	codes := isoCountries()
	check := func(path, code string) {
		if !codes[code] {
			l.fail(path, "%q is no ISO 3166 code of two capital letters", code)
		}
	}
	check("countries.home", co.Home)
	if p.Constants.Country != "" {
		check("constants.country", p.Constants.Country)
	}
	c.countries = map[string]string{}
	if co.Names != "" {
		tag, ok := countryLanguages[co.Names]
		if !ok {
			l.fail("countries.names", "%q is not known%s", co.Names, nearest(co.Names, keysOf(countryLanguages)))
			return
		}
		namer := display.Regions(tag)
		for _, code := range sorted(keysOf(codes)) {
			if region, err := language.ParseRegion(code); err == nil {
				c.name(namer.Name(region), code)
			}
		}
	}
	if co.ISO {
		for _, code := range sorted(keysOf(codes)) {
			c.name(code, code)
		}
	}
	for name, code := range co.Map {
		check("countries.map."+name, code)
		c.name(name, code)
	}
}

// name adds a country's name, as written (found at once) and as compared.
func (c *compiled) name(name, code string) {
	c.countries[name], c.countries[normal(name)] = code, code
}

// withdrawn are codes of countries that are no more, and of no country.
const withdrawn = "AN CS CT DD FQ FX JT MI NQ NT PC PU PZ SU TP VD WK YD YU ZZ"

// isoCountries lists the codes of countries that are in use.
func isoCountries() map[string]bool {
	codes := map[string]bool{}
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			code := string([]rune{a, b})
			r, err := language.ParseRegion(code)
			if err == nil && r.IsCountry() && r.Canonicalize() == r && r.String() == code && !strings.Contains(withdrawn, code) {
				codes[code] = true
			}
		}
	}
	return codes
}

func (l *loader) rest(p *Profile, c *compiled) {
	p.Phone.Style, p.Phone.Region = or(p.Phone.Style, "national"), or(p.Phone.Region, "SE")
	l.oneOf("phone.style", p.Phone.Style, "national", "e164")
	c.style = phone.Style(p.Phone.Style)
	if _, err := phone.New(p.Phone.Region, phone.National); err != nil {
		l.fail("phone.region", "%s", err)
	}
	c.private = map[string]bool{"": false}
	for _, no := range p.Private.No {
		c.private[normal(no)] = false
	}
	for _, yes := range p.Private.Yes {
		if was, twice := c.private[normal(yes)]; twice && !was {
			l.fail("private.yes", "%q also means no", yes)
		}
		c.private[normal(yes)] = true
	}
	if len(p.Columns["private"]) > 0 && len(p.Private.Yes) == 0 {
		l.fail("private.yes", "missing: which values of the column private mean yes")
	}
	if cur := p.Constants.Currency; cur != "" && !isCurrency([]byte(cur)) {
		l.fail("constants.currency", "%q is no ISO 4217 code of three capital letters", cur)
	}
	if len(p.Columns["currency"]) == 0 && p.Constants.Currency == "" {
		l.fail("constants.currency", "missing: there is no column currency either")
	}
	if d := p.Constants.Device; d != "" {
		l.oneOf("constants.device", d, "desk_phone", "mobile", "gateway", "other")
	}
}

func isCurrency(b []byte) bool {
	if len(b) != 3 {
		return false
	}
	for _, c := range b {
		if c < 'A' || c > 'Z' {
			return false
		}
	}
	return true
}

// durationStyle is how durations are written.
type durationStyle uint8

const (
	seconds durationStyle = iota
	minutes
	minutesSeconds
	hoursMinutesSeconds
)

func durationOf(s string) (durationStyle, error) {
	switch strings.ToLower(s) {
	case "s":
		return seconds, nil
	case "min":
		return minutes, nil
	case "mm:ss":
		return minutesSeconds, nil
	case "hh:mm:ss":
		return hoursMinutesSeconds, nil
	}
	return 0, fmt.Errorf("%q is not known: want s, min, mm:ss or hh:mm:ss", s)
}

func volumeOf(s string) (uint64, error) {
	for _, u := range []struct {
		name  string
		bytes uint64
	}{{"B", 1}, {"kB", 1000}, {"KiB", 1 << 10}, {"MB", 1e6}, {"MiB", 1 << 20}, {"GB", 1e9}, {"GiB", 1 << 30}} {
		if s == u.name {
			return u.bytes, nil
		}
	}
	if strings.EqualFold(s, "kb") {
		return 0, fmt.Errorf("%q: want kB for 1000 bytes or KiB for 1024", s)
	}
	return 0, fmt.Errorf("%q is not known: want B, kB, KiB, MB, MiB, GB or GiB", s)
}
