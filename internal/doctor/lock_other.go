//go:build !linux

package doctor

func lockName(string) (string, bool) { return "", false }
