package itemised

import (
	"errors"
	"strings"
	"testing"

	"linesman/ingest"
	"linesman/schema"
)

const (
	changeHead = "change,corrects_invoice,corrects_record,corrects_subscription,corrects_type,changed_at"
	fjordMore  = "CORRECT,2026-70,R9,,,2026-05-01T06:00:00Z"
)

// changed is a file of one good row with something in the columns of changes.
func changed(row, more string) string {
	return strings.TrimSuffix(fjordHead, "\n") + "," + changeHead + "\n" + strings.TrimSuffix(row, "\n") + "," + more + "\n"
}

func readChanged(t *testing.T, row, more string) *collected {
	t.Helper()
	got, sum, err := read(t, format(t, Config{Profile: "fjordtel"}), "f.csv", changed(row, more))
	if err != nil {
		t.Fatalf("%v\n%s", err, dump(got, sum))
	}
	return got
}

// The id of the original is the one that its own row had, in whatever file that stood.
func TestAmendmentNamesTheOriginal(t *testing.T) {
	original := fjordRow(map[string]string{"record_id": "R9", "invoice": "2026-70"})
	first, _, err := read(t, format(t, Config{}), "f.csv", fjordHead+original)
	if err != nil || len(first.usage) != 1 {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, more string
		ordinary   bool // its own record comes too
		tied       bool // … in the same line and topic
		kind       string
	}{
		{"correction", fjordMore, true, true, schema.KindCall},
		{"cancellation", "CANCEL,2026-70,R9,,,", false, false, schema.KindCall},
		{"in other words", "cancel,2026-70,R9,46701234567,VOICE,", false, false, schema.KindCall},
		{"of another line", "CORRECT,2026-70,R9,46701234568,,", true, false, schema.KindCall},
		{"of another kind", "CORRECT,2026-70,R9,,SMS,", true, false, schema.KindSMS},
		{"of another kind in the same topic", "CORRECT,2026-70,R9,,FEE,", true, true, schema.KindFee},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := readChanged(t, fjordRow(nil), c.more)
			if len(got.amendments) != 1 || len(got.usage) != map[bool]int{true: 1, false: 0}[c.ordinary] {
				t.Fatalf("%d amendments, %d records", len(got.amendments), len(got.usage))
			}
			a := got.amendments[0]
			if a.Amends != first.usage[0].EventID {
				t.Errorf("amends %s, the original is %s", a.Amends, first.usage[0].EventID)
			}
			if a.kind != c.kind || a.FileRow != 2 || a.Source != "itemised:fjordtel" {
				t.Errorf("%+v", a)
			}
			want := schema.ID{}
			if c.tied {
				want = got.usage[0].EventID
			}
			if a.ReplacedBy != want {
				t.Errorf("replaced by %s, want %s", a.ReplacedBy, want)
			}
			line := testKey().Line("+46701234567")
			if c.name == "of another line" {
				line = testKey().Line("+46701234568")
			}
			if a.LineID != line {
				t.Errorf("line %s, want %s", a.LineID, line)
			}
		})
	}
}

// The corrected record is the record that its row would have made without the marks.
func TestCorrectionIsAnOrdinaryRecord(t *testing.T) {
	plain, _, err := read(t, format(t, Config{}), "f.csv", fjordHead+fjordRow(nil))
	if err != nil {
		t.Fatal(err)
	}
	if got := readChanged(t, fjordRow(nil), fjordMore); len(got.usage) != 1 || got.usage[0] != plain.usage[0] {
		t.Errorf("%+v\nwant %+v", got.usage, plain.usage)
	}
	none := readChanged(t, fjordRow(nil), ",,,,,")
	if len(none.amendments) != 0 || len(none.usage) != 1 || none.usage[0] != plain.usage[0] {
		t.Errorf("without a mark: %+v", none)
	}
}

// The same amendment in two files is one event; one that says something else is another.
func TestAmendmentIDs(t *testing.T) {
	id := func(row, more string) schema.ID {
		t.Helper()
		got := readChanged(t, row, more)
		if len(got.amendments) != 1 {
			t.Fatalf("%d amendments", len(got.amendments))
		}
		return got.amendments[0].EventID
	}
	base := id(fjordRow(nil), fjordMore)
	if id(fjordRow(map[string]string{"net_amount": "7"}), "correct, 2026-70 ,R9,,,2026-05-01T08:00:00+02:00") != base {
		t.Error("the same amendment in other words is another one")
	}
	if got := readChanged(t, fjordRow(nil), fjordMore); got.amendments[0].EventID == got.usage[0].EventID {
		t.Error("amendment and record have the same id: the second would pass for a repetition")
	}
	for _, c := range [][2]string{
		{fjordRow(map[string]string{"record_id": "R2"}), fjordMore}, {fjordRow(nil), strings.Replace(fjordMore, "R9", "R8", 1)},
		{fjordRow(nil), strings.Replace(fjordMore, "CORRECT", "CANCEL", 1)}, {fjordRow(nil), strings.Replace(fjordMore, "06:00", "06:01", 1)},
		{fjordRow(nil), "CORRECT,2026-70,R9,46701234568,,2026-05-01T06:00:00Z"},
	} {
		if id(c[0], c[1]) == base {
			t.Errorf("%s %s: the same id", c[0], c[1])
		}
	}
}

