// Package unpack opens delivered files: plain, gzip or zip. What is inside is told by the
// first bytes, because names lie. Content is never written out under its own name, and a
// small file cannot unpack into more than the limits allow.
package unpack

import (
	"archive/zip"
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path"
	"strings"

	"linesman/ingest"
	"linesman/schema"

	"github.com/klauspost/compress/gzip"
)

// Limits bound what one delivered file may unpack into.
type Limits struct {
	MaxBytes   int64 // unpacked bytes of one file; 0: 4 GiB
	MaxRatio   int64 // unpacked bytes per delivered byte; 0: 200
	RatioAfter int64 // unpacked bytes before the ratio counts; 0: 16 MiB
	MaxFiles   int   // files in one archive; 0: 10,000
}

func (l Limits) withDefaults() Limits {
	if l.MaxBytes <= 0 {
		l.MaxBytes = 4 << 30
	}
	if l.MaxRatio <= 0 {
		l.MaxRatio = 200
	}
	if l.RatioAfter <= 0 {
		l.RatioAfter = 16 << 20
	}
	if l.MaxFiles <= 0 {
		l.MaxFiles = 10_000
	}
	return l
}

const peekBytes = 512

const (
	magicGzip  = "\x1f\x8b"
	magicZip   = "PK\x03\x04"
	magicEmpty = "PK\x05\x06" // a zip without members
)

func starts(head []byte, magic string) bool { return bytes.HasPrefix(head, []byte(magic)) }

// Each opens a delivered file and calls fn for every file in it, in archive order. size is
// the number of bytes delivered, or less than 1 when unknown. A body that is an
// [io.ReaderAt] of known size is read in place; another zip is spooled to an unnamed
// temporary file first, because its directory stands at the end.
//
// An error of fn ends it and is returned as it is. What is wrong with the delivery itself
// comes as an *[ingest.FileError]; what is wrong with one member comes from its Body.
func Each(name string, body io.Reader, size int64, limits Limits, fn func(*File) error) error {
	limits = limits.withDefaults()
	name = CleanName(name)
	raw := &counter{r: body}
	buf := bufio.NewReaderSize(raw, 64<<10)
	head, err := buf.Peek(peekBytes)
	if err != nil && err != io.EOF {
		return fmt.Errorf("reading %s: %w", ingest.MaskName(name), err)
	}
	if starts(head, magicZip) || starts(head, magicEmpty) {
		return eachMember(name, body, buf, size, limits, fn)
	}
	f := &File{Name: name, limits: limits, sum: sha256.New(), raw: buf}
	f.hashed = io.TeeReader(buf, f.sum)
	if starts(head, magicGzip) {
		f.openGzip()
	} else {
		f.openPlain(head)
	}
	return fn(f)
}

// File is one delivered file, unpacked.
type File struct {
	Name    string // base name, cleaned, without .gz
	Suffix  string // ".gz" where that was taken off the name; empty otherwise
	Archive string // name of the zip it is a member of; empty otherwise
	limits  Limits
	sum     hash.Hash
	raw     io.Reader // as delivered
	hashed  io.Reader // raw through sum
	in      counter   // delivered bytes taken
	body    io.Reader // unpacked
	out     int64     // unpacked bytes given
	packed  int64     // delivered bytes of a zip member
	err     error
}

func (f *File) openPlain(head []byte) {
	f.in.r = f.hashed
	f.body = &f.in
	lower := strings.ToLower(f.Name)
	named := strings.HasSuffix(lower, ".gz") || strings.HasSuffix(lower, ".zip")
	// Some servers unpack on the way and keep the name, so text is taken as it is.
	if named && (len(head) == 0 || bytes.IndexByte(head, 0) >= 0) {
		f.err = f.refuse(ingest.CodeArchive, fmt.Sprintf("the name says compressed, the content does not start like gzip or zip (%d bytes looked at)", len(head)))
	}
	f.trimSuffix()
}

func (f *File) trimSuffix() {
	if n := len(f.Name) - 3; n > 0 && strings.EqualFold(f.Name[n:], ".gz") {
		f.Name, f.Suffix = f.Name[:n], f.Name[n:]
	}
}

