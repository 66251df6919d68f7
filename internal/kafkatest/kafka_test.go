package kafkatest

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	kafka "github.com/segmentio/kafka-go"
)

func TestVersionOfTheScript(t *testing.T) {
	script, err := os.ReadFile("../../scripts/install-kafka.sh")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(script), "\nVERSION="+Version+"\n") {
		t.Errorf("scripts/install-kafka.sh installs another version than %s", Version)
	}
}

// TestRestart checks what other tests build on: what was there before a stop or
// a kill is there after it, on the same addresses.
func TestKafkaRestart(t *testing.T) {
	k := Start(t, Options{})
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	client := &kafka.Client{Addr: kafka.TCP(k.Plain...)}
	res, err := client.CreateTopics(ctx, &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{{Topic: "kept", NumPartitions: 3, ReplicationFactor: 1}}})
	if err != nil || res.Errors["kept"] != nil {
		t.Fatal(err, res)
	}
	for name, end := range map[string]func(){"stop": k.Stop, "kill": k.Kill} {
		end()
		if _, err := (&kafka.Dialer{}).DialContext(ctx, "tcp", k.Plain[0]); err == nil {
			t.Errorf("%s: the broker still listens", name)
		}
		k.Restart()
		m, err := client.Metadata(ctx, &kafka.MetadataRequest{Topics: []string{"kept"}})
		if err != nil || len(m.Topics) != 1 || len(m.Topics[0].Partitions) != 3 {
			t.Errorf("after %s: %+v, %v", name, m, err)
		}
	}
}
