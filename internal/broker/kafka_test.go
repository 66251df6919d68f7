package broker

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	kafka "github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kmsg"

	"linesman/internal/kafkatest"
)

// These tests run against a real Apache Kafka: `make test-kafka`.

func linesmanUser() kafkatest.User {
	return kafkatest.User{Name: "linesman", Password: "a secret with spaces"}
}

func plainConfig(k *kafkatest.Kafka) Config {
	return Config{Mode: ModeCluster, Brokers: k.Plain}
}

func secureConfig(k *kafkatest.Kafka, mechanism string) Config {
	u := linesmanUser()
	return Config{Mode: ModeCluster, Brokers: k.Secure, TLS: true, TLSCAFile: k.CAFile, SASLMechanism: mechanism, SASLUser: u.Name, SASLPassword: u.Password}
}

// TestKafka runs the whole API over each way to log in.
func TestKafka(t *testing.T) {
	k := kafkatest.Start(t, kafkatest.Options{Users: []kafkatest.User{linesmanUser()}})
	for name, cfg := range map[string]Config{
		"open": plainConfig(k), "scram 256": secureConfig(k, "SCRAM-SHA-256"), "scram 512": secureConfig(k, "scram-sha-512"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Run("records", func(t *testing.T) { testKafkaRecords(t, openTest(t, cfg), "facts."+strings.ReplaceAll(name, " ", ".")) })
			t.Run("group", func(t *testing.T) { testGroup(t, openTest(t, cfg), openTest(t, cfg)) })
			t.Run("eviction", func(t *testing.T) { testEviction(t, openTest(t, cfg)) })
		})
	}
	t.Run("refuses", func(t *testing.T) { testKafkaRefuses(t, k) })
	t.Run("deleted records", func(t *testing.T) { testKafkaDeleted(t, k) })
	t.Run("large messages", func(t *testing.T) { testKafkaLarge(t, k) })
	t.Run("partition count", func(t *testing.T) {
		b := openTest(t, plainConfig(k))
		ensure(t, b, "counted", 3)
		ensure(t, b, "counted", 3)
		err := b.EnsureTopics(testContext(t), []TopicSpec{{Name: "counted", Partitions: 2}})
		if err == nil || !strings.Contains(err.Error(), "has 3 partitions") {
			t.Errorf("error %v, want the partition count", err)
		}
	})
}

func testKafkaRecords(t *testing.T, b *Broker, topic string) {
	ctx := testContext(t)
	ensure(t, b, topic, 4)
	for p := range 4 {
		if first := produce(t, b, topic, p, numbered(0, 50_000)); first != 0 {
			t.Fatalf("first offset %d", first)
		}
		checkNumbered(t, readAll(t, b, topic, p, 0, 50_000, 9_999), 0)
		checkNumbered(t, readAll(t, b, topic, p, 49_990, 10, 100), 49_990)
	}
	at := time.Date(2019, 3, 31, 1, 30, 0, 123e6, time.UTC) // an old recorded time, as a restore writes it
	odd := []Record{
		{Key: []byte("a"), Value: noise(900_000, 1), Time: at, Headers: []Header{{"v", []byte("1")}, {"", nil}}},
		{Key: nil, Value: []byte{}, Time: at.Add(-time.Hour)},
		{Value: nil, Time: at},
		{Value: noise(900_000, 2), Time: at},
	}
	if first := produce(t, b, topic, 2, odd); first != 50_000 {
		t.Fatalf("first offset %d", first)
	}
	for i, r := range readAll(t, b, topic, 2, 50_000, len(odd), 10) {
		if w := odd[i]; string(r.Value) != string(w.Value) || (r.Value == nil) != (w.Value == nil) || !r.Time.Equal(w.Time) || len(r.Headers) != len(w.Headers) {
			t.Errorf("record %d came back changed: %d bytes, %v", i, len(r.Value), r.Time)
		}
	}
	if first, next, err := b.Offsets(ctx, topic, 2); err != nil || first != 0 || next != 50_004 {
		t.Errorf("offsets [%d,%d], %v", first, next, err)
	}
	h, err := b.Health(ctx)
	if err != nil || h.Mode != ModeCluster {
		t.Fatalf("health %+v, %v", h, err)
	}
	for _, th := range h.Topics {
		if th.Name == topic && (len(th.Partitions) != 4 || th.Partitions[2].Next != 50_004 || th.Partitions[3].Next != 50_000) {
			t.Errorf("health %+v", th)
		}
	}
	var outside *OffsetRangeError
	if _, err := b.NewReader(ctx, topic, 0, 50_001); !errors.As(err, &outside) || outside.Next != 50_000 {
		t.Errorf("beyond the end: %v", err)
	}
	r, err := b.NewReader(ctx, topic, 0, 50_000)
	if err != nil {
		t.Fatal(err)
	}
	if recs, err := r.Fetch(ctx, 10, 10*time.Millisecond); err != nil || len(recs) != 0 {
		t.Errorf("at the end: %d records, %v", len(recs), err)
	}
}