func (f *File) openGzip() {
	f.in.r = f.hashed
	z, err := gzip.NewReader(bufio.NewReaderSize(&f.in, 64<<10))
	f.trimSuffix()
	if err != nil {
		f.fail(err)
		return
	}
	f.nested(bufio.NewReaderSize(z, 64<<10))
}

// nested refuses an archive inside an archive.
func (f *File) nested(r *bufio.Reader) {
	head, err := r.Peek(4)
	if err != nil && err != io.EOF {
		f.fail(err)
		return
	}
	if starts(head, magicGzip) || starts(head, magicZip) {
		f.err = f.refuse(ingest.CodeArchive, "an archive inside an archive is not opened: deliver the files packed once")
		return
	}
	f.body = r
}

// Read gives unpacked content. Beyond the limits, and where the packing is damaged, it
// fails with an *[ingest.FileError].
func (f *File) Read(p []byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	n, err := f.body.Read(p)
	f.out += int64(n)
	if err != nil && err != io.EOF {
		f.fail(err)
		return n, f.err
	}
	if e := f.overLimit(); e != nil {
		f.err = e
		return 0, e
	}
	return n, err
}

func (f *File) overLimit() error {
	if f.out > f.limits.MaxBytes {
		return f.refuse(ingest.CodeTooLarge, fmt.Sprintf("more than %d bytes unpacked", f.limits.MaxBytes))
	}
	in := f.packed
	if in == 0 {
		in = f.in.n
	}
	if f.out > f.limits.RatioAfter && f.out/f.limits.MaxRatio > in {
		return f.refuse(ingest.CodeTooLarge, fmt.Sprintf("%d bytes delivered unpack into more than %d times as many", in, f.limits.MaxRatio))
	}
	return nil
}

// fail keeps the first error: damaged packing becomes a refusal of the file, a failing
// source stays what it is.
func (f *File) fail(err error) {
	if f.in.err != nil {
		f.err = fmt.Errorf("reading %s: %w", ingest.MaskName(f.Name), f.in.err)
		return
	}
	var refused *ingest.FileError
	switch {
	case errors.As(err, &refused):
		f.err = refused
	case errors.Is(err, io.ErrUnexpectedEOF) || err == io.EOF:
		f.err = f.refuse(ingest.CodeArchive, fmt.Sprintf("the compressed data end too early: %d bytes read gave %d bytes of content", f.in.n, f.out))
	default:
		f.err = f.refuse(ingest.CodeArchive, fmt.Sprintf("the compressed data are damaged after %d bytes read (%d bytes of content): %v", f.in.n, f.out, err))
	}
}

func (f *File) refuse(code, reason string) error {
	return &ingest.FileError{File: ingest.MaskName(f.Name), Code: code, Reason: reason}
}

// Err returns what ended reading: nil, an *[ingest.FileError], or the error of the source.
func (f *File) Err() error { return f.err }

// Unpacked is the number of content bytes given so far.
func (f *File) Unpacked() int64 { return f.out }

// Delivered is the number of bytes taken from the delivery so far.
func (f *File) Delivered() int64 {
	if f.Archive != "" {
		return f.out
	}
	return f.in.n
}

// Finish reads what the format left, so that size and content id cover the whole delivery.
// The error is that of the source; damage in the packing shows in Err only.
func (f *File) Finish() (size int64, id schema.ID, err error) {
	if f.Archive != "" {
		_, _ = io.Copy(io.Discard, f) // damage stands in f.err
		return f.out, idOf(f.sum), nil
	}
	rest := io.LimitReader(f.hashed, f.limits.MaxBytes)
	n, err := io.Copy(io.Discard, rest)
	if err != nil {
		return 0, id, fmt.Errorf("reading the rest of %s: %w", ingest.MaskName(f.Name), err)
	}
	return f.in.n + n, idOf(f.sum), nil
}

func idOf(h hash.Hash) schema.ID { return schema.ID(h.Sum(nil)[:16]) }

// counter counts what is read and keeps the source's error.
type counter struct {
	r   io.Reader
	n   int64
	err error
}

