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
	for i, c := range in.Columns {
		comma := ","
		if i == len(in.Columns)-1 {
			comma = ""
		}
		fmt.Fprintf(&b, "    `%s` %s COMMENT %s%s%s\n", c.Name, c.Type.ClickHouse(), quote(c.comment()), c.codec(), comma)
	}
	fmt.Fprintf(&b, ")\nENGINE = %s\n", in.Engine)
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