// testKafkaRefuses opens logs that cannot be reached. Open must say so by
// itself and soon, in words that name the reason.
func testKafkaRefuses(t *testing.T, k *kafkatest.Kafka) {
	good := secureConfig(k, "SCRAM-SHA-512")
	otherCA, _, _ := certificate(t)
	tests := map[string]struct {
		change func(*Config)
		want   string
	}{
		"wrong password":       {func(c *Config) { c.SASLPassword = "guess" }, "SASL"},
		"unknown user":         {func(c *Config) { c.SASLUser = "nobody" }, "SASL"},
		"mechanism not there":  {func(c *Config) { c.SASLMechanism = "PLAIN" }, "SASL"},
		"wrong authority":      {func(c *Config) { c.TLSCAFile = otherCA }, "certificate"},
		"no authority":         {func(c *Config) { c.TLSCAFile = "" }, "certificate"},
		"TLS to an open port":  {func(c *Config) { c.Brokers = k.Plain }, "TLS"},
		"no TLS to a TLS port": {func(c *Config) { c.TLS, c.TLSCAFile = false, "" }, "TLS"},
		"no password":          {func(c *Config) { c.SASLMechanism, c.SASLUser, c.SASLPassword = "", "", "" }, "SASL"},
		"nobody there":         {func(c *Config) { c.Brokers = []string{"127.0.0.1:1"} }, "refused"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			cfg := good
			tt.change(&cfg)
			started := time.Now()
			b, err := Open(testContext(t), cfg, slog.New(slog.NewTextHandler(io.Discard, nil)))
			if err == nil {
				_ = b.Close(testContext(t))
				t.Fatal("opened")
			}
			t.Logf("after %v: %v", time.Since(started).Round(time.Millisecond), err)
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("the error does not name %q", tt.want)
			}
		})
	}
	openTest(t, good).log.Debug("the same with everything right")
}

// testKafkaDeleted deletes records before a reader's position.
func testKafkaDeleted(t *testing.T, k *kafkatest.Kafka) {
	b := openTest(t, plainConfig(k))
	ctx := testContext(t)
	ensure(t, b, "deleted", 1)
	produce(t, b, "deleted", 0, numbered(0, 1000))
	r, err := b.NewReader(ctx, "deleted", 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	deleteRecords(t, k.Plain[0], "deleted", 0, 600)
	var outside *OffsetRangeError
	if recs, err := r.Fetch(ctx, 10, time.Second); !errors.As(err, &outside) || outside.First != 600 || outside.From != 0 || r.Position() != 0 {
		t.Errorf("%d records, %v; want an OffsetRangeError from 600", len(recs), err)
	}
	if _, err := b.NewReader(ctx, "deleted", 0, 599); !errors.As(err, &outside) || outside.First != 600 {
		t.Errorf("error %v, want an OffsetRangeError from 600", err)
	}
	checkNumbered(t, readAll(t, b, "deleted", 0, 600, 400, 100), 600)
}

// kafkaRequest sends a request that the client does not know to one broker's open
// listener.
func kafkaRequest(t *testing.T, address string, req kmsg.Request) kmsg.Response {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write(kmsg.NewRequestFormatter(kmsg.FormatterClientID("test")).AppendRequest(nil, req, 7)); err != nil {
		t.Fatal(err)
	}
	var size [4]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, int(size[2])<<8|int(size[3]))
	if _, err := io.ReadFull(conn, answer); err != nil {
		t.Fatal(err)
	}
	res := req.ResponseKind()
	res.SetVersion(req.GetVersion())
	if err := res.ReadFrom(answer[4:]); err != nil { // after the correlation id
		t.Fatal(err)
	}
	return res
}

func deleteRecords(t *testing.T, address, topic string, partition int32, before int64) {
	t.Helper()
	req := kmsg.NewDeleteRecordsRequest()
	req.Version, req.TimeoutMillis = 1, 10_000
	rt, rp := kmsg.NewDeleteRecordsRequestTopic(), kmsg.NewDeleteRecordsRequestTopicPartition()
	rp.Partition, rp.Offset = partition, before
	rt.Topic, rt.Partitions = topic, append(rt.Partitions, rp)
	req.Topics = append(req.Topics, rt)
	res := kafkaRequest(t, address, &req).(*kmsg.DeleteRecordsResponse)
	if code := res.Topics[0].Partitions[0].ErrorCode; code != 0 {
		t.Fatal(kafka.Error(code))
	}
}

// testKafkaLarge meets a topic that takes less than the client sends.
func testKafkaLarge(t *testing.T, k *kafkatest.Kafka) {
	const limit = 100_000
	recs := make([]Record, 300)
	for i := range recs {
		recs[i].Value = noise(3000, uint64(i))
	}
	b := openTest(t, plainConfig(k))
	spec := TopicSpec{Name: "small", Partitions: 1, Config: map[string]string{"max.message.bytes": "100000"}}
	if err := b.EnsureTopics(testContext(t), []TopicSpec{spec}); err != nil {
		t.Fatal(err)
	}
	var partial *ProduceError
	if _, err := b.Produce(testContext(t), "small", 0, recs); !errors.As(err, &partial) || !errors.Is(err, kafka.MessageSizeTooLarge) || partial.Acknowledged != 0 {
		t.Errorf("error %v, want one about the size", err)
	}
	cfg := plainConfig(k)
	cfg.MaxMessageBytes = limit
	b = openTest(t, cfg)
	produce(t, b, "small", 0, recs)
	for i, r := range readAll(t, b, "small", 0, 0, len(recs), 1000) {
		if string(r.Value) != string(recs[i].Value) {
			t.Fatalf("record %d differs", i)
		}
	}
	_, err := b.Produce(testContext(t), "small", 0, []Record{{Value: noise(limit+1, 3)}})
	var large *RecordTooLargeError
	if !errors.As(err, &large) {
		t.Errorf("error %v, want a RecordTooLargeError", err)
	}
}