// Read reads and counts.
func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	if err != nil && err != io.EOF {
		c.err = err
	}
	return n, err
}

func eachMember(name string, body, rest io.Reader, size int64, limits Limits, fn func(*File) error) error {
	at, ok := body.(io.ReaderAt)
	if !ok || size < 1 {
		spool, n, err := spool(name, rest, limits)
		if err != nil {
			return err
		}
		defer spool.Close()
		at, size = spool, n
	}
	source := &counterAt{r: at}
	z, err := zip.NewReader(source, size)
	if err != nil {
		if source.err != nil {
			return fmt.Errorf("reading %s: %w", ingest.MaskName(name), source.err)
		}
		return &ingest.FileError{File: ingest.MaskName(name), Code: ingest.CodeArchive, Reason: fmt.Sprintf("the zip archive of %d bytes is damaged or cut short: %v", size, err)}
	}
	if len(z.File) > limits.MaxFiles {
		return &ingest.FileError{File: ingest.MaskName(name), Code: ingest.CodeTooLarge, Reason: fmt.Sprintf("%d files in the archive, at most %d are read", len(z.File), limits.MaxFiles)}
	}
	var total int64
	for _, m := range z.File {
		if skip(m.Name) {
			continue
		}
		f := openMember(name, m, limits)
		// Members of a bomb may share their packed bytes, so the sum is held against the whole archive too.
		if total > limits.RatioAfter && total/limits.MaxRatio > size {
			return f.refuse(ingest.CodeTooLarge, fmt.Sprintf("an archive of %d bytes unpacks into more than %d times as many", size, limits.MaxRatio))
		}
		err := fn(f)
		total += f.out
		if source.err != nil {
			return fmt.Errorf("reading %s: %w", ingest.MaskName(name), source.err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// skip leaves out folders and what operating systems add by themselves.
func skip(member string) bool {
	base := path.Base(member)
	return strings.HasSuffix(member, "/") || strings.HasPrefix(member, "__MACOSX/") || base == ".DS_Store" || base == "Thumbs.db"
}

func openMember(archive string, m *zip.File, limits Limits) *File {
	f := &File{Name: CleanName(m.Name), Archive: archive, limits: limits, sum: sha256.New(), packed: max(int64(m.CompressedSize64), 1)}
	if m.Flags&1 != 0 {
		f.err = f.refuse(ingest.CodeArchive, "the member is encrypted")
		return f
	}
	r, err := m.Open()
	if err != nil {
		f.fail(err)
		return f
	}
	f.nested(bufio.NewReaderSize(r, 64<<10))
	if f.body != nil {
		f.body = io.TeeReader(f.body, f.sum)
	}
	return f
}

func spool(name string, r io.Reader, limits Limits) (*os.File, int64, error) {
	tmp, err := os.CreateTemp("", "linesman-spool-*")
	if err != nil {
		return nil, 0, fmt.Errorf("making a temporary file to unpack %s: %w", ingest.MaskName(name), err)
	}
	_ = os.Remove(tmp.Name()) // open but without a name: gone whatever happens
	n, err := io.Copy(tmp, io.LimitReader(r, limits.MaxBytes+1))
	if err != nil {
		_ = tmp.Close()
		return nil, 0, fmt.Errorf("copying %s to a temporary file: %w", ingest.MaskName(name), err)
	}
	if n > limits.MaxBytes {
		_ = tmp.Close()
		return nil, 0, &ingest.FileError{File: ingest.MaskName(name), Code: ingest.CodeTooLarge, Reason: fmt.Sprintf("an archive of more than %d bytes", limits.MaxBytes)}
	}
	return tmp, n, nil
}

// counterAt keeps the source's error apart from damage in the archive.
type counterAt struct {
	r   io.ReaderAt
	err error
}

// ReadAt reads and remembers.
func (c *counterAt) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, io.ErrUnexpectedEOF // a damaged directory points before the start
	}
	n, err := c.r.ReadAt(p, off)
	if err != nil && err != io.EOF {
		c.err = err
	}
	return n, err
}
