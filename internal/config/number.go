package config

import (
	"reflect"
	"regexp"
	"strings"
)

// leadingZero is an integer that begins with zeros. YAML and Go's base 0 take it for octal where its
// digits allow that, and for a fraction or a mistake where they do not. What says its base, as 0o17 and
// 0x1F do, is none of these.
var leadingZero = regexp.MustCompile(`^([-+]?)0+_*([0-9][0-9_]*)$`)

// decimal returns an integer without the zeros that it begins with; false where it begins with none.
func decimal(number string) (string, bool) {
	parts := leadingZero.FindStringSubmatch(number)
	if parts == nil {
		return "", false
	}
	digits := strings.TrimLeft(strings.ReplaceAll(parts[2], "_", ""), "0")
	if digits == "" {
		digits = "0"
	}
	return parts[1] + digits, true
}

// isNumber tells whether a setting is a number. Durations are, but those with a unit are left as they stand.
func isNumber(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Float32, reflect.Float64:
		return true
	}
	return false
}
