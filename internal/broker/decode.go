package broker

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"time"

	"github.com/klauspost/compress/snappy"
	"github.com/segmentio/kafka-go/compress"
)

const (
	attrCompression = 0x07
	attrAppendTime  = 0x08
	attrControl     = 0x20

	// maxUnpacked bounds the memory one batch can ask for when unpacked.
	maxUnpacked = 256 << 20

	// maxNames bounds the header names a decoder remembers.
	maxNames = 256
)

var errUnpacked = errors.New("it unpacks to more than 256 MB")

// decoder takes record batches apart. Keys, values and headers of the records
// it gives point into buffers it makes per batch and never writes again; only
// the slice of records itself is reused. It is not safe for concurrent use.
type decoder struct {
	crc     *crc32.Table
	recs    []Record
	headers []Header          // arena; full ones are left to their records
	names   map[string]string // header names seen, to share the strings
	ratio   int               // sixteenths of unpacked size per packed size, last batch
}

func newDecoder() *decoder {
	return &decoder{crc: crc32.MakeTable(crc32.Castagnoli), names: make(map[string]string), ratio: 4 * 16}
}

// decode gives the records in data from offset next on. Records must follow
// each other; gap receives the offset of the first that does not, and the
// records before it are given. A batch cut off at the end of data is ignored,
// as brokers cut answers to size.
func (d *decoder) decode(data []byte, next int64) (recs []Record, gap int64, err error) {
	d.recs = d.recs[:0]
	gap = -1
	for gap < 0 && len(data) >= batchHeaderBytes {
		size := 12 + int(int32(binary.BigEndian.Uint32(data[8:])))
		if size < batchHeaderBytes {
			return nil, -1, fmt.Errorf("a batch at or after offset %d claims %d bytes", next, size)
		}
		if size > len(data) {
			break
		}
		if next, gap, err = d.batch(data[:size], next); err != nil {
			return nil, -1, err
		}
		data = data[size:]
	}
	return d.recs, gap, nil
}

// batch decodes one whole batch and returns the offset expected after it.
func (d *decoder) batch(data []byte, next int64) (expected, gap int64, err error) {
	base := int64(binary.BigEndian.Uint64(data))
	if magic := data[16]; magic != 2 {
		return next, -1, fmt.Errorf("the batch at offset %d has format version %d, only 2 is known", base, magic)
	}
	if crc32.Checksum(data[crcStart:], d.crc) != binary.BigEndian.Uint32(data[17:]) {
		return next, -1, fmt.Errorf("the batch at offset %d: %w", base, errChecksum)
	}
	attributes := binary.BigEndian.Uint16(data[21:])
	last := base + int64(int32(binary.BigEndian.Uint32(data[23:])))
	if last < next || attributes&attrControl != 0 {
		return next, -1, nil // before the position, or a transaction marker
	}
	times := batchTimes{base: int64(binary.BigEndian.Uint64(data[27:]))}
	if attributes&attrAppendTime != 0 {
		times.appended, times.fixed = int64(binary.BigEndian.Uint64(data[35:])), true
	}
	count := int(int32(binary.BigEndian.Uint32(data[57:])))
	body, err := d.unpack(data[batchHeaderBytes:], compress.Compression(attributes&attrCompression))
	if err != nil {
		return next, -1, fmt.Errorf("unpacking the batch at offset %d: %w", base, err)
	}
	p := parser{data: body}
	for range count {
		var r Record
		if r = d.record(&p, base, times); p.short {
			return next, -1, fmt.Errorf("the batch at offset %d is malformed", base)
		}
		if r.Offset < next {
			continue
		}
		if r.Offset != next {
			return next, r.Offset, nil
		}
		d.recs = append(d.recs, r)
		next++
	}
	return next, -1, nil
}

// batchTimes says how a batch gives its records' times.
type batchTimes struct {
	base, appended int64 // milliseconds since 1970
	fixed          bool  // all records have the time of appending
}

