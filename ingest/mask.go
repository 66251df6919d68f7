package ingest

// MaskName returns a file name as it may stand in messages, reports and the log: runs of
// eight or more digits are masked.
func MaskName(name string) string {
	out := []byte(name)
	for i := 0; i < len(out); {
		j := i
		for j < len(out) && (out[j] >= '0' && out[j] <= '9') {
			j++
		}
		if j-i >= 8 {
			for k := i; k < j; k++ {
				out[k] = 'x'
			}
		}
		i = max(j, i+1)
	}
	return string(out)
}
