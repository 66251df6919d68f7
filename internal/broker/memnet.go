package broker

import (
	"context"
	"fmt"
	"net"
	"sync"
)

// dialFunc opens a connection, in the form kafka-go asks for.
type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// memNet is a network that exists only inside the process: listeners have
// names instead of ports and connections are pipes in memory. Nothing outside
// the process can reach the embedded log.
type memNet struct {
	mu        sync.Mutex
	listeners map[string]*memListener
}

func newMemNet() *memNet { return &memNet{listeners: make(map[string]*memListener)} }

// listen has the signature of net.Listen; the address asked for is replaced by
// a name of this network.
func (n *memNet) listen(_, _ string) (net.Listener, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	l := &memListener{
		name:   memAddr(fmt.Sprintf("embedded-%d:9092", len(n.listeners))),
		accept: make(chan net.Conn),
		done:   make(chan struct{}),
	}
	n.listeners[l.name.String()] = l
	return l, nil
}

// dial connects to a listener of this network.
func (n *memNet) dial(ctx context.Context, _, address string) (net.Conn, error) {
	n.mu.Lock()
	l := n.listeners[address]
	n.mu.Unlock()
	if l == nil {
		return nil, fmt.Errorf("dialing %s: no such listener in the process", address)
	}
	// Measured beside socket pairs and buffered pipes: both sides read and
	// write in large pieces, so nothing is faster than the plain pipe.
	client, server := net.Pipe()
	select {
	case l.accept <- memConn{Conn: server, local: l.name, remote: "client:0"}:
		return memConn{Conn: client, local: "client:0", remote: l.name}, nil
	case <-l.done:
		return nil, fmt.Errorf("dialing %s: %w", address, net.ErrClosed)
	case <-ctx.Done():
		return nil, fmt.Errorf("dialing %s: %w", address, ctx.Err())
	}
}

type memListener struct {
	name   memAddr
	accept chan net.Conn
	done   chan struct{}
	once   sync.Once
}

// Accept waits for the next connection.
func (l *memListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.accept:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// Close refuses further connections.
func (l *memListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

// Addr names the listener.
func (l *memListener) Addr() net.Addr { return l.name }

// memAddr is host:port of the in-memory network. It calls itself tcp because
// Kafka clients and servers parse it as such.
type memAddr string

func (memAddr) Network() string  { return "tcp" }
func (a memAddr) String() string { return string(a) }

type memConn struct {
	net.Conn
	local, remote memAddr
}

func (c memConn) LocalAddr() net.Addr  { return c.local }
func (c memConn) RemoteAddr() net.Addr { return c.remote }
