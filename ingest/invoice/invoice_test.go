package invoice

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linesman/ingest"
	"linesman/ingest/ingesttest"
	"linesman/ingest/itemised"
	"linesman/internal/engine"
	"linesman/internal/pseudonym"
	"linesman/schema"
)

func TestMain(m *testing.M) {
	flag.Bool("update", false, "rewrite the golden files")
	engine.RunChildIfAsked()
	os.Exit(m.Run())
}

func testKey() *pseudonym.Key { return pseudonym.New([]byte("a key for tests, 32 bytes long..")) }

func testFormat(t testing.TB, change ...func(*Config)) *Format {
	t.Helper()
	profiles, err := itemised.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	detail, err := itemised.New(itemised.Config{Profiles: profiles, Key: testKey()})
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{Key: testKey(), Suppliers: map[string]string{"556000-1230": "fjordtel"}, Detail: detail}
	for _, c := range change {
		c(&cfg)
	}
	f, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// keep is a sink that keeps documents and lines.
type keep struct {
	ingesttest.Recorder
	heads  []schema.Invoice
	lines  []schema.InvoiceLine
	usage  []schema.Usage
	amends []schema.Amendment
}

func (k *keep) Invoice(i *schema.Invoice) error {
	k.heads = append(k.heads, *i)
	return k.Recorder.Invoice(i)
}

func (k *keep) InvoiceLine(l *schema.InvoiceLine) error {
	k.lines = append(k.lines, *l)
	return k.Recorder.InvoiceLine(l)
}

func (k *keep) Usage(u *schema.Usage) error {
	k.usage = append(k.usage, *u)
	return k.Recorder.Usage(u)
}

func (k *keep) Amendment(kind string, a *schema.Amendment) error {
	k.amends = append(k.amends, *a)
	return k.Recorder.Amendment(kind, a)
}

func read(t testing.TB, f *Format, body string, out ingest.Sink) (ingest.Summary, error) {
	t.Helper()
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	return f.Read(context.Background(), ingest.Input{Name: "invoice.xml", Body: strings.NewReader(body), Now: now}, out)
}

func fixture(t testing.TB, name string) string {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestGolden(t *testing.T) {
	for _, name := range []string{"invoice", "credit_note", "collective", "negative", "tele_extended", "electricity"} {
		t.Run(name, func(t *testing.T) {
			var k keep
			sum, err := read(t, testFormat(t), fixture(t, name+".xml"), &k)
			if err != nil || sum.Read != uint64(k.Records+len(k.Rejects)) {
				t.Fatalf("%d read, %d handed out, error %v", sum.Read, k.Records+len(k.Rejects), err)
			}
			ingesttest.Golden(t, name+".golden", k.Text.String()+sum.Profile+"\n"+strings.Join(sum.Notices, "\n")+"\n")
			for _, h := range k.heads { // amounts are signed so that this holds for every document that is right
				if h.Net != h.LineTotal-h.Allowances+h.Charges || h.Gross != h.Net+h.VAT {
					t.Errorf("lines %s - %s + %s are not net %s, or with VAT %s not gross %s", h.LineTotal, h.Allowances, h.Charges, h.Net, h.VAT, h.Gross)
				}
			}
			if strings.Contains(k.Text.String(), "4567") || strings.Contains(k.Text.String(), "Svensson") {
				t.Error("a number or a name went out")
			}
		})
	}
}

func TestSamples(t *testing.T) {
	files, _ := filepath.Glob("../../../shared/samples/peppol/*.xml")
	if len(files) == 0 {
		t.Skip("no samples of the standard beside the project")
	}
	configured := testFormat(t, func(c *Config) {
		c.Suppliers = map[string]string{"GB983294": "a", "1234567890": "b", "0007:5566778899": "c", "5566778899": "c"}
	})
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			body, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			rec := ingesttest.Recorder{Quiet: true}
			sum, err := read(t, testFormat(t), string(body), &rec)
			if err != nil || rec.Records != 0 || sum.Read != 0 || len(sum.Notices) != 1 || !strings.Contains(sum.Notices[0], "not telephony") {
				t.Errorf("%d records, notices %q, error %v: these are no telephony", rec.Records, sum.Notices, err)
			}
			var k keep
			if _, err := read(t, configured, string(body), &k); err != nil || len(k.heads) != 1 || len(k.lines) == 0 {
				t.Fatalf("of a configured supplier: %d documents, %d lines, error %v", len(k.heads), len(k.lines), err)
			}
			h := k.heads[0]
			var lines schema.Money
			for _, l := range k.lines {
				lines += l.Amount
			}
			if lines != h.LineTotal || h.Net != h.LineTotal-h.Allowances+h.Charges || h.Gross != h.Net+h.VAT || h.Payable != h.Gross-h.Prepaid+h.Rounding {
				t.Errorf("sums of a document of the standard do not add up as they were read: lines %s, %+v", lines, h)
			}
		})
	}
}

// refused reads what must be refused as a whole and returns why.
func refused(t *testing.T, f *Format, body string) *ingest.FileError {
	t.Helper()
	rec := ingesttest.Recorder{Quiet: true}
	_, err := read(t, f, body, &rec)
	var why *ingest.FileError
	if !errors.As(err, &why) {
		t.Fatalf("error %v, want a refusal", err)
	}
	if rec.Records+len(rec.Rejects) != 0 {
		t.Fatalf("%d records of a refused document went out", rec.Records)
	}
	return why
}
