package main

import (
	"os"
	"strings"
	"syscall"

	"linesman/internal/node"
)

// selfCPU returns the CPU seconds of this process.
func selfCPU() float64 {
	var self syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &self) // cannot fail for oneself
	return seconds(self.Utime) + seconds(self.Stime)
}

// cpuSeconds adds the engine, a child that has not ended.
func cpuSeconds() float64 { return selfCPU() + node.ChildrenCPU() }

func seconds(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }

func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(text))[:3], " ")
}
