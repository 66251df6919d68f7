package schema

import (
	"fmt"
	"strings"
)

// Proto returns the messages of the log as a Protocol Buffers file (docs/linesman.proto,
// proto3), for readers in other languages. Derived columns are not on the wire and not in it.
func Proto() string {
	var b strings.Builder
	b.WriteString("// Records of the Linesman log. Generated from the declarations in schema/; see schema.md for what\n" +
		"// the topics, headers and types mean. Field numbers are never reused. Unknown fields are to be skipped.\n" +
		"syntax = \"proto3\";\n\npackage linesman;\n")
	for _, in := range Catalogue() {
		fmt.Fprintf(&b, "\n// %s\n// Topic %s; table %s.\nmessage %s {\n", in.Meaning, strings.Join(carriers(in), ", "), in.Name, in.Record)
		for _, c := range in.Columns {
			if c.Field > 0 {
				fmt.Fprintf(&b, "  // %s\n  %s %s = %d;\n", c.protoComment(), c.Type.Proto(), c.Name, c.Field)
			}
		}
		b.WriteString("}\n")
	}
	return b.String()
}

func (c ColumnInfo) protoComment() string {
	unit := c.Unit
	switch note := c.Type.wireNote(); {
	case c.Type == TypeMoney:
		unit = "millionths, " + unit
	case note != "":
		unit = note
	}
	s := c.Meaning
	if unit != "" {
		s += " [" + unit + "]"
	}
	if c.Personal != "" {
		s += " Personal data: " + c.Personal + "."
	}
	return s
}
