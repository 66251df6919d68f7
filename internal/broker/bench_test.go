package broker

import (
	"context"
	"encoding/binary"
	"fmt"
	"testing"
	"time"
)

// benchRecords makes records with 150-byte values that compress about as well
// as encoded events do: repeated names, running numbers, some noise.
func benchRecords(n int) []Record {
	recs := make([]Record, n)
	for i := range recs {
		v := fmt.Appendf(nil, "call|%08d|+4670%07d|ward-%03d|trunk-%02d|answered|cause=16|codec=g711|", i, i*7919%1e7, i%400, i%16)
		for x := uint64(i)*0x9E3779B97F4A7C15 + 1; len(v) < 150; x = x*6364136223846793005 + 1442695040888963407 {
			v = binary.BigEndian.AppendUint64(v, x)
		}
		recs[i] = Record{Key: fmt.Appendf(nil, "k%04d", i%5000), Value: v[:150], Time: time.UnixMilli(1_770_000_000_000 + int64(i))}
	}
	return recs
}

func benchBroker(b *testing.B, noSync bool) *Broker {
	b.Helper()
	br, err := Open(context.Background(), Config{Dir: b.TempDir(), NoSync: noSync}, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := br.Close(context.Background()); err != nil {
			b.Error(err)
		}
	})
	ensure(b, br, "bench", 4)
	return br
}

func BenchmarkProduce(b *testing.B) {
	for _, noSync := range []bool{true, false} {
		for _, size := range []int{1000, 6000, 50_000} {
			b.Run(fmt.Sprintf("nosync=%v/call=%d", noSync, size), func(b *testing.B) {
				br := benchBroker(b, noSync)
				recs := benchRecords(size)
				b.ReportAllocs()
				b.ResetTimer()
				for b.Loop() {
					if _, err := br.Produce(context.Background(), "bench", 0, recs); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "records/s")
			})
		}
	}
}

func BenchmarkFetch(b *testing.B) {
	const stored = 1_000_000
	br := benchBroker(b, true)
	for p := range 2 {
		recs := benchRecords(100_000)
		for range stored / len(recs) {
			if _, err := br.Produce(context.Background(), "bench", p, recs); err != nil {
				b.Fatal(err)
			}
		}
	}
	for _, max := range []int{1000, 10_000} {
		b.Run(fmt.Sprintf("max=%d", max), func(b *testing.B) {
			b.ReportAllocs()
			read := 0
			for b.Loop() {
				r, err := br.NewReader(context.Background(), "bench", 0, 0)
				if err != nil {
					b.Fatal(err)
				}
				for n := 0; n < stored; {
					recs, err := r.Fetch(context.Background(), max, time.Second)
					if err != nil {
						b.Fatal(err)
					}
					n += len(recs)
				}
				read += stored
				r.Close()
			}
			b.ReportMetric(float64(read)/b.Elapsed().Seconds(), "records/s")
		})
	}
}
