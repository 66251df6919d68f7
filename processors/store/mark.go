package store

import (
	"context"
	"fmt"
)

// LastMark returns the mark of the range that ends at next: of the last record that is in the
// store. 0: not known.
func (s *Store) LastMark(ctx context.Context, topic string, partition uint32, next uint64) (mark uint64, err error) {
	err = s.Conn().QueryRow(exact(ctx), "SELECT max(mark) FROM valid_ranges WHERE topic = ? AND partition = ? AND next = ?", topic, partition, next).Scan(&mark)
	if err != nil {
		return 0, fmt.Errorf("asking the store for its last record of %s/%d: %w", topic, partition, err)
	}
	return mark, nil
}
