package doctor

import (
	"syscall"
	"time"
)

// changed is when a file was written, renamed or given other permissions last.
func changed(st *syscall.Stat_t) time.Time { return time.Unix(st.Ctim.Unix()) }
