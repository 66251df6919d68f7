package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
)

// gate stands in front of a broker on a TCP port: it can be open, cut (connections are closed
// and new ones, too) or a black hole (packets go in and nothing comes back).
type gate struct {
	mu    sync.Mutex
	state string
	moved *sync.Cond
	conns map[net.Conn]bool
}

const (
	gateOpen = "open"
	gateCut  = "cut"
	gateHole = "hole"
)

func newGate() *gate {
	g := &gate{state: gateOpen, conns: map[net.Conn]bool{}}
	g.moved = sync.NewCond(&g.mu)
	return g
}

// set changes the state. Connections that were in a black hole do not come back to life.
func (g *gate) set(state string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if state != gateHole {
		for c := range g.conns {
			_ = c.Close()
		}
	}
	g.state = state
	g.moved.Broadcast()
}

func (g *gate) listen(network, address string) (net.Listener, error) {
	l, err := net.Listen(network, address)
	return &gateListener{l, g}, err
}

type gateListener struct {
	net.Listener
	gate *gate
}

func (l *gateListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.gate.mu.Lock()
	defer l.gate.mu.Unlock()
	l.gate.conns[c] = true
	if l.gate.state == gateCut {
		_ = c.Close()
	}
	return &gateConn{c, l.gate}, nil
}

type gateConn struct {
	net.Conn
	gate *gate
}

// pass waits while the gate is a black hole.
func (c *gateConn) pass() {
	c.gate.mu.Lock()
	for c.gate.state == gateHole {
		c.gate.moved.Wait()
	}
	c.gate.mu.Unlock()
}

func (c *gateConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.pass()
	return n, err
}

func (c *gateConn) Write(p []byte) (int, error) {
	c.pass()
	return c.Conn.Write(p)
}

func (c *gateConn) Close() error {
	c.gate.mu.Lock()
	delete(c.gate.conns, c.Conn)
	c.gate.mu.Unlock()
	return c.Conn.Close()
}

// outage is how long parts are away: LINESMAN_OUTAGE, or what a test takes when it is not set.
func outage(t *testing.T, usual time.Duration) time.Duration {
	t.Helper()
	text := os.Getenv("LINESMAN_OUTAGE")
	if text == "" {
		return usual
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal("LINESMAN_OUTAGE:", err)
	}
	return d
}

// TestFaultBrokerAway takes the log away from a running linesman, in both ways a network can,
// for longer than requests are tried again.
func TestFaultBrokerAway(t *testing.T) {
	g := newGate()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.ListenFn(g.listen))
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	data := filepath.Join(t.TempDir(), "D")
	t.Setenv("LINESMAN_BROKER_MODE", "cluster")
	t.Setenv("LINESMAN_BROKER_BROKERS", cluster.ListenAddrs()[0])
	i := startUp(t, data)
	l := newLayout(t)
	drop(t, data, "cucm", "before", l.file(calls("before", 500)...))
	eventually(t, data, "SELECT count() FROM usage", "500")
	putAway(t, data) // its report is acknowledged, too
	rows := 500
	for _, away := range []struct {
		how   string
		usual time.Duration
	}{{gateCut, 35 * time.Second}, {gateHole, 45 * time.Second}} {
		g.set(away.how)
		said := len(i.errs.String())
		began := time.Now()
		const files, each = 5, 400
		for n := range files {
			name := fmt.Sprint(away.how, n)
			drop(t, data, "cucm", name, l.file(calls(name, each)...))
		}
		rows += files * each
		await(t, func() string { return "nothing says that the log is away: " + i.errs.String() }, func() bool {
			text := i.errs.String()[said:]
			return strings.Contains(text, "the log cannot be written, the inbox waits") || strings.Contains(text, "appending to the log failed, trying again")
		})
		t.Logf("%s: said after %v", away.how, time.Since(began).Round(time.Millisecond))
		for ; time.Since(began) < outage(t, away.usual); time.Sleep(100 * time.Millisecond) {
			select {
			case <-i.done:
				t.Fatalf("linesman ended because the log is away:\n%s", i.errs)
			default:
			}
			if left, _ := os.ReadDir(filepath.Join(data, "inbox", "cucm")); len(left) != files {
				t.Fatalf("%d of %d files are in the inbox while the log is away", len(left), files)
			}
		}
		// What is stored can be asked for all the while.
		if got := query(t, data, "SELECT count() FROM usage"); got != fmt.Sprint(rows-files*each) {
			t.Errorf("%s rows while the log is away, want %d", got, rows-files*each)
		}
		g.set(gateOpen)
		back := time.Now()
		eventually(t, data, "SELECT count(), uniqExact(event_id) FROM usage", fmt.Sprintf("%d\t%d", rows, rows))
		t.Logf("%s: everything there %v after the log came back", away.how, time.Since(back).Round(time.Millisecond))
		await(t, func() string { return "files stay in the inbox" }, func() bool {
			left, err := os.ReadDir(filepath.Join(data, "inbox", "cucm"))
			return err == nil && len(left) == 0
		})
	}
	settled(t, data)
	i.stop()
}
