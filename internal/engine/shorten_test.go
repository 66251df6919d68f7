package engine

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
)

func TestErrorsDoNotRepeatAddresses(t *testing.T) {
	long := &url.Error{Op: "Post", URL: "http://engine/?database=linesman&param_x=" + strings.Repeat("y", 500), Err: context.DeadlineExceeded}
	for _, tc := range []struct {
		err  error
		want string
	}{
		{nil, ""},
		{errors.New("code: 60, table is missing"), "code: 60, table is missing"},
		{long, "context deadline exceeded"},
		{fmt.Errorf("asking: %w", long), "asking: context deadline exceeded"},
		{fmt.Errorf("asking: %w", &url.Error{Op: "Get", URL: "https://user:secret@store:8443/?password=secret", Err: errors.New("connection refused")}), "asking: connection refused"},
	} {
		got := shorten(tc.err)
		switch {
		case tc.err == nil:
			if got != nil {
				t.Errorf("no error became %v", got)
			}
		case got.Error() != tc.want:
			t.Errorf("got %q, want %q", got, tc.want)
		case !errors.Is(got, tc.err):
			t.Errorf("%q is no longer the error it was", got)
		}
	}
}

// The connection that everybody uses is the one that shortens: a real statement that its
// context ends names no address.
func TestStatementsThatAreCutOffNameNoAddress(t *testing.T) {
	e := openTest(t, t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var n uint8
	for what, err := range map[string]error{
		"QueryRow": e.Conn().QueryRow(ctx, "SELECT 1 AS telltale").Scan(&n),
		"Exec":     e.Conn().Exec(ctx, "SELECT 1 AS telltale"),
		"Insert":   e.InsertArrow(ctx, "telltale", "telltale-token", nil, strings.NewReader("")),
	} {
		if err == nil || strings.Contains(err.Error(), "?") || strings.Contains(err.Error(), "http") {
			t.Errorf("%s: %v", what, err)
		}
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v does not tell that it was cancelled", what, err)
		}
	}
}
