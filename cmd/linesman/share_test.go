package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"

	"linesman/internal/engine"
	"linesman/internal/kafkatest"
)

// sharing is one Kafka and one ClickHouse for several instances.
type sharing struct {
	t      *testing.T
	engine *engine.Engine
	kafka  *kafkatest.Kafka // nil: the embedded log's server
	key    []byte           // of the pseudonyms
	dir    string
}

func newSharing(t *testing.T, key []byte) *sharing {
	t.Helper()
	e, err := engine.Open(t.Context(), engine.Config{Dir: t.TempDir(), Database: "shared"}, slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close(context.Background()) })
	handler, user, password, err := e.Server()
	if err != nil {
		t.Fatal(err)
	}
	store := httptest.NewServer(handler)
	t.Cleanup(store.Close)
	kafka, address := kafkaFor(t)
	env := []string{
		"LINESMAN_BROKER_MODE=cluster", "LINESMAN_BROKER_BROKERS=" + address, "LINESMAN_SHARING_SESSION=6s",
		"LINESMAN_STORE_MODE=cluster", "LINESMAN_STORE_ADDRS=" + store.Listener.Addr().String(), "LINESMAN_STORE_DATABASE=shared",
		"LINESMAN_STORE_USERNAME=" + user, "LINESMAN_STORE_PASSWORD=" + password,
		"LINESMAN_PIPELINE_BATCH_ROWS=40", // many ranges, so that there is always one on its way
	}
	for _, e := range env { // for commands too
		name, value, _ := strings.Cut(e, "=")
		t.Setenv(name, value)
	}
	return &sharing{t: t, engine: e, kafka: kafka, key: key, dir: t.TempDir()}
}

// kafkaFor starts Apache Kafka where these tests are asked for, else the embedded log's server
// on a port of its own.
func kafkaFor(t *testing.T) (*kafkatest.Kafka, string) {
	t.Helper()
	if os.Getenv("LINESMAN_KAFKA") == "1" {
		k := kafkatest.Start(t, kafkatest.Options{})
		return k, k.Plain[0]
	}
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	return nil, cluster.ListenAddrs()[0]
}

// launch starts an instance with some roles.
func (s *sharing) launch(name, roles string) *instance {
	s.t.Helper()
	data := filepath.Join(s.dir, name)
	if err := os.MkdirAll(data, 0o700); err != nil {
		s.t.Fatal(err)
	}
	write(s.t, filepath.Join(data, "pseudonym.key"), s.key)
	return launch(s.t, data, "LINESMAN_SHARING_ROLES="+roles, "LINESMAN_SHARING_INSTANCE="+name)
}

// value asks the store.
func (s *sharing) value(stmt string) string {
	s.t.Helper()
	var b strings.Builder
	if err := s.engine.QueryFormat(s.t.Context(), stmt, "TSV", map[string]string{"final": "1"}, &b); err != nil {
		return err.Error() // the tables come and go
	}
	return strings.TrimSpace(b.String())
}

// owners tells who owns the control topics, and who the partitions of usage.
func (s *sharing) owners() (leader, usage string) {
	return s.value("SELECT arrayStringConcat(arraySort(groupUniqArray(owner)), ' ') FROM claims WHERE topic NOT IN ('linesman.calls', 'linesman.data', 'linesman.sms')"),
		s.value("SELECT arrayStringConcat(arraySort(groupUniqArray(owner)), ' ') FROM claims WHERE topic IN ('linesman.calls', 'linesman.data', 'linesman.sms')")
}

// until waits for something in the store, while instances run.
func (s *sharing) until(what string, ok func() bool, is ...*instance) {
	s.t.Helper()
	await(s.t, func() string {
		leader, usage := s.owners()
		text := fmt.Sprintf("%s; leader %q, usage %q", what, leader, usage)
		for _, i := range is {
			text += "\n" + i.data + ":\n" + i.errs.String()
		}
		return text
	}, func() bool {
		for _, i := range is {
			select {
			case <-i.done:
				s.t.Fatalf("%s ended by itself:\n%s", i.data, i.errs)
			default:
			}
		}
		return ok()
	})
}

