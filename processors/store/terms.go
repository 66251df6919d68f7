package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// The beginning of the view of cases, as its migration makes it.
const (
	casesView  = "CREATE VIEW IF NOT EXISTS cases_current AS\n"
	casesTerms = "WITH 14 AS term, 'Europe/Stockholm' AS term_zone\n"
)

// SetCaseTerms makes the view cases_current count with these terms: so many days after its
// opening a violation is to be settled, counted in the zone. The view of a new store counts
// 14 days in Europe/Stockholm. Instances that share a store must be configured alike.
func (s *Store) SetCaseTerms(ctx context.Context, days int, zone *time.Location) error {
	terms := fmt.Sprintf("%d days, %s", days, zone)
	var have string
	if err := s.Conn().QueryRow(ctx, "SELECT anyLast(comment) FROM system.tables WHERE database = currentDatabase() AND name = 'cases_current'").Scan(&have); err != nil {
		return fmt.Errorf("asking for the terms of cases: %w", err)
	}
	if have == terms {
		return nil
	}
	steps, err := Migrations()
	if err != nil {
		return err
	}
	for i := len(steps) - 1; i >= 0; i-- { // the last step that makes the view
		for _, stmt := range steps[i].Statements {
			rest, is := strings.CutPrefix(stmt, casesView+casesTerms)
			if !is {
				continue
			}
			stmt = fmt.Sprintf("CREATE OR REPLACE VIEW cases_current AS\nWITH %d AS term, '%s' AS term_zone\n%s\nCOMMENT '%s'", days, zone, rest, terms)
			if err := s.Conn().Exec(ctx, stmt); err != nil {
				return fmt.Errorf("setting the terms of cases: %w", err)
			}
			return nil
		}
	}
	return errors.New("setting the terms of cases: no migration makes the view cases_current")
}
