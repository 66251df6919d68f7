package node

import (
	"context"
	"os"
	"strconv"
	"strings"

	"linesman/processors/policy"
)

// EvaluateAll judges every window of every rule and returns when that is done. It changes
// nothing: it is for measuring.
func (n *Node) EvaluateAll(ctx context.Context) error {
	_, err := n.evaluator.Evaluate(ctx, policy.Scope{All: true})
	return err
}

// MemoryUse is resident memory in bytes.
type MemoryUse struct{ Program, Engine int64 }

// Memory returns the resident memory of the program and of the engine's process.
func (n *Node) Memory(ctx context.Context) (MemoryUse, error) {
	h, err := n.engine.Health(ctx)
	return MemoryUse{Program: residentOf("self"), Engine: h.RSS}, err
}

func residentOf(pid string) int64 {
	text, err := os.ReadFile("/proc/" + pid + "/status")
	if err != nil {
		return 0
	}
	for _, line := range strings.Split(string(text), "\n") {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kb << 10
		}
	}
	return 0
}

// EngineCPU returns the CPU seconds that the engine's process has used.
func (n *Node) EngineCPU(ctx context.Context) (float64, error) {
	h, err := n.engine.Health(ctx)
	return processCPU(strconv.Itoa(h.PID)), err
}

// ChildrenCPU returns the CPU seconds of the children of this process.
func ChildrenCPU() float64 {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return 0
	}
	self, sum := strconv.Itoa(os.Getpid()), 0.0
	for _, e := range entries {
		if f := statFields(e.Name()); len(f) > 1 && f[1] == self {
			sum += processCPU(e.Name())
		}
	}
	return sum
}

// statFields returns what follows the name in /proc/PID/stat: state, parent, …
func statFields(pid string) []string {
	text, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return nil
	}
	_, rest, ok := strings.Cut(string(text), ") ")
	if !ok {
		return nil
	}
	return strings.Fields(rest)
}

// ticks is the kernel's unit of CPU time in /proc on every Linux platform of Go.
const ticks = 100

func processCPU(pid string) float64 {
	f := statFields(pid)
	if len(f) < 13 {
		return 0
	}
	user, _ := strconv.ParseFloat(f[11], 64)
	system, _ := strconv.ParseFloat(f[12], 64)
	return (user + system) / ticks
}
