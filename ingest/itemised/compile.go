package itemised

import (
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // a profile's zone must not depend on the machine

	"golang.org/x/text/encoding/charmap"

	"linesman/schema"
	"linesman/schema/phone"
)

// compiled is a profile ready for reading.
type compiled struct {
	charset   *charmap.Charmap // nil: UTF-8
	delim     byte
	quoted    bool
	fields    map[string]field // spelling of a column, normalised → field
	required  []field
	key       []field
	unscanned map[string]bool // normalised names
	footers   []string        // lower case
	num       decimal
	minor     bool
	date      []layout
	clock     []layout
	start     []layout
	amended   []layout
	zone      *time.Location
	doubled   string
	missing   string
	style     phone.Style
	duration  durationStyle
	volume    uint64 // bytes in one unit
	services  map[string]*service
	countries map[string]string
	private   map[string]bool
	changes   map[string]change // words of the column change, normalised
	refers    []field           // what a row that amends must name
}

// service is the meaning of a value of the service column.
type service struct {
	kind      string
	service   string
	direction string
	visited   string
	negate    bool
}

// kinds gives the kind and the direction of each service.
var kinds = map[string][2]string{
	schema.ServiceVoiceOut:       {schema.KindCall, schema.DirectionOut},
	schema.ServiceVoiceIn:        {schema.KindCall, schema.DirectionIn},
	schema.ServiceVoiceInternal:  {schema.KindCall, schema.DirectionInternal},
	schema.ServiceVoiceForward:   {schema.KindCall, schema.DirectionOut},
	schema.ServiceVoiceInRoaming: {schema.KindCall, schema.DirectionIn},
	schema.ServicePremium:        {schema.KindCall, schema.DirectionOut},
	schema.ServiceSMS:            {schema.KindSMS, schema.DirectionOut},
	schema.ServiceMMS:            {schema.KindSMS, schema.DirectionOut},
	schema.ServiceData:           {schema.KindData, ""},
	schema.ServiceSubscription:   {schema.KindFee, ""},
	schema.ServiceOneTime:        {schema.KindFee, ""},
	schema.ServiceCredit:         {schema.KindFee, ""},
}

// compile checks a decoded profile and prepares it. Faults are left in the loader.
func (l *loader) compile(p *Profile) *compiled {
	c := &compiled{}
	l.identity(p)
	l.text(p, c)
	l.columns(p, c)
	l.numbers(p, c)
	l.times(p, c)
	l.services(p, c)
	l.countries(p, c)
	l.rest(p, c)
	l.amend(p, c)
	return c
}

func (l *loader) identity(p *Profile) {
	if p.Name == "" {
		l.fail("name", "missing")
	}
	for _, r := range p.Name {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_' {
			l.fail("name", "%q: want small letters a to z, digits, - and _", p.Name)
			break
		}
	}
	if p.Operator == "" {
		l.fail("operator", "missing: it stands in every record and in its id")
	}
}

