package schema

import (
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// pageText is the prose of the reference page, with marks where the declarations go.
//
//go:embed page.md
var pageText string

// Page returns the reference page of the log and the store (docs/schema.md) in Markdown.
// The same declarations always give the same text.
func Page() string {
	return strings.NewReplacer(
		"{{topics}}", pageTopics(),
		"{{headers}}", pageHeaders(),
		"{{types}}", pageTypes(),
		"{{tables}}", pageTables(),
		"{{relations}}", pageRelations(),
	).Replace(pageText)
}

func pageTopics() string {
	var b strings.Builder
	b.WriteString("| Topic | Partitions | Records | Key | Tables |\n|---|---|---|---|---|\n")
	for _, t := range Topics() {
		var records, tables []string
		key := ""
		for _, in := range Catalogue() {
			if slices.Contains(carriers(in), t.Name) {
				records, tables, key = append(records, in.Record), append(tables, link(in.Name)), in.Key
			}
		}
		fmt.Fprintf(&b, "| `%s` | %d | %s | %s | %s |\n", t.Name, t.Partitions, strings.Join(records, ", "), key, strings.Join(tables, ", "))
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func link(table string) string { return "[" + table + "](#" + table + ")" }

func pageHeaders() string {
	return "| Header | Value |\n|---|---|\n" +
		"| `" + HeaderVersion + "` | Version of the encoding: `" + Version + "` |\n" +
		"| `" + HeaderType + "` | Name of the message, as in the column Records above |"
}

// wireNote says how a type is written where its Protocol Buffers type does not tell.
func (t Type) wireNote() string {
	switch t {
	case TypeID:
		return "16 bytes"
	case TypeIDs:
		return "16 bytes each"
	case TypeTime:
		return "milliseconds since 1970-01-01T00:00:00Z"
	case TypeDay:
		return "days since 1970-01-01"
	case TypeMoney:
		return "millionths of the unit"
	case TypeHash:
		return "keyed hash"
	}
	return ""
}

func pageTypes() string {
	var b strings.Builder
	b.WriteString("| Type | On the wire | In the store | Written as |\n|---|---|---|---|\n")
	for t := TypeID; t <= TypeIDs; t++ {
		fmt.Fprintf(&b, "| %s | `%s` | `%s` | %s |\n", t, t.Proto(), t.ClickHouse(), t.wireNote())
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func pageTables() string {
	var b strings.Builder
	for _, in := range Catalogue() {
		fmt.Fprintf(&b, "### %s\n\n%s\n\n", in.Name, in.Meaning)
		fmt.Fprintf(&b, "- Record: `%s`, topic: `%s`, key: %s\n", in.Record, strings.Join(carriers(in), "`, `"), in.Key)
		fmt.Fprintf(&b, "- Engine: `%s`, order: `%s`", in.Engine, in.OrderBy)
		if in.PartitionBy != "" {
			fmt.Fprintf(&b, ", partitions: `%s`", in.PartitionBy)
		}
		b.WriteString("\n\n| Field | Column | Type | Unit | Origin | Meaning | Personal data |\n|---|---|---|---|---|---|---|\n")
		for _, c := range in.Columns {
			b.WriteString(pageColumn(c))
		}
		for _, c := range in.Computed {
			fmt.Fprintf(&b, "|  | `%s` | %s |  | computed | %s | none |\n", c.Name, c.Type, cell(c.Meaning+" `"+c.SQL+"`"))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func pageColumn(c ColumnInfo) string {
	field, origin := "", "derived"
	if c.Field > 0 {
		field, origin = strconv.Itoa(c.Field), "recorded"
	}
	personal := c.Personal
	if personal == "" {
		personal = "none"
	}
	return fmt.Sprintf("| %s | `%s` | %s | %s | %s | %s | %s |\n", field, c.Name, c.Type, c.Unit, origin, cell(c.Meaning), cell(personal))
}

// cell keeps a text inside its cell of a Markdown table.
func cell(s string) string { return strings.NewReplacer("|", `\|`, "\n", " ", "*", `\*`).Replace(s) }

func pageRelations() string {
	var b strings.Builder
	b.WriteString("| Name | Kind | Meaning |\n|---|---|---|\n")
	for _, r := range Relations() {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", r.Name, r.Kind, cell(r.Meaning))
	}
	return strings.TrimSuffix(b.String(), "\n")
}