// TestSharedByInstances has instances share a Kafka and a ClickHouse: one joins, one is killed,
// one is stopped for longer than the others wait and wakes up as a zombie, the leader is
// killed while it moves rows. What comes of the files must be what one instance makes of them.
func TestSharedByInstances(t *testing.T) {
	region, calm, want := calmRun(t)
	files := handled(calm)

	s := newSharing(t, read(t, filepath.Join(calm, "pseudonym.key")))
	a, b := s.launch("a", "process"), s.launch("b", "process,console")
	s.until("both have partitions", func() bool { _, usage := s.owners(); return usage == "a b" }, a, b)
	collector := s.launch("collector", "collect")
	facts := feed(t, region, collector.data, "cucm", "itemised", "melior", "contacts", "invoices")
	at := func(n int) func() bool { return func() bool { return handled(collector.data) >= n } }

	// One is killed while it works.
	s.until("some files are collected", at(facts/6), a, b, collector)
	a.kill()
	s.until("the other one has taken over", func() bool { leader, usage := s.owners(); return leader == "b" && usage == "b" }, b, collector)
	// It comes back, and a third one with it.
	a = s.launch("a", "process")
	c := s.launch("c", "process")
	s.until("three share", func() bool { _, usage := s.owners(); return usage == "a b c" }, a, b, c, collector)
	if s.kafka != nil { // the broker restarts in mid-stream
		s.kafka.Kill()
		s.kafka.Restart()
		before := handled(collector.data)
		s.until("collecting goes on", func() bool { return before == facts || handled(collector.data) > before }, a, b, c, collector)
	}
	// The leader stands still until the others believe that it is dead, and goes on.
	s.freeze(b)
	s.until("two have taken over", func() bool { leader, usage := s.owners(); return leader != "b" && usage == "a c" }, a, c, collector)
	s.thaw(b)
	s.until("the zombie is back among them", func() bool { _, usage := s.owners(); return usage == "a b c" }, a, b, c, collector)
	s.until("the facts are collected", at(facts), a, b, c, collector)

	// Now comes who the lines belong to: every row moves, by the leader and by those that insert.
	s.until("there is a leader", func() bool { leader, _ := s.owners(); return leader == "a" || leader == "c" }, a, b, c, collector)
	if n := feed(t, region, collector.data, "reference"); facts+n != files {
		t.Fatalf("%d files", facts+n)
	}
	s.until("statements are collected", at(facts+2), a, b, c, collector)
	leading, other := a, c
	if leader, _ := s.owners(); leader == "c" {
		leading, other = c, a
	}
	leading.kill()
	s.until("there is another leader", func() bool { leader, _ := s.owners(); return leader == "b" || leader == filepath.Base(other.data) }, b, other, collector)
	s.until("everything is collected", at(files), b, other, collector)
	other.stop()
	s.until("one is left", func() bool { leader, usage := s.owners(); return leader == "b" && usage == "b" }, b, collector)
	var last result
	await(t, func() string { return last.err + last.out }, func() bool {
		last = linesman(t, "verify", "--data", b.data, "--json")
		return !strings.Contains(last.err, "other instances process this log")
	})
	settled(t, b.data)
	if got := outcomeOf(t, b.data); got != want {
		t.Errorf("shared:\n%+v\nalone:\n%+v", got, want)
	}
	if got := query(t, b.data, "SELECT count() - uniqExact(violation_id) FROM violations_current"); got != "0" {
		t.Errorf("%s violations stand twice", got)
	}
	t.Logf("%s claims, %s ranges of which %s count", s.value("SELECT uniqExact(epoch) FROM ranges"), s.value("SELECT count() FROM ranges"), s.value("SELECT count() FROM valid_ranges"))
	fails(t, []string{"only collects"}, "verify", "--data", collector.data)
	collector.stop()
	b.stop()
}

func (s *sharing) freeze(i *instance) {
	s.t.Helper()
	if err := i.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		s.t.Fatal(err)
	}
}

func (s *sharing) thaw(i *instance) {
	s.t.Helper()
	if err := i.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		s.t.Fatal(err)
	}
}
