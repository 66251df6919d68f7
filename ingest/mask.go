package ingest

import "linesman/schema/personnummer"

// MaskName returns a file name as it may stand in messages, reports and the log. Where it
// holds what looks like a person's number, all runs of eight or more digits are masked.
func MaskName(name string) string {
	if !personnummer.Contains(name) {
		return name
	}
	out := []byte(name)
	for i := 0; i < len(out); {
		j := i
		for j < len(out) && digitOrDash(out, i, j) {
			j++
		}
		if j-i >= 8 {
			for k := i; k < j; k++ {
				out[k] = 'x'
			}
		}
		i = max(j, i+1)
	}
	if !personnummer.Contains(string(out)) {
		return string(out)
	}
	for i, c := range out { // written in some other way
		if c >= '0' && c <= '9' {
			out[i] = 'x'
		}
	}
	return string(out)
}

// digitOrDash takes a hyphen or plus inside a run of digits for a part of it: 800101-9802.
func digitOrDash(b []byte, from, at int) bool {
	c := b[at]
	if c >= '0' && c <= '9' {
		return true
	}
	return (c == '-' || c == '+') && at > from && at+1 < len(b) && b[at+1] >= '0' && b[at+1] <= '9'
}
