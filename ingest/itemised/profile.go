// Package itemised reads the itemised files of operators: calls, messages, data, fees. No two
// operators deliver the same layout, so the layout is data: a profile in YAML says how one
// operator writes its files, and docs/profiles.md says how to write a profile.
package itemised

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// Profile declares the layout of one operator's files. A profile that came from [Load] is
// complete and checked; it is not changed afterwards and is safe for concurrent use.
type Profile struct {
	Name        string `yaml:"name"`        // short and stable: part of the source of every record
	Description string `yaml:"description"` // for people
	Operator    string `yaml:"operator"`    // stands in every record and in the event id

	Encoding  string `yaml:"encoding"`  // utf-8 (with or without byte order mark), windows-1252, iso-8859-1, cp437, cp850
	Delimiter string `yaml:"delimiter"` // one character, or tab
	Quote     string `yaml:"quote"`     // double (default) or none
	SkipRows  int    `yaml:"skip_rows"` // lines before the header
	Footer    Footer `yaml:"footer"`

	Columns  map[string][]string `yaml:"columns"`  // canonical field → spellings of its column
	Required []string            `yaml:"required"` // fields whose column must be in the header
	Key      []string            `yaml:"key"`      // fields that name a record, for ever
	// Unscanned are columns (canonical or as in the header) that hold numbers which may look
	// like a personnummer; they are not scanned for one.
	Unscanned []string `yaml:"unscanned"`

	Numbers   Numbers            `yaml:"numbers"`
	Amounts   Amounts            `yaml:"amounts"`
	Times     Times              `yaml:"times"`
	Phone     Phone              `yaml:"phone"`
	Duration  string             `yaml:"duration"` // s, min, mm:ss or hh:mm:ss
	Volume    string             `yaml:"volume"`   // B, kB, KiB, MB, MiB, GB or GiB
	Services  map[string]Service `yaml:"services"` // value of the service column → meaning
	Countries Countries          `yaml:"countries"`
	Private   Private            `yaml:"private"`
	Amend     Amend              `yaml:"amend"`
	Constants Constants          `yaml:"constants"`

	c *compiled
}

// Footer says which rows at the end are no records.
type Footer struct {
	StartsWith []string `yaml:"starts_with"` // such as Summa; without regard to case, anywhere in the file
	Rows       int      `yaml:"rows"`        // that many last rows
	Total      bool     `yaml:"total"`       // the last row of starts_with has the sum of the amounts in their column
}

// Numbers says how decimal numbers are written. A minus sign may stand before or behind, and
// brackets mean minus.
type Numbers struct {
	Decimal     string   `yaml:"decimal"`      // "," or "."
	Thousands   []string `yaml:"thousands"`    // signs between groups of three digits; "space" is every kind of blank
	CreditMarks []string `yaml:"credit_marks"` // words before or behind that mean minus, such as CR
	Ignore      []string `yaml:"ignore"`       // words before or behind that mean nothing, such as kr
}

// Amounts says what the amounts mean.
type Amounts struct {
	IncludesVAT bool   `yaml:"includes_vat"` // the amount has VAT in it: the VAT column is taken off
	Unit        string `yaml:"unit"`         // major (kronor, default) or minor (öre)
}

// Times says how dates and times are written.
type Times struct {
	Date        []string `yaml:"date"`         // patterns of the column date, such as yyyy-MM-dd
	Time        []string `yaml:"time"`         // patterns of the column time, such as HH:mm:ss
	Start       []string `yaml:"start"`        // patterns of the column start: both in one
	Amended     []string `yaml:"amended"`      // patterns of the column amended_at
	Zone        string   `yaml:"zone"`         // zone of times without an offset, such as Europe/Stockholm or UTC
	DoubledHour string   `yaml:"doubled_hour"` // first (default), second, by_order or reject
	MissingHour string   `yaml:"missing_hour"` // shift (default) or reject
}

// Phone says how telephone numbers are written.
type Phone struct {
	Style      string `yaml:"style"`      // national (default) or e164
	Region     string `yaml:"region"`     // country of national numbers, default SE
	Extensions bool   `yaml:"extensions"` // the subscription may be a short number
}

// Service is the meaning of one value of the service column.
type Service struct {
	Service string `yaml:"service"` // as in usage records: voice_out, data, …
	// Visited says where the line was: column (default for traffic: the country column, empty
	// is home), required (the same, but empty is refused), home, or none (default for fees).
	Visited string `yaml:"visited"`
	Negate  bool   `yaml:"negate"` // amounts are written without sign and are a credit
}

// Countries says how countries are written.
type Countries struct {
	Home  string            `yaml:"home"`  // where the operator is, default SE
	ISO   bool              `yaml:"iso"`   // ISO 3166 codes of two letters are understood
	Names string            `yaml:"names"` // language of country names that are understood: sv, en, da, nb, fi
	Map   map[string]string `yaml:"map"`   // further names → ISO codes
}

// Private lists what the column private may hold. An empty value is no.
type Private struct {
	Yes []string `yaml:"yes"`
	No  []string `yaml:"no"`
}

// Amend lists what the column change may hold. An empty value is an ordinary row.
type Amend struct {
	Cancel  []string `yaml:"cancel"`  // the row cancels the one it names and is no record itself
	Correct []string `yaml:"correct"` // the row takes the place of the one it names
	None    []string `yaml:"none"`    // an ordinary row, whatever it names
}

// Constants are values that stand for a column that the file does not have.
type Constants struct {
	Currency string `yaml:"currency"` // ISO 4217
	Country  string `yaml:"country"`  // ISO 3166 code of the visited country
	Network  string `yaml:"network"`
	Invoice  string `yaml:"invoice"`
	Device   string `yaml:"device"` // class of the lines' devices, such as mobile
}

//go:embed profiles/*.yaml
var builtin embed.FS

// Builtin returns the profiles that come with the program, by name.
func Builtin() (map[string]*Profile, error) {
	files, err := fs.Glob(builtin, "profiles/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("listing built-in profiles: %w", err)
	}
	all := make(map[string]*Profile, len(files))
	for _, file := range files {
		f, err := builtin.Open(file)
		if err != nil {
			return nil, fmt.Errorf("opening built-in profile: %w", err)
		}
		p, err := Load(f, path.Base(file))
		_ = f.Close() // read only, in memory
		if err != nil {
			return nil, err
		}
		if p.Name != strings.TrimSuffix(path.Base(file), ".yaml") {
			return nil, fmt.Errorf("built-in profile %s is named %q", file, p.Name)
		}
		all[p.Name] = p
	}
	return all, nil
}

// field is a canonical field of a row.
type field uint8

const (
	fSubscription field = iota
	fOther
	fDate
	fTime
	fStart
	fDuration
	fService
	fCountry
	fNetwork
	fVolume
	fCount
	fAmount
	fVAT
	fCurrency
	fInvoice
	fRecord
	fPrivate
	fChange
	fAmendsInvoice
	fAmendsRecord
	fAmendsLine
	fAmendsService
	fAmendedAt
	fieldCount
)

// fieldNames are the canonical fields as profiles write them.
var fieldNames = [fieldCount]string{
	"subscription", "other", "date", "time", "start", "duration", "service", "country", "network",
	"volume", "count", "amount", "vat", "currency", "invoice", "record", "private",
	"change", "amends_invoice", "amends_record", "amends_subscription", "amends_service", "amended_at",
}

func (f field) String() string { return fieldNames[f] }

func fieldOf(name string) (field, bool) {
	for i, n := range fieldNames {
		if n == name {
			return field(i), true
		}
	}
	return 0, false
}
