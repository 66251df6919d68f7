package collector_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"linesman/ingest/collector"
	"linesman/internal/broker"
	"linesman/internal/pseudonym"
	"linesman/schema"
)

const amendHead = "record_id,subscription,type,b_number,start,duration_s,bytes,units,visited_country,visited_network,net_amount,vat_amount,currency,invoice," +
	"change,corrects_invoice,corrects_record,corrects_subscription,corrects_type,changed_at\n"

// TestAmendments holds the books of a file with cancellations and corrections to the rule: a
// row is a record, the amendment of a correction is none beside it.
func TestAmendments(t *testing.T) {
	rows := []string{
		"1,46701234567,VOICE,46812345678,2026-03-14T07:15:30Z,200,,1,SE,,0.59,0.15,SEK,I1,,,,,,",
		"2,46701234567,VOICE,46812345678,2026-03-14T07:15:30Z,180,,1,SE,,0.49,0.12,SEK,I1,CORRECT,I1,1,,,",
		"2,46701234567,VOICE,46812345678,2026-03-14T07:15:30Z,180,,1,SE,,0.49,0.12,SEK,I1,CORRECT,I1,1,,,",       // again
		"3,46701234567,DATA,,,,,,,,,,,I1,CANCEL,I0,9,,,2026-03-14T07:15:30Z",                                     // of another file
		"3,46701234567,DATA,,,,,,,,,,,I1,CANCEL,I0,9,,,2026-03-14T07:15:30Z",                                     // again
		"4,46701234567,VOICE,46812345678,2026-03-14T08:15:30Z,180,,1,SE,,0.49,0.12,SEK,I1,CORRECT,I0,8,,SMS,",    // was a message
		"5,46701234567,VOICE,46812345678,2026-03-14T08:15:30Z,180,,1,SE,,0.49,0.12,SEK,I1,CORRECT,I1,5,,,",       // itself
		"6,46701234567,CREDIT,,2026-03-31,,,,,,-4,-1,SEK,I1,,I0,8,,,",                                            // a credit
		"7,46701234568,VOICE,46812345678,2026-03-14T08:15:30Z,90,,1,SE,,0,0,SEK,I1,CORRECT,I0,7,46701234567,,,x", // a column too many
	}
	key := pseudonym.New([]byte("a key for tests, 32 bytes long.."))
	log := openBroker(t, broker.Config{NoSync: true})
	c, err := collector.New(collector.Config{Key: key}, log, formats(t, key), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	body := amendHead + strings.Join(rows, "\n") + "\n"
	r, err := c.Collect(context.Background(), "itemised", "f.csv", strings.NewReader(body), int64(len(body)))
	if err != nil {
		t.Fatal(err)
	}
	// 1, 2 and the credit are a record each, the cancellation is one, row 4 is two.
	if r.Failed() || r.Read != 10 || r.Sent != 6 || r.Repeated != 2 || r.Rejected != 2 || r.Amended != 3 || r.Read != r.Sent+r.Repeated+r.Rejected {
		t.Errorf("%s; amended %d, rejects %v", r, r.Amended, r.Rejects)
	}
	line := key.Line("+46701234567")
	want := map[string]string{ // type and topic of what names which original
		"Amendment " + schema.TopicCalls: "1", "Amendment " + schema.TopicData: "9", "Amendment " + schema.TopicSMS: "8",
	}
	usage := map[schema.ID]bool{}
	for _, topic := range schema.UsageTopics() {
		for _, rec := range records(t, log, topic) {
			var typ string
			for _, h := range rec.Headers {
				if h.Key == schema.HeaderType {
					typ = string(h.Value)
				}
			}
			if string(rec.Key) != line {
				t.Errorf("a record of %s has the key %s, want the line's", topic, rec.Key)
			}
			if typ != "Amendment" {
				var u schema.Usage
				if err := schema.NewDecoder(schema.UsageTable()).Decode(rec.Value, &u); err != nil {
					t.Fatal(err)
				}
				usage[u.EventID] = true
				continue
			}
			var a schema.Amendment
			if err := schema.NewDecoder(schema.AmendmentTable()).Decode(rec.Value, &a); err != nil {
				t.Fatal(err)
			}
			invoice := map[bool]string{true: "I1", false: "I0"}[topic == schema.TopicCalls]
			if a.Amends != schema.NewID("itemised", "Fjordtel", invoice, want["Amendment "+topic]) || a.FileID != r.FileID || a.RecordedAt == 0 {
				t.Errorf("%s: %+v", topic, a)
			}
			delete(want, "Amendment "+topic)
			if topic == schema.TopicCalls && a.ReplacedBy != schema.NewID("itemised", "Fjordtel", "I1", "2") || topic != schema.TopicCalls && !a.ReplacedBy.IsZero() {
				t.Errorf("%s: replaced by %s", topic, a.ReplacedBy)
			}
		}
	}
	if len(want) > 0 || len(usage) != 4 {
		t.Errorf("%d usage records, no amendment in %v", len(usage), want)
	}
}

// records reads a topic whole.
func records(t *testing.T, log *broker.Broker, topic string) (all []broker.Record) {
	t.Helper()
	for _, tp := range schema.Topics() {
		if tp.Name != topic {
			continue
		}
		for p := range tp.Partitions {
			_, next, err := log.Offsets(context.Background(), topic, p)
			if err != nil {
				t.Fatal(err)
			}
			reader, err := log.NewReader(context.Background(), topic, p, 0)
			if err != nil {
				t.Fatal(err)
			}
			for n := int64(0); n < next; {
				recs, err := reader.Fetch(context.Background(), 1000, time.Second)
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, recs...)
				n += int64(len(recs))
			}
			if err := reader.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	return all
}
