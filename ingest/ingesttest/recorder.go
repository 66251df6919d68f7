// Package ingesttest helps to test formats: a sink that keeps what it is given, as text.
package ingesttest

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"linesman/ingest"
	"linesman/schema"
)

// Recorder is a sink that writes every record as one block of text: its type, and each value
// that is set. Ids, hashes and pseudonyms are written too; they depend on the test's key only.
type Recorder struct {
	Text    strings.Builder
	Records int
	Rejects []ingest.Reject
	IDs     []schema.ID
	// Quiet keeps counts, ids and rejects only.
	Quiet bool
}

// Usage records a usage record.
func (r *Recorder) Usage(u *schema.Usage) error { return record(r, schema.UsageTable(), u, u.EventID) }

// Watch records a count of watches.
func (r *Recorder) Watch(w *schema.Watch) error { return record(r, schema.WatchTable(), w, w.EventID) }

// Line records a line.
func (r *Recorder) Line(l *schema.Line) error { return record(r, schema.LineTable(), l, l.EventID) }

// Unit records a unit.
func (r *Recorder) Unit(u *schema.Unit) error { return record(r, schema.UnitTable(), u, u.EventID) }

// CostCentre records a cost centre.
func (r *Recorder) CostCentre(c *schema.CostCentre) error {
	return record(r, schema.CostCentreTable(), c, c.EventID)
}

// NumberRange records a number range.
func (r *Recorder) NumberRange(n *schema.NumberRange) error {
	return record(r, schema.NumberRangeTable(), n, n.EventID)
}

// Amendment records a cancellation or correction.
func (r *Recorder) Amendment(_ string, a *schema.Amendment) error {
	return record(r, schema.AmendmentTable(), a, a.EventID)
}

// Approval records an approval.
func (r *Recorder) Approval(a *schema.Approval) error {
	return record(r, schema.ApprovalTable(), a, a.EventID)
}

// Price records a price.
func (r *Recorder) Price(p *schema.Price) error { return record(r, schema.PriceTable(), p, p.EventID) }

// Goal records a goal.
func (r *Recorder) Goal(g *schema.Goal) error { return record(r, schema.GoalTable(), g, g.EventID) }

// Contact records contact-centre statistics.
func (r *Recorder) Contact(c *schema.Contact) error {
	return record(r, schema.ContactTable(), c, c.EventID)
}

// Equipment records a statement about equipment.
func (r *Recorder) Equipment(e *schema.Equipment) error {
	return record(r, schema.EquipmentTable(), e, e.EventID)
}

// Employment records a statement about an employment.
func (r *Recorder) Employment(e *schema.Employment) error {
	return record(r, schema.EmploymentTable(), e, e.EventID)
}

// TelephoneHours records a statement about telephone hours.
func (r *Recorder) TelephoneHours(h *schema.TelephoneHours) error {
	return record(r, schema.TelephoneHoursTable(), h, h.EventID)
}

// AllocationRule records a target of an allocation rule.
func (r *Recorder) AllocationRule(a *schema.AllocationRule) error {
	return record(r, schema.AllocationRuleTable(), a, a.EventID)
}

// ExchangeRate records an exchange rate.
func (r *Recorder) ExchangeRate(e *schema.ExchangeRate) error {
	return record(r, schema.ExchangeRateTable(), e, e.EventID)
}

// AccessGrant records a grant of access.
func (r *Recorder) AccessGrant(g *schema.AccessGrant) error {
	return record(r, schema.AccessGrantTable(), g, g.EventID)
}

// Invoice records the head of an invoice or credit note.
func (r *Recorder) Invoice(i *schema.Invoice) error {
	return record(r, schema.InvoiceTable(), i, i.EventID)
}

// InvoiceLine records a line of an invoice or credit note.
func (r *Recorder) InvoiceLine(l *schema.InvoiceLine) error {
	return record(r, schema.InvoiceLineTable(), l, l.EventID)
}

// Reject records a refused record.
func (r *Recorder) Reject(j ingest.Reject) error {
	j.Raw = bytes.Clone(j.Raw)
	r.Rejects = append(r.Rejects, j)
	if !r.Quiet {
		fmt.Fprintf(&r.Text, "REJECT line %d column %q code %s: %s\n", j.Row, j.Column, j.Code, j.Reason)
	}
	return nil
}

func record[T any](r *Recorder, t *schema.Table[T], rec *T, id schema.ID) error {
	r.Records++
	r.IDs = append(r.IDs, id)
	if r.Quiet {
		return nil
	}
	fmt.Fprintf(&r.Text, "%s\n", t.Record)
	for _, c := range t.Columns {
		if v := value(c.Ref(rec)); c.Field > 0 && v != "" {
			fmt.Fprintf(&r.Text, "  %s = %s\n", c.Name, v)
		}
	}
	return nil
}

// value renders what is set; nothing for a zero value.
func value(ref any) string {
	switch p := ref.(type) {
	case *string:
		if *p == "" {
			return ""
		}
		return fmt.Sprintf("%q", *p)
	case *schema.ID:
		if p.IsZero() {
			return ""
		}
		return p.String()
	case *schema.Time:
		if *p == 0 {
			return ""
		}
		return p.String()
	case *schema.Day:
		return p.String()
	case *schema.Money:
		if *p == 0 {
			return ""
		}
		return p.String()
	case *bool:
		if !*p {
			return ""
		}
		return "true"
	case *uint64:
		return whole(*p)
	case *uint32:
		return whole(uint64(*p))
	case *float64:
		return fmt.Sprint(*p)
	}
	return "?"
}

func whole(v uint64) string {
	if v == 0 {
		return ""
	}
	return fmt.Sprint(v)
}

// Golden compares text with a file below testdata, or rewrites the file when the tests run
// with -update.
func Golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if f := flag.Lookup("update"); f != nil && f.Value.String() == "true" {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; got:\n%s\nwant:\n%s", path, got, want)
	}
}
