//go:build !failpoints

package failpoint

import "io"

// On tells whether this build has fail points.
const On = false

// Start reads LINESMAN_FAILPOINTS in a build with fail points.
func Start() error { return nil }

// Hit passes a point.
func Hit(string) {}

// Err passes a point that can fail.
func Err(string) error { return nil }

// Halfway returns a reader that passes a point when half of its size bytes are read.
func Halfway(_ string, r io.Reader, _ int) io.Reader { return r }
