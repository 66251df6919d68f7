package broker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	kafka "github.com/segmentio/kafka-go"
)

// ErrFenced says that an assignment is no longer ours: the group went on
// without this instance.
var ErrFenced = errors.New("the assignment of partitions is over: others may have them now")

// Assignment is what this instance reads until Done.
type Assignment struct {
	// Generation counts the assignments of the group, Member is the name the
	// coordinator gave this instance. Together they tell it from a zombie.
	Generation int32
	Member     string
	// Partitions by topic, each in ascending order. It may be empty.
	Partitions map[string][]int

	group    *Group
	done     chan struct{}
	released chan struct{}
	release  sync.Once
}

// awaitRelease waits until the work on an assignment has stopped, and keeps the
// membership alive meanwhile.
func (g *Group) awaitRelease(a *Assignment) {
	limit := time.NewTimer(g.cfg.RebalanceTimeout * 3 / 4) // leaves time for the joining itself
	defer limit.Stop()
	beat := time.NewTicker(g.cfg.Heartbeat)
	defer beat.Stop()
	for {
		select {
		case <-a.released:
			return
		case <-limit.C:
			g.b.log.Warn("work on partitions did not stop in time, joining the group without waiting for it",
				"group", g.cfg.ID, "generation", a.Generation)
			return
		case <-beat.C:
			ctx, cancel := context.WithTimeout(context.Background(), g.cfg.SessionTimeout)
			err := a.Alive(ctx)
			cancel()
			if errors.Is(err, ErrFenced) || errors.Is(err, ErrClosed) {
				return // nothing to hold any more
			}
		}
	}
}

// end says that nobody works on the assignment any more.
func (a *Assignment) end() { a.release.Do(func() { close(a.released) }) }

// Done is closed as soon as the group begins to share anew, this instance lost
// its membership or contact, or the group was closed. Work should stop soon
// after; it need not stop at once: see Next.
func (a *Assignment) Done() <-chan struct{} { return a.done }

// Alive asks the coordinator whether this assignment still holds. Nil means
// that when the coordinator answered, nobody else had got any of its partitions.
// ErrFenced (by errors.Is) means that it is over; any other error that the
// coordinator could not be asked.
func (a *Assignment) Alive(ctx context.Context) error {
	if err := a.group.b.begin(); err != nil {
		return err
	}
	defer a.group.b.produces.Done()
	retry := retrier{pause: a.group.b.pause}
	for {
		err := a.group.b.heartbeat(ctx, a.group.cfg.ID, a.Generation, a.Member)
		if err == nil || errors.Is(err, kafka.RebalanceInProgress) {
			// During a rebalance a member keeps its partitions until it joins
			// again or is thrown out; from then on its generation is refused.
			return nil
		}
		if err = a.explain("asking whether the assignment holds", err); errors.Is(err, ErrFenced) || !retry.again(ctx, err) {
			return err
		}
	}
}

// Commit tells Kafka how far the partitions were processed: by topic and
// partition, the offset of the next record. It is for Kafka's own tools, which
// show the lag from it; nothing reads it back. It fails with ErrFenced when the
// assignment is over.
func (a *Assignment) Commit(ctx context.Context, positions map[string]map[int]int64) error {
	if err := a.group.b.begin(); err != nil {
		return err
	}
	defer a.group.b.produces.Done()
	req := kafka.OffsetCommitRequest{
		GroupID: a.group.cfg.ID, GenerationID: int(a.Generation), MemberID: a.Member, Topics: make(map[string][]kafka.OffsetCommit),
	}
	for topic, partitions := range positions {
		for p, offset := range partitions {
			req.Topics[topic] = append(req.Topics[topic], kafka.OffsetCommit{Partition: p, Offset: offset})
		}
	}
	if len(req.Topics) == 0 {
		return nil
	}
	res, err := a.group.b.client.OffsetCommit(ctx, &req)
	if err != nil {
		return a.explain("committing positions", err)
	}
	for topic, partitions := range res.Topics {
		for _, p := range partitions {
			if p.Error != nil {
				return a.explain(fmt.Sprintf("committing the position of topic %s partition %d", topic, p.Partition), p.Error)
			}
		}
	}
	return nil
}

// explain tells the end of an assignment from other errors.
func (a *Assignment) explain(doing string, err error) error {
	if errors.Is(err, kafka.UnknownMemberId) || errors.Is(err, kafka.IllegalGeneration) {
		return fmt.Errorf("group %s: %s: %w (%w)", a.group.cfg.ID, doing, ErrFenced, err)
	}
	return fmt.Errorf("group %s: %s: %w", a.group.cfg.ID, doing, err)
}
