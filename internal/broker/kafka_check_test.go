package broker

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	kafka "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol/metadata"

	"linesman/internal/kafkatest"
)

// createWrong makes a topic behind the product's back.
func createWrong(t *testing.T, b *Broker, name string, partitions, copies int, settings map[string]string) TopicSpec {
	t.Helper()
	tc := kafka.TopicConfig{Topic: name, NumPartitions: partitions, ReplicationFactor: copies}
	for k, v := range settings {
		tc.ConfigEntries = append(tc.ConfigEntries, kafka.ConfigEntry{ConfigName: k, ConfigValue: v})
	}
	res, err := b.client.CreateTopics(testContext(t), &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{tc}})
	if err != nil || res.Errors[name] != nil {
		t.Fatal(err, res.Errors[name])
	}
	return TopicSpec{Name: name, Partitions: partitions}
}

// check returns the findings as "severity topic setting", and fails unless
// every one says what is, what should be, why and what to do.
func check(t *testing.T, b *Broker, specs ...TopicSpec) []string {
	t.Helper()
	findings, err := b.Check(testContext(t), specs)
	if err != nil {
		t.Fatal(err)
	}
	var short []string
	for i, f := range findings {
		if f.Have == "" || f.Want == "" || f.Why == "" || f.Do == "" {
			t.Errorf("finding says too little: %+v", f)
		}
		if i > 0 && f.Severity.rank() < findings[i-1].Severity.rank() {
			t.Errorf("findings are not in order: %v after %v", f, findings[i-1])
		}
		t.Log(f)
		short = append(short, fmt.Sprintf("%s %s %s", f.Severity, f.Topic, f.Setting))
	}
	slices.Sort(short)
	return short
}

