package broker

import (
	"fmt"
	"testing"

	kafka "github.com/segmentio/kafka-go"
)

func TestMurmur2(t *testing.T) {
	// From Apache Kafka's UtilsTest.testMurmur2.
	for key, want := range map[string]int32{
		"21": -973932308, "foobar": -790332482, "a-little-bit-long-string": -985981536,
		"a-little-bit-longer-string": -1486304829, "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
		"abc": 479470107,
	} {
		if got := int32(murmur2([]byte(key))); got != want {
			t.Errorf("%q: %d, want %d", key, got, want)
		}
	}
}

func TestPartitionAgreesWithClient(t *testing.T) {
	b := &Broker{}
	balancer := kafka.Murmur2Balancer{Consistent: true}
	for n := 1; n <= 12; n++ {
		all := make([]int, n)
		for i := range all {
			all[i] = i
		}
		for i := range 500 {
			key := fmt.Appendf(nil, "%.*s%d", i%7, "abcdefg", i*i)
			if got, want := b.Partition(key, n), balancer.Balance(kafka.Message{Key: key}, all...); got != want {
				t.Fatalf("key %q of %d: %d, want %d", key, n, got, want)
			}
		}
	}
	if a, b := b.Partition(nil, 7), b.Partition([]byte{}, 7); a != b || a < 0 || a > 6 {
		t.Errorf("nil key %d, empty key %d", a, b)
	}
}
