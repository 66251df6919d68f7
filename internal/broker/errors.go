package broker

import (
	"errors"
	"fmt"
)

// ErrClosed is returned by calls on a closed Broker or Reader.
var ErrClosed = errors.New("the log is closed")

// ErrLogFull is returned by Produce when the embedded log has reached
// Config.MaxBytes. Nothing was appended for the batch that met it.
var ErrLogFull = errors.New("the log is full")

// ErrLocked is returned by Open when another process holds the directory.
var ErrLocked = errors.New("the log directory is in use")

// OffsetRangeError says that a reader's position does not exist in the log:
// the records were deleted, or the log is shorter than it was when the
// position was stored.
type OffsetRangeError struct {
	Topic     string
	Partition int
	// First is the oldest offset, Next the one the next record will get.
	First, Next int64
	// From is the position that was asked for.
	From int64
}

// Error describes the mismatch and what to do about it.
func (e *OffsetRangeError) Error() string {
	advice := "the log lost records that were already processed (restored from an older copy, or the disk lost writes): " +
		"restore the log directory, or make the store anew from what the log has: linesman rebuild"
	if e.From < e.First {
		advice = "records that were not yet processed have been deleted (retention too short, or the wrong log): " +
			"restore them (linesman restore, from an archive), or collect the source files again, then make the store anew: linesman rebuild"
	}
	return fmt.Sprintf("topic %s partition %d: position %d is outside the log [%d,%d]: %s",
		e.Topic, e.Partition, e.From, e.First, e.Next, advice)
}

// GapError says that records are missing in the middle of a partition.
type GapError struct {
	Topic     string
	Partition int
	// Expected is the offset that should have come, Got the one that came; Got
	// is -1 when the broker had records but delivered none.
	Expected, Got int64
}

// Error describes the gap.
func (e *GapError) Error() string {
	if e.Got < 0 {
		return fmt.Sprintf("topic %s partition %d: the log holds records from offset %d on but delivers none; its segment files are damaged",
			e.Topic, e.Partition, e.Expected)
	}
	return fmt.Sprintf("topic %s partition %d: expected offset %d, the log continues at %d; records between them are lost (damaged segment, compaction or transactions in the topic)",
		e.Topic, e.Partition, e.Expected, e.Got)
}

// ProduceError says how much of a Produce call was acknowledged before it
// failed.
type ProduceError struct {
	Topic     string
	Partition int
	// Acknowledged is how many records, from the start of the call, are safely
	// in the log. Records after them may or may not be there.
	Acknowledged, Total int
	// First is the offset of the first acknowledged record, -1 when none was.
	First int64
	Err   error
}

// Error describes the failure and its extent.
func (e *ProduceError) Error() string {
	return fmt.Sprintf("producing to topic %s partition %d: %d of %d records acknowledged: %v",
		e.Topic, e.Partition, e.Acknowledged, e.Total, e.Err)
}

// Unwrap gives the cause.
func (e *ProduceError) Unwrap() error { return e.Err }

// RecordTooLargeError names a record that does not fit into a batch.
type RecordTooLargeError struct {
	Index int // in the slice given to Produce
	Bytes int // encoded, after compression
	Limit int
}

// Error describes the record by place and size, never by content.
func (e *RecordTooLargeError) Error() string {
	return fmt.Sprintf("record %d of the call takes %d bytes, the log accepts at most %d", e.Index, e.Bytes, e.Limit)
}

// DamageError says that what the log gave is not what was written to it: a batch whose checksum
// or form is wrong. It was changed where it is stored, or on its way.
type DamageError struct{ Err error }

// Error describes the damage and its place.
func (e *DamageError) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *DamageError) Unwrap() error { return e.Err }

// Lost tells whether an error of a Reader is about the log itself: that it does not hold what was
// asked for, or not as it was written. Any other error says only that the log could not be read
// now.
func Lost(err error) bool {
	var gap *GapError
	var outside *OffsetRangeError
	var damage *DamageError
	return errors.As(err, &gap) || errors.As(err, &outside) || errors.As(err, &damage)
}
