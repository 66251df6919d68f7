package schema

// Type is the logical type of a column. It fixes the Go type behind [Column.Ref],
// the ClickHouse type, the Arrow type and the wire type.
type Type uint8

// The logical types. The Go type that [Column.Ref] must point at stands behind each.
const (
	TypeID     Type = iota // ID: 16 bytes
	TypeText               // string: many different values
	TypeSymbol             // string: few different values, dictionary encoded
	TypeTime               // Time: milliseconds since the epoch, UTC
	TypeDay                // Day: a calendar day in the judging zone
	TypeMoney              // Money: decimal with six places
	TypeBool               // bool
	TypeHash               // uint64: a keyed hash, stored whole
	TypeUint               // uint64
	TypeUint32             // uint32
	TypeInt                // int64
	TypeFloat              // float64
	TypeIDs                // []ID
)

// String names the type as the reference page does.
func (t Type) String() string {
	return [...]string{"id", "text", "symbol", "time", "day", "money", "bool", "hash", "uint64", "uint32", "int64", "float64", "ids"}[t]
}

// ClickHouse returns the column type in the store.
func (t Type) ClickHouse() string {
	return [...]string{"FixedString(16)", "String", "LowCardinality(String)", "DateTime64(3, 'UTC')", "Date32", "Decimal(18, 6)", "Bool",
		"UInt64", "UInt64", "UInt32", "Int64", "Float64", "Array(FixedString(16))"}[t]
}

// Proto returns the Protocol Buffers type of the column on the wire.
func (t Type) Proto() string {
	return [...]string{"bytes", "string", "string", "sint64", "sint32", "sint64", "bool",
		"fixed64", "uint64", "uint32", "sint64", "double", "repeated bytes"}[t]
}

// Column declares one column of a table, once. Arrow schema, ClickHouse DDL,
// wire encoding and the reference page are derived from it.
type Column[T any] struct {
	Field    int    // field number on the wire; never reused. 0: the column is derived by a processor and is not in the log
	Name     string // column name in the store
	Type     Type
	Unit     string // unit of measure, e.g. "s", "byte", "SEK"; empty where there is none
	Meaning  string // one sentence for the reference page
	Personal string // how personal data in this column is treated; empty: no personal data
	Ref      func(*T) any
	Aside    bool // bookkeeping or recorded time: left out when two stores are compared
}

// Computed is a column that the store works out from others of the row and keeps. Nobody
// inserts it, it is in no record of the log, and SELECT * leaves it out.
type Computed struct {
	Name    string
	Type    Type
	Meaning string
	SQL     string // over columns of the same row
}

// Table declares a table of the store and the records of the log behind it.
type Table[T any] struct {
	Name        string // table name in the store
	Record      string // message name on the wire and value of the record's type header
	Meaning     string
	Topic       string // topic that carries the records; empty: the topics of usage, by kind
	Key         string // what the record key holds
	Engine      string // ClickHouse engine
	PartitionBy string
	OrderBy     string
	Columns     []Column[T]
	Computed    []Computed
}

// Info is the declaration without its Go type, for code that handles all tables alike.
type Info struct {
	Name, Record, Meaning, Topic, Key, Engine, PartitionBy, OrderBy string
	Columns                                                         []ColumnInfo
	Computed                                                        []Computed
}

// ColumnInfo is one column of an [Info].
type ColumnInfo struct {
	Field                         int
	Name, Unit, Meaning, Personal string
	Type                          Type
	Aside                         bool
}

// Info strips the accessors from the declaration.
func (t *Table[T]) Info() Info {
	in := Info{Name: t.Name, Record: t.Record, Meaning: t.Meaning, Topic: t.Topic, Key: t.Key, Engine: t.Engine, PartitionBy: t.PartitionBy, OrderBy: t.OrderBy, Computed: t.Computed}
	for _, c := range t.Columns {
		in.Columns = append(in.Columns, ColumnInfo{Field: c.Field, Name: c.Name, Unit: c.Unit, Meaning: c.Meaning, Personal: c.Personal, Type: c.Type, Aside: c.Aside})
	}
	return in
}

// Names returns the column names in declaration order.
func (in Info) Names() []string {
	names := make([]string, len(in.Columns))
	for i, c := range in.Columns {
		names[i] = c.Name
	}
	return names
}

// Readable returns the names of all columns that a query may read: those of Names, then the
// computed ones.
func (in Info) Readable() []string {
	names := in.Names()
	for _, c := range in.Computed {
		names = append(names, c.Name)
	}
	return names
}

// Column finds a column by name.
func (in Info) Column(name string) (ColumnInfo, bool) {
	for _, c := range in.Columns {
		if c.Name == name {
			return c, true
		}
	}
	return ColumnInfo{}, false
}
