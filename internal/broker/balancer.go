package broker

import (
	"cmp"
	"encoding/json"
	"slices"
	"sync"

	kafka "github.com/segmentio/kafka-go"
)

// balancerName is what instances agree on when they join. An instance with
// another way of sharing must use another name: Kafka then refuses the mixture.
const balancerName = "linesman"

// claim is what an instance tells the others when it joins: its name and what
// it held until now.
type claim struct {
	Instance   string           `json:"instance"`
	Generation int32            `json:"generation"`
	Held       map[string][]int `json:"held,omitempty"`
}

// balancer shares partitions between processor instances. Some topics go
// together to one instance, which decides for all (the leader); the rest is
// spread evenly, topic by topic and over all, and stays where it was as far as
// that allows. The result is a function of the members and their claims.
type balancer struct {
	together map[string]bool

	mu      sync.Mutex
	own     claim
	missing []string // topics that were wanted and unknown when this instance shared last
}

var _ kafka.GroupBalancer = (*balancer)(nil)

func newBalancer(instance string, together []string) *balancer {
	b := &balancer{together: make(map[string]bool), own: claim{Instance: instance, Generation: -1}}
	for _, t := range together {
		b.together[t] = true
	}
	return b
}

// hold remembers what the next claim says.
func (b *balancer) hold(generation int32, held map[string][]int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.own.Generation, b.own.Held = generation, held
}

// ProtocolName names the way of sharing.
func (b *balancer) ProtocolName() string { return balancerName }

// takeMissing returns the topics that members wanted and the coordinator did not
// know when this instance shared the partitions of the present generation.
func (b *balancer) takeMissing() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	missing := b.missing
	b.missing = nil
	return missing
}

// noteMissing keeps the wanted topics that have no partitions for takeMissing.
func (b *balancer) noteMissing(sharers []*sharer, partitions map[string][]int) {
	var missing []string
	for _, s := range sharers {
		for topic := range s.topics {
			if len(partitions[topic]) == 0 && !slices.Contains(missing, topic) {
				missing = append(missing, topic)
			}
		}
	}
	slices.Sort(missing)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.missing = missing
}

// UserData is the claim of this instance. It is asked for at every joining.
func (b *balancer) UserData() ([]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.missing = nil // of a sharing that came to nothing
	return json.Marshal(b.own)
}

// sharer is one member while partitions are shared.
type sharer struct {
	id     string
	claim  claim
	topics map[string]bool
	leader bool
	extras int // topics in which it has one partition more than others
	given  map[string][]int
}

// holds tells whether the member held a partition and may still know its state.
func (s *sharer) holds(topic string, partition int) bool {
	return slices.Contains(s.claim.Held[topic], partition)
}

func (s *sharer) give(topic string, partition int) {
	s.given[topic] = append(s.given[topic], partition)
}

// AssignGroups shares the partitions between the members.
func (b *balancer) AssignGroups(members []kafka.GroupMember, partitions []kafka.Partition) kafka.GroupMemberAssignments {
	sharers := newSharers(members)
	byTopic := make(map[string][]int)
	for _, p := range partitions {
		if !slices.Contains(byTopic[p.Topic], p.ID) {
			byTopic[p.Topic] = append(byTopic[p.Topic], p.ID)
		}
	}
	b.noteMissing(sharers, byTopic)
	var together, spread []string
	for topic, ids := range byTopic {
		slices.Sort(ids)
		if b.together[topic] {
			together = append(together, topic)
		} else {
			spread = append(spread, topic)
		}
	}
	slices.Sort(together)
	slices.Sort(spread)
	giveTogether(sharers, together, byTopic)
	spreadEvenly(sharers, spread, byTopic)

	out := make(kafka.GroupMemberAssignments, len(sharers))
	for _, s := range sharers {
		for _, ids := range s.given {
			slices.Sort(ids)
		}
		out[s.id] = s.given
	}
	return out
}

