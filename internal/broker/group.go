package broker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	kafka "github.com/segmentio/kafka-go"
)

const (
	// Defaults of GroupConfig. Kafka's own default bounds allow sessions between
	// 6 s and 30 min.
	DefaultSessionTimeout   = 10 * time.Second
	DefaultRebalanceTimeout = 60 * time.Second
	DefaultHeartbeat        = time.Second

	// DefaultGroup is the group that instances share partitions in.
	DefaultGroup = "linesman"

	// joinBackoff is the pause before joining again after an error.
	joinBackoff = 500 * time.Millisecond
	// groupTimeout bounds one request to the coordinator of a group.
	groupTimeout = 5 * time.Second
	// leaveGrace is how long Close waits for a request in flight before it cuts
	// the connection.
	leaveGrace = 2 * time.Second
)

// GroupConfig says how an instance takes part in sharing partitions.
type GroupConfig struct {
	// ID names the group. All instances that share use the same.
	ID string
	// Topics are shared partition by partition.
	Topics []string
	// Together are those of Topics whose partitions all go to one and the same
	// instance.
	Together []string
	// Instance names this process in what Kafka's tools show. Partitions are
	// handed out in the order of the names.
	Instance string
	// SessionTimeout is after how long without a sign of life the others take
	// over; zero means DefaultSessionTimeout. The cluster's bounds are
	// group.min.session.timeout.ms and group.max.session.timeout.ms.
	SessionTimeout time.Duration
	// RebalanceTimeout bounds how long the group waits for an instance to stop
	// its work when partitions move; zero means DefaultRebalanceTimeout.
	RebalanceTimeout time.Duration
	// Heartbeat is the time between signs of life, and within which a rebalance
	// is noticed; zero means DefaultHeartbeat, at most a third of
	// SessionTimeout.
	Heartbeat time.Duration
}

func (c *GroupConfig) complete() error {
	if c.ID == "" || len(c.Topics) == 0 {
		return errors.New("joining a group: it needs an id and topics")
	}
	for _, t := range c.Together {
		if !slices.Contains(c.Topics, t) {
			return fmt.Errorf("joining group %s: topic %s is to go together with others but is not among the topics", c.ID, t)
		}
	}
	if c.SessionTimeout <= 0 {
		c.SessionTimeout = DefaultSessionTimeout
	}
	if c.RebalanceTimeout <= 0 {
		c.RebalanceTimeout = DefaultRebalanceTimeout
	}
	if c.Heartbeat <= 0 {
		c.Heartbeat = DefaultHeartbeat
	}
	c.Heartbeat = min(c.Heartbeat, c.SessionTimeout/3)
	return nil
}

// Group is the membership of this process in a group of instances that share
// the partitions of topics. Positions are not kept here: Kafka only says who
// reads what. Next is for one goroutine at a time; the rest is safe for
// concurrent use.
type Group struct {
	b        *Broker
	cfg      GroupConfig
	balancer *balancer
	members  *kafka.ConsumerGroup
	conns    *connSet
	next     sync.Mutex // held by Next

	mu      sync.Mutex
	current *Assignment
	closed  bool
}

// JoinGroup begins to take part in a group. The topics must exist. Errors of
// the cluster show in Next.
func (b *Broker) JoinGroup(ctx context.Context, cfg GroupConfig) (*Group, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	g := &Group{b: b, cfg: cfg, balancer: newBalancer(cfg.Instance, cfg.Together), conns: newConnSet(b.transport.Dial)}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil, ErrClosed
	}
	id := clientID
	if cfg.Instance != "" {
		id += "-" + cfg.Instance
	}
	members, err := kafka.NewConsumerGroup(kafka.ConsumerGroupConfig{
		ID: cfg.ID, Brokers: b.addrs, Topics: cfg.Topics, GroupBalancers: []kafka.GroupBalancer{g.balancer},
		Dialer: &kafka.Dialer{
			ClientID: id, Timeout: dialTimeout, DialFunc: g.conns.dial, TLS: b.transport.TLS, SASLMechanism: b.transport.SASL,
		},
		HeartbeatInterval: cfg.Heartbeat, SessionTimeout: cfg.SessionTimeout, RebalanceTimeout: cfg.RebalanceTimeout,
		JoinGroupBackoff: joinBackoff, Timeout: groupTimeout,
	})
	if err != nil {
		return nil, fmt.Errorf("joining group %s: %w", cfg.ID, err)
	}
	g.members = members
	b.groups[g] = struct{}{}
	return g, nil
}

