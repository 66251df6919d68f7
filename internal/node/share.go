package node

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"linesman/internal/broker"
	"linesman/internal/config"
	"linesman/processors/pipeline"
	"linesman/processors/store"
	"linesman/schema"
)

// ErrOnlyCollects says that an instance has no store.
var ErrOnlyCollects = errors.New("this instance only collects (sharing.roles): ask one that processes")

// onlyCollects refuses commands that need the store on an instance that has none.
func (n *Node) onlyCollects(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n.pipeline == nil && r.URL.Path != "/v1/collect" && r.URL.Path != "/v1/status" && r.URL.Path != "/v1/doctor" {
			if r.URL.Path == "/v1/query" {
				http.Error(w, ErrOnlyCollects.Error(), http.StatusUnprocessableEntity)
				return
			}
			answer(w, func(func(Progress)) (any, error) { return nil, ErrOnlyCollects })
			return
		}
		h.ServeHTTP(w, r)
	})
}

// ErrShared says that a piece of work needs the whole log and store for itself.
var ErrShared = errors.New("other instances process this log at the same time: stop them, all but this one, and try again")

// member is the membership in the group of instances that share the log.
type member struct {
	mu    sync.Mutex
	group *broker.Group
	given *broker.Assignment
}

func (m *member) leave() error {
	m.mu.Lock()
	group := m.group
	m.group, m.given = nil, nil
	m.mu.Unlock()
	if group == nil {
		return nil
	}
	return group.Close()
}

func (m *member) set(group *broker.Group, given *broker.Assignment) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.group, m.given = group, given
}

func (m *member) assignment() *broker.Assignment {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.given
}

// instance names this instance.
func (n *Node) instance() string {
	if name := n.cfg.Sharing.Instance; name != "" {
		return name
	}
	host, _ := os.Hostname() // it is only a name for people
	dir, err := filepath.Abs(n.cfg.Data)
	if err != nil {
		dir = n.cfg.Data
	}
	return host + ":" + dir
}

// join begins to take part in a group.
func (n *Node) join(ctx context.Context, id string, topics, together []string) (*broker.Group, error) {
	return n.broker.JoinGroup(ctx, broker.GroupConfig{ID: id, Topics: topics, Together: together, Instance: n.instance(), SessionTimeout: n.cfg.Sharing.Session})
}

func (n *Node) joinProcessing(ctx context.Context) (*broker.Group, error) {
	return n.join(ctx, n.cfg.Sharing.Group, append(pipeline.Together(), pipeline.Spread()...), pipeline.Together())
}

