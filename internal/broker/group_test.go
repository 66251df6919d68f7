package broker

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	kafka "github.com/segmentio/kafka-go"
)

// groupTopics are the topics of group tests: calls are spread, the rest goes
// together.
func groupTopics() map[string]int { return map[string]int{"calls": 4, "reference": 1, "files": 1} }

func groupConfig(instance string) GroupConfig {
	return GroupConfig{
		ID: "processors", Topics: []string{"calls", "reference", "files"}, Together: []string{"reference", "files"}, Instance: instance,
		SessionTimeout: 6 * time.Second, RebalanceTimeout: 30 * time.Second, Heartbeat: 100 * time.Millisecond,
	}
}

// longSession is longer than testGroup waits: nobody is taken for dead in it. The
// embedded log allows 5 minutes at most, Kafka 30.
const longSession = 5 * time.Minute

func ensureGroupTopics(t *testing.T, b *Broker) {
	t.Helper()
	for topic, n := range groupTopics() {
		ensure(t, b, topic, n)
	}
}

func join(t *testing.T, b *Broker, cfg GroupConfig) *Group {
	t.Helper()
	g, err := b.JoinGroup(testContext(t), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	return g
}

// follow takes assignments until one satisfies want, in the background: all
// members must call Next for a rebalance to end.
func follow(t *testing.T, g *Group, want func(*Assignment) bool) <-chan *Assignment {
	t.Helper()
	out := make(chan *Assignment, 1)
	ctx := testContext(t)
	go func() {
		defer close(out)
		for {
			a, err := g.Next(ctx)
			if err != nil {
				t.Error(err)
				return
			}
			if want(a) {
				out <- a
				return
			}
		}
	}()
	return out
}

func calls(n int) func(*Assignment) bool {
	return func(a *Assignment) bool { return len(a.Partitions["calls"]) == n }
}

func awaitDone(t *testing.T, a *Assignment) {
	t.Helper()
	select {
	case <-a.Done():
	case <-testContext(t).Done():
		t.Fatal("the assignment did not end")
	}
}

// testGroup lets instances come and go on two connections to the same log.
func testGroup(t *testing.T, b1, b2 *Broker) {
	ensureGroupTopics(t, b1)
	ctx := testContext(t)
	first, second := groupConfig("one"), groupConfig("two")
	first.SessionTimeout, second.SessionTimeout = longSession, longSession
	one := join(t, b1, first)
	a := <-follow(t, one, calls(4))
	if len(a.Partitions["reference"]) != 1 || len(a.Partitions["files"]) != 1 || a.Member == "" {
		t.Fatalf("alone: %+v", a)
	}
	if err := a.Alive(ctx); err != nil {
		t.Fatal(err)
	}
	if err := a.Commit(ctx, map[string]map[int]int64{"calls": {0: 5, 3: 7}}); err != nil {
		t.Fatal(err)
	}
	checkCommitted(t, b2, "calls", map[int]int64{0: 5, 3: 7})

	two := join(t, b2, second)
	given := follow(t, two, calls(2))
	awaitDone(t, a)
	// Nobody gets the partitions before the work on them has stopped.
	if err := a.Alive(ctx); err != nil {
		t.Fatalf("during the rebalance: %v", err)
	}
	select {
	case early := <-given:
		t.Fatalf("partitions %v were given away before the work on them had stopped", early.Partitions)
	case <-time.After(300 * time.Millisecond):
	}
	mine := <-follow(t, one, calls(2))
	other := <-given
	if !slices.Equal(mine.Partitions["calls"], []int{0, 1}) || !slices.Equal(other.Partitions["calls"], []int{2, 3}) {
		t.Errorf("shared as %v and %v", mine.Partitions, other.Partitions)
	}
	if len(mine.Partitions["reference"]) != 1 || len(other.Partitions["reference"]) != 0 || mine.Generation != other.Generation {
		t.Errorf("the control topics moved: %+v, %+v", mine, other)
	}
	if err := a.Alive(ctx); !errors.Is(err, ErrFenced) {
		t.Errorf("the former assignment: %v, want ErrFenced", err)
	}
	if err := a.Commit(ctx, map[string]map[int]int64{"calls": {0: 9}}); !errors.Is(err, ErrFenced) {
		t.Errorf("commit of the former assignment: %v, want ErrFenced", err)
	}
	testLeaving(t, one, two, mine)
}

// testLeaving lets two take over from one. Their sessions are longer than it waits.
func testLeaving(t *testing.T, one, two *Group, mine *Assignment) {
	ctx := testContext(t)
	if err := one.Close(); err != nil {
		t.Fatal(err)
	}
	awaitDone(t, mine)
	if err := mine.Alive(ctx); !errors.Is(err, ErrFenced) {
		t.Errorf("after leaving: %v, want ErrFenced", err)
	}
	var last *Assignment
	select {
	case last = <-follow(t, two, calls(4)):
	case <-time.After(longSession - time.Minute):
	}
	if last == nil {
		t.Fatal("nobody took over from one that left until its session would have ended")
	}
	if len(last.Partitions["reference"]) != 1 {
		t.Errorf("alone again: %v", last.Partitions)
	}
	if _, err := one.Next(ctx); !errors.Is(err, ErrClosed) {
		t.Errorf("next of a closed group: %v", err)
	}
}

// checkCommitted compares what Kafka's tools would show.
func checkCommitted(t *testing.T, b *Broker, topic string, want map[int]int64) {
	t.Helper()
	res, err := b.client.OffsetFetch(testContext(t), &kafka.OffsetFetchRequest{GroupID: "processors", Topics: map[string][]int{topic: {0, 1, 2, 3}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range res.Topics[topic] {
		if n, ok := want[p.Partition]; ok && n != p.CommittedOffset || !ok && p.CommittedOffset >= 0 {
			t.Errorf("partition %d is committed at %d", p.Partition, p.CommittedOffset)
		}
	}
}

// testGroupBeforeTopics joins while one topic cannot be known yet, as after a start
// on several brokers of which the coordinator has not heard of it: the partitions
// come without anybody joining or leaving.
func testGroupBeforeTopics(t *testing.T, b *Broker) {
	ensure(t, b, "calls", groupTopics()["calls"])
	ensure(t, b, "reference", groupTopics()["reference"])
	g := join(t, b, groupConfig("early"))
	given := follow(t, g, calls(4))
	awaitShared(t, b)
	ensure(t, b, "files", groupTopics()["files"])
	a := <-given
	if a == nil {
		t.FailNow()
	}
	if len(a.Partitions["files"]) != 1 || len(a.Partitions["reference"]) != 1 {
		t.Errorf("shared when all topics were there: %v", a.Partitions)
	}
	if err := a.Alive(testContext(t)); err != nil {
		t.Error(err)
	}
}

// awaitShared waits until the partitions have been shared once.
func awaitShared(t *testing.T, b *Broker) {
	t.Helper()
	for deadline := time.Now().Add(testTimeout); ; time.Sleep(10 * time.Millisecond) {
		res, err := b.client.DescribeGroups(testContext(t), &kafka.DescribeGroupsRequest{GroupIDs: []string{"processors"}})
		if err == nil && len(res.Groups) == 1 && res.Groups[0].GroupState == "Stable" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the group did not settle: %+v, %v", res, err)
		}
	}
}

func TestGroupBeforeTopicsEmbedded(t *testing.T) { testGroupBeforeTopics(t, openTest(t, Config{})) }

func TestGroupEmbedded(t *testing.T) {
	b := openTest(t, Config{})
	testGroup(t, b, b)
}

// testEviction throws an instance out of the group behind its back, as happens
// to one that was frozen for longer than the session timeout.
func testEviction(t *testing.T, b *Broker) {
	ensureGroupTopics(t, b)
	ctx := testContext(t)
	g := join(t, b, groupConfig("frozen"))
	a := <-follow(t, g, calls(4))
	if err := b.leaveGroup(ctx, "processors", a.Member); err != nil {
		t.Fatal(err)
	}
	if err := a.Alive(ctx); !errors.Is(err, ErrFenced) {
		t.Errorf("thrown out: %v, want ErrFenced", err)
	}
	awaitDone(t, a)
	again := <-follow(t, g, calls(4))
	if again.Member == a.Member {
		t.Errorf("came back as the same member %s", again.Member)
	}
	if err := again.Alive(ctx); err != nil {
		t.Error(err)
	}
}

func TestGroupEvictionEmbedded(t *testing.T) { testEviction(t, openTest(t, Config{})) }

func TestGroupEndsWithTheLog(t *testing.T) {
	b := openTest(t, Config{})
	ensureGroupTopics(t, b)
	g := join(t, b, groupConfig("one"))
	a := <-follow(t, g, calls(4))
	waiting := make(chan error)
	go func() {
		_, err := g.Next(context.Background())
		waiting <- err
	}()
	if err := b.Close(testContext(t)); err != nil {
		t.Fatal(err)
	}
	awaitDone(t, a)
	if err := <-waiting; !errors.Is(err, ErrClosed) {
		t.Errorf("next: %v", err)
	}
	if err := a.Alive(testContext(t)); !errors.Is(err, ErrClosed) {
		t.Errorf("alive: %v", err)
	}
	if _, err := b.JoinGroup(testContext(t), groupConfig("one")); !errors.Is(err, ErrClosed) {
		t.Errorf("join: %v", err)
	}
}

// TestGroupDoesNotWaitForever covers work that does not stop: the others get
// the partitions after the rebalance timeout, and the assignment is fenced.
func TestGroupDoesNotWaitForever(t *testing.T) {
	b := openTest(t, Config{})
	ensureGroupTopics(t, b)
	cfg := groupConfig("stuck")
	cfg.RebalanceTimeout = time.Second
	stuck := <-follow(t, join(t, b, cfg), calls(4))
	two := groupConfig("two")
	two.RebalanceTimeout = time.Second
	if a := <-follow(t, join(t, b, two), calls(2)); a == nil {
		t.Fatal("no assignment")
	}
	if err := stuck.Alive(testContext(t)); !errors.Is(err, ErrFenced) {
		t.Errorf("alive: %v, want ErrFenced", err)
	}
}

func TestGroupConfig(t *testing.T) {
	b := openTest(t, Config{})
	for name, cfg := range map[string]GroupConfig{
		"no id": {Topics: []string{"calls"}}, "no topics": {ID: "g"}, "unknown together": {ID: "g", Topics: []string{"calls"}, Together: []string{"files"}},
	} {
		if _, err := b.JoinGroup(testContext(t), cfg); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
