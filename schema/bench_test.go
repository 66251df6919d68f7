package schema_test

import (
	"testing"

	"linesman/schema"
)

// call is a record as an operator's file gives it: most columns set.
func call() schema.Usage {
	return schema.Usage{
		EventID: schema.NewID("itemised", "norrtele", "2026-03", "17"), Kind: schema.KindCall, Service: schema.ServiceVoiceOut, Direction: schema.DirectionOut,
		LineID: schema.LineID(0x9e3779b97f4a7c15), OccurredAt: 1_773_000_000_123, Zone: schema.DefaultZone, DurationS: 187, RingS: 9, Answered: true, Outcome: "answered",
		OtherClass: "mobile", OtherCountry: "SE", OtherMask: "+467012•••••", OtherHash: 0xbf58476d1ce4e5b9, VisitedCtry: "SE", Device: "mobile", Cause: 16,
		Operator: "norrtele", Invoice: "N-2026-03-114", Charged: 1_230_000, VAT: 307_500, Currency: "SEK", Source: "itemised:norrtele",
		FileID: schema.NewID("file", "x"), FileRow: 48_213, RecordedAt: 1_773_100_000_456,
	}
}

func BenchmarkEncode(b *testing.B) {
	enc, u := schema.NewEncoder(schema.UsageTable()), call()
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = enc.Append(buf[:0], &u)
	}
	b.ReportMetric(float64(len(buf)), "bytes/record")
}

func BenchmarkDecode(b *testing.B) {
	u := call()
	raw := schema.NewEncoder(schema.UsageTable()).Append(nil, &u)
	dec := schema.NewDecoder(schema.UsageTable())
	got := new(schema.Usage)
	b.ReportAllocs()
	for b.Loop() {
		*got = schema.Usage{} // as the pipeline reuses its rows
		if err := dec.Decode(raw, got); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPeek(b *testing.B) {
	u := call()
	raw := schema.NewEncoder(schema.UsageTable()).Append(nil, &u)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := schema.PeekUsage(raw); err != nil {
			b.Fatal(err)
		}
	}
}
