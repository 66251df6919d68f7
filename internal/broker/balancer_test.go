package broker

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	kafka "github.com/segmentio/kafka-go"
)

// member is an instance with a claim, in short.
type member struct {
	id, instance string
	generation   int32
	held         map[string][]int
	topics       []string // nil: all
}

func groupMember(t testing.TB, m member, topics []string) kafka.GroupMember {
	t.Helper()
	data, err := json.Marshal(claim{Instance: m.instance, Generation: m.generation, Held: m.held})
	if err != nil {
		t.Fatal(err)
	}
	if m.topics != nil {
		topics = m.topics
	}
	return kafka.GroupMember{ID: m.id, Topics: topics, UserData: data}
}

func partitionsOf(counts map[string]int) (parts []kafka.Partition, topics []string) {
	for topic, n := range counts {
		topics = append(topics, topic)
		for p := range n {
			parts = append(parts, kafka.Partition{Topic: topic, ID: p})
		}
	}
	rand.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	return parts, topics
}

func TestBalancer(t *testing.T) {
	counts := map[string]int{"calls": 4, "data": 1, "sms": 1, "reference": 1, "violations": 1, "files": 2}
	together := []string{"reference", "violations", "files"}
	control := func(m map[string][]int) map[string][]int {
		m["reference"], m["violations"], m["files"] = []int{0}, []int{0}, []int{0, 1}
		return m
	}
	all := control(map[string][]int{"calls": {0, 1, 2, 3}, "data": {0}, "sms": {0}})
	tests := []struct {
		name    string
		members []member
		want    map[string]map[string][]int
	}{
		{"one", []member{{id: "1", instance: "a"}}, map[string]map[string][]int{"1": all}},
		{"two new ones", []member{{id: "1", instance: "b"}, {id: "2", instance: "a"}}, map[string]map[string][]int{
			"2": control(map[string][]int{"calls": {0, 1}, "sms": {0}}), "1": {"calls": {2, 3}, "data": {0}}}},
		{"a second joins", []member{{id: "1", instance: "b", generation: 3, held: all}, {id: "2", instance: "a", generation: -1}}, map[string]map[string][]int{
			"1": control(map[string][]int{"calls": {0, 1}, "data": {0}}), "2": {"calls": {2, 3}, "sms": {0}}}},
		{"nothing moves without need", []member{
			{id: "1", instance: "a", generation: 7, held: map[string][]int{"calls": {1, 3}, "data": {0}}},
			{id: "2", instance: "b", generation: 7, held: control(map[string][]int{"calls": {0, 2}, "sms": {0}})}}, map[string]map[string][]int{
			"1": {"calls": {1, 3}, "data": {0}}, "2": control(map[string][]int{"calls": {0, 2}, "sms": {0}})}},
		{"the claim of one that was cut off does not count", []member{
			{id: "1", instance: "a", generation: 7, held: all},
			{id: "2", instance: "b", generation: 9, held: control(map[string][]int{"calls": {0, 2}})}}, map[string]map[string][]int{
			"1": {"calls": {1, 3}, "data": {0}}, "2": control(map[string][]int{"calls": {0, 2}, "sms": {0}})}},
		{"more instances than partitions", []member{
			{id: "1", instance: "a"}, {id: "2", instance: "b"}, {id: "3", instance: "c"}, {id: "4", instance: "d"}, {id: "5", instance: "e"},
			{id: "6", instance: "f"}, {id: "7", instance: "g"}}, map[string]map[string][]int{
			"1": control(map[string][]int{}), "2": {"calls": {0}}, "3": {"calls": {1}}, "4": {"calls": {2}}, "5": {"calls": {3}}, "6": {"data": {0}}, "7": {"sms": {0}}}},
		{"one that knows fewer topics", []member{
			{id: "1", instance: "a", topics: []string{"calls", "reference"}}, {id: "2", instance: "b"}}, map[string]map[string][]int{
			"1": {"calls": {0, 1}}, "2": control(map[string][]int{"calls": {2, 3}, "data": {0}, "sms": {0}})}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			parts, topics := partitionsOf(counts)
			var members []kafka.GroupMember
			for _, m := range tt.members {
				members = append(members, groupMember(t, m, topics))
			}
			rand.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
			got := newBalancer("x", together).AssignGroups(members, parts)
			if want := kafka.GroupMemberAssignments(tt.want); !reflect.DeepEqual(got, want) {
				t.Errorf("got  %v\nwant %v", got, want)
			}
		})
	}
}

