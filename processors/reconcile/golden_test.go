package reconcile

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"linesman/schema"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestGolden makes a small month with something of everything. Its report is what the command's
// words are tested with.
func TestGolden(t *testing.T) {
	w := newWorld(t)
	const op, long = "Norrtele", "2024-01-01"
	w.price(schema.Price{PriceID: "norr/2026/fee", Operator: op, Plan: "Bas", Per: "month", Price: schema.Kronor(99), ValidFrom: w.at("2020-01-01")})
	w.rows.ranges = append(w.rows.ranges, schema.NumberRange{First: "+46701230000", Last: "+46701239999", ValidFrom: w.at(long), EventID: w.id(), Rank: 1})
	for _, id := range []string{"LA", "LB", "LC", "LD", "LG"} {
		w.line(id, op, "Bas", "", long, "")
	}
	w.line("LE", op, "Bas", "", long, "2026-01-01")
	w.line("LF", "Fjordtel", "Bas", "", long, "")
	fee := bill{line: "LA", service: "subscription", item: "Månadsavgift Bas", unit: "EA", amount: "99.00"}
	of := func(id string, b bill) bill { b.line = id; return b }
	voice := bill{line: "LA", service: "voice_out", item: "Samtal", quantity: "123.5", unit: "MIN", price: "0.50"}
	w.document("10023", func(d *schema.Invoice) { d.Payable += schema.Ore(10) },
		fee, voice, of("LB", fee), of("LB", bill{service: "voice_out", item: "Samtal", quantity: "60", unit: "MIN", price: "0.75"}),
		of("LC", fee), of("LC", fee), of("LC", bill{service: "data", item: "Data", quantity: "1500", unit: "4L", price: "0.02"}),
		of("LE", fee), of("LF", fee), bill{line: "LX", mask: "+4673999••••", service: "subscription", item: "Månadsavgift Bas", amount: "99.00"}, bill{service: "one_time", item: "Uppstart", amount: "250.00"},
		bill{line: "LB", service: "equipment", item: "Telefon", amount: "4990.00"}, bill{line: "LB", service: "", item: "Diverse", amount: "12.00"}, of("LD", fee), of("LD", fee))
	w.document("10024", credits("10023"), of("LC", bill{service: "subscription", item: "Månadsavgift Bas", unit: "EA", amount: "-99.00"}))
	w.document("F-7", func(d *schema.Invoice) {
		d.Operator, d.SupplierName, d.Currency, d.ExchangeRate, d.ExchangeDay, d.PeriodFrom, d.PeriodTo, d.Issued = "Fjordtel", "Fjordtel A/S", "EUR", schema.Ore(1125), day(t, "2026-03-31"), 0, 0, day(t, "2026-03-30")
	}, of("LF", bill{service: "sms", item: "SMS", quantity: "20", unit: "EA", price: "0.10"}))
	w.used(op, "10023", "LA", "voice_out", "2026-03-05", 247, func(u *schema.Usage) {
		u.DurationS, u.Charged, u.Rated = 30, schema.Ore(25), schema.Ore(25)
	})
	w.used(op, "10023", "LB", "voice_out", "2026-03-06", 60, func(u *schema.Usage) {
		u.DurationS, u.Charged, u.Rated = 60, schema.Ore(75), schema.Ore(50)
	})
	w.used(op, "10023", "LD", "sms", "2026-03-07", 3, func(u *schema.Usage) { u.Messages, u.Charged, u.Rated = 1, schema.Ore(50), schema.Ore(50) })
	w.used("Fjordtel", "", "LF", "sms", "2026-03-07", 10, func(u *schema.Usage) { u.Messages, u.Charged, u.Rated = 1, schema.Ore(112), schema.Ore(112) })
	w.used(op, "", "LC", "data", "2026-03-08", 10, func(u *schema.Usage) {
		u.VolumeBytes, u.Charged, u.Rated = 100_000_000, schema.Kronor(2), schema.Kronor(2)
	})
	w.flush()
	r := w.reconcile(w.march())
	addsUp(t, r)
	list, err := List(t.Context(), w.st.Conn(), w.march())
	if err != nil || len(list) != 3 {
		t.Fatalf("%d documents: %v", len(list), err)
	}
	golden(t, "report.json", r)
	golden(t, "disputes.json", r.Disputes(op))
	golden(t, "list.json", list)
	if !r.Disputed() {
		t.Error("nothing is disputed")
	}
}

// golden compares what something is in JSON with a file.
func golden(t *testing.T, name string, v any) {
	t.Helper()
	got, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("%s differs from what it was; look at it with -update and git diff", path)
	}
}
