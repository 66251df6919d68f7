package store

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"linesman/internal/failpoint"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// Migration is one numbered step of the store's structure. A step that has been released is
// never edited: a change is a new step. What cannot be changed in a table that is there (its
// engine, its order) is changed in the step that creates it, and a new step is marked to make
// the store anew: the store is a projection, and the log has everything that is in it.
type Migration struct {
	Number     uint32
	Name       string
	Statements []string
	Checksum   string
	Rebuild    bool // a store that has not come to this step is dropped and made anew
}

// rebuildMark begins a step that makes the store anew.
const rebuildMark = "-- rebuild:"

// Migrations returns the steps in order.
func Migrations() ([]Migration, error) {
	entries, err := migrationFiles.ReadDir("migrations")
	if err != nil {
		return nil, fmt.Errorf("reading migrations: %w", err)
	}
	var out []Migration
	for _, e := range entries {
		text, err := migrationFiles.ReadFile("migrations/" + e.Name())
		if err != nil {
			return nil, fmt.Errorf("reading migration %s: %w", e.Name(), err)
		}
		number, name, _ := strings.Cut(strings.TrimSuffix(e.Name(), ".sql"), "_")
		n, err := strconv.ParseUint(number, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("migration %s: the name must begin with a number: %w", e.Name(), err)
		}
		sum := sha256.Sum256(text)
		m := Migration{Number: uint32(n), Name: name, Checksum: hex.EncodeToString(sum[:8]), Rebuild: strings.HasPrefix(string(text), rebuildMark)}
		for _, stmt := range strings.Split(string(text), "\n;\n") {
			if stmt = strings.TrimSpace(stmt); stmt != "" {
				m.Statements = append(m.Statements, stmt)
			}
		}
		out = append(out, m)
	}
	slices.SortFunc(out, func(a, b Migration) int { return int(a.Number) - int(b.Number) })
	return out, nil
}

// NewerError says that the store was written by a newer program.
type NewerError struct {
	Store, Program uint32 // numbers of the latest migration
}

func (e *NewerError) Error() string {
	return fmt.Sprintf("the store is at migration %d, this program knows %d: it was written by a newer linesman. "+
		"Run that version, or let this one build a store of its own from the log: linesman rebuild", e.Store, e.Program)
}

// beingDropped stands in schema_migrations while DropAll drops.
const beingDropped = math.MaxUint32

const createMigrations = `CREATE TABLE IF NOT EXISTS schema_migrations
(number UInt32, name String, checksum String, applied_at DateTime64(3, 'UTC'))
ENGINE = ReplacingMergeTree ORDER BY number COMMENT 'Steps of the store''s structure that were applied'`

func (s *Store) migrate(ctx context.Context) error {
	steps, err := Migrations()
	if err != nil {
		return err
	}
	if err := s.Conn().Exec(ctx, createMigrations); err != nil {
		return fmt.Errorf("creating schema_migrations: %w", err)
	}
	var at uint32
	if err := s.Conn().QueryRow(ctx, "SELECT max(number) FROM schema_migrations").Scan(&at); err != nil {
		return fmt.Errorf("asking the store for its migrations: %w", err)
	}
	last := steps[len(steps)-1].Number
	if at > last && at != beingDropped {
		return &NewerError{Store: at, Program: last}
	}
	anew := at > 0 && slices.ContainsFunc(steps, func(m Migration) bool { return m.Rebuild && m.Number > at })
	if at == beingDropped || anew {
		if anew {
			s.log.Warn("the structure of the store has changed: it is dropped and made anew from the log", "from", at, "to", last)
			if err := s.noteDrop(ctx); err != nil {
				return err
			}
		} else {
			s.log.Warn("dropping the store was interrupted and is finished now; it is made anew from the log")
		}
		if err := s.dropTables(ctx); err != nil {
			return err
		}
		if err := s.Conn().Exec(ctx, createMigrations); err != nil {
			return fmt.Errorf("creating schema_migrations: %w", err)
		}
		at = 0
	}
	for _, m := range steps {
		if m.Number <= at {
			continue
		}
		for i, stmt := range m.Statements {
			failpoint.Hit("migrate.statement.before")
			if err := s.Conn().Exec(ctx, stmt); err != nil {
				return fmt.Errorf("migration %d (%s), statement %d: %w", m.Number, m.Name, i+1, err)
			}
			failpoint.Hit("migrate.statement.after")
		}
		failpoint.Hit("migrate.note.before")
		if err := s.Conn().Exec(ctx, "INSERT INTO schema_migrations VALUES (?, ?, ?, ?)", m.Number, m.Name, m.Checksum, s.now().UTC()); err != nil {
			return fmt.Errorf("noting migration %d: %w", m.Number, err)
		}
		failpoint.Hit("migrate.note.after")
		s.log.Info("store migrated", "number", m.Number, "name", m.Name)
	}
	return nil
}