// A file that has some of the columns about changes and lacks the others is refused: read on,
// it would count usage twice.
func TestHalfAChange(t *testing.T) {
	for _, c := range []struct{ columns, says string }{
		{"change", "missing: amends_invoice (corrects_invoice), amends_record (corrects_record)"},
		{"change,corrects_record", "missing: amends_invoice (corrects_invoice)"},
		{"corrects_invoice,corrects_record", "missing: change (change)"},
		{"changed_at", "missing: change (change)"},
	} {
		content := strings.TrimSuffix(fjordHead, "\n") + "," + c.columns + "\n" + fjordRow(nil)
		got, _, err := read(t, format(t, Config{}), "f.csv", content)
		var refused *ingest.FileError
		if !errors.As(err, &refused) || refused.Row != 1 || !strings.Contains(err.Error(), c.says) || got.counted() != 0 {
			t.Errorf("%s: got %v, want %q", c.columns, err, c.says)
		}
	}
}

func TestAmendFaults(t *testing.T) {
	const from = "  country: [Country]\n"
	with := "  country: [Country]\n  invoice: [Invoice]\n  record: [Row]\n  change: [Change]\n  amends_record: [Of]\n"
	for _, c := range []struct {
		name, columns, more string
		says                []string
	}{
		{"right", with, "key: [invoice, record]\namend: {cancel: [X], correct: [R], none: [-]}\n", nil},
		{"right with subscription", with, "key: [subscription, record]\namend: {cancel: [X]}\n", nil},
		{"no words", with, "key: [record]\n", []string{"amend: missing"}},
		{"words and no column", from, "amend: {cancel: [X]}\n", []string{"amend.cancel: there is no column change"}},
		{"the same word twice", with, "key: [record]\namend: {cancel: [X], correct: [x]}\n", []string{`amend.correct: "x" also means something else`}},
		{"the empty word", with, "key: [record]\namend: {cancel: [\" \"]}\n", []string{"an empty value is an ordinary row"}},
		{"no key", with, "amend: {cancel: [X]}\n", []string{"columns.change: needs a key"}},
		{"a key that cannot be named", with, "key: [record, duration]\namend: {cancel: [X]}\n", []string{"the key has duration, by which no row can name another"}},
		{"no column for the record", strings.Replace(with, "  amends_record: [Of]\n", "", 1), "key: [record]\namend: {cancel: [X]}\n", []string{"needs the column amends_record"}},
		{"a column that is not in the key", with + "  amends_invoice: [OfInvoice]\n", "key: [record]\namend: {cancel: [X]}\n", []string{"columns.amends_invoice: the key has no invoice"}},
		{"columns without change", from + "  amends_record: [Of]\n", "", []string{"test.yaml:14: columns.amends_record: needs the column change"}},
		{"no pattern", with + "  amended_at: [At]\n", "key: [record]\namend: {cancel: [X]}\n", []string{"times.amended: missing: there is a column amended_at"}},
		{"unknown key", with, "key: [record]\namend: {cancle: [X]}\n", []string{`unknown key "cancle" in amend; did you mean "cancel"?`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Load(strings.NewReader(strings.Replace(minimal, from, c.columns, 1)+c.more), "test.yaml")
			if (err == nil) != (c.says == nil) {
				t.Fatalf("got %v", err)
			}
			for _, s := range c.says {
				if !strings.Contains(err.Error(), s) {
					t.Errorf("%q\ndoes not say %q", err, s)
				}
			}
		})
	}
}

// A key without an invoice of its own in the reference means: of the same invoice.
func TestReferenceWithinAnInvoice(t *testing.T) {
	text := strings.Replace(minimal, "  country: [Country]\n", "  country: [Country]\n  invoice: [Invoice]\n  record: [Row]\n  change: [Change]\n  amends_record: [Of]\n", 1)
	p := profile(t, text+"key: [invoice, subscription, record]\namend: {cancel: [X], none: [New]}\n")
	got, sum, err := read(t, format(t, Config{Profiles: map[string]*Profile{"small": p}}), "f.csv",
		"Number;Type;Start;To;Length;Volume;Count;Amount;Country;Invoice;Row;Change;Of\n"+
			"0701234567;Call;2026-03-14 08:15:30;081234567;60;;;1,50;;I1;1;;\n"+
			"0701234567;Call;2026-03-14 08:15:30;081234567;60;;;1,50;;I1;2;new;1\n"+
			"0701234567;Call;;;;;;;;I1;3;x;1\n"+
			"0701234567;Call;;;;;;;;;4;x;1\n")
	if err != nil || len(got.usage) != 2 || len(got.amendments) != 1 || len(got.rejects) != 1 {
		t.Fatalf("%v\n%s", err, dump(got, sum))
	}
	if a := got.amendments[0]; a.Amends != got.usage[0].EventID || !a.ReplacedBy.IsZero() || a.AmendedAt != 0 {
		t.Errorf("%+v, want that it cancels %s", a, got.usage[0].EventID)
	}
	if r := got.rejects[0]; r.Row != 5 || r.Column != "Invoice" || r.Code != ingest.CodeMissing {
		t.Errorf("%+v", r)
	}
}

func TestExplainChanges(t *testing.T) {
	p := builtins(t)["norrtele"]
	var b strings.Builder
	for _, m := range p.Explain([]string{"Ändring", "Avser rad", "Avser abonnemang", "Avser tjänst", "Ändrad"}) {
		if strings.HasPrefix(m.Field, "amend") || m.Field == "change" {
			b.WriteString(strings.Join([]string{m.Field, m.Column, m.Rule, m.Sample}, " | ") + "\n")
		}
	}
	golden(t, "explain_changes.golden", b.String())
}

type failingAmendment struct{ ingest.Sink }

func (failingAmendment) Amendment(string, *schema.Amendment) error { return errBroken }

func TestStopsAtAnAmendment(t *testing.T) {
	in := ingest.Input{Name: "f.csv", Body: strings.NewReader(changed(fjordRow(nil), fjordMore)), Now: recorded}
	if _, err := format(t, Config{}).Read(t.Context(), in, failingAmendment{}); err != errBroken {
		t.Errorf("a log that cannot be written: got %v", err)
	}
}