// Next waits until this instance has a new assignment and returns it. Calling it
// says that all work on the partitions of the former one has stopped: the group
// waits for that, at most RebalanceTimeout, before others get them. Temporary
// errors are logged and met by joining again until ctx ends.
func (g *Group) Next(ctx context.Context) (*Assignment, error) {
	g.next.Lock()
	defer g.next.Unlock()
	g.mu.Lock()
	last := g.current
	g.mu.Unlock()
	if last != nil {
		select {
		case <-last.done: // else the caller waits for its end here
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		last.end()
	}
	for {
		gen, err := g.members.Next(ctx)
		switch {
		case errors.Is(err, kafka.ErrGroupClosed):
			return nil, ErrClosed
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err != nil && !rejoin(err):
			return nil, fmt.Errorf("taking part in group %s: %w", g.cfg.ID, err)
		case err != nil:
			g.b.log.Warn("joining the group failed, trying again", "group", g.cfg.ID, "error", err)
			continue
		}
		a, missing := g.begin(gen)
		if len(missing) > 0 {
			g.b.log.Warn("the coordinator does not know all topics yet, partitions are shared again", "group", g.cfg.ID, "missing", missing, "wait", joinBackoff)
			select {
			case <-a.done:
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		select {
		case <-a.done: // over before anybody saw it
			a.end()
			continue
		default:
		}
		g.b.log.Info("partitions assigned", "group", g.cfg.ID, "member", a.Member, "generation", a.Generation, "partitions", a.Partitions)
		return a, nil
	}
}

// rejoin tells whether joining again can help: temporary errors and those of a
// member that the coordinator does not know any more.
func rejoin(err error) bool {
	for _, code := range []kafka.Error{kafka.UnknownMemberId, kafka.IllegalGeneration, kafka.RebalanceInProgress, kafka.UnknownTopicOrPartition} {
		if errors.Is(err, code) {
			return true
		}
	}
	return temporary(err)
}

// begin makes an assignment of a generation and ties their ends together. Where
// this instance shared the partitions and the coordinator did not know all topics,
// as happens just after they were made, everybody's share is too small or empty,
// and Kafka would leave it so until somebody comes or goes: begin returns those
// topics and ends the generation after joinBackoff, so that all share again.
func (g *Group) begin(gen *kafka.Generation) (a *Assignment, missing []string) {
	missing = g.balancer.takeMissing()
	a = &Assignment{
		Generation: gen.ID, Member: gen.MemberID, Partitions: make(map[string][]int),
		group: g, done: make(chan struct{}), released: make(chan struct{}),
	}
	for topic, partitions := range gen.Assignments {
		for _, p := range partitions {
			a.Partitions[topic] = append(a.Partitions[topic], p.ID)
		}
		slices.Sort(a.Partitions[topic])
	}
	g.balancer.hold(a.Generation, a.Partitions)
	g.mu.Lock()
	g.current = a
	g.mu.Unlock()
	var again <-chan time.Time
	if len(missing) > 0 {
		again = time.After(joinBackoff)
	}
	// The generation joins the next one when this function returns.
	gen.Start(func(ctx context.Context) {
		select {
		case <-ctx.Done():
		case <-again:
		}
		close(a.done)
		g.awaitRelease(a)
	})
	return a, missing
}

// Close leaves the group at once, so that the others take over without waiting
// for SessionTimeout. All work on the partitions must have stopped. Closing
// twice is harmless.
func (g *Group) Close() error {
	g.mu.Lock()
	was, last := g.closed, g.current
	g.closed = true
	g.mu.Unlock()
	if was {
		return nil
	}
	if last != nil {
		last.end()
	}
	left := make(chan error, 1)
	go func() { left <- g.members.Close() }()
	var err error
	select {
	case err = <-left:
	case <-time.After(leaveGrace):
		// A request that waits for the coordinator, such as joining, cannot be
		// called back.
		g.conns.cut()
		if last != nil {
			g.leave(last.Member)
		}
		err = <-left
	}
	g.b.mu.Lock()
	delete(g.b.groups, g)
	g.b.mu.Unlock()
	if err != nil {
		return fmt.Errorf("leaving group %s: %w", g.cfg.ID, err)
	}
	return nil
}

// leave takes the last known member out of the group. Errors do not matter: the
// session timeout does the same later.
func (g *Group) leave(member string) {
	ctx, cancel := context.WithTimeout(context.Background(), groupTimeout)
	defer cancel()
	if err := g.b.leaveGroup(ctx, g.cfg.ID, member); err != nil {
		g.b.log.Warn("leaving the group failed; the others take over after the session timeout", "group", g.cfg.ID, "error", err)
	}
}
