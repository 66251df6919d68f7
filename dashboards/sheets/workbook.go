package sheets

import (
	"archive/zip"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"linesman/dashboards/messages"
	"linesman/dashboards/ore"
	"linesman/schema"
)

// By what a workbook has sheets.
const (
	ByUnit       = "unit"
	ByCostCentre = "cost_centre"
)

// Workbook says how a workbook is written.
type Workbook struct {
	Texts        messages.Texts
	Organisation string
	By           string // ByUnit or ByCostCentre
	Month        schema.Day
	Units        map[string]string // names of units
	Centres      map[string]string // names of cost centres
}

// part is what becomes one sheet.
type part struct {
	code, name string
	sheet      string
	rows       []schema.Posting
	cost, vat  []schema.Money // of the rows, in whole öre
	sumCost    schema.Money
	sumVAT     schema.Money
	repaid     schema.Money
	records    uint64
}

// Write writes the workbook: an overview and a sheet for each unit or cost centre. Amounts are
// numbers in whole öre, rounded so that the rows of a sheet add up to it and the sheets to the exact
// total rounded to öre (see package ore). Totals are formulas with their values.
func (b *Workbook) Write(w io.Writer, postings []schema.Posting) error {
	parts := b.parts(Sorted(postings))
	b.round(parts)
	f := excelize.NewFile()
	defer func() { _ = f.Close() }()
	s := &sheetWriter{book: b, f: f}
	s.styles()
	s.overview(parts)
	for _, p := range parts {
		s.part(p)
	}
	s.do(f.SetDocProps(&excelize.DocProperties{Title: b.title(), Creator: "Linesman", LastModifiedBy: "Linesman", Language: b.Texts.Lang(), Created: b.stamp(), Modified: b.stamp()}))
	s.do(f.SetAppProps(&excelize.AppProperties{Application: "Linesman", Company: b.Organisation}))
	var raw bytes.Buffer
	if s.err == nil {
		s.do(f.Write(&raw))
	}
	if s.err == nil {
		s.err = ordered(w, raw.Bytes(), (b.Month + 31).Month().At(time.UTC))
	}
	if s.err != nil {
		return fmt.Errorf("writing a workbook: %w", s.err)
	}
	return nil
}

func (b *Workbook) title() string {
	return strings.TrimSpace(b.Organisation + " " + b.Texts.T("sheets.title", "month", b.Texts.Month(b.Month.At(time.UTC))))
}

// stamp is the time that a workbook says it was made: the end of its month, whenever that was.
func (b *Workbook) stamp() string {
	return (b.Month + 31).Month().At(time.UTC).Format("2006-01-02T15:04:05Z")
}

// ordered copies a zip file with its entries in the order of their names and with one time: the
// library writes sheets in no order.
func ordered(w io.Writer, raw []byte, at time.Time) error {
	in, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return err
	}
	slices.SortFunc(in.File, func(a, b *zip.File) int {
		later := func(f *zip.File) bool { return f.Name != "[Content_Types].xml" } // who guesses what a file is looks at the first entry
		return cmp.Or(compareBools(later(a), later(b)), cmp.Compare(a.Name, b.Name))
	})
	out := zip.NewWriter(w)
	for _, f := range in.File {
		to, err := out.CreateHeader(&zip.FileHeader{Name: f.Name, Method: zip.Deflate, Modified: at})
		if err != nil {
			return err
		}
		from, err := f.Open()
		if err != nil {
			return err
		}
		if err := copied(to, from, f.Name); err != nil {
			return err
		}
		if err := from.Close(); err != nil {
			return err
		}
	}
	return out.Close()
}

// filtered matches the name that the library gives to what a sheet's filter is about.
var filtered = regexp.MustCompile(`<definedName [^>]*localSheetId="(\d+)" name="_xlnm\._FilterDatabase">([^<]*)!\$A\$\d+:[^<]*</definedName>`)

// copied copies an entry. In the workbook each sheet's first rows become its print titles: told of them one by
// one, the library takes a time that grows with the third power of the sheets.
func copied(to io.Writer, from io.Reader, name string) error {
	if name != "xl/workbook.xml" {
		_, err := io.Copy(to, from)
		return err
	}
	raw, err := io.ReadAll(from)
	if err != nil {
		return err
	}
	titles := fmt.Sprintf(`$0<definedName localSheetId="$1" name="_xlnm.Print_Titles">$2!$$%d:$$%d</definedName>`, rowTitle, rowHead)
	_, err = to.Write(filtered.ReplaceAll(raw, []byte(titles)))
	return err
}

// code tells which sheet a posting is on.
func (b *Workbook) code(p *schema.Posting) string {
	if b.By == ByCostCentre {
		return p.CostCentre
	}
	return p.UnitID
}

// parts divides sorted postings into sheets, by name and code, what has no code last.
func (b *Workbook) parts(list []schema.Posting) []*part {
	byCode, names := map[string]*part{}, b.Units
	if b.By == ByCostCentre {
		names = b.Centres
	}
	var out []*part
	for i := range list {
		code := b.code(&list[i])
		p := byCode[code]
		if p == nil {
			p = &part{code: code, name: names[code]}
			byCode[code] = p
			out = append(out, p)
		}
		p.rows = append(p.rows, list[i])
	}
	slices.SortFunc(out, func(x, y *part) int {
		return cmp.Or(compareBools(x.code == "", y.code == ""), cmp.Compare(strings.ToLower(cmp.Or(x.name, x.code)), strings.ToLower(cmp.Or(y.name, y.code))), cmp.Compare(x.code, y.code))
	})
	wanted := make([]string, len(out))
	codes := make([]string, len(out))
	for i, p := range out {
		wanted[i], codes[i] = cmp.Or(p.name, p.code, b.Texts.T("sheets.none")), p.code
	}
	for i, name := range sheetNames(b.Texts.T("sheets.overview"), wanted, codes) {
		out[i].sheet = name
	}
	return out
}

// round gives every row of every sheet its amounts in öre.
func (b *Workbook) round(parts []*part) {
	sums := [2][]schema.Money{}
	exact := make([][2][]schema.Money, len(parts))
	for i, p := range parts {
		for _, r := range p.rows {
			exact[i][0], exact[i][1] = append(exact[i][0], r.Cost), append(exact[i][1], r.VAT)
			p.records += r.Records
		}
		sums[0], sums[1] = append(sums[0], ore.Sum(exact[i][0])), append(sums[1], ore.Sum(exact[i][1]))
	}
	costs, vats := ore.Round(sums[0]), ore.Round(sums[1])
	for i, p := range parts {
		p.sumCost, p.sumVAT = costs[i], vats[i]
		p.cost, p.vat = ore.To(costs[i], exact[i][0], nil), ore.To(vats[i], exact[i][1], nil)
		for j, r := range p.rows {
			if r.Repay {
				p.repaid += p.cost[j]
			}
		}
	}
}
