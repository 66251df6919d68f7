package engine

import (
	"context"
	"errors"
	"io"
	"net/url"
	"regexp"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// shortConn is a connection whose errors do not repeat addresses. An HTTP client names the
// address it asked, and the driver puts settings, tokens and parameters of the statement into
// it: whole screens that say nothing, and values that do not belong in a program's log.
type shortConn struct{ driver.Conn }

// Query implements driver.Conn.
func (c shortConn) Query(ctx context.Context, query string, args ...any) (driver.Rows, error) {
	rows, err := c.Conn.Query(ctx, query, args...)
	return rows, shorten(err)
}

// QueryRow implements driver.Conn.
func (c shortConn) QueryRow(ctx context.Context, query string, args ...any) driver.Row {
	return shortRow{c.Conn.QueryRow(ctx, query, args...)}
}

// Select implements driver.Conn.
func (c shortConn) Select(ctx context.Context, dest any, query string, args ...any) error {
	return shorten(c.Conn.Select(ctx, dest, query, args...))
}

// Exec implements driver.Conn.
func (c shortConn) Exec(ctx context.Context, query string, args ...any) error {
	return shorten(c.Conn.Exec(ctx, query, args...))
}

// PrepareBatch implements driver.Conn.
func (c shortConn) PrepareBatch(ctx context.Context, query string, opts ...driver.PrepareBatchOption) (driver.Batch, error) {
	b, err := c.Conn.PrepareBatch(ctx, query, opts...)
	return b, shorten(err)
}

// QueryFormat implements driver.Conn.
func (c shortConn) QueryFormat(ctx context.Context, format, query string, args ...any) (io.ReadCloser, error) {
	r, err := c.Conn.QueryFormat(ctx, format, query, args...)
	return r, shorten(err)
}

// InsertFormat implements driver.Conn.
func (c shortConn) InsertFormat(ctx context.Context, format, query string, data io.Reader) error {
	return shorten(c.Conn.InsertFormat(ctx, format, query, data))
}

// Ping implements driver.Conn.
func (c shortConn) Ping(ctx context.Context) error { return shorten(c.Conn.Ping(ctx)) }

type shortRow struct{ driver.Row }

// Err implements driver.Row.
func (r shortRow) Err() error { return shorten(r.Row.Err()) }

// Scan implements driver.Row.
func (r shortRow) Scan(dest ...any) error { return shorten(r.Row.Scan(dest...)) }

// ScanStruct implements driver.Row.
func (r shortRow) ScanStruct(dest any) error { return shorten(r.Row.ScanStruct(dest)) }

// shortError has the words of an error without its addresses.
type shortError struct {
	text string
	err  error
}

func (e *shortError) Error() string { return e.text }

// Unwrap gives the error as it was, for errors.Is and errors.As.
func (e *shortError) Unwrap() error { return e.err }

// requestWords is how an HTTP client begins an error: Post "http://host/?query=…": why.
var requestWords = regexp.MustCompile(`(?:Post|Get|Put) "https?://[^"]*": `)

// shorten takes the request out of the words of a transport error.
func shorten(err error) error {
	var u *url.Error
	if err == nil || !errors.As(err, &u) {
		return err
	}
	return &shortError{requestWords.ReplaceAllString(err.Error(), ""), err}
}
