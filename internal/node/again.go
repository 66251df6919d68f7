package node

import (
	"context"
	"time"
)

// noticed bounds how long it takes until a dead engine is counted as started again.
const noticed = time.Second

// whileEngineDies calls do again as long as the engine ended meanwhile: while the program
// starts, too, the death of its child must not end it. do must be something that can be begun
// twice. An error while the engine lives is returned as it is.
func (n *Node) whileEngineDies(ctx context.Context, do func() error) error {
	for try := 1; ; try++ {
		before := n.engineStarts(ctx)
		err := do()
		if err == nil || try == someTries {
			return err
		}
		for end := time.Now().Add(noticed); n.engineStarts(ctx) == before; {
			if time.Now().After(end) {
				return err
			}
			if sleep(ctx, look) != nil {
				return err
			}
		}
		n.log.Warn("the store's engine ended while the store was opened: trying again", "error", err)
	}
}

func (n *Node) engineStarts(ctx context.Context) int {
	ctx, cancel := context.WithTimeout(ctx, noticed)
	defer cancel()
	h, _ := n.engine.Health(ctx) // the count is right even when the engine does not answer
	return h.Restarts
}
