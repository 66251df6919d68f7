package store

import (
	"context"
	"fmt"
	"strings"

	"linesman/schema"
)

// Checksums returns one value for each table of facts and each roll-up, over the content of
// all its rows; recorded times and bookkeeping are left aside. Two stores with the same
// content have the same checksums, whatever order the rows came in.
func (s *Store) Checksums(ctx context.Context) (map[string]string, error) {
	out := map[string]string{}
	for _, in := range schema.Catalogue() {
		var cols []string
		for _, c := range in.Columns {
			if !c.Aside {
				cols = append(cols, "`"+c.Name+"`")
			}
		}
		sum, err := s.checksum(ctx, in.Name, strings.Join(cols, ", "))
		if err != nil {
			return nil, err
		}
		out[in.Name] = sum
	}
	for _, r := range rollups() {
		sum, err := s.checksum(ctx, r.table, "*")
		if err != nil {
			return nil, err
		}
		out[r.table] = sum
	}
	return out, nil
}

func (s *Store) checksum(ctx context.Context, table, columns string) (string, error) {
	var rows, sum, xor uint64
	stmt := fmt.Sprintf("SELECT count(), sum(h), groupBitXor(h) FROM (SELECT xxh3(%s) AS h FROM %s)", columns, table)
	if err := s.Conn().QueryRow(exact(ctx), stmt).Scan(&rows, &sum, &xor); err != nil {
		return "", fmt.Errorf("checksum of %s: %w", table, err)
	}
	return fmt.Sprintf("%d:%016x%016x", rows, sum, xor), nil
}
