// Package broker holds the log: topics of records that are only appended to.
//
// By default the log is embedded: a Kafka-protocol server runs inside the
// process, keeps its segments in a directory, flushes every batch to disk and
// is reached over in-memory connections, so no TCP port is opened. By
// configuration the same API speaks to an Apache Kafka cluster (3.x or newer).
// Everything goes through the segmentio/kafka-go client in both modes.
//
// Delivery is at least once: a produce call that fails half way, or whose
// answer is lost, may leave records in the log that the caller sends again.
// Callers tell duplicates apart by an id inside the record.
package broker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	kafka "github.com/segmentio/kafka-go"
)

// Modes of Config.Mode.
const (
	ModeEmbedded = "embedded" // server in the process, the default
	ModeCluster  = "cluster"  // Apache Kafka over the network
)

const (
	clientID = "linesman"

	// requestTimeout bounds one request and one connection attempt. It is far
	// above what a healthy broker needs; it exists so that a dead one is
	// noticed.
	requestTimeout = 30 * time.Second
	dialTimeout    = 10 * time.Second

	// minMessageBytes keeps a mistyped limit from making a batch per record.
	minMessageBytes = 16 << 10

	// clusterTTL is how long the picture of a cluster, such as who leads a
	// partition, is trusted. That of the embedded log never changes behind the
	// client's back.
	clusterTTL  = 5 * time.Second
	embeddedTTL = 5 * time.Minute
)

// Config says which log to open.
type Config struct {
	// Mode is ModeEmbedded (also when empty) or ModeCluster.
	Mode string

	// Dir is the directory of the embedded log. It is created when missing and
	// locked against a second process.
	Dir string
	// MaxBytes bounds the embedded log on disk, in bytes; zero means
	// DefaultMaxBytes. Produce refuses with ErrLogFull beyond it.
	MaxBytes int64
	// NoSync leaves flushing of the embedded log to the operating system. Only
	// for data that may be lost, such as in tests.
	NoSync bool

	// Brokers are the host:port addresses the cluster is found by.
	Brokers []string
	// TLS encrypts the connections to the cluster.
	TLS bool
	// TLSCAFile, TLSCertFile and TLSKeyFile are PEM files: the authority that
	// signed the brokers' certificates (empty: the system's authorities) and
	// the client's own certificate and key (empty: none).
	TLSCAFile, TLSCertFile, TLSKeyFile string
	// MaxMessageBytes is the cluster's message.max.bytes, or the topics'
	// max.message.bytes where that is smaller; zero means
	// DefaultMaxMessageBytes.
	MaxMessageBytes int
	// Replication is how many copies of a topic are made when it is created;
	// zero leaves it to the cluster (default.replication.factor).
	Replication int
	// Retention is after how long the cluster deletes records of topics that are
	// created here, counted from their recorded time; zero means never.
	Retention time.Duration
	// Groups are those that instances share partitions in, Session the session
	// timeout they ask for. Check tries whether they may be used; empty means
	// DefaultGroup, zero DefaultSessionTimeout.
	Groups  []string
	Session time.Duration

	// SASLMechanism is empty, PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512.
	SASLMechanism, SASLUser, SASLPassword string
}

// TopicSpec describes a topic that must exist.
type TopicSpec struct {
	Name       string
	Partitions int
	// Config are Kafka topic settings (retention.ms and so on) that replace what
	// the product would choose. They are used when the topic is created on a
	// cluster. The embedded log ignores them: it keeps everything up to
	// Config.MaxBytes.
	Config map[string]string
}

// Header is one key and value beside a record.
type Header struct {
	Key   string
	Value []byte
}

// Record is one entry of the log.
type Record struct {
	Key, Value []byte
	Headers    []Header
	// Time is when the fact was recorded, in UTC and whole milliseconds. When
	// zero, Produce uses the current time.
	Time time.Time
	// Offset is the record's position in its partition. Produce ignores it.
	Offset int64
}

// Broker is an open log. It is safe for concurrent use.
type Broker struct {
	cfg       Config
	log       *slog.Logger
	embedded  *embedded // nil in cluster mode
	transport *kafka.Transport
	client    *kafka.Client
	addrs     []string  // by which the log is found
	encoders  sync.Pool // of *encoder

	mu       sync.Mutex
	closed   bool
	readers  map[*Reader]struct{}
	groups   map[*Group]struct{}
	orders   map[topicPartition]*sync.Mutex
	produces sync.WaitGroup
	closing  chan struct{}
}