func (d *decoder) record(p *parser, base int64, times batchTimes) Record {
	p.varint() // length
	p.skip(1)  // attributes
	at := times.base + p.varint()
	if times.fixed {
		at = times.appended
	}
	r := Record{Time: time.UnixMilli(at).UTC(), Offset: base + p.varint()}
	r.Key = p.nullable()
	r.Value = p.nullable()
	if n := p.varint(); n > 0 {
		r.Headers = d.recordHeaders(p, n)
	}
	return r
}

func (d *decoder) recordHeaders(p *parser, n int64) []Header {
	if n > int64(len(p.data)) { // a header takes two bytes or more
		p.short = true
		return nil
	}
	if cap(d.headers)-len(d.headers) < int(n) {
		d.headers = make([]Header, 0, max(1024, int(n)))
	}
	start := len(d.headers)
	for range n {
		name := p.nullable()
		d.headers = append(d.headers, Header{Key: d.name(name), Value: p.nullable()})
	}
	return d.headers[start:len(d.headers):len(d.headers)]
}

// name turns a header's name into a string, once per name.
func (d *decoder) name(b []byte) string {
	if s, ok := d.names[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(d.names) < maxNames {
		d.names[s] = s
	}
	return s
}

// unpack gives the records of a batch in a buffer of their own.
func (d *decoder) unpack(data []byte, c compress.Compression) ([]byte, error) {
	switch c {
	case compress.None:
		return bytes.Clone(data), nil
	case compress.Snappy:
		return unpackSnappy(data)
	}
	codec := c.Codec()
	if codec == nil {
		return nil, fmt.Errorf("compression %d is not known", c)
	}
	r := codec.NewReader(bytes.NewReader(data))
	out, err := readAtMost(r, make([]byte, 0, len(data)*d.ratio/16+512))
	if err != nil {
		r.Close()
		return nil, err
	}
	d.ratio = min(len(out)*16/max(1, len(data))+1, 100*16)
	return out, r.Close()
}

// readAtMost appends everything r gives to out, up to maxUnpacked bytes.
func readAtMost(r io.Reader, out []byte) ([]byte, error) {
	for idle := 0; idle < 100; idle++ {
		if len(out) == cap(out) {
			out = append(out, 0)[:len(out)]
		}
		n, err := r.Read(out[len(out):cap(out)])
		out = out[:len(out)+n]
		switch {
		case err == io.EOF:
			return out, nil
		case err != nil:
			return nil, err
		case len(out) > maxUnpacked:
			return nil, errUnpacked
		case n > 0:
			idle = 0
		}
	}
	return nil, io.ErrNoProgress
}

// xerialMagic starts snappy data in the framing of the snappy-java library, the
// one Kafka's clients write: magic and two versions, then blocks, each with its
// length in front. Data without it is a single block.
const (
	xerialMagic  = "\x82SNAPPY\x00"
	xerialHeader = len(xerialMagic) + 8
)

// unpackSnappy does not use the client's reader, which never ends on some
// malformed data.
func unpackSnappy(data []byte) ([]byte, error) {
	if len(data) < xerialHeader || string(data[:len(xerialMagic)]) != xerialMagic {
		return appendSnappy(nil, data)
	}
	blocks, total := data[xerialHeader:], 0
	for p := (parser{data: blocks}); len(p.data) > 0; {
		block := p.bytes(int(p.int32()))
		n, err := snappy.DecodedLen(block)
		if p.short || err != nil {
			return nil, snappy.ErrCorrupt
		}
		if total += n; total > maxUnpacked {
			return nil, errUnpacked
		}
	}
	out := make([]byte, 0, total)
	for p := (parser{data: blocks}); len(p.data) > 0; {
		var err error
		if out, err = appendSnappy(out, p.bytes(int(p.int32()))); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// appendSnappy unpacks one block behind out.
func appendSnappy(out, block []byte) ([]byte, error) {
	n, err := snappy.DecodedLen(block)
	if err != nil {
		return nil, err
	}
	if len(out)+n > maxUnpacked {
		return nil, errUnpacked
	}
	if cap(out)-len(out) < n {
		out = append(make([]byte, 0, len(out)+n), out...)
	}
	got, err := snappy.Decode(out[len(out):len(out)+n], block)
	if err != nil {
		return nil, err
	}
	return out[:len(out)+len(got)], nil
}
