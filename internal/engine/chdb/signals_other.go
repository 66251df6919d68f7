//go:build !linux

package chdb

type disposition struct{}

// Elsewhere the library of this version leaves Go's handlers alone, as far as is known (untested).
func (l *Lib) saveDispositions()    {}
func (l *Lib) restoreDispositions() {}
