package kafkatest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	kafka "github.com/segmentio/kafka-go"
)

// clusterID is what the data folders are formatted for.
const clusterID = "bGluZXNtYW4tdGVzdGluZw"

// node is one broker: its files, its addresses and, while it runs, its process.
type node struct {
	id                        int
	dir                       string
	plain, secure, controller string

	process *os.Process
	done    chan struct{} // closed when the process has ended
}

func (n *node) settingsFile() string { return filepath.Join(n.dir, "server.properties") }
func (n *node) logFile() string      { return filepath.Join(n.dir, "broker.log") }

// configure writes the settings: small, quick to start and to notice a member
// that is gone.
func (n *node) configure(opts Options, voters string, brokers int, keyStore string) error {
	replicas := fmt.Sprint(min(brokers, 3))
	s := map[string]string{
		"process.roles": "broker,controller", "node.id": fmt.Sprint(n.id), "controller.quorum.voters": voters,
		"listeners":                      fmt.Sprintf("PLAIN://%s,SECURE://%s,CONTROLLER://%s", n.plain, n.secure, n.controller),
		"advertised.listeners":           fmt.Sprintf("PLAIN://%s,SECURE://%s", n.plain, n.secure),
		"listener.security.protocol.map": "PLAIN:PLAINTEXT,SECURE:SASL_SSL,CONTROLLER:PLAINTEXT",
		"inter.broker.listener.name":     "PLAIN", "controller.listener.names": "CONTROLLER",
		"sasl.enabled.mechanisms":                             "SCRAM-SHA-256,SCRAM-SHA-512",
		"listener.name.secure.scram-sha-256.sasl.jaas.config": "org.apache.kafka.common.security.scram.ScramLoginModule required;",
		"listener.name.secure.scram-sha-512.sasl.jaas.config": "org.apache.kafka.common.security.scram.ScramLoginModule required;",
		"ssl.keystore.type":                                   "PEM", "ssl.keystore.location": keyStore,
		"log.dirs":                     filepath.Join(n.dir, "data"),
		"offsets.topic.num.partitions": "1", "offsets.topic.replication.factor": replicas,
		"group.initial.rebalance.delay.ms": "0", "group.min.session.timeout.ms": "500",
		"num.network.threads": "2", "num.io.threads": "2", "log.cleaner.enable": "true", "log.cleaner.dedupe.buffer.size": "4194304",
		"log.cleaner.io.buffer.size": "65536", "broker.session.timeout.ms": "3000", "broker.heartbeat.interval.ms": "500",
	}
	if opts.Authorize {
		s["authorizer.class.name"] = "org.apache.kafka.metadata.authorizer.StandardAuthorizer"
		s["super.users"] = "User:ANONYMOUS;User:" + Admin().Name
	}
	maps.Copy(s, opts.Config)
	var text strings.Builder
	for _, key := range slices.Sorted(maps.Keys(s)) {
		fmt.Fprintf(&text, "%s=%s\n", key, s[key])
	}
	if err := os.MkdirAll(n.dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(n.settingsFile(), []byte(text.String()), 0o644)
}

// command is a Java program of Kafka's. The first compiler alone and the serial
// collector start quickest and take least of a machine that runs the test too.
func (n *node) command(java, jars, class string, args ...string) *exec.Cmd {
	cmd := exec.Command(java, append([]string{
		"-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-Dorg.slf4j.simpleLogger.showDateTime=true",
		"-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS", "-Djava.awt.headless=true",
		"-cp", filepath.Join(jars, "*"), class,
	}, args...)...)
	cmd.Dir = n.dir
	endWithParent(cmd)
	return cmd
}

// format makes the data folder and puts the users into it.
func (n *node) format(java, jars string, users []User) error {
	args := []string{"format", "--cluster-id", clusterID, "--config", n.settingsFile()}
	for _, u := range users {
		for _, mechanism := range []string{"SCRAM-SHA-256", "SCRAM-SHA-512"} {
			args = append(args, "--add-scram", fmt.Sprintf("%s=[name=%q,password=%q]", mechanism, u.Name, u.Password))
		}
	}
	if out, err := n.command(java, jars, "kafka.tools.StorageTool", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("formatting the data folder of broker %d: %w\n%s", n.id, err, lastLines(out, 10))
	}
	return nil
}

// start runs the broker unless it runs already.
func (n *node) start(java, jars string) error {
	if n.process != nil {
		return nil
	}
	log, err := os.OpenFile(n.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	cmd := n.command(java, jars, "kafka.Kafka", n.settingsFile())
	cmd.Stdout, cmd.Stderr = log, log
	started := make(chan error)
	n.done = make(chan struct{})
	go func() {
		defer close(n.done)
		defer log.Close()
		keepThread() // the child's life hangs on the thread that started it
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ended is in its log
		}
	}()
	if err := <-started; err != nil {
		return err
	}
	n.process = cmd.Process
	return nil
}

// awaitReady waits until the broker answers and knows of all brokers.
func (n *node) awaitReady(ctx context.Context, brokers int) error {
	client := kafka.Client{Addr: kafka.TCP(n.plain), Timeout: 5 * time.Second, Transport: &kafka.Transport{MetadataTTL: 100 * time.Millisecond}}
	defer client.Transport.(*kafka.Transport).CloseIdleConnections()
	for {
		m, err := client.Metadata(ctx, &kafka.MetadataRequest{})
		if err == nil && len(m.Brokers) == brokers && m.Controller.Host != "" {
			return nil
		}
		select {
		case <-n.done:
			return errors.New("it ended")
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (n *node) signal(s os.Signal) error {
	if n.process == nil {
		return os.ErrProcessDone
	}
	return n.process.Signal(s)
}

// stop ends the broker in an orderly way.
func (n *node) stop() error {
	if n.process == nil {
		return nil
	}
	if err := n.signal(stopSignal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-n.done:
		n.process = nil
		return nil
	case <-time.After(stopTimeout):
		n.kill()
		return fmt.Errorf("it did not end within %v and was killed\n%s", stopTimeout, n.tail(20))
	}
}

// kill ends the broker at once.
func (n *node) kill() {
	if n.process != nil {
		_ = n.process.Kill() // it may be gone already
		<-n.done
		n.process = nil
	}
}

// tail gives the last lines of the broker's log.
func (n *node) tail(lines int) string {
	data, err := os.ReadFile(n.logFile())
	if err != nil {
		return err.Error()
	}
	return lastLines(data, lines)
}

func lastLines(data []byte, lines int) string {
	all := bytes.Split(bytes.TrimSpace(data), []byte("\n"))
	return string(bytes.Join(all[max(0, len(all)-lines):], []byte("\n")))
}

// freeAddress finds a port on loopback that nobody listens on. It lies below
// the ports that outgoing connections get, so that a restart finds it free too.
func freeAddress() (string, error) {
	for range 200 {
		address := fmt.Sprintf("127.0.0.1:%d", 15000+rand.IntN(15000))
		l, err := net.Listen("tcp", address)
		if err == nil {
			return address, l.Close()
		}
	}
	return "", errors.New("no free port found on loopback")
}