func (l *loader) text(p *Profile, c *compiled) {
	p.Encoding = or(strings.ToLower(p.Encoding), "utf-8")
	switch p.Encoding {
	case "utf-8":
	case "windows-1252":
		c.charset = charmap.Windows1252
	case "iso-8859-1":
		c.charset = charmap.ISO8859_1
	case "cp437":
		c.charset = charmap.CodePage437
	case "cp850":
		c.charset = charmap.CodePage850
	default:
		l.fail("encoding", "%q is not known%s", p.Encoding, nearest(p.Encoding, []string{"utf-8", "windows-1252", "iso-8859-1", "cp437", "cp850"}))
	}
	switch {
	case p.Delimiter == "tab" || p.Delimiter == "\t":
		c.delim = '\t'
	case p.Delimiter == "":
		l.fail("delimiter", "missing: want one character, or tab")
	case len(p.Delimiter) != 1 || p.Delimiter[0] >= 0x80 || strings.ContainsAny(p.Delimiter, "\"\r\n\x00"):
		l.fail("delimiter", "%q: want one ASCII character, or tab", p.Delimiter)
	default:
		c.delim = p.Delimiter[0]
	}
	p.Quote = or(p.Quote, "double")
	l.oneOf("quote", p.Quote, "double", "none")
	c.quoted = p.Quote == "double"
	if p.SkipRows < 0 || p.SkipRows > maxSkip {
		l.fail("skip_rows", "want 0 to %d", maxSkip)
	}
	if p.Footer.Rows < 0 || p.Footer.Rows > maxSkip {
		l.fail("footer.rows", "want 0 to %d", maxSkip)
	}
	if p.Footer.Total && (len(p.Footer.StartsWith) == 0 || len(p.Columns["amount"]) == 0) {
		l.fail("footer.total", "needs footer.starts_with and the column amount")
	}
	for _, s := range p.Footer.StartsWith {
		if strings.TrimSpace(s) == "" {
			l.fail("footer.starts_with", "an empty text starts every row")
		}
		c.footers = append(c.footers, strings.ToLower(strings.TrimSpace(s)))
	}
}

func (l *loader) columns(p *Profile, c *compiled) {
	c.fields = map[string]field{}
	for _, name := range sorted(keysOf(p.Columns)) {
		f, ok := fieldOf(name)
		if !ok {
			l.fail("columns."+name, "no such field%s", nearest(name, fieldNames[:]))
			continue
		}
		if len(p.Columns[name]) == 0 {
			l.fail("columns."+name, "no spelling of the column's name")
		}
		for _, alias := range p.Columns[name] {
			key := normal(alias)
			if other, twice := c.fields[key]; twice && other != f {
				l.fail("columns."+name, "%q is also a spelling of %s", alias, other)
			}
			c.fields[key] = f
		}
	}
	has := func(f field) bool { return len(p.Columns[f.String()]) > 0 }
	for _, f := range []field{fSubscription, fService} {
		if !has(f) {
			l.fail("columns", "%s is missing: no record can do without it", f)
		}
	}
	if !has(fStart) && !has(fDate) {
		l.fail("columns", "start, or date (and time), is missing: no record can do without it")
	}
	if has(fStart) && (has(fDate) || has(fTime)) {
		l.fail("columns", "either start, or date and time")
	}
	c.required = l.fieldList("required", p.Required, has)
	for _, f := range []field{fSubscription, fService, fStart, fDate} {
		if has(f) && !slices.Contains(c.required, f) {
			c.required = append(c.required, f)
		}
	}
	slices.Sort(c.required)
	c.key = l.fieldList("key", p.Key, has)
	c.unscanned = map[string]bool{}
	for _, name := range p.Unscanned {
		c.unscanned[normal(name)] = true
	}
}

// fieldList reads names of fields that have columns.
func (l *loader) fieldList(path string, names []string, has func(field) bool) []field {
	var list []field
	for _, name := range names {
		f, ok := fieldOf(name)
		switch {
		case !ok:
			l.fail(path, "%q is no field%s", name, nearest(name, fieldNames[:]))
		case !has(f):
			l.fail(path, "%s has no column under columns", name)
		case slices.Contains(list, f):
			l.fail(path, "%s stands twice", name)
		default:
			list = append(list, f)
		}
	}
	return list
}

// oneOf checks a value with few possible words.
func (l *loader) oneOf(path, value string, words ...string) {
	if !slices.Contains(words, value) {
		l.fail(path, "%q is not known%s", value, nearest(value, words))
	}
}

func or(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}

func sorted(list []string) []string {
	out := slices.Clone(list)
	slices.Sort(out)
	return out
}

// normal is the form in which names and words are compared: small letters, single blanks.
func normal(s string) string {
	return strings.ToLower(strings.Join(strings.Fields(s), " "))
}
