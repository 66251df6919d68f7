package httpd

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
)

// nativeKind says how values are laid out.
type nativeKind uint8

const (
	kindFixed nativeKind = iota + 1
	kindString
	kindNullable
	kindTuple
	kindArray
	kindLowCardinality
	kindJSON // as text, by setting
)

// nativeType is a parsed type.
type nativeType struct {
	name string
	kind nativeKind
	size int // bytes of a value of kindFixed
	args []*nativeType
}

var fixedSizes = map[string]int{"UInt8": 1, "Int8": 1, "Bool": 1, "Enum8": 1, "Nothing": 1,
	"UInt16": 2, "Int16": 2, "Date": 2, "Enum16": 2, "BFloat16": 2,
	"UInt32": 4, "Int32": 4, "Float32": 4, "Date32": 4, "DateTime": 4, "IPv4": 4, "Decimal32": 4, "Time": 4,
	"UInt64": 8, "Int64": 8, "Float64": 8, "DateTime64": 8, "Decimal64": 8, "Time64": 8,
	"UUID": 16, "IPv6": 16, "UInt128": 16, "Int128": 16, "Decimal128": 16, "UInt256": 32, "Int256": 32, "Decimal256": 32}

var typeAliases = map[string]string{"Point": "Tuple(Float64, Float64)", "Ring": "Array(Point)", "LineString": "Array(Point)",
	"MultiLineString": "Array(LineString)", "Polygon": "Array(Ring)", "MultiPolygon": "Array(Polygon)"}

// typeCache remembers parsed types. The zero value is ready.
type typeCache struct {
	mu sync.RWMutex
	m  map[string]*nativeType
}

// maxCachedTypes bounds the memory: enums and tuples can be written in endless ways.
const maxCachedTypes = 4096

func (c *typeCache) get(name string) (*nativeType, error) {
	c.mu.RLock()
	t := c.m[name]
	c.mu.RUnlock()
	if t != nil {
		return t, nil
	}
	t, err := parseType(name, 0)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.m == nil || len(c.m) >= maxCachedTypes {
		c.m = map[string]*nativeType{}
	}
	c.m[name] = t
	return t, nil
}

// maxTypeDepth is far beyond what the engine allows.
const maxTypeDepth = 64

func parseType(name string, depth int) (*nativeType, error) {
	name = strings.TrimSpace(name)
	unsupported := func() error {
		return &exception{50, fmt.Sprintf("Code: 50. DB::Exception: the embedded engine's interface cannot send values of type %s. (UNKNOWN_TYPE)", name)}
	}
	if depth > maxTypeDepth {
		return nil, unsupported()
	}
	if a, ok := typeAliases[name]; ok {
		return parseType(a, depth+1)
	}
	base, rest, hasArgs := strings.Cut(name, "(")
	var args []string
	if hasArgs {
		args = splitArgs(strings.TrimSuffix(rest, ")"))
	}
	t := &nativeType{name: name}
	if size, ok := fixedSize(base, args); ok {
		t.kind, t.size = kindFixed, size
		return t, nil
	}
	switch base {
	case "String":
		t.kind = kindString
		return t, nil
	case "JSON":
		t.kind = kindJSON
		return t, nil
	case "SimpleAggregateFunction":
		if len(args) == 2 {
			return parseType(args[1], depth+1)
		}
		return nil, unsupported()
	case "Nested", "Map": // sent as arrays of tuples
		t.kind, args = kindArray, []string{"Tuple(" + strings.Join(args, ", ") + ")"}
	case "Array":
		t.kind = kindArray
	case "Nullable":
		t.kind = kindNullable
	case "LowCardinality":
		t.kind = kindLowCardinality
	case "Tuple":
		t.kind = kindTuple
	}
	if t.kind == 0 || t.kind != kindTuple && len(args) != 1 {
		return nil, unsupported()
	}
	for _, a := range args {
		c, err := parseArg(a, t.kind == kindTuple, depth+1)
		if err != nil {
			return nil, err
		}
		t.args = append(t.args, c)
	}
	return t, nil
}

// parseArg parses an inner type; a tuple's may have a name in front: "name Type" or "`na me` Type".
func parseArg(a string, named bool, depth int) (*nativeType, error) {
	t, err := parseType(a, depth)
	if err == nil || !named {
		return t, err
	}
	if i := elementNameEnd(a); i > 0 {
		return parseType(a[i:], depth)
	}
	return nil, err
}

// fixedSize gives the bytes a value takes, if all values take the same.
func fixedSize(base string, args []string) (int, bool) {
	if n, ok := fixedSizes[base]; ok {
		return n, true
	}
	switch {
	case strings.HasPrefix(base, "Interval"):
		return 8, true
	case base == "FixedString" && len(args) == 1:
		n, err := strconv.Atoi(strings.TrimSpace(args[0]))
		return n, err == nil && n > 0
	case base == "Decimal" && len(args) > 0:
		precision, err := strconv.Atoi(strings.TrimSpace(args[0]))
		switch {
		case err != nil:
			return 0, false
		case precision <= 9:
			return 4, true
		case precision <= 18:
			return 8, true
		case precision <= 38:
			return 16, true
		}
		return 32, true
	}
	return 0, false
}

func elementNameEnd(a string) int {
	start := len(a) - len(strings.TrimLeft(a, " "))
	if start < len(a) && a[start] == '`' {
		return quotedEnd(a, start+1, '`')
	}
	if i := strings.IndexByte(a[start:], ' '); i > 0 {
		return start + i
	}
	return 0
}

// splitArgs splits at the commas outside parentheses and quotes.
func splitArgs(s string) (out []string) {
	depth, start := 0, 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\'', '`':
			i = quotedEnd(s, i+1, s[i]) - 1
		case '(':
			depth++
		case ')':
			depth--
		case ',':
			if depth == 0 {
				out, start = append(out, s[start:i]), i+1
			}
		}
	}
	return append(out, s[start:])
}
