// Package chdb binds libchdb, the ClickHouse engine as a shared library, without cgo.
//
// Only what a server on top of the engine needs is bound: sessions, queries (whole or as a stream), streaming inserts,
// and statement classification. The C interface is the one of libchdb 26.7 (chdb.h); older libraries are refused.
//
// One engine per process: the first Connect boots it with that call's arguments, and the last Close stops it.
package chdb

import (
	"errors"
	"fmt"
	"runtime"
	"unsafe"

	"github.com/ebitengine/purego"
)

// Lib is a loaded libchdb. Its methods may be used by many goroutines at once.
type Lib struct {
	connect   func(argc int32, argv unsafe.Pointer) unsafe.Pointer
	closeConn func(conn unsafe.Pointer)
	version   func() unsafe.Pointer
	shutdown  func() int32

	queryParams func(c, q unsafe.Pointer, qn uintptr, f unsafe.Pointer, fn uintptr, pn, pnl, pv, pvl unsafe.Pointer, n uintptr) unsafe.Pointer
	stream      func(c, q unsafe.Pointer, qn uintptr, f unsafe.Pointer, fn uintptr, pn, pnl, pv, pvl unsafe.Pointer, n uintptr) unsafe.Pointer
	fetch       func(c, r unsafe.Pointer) unsafe.Pointer
	cancel      func(c, r unsafe.Pointer)
	destroy     func(r unsafe.Pointer)
	classify    func(c, q unsafe.Pointer, qn uintptr, db unsafe.Pointer, dbn uintptr, out unsafe.Pointer) int32

	resBuf, resErr                  func(r unsafe.Pointer) unsafe.Pointer
	resLen                          func(r unsafe.Pointer) uintptr
	resRows                         func(r unsafe.Pointer) uint64
	resReadRows, resReadBytes       func(r unsafe.Pointer) uint64
	resWrittenRows, resWrittenBytes func(r unsafe.Pointer) uint64
	insStart                        func(c, q unsafe.Pointer, qn uintptr, f unsafe.Pointer, fn uintptr, pn, pnl, pv, pvl unsafe.Pointer, n uintptr) unsafe.Pointer
	insAppend                       func(s, d unsafe.Pointer, n uintptr) int32
	insDone, insError               func(s unsafe.Pointer) unsafe.Pointer
	insCancel, insFree              func(s unsafe.Pointer)
	setSignals                      func(enabled int32)
	sigaction                       func(sig int32, act, old unsafe.Pointer) int32
	savedDispositions               []disposition
}

// Load opens the library at path. Signal handlers of the engine are switched off before anything else runs: the Go
// runtime needs its own.
func Load(path string) (*Lib, error) {
	h, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		return nil, fmt.Errorf("loading the engine library %s: %w", path, err)
	}
	l := &Lib{}
	for name, fn := range map[string]any{
		"chdb_connect": &l.connect, "chdb_close_conn": &l.closeConn, "chdb_version": &l.version, "chdb_shutdown": &l.shutdown,
		"chdb_query_with_params_n": &l.queryParams, "chdb_stream_query_with_params_n": &l.stream,
		"chdb_stream_fetch_result": &l.fetch, "chdb_stream_cancel_query": &l.cancel,
		"chdb_destroy_query_result": &l.destroy, "chdb_classify_query_n": &l.classify,
		"chdb_result_buffer": &l.resBuf, "chdb_result_error": &l.resErr, "chdb_result_length": &l.resLen,
		"chdb_result_rows_read":         &l.resRows,
		"chdb_result_storage_rows_read": &l.resReadRows, "chdb_result_storage_bytes_read": &l.resReadBytes,
		"chdb_result_rows_written": &l.resWrittenRows, "chdb_result_bytes_written": &l.resWrittenBytes,
		"chdb_stream_insert_with_params_n": &l.insStart, "chdb_stream_append": &l.insAppend, "chdb_stream_done": &l.insDone,
		"chdb_stream_cancel_insert": &l.insCancel, "chdb_stream_insert_error": &l.insError,
		"chdb_destroy_insert_stream": &l.insFree, "chdb_set_signal_handlers_enabled": &l.setSignals,
	} {
		sym, err := purego.Dlsym(h, name)
		if err != nil {
			return nil, fmt.Errorf("the engine library %s has no function %s (version 26.7 or newer is needed): %w", path, name, err)
		}
		purego.RegisterFunc(fn, sym)
	}
	l.setSignals(0)
	l.saveDispositions()
	return l, nil
}

// Version is the version of the library, for example "26.7.3".
func (l *Lib) Version() string { return cString(l.version()) }

// Shutdown stops the engine's background threads. Every Conn must be closed before.
func (l *Lib) Shutdown() error {
	if rc := l.shutdown(); rc != 0 {
		return fmt.Errorf("stopping the engine: chdb_shutdown returned %d", rc)
	}
	return nil
}

// ErrConnect says that the engine refused a session; it gives the reason on stderr only.
var ErrConnect = errors.New("the engine refused to start a session (its own messages are on stderr)")

// Conn is a session of the engine: current database, settings, temporary tables. One statement at a time.
type Conn struct {
	l *Lib
	p unsafe.Pointer // chdb_connection *, a pointer to the handle
}

// Connect opens a session. args are command line arguments such as "--path=/data"; the first session's arguments
// configure the engine, and later ones must name the same path.
func (l *Lib) Connect(args ...string) (*Conn, error) {
	all := append([]string{"clickhouse"}, args...)
	argv := make([]unsafe.Pointer, len(all)+1)
	for i, a := range all {
		argv[i] = unsafe.Pointer(&append([]byte(a), 0)[0])
	}
	p := l.connect(int32(len(all)), unsafe.Pointer(&argv[0]))
	runtime.KeepAlive(argv)
	l.restoreDispositions()
	if p == nil {
		return nil, ErrConnect
	}
	return &Conn{l: l, p: p}, nil
}

// Close ends the session. It may be called twice.
func (c *Conn) Close() {
	if c.p != nil {
		c.l.closeConn(c.p)
		c.p = nil
	}
}

func (c *Conn) handle() unsafe.Pointer { return *(*unsafe.Pointer)(c.p) }

// bytesPtr gives a non-nil pointer even for an empty slice: the library tells "empty" by the length.
func bytesPtr(b []byte) (unsafe.Pointer, uintptr) {
	if len(b) == 0 {
		return unsafe.Pointer(&[1]byte{}), 0
	}
	return unsafe.Pointer(&b[0]), uintptr(len(b))
}

func cString(p unsafe.Pointer) string {
	if p == nil {
		return ""
	}
	n := 0
	for *(*byte)(unsafe.Add(p, n)) != 0 {
		n++
	}
	return string(unsafe.Slice((*byte)(p), n))
}
