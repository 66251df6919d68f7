package broker

import (
	"context"
	"net"
	"sync"
)

// connSet remembers open connections, so that they can be cut.
type connSet struct {
	open dialFunc

	mu    sync.Mutex
	conns map[net.Conn]struct{}
}

func newConnSet(open dialFunc) *connSet {
	return &connSet{open: open, conns: make(map[net.Conn]struct{})}
}

func (s *connSet) dial(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := s.open(ctx, network, address)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns[c] = struct{}{}
	return &trackedConn{Conn: c, set: s}, nil
}

func (s *connSet) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		_ = c.Close() // what it carried is given up
	}
}

type trackedConn struct {
	net.Conn
	set *connSet
}

// Close closes the connection and forgets it.
func (c *trackedConn) Close() error {
	c.set.mu.Lock()
	delete(c.set.conns, c.Conn)
	c.set.mu.Unlock()
	return c.Conn.Close()
}
