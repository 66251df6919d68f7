package pipeline

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"linesman/internal/broker"
	"linesman/processors/verify"
	"linesman/schema"
)

// noise is garbage that no compression makes smaller; the same for the same n.
func noise(n int) []byte {
	r := rand.NewChaCha8([32]byte{byte(n)})
	b := make([]byte, n)
	_, _ = r.Read(b) // never fails
	return b
}

func header(key string, value []byte) broker.Header { return broker.Header{Key: key, Value: value} }

// poisons are records of which none can become a row of any topic. with makes a record that
// can, of an event of its own for every number.
func poisons(typ string, with func(i int) []byte) []broker.Record {
	n := 1000
	good := func() []byte { n++; return with(n) }
	v, t := header(schema.HeaderVersion, []byte(schema.Version)), header(schema.HeaderType, []byte(typ))
	rec := func(value []byte, headers ...broker.Header) broker.Record {
		return broker.Record{Key: []byte("k"), Value: value, Headers: headers}
	}
	cut := good()
	cut = cut[:len(cut)-1]
	return []broker.Record{
		rec([]byte("\xff\xff\xff garbage"), v, t),
		rec(noise(2000), v, t),
		rec(noise(900_000), v, t), // as large as a record of the log can be
		rec(nil, v, t),            // a tombstone
		rec([]byte{}, v, t),
		rec(nil),
		rec(cut, v, t),
		rec(good()),    // no headers
		rec(good(), t), // no version
		rec(good(), v), // no type
		rec(good(), header(schema.HeaderVersion, []byte("99")), t),
		rec(good(), header(schema.HeaderVersion, noise(300_000)), t),
		rec(good(), v, header(schema.HeaderType, []byte("NoSuchRecord"))),
		rec(good(), v, header(schema.HeaderType, noise(300_000))),
		{Key: noise(300_000), Value: []byte("\x07"), Headers: []broker.Header{v, t}},
	}
}

// every topic with a record that is good in it.
func goodRecords() map[string]struct {
	typ  string
	make func(i int) []byte
} {
	type entry = struct {
		typ  string
		make func(i int) []byte
	}
	id := func(kind string, i int) schema.ID { return schema.NewID(kind, fmt.Sprint(i)) }
	usage := func(kind string) entry {
		return entry{"Usage", func(i int) []byte {
			u := call(i)
			u.Kind, u.EventID = kind, id(kind, i)
			return encoded(u)
		}}
	}
	return map[string]entry{
		schema.TopicCalls: usage("call"), schema.TopicData: usage("data"), schema.TopicSMS: usage("sms"),
		schema.TopicWatches: {"Watch", func(i int) []byte {
			return schema.NewEncoder(schema.WatchTable()).Append(nil, &schema.Watch{EventID: id("watch", i), UnitID: "U1", Day: schema.Date(2026, 3, 1+i), Open: 5, ExtractAt: t0})
		}},
		schema.TopicContacts: {"Contact", func(i int) []byte {
			return schema.NewEncoder(schema.ContactTable()).Append(nil, &schema.Contact{EventID: id("contact", i), UnitID: "U1", Queue: fmt.Sprint("Q", i), OccurredAt: t0, Zone: "Europe/Stockholm", Offered: 5, ExtractAt: t0})
		}},
		schema.TopicReference: {"Unit", func(i int) []byte {
			return schema.NewEncoder(schema.UnitTable()).Append(nil, &schema.Unit{EventID: id("unit", i), UnitID: fmt.Sprint("U", i), ValidFrom: t0})
		}},
		schema.TopicFiles: {"File", func(i int) []byte {
			return schema.NewEncoder(schema.FileTable()).Append(nil, &schema.File{EventID: id("report", i), FileID: id("report", i), Name: "f", State: "done"})
		}},
		schema.TopicRejects: {"Reject", func(i int) []byte {
			return schema.NewEncoder(schema.RejectTable()).Append(nil, &schema.Reject{EventID: id("reject", i), FileID: id("file", i), Row: 1, Code: "bad_time"})
		}},
		schema.TopicViolations: {"Violation", func(i int) []byte {
			return schema.NewEncoder(schema.ViolationTable()).Append(nil, &schema.Violation{EventID: id("v", i), ViolationID: id("v", i), Change: "opened", Rule: "r", WindowFrom: 1, WindowTo: 2})
		}},
		schema.TopicRestatements: {"Restatement", func(i int) []byte {
			return schema.NewEncoder(schema.RestatementTable()).Append(nil, &schema.Restatement{EventID: id("restatement", i)})
		}},
		schema.TopicCases: {"Case", func(i int) []byte {
			return schema.NewEncoder(schema.CaseTable()).Append(nil, &schema.Case{EventID: id("case", i), ViolationID: id("v", i), Step: "closed", By: "manager"})
		}},
		schema.TopicInvoices: {"InvoiceLine", func(i int) []byte {
			return schema.NewEncoder(schema.InvoiceLineTable()).Append(nil, &schema.InvoiceLine{EventID: id("line", i), InvoiceID: id("invoice", i), LineNo: fmt.Sprint(i)})
		}},
		schema.TopicPublications: {"Publication", func(i int) []byte {
			return schema.NewEncoder(schema.PublicationTable()).Append(nil, &schema.Publication{EventID: id("publication", i), PublicationID: id("publication", i), Kind: "report"})
		}},
		schema.TopicAccess: {"AccessRead", func(i int) []byte {
			return schema.NewEncoder(schema.AccessReadTable()).Append(nil, &schema.AccessRead{EventID: id("read", i), At: t0, What: "lines_top", Outcome: schema.AccessAllowed})
		}},
		schema.TopicSeals: {"Seal", func(i int) []byte {
			return schema.NewEncoder(schema.SealTable()).Append(nil, &schema.Seal{EventID: id("seal", i)})
		}},
	}
}

