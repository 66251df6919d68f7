package broker

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"linesman/internal/kafkatest"
)

// envMember makes the test program take part in a group: the broker's address.
const envMember = "BROKER_TEST_MEMBER"

// shortSession is how long a dead instance keeps its partitions in these tests.
const shortSession = 2 * time.Second

func memberConfig(instance string) GroupConfig {
	cfg := groupConfig(instance)
	cfg.SessionTimeout = shortSession
	return cfg
}

// TestMemberProcess is the other process of TestKafkaInstanceDies. It prints its
// assignments, and for every line it is sent, whether the first still holds.
func TestMemberProcess(t *testing.T) {
	address := os.Getenv(envMember)
	if address == "" {
		t.Skip("this is not the other process")
	}
	b := openTest(t, Config{Mode: ModeCluster, Brokers: []string{address}})
	g := join(t, b, memberConfig("child"))
	first, err := g.Next(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("member assigned", len(first.Partitions["calls"]))
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		err := first.Alive(testContext(t))
		fmt.Println("member fenced", errors.Is(err, ErrFenced), err)
	}
}

// child is another process with a membership.
type child struct {
	cmd *exec.Cmd
	in  *os.File
	out *bufio.Scanner
}

func startChild(t *testing.T, address string) *child {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestMemberProcess$", "-test.v")
	cmd.Env = append(os.Environ(), envMember+"="+address)
	cmd.Stderr = os.Stderr
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdin = read
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = read.Close() // the child has it
	c := &child{cmd: cmd, in: write, out: bufio.NewScanner(out)}
	t.Cleanup(func() {
		_ = write.Close()
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // killed: its status says nothing
	})
	return c
}

// line waits for what the child says about itself.
func (c *child) line(t *testing.T) string {
	t.Helper()
	for c.out.Scan() {
		if said, ok := strings.CutPrefix(c.out.Text(), "member "); ok {
			return said
		}
	}
	t.Fatalf("the other process ended: %v", c.out.Err())
	return ""
}

func (c *child) signal(t *testing.T, s os.Signal) {
	t.Helper()
	if err := c.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// TestKafkaInstanceDies kills another process that holds partitions, and freezes
// one for longer than the session: it must find out before it writes.
func TestKafkaInstanceDies(t *testing.T) {
	k := kafkatest.Start(t, kafkatest.Options{})
	b := openTest(t, plainConfig(k))
	ensureGroupTopics(t, b)
	g := join(t, b, memberConfig("parent"))
	<-follow(t, g, calls(4))

	c := startChild(t, k.Plain[0])
	current := <-follow(t, g, calls(2))
	if got := c.line(t); got != "assigned 2" {
		t.Fatalf("the other process: %s", got)
	}
	killed := time.Now()
	c.signal(t, syscall.SIGKILL)
	awaitDone(t, current)
	<-follow(t, g, calls(4))
	t.Logf("a killed instance was replaced after %v, its session was %v", time.Since(killed).Round(time.Millisecond), shortSession)

	c = startChild(t, k.Plain[0])
	current = <-follow(t, g, calls(2))
	if got := c.line(t); got != "assigned 2" {
		t.Fatalf("the other process: %s", got)
	}
	c.signal(t, syscall.SIGSTOP)
	awaitDone(t, current)
	current = <-follow(t, g, calls(4))
	if len(current.Partitions["reference"]) != 1 {
		t.Errorf("not everything was taken over: %v", current.Partitions)
	}
	if _, err := c.in.WriteString("\n"); err != nil { // the first thing it does when it wakes up
		t.Fatal(err)
	}
	c.signal(t, syscall.SIGCONT)
	if got := c.line(t); !strings.HasPrefix(got, "fenced true") {
		t.Errorf("a frozen instance that woke up: %s", got)
	}
}
