package policy

import (
	"context"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// discreet is a store whose errors do not quote queries. The engine likes to repeat the whole
// text of a query that it refuses, and with it the lines that were touched and the numbers
// that are exempt: such errors end in logs.
type discreet struct{ Store }

func (d discreet) Query(ctx context.Context, query string, args ...any) (driver.Rows, error) {
	rows, err := d.Store.Query(clickhouse.Context(ctx, clickhouse.WithSettings(long())), query, args...)
	if err != nil {
		return nil, withoutQuery(err)
	}
	return discreetRows{rows}, nil
}

// long lets queries be long: what is asked of each month, and of units by name, is longer than the
// engine expects of people.
func long() clickhouse.Settings {
	return clickhouse.Settings{"max_query_size": 16 << 20, "max_ast_elements": 1_000_000, "max_expanded_ast_elements": 1_000_000}
}

type discreetRows struct{ driver.Rows }

func (r discreetRows) Err() error { return withoutQuery(r.Rows.Err()) }

// queryError is an error of the store without the query that it was about. It unwraps to the
// whole one, so that its kind can be told.
type queryError struct {
	text  string
	whole error
}

func (e *queryError) Error() string { return e.text }
func (e *queryError) Unwrap() error { return e.whole }

// withoutQuery cuts an error where the engine begins to quote.
func withoutQuery(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	cut := len(text)
	for _, mark := range []string{": In scope", ": While processing", "SELECT", "WITH", "'", "`", "\n"} {
		if i := strings.Index(text, mark); i >= 0 {
			cut = min(cut, i)
		}
	}
	if cut == len(text) {
		return err
	}
	return &queryError{text: strings.TrimRight(text[:cut], " :,(") + " (the engine's words about the query are left out)", whole: err}
}
