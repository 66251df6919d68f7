package broker

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	kafka "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/fetch"
)

const (
	// minFetchVersion is the first one with record batches of format 2.
	minFetchVersion = 4

	// maxAnswer bounds the memory a broken answer can ask for.
	maxAnswer = 256 << 20

	fetchCorrelation = 1 // one request at a time on a connection
)

// rawFetch is a fetch request whose answer is kept as bytes. The client's own
// decoding makes several allocations per record and, on its faster path, does
// not check the batch checksums; raw exchange is its hook for messages that
// bring their own.
type rawFetch struct {
	fetch.Request
	version int16
	answer  []byte // reused from fetch to fetch
}

// Required learns the version both sides speak and always takes the exchange
// over.
func (f *rawFetch) Required(versions map[protocol.ApiKey]int16) bool {
	f.version = versions[protocol.Fetch]
	return true
}

// RawExchange sends the request and reads the answer without looking at it.
func (f *rawFetch) RawExchange(rw io.ReadWriter) (protocol.Message, error) {
	if f.version < minFetchVersion {
		return nil, fmt.Errorf("the broker speaks fetch version %d, at least %d is needed", f.version, minFetchVersion)
	}
	if err := protocol.WriteRequest(rw, f.version, fetchCorrelation, clientID, &f.Request); err != nil {
		return nil, err
	}
	var front [8]byte
	if _, err := io.ReadFull(rw, front[:]); err != nil {
		return nil, err
	}
	size := int(binary.BigEndian.Uint32(front[:])) - 4
	if size < 0 || size > maxAnswer || binary.BigEndian.Uint32(front[4:]) != fetchCorrelation {
		return nil, fmt.Errorf("the broker's answer does not belong to the fetch (%d bytes)", size)
	}
	if cap(f.answer) < size {
		f.answer = make([]byte, size+size/4)
	}
	f.answer = f.answer[:size]
	if _, err := io.ReadFull(rw, f.answer); err != nil {
		return nil, err
	}
	return f, nil
}

var _ protocol.RawExchanger = (*rawFetch)(nil)

// fetched is the part of a fetch answer that concerns one partition.
type fetched struct {
	high    int64 // offset the next record will get
	records []byte
}

var errShortAnswer = errors.New("the broker's answer ends too early")

// parseFetch takes an answer of one topic and one partition apart (Apache Kafka
// protocol guide, "Fetch", versions 4 to 11).
func parseFetch(answer []byte, version int16) (fetched, error) {
	p := parser{data: answer}
	p.skip(4) // throttle time
	if version >= 7 {
		if code := p.int16(); code != 0 && !p.short {
			return fetched{}, kafka.Error(code)
		}
		p.skip(4) // session
	}
	if topics := p.int32(); topics != 1 {
		return fetched{}, fmt.Errorf("the broker answered for %d topics instead of 1", topics)
	}
	p.skip(int(p.int16())) // name
	if partitions := p.int32(); partitions != 1 {
		return fetched{}, fmt.Errorf("the broker answered for %d partitions instead of 1", partitions)
	}
	p.skip(4) // number
	code := p.int16()
	f := fetched{high: p.int64()}
	p.skip(8) // last stable offset
	if version >= 5 {
		p.skip(8) // log start
	}
	if aborted := p.int32(); aborted > 0 {
		p.skip(16 * int(aborted))
	}
	if version >= 11 {
		p.skip(4) // preferred replica
	}
	if n := p.int32(); n > 0 {
		f.records = p.bytes(int(n))
	}
	if p.short {
		return fetched{}, errShortAnswer
	}
	if code != 0 {
		return fetched{}, kafka.Error(code)
	}
	return f, nil
}

// parser reads big-endian fields and varints. After the data ran out, or a
// length made no sense, short is set and every read gives zero.
type parser struct {
	data  []byte
	short bool
}

func (p *parser) bytes(n int) []byte {
	if n < 0 || n > len(p.data) {
		p.data, p.short = nil, true
		return nil
	}
	b := p.data[:n:n]
	p.data = p.data[n:]
	return b
}

func (p *parser) skip(n int) { p.bytes(n) }

func (p *parser) int16() int16 {
	if b := p.bytes(2); b != nil {
		return int16(binary.BigEndian.Uint16(b))
	}
	return 0
}

func (p *parser) int32() int32 {
	if b := p.bytes(4); b != nil {
		return int32(binary.BigEndian.Uint32(b))
	}
	return 0
}

func (p *parser) int64() int64 {
	if b := p.bytes(8); b != nil {
		return int64(binary.BigEndian.Uint64(b))
	}
	return 0
}

func (p *parser) varint() int64 {
	if len(p.data) > 0 && p.data[0] < 0x80 { // most are one byte
		u := int64(p.data[0])
		p.data = p.data[1:]
		return u>>1 ^ -(u & 1)
	}
	v, n := binary.Varint(p.data)
	if n <= 0 {
		p.data, p.short = nil, true
		return 0
	}
	p.data = p.data[n:]
	return v
}

// nullable reads a length and as many bytes; a length of -1 gives nil.
func (p *parser) nullable() []byte {
	n := p.varint()
	if n == -1 {
		return nil
	}
	if n > int64(len(p.data)) {
		n = -1 // not a length: let bytes refuse it
	}
	return p.bytes(int(n))
}
