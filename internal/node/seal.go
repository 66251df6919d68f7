package node

import (
	"linesman/processors/seal"
	"linesman/schema"
)

// sealed lists the partitions that this node seals: all of them, or none where another
// instance leads.
func (n *Node) sealed() map[string][]int {
	out := map[string][]int{}
	if n.cfg.Shared() && !n.pipeline.Leads() {
		return out
	}
	for _, t := range schema.Topics() {
		for p := range t.Partitions {
			out[t.Name] = append(out[t.Name], p)
		}
	}
	return out
}

// Sealing tells how the sealing of the log goes.
func (n *Node) Sealing() seal.Status { return n.sealer.Status() }