// newSharers orders the members by instance name and settles contradicting
// claims: an instance that was cut off may still claim what others got since.
func newSharers(members []kafka.GroupMember) []*sharer {
	sharers := make([]*sharer, 0, len(members))
	for _, m := range members {
		s := &sharer{id: m.ID, topics: make(map[string]bool), given: make(map[string][]int)}
		if err := json.Unmarshal(m.UserData, &s.claim); err != nil {
			s.claim = claim{Instance: m.ID, Generation: -1} // no claim that can be read is no claim
		}
		for _, t := range m.Topics {
			s.topics[t] = true
		}
		sharers = append(sharers, s)
	}
	slices.SortFunc(sharers, func(x, y *sharer) int {
		return cmp.Or(cmp.Compare(x.claim.Instance, y.claim.Instance), cmp.Compare(x.id, y.id))
	})
	latest := int32(-1)
	for _, s := range sharers {
		latest = max(latest, s.claim.Generation)
	}
	taken := make(map[topicPartition]bool)
	for _, s := range sharers {
		if s.claim.Generation != latest {
			s.claim.Held = nil
		}
		for topic, ids := range s.claim.Held {
			s.claim.Held[topic] = slices.DeleteFunc(ids, func(id int) bool {
				tp := topicPartition{topic, id}
				was := taken[tp]
				taken[tp] = true
				return was
			})
		}
	}
	return sharers
}

// giveTogether gives the control topics to one member: the one that has most of
// them already, else the first. A member that does not know all of them (an
// older version) gets them only when nobody does.
func giveTogether(sharers []*sharer, topics []string, partitions map[string][]int) {
	var leader *sharer
	best := -1
	for _, s := range sharers {
		rank := 0
		for _, t := range topics {
			if s.topics[t] {
				rank += 1000
			}
			for _, p := range partitions[t] {
				if s.holds(t, p) {
					rank++
				}
			}
		}
		if rank > best {
			leader, best = s, rank
		}
	}
	if leader == nil || len(topics) == 0 {
		return
	}
	leader.leader = true
	for _, t := range topics {
		for _, p := range partitions[t] {
			leader.give(t, p)
		}
	}
}

// spreadEvenly gives every member the same number of partitions of each topic.
// What is left over (the extras) goes to those with the fewest in all, the
// leader last: it has the control topics to do.
func spreadEvenly(sharers []*sharer, topics []string, partitions map[string][]int) {
	for _, t := range topics {
		takers := takersOf(sharers, t)
		if len(takers) == 0 {
			continue
		}
		left, quota := slices.Clone(partitions[t]), len(partitions[t])/len(takers)
		for _, s := range takers {
			left = take(s, t, left, quota, true)
		}
		extra := len(partitions[t]) % len(takers)
		for _, s := range takers {
			if before := s.extras; extra > 0 {
				left = takeExtra(s, t, left, quota, true)
				extra -= s.extras - before
			}
		}
		for _, s := range takers {
			left = take(s, t, left, quota, false)
		}
		for len(left) > 0 {
			left = takeExtra(slices.MinFunc(takers, func(x, y *sharer) int { return lighter(x, y, t) }), t, left, quota, false)
		}
	}
	for level(sharers, topics) {
	}
}

// level moves one extra from a member to another that has at least two fewer.
func level(sharers []*sharer, topics []string) bool {
	for _, t := range slices.Backward(topics) {
		for _, from := range sharers {
			for _, to := range takersOf(sharers, t) {
				if n := len(from.given[t]); from.extras > to.extras+1 && n > len(to.given[t]) {
					to.give(t, from.given[t][n-1])
					from.given[t] = from.given[t][:n-1]
					if n == 1 {
						delete(from.given, t)
					}
					from.extras--
					to.extras++
					return true
				}
			}
		}
	}
	return false
}

// lighter orders members by who should get one more partition of a topic.
func lighter(x, y *sharer, topic string) int {
	leads := func(s *sharer) int {
		if s.leader {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(len(x.given[topic]), len(y.given[topic])), cmp.Compare(x.extras, y.extras), cmp.Compare(leads(x), leads(y)))
}

// take moves partitions from left to s until it has quota of the topic: those
// it held, or any.
func take(s *sharer, topic string, left []int, quota int, held bool) []int {
	return slices.DeleteFunc(left, func(p int) bool {
		if len(s.given[topic]) >= quota || held && !s.holds(topic, p) {
			return false
		}
		s.give(topic, p)
		return true
	})
}

// takeExtra moves one partition beyond the quota.
func takeExtra(s *sharer, topic string, left []int, quota int, held bool) []int {
	before := len(left)
	left = take(s, topic, left, quota+1, held)
	if len(left) < before {
		s.extras++
	}
	return left
}

func takersOf(sharers []*sharer, topic string) []*sharer {
	var takers []*sharer
	for _, s := range sharers {
		if s.topics[topic] {
			takers = append(takers, s)
		}
	}
	return takers
}
