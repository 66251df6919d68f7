// Package node puts the parts together: log, store, collectors, pipeline, rules and console
// on one data directory. The commands use it, or talk to the one that runs.
package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"linesman/ingest/collector"
	"linesman/internal/bridge"
	"linesman/internal/broker"
	"linesman/internal/config"
	"linesman/internal/engine"
	"linesman/internal/pseudonym"
	"linesman/processors/cases"
	"linesman/processors/follow"
	"linesman/processors/pipeline"
	"linesman/processors/policy"
	"linesman/processors/seal"
	"linesman/processors/store"
	"linesman/schema"
)

// Version is the program's version.
const Version = "0.1.0"

// Node is an open data directory. Close it when done.
type Node struct {
	cfg config.Config
	log *slog.Logger

	lock      *dirLock
	key       *pseudonym.Key
	broker    *broker.Broker
	engine    *engine.Engine
	store     *store.Store
	pipeline  *pipeline.Pipeline
	rules     *policy.Set
	evaluator *policy.Evaluator
	follower  *follow.Follower
	collector *collector.Collector
	sealer    *seal.Sealer
	book      *cases.Book
	started   time.Time

	mu      sync.Mutex
	serving bool       // Run is there to serve pauses
	alone   sync.Mutex // held by exclusive work while Run is not there
	pauses  chan pause

	archiving sync.Mutex // held while the log is archived
	restores  bool       // opened to be restored: works without the key

	backtests turn // held while a back-test is worked on
	reminding reminding
	reporting sync.Mutex // one round of monthly reports at a time
	posting   sync.Mutex // held while a voucher is published
	standing  standing   // of cases, for doctor and metrics

	watch *watch // for doctor and metrics

	member member // of the instances that share the log

	statusMu sync.Mutex
	status   Status
	statusAt time.Time
}

// Collectors lists the collectors by name, in the order of the documentation.
func Collectors() []string {
	return []string{"cucm", "itemised", "melior", "contacts", "reference", "invoices"}
}

// Open opens the data directory: it makes what is missing, applies migrations and finds
// every partition's place. It does not process anything yet.
func Open(ctx context.Context, cfg config.Config, log *slog.Logger) (*Node, error) {
	return open(ctx, cfg, log, store.New)
}

// OpenEmpty opens the data directory with an empty store: what was in it is dropped and has
// to be made anew from the log.
func OpenEmpty(ctx context.Context, cfg config.Config, log *slog.Logger) (*Node, error) {
	return open(ctx, cfg, log, store.NewEmpty)
}

type openStore func(context.Context, store.Engine, *slog.Logger, ...store.Option) (*store.Store, error)

func open(ctx context.Context, cfg config.Config, log *slog.Logger, st openStore) (*Node, error) {
	n := &Node{cfg: cfg, log: log, started: time.Now(), pauses: make(chan pause), watch: newWatch()}
	if err := n.open(ctx, st); err != nil {
		return nil, errors.Join(n.noteEnd(err, stageOpen), n.Close())
	}
	return n, n.forgetEnd(stageOpen)
}

