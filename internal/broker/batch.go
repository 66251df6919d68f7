package broker

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"time"

	"github.com/segmentio/kafka-go/compress"
	"github.com/segmentio/kafka-go/compress/snappy"
)

const (
	// batchBytes bounds the uncompressed records of one batch. It leaves room
	// below DefaultMaxMessageBytes for the batch header and for data that compression
	// makes larger.
	batchBytes = 1_000_000
	// DefaultMaxMessageBytes is Kafka's default message.max.bytes.
	DefaultMaxMessageBytes = 1_048_588

	sizeBytes        = 4 // length in front of the batch in a produce request
	batchHeaderBytes = 61
	crcStart         = 21 // the checksum covers everything after itself
)

// batch is an encoded record batch, ready to send.
type batch struct {
	data    []byte // with the length in front
	records int
}

// size is what the batch takes in the log, in bytes.
func (b batch) size() int { return len(b.data) - sizeBytes }

// encoder turns records into record batches of format version 2 (Apache Kafka
// protocol guide, "Record Batch"). The broker assigns offsets. Encoding here
// rather than in the client bounds a batch before it is sent and tells its
// exact size. An encoder is not safe for concurrent use.
type encoder struct {
	codec compress.Codec // nil: no compression
	limit int            // largest batch the broker takes
	room  int            // bytes of records that fill a batch
	crc   *crc32.Table
	raw   []byte // records before compression, reused
}

// newEncoder makes an encoder of batches of at most limit bytes.
func newEncoder(codec compress.Codec, limit int) *encoder {
	return &encoder{
		codec: codec, limit: limit, room: min(batchBytes, limit-limit/20-batchHeaderBytes),
		crc: crc32.MakeTable(crc32.Castagnoli),
	}
}

// fastCodec is what batches are compressed with. On encoded events it takes a
// quarter of the time of lz4 and a quarter of zstd's fastest level, for batches
// 3 % and 16 % larger (BenchmarkCodec).
func fastCodec() compress.Codec { return &snappy.Codec{Compression: snappy.FasterCompression} }

// encode makes one batch of as many leading records as fit, at least one.
// index is the place of recs[0] in the caller's slice, for errors.
func (e *encoder) encode(recs []Record, index int, now time.Time) (batch, error) {
	base := millis(recs[0], now)
	maxTime := base
	e.raw = e.raw[:0]
	n := 0
	for n < len(recs) {
		ts := millis(recs[n], now)
		size := recordSize(&recs[n], ts-base, n)
		if n > 0 && len(e.raw)+size+5 > e.room {
			break
		}
		e.raw = appendRecord(e.raw, &recs[n], size, ts-base, n)
		maxTime = max(maxTime, ts)
		n++
	}
	data, attributes, err := e.compress()
	if err != nil {
		return batch{}, err
	}
	body := data[sizeBytes:]
	if len(body) > e.limit {
		// Only a single record can be this large.
		return batch{}, &RecordTooLargeError{Index: index, Bytes: len(body), Limit: e.limit}
	}
	h := binary.BigEndian.AppendUint32(data[:0], uint32(len(body)))
	h = binary.BigEndian.AppendUint64(h, 0)                    // first offset, set by the broker
	h = binary.BigEndian.AppendUint32(h, uint32(len(body)-12)) // bytes after this field
	h = binary.BigEndian.AppendUint32(h, 0xffffffff)           // leader epoch: unknown
	h = append(h, 2)                                           // format version
	h = binary.BigEndian.AppendUint32(h, 0)                    // checksum, below
	h = binary.BigEndian.AppendUint16(h, uint16(attributes))   // compression
	h = binary.BigEndian.AppendUint32(h, uint32(n-1))          // last offset delta
	h = binary.BigEndian.AppendUint64(h, uint64(base))         // base timestamp
	h = binary.BigEndian.AppendUint64(h, uint64(maxTime))      // largest timestamp
	h = binary.BigEndian.AppendUint64(h, 0xffffffffffffffff)   // no producer id
	h = binary.BigEndian.AppendUint16(h, 0xffff)               // no producer epoch
	h = binary.BigEndian.AppendUint32(h, 0xffffffff)           // no sequence
	_ = binary.BigEndian.AppendUint32(h, uint32(n))            // records
	binary.BigEndian.PutUint32(body[17:], crc32.Checksum(body[crcStart:], e.crc))
	return batch{data: data, records: n}, nil
}

// compress returns room for length and header followed by the records,
// compressed unless that makes them larger, and the attributes that say so.
func (e *encoder) compress() (data []byte, attributes int16, err error) {
	var front [sizeBytes + batchHeaderBytes]byte
	if e.codec != nil {
		buf := bytes.NewBuffer(make([]byte, 0, len(front)+len(e.raw)/2))
		buf.Write(front[:])
		w := e.codec.NewWriter(buf)
		if _, err := w.Write(e.raw); err != nil {
			return nil, 0, fmt.Errorf("compressing a batch: %w", err)
		}
		if err := w.Close(); err != nil {
			return nil, 0, fmt.Errorf("compressing a batch: %w", err)
		}
		if buf.Len() < len(front)+len(e.raw) {
			return buf.Bytes(), int16(e.codec.Code()), nil
		}
	}
	data = make([]byte, 0, len(front)+len(e.raw))
	data = append(data, front[:]...)
	return append(data, e.raw...), 0, nil
}

// millis is the record's timestamp in milliseconds since 1970.
func millis(r Record, now time.Time) int64 {
	if r.Time.IsZero() {
		return now.UnixMilli()
	}
	return r.Time.UnixMilli()
}

// recordSize is the encoded size of a record without its length prefix.
func recordSize(r *Record, timeDelta int64, offsetDelta int) int {
	n := 1 + varintSize(timeDelta) + varintSize(int64(offsetDelta)) +
		bytesSize(r.Key) + bytesSize(r.Value) + varintSize(int64(len(r.Headers)))
	for i := range r.Headers {
		h := &r.Headers[i]
		n += varintSize(int64(len(h.Key))) + len(h.Key) + bytesSize(h.Value)
	}
	return n
}

func appendRecord(b []byte, r *Record, size int, timeDelta int64, offsetDelta int) []byte {
	b = binary.AppendVarint(b, int64(size))
	b = append(b, 0) // attributes, unused by the format
	b = binary.AppendVarint(b, timeDelta)
	b = binary.AppendVarint(b, int64(offsetDelta))
	b = appendBytes(b, r.Key)
	b = appendBytes(b, r.Value)
	b = binary.AppendVarint(b, int64(len(r.Headers)))
	for i := range r.Headers {
		h := &r.Headers[i]
		b = binary.AppendVarint(b, int64(len(h.Key)))
		b = append(b, h.Key...)
		b = appendBytes(b, h.Value)
	}
	return b
}

// appendBytes writes a nullable byte string; nil is told apart from empty.
func appendBytes(b, v []byte) []byte {
	if v == nil {
		return binary.AppendVarint(b, -1)
	}
	b = binary.AppendVarint(b, int64(len(v)))
	return append(b, v...)
}

func bytesSize(v []byte) int {
	if v == nil {
		return 1
	}
	return varintSize(int64(len(v))) + len(v)
}

// varintSize is the length of v as a zigzag varint.
func varintSize(v int64) int {
	u := uint64(v)<<1 ^ uint64(v>>63)
	n := 1
	for u >= 0x80 {
		u >>= 7
		n++
	}
	return n
}
