package store

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"time"

	"linesman/schema"
)

// The beginning of the view of cases, as its migration makes it.
const (
	casesView  = "CREATE VIEW IF NOT EXISTS cases_current AS\n"
	casesTerms = "WITH 14 AS term, 'Europe/Stockholm' AS term_zone, [toDate32(0)] AS term_free\n"
)

// CaseTerms are what the deadlines of cases are counted by.
type CaseTerms struct {
	Days int            // after its opening by which a violation is to be settled
	Zone *time.Location // whose days are counted
	// Free are days from Monday to Friday on which nobody works: a term that ends on one of
	// them, on a Saturday or a Sunday, ends on the next day that is worked on.
	Free []schema.Day
}

// name tells terms apart.
func (t *CaseTerms) name() string {
	h := fnv.New64a()
	for _, d := range t.Free {
		fmt.Fprintln(h, int(d))
	}
	return fmt.Sprintf("%d days, %s, %d holidays %x", t.Days, t.Zone, len(t.Free), h.Sum64())
}

// with writes the beginning of the view.
func (t *CaseTerms) with() string {
	free := make([]string, 0, len(t.Free)+1)
	free = append(free, "0")
	for _, d := range t.Free {
		free = append(free, strconv.Itoa(int(d)))
	}
	return fmt.Sprintf("WITH %d AS term, '%s' AS term_zone, CAST([%s], 'Array(Date32)') AS term_free\n", t.Days, t.Zone, strings.Join(free, ", "))
}

// SetCaseTerms makes the view cases_current count with these terms. The view of a new store
// counts 14 days in Europe/Stockholm and knows no holidays. Instances that share a store must
// be configured alike.
func (s *Store) SetCaseTerms(ctx context.Context, t CaseTerms) error {
	terms := t.name()
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
			if err := s.Conn().Exec(ctx, "CREATE OR REPLACE VIEW cases_current AS\n"+t.with()+rest+"\nCOMMENT '"+terms+"'"); err != nil {
				return fmt.Errorf("setting the terms of cases: %w", err)
			}
			return nil
		}
	}
	return errors.New("setting the terms of cases: no migration makes the view cases_current")
}