func (n *Node) open(ctx context.Context, st openStore) (err error) {
	if err := os.MkdirAll(n.cfg.Data, 0o700); err != nil {
		return fmt.Errorf("making the data directory: %w", err)
	}
	if n.lock, err = lockDir(n.cfg.Data); err != nil {
		return err
	}
	if err := n.openKey(); err != nil {
		return err
	}
	if err := n.openParts(ctx); err != nil {
		return err
	}
	if n.engine == nil { // it only collects
		n.collector, err = n.newCollector(nil)
		return err
	}
	if n.cfg.Shared() {
		st = store.Attach // one of the instances makes it
	}
	err = n.whileEngineDies(ctx, func() error {
		n.store, err = st(ctx, n.watch.measured(n.engine), n.log, store.BeforeDrop(n.wholeLog))
		return err
	})
	if err == nil && n.cfg.Shared() {
		err = n.makeStore(ctx)
	}
	if err != nil {
		return err
	}
	if n.pipeline, err = pipeline.New(pipeline.Config{BatchRows: n.cfg.Pipeline.BatchRows, RerateRows: n.cfg.Pipeline.RerateRows}, n.broker, n.store, n.log); err != nil {
		return err
	}
	if err := n.openRules(); err != nil {
		return err
	}
	if n.collector, err = n.newCollector(nil); err != nil {
		return err
	}
	zone, err := time.LoadLocation(n.cfg.Zone)
	if err != nil {
		return fmt.Errorf("zone: %w", err)
	}
	if n.sealer, err = seal.New(seal.Config{Every: n.cfg.Seal.Every, AnchorFile: n.cfg.Seal.AnchorFile}, n.broker, n.log); err != nil {
		return err
	}
	n.follower = follow.New(follow.Config{Quiet: n.cfg.Restatements.Quiet, Zone: zone, Rules: n.rules.Digest()}, n.pipeline, n.broker, n.store, n.evaluator, n.log)
	n.book, err = n.newBook(zone)
	return err
}

// ErrKeyLost says that a log is there, but not the key of the pseudonyms in it.
var ErrKeyLost = errors.New("the key of the pseudonyms is missing, but the data directory has a log: with a new key every line would get a new id. " +
	"Restore pseudonym.key from a backup")

func (n *Node) keyLost() error {
	if _, err := os.Stat(n.cfg.Path("pseudonym.key")); !errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if _, err := os.Stat(n.cfg.Path("log", "data")); err == nil {
		return ErrKeyLost
	}
	return nil
}

// openParts opens log and store at the same time: each takes a while.
func (n *Node) openParts(ctx context.Context) error {
	var wg sync.WaitGroup
	var brokerErr, engineErr error
	wg.Go(func() {
		if n.broker, brokerErr = broker.Open(ctx, n.cfg.BrokerConfig(), n.log); brokerErr != nil {
			return
		}
		var specs []broker.TopicSpec
		for _, t := range schema.Topics() {
			specs = append(specs, broker.TopicSpec{Name: t.Name, Partitions: t.Partitions})
		}
		brokerErr = n.broker.EnsureTopics(ctx, specs)
	})
	if n.cfg.Has(config.RoleProcess) || n.cfg.Has(config.RoleConsole) {
		wg.Go(func() { n.engine, engineErr = engine.Open(ctx, n.cfg.EngineConfig(), n.log) })
	}
	wg.Wait()
	n.log.Debug("log and engine are open", "since_start", time.Since(n.started))
	return errors.Join(brokerErr, engineErr)
}

func (n *Node) openRules() (err error) {
	if n.rules, err = LoadRules(n.cfg.Policy); err != nil {
		return err
	}
	zone, err := time.LoadLocation(n.cfg.Zone)
	if err != nil {
		return fmt.Errorf("judging zone: %w", err)
	}
	n.evaluator, err = policy.New(policy.Config{Zone: n.cfg.Zone, Goals: bridge.NewJudge(n.store.Conn(), zone)}, n.store.Conn(), n.rules, n.log)
	return err
}

// Close closes what is open, in the order that loses nothing.
func (n *Node) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	var errs []error
	if n.pipeline != nil {
		n.pipeline.Close()
	}
	errs = append(errs, n.member.leave())
	if n.broker != nil {
		errs = append(errs, n.broker.Close(ctx))
	}
	if n.engine != nil {
		errs = append(errs, n.engine.Close(ctx))
	}
	if n.lock != nil {
		errs = append(errs, n.lock.release())
	}
	return errors.Join(errs...)
}

// Store returns the projection.
func (n *Node) Store() *store.Store { return n.store }

// Key returns the key of the pseudonyms.
func (n *Node) Key() *pseudonym.Key { return n.key }