// Whatever lies in a topic, its partition goes on, and what cannot become a row is a reject
// with its position.
func TestFaultPoisonInEveryTopic(t *testing.T) {
	w := newWorld(t)
	const each = 15 // good and bad records of every topic
	for _, topic := range schema.Topics() {
		g, ok := goodRecords()[topic.Name]
		if !ok {
			t.Fatalf("no good record of topic %s: this test must know every topic", topic.Name)
		}
		var recs []broker.Record
		for i, p := range poisons(g.typ, g.make) {
			p.Time = time.Now()
			recs = append(recs, p, broker.Record{Key: []byte("k"), Value: g.make(i + 1), Time: time.Now(),
				Headers: []broker.Header{header(schema.HeaderVersion, []byte(schema.Version)), header(schema.HeaderType, []byte(g.typ))}})
		}
		if len(recs) != 2*each {
			t.Fatalf("%d records", len(recs))
		}
		if _, err := w.b.Produce(t.Context(), topic.Name, 0, recs); err != nil {
			t.Fatal(err)
		}
	}
	p := w.catchUp()
	for range 3 { // the rejects of what was refused, and of what was refused among the rejects
		if err := p.CatchUp(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	}
	for _, topic := range schema.Topics() {
		var good, duplicate, bad, want uint64 = 0, 0, 0, each
		if topic.Name == schema.TopicRejects {
			want += each * uint64(len(schema.Topics())) // what was refused everywhere, here too
		}
		if err := w.st.Conn().QueryRow(t.Context(), "SELECT sum(accepted), sum(duplicate), sum(refused) FROM ranges FINAL WHERE topic = ? AND state = 1", topic.Name).Scan(&good, &duplicate, &bad); err != nil {
			t.Fatal(err)
		}
		if good != want || duplicate != 0 || bad != each {
			t.Errorf("%s: %d accepted, %d duplicate and %d refused, want %d, 0, %d", topic.Name, good, duplicate, bad, want, each)
		}
		var rejects, longest uint64
		if err := w.st.Conn().QueryRow(t.Context(), "SELECT count(), max(length(reason)) FROM rejects FINAL WHERE code = 'bad_record' AND startsWith(reason, ?)", "record of "+topic.Name+"/").Scan(&rejects, &longest); err != nil {
			t.Fatal(err)
		}
		if rejects != bad {
			t.Errorf("%s: %d rejects of %d refused records", topic.Name, rejects, bad)
		}
		if longest > 1000 {
			t.Errorf("%s: a reason of %d bytes", topic.Name, longest)
		}
	}
	w.want("SELECT toString(countIf(NOT isValidUTF8(reason))) FROM rejects", "0")
	w.verified()
}

// verified compares log and store.
func (w *world) verified() {
	w.t.Helper()
	rep, err := verify.New(w.b, w.st).Run(w.t.Context(), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, part := range rep.Partitions {
		if !part.OK || part.Behind > 0 {
			w.t.Errorf("verify: %+v", part)
		}
	}
}

// Values that are well-formed and impossible.
func TestFaultImpossibleValues(t *testing.T) {
	w := newWorld(t)
	const most = schema.Money(999_999_999_999_999_999)
	change := func(i int, f func(*schema.Usage)) schema.Usage {
		u := call(i)
		f(&u)
		return u
	}
	bad := []schema.Usage{
		change(100, func(u *schema.Usage) { u.Zone = "Mars/Olympus" }),
		change(101, func(u *schema.Usage) { u.Zone = "../../etc/passwd" }),
		change(102, func(u *schema.Usage) { u.Zone = strings.Repeat("z", 500_000) }),
		change(103, func(u *schema.Usage) { u.Charged = most + 1 }),
		change(104, func(u *schema.Usage) { u.Charged = -1 << 63 }),
		change(105, func(u *schema.Usage) { u.VAT = 1<<63 - 1 }),
		change(106, func(u *schema.Usage) { u.OccurredAt = 1<<63 - 1 }),
		change(107, func(u *schema.Usage) { u.OccurredAt = -1 << 63 }),
		change(108, func(u *schema.Usage) { u.OccurredAt = 0 }),
		change(109, func(u *schema.Usage) { u.RecordedAt = 1<<63 - 1 }),
		change(110, func(u *schema.Usage) { u.EventID = schema.ID{} }),
	}
	w.calls(0, 10)
	produce(w, schema.TopicCalls, "Usage", schema.UsageTable(), bad...)
	odd := []schema.Usage{ // the store can hold these, strange as they are
		change(200, func(u *schema.Usage) { u.Kind, u.Service, u.Direction = "banana", "", "\xff\xfe" }),
		change(201, func(u *schema.Usage) { u.LineID, u.OtherMask = "\x00\xff'; DROP TABLE usage; --", "\xf0\x28" }),
		change(202, func(u *schema.Usage) { u.Charged, u.Currency, u.Operator = most, "SEK", "x" }),
		change(203, func(u *schema.Usage) { u.DurationS, u.VolumeBytes = 1<<32-1, 1<<64-1 }),
		change(204, func(u *schema.Usage) { u.OccurredAt = schema.FirstTime }),
		change(205, func(u *schema.Usage) { u.OccurredAt = schema.LastTime }),
	}
	produce(w, schema.TopicCalls, "Usage", schema.UsageTable(), odd...)
	w.calls(10, 20)
	p := w.catchUp()
	if err := p.CatchUp(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	w.want(outcome, "26 0 11")
	w.want("SELECT toString(countIf(kind = 'call' AND charged = 0 AND occurred_at < '2100-01-01' AND occurred_at > '2000-01-01' AND duration_s = 61 AND length(line_id) < 20)) FROM usage", "20")
	w.want("SELECT toString(count()) FROM rejects", fmt.Sprint(len(bad)))
	w.want("SELECT toString(max(length(reason)) < 1000) FROM rejects", "1")
	var days []schema.Day
	for d := range p.TakeDirty().Days {
		days = append(days, d)
	}
	if err := w.st.Recompute(t.Context(), days); err != nil {
		t.Error("roll-ups over odd values:", err)
	}
	w.want("SELECT toString((SELECT sum(events) FROM usage_daily) = (SELECT count() FROM usage))", "1")
	w.verified()
}

// A price that is possible by itself makes amounts of usage that is stored already impossible.
// Neither that price nor such usage may hold up its partition.
func TestFaultPriceThatOverflows(t *testing.T) {
	w := newWorld(t)
	march := schema.Date(2026, 3, 1).Start(time.UTC)
	price := func(name string, sek int64, edit func(*schema.Price)) schema.Price {
		p := schema.Price{EventID: schema.NewID(name), PriceID: name, Service: "voice_out", Per: "minute", Price: schema.Kronor(sek), FirstS: 60, NextS: 60, ValidFrom: march}
		if edit != nil {
			edit(&p)
		}
		return p
	}
	w.calls(0, 10)
	w.catchUp()
	produce(w, schema.TopicReference, "Price", schema.PriceTable(),
		price("over", 999_999_999_999, nil), // a call of two minutes is beyond what the store holds
		price("never", 1, func(p *schema.Price) { p.FirstS, p.NextS, p.ValidTo = 0, 0, march-1 }),
		price("backwards", 1, func(p *schema.Price) { p.ValidFrom, p.ValidTo = schema.LastTime, schema.FirstTime }))
	produce(w, schema.TopicReference, "Goal", schema.GoalTable(), schema.Goal{EventID: schema.NewID("g"), GoalID: "g", ValidFrom: schema.FirstTime, ValidTo: schema.LastTime})
	produce(w, schema.TopicReference, "Approval", schema.ApprovalTable(), schema.Approval{EventID: schema.NewID("a"), ApprovalID: "a", Kind: "trip", ValidFrom: schema.LastTime, ValidTo: schema.FirstTime})
	w.catchUp()
	w.calls(10, 20)
	w.catchUp()
	w.want("SELECT toString(countIf(rate_reason = 'out_of_range' AND price_id = 'over' AND rated = 0)) FROM usage", "20")
	produce(w, schema.TopicReference, "Price", schema.PriceTable(), price("over", 1, func(p *schema.Price) { p.EventID, p.RecordedAt, p.StatedAt = schema.NewID("corrected"), t0, t0 }))
	p := w.catchUp()
	if err := p.CatchUp(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	w.want("SELECT toString(countIf(rate_reason = 'rated' AND cost = 2)) FROM usage", "20")
	w.verified()
}
