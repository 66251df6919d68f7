//go:build unix && !linux

package engine

import "errors"

var errNoSandbox = errors.New("this system has no sandbox for the store's engine")

func enterSandbox(_, _, _ []string) error { return errNoSandbox }
