package chdb

import (
	"errors"
	"runtime"
	"unsafe"
)

// Class says what a statement may change; the numbers are the library's.
type Class uint32

// The classes of Classify, from harmless to dangerous.
const (
	ReadOnly       Class = iota // SELECT, SHOW, DESCRIBE, EXPLAIN
	Mutating                    // INSERT, CREATE TABLE, ALTER …
	MutatingGlobal              // changes outside one database
	Control                     // SYSTEM, KILL, SET …
	Unknown
)

// Classify parses text without running it and gives the number of statements in it and the most dangerous class among
// them. ok is false when the text cannot be parsed.
func (c *Conn) Classify(sql []byte) (statements int, class Class, ok bool) {
	// struct chdb_query_classification { uint32 size, statements, first_class, max_class }
	out := [4]uint32{16}
	q, qn := bytesPtr(sql)
	rc := c.l.classify(c.handle(), q, qn, nil, 0, unsafe.Pointer(&out))
	runtime.KeepAlive(sql)
	return int(out[1]), Class(out[3]), rc == 0
}

// Result is a piece of output. Data is the engine's memory and must not be used after Free.
type Result struct {
	l *Lib
	p unsafe.Pointer

	Data                      []byte
	Rows                      uint64 // rows in this piece
	ReadRows, ReadBytes       uint64 // read from tables so far
	WrittenRows, WrittenBytes uint64
}

// Free gives the memory back. It may be called twice, and on nil.
func (r *Result) Free() {
	if r != nil && r.p != nil {
		r.l.destroy(r.p)
		r.p, r.Data = nil, nil
	}
}

func (l *Lib) result(p unsafe.Pointer) (*Result, error) {
	if p == nil {
		return nil, errors.New("the engine gave no result")
	}
	if msg := cString(l.resErr(p)); msg != "" {
		l.destroy(p)
		return nil, errors.New(msg)
	}
	r := &Result{l: l, p: p, Rows: l.resRows(p), ReadRows: l.resReadRows(p), ReadBytes: l.resReadBytes(p),
		WrittenRows: l.resWrittenRows(p), WrittenBytes: l.resWrittenBytes(p)}
	if n := l.resLen(p); n > 0 {
		r.Data = unsafe.Slice((*byte)(l.resBuf(p)), n)
	}
	return r, nil
}

// params holds query parameters the way the library wants them: four parallel arrays.
type params struct {
	names, values             []unsafe.Pointer
	nameLengths, valueLengths []uintptr
}

func newParams(m map[string]string) *params {
	a := &params{}
	for k, v := range m {
		kp, kn := bytesPtr([]byte(k))
		vp, vn := bytesPtr([]byte(v))
		a.names, a.nameLengths = append(a.names, kp), append(a.nameLengths, kn)
		a.values, a.valueLengths = append(a.values, vp), append(a.valueLengths, vn)
	}
	return a
}

type startFunc = func(c, q unsafe.Pointer, qn uintptr, f unsafe.Pointer, fn uintptr, pn, pnl, pv, pvl unsafe.Pointer, n uintptr) unsafe.Pointer

// start calls one of the three functions that share this argument list.
func (c *Conn) start(fn startFunc, sql, format string, prm map[string]string) unsafe.Pointer {
	qb, fb, a := []byte(sql), []byte(format), newParams(prm)
	q, qn := bytesPtr(qb)
	f, fl := bytesPtr(fb)
	var pn, pnl, pv, pvl unsafe.Pointer
	if len(a.names) > 0 {
		pn, pnl = unsafe.Pointer(&a.names[0]), unsafe.Pointer(&a.nameLengths[0])
		pv, pvl = unsafe.Pointer(&a.values[0]), unsafe.Pointer(&a.valueLengths[0])
	}
	p := fn(c.handle(), q, qn, f, fl, pn, pnl, pv, pvl, uintptr(len(a.names)))
	runtime.KeepAlive(qb)
	runtime.KeepAlive(fb)
	runtime.KeepAlive(a)
	return p
}

// Query runs a statement and holds the whole output in the engine's memory. The error text is the engine's
// ("Code: 60. DB::Exception: …").
func (c *Conn) Query(sql, format string, prm map[string]string) (*Result, error) {
	return c.l.result(c.start(c.l.queryParams, sql, format, prm))
}

// Exec runs a statement for its effect.
func (c *Conn) Exec(sql string) error {
	r, err := c.Query(sql, "Null", nil)
	r.Free()
	return err
}

// Stream is output in pieces. Drain or Cancel it, then Close it.
type Stream struct {
	c *Conn
	p unsafe.Pointer
}

// Stream starts a SELECT. Each piece is formatted on its own: only formats without header or frame (Native,
// JSONEachRow, RowBinary, TSV …) give the same bytes as Query when the pieces are joined.
func (c *Conn) Stream(sql, format string, prm map[string]string) (*Stream, error) {
	p := c.start(c.l.stream, sql, format, prm)
	if p == nil {
		return nil, errors.New("the engine gave no stream")
	}
	if msg := cString(c.l.resErr(p)); msg != "" {
		c.l.destroy(p)
		return nil, errors.New(msg)
	}
	return &Stream{c, p}, nil
}

// Next gives the next piece, nil at the end.
func (s *Stream) Next() (*Result, error) {
	r, err := s.c.l.result(s.c.l.fetch(s.c.handle(), s.p))
	if err != nil {
		return nil, err
	}
	if len(r.Data) == 0 && r.Rows == 0 {
		r.Free()
		return nil, nil
	}
	return r, nil
}

// Cancel stops the query.
func (s *Stream) Cancel() { s.c.l.cancel(s.c.handle(), s.p) }

// Close frees the stream.
func (s *Stream) Close() {
	if s.p != nil {
		s.c.l.destroy(s.p)
		s.p = nil
	}
}

// Insert is an INSERT whose data comes in pieces.
type Insert struct {
	c *Conn
	p unsafe.Pointer
}

// Insert starts an insert; sql is the statement without FORMAT and data ("INSERT INTO t (a, b)").
func (c *Conn) Insert(sql, format string, prm map[string]string) (*Insert, error) {
	i := &Insert{c, c.start(c.l.insStart, sql, format, prm)}
	if i.p == nil {
		return nil, errors.New("the engine gave no insert stream")
	}
	if msg := cString(c.l.insError(i.p)); msg != "" {
		i.Close()
		return nil, errors.New(msg)
	}
	return i, nil
}

// ErrAppend is returned by Write when the engine has given the insert up; Done says why.
var ErrAppend = errors.New("the engine refused more data")

// Write hands data over; the engine copies it.
func (i *Insert) Write(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	rc := i.c.l.insAppend(i.p, unsafe.Pointer(&b[0]), uintptr(len(b)))
	runtime.KeepAlive(b)
	if rc != 0 {
		return 0, ErrAppend
	}
	return len(b), nil
}

// Done ends the data and waits until the rows are stored. Free the result.
func (i *Insert) Done() (*Result, error) { return i.c.l.result(i.c.l.insDone(i.p)) }

// Cancel gives the insert up; blocks already written stay.
func (i *Insert) Cancel() { i.c.l.insCancel(i.p) }

// Close frees the stream.
func (i *Insert) Close() {
	if i.p != nil {
		i.c.l.insFree(i.p)
		i.p = nil
	}
}
