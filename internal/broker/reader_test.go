package broker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"
)

// readAll reads want records from offset from in pieces of max.
func readAll(t testing.TB, b *Broker, topic string, partition int, from int64, want, max int) []Record {
	t.Helper()
	ctx := testContext(t)
	r, err := b.NewReader(ctx, topic, partition, from)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var all []Record
	for len(all) < want {
		recs, err := r.Fetch(ctx, max, time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if len(recs) > max {
			t.Fatalf("Fetch gave %d records, at most %d asked for", len(recs), max)
		}
		all = append(all, recs...)
		if err := ctx.Err(); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func TestManySmallRecordsInSmallFetches(t *testing.T) {
	const n = 100_000
	b := openTest(t, Config{})
	ensure(t, b, "facts", 1)
	if first := produce(t, b, "facts", 0, numbered(0, n)); first != 0 {
		t.Fatalf("first offset %d", first)
	}
	for _, max := range []int{7777, 50_000, n} {
		checkNumbered(t, readAll(t, b, "facts", 0, 0, n, max), 0)
	}
	const from = 54_321 // in the middle of a batch
	r, err := b.NewReader(testContext(t), "facts", 0, from)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		recs, err := r.Fetch(testContext(t), 3, time.Second)
		if err != nil || len(recs) != 3 {
			t.Fatalf("fetch %d: %d records, %v", i, len(recs), err)
		}
		checkNumbered(t, recs, from+3*i)
	}
	if got := r.Position(); got != from+300 {
		t.Errorf("position %d, want %d", got, from+300)
	}
}

func TestFetchWaits(t *testing.T) {
	b := openTest(t, Config{})
	ensure(t, b, "facts", 1)
	ctx := testContext(t)
	r, err := b.NewReader(ctx, "facts", 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	if recs, err := r.Fetch(ctx, 10, 20*time.Millisecond); err != nil || len(recs) != 0 {
		t.Fatalf("empty partition: %d records, %v", len(recs), err)
	}
	got := make(chan error, 1)
	go func() {
		recs, err := r.Fetch(ctx, 10, testTimeout)
		if err == nil && len(recs) != 1 {
			err = fmt.Errorf("%d records", len(recs))
		}
		got <- err
	}()
	produce(t, b, "facts", 0, numbered(0, 1))
	if err := <-got; err != nil {
		t.Error(err)
	}
}

func TestFetchEndsWithContextAndClose(t *testing.T) {
	b := openTest(t, Config{})
	ensure(t, b, "facts", 1)
	r, err := b.NewReader(testContext(t), "facts", 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(testContext(t))
	time.AfterFunc(30*time.Millisecond, cancel)
	if _, err := r.Fetch(ctx, 10, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want cancelled", err)
	}
	produce(t, b, "facts", 0, numbered(0, 1))
	if recs, err := r.Fetch(testContext(t), 10, testTimeout); err != nil || len(recs) != 1 {
		t.Errorf("after a cancelled fetch: %d records, %v", len(recs), err)
	}
	time.AfterFunc(30*time.Millisecond, func() { r.Close() })
	if _, err := r.Fetch(testContext(t), 10, time.Hour); !errors.Is(err, ErrClosed) {
		t.Errorf("error %v, want closed", err)
	}
}

// breakable makes b connect anew and returns a function that breaks all its
// connections, as a bad network would.
func breakable(b *Broker) func() {
	var mu sync.Mutex
	var conns []net.Conn
	dial := b.transport.Dial
	b.transport.CloseIdleConnections() // these were made with the old Dial
	b.transport.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		if err == nil {
			mu.Lock()
			conns = append(conns, c)
			mu.Unlock()
		}
		return c, err
	}
	return func() {
		mu.Lock()
		defer mu.Unlock()
		for _, c := range conns {
			c.Close()
		}
		conns = nil
	}
}

func TestReaderReconnects(t *testing.T) {
	b := openTest(t, Config{})
	ensure(t, b, "facts", 1)
	produce(t, b, "facts", 0, numbered(0, 10))
	breakAll := breakable(b)
	ctx := testContext(t)
	r, err := b.NewReader(ctx, "facts", 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		recs, err := r.Fetch(ctx, 2, time.Second)
		if err != nil {
			t.Fatal(err)
		}
		checkNumbered(t, recs, 2*i)
		breakAll()
	}
	breakAll()
	produce(t, b, "facts", 0, numbered(10, 1)) // the producer reconnects too
	recs, err := r.Fetch(ctx, 2, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	checkNumbered(t, recs, 10)
}

func TestReaderOutsideTheLog(t *testing.T) {
	b := openTest(t, Config{})
	ensure(t, b, "facts", 1)
	produce(t, b, "facts", 0, numbered(0, 10))
	for _, from := range []int64{-1, 11, 1 << 40} {
		_, err := b.NewReader(testContext(t), "facts", 0, from)
		var outside *OffsetRangeError
		if !errors.As(err, &outside) || outside.First != 0 || outside.Next != 10 || outside.From != from {
			t.Errorf("from %d: error %v, want an OffsetRangeError", from, err)
		}
	}
	if _, err := b.NewReader(testContext(t), "facts", 0, 10); err != nil {
		t.Errorf("at the end: %v", err)
	}
	if _, err := b.NewReader(testContext(t), "nothing", 0, 0); err == nil {
		t.Error("a topic that does not exist was accepted")
	}
	if _, err := b.NewReader(testContext(t), "facts", 7, 0); err == nil {
		t.Error("a partition that does not exist was accepted")
	}
}
