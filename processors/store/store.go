// Package store keeps the projection of the log: migrations, inserts that happen once, the
// memory of which ranges of the log are in, and the roll-ups.
package store

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"linesman/internal/failpoint"
)

// Engine is what the store needs of the database behind it.
type Engine interface {
	Conn() driver.Conn
	InsertArrow(ctx context.Context, table, token string, columns []string, body io.Reader) error
}

// Store is the projection. Its methods may be used by many goroutines at once, except
// Recompute, which keeps one caller at a time.
type Store struct {
	engine Engine
	log    *slog.Logger
	now    func() time.Time

	buffers sync.Pool // *bytes.Buffer for encoded blocks: large while much arrives, gone when idle

	beforeDrop func(context.Context) error

	recompute chan struct{} // holds one token: the staging tables of the roll-ups are shared
	stage     atomic.Uint64 // claim whose staging tables are used; 0: those of the migrations
}

// New opens the projection and applies the migrations that are missing. It refuses a store
// that a newer program has written to with a *NewerError.
func New(ctx context.Context, engine Engine, log *slog.Logger, opts ...Option) (*Store, error) {
	s := newStore(engine, log, opts)
	if err := s.migrate(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// NewEmpty drops everything that the database holds, whoever wrote it, and opens an empty
// projection.
func NewEmpty(ctx context.Context, engine Engine, log *slog.Logger, opts ...Option) (*Store, error) {
	s := newStore(engine, log, opts)
	if err := s.DropAll(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// Attach opens a projection as it is, without making anything: where several instances share
// a store, [Store.Made] tells whether somebody has to call Repair, and one alone must do so.
func Attach(_ context.Context, engine Engine, log *slog.Logger, opts ...Option) (*Store, error) {
	return newStore(engine, log, opts), nil
}

// Made tells whether the structure of the store is what this program needs. A store that a
// newer program has written to gives a *NewerError.
func (s *Store) Made(ctx context.Context) (bool, error) {
	steps, err := Migrations()
	if err != nil {
		return false, err
	}
	var there uint64
	if err := s.Conn().QueryRow(ctx, "SELECT count() FROM system.tables WHERE database = currentDatabase() AND name = 'schema_migrations'").Scan(&there); err != nil {
		return false, fmt.Errorf("asking the store for its tables: %w", err)
	}
	if there == 0 {
		return false, nil
	}
	var at uint32
	if err := s.Conn().QueryRow(ctx, "SELECT max(number) FROM schema_migrations").Scan(&at); err != nil {
		return false, fmt.Errorf("asking the store for its migrations: %w", err)
	}
	last := steps[len(steps)-1].Number
	if at > last && at != beingDropped {
		return false, &NewerError{Store: at, Program: last}
	}
	return at == last, nil
}

// Option changes how a store is opened.
type Option func(*Store)

// BeforeDrop is asked before everything that the store holds is dropped. An error leaves it as
// it is: what cannot be made anew must not be dropped.
func BeforeDrop(ask func(context.Context) error) Option {
	return func(s *Store) { s.beforeDrop = ask }
}

func newStore(engine Engine, log *slog.Logger, opts []Option) *Store {
	s := &Store{engine: engine, log: log, now: time.Now, recompute: make(chan struct{}, 1), beforeDrop: func(context.Context) error { return nil }}
	for _, o := range opts {
		o(s)
	}
	s.buffers.New = func() any { return new(bytes.Buffer) }
	s.recompute <- struct{}{}
	return s
}

// Conn returns the connection to the database.
func (s *Store) Conn() driver.Conn { return s.engine.Conn() }

// exact returns a context in which every table is read as merged: of rows with the same key
// only the last counts.
func exact(ctx context.Context) context.Context {
	return clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"final": 1, "do_not_merge_across_partitions_select_final": 1, "max_query_size": 16 << 20}))
}

// Exact is exact for callers outside the package.
func Exact(ctx context.Context) context.Context { return exact(ctx) }

// AsItLies returns a context in which tables are read with every row that lies in them: dead
// ones, and earlier ones of the same key.
func AsItLies(ctx context.Context) context.Context {
	return clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"final": 0, "max_query_size": 16 << 20}))
}

// DropAll drops every table and view of the database and creates them anew, empty. It is
// noted before the first table goes: when it is interrupted, the next New finishes it. Half of
// the tables would tell a store that it has what it has not.
func (s *Store) DropAll(ctx context.Context) error {
	if err := s.Conn().Exec(ctx, createMigrations); err != nil {
		return fmt.Errorf("creating schema_migrations: %w", err)
	}
	failpoint.Hit("drop.note.before")
	if err := s.noteDrop(ctx); err != nil {
		return err
	}
	failpoint.Hit("drop.note.after")
	if err := s.dropTables(ctx); err != nil {
		return err
	}
	failpoint.Hit("drop.all.after")
	return s.migrate(ctx)
}

func (s *Store) noteDrop(ctx context.Context) error {
	if err := s.beforeDrop(ctx); err != nil {
		return err
	}
	if err := s.Conn().Exec(ctx, "INSERT INTO schema_migrations VALUES (?, 'being dropped', '', ?)", beingDropped, s.now().UTC()); err != nil {
		return fmt.Errorf("noting that the store is dropped: %w", err)
	}
	return nil
}

// Repair finishes a DropAll that was interrupted, if there was one.
func (s *Store) Repair(ctx context.Context) error { return s.migrate(ctx) }

// dropTables drops every table and view, the note about it last.
func (s *Store) dropTables(ctx context.Context) error {
	rows, err := s.Conn().Query(ctx, "SELECT name, engine FROM system.tables WHERE database = currentDatabase() ORDER BY name = 'schema_migrations', engine = 'View' DESC, name")
	if err != nil {
		return fmt.Errorf("listing the store's tables: %w", err)
	}
	defer rows.Close()
	type table struct{ name, kind string }
	var tables []table
	for rows.Next() {
		var t table
		if err := rows.Scan(&t.name, &t.kind); err != nil {
			return fmt.Errorf("listing the store's tables: %w", err)
		}
		tables = append(tables, t)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("listing the store's tables: %w", err)
	}
	for _, t := range tables {
		kind := "TABLE"
		if t.kind == "View" {
			kind = "VIEW"
		}
		if err := s.Conn().Exec(ctx, fmt.Sprintf("DROP %s IF EXISTS `%s` SYNC", kind, t.name)); err != nil {
			return fmt.Errorf("dropping %s: %w", t.name, err)
		}
		failpoint.Hit("drop.table.after")
	}
	return nil
}