func wantFindings(t *testing.T, got []string, want ...string) {
	t.Helper()
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("found\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

func TestKafkaCheck(t *testing.T) {
	k := kafkatest.Start(t, kafkatest.Options{
		Users: []kafkatest.User{linesmanUser()}, Authorize: true, Config: map[string]string{"auto.create.topics.enable": "false"},
	})
	b := openTest(t, plainConfig(k))
	// Everything that cannot be mended by settings on one broker.
	const alone = "warning %s replication"
	t.Run("ours", func(t *testing.T) {
		ensure(t, b, "ours", 2)
		wantFindings(t, check(t, b, TopicSpec{Name: "ours", Partitions: 2}), fmt.Sprintf(alone, "ours"))
		old := []Record{{Value: []byte("restored"), Time: time.UnixMilli(1).UTC()}, {Value: []byte("ahead"), Time: time.Now().Add(50 * time.Hour)}}
		produce(t, b, "ours", 0, old)
	})
	t.Run("as the cluster makes them", func(t *testing.T) {
		spec := createWrong(t, b, "plain", 2, 1, nil)
		wantFindings(t, check(t, b, spec), fmt.Sprintf(alone, "plain"), "error plain "+setRetention, "warning plain "+setTimeAfter)
	})
	t.Run("all wrong", func(t *testing.T) {
		createWrong(t, b, "wrong", 3, 1, map[string]string{
			setCleanup: "compact,delete", setRetention: "3600000", setRetentionSize: "1000000", setTimeType: "LogAppendTime", setTimeBefore: "86400000",
			setTimeAfter: "1000", setUnclean: "true", setMaxMessage: "10000", setInSync: "2", setCompression: "gzip",
		})
		wantFindings(t, check(t, b, TopicSpec{Name: "wrong", Partitions: 1}), fmt.Sprintf(alone, "wrong"), "error wrong partitions", "error wrong "+setCleanup, "error wrong "+setRetention,
			"error wrong "+setRetentionSize, "error wrong "+setTimeType, "error wrong "+setTimeBefore, "warning wrong "+setTimeAfter,
			"error wrong "+setUnclean, "error wrong "+setMaxMessage, "error wrong "+setInSync, "note wrong "+setCompression)
	})
	t.Run("missing", func(t *testing.T) {
		wantFindings(t, check(t, b, TopicSpec{Name: "nowhere", Partitions: 1}), "error nowhere topic")
	})
	t.Run("records gone", func(t *testing.T) {
		ensure(t, b, "gone", 1)
		produce(t, b, "gone", 0, numbered(0, 10))
		deleteRecords(t, k.Plain[0], "gone", 0, 4)
		wantFindings(t, check(t, b, TopicSpec{Name: "gone", Partitions: 1}), fmt.Sprintf(alone, "gone"), "error gone first record")
	})
	t.Run("retention that is wanted", func(t *testing.T) {
		cfg := plainConfig(k)
		cfg.Retention = 400 * 24 * time.Hour
		b := openTest(t, cfg)
		ensure(t, b, "years", 1)
		wantFindings(t, check(t, b, TopicSpec{Name: "years", Partitions: 1}), fmt.Sprintf(alone, "years"))
		cfg.Retention *= 2
		wantFindings(t, check(t, openTest(t, cfg), TopicSpec{Name: "years", Partitions: 1}), fmt.Sprintf(alone, "years"), "error years "+setRetention)
	})
	t.Run("rights", func(t *testing.T) { testKafkaRights(t, k, b) })
	t.Run("a group before its topics", func(t *testing.T) { testGroupBeforeTopics(t, b) })
	t.Run("over connections from before a restart", func(t *testing.T) {
		k.Kill()
		k.Restart()
		awaitFindings(t, b, TopicSpec{Name: "ours", Partitions: 2}, fmt.Sprintf(alone, "ours"))
	})
}

// testKafkaRights gives a user more and more rights, each time what the last
// check asked for.
func testKafkaRights(t *testing.T, k *kafkatest.Kafka, admin *Broker) {
	ensure(t, admin, "guarded", 1)
	spec := TopicSpec{Name: "guarded", Partitions: 1}
	limited := openTest(t, secureConfig(k, "SCRAM-SHA-512"))
	allow := func(kind kafka.ResourceType, name string, operations ...kafka.ACLOperationType) {
		t.Helper()
		var req kafka.CreateACLsRequest
		for _, op := range operations {
			req.ACLs = append(req.ACLs, kafka.ACLEntry{
				ResourceType: kind, ResourceName: name, ResourcePatternType: kafka.PatternTypeLiteral, Principal: "User:" + linesmanUser().Name,
				Host: "*", Operation: op, PermissionType: kafka.ACLPermissionTypeAllow,
			})
		}
		if res, err := admin.client.CreateACLs(testContext(t), &req); err != nil || res.Errors[0] != nil {
			t.Fatal(err, res)
		}
	}
	const hiddenBroker, group = "note  broker 1", "error  group " + DefaultGroup
	wantFindings(t, check(t, limited, spec), hiddenBroker, group, "error guarded topic")

	allow(kafka.ResourceTypeTopic, "guarded", kafka.ACLOperationTypeDescribe)
	awaitFindings(t, limited, spec, hiddenBroker, group, "note guarded settings", "error guarded rights", "warning guarded replication")

	allow(kafka.ResourceTypeTopic, "guarded", kafka.ACLOperationTypeRead, kafka.ACLOperationTypeWrite, kafka.ACLOperationTypeDescribeConfigs)
	allow(kafka.ResourceTypeGroup, DefaultGroup, kafka.ACLOperationTypeRead)
	awaitFindings(t, limited, spec, hiddenBroker, "warning guarded replication")
	fresh := openTest(t, secureConfig(k, "SCRAM-SHA-512")) // the other one remembers for a while that there is nothing
	ensure(t, fresh, "guarded", 1)
	produce(t, fresh, "guarded", 0, numbered(0, 5))
	checkNumbered(t, readAll(t, fresh, "guarded", 0, 0, 5, 5), 0)

	allow(kafka.ResourceTypeCluster, "kafka-cluster", kafka.ACLOperationTypeDescribeConfigs)
	awaitFindings(t, limited, spec, "warning guarded replication")
}

// awaitFindings checks until every broker of the cluster has taken in what was done.
func awaitFindings(t *testing.T, b *Broker, spec TopicSpec, want ...string) {
	t.Helper()
	slices.Sort(want)
	deadline := time.Now().Add(time.Minute)
	for {
		got := check(t, b, spec)
		if slices.Equal(got, want) {
			return
		}
		if time.Now().After(deadline) {
			wantFindings(t, got, want...)
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// TestKafkaThreeBrokers checks copies: what is created, what Check says of it,
// and that producing and reading go on when one broker after the other is
// killed.
func TestKafkaThreeBrokers(t *testing.T) {
	k := kafkatest.Start(t, kafkatest.Options{Brokers: 3, Config: map[string]string{"default.replication.factor": "3"}})
	cfg := plainConfig(k)
	b := openTest(t, cfg)
	const auto = "warning  auto.create.topics.enable"
	specs := []TopicSpec{{Name: "three", Partitions: 3}}
	ensure(t, b, "three", 3)
	awaitFindings(t, b, specs[0], auto, auto, auto)
	cfg.Replication = 2
	ensure(t, openTest(t, cfg), "two", 1)
	two := TopicSpec{Name: "two", Partitions: 1}
	awaitFindings(t, b, two, auto, auto, auto, "warning two replication", "note two "+setInSync)
	one := createWrong(t, b, "one", 1, 1, map[string]string{setRetention: "-1", setTimeAfter: strconv.Itoa(anyTime)})
	awaitFindings(t, b, one, auto, auto, auto, "error one replication")
	weak := createWrong(t, b, "weak", 1, 3, map[string]string{setRetention: "-1", setTimeAfter: strconv.Itoa(anyTime), setInSync: "1"})
	awaitFindings(t, b, weak, auto, auto, auto, "error weak "+setInSync)

	stream := startStream(t, b, b, "three", 0)
	ensureGroupTopics(t, b)
	group := join(t, openTest(t, cfg), groupConfig("one"))
	current := <-follow(t, group, calls(4))
	for i := range k.Plain {
		stream.awaitMore(t, 20)
		k.KillBroker(i)
		stream.awaitMore(t, 20)
		// Whoever comes now finds the cluster by the brokers that are left, and the
		// group goes on with another coordinator.
		late := openTest(t, cfg)
		if _, _, err := late.Offsets(testContext(t), "three", 0); err != nil {
			t.Errorf("opened while broker %d is down: %v", i+1, err)
		}
		current = awaitAlive(t, group, current)
		if i == 1 {
			awaitMissing(t, b, specs)
		}
		k.Restart()
		awaitInSync(t, b, "three", "calls", "reference", "files", "__consumer_offsets")
	}
	stream.awaitMore(t, 20)
	stream.end(t)
}

// awaitInSync waits until every copy of some topics is kept up. A broker that was started
// again is listed long before that; killing the next one then could take the last copy.
func awaitInSync(t *testing.T, b *Broker, topics ...string) {
	t.Helper()
	for deadline := time.Now().Add(testTimeout); ; time.Sleep(100 * time.Millisecond) {
		res, err := b.ask(testContext(t), topics)
		if err == nil && len(res.Topics) == len(topics) && !slices.ContainsFunc(res.Topics, behind) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not every copy is kept up: %+v, %v", res, err)
		}
	}
}

// behind tells whether a topic lacks partitions, leaders or copies that are kept up.
func behind(topic metadata.ResponseTopic) bool {
	return len(topic.Partitions) == 0 || slices.ContainsFunc(topic.Partitions, func(p metadata.ResponsePartition) bool {
		return p.LeaderID < 0 || len(p.IsrNodes) < len(p.ReplicaNodes)
	})
}

// awaitMissing waits until Check tells of the copy that is not kept up: a broker learns it
// some time after the leader.
func awaitMissing(t *testing.T, b *Broker, specs []TopicSpec) {
	t.Helper()
	for deadline := time.Now().Add(testTimeout); ; time.Sleep(100 * time.Millisecond) {
		findings, err := b.Check(testContext(t), specs)
		if err != nil {
			t.Fatalf("one broker is down: %v", err)
		}
		if slices.ContainsFunc(findings, func(f Finding) bool { return f.Setting == "in-sync replicas" && f.Topic == "three" }) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("one broker is down, found %v", findings)
		}
	}
}

// awaitAlive waits until a member has an assignment that holds, the one it had
// or a new one.
func awaitAlive(t *testing.T, g *Group, a *Assignment) *Assignment {
	t.Helper()
	for {
		err := a.Alive(testContext(t))
		if err == nil {
			return a
		}
		if !errors.Is(err, ErrFenced) {
			t.Fatal(err)
		}
		if a = <-follow(t, g, calls(4)); a == nil {
			t.FailNow()
		}
	}
}