type topicPartition struct {
	topic     string
	partition int
}

// Open opens the log that cfg describes. The embedded log is replayed and
// locked; a cluster is contacted once so that wrong addresses or credentials
// show here and not later.
func Open(ctx context.Context, cfg Config, log *slog.Logger) (*Broker, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	b := &Broker{
		cfg:     cfg,
		log:     log,
		readers: make(map[*Reader]struct{}),
		groups:  make(map[*Group]struct{}),
		orders:  make(map[topicPartition]*sync.Mutex),
		closing: make(chan struct{}),
	}
	limit := b.messageBytes()
	b.encoders.New = func() any { return newEncoder(fastCodec(), limit) }
	var err error
	switch cfg.Mode {
	case "", ModeEmbedded:
		b.cfg.Mode = ModeEmbedded
		err = b.openEmbedded(ctx)
	case ModeCluster:
		err = b.openCluster()
	default:
		err = fmt.Errorf("log mode %q is unknown; use %q or %q", cfg.Mode, ModeEmbedded, ModeCluster)
	}
	if err != nil {
		return nil, err
	}
	if _, err := b.metadata(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("contacting the log: %w", b.cfg.hint(err)), b.Close(context.WithoutCancel(ctx)))
	}
	return b, nil
}

// openEmbedded starts the server in the process and the client that reaches it
// over the in-memory network.
func (b *Broker) openEmbedded(ctx context.Context) error {
	e, err := startEmbedded(ctx, b.cfg, b.log)
	if err != nil {
		return err
	}
	b.embedded = e
	b.connect(e.addrs, e.net.dial, security{}, embeddedTTL)
	return nil
}

// openCluster prepares the client of an external cluster.
func (b *Broker) openCluster() error {
	if len(b.cfg.Brokers) == 0 {
		return errors.New("log mode cluster needs at least one broker address (host:port)")
	}
	sec, err := newSecurity(b.cfg)
	if err != nil {
		return err
	}
	d := &net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}
	b.connect(b.cfg.Brokers, d.DialContext, sec, clusterTTL)
	return nil
}

// connect builds the client.
func (b *Broker) connect(addrs []string, dial dialFunc, sec security, ttl time.Duration) {
	b.transport = &kafka.Transport{
		Dial: dial, DialTimeout: dialTimeout, MetadataTTL: ttl,
		ClientID: clientID, TLS: sec.tls, SASL: sec.sasl,
	}
	b.addrs = addrs
	b.client = &kafka.Client{Addr: kafka.TCP(addrs...), Timeout: requestTimeout, Transport: b.transport}
}

// Close stops new calls, waits for running produces until ctx ends, closes the
// readers and then the embedded log. The order matters: a server that goes
// away under its clients leaves them retrying. Closing twice is harmless.
func (b *Broker) Close(ctx context.Context) error {
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return nil
	}
	b.closed = true
	close(b.closing)
	readers := make([]*Reader, 0, len(b.readers))
	for r := range b.readers {
		readers = append(readers, r)
	}
	groups := make([]*Group, 0, len(b.groups))
	for g := range b.groups {
		groups = append(groups, g)
	}
	b.mu.Unlock()

	var errs []error
	for _, g := range groups {
		if err := g.Close(); err != nil {
			errs = append(errs, err)
		}
	}
	done := make(chan struct{})
	go func() { b.produces.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
		errs = append(errs, fmt.Errorf("closing the log while produce calls run: %w", ctx.Err()))
	}
	for _, r := range readers {
		if err := r.Close(); err != nil {
			errs = append(errs, err)
		}
	}
	if b.transport != nil {
		b.transport.CloseIdleConnections()
	}
	if b.embedded != nil {
		errs = append(errs, b.embedded.close())
	}
	return errors.Join(errs...)
}

// begin registers a call that Close must wait for.
func (b *Broker) begin() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return ErrClosed
	}
	b.produces.Add(1)
	return nil
}

// pause waits for d, or less when ctx ends or the broker closes.
func (b *Broker) pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-b.closing:
		return ErrClosed
	}
}