// makeStore makes or finishes the structure of the store. Where instances share it one does so
// while the others wait: two that drop and create tables at the same time would drop each
// other's rows.
func (n *Node) makeStore(ctx context.Context) error {
	if !n.cfg.Shared() {
		return n.store.Repair(ctx)
	}
	if made, err := n.store.Made(ctx); err != nil || made {
		return err
	}
	group, err := n.join(ctx, n.cfg.Sharing.Group+"-structure", []string{schema.TopicReference}, []string{schema.TopicReference})
	if err != nil {
		return err
	}
	defer func() { _ = group.Close() }()
	for {
		given, err := group.Next(ctx)
		if err != nil {
			return fmt.Errorf("waiting for the turn to make the store's tables: %w", err)
		}
		if len(given.Partitions[schema.TopicReference]) > 0 {
			if made, err := n.store.Made(ctx); err != nil || made {
				return err
			}
			return n.store.Repair(ctx)
		}
		for over := false; !over; { // another one makes them
			made, err := n.store.Made(ctx)
			if err != nil || made {
				return err
			}
			select {
			case <-given.Done():
				over = true
			case <-time.After(look):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
}

// openPipeline opens the whole log, or the share that this instance has of it.
func (n *Node) openPipeline(ctx context.Context) error {
	if err := n.book.Open(ctx); err != nil {
		return err
	}
	if !n.cfg.Shared() {
		return n.pipeline.Open(ctx)
	}
	given := n.member.assignment()
	if given == nil {
		return errors.New("this instance has not joined the others")
	}
	return n.pipeline.Take(ctx, pipeline.Share{Owner: n.instance(), Partitions: given.Partitions})
}

// processShare runs pipeline and follower on what the group assigns, until ctx ends.
func (n *Node) processShare(ctx context.Context, ready func()) error {
	group, err := n.joinProcessing(ctx)
	if err != nil {
		return err
	}
	n.member.set(group, nil)
	n.setPaused(true)
	defer n.setPaused(false)
	for {
		given, err := group.Next(ctx)
		if err != nil {
			_ = n.member.leave() // all work has stopped: the others need not wait for the session to end
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		n.member.set(group, given)
		if err := n.carry(ctx, given, ready); err != nil {
			return errors.Join(err, n.member.leave())
		}
	}
}

// carry processes an assignment until it is over.
func (n *Node) carry(ctx context.Context, given *broker.Assignment, ready func()) error {
	held, cancel := whileHeld(ctx, given)
	defer cancel()
	for {
		if err := n.reopen(held, manyTries); err != nil {
			if held.Err() != nil {
				return nil
			}
			return err
		}
		p := n.start(held)
		ready()
		select {
		case <-held.Done():
			<-p.done
			return nil
		case <-p.done:
			p.cancel()
			if err := n.superseded(held, given, p.err); err != nil || held.Err() != nil {
				return err
			}
		case req := <-n.pauses:
			p.cancel()
			<-p.done
			req.err <- n.pausedShare(req.ctx, given, req.do)
		}
	}
}

// superseded decides what to do when the loops have ended. That another instance claimed a
// partition although this one has it by the group's word happens when one that was thought
// dead woke up between its assignment and its claims: then this one claims again.
func (n *Node) superseded(held context.Context, given *broker.Assignment, err error) error {
	if held.Err() != nil || err == nil {
		return nil
	}
	if !errors.Is(err, store.ErrSuperseded) {
		return err
	}
	for held.Err() == nil {
		alive := given.Alive(held)
		if alive == nil {
			n.log.Warn("a partition was claimed by another instance and is claimed again", "error", err)
			return nil
		}
		n.log.Warn("a partition was taken over, and whether the assignment holds is not known", "error", alive)
		_ = sleep(held, time.Second)
	}
	return nil
}

// whileHeld returns a context that ends with the assignment.
func whileHeld(ctx context.Context, given *broker.Assignment) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-given.Done():
			cancel(ErrShared)
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(nil) }
}

// pausedShare calls do when this instance has everything. It ends when another one joins.
func (n *Node) pausedShare(ctx context.Context, given *broker.Assignment, do func(ctx context.Context) error) error {
	if !holdsAll(given) {
		return ErrShared
	}
	ctx, cancel := whileHeld(ctx, given)
	defer cancel()
	err := do(ctx)
	if errors.Is(context.Cause(ctx), ErrShared) {
		return errors.Join(ErrShared, err)
	}
	return err
}

// asOnly calls do as the only instance, for commands that process without Run.
func (n *Node) asOnly(ctx context.Context, do func(ctx context.Context) error) error {
	if !n.cfg.Has(config.RoleProcess) {
		return fmt.Errorf("this instance does not process (sharing.roles): %w", ErrShared)
	}
	group, err := n.joinProcessing(ctx)
	if err != nil {
		return err
	}
	given, err := group.Next(ctx)
	if err != nil {
		return errors.Join(err, group.Close())
	}
	n.member.set(group, given)
	err = n.pausedShare(ctx, given, do)
	return errors.Join(err, n.member.leave())
}

// holdsAll tells whether an assignment is the whole log: no other instance is alive.
func holdsAll(given *broker.Assignment) bool {
	for _, t := range schema.Topics() {
		for p := range t.Partitions {
			if !slices.Contains(given.Partitions[t.Name], p) {
				return false
			}
		}
	}
	return true
}