func TestBalancerWithoutReadableClaim(t *testing.T) {
	parts, topics := partitionsOf(map[string]int{"calls": 2})
	got := newBalancer("x", nil).AssignGroups([]kafka.GroupMember{{ID: "1", Topics: topics, UserData: []byte("?")}, {ID: "2", Topics: topics}}, parts)
	if want := (kafka.GroupMemberAssignments{"1": {"calls": {0}}, "2": {"calls": {1}}}); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestBalancerHistories lets instances come and go at random. Every partition
// always has exactly one holder, the load is even, control topics stay together,
// and what one shares again without a change stays where it is.
func TestBalancerHistories(t *testing.T) {
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 1))
		counts := map[string]int{"reference": 1, "files": 1}
		for i := range 1 + rng.IntN(5) {
			counts[fmt.Sprint("t", i)] = 1 + rng.IntN(7)
		}
		parts, topics := partitionsOf(counts)
		b := newBalancer("x", []string{"reference", "files"})
		var members []member
		for step := range 12 {
			if len(members) == 0 || rng.IntN(2) == 0 {
				members = append(members, member{id: fmt.Sprint(step), instance: fmt.Sprint("i", rng.IntN(100)), generation: -1})
			} else if len(members) > 1 {
				members = append(members[:0], members[1:]...)
			}
			got := share(t, b, members, topics, parts)
			checkShares(t, got, counts, len(members))
			for i := range members {
				members[i].generation, members[i].held = int32(step), got[members[i].id]
			}
			if again := share(t, b, members, topics, parts); !reflect.DeepEqual(got, again) {
				t.Fatalf("seed %d step %d: sharing again moved partitions\n%v\n%v", seed, step, got, again)
			}
		}
	}
}

func share(t *testing.T, b *balancer, members []member, topics []string, parts []kafka.Partition) kafka.GroupMemberAssignments {
	t.Helper()
	var in []kafka.GroupMember
	for _, m := range members {
		in = append(in, groupMember(t, m, topics))
	}
	return b.AssignGroups(in, parts)
}

func checkShares(t *testing.T, got kafka.GroupMemberAssignments, counts map[string]int, members int) {
	t.Helper()
	seen := make(map[topicPartition]bool)
	leaders, low, high := 0, 1<<30, 0
	for id, given := range got {
		if n := len(given["reference"]) + len(given["files"]); n == 2 {
			leaders++
		} else if n != 0 {
			t.Fatalf("member %s has %d of the control topics", id, n)
		}
		total := 0
		for topic, ids := range given {
			for _, p := range ids {
				if tp := (topicPartition{topic, p}); seen[tp] {
					t.Fatalf("%v given twice", tp)
				} else {
					seen[tp] = true
				}
			}
			if topic == "reference" || topic == "files" {
				continue
			}
			total += len(ids)
			if most := (counts[topic] + members - 1) / members; len(ids) > most {
				t.Fatalf("member %s has %d of %d partitions of %s with %d members", id, len(ids), counts[topic], topic, members)
			}
		}
		low, high = min(low, total), max(high, total)
	}
	want := 0
	for _, n := range counts {
		want += n
	}
	if len(seen) != want || leaders != 1 || len(got) != members || high-low > 1 {
		t.Fatalf("%d of %d partitions, %d leaders, %d of %d members, loads %d to %d: %v", len(seen), want, leaders, len(got), members, low, high, got)
	}
}
