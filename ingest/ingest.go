// Package ingest turns the bytes of real systems into events. A format knows one system's
// files and nothing of where they come from or of Kafka; a source knows where files come
// from and nothing of formats; the collector joins the two and writes to the log.
package ingest

import (
	"context"
	"fmt"
	"io"
	"time"

	"linesman/schema"
)

// Input is one file as a format sees it: decompressed, size-capped, with a name for messages.
type Input struct {
	Name   string    // base name, for messages and for formats whose names carry meaning
	Body   io.Reader // decompressed content
	FileID schema.ID // this collection of the file; records carry it
	Now    time.Time // recorded time of everything read from the file, UTC
}

// Format reads the files of one kind of system.
type Format interface {
	// Name is the collector's name: cucm, itemised, melior, contacts, reference, invoices.
	Name() string
	// Read reads the whole input and hands every record or reject to out, in file order.
	// An error refuses the file (what was handed out before it stands; a format that must
	// refuse a whole file buffers first). It is a *FileError where a place is to blame.
	Read(ctx context.Context, in Input, out Sink) (Summary, error)
}

// Summary is what a format says about a file it has read.
type Summary struct {
	Profile string // profile of an itemised file, kind of a reference file; empty elsewhere
	Read    uint64 // data records seen: each was handed out as a record or a reject
	Notices []string
	Columns []ColumnUse // how the columns of the file were read, in file order; for people who check a mapping
}

// ColumnUse says what became of one column of a file.
type ColumnUse struct {
	Column string `json:"column"` // name in the file's header
	Field  string `json:"field"`  // column of the store it feeds, or what it is used for; empty: ignored
}

// Sink takes what a format reads. The record may be reused by the caller after the call.
// An error means that the log cannot be written: the format stops and returns it.
type Sink interface {
	Usage(*schema.Usage) error
	Watch(*schema.Watch) error
	Line(*schema.Line) error
	Unit(*schema.Unit) error
	CostCentre(*schema.CostCentre) error
	NumberRange(*schema.NumberRange) error
	Approval(*schema.Approval) error
	Amendment(kind string, a *schema.Amendment) error // kind: of the usage record that is amended
	Price(*schema.Price) error
	Goal(*schema.Goal) error
	Contact(*schema.Contact) error
	Equipment(*schema.Equipment) error
	Employment(*schema.Employment) error
	TelephoneHours(*schema.TelephoneHours) error
	AllocationRule(*schema.AllocationRule) error
	ExchangeRate(*schema.ExchangeRate) error
	AccessGrant(*schema.AccessGrant) error
	Invoice(*schema.Invoice) error
	InvoiceLine(*schema.InvoiceLine) error
	Reject(Reject) error
}

// Reject is one record that was refused. Raw is hashed by the collector and then forgotten.
type Reject struct {
	Row    uint64 // line number from 1
	Column string
	Code   string // class of the reason, see the Code constants
	Reason string // in words; never values of the row
	Raw    []byte
}

// Codes of rejects.
const (
	CodeMissing      = "missing_value"
	CodeNumber       = "bad_number"
	CodeTime         = "bad_time"
	CodeRange        = "out_of_range"
	CodePhone        = "bad_phone"
	CodeEncoding     = "bad_encoding"
	CodePersonnummer = "personnummer"
	CodeColumns      = "bad_columns"
	CodeTooLong      = "line_too_long"
	CodeUnknown      = "unknown_value"
	CodeArchive      = "bad_archive" // a compressed file that cannot be unpacked, or must not be
	CodeTooLarge     = "too_large"   // more content than the limits allow
	CodeUnreadable   = "unreadable"  // the file is not what the collector expects
	CodeWrongKind    = "wrong_kind"  // a well-formed file of another kind
	CodeInternal     = "internal"    // the reader itself failed; a defect
	CodeEmpty        = "empty_file"  // nothing in it, not even a header
)

// FileError refuses a file and says where and why, without values of the file.
type FileError struct {
	File   string
	Row    uint64 // line number from 1; 0: the whole file
	Column string
	Code   string
	Reason string
}

// Error names file, line and column.
func (e *FileError) Error() string {
	s := e.File
	if e.Row > 0 {
		s += fmt.Sprintf(":%d", e.Row)
	}
	if e.Column != "" {
		s += fmt.Sprintf(": column %q", e.Column)
	}
	return s + ": " + e.Reason
}

// PlainNamer is a format whose file names carry times or serial numbers that could pass for
// a person's number. Names it recognises are not masked.
type PlainNamer interface {
	PlainName(name string) bool
}

// LogError says that the log could not be written. It is no fault of a file: nothing about
// the file is concluded, and the next one would meet the same.
type LogError struct{ Err error }

// Error names the log.
func (e *LogError) Error() string { return "writing to the log: " + e.Err.Error() }

// Unwrap gives the cause.
func (e *LogError) Unwrap() error { return e.Err }
