package store

import (
	"context"
	"fmt"
	"strings"
)

// staging names the table in which a roll-up is built.
func (s *Store) staging(table string) string {
	if epoch := s.stage.Load(); epoch != 0 {
		return stagingOf(table, epoch)
	}
	return table + "_next"
}

func stagingOf(table string, epoch uint64) string { return fmt.Sprintf("%s_next_%d", table, epoch) }

// Stage gives the roll-ups staging tables of their own for as long as a claim holds, and drops
// those of earlier claims. Where several instances share a store, one that was thought dead
// may wake up in the middle of Recompute: it finds its staging table gone and cannot swap in
// what it built before others went on.
func (s *Store) Stage(ctx context.Context, epoch uint64) error {
	for _, r := range rollups() {
		if err := s.Conn().Exec(ctx, fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s AS %s", stagingOf(r.table, epoch), r.table)); err != nil {
			return fmt.Errorf("making the staging table of %s: %w", r.table, err)
		}
	}
	s.stage.Store(epoch)
	rows, err := s.Conn().Query(ctx, "SELECT name FROM system.tables WHERE database = currentDatabase() AND match(name, '^usage_.*_next_[0-9]+$')")
	if err != nil {
		return fmt.Errorf("listing staging tables: %w", err)
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return fmt.Errorf("listing staging tables: %w", err)
		}
		names = append(names, name)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("listing staging tables: %w", err)
	}
	for _, name := range names {
		var of uint64
		if _, err := fmt.Sscan(name[strings.LastIndexByte(name, '_')+1:], &of); err != nil || of >= epoch {
			continue
		}
		if err := s.Conn().Exec(ctx, "DROP TABLE IF EXISTS "+name+" SYNC"); err != nil {
			return fmt.Errorf("dropping the staging table %s of an earlier owner: %w", name, err)
		}
	}
	return nil
}
