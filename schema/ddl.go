package schema

import (
	"fmt"
	"strings"
)

// DedupWindow is how many blocks the store remembers for each table, so that a block that
// is inserted again with its token is recognised.
const DedupWindow = 10000

// CreateTable returns the ClickHouse statement that creates the table.
func CreateTable(in Info) string {
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE TABLE IF NOT EXISTS %s\n(\n", in.Name)
	lines := make([]string, 0, len(in.Columns)+len(in.Computed))
	for _, c := range in.Columns {
		lines = append(lines, fmt.Sprintf("    `%s` %s COMMENT %s%s", c.Name, c.Type.ClickHouse(), quote(c.comment()), c.codec()))
	}
	for _, c := range in.Computed {
		lines = append(lines, fmt.Sprintf("    `%s` %s MATERIALIZED %s COMMENT %s", c.Name, c.Type.ClickHouse(), c.SQL, quote(c.Meaning)))
	}
	fmt.Fprintf(&b, "%s\n)\nENGINE = %s\n", strings.Join(lines, ",\n"), in.Engine)
	if in.PartitionBy != "" {
		fmt.Fprintf(&b, "PARTITION BY %s\n", in.PartitionBy)
	}
	fmt.Fprintf(&b, "ORDER BY (%s)\nSETTINGS non_replicated_deduplication_window = %d\nCOMMENT %s", in.OrderBy, DedupWindow, quote(in.Meaning))
	return b.String()
}

// codec leaves hashes uncompressed: trying costs time and saves nothing.
func (c ColumnInfo) codec() string {
	if c.Type == TypeHash || c.Name == "event_id" {
		return " CODEC(NONE)"
	}
	return ""
}

func (c ColumnInfo) comment() string {
	s := c.Meaning
	if c.Unit != "" {
		s += " [" + c.Unit + "]"
	}
	return s
}

func quote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}
