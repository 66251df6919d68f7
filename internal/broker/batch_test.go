package broker

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"testing"
	"time"

	"github.com/segmentio/kafka-go/compress"
	"github.com/segmentio/kafka-go/compress/lz4"
	"github.com/segmentio/kafka-go/compress/snappy"
	"github.com/segmentio/kafka-go/compress/zstd"
)

// codecs are those that other producers may use, and ours.
func codecs() map[string]compress.Codec {
	return map[string]compress.Codec{
		"none": nil, "ours": fastCodec(), "gzip": &compress.GzipCodec, "snappy": &compress.SnappyCodec,
		"snappy unframed": &snappy.Codec{Framing: snappy.Unframed}, "lz4": &lz4.Codec{}, "zstd fastest": &zstd.Codec{Level: 1}, "zstd": &compress.ZstdCodec,
	}
}

func encodeOne(t testing.TB, codec compress.Codec, recs []Record) []byte {
	t.Helper()
	b, err := newEncoder(codec, DefaultMaxMessageBytes).encode(recs, 0, time.Unix(1, 0))
	if err != nil {
		t.Fatal(err)
	}
	if b.records != len(recs) {
		t.Fatalf("%d of %d records fit", b.records, len(recs))
	}
	return b.data[sizeBytes:]
}

// moved gives a batch another first offset, as the broker does.
func moved(data []byte, base int64) []byte {
	data = bytes.Clone(data)
	binary.BigEndian.PutUint64(data, uint64(base))
	return data
}

func TestDecodeEveryCodec(t *testing.T) {
	for name, codec := range codecs() {
		t.Run(name, func(t *testing.T) {
			data := encodeOne(t, codec, numbered(40, 1000))
			log := append(moved(data, 40), moved(data, 1040)...)
			d := newDecoder()
			for _, next := range []int64{40, 41, 1039} {
				recs, gap, err := d.decode(log[:len(data)], next)
				if err != nil || gap >= 0 || len(recs) != int(1040-next) {
					t.Fatalf("from %d: %d records, gap %d, %v", next, len(recs), gap, err)
				}
				checkNumbered(t, recs, int(next))
			}
			if recs, gap, err := d.decode(log, 1500); err != nil || gap >= 0 || len(recs) != 540 || recs[0].Offset != 1500 {
				t.Errorf("second batch: %d records, gap %d, %v", len(recs), gap, err)
			}
			if recs, _, err := d.decode(log[:len(log)-1], 40); err != nil || len(recs) != 1000 {
				t.Errorf("cut answer: %d records, %v", len(recs), err)
			}
		})
	}
}

func TestDecodeGap(t *testing.T) {
	data := encodeOne(t, nil, numbered(0, 10))
	log := append(moved(data, 0), moved(data, 20)...)
	d := newDecoder()
	if recs, gap, err := d.decode(log, 0); err != nil || gap != 20 || len(recs) != 10 {
		t.Errorf("%d records, gap %d, %v; want 10 and the gap at 20", len(recs), gap, err)
	}
	if recs, gap, err := d.decode(log, 10); err != nil || gap != 20 || len(recs) != 0 {
		t.Errorf("%d records, gap %d, %v; want none and the gap at 20", len(recs), gap, err)
	}
}

func TestDecodeDamage(t *testing.T) {
	data := encodeOne(t, fastCodec(), numbered(0, 500))
	for at := 16; at < len(data); at += 7 { // what stands before is not covered by the checksum
		bad := bytes.Clone(data)
		bad[at] ^= 0x40
		if recs, _, err := newDecoder().decode(bad, 0); err == nil {
			t.Fatalf("byte %d changed: %d records and no error", at, len(recs))
		}
	}
	bad := bytes.Clone(data)
	bad[100] ^= 1
	if _, _, err := newDecoder().decode(bad, 0); !errors.Is(err, errChecksum) {
		t.Errorf("error %v, want the checksum", err)
	}
}

// sealed fills in the checksum, so that fuzzing gets past it.
func sealed(data []byte) []byte {
	data = bytes.Clone(data)
	if len(data) >= batchHeaderBytes {
		binary.BigEndian.PutUint32(data[8:], uint32(len(data)-12))
		data[16] = 2
		binary.BigEndian.PutUint32(data[17:], crc32.Checksum(data[crcStart:], crc32.MakeTable(crc32.Castagnoli)))
	}
	return data
}

func FuzzDecode(f *testing.F) {
	recs := append(numbered(0, 3), Record{Headers: []Header{{"a", []byte("b")}, {"", nil}}})
	for _, codec := range codecs() {
		f.Add(encodeOne(f, codec, recs), int64(0))
	}
	f.Fuzz(func(t *testing.T, data []byte, next int64) {
		got, _, err := newDecoder().decode(sealed(data), next)
		if err != nil {
			return
		}
		for i, r := range got {
			if r.Offset != next+int64(i) {
				t.Fatalf("record %d has offset %d, asked for %d", i, r.Offset, next)
			}
		}
	})
}

func FuzzParseFetch(f *testing.F) {
	f.Add([]byte{}, int16(11))
	f.Add(bytes.Repeat([]byte{0, 0, 0, 1}, 30), int16(4))
	f.Fuzz(func(t *testing.T, data []byte, version int16) {
		if got, err := parseFetch(data, version); err == nil && len(got.records) > len(data) {
			t.Fatal("more records than bytes")
		}
	})
}

func TestEncodeSplits(t *testing.T) {
	e := newEncoder(nil, DefaultMaxMessageBytes)
	recs := make([]Record, 2500)
	for i := range recs {
		recs[i].Value = noise(1000, uint64(i))
	}
	batches := 0
	for at := 0; at < len(recs); batches++ {
		b, err := e.encode(recs[at:], at, time.Unix(1, 0))
		if err != nil {
			t.Fatal(err)
		}
		if b.size() > DefaultMaxMessageBytes || b.records == 0 {
			t.Fatalf("batch of %d records takes %d bytes", b.records, b.size())
		}
		at += b.records
	}
	if batches != 3 {
		t.Errorf("%d batches, want 3", batches)
	}
}

func BenchmarkCodec(b *testing.B) {
	recs := benchRecords(5000)
	for name, codec := range codecs() {
		b.Run("encode/"+name, func(b *testing.B) {
			e := newEncoder(codec, DefaultMaxMessageBytes)
			var size int
			for b.Loop() {
				batch, err := e.encode(recs, 0, time.Unix(1, 0))
				if err != nil {
					b.Fatal(err)
				}
				size = batch.size()
			}
			b.ReportMetric(float64(b.N*len(recs))/b.Elapsed().Seconds(), "records/s")
			b.ReportMetric(float64(len(e.raw))/float64(size), "ratio")
		})
		b.Run("decode/"+name, func(b *testing.B) {
			data := encodeOne(b, codec, recs)
			d := newDecoder()
			for b.Loop() {
				if got, _, err := d.decode(data, 0); err != nil || len(got) != len(recs) {
					b.Fatal(fmt.Errorf("%d records: %w", len(got), err))
				}
			}
			b.ReportMetric(float64(b.N*len(recs))/b.Elapsed().Seconds(), "records/s")
		})
	}
}
