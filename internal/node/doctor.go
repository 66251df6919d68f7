package node

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"

	"linesman/ingest"
	"linesman/internal/broker"
	"linesman/internal/config"
	"linesman/internal/doctor"
	"linesman/internal/engine"
	"linesman/processors/pipeline"
	"linesman/processors/store"
	"linesman/schema"
)

// Names of the stages that others are told about.
const (
	hopStore = "store"
	hopLog   = "log"
)

// Doctor looks at every stage of the running node.
func (n *Node) Doctor(ctx context.Context) (doctor.Report, error) {
	n.watch.doctorMu.Lock()
	defer n.watch.doctorMu.Unlock()
	now := time.Now()
	activity := n.watch.activity(func(c string) string { return n.cfg.Path("inbox", c) })
	var found findings
	hops := []doctor.Hop{{Name: "configuration", Look: fixed(doctor.OK("valid when linesman started"))}}
	hops = append(hops, fileHops(n.cfg, now, activity)...)
	hops = append(hops, n.processHop(now))
	if n.cfg.Has(config.RoleCollect) {
		hops = append(hops, inboxHops(n.cfg, now, activity)...)
	}
	hops = append(hops, n.logHops(&found)...)
	hops = append(hops, n.clusterHops()...)
	if n.engine != nil { // else it only collects
		hops = append(hops, n.storeHops(now, &found)...)
	}
	hops = append(hops, n.archiveHop(now),
		doctor.Hop{Name: "console", Stuck: "restart linesman", Look: func(ctx context.Context) []doctor.Check {
			return doctor.LookConsole(ctx, n.watch.address(), true)
		}},
		doctor.Hop{Name: "clock", Needs: hopLog, Stuck: "see the stage log", Look: n.clock})
	if n.engine != nil {
		hops = append(hops, doctor.Hop{Name: "time zones", Needs: hopStore, Stuck: "see the stage store", Look: func(ctx context.Context) []doctor.Check {
			return doctor.LookZones(ctx, n.store.Conn(), n.cfg.Zone, now.Year())
		}}, n.gapsHop(now))
		hops = append(hops, n.caseHops()...)
	}
	r := doctor.Run(ctx, n.cfg.Doctor.Timeout, hops)
	r.Version, r.Running, r.Partitions = Version, true, found.take()
	n.watch.reportMu.Lock()
	defer n.watch.reportMu.Unlock()
	n.watch.report, n.watch.reportAt = r, time.Now()
	return r, nil
}

// place is a partition of the log.
type place struct {
	topic     string
	partition uint32
}

// findings are what stages leave for the report beside their checks. What comes after the
// report was made is dropped.
type findings struct {
	mu     sync.Mutex
	closed bool
	parts  []doctor.Partition
	judged map[place]uint64
}

func (f *findings) put(do func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.closed {
		do()
	}
}

func (f *findings) take() []doctor.Partition {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	for i := range f.parts {
		p := &f.parts[i]
		p.Judged = f.judged[place{p.Topic, uint32(p.Partition)}]
	}
	return f.parts
}

// reportLife is how long a report serves metrics and the console.
const reportLife = 15 * time.Second

// lastReport returns a report that is not old, and has a newer one made beside when it is
// getting old: whoever scrapes must not wait for a stage that does not answer.
func (n *Node) lastReport(ctx context.Context) doctor.Report {
	n.watch.reportMu.Lock()
	r, old := n.watch.report, time.Since(n.watch.reportAt)
	n.watch.reportMu.Unlock()
	switch {
	case len(r.Checks) == 0:
		r, _ = n.Doctor(ctx)
	case old > reportLife && n.watch.doctorMu.TryLock(): // nobody looks at present
		n.watch.doctorMu.Unlock()
		go func() { _, _ = n.Doctor(context.WithoutCancel(ctx)) }()
	}
	return r
}

func fixed(c doctor.Check) func(context.Context) []doctor.Check {
	return func(context.Context) []doctor.Check { return []doctor.Check{c} }
}

// fileHops look at what can be seen without a running node, too.
func fileHops(cfg config.Config, now time.Time, activity map[string]doctor.Activity) []doctor.Hop {
	hops := []doctor.Hop{{Name: "data directory", Path: true, Stuck: "look whether the disk of the data directory answers (mount, dmesg)",
		Look: func(context.Context) []doctor.Check { return doctor.DataDir(cfg.Data) }}}
	var places []doctor.Place
	if cfg.Broker.Mode == broker.ModeEmbedded {
		places = append(places, doctor.Place{Name: hopLog, Dir: cfg.Path("log")})
	}
	if cfg.Store.Mode == engine.ModeEmbedded {
		places = append(places, doctor.Place{Name: hopStore, Dir: cfg.Path("store")})
		hops = append(hops, doctor.Hop{Name: "library", Path: activity == nil, Look: func(context.Context) []doctor.Check {
			path, err := engine.CheckLibrary(cfg.Store.Library)
			return doctor.LookLibrary(path, err, activity != nil)
		}})
	}
	if len(places) == 0 {
		places = append(places, doctor.Place{Name: "inbox", Dir: cfg.Path("inbox")})
	}
	return append(hops, doctor.Hop{Name: "disk", Path: true, Stuck: "look whether the disk answers (mount, dmesg)",
		Look: func(context.Context) []doctor.Check { return doctor.Disk(places, cfg.Doctor.MinFree) }})
}

func (n *Node) processHop(now time.Time) doctor.Hop {
	ran := now.Sub(n.started).Round(time.Second)
	return doctor.Hop{Name: "process", Path: true, Look: fixed(doctor.OK("linesman %s, process %d, runs for %s", Version, os.Getpid(), ran))}
}

// inboxHops look at the inboxes, and what is collected at the moment.
func inboxHops(cfg config.Config, now time.Time, activity map[string]doctor.Activity) []doctor.Hop {
	var hops []doctor.Hop
	for _, c := range Collectors() {
		in := doctor.Inbox{Data: cfg.Data, Collector: c, Now: now, Mask: ingest.MaskName, Passing: passing}
		if a, ok := activity[c]; ok {
			in.Activity = &a
		}
		hops = append(hops, doctor.Hop{Name: "inbox " + c, Path: true, Stuck: "look whether the disk of the inbox answers (a network drive that is gone?)",
			Look: func(context.Context) []doctor.Check { return in.Look() }})
	}
	if activity != nil {
		hops = append(hops, doctor.Hop{Name: "collecting", Path: true, Look: fixed(doctor.Collecting(now, activity))})
	}
	return hops
}

// logHops look at the log and how far the store is behind it.
func (n *Node) logHops(found *findings) []doctor.Hop {
	stuck := "restart linesman"
	if n.cfg.Broker.Mode == broker.ModeCluster {
		stuck = "look whether the brokers can be reached from this machine"
	}
	hops := []doctor.Hop{{Name: hopLog, Path: true, Stuck: stuck, Look: func(ctx context.Context) []doctor.Check { return doctor.LookLog(ctx, n.broker) }},
		{Name: "damage", Needs: hopLog, Stuck: stuck, Look: func(ctx context.Context) []doctor.Check { return doctor.LookDamage(ctx, n.broker) }}}
	if !n.cfg.Has(config.RoleProcess) {
		return hops
	}
	return append(hops,
		doctor.Hop{Name: "lag", Path: true, Needs: hopLog, Stuck: stuck, Look: func(ctx context.Context) []doctor.Check {
			checks, parts := doctor.LookLag(ctx, n.progress, time.Now)
			found.put(func() { found.parts = parts })
			return checks
		}})
}

// storeHops look at the store and what rests on it.
func (n *Node) storeHops(now time.Time, found *findings) []doctor.Hop {
	stuck := "linesman restarts an engine that hangs by itself after about 45 s; if it comes back, look into its log and at the machine's memory"
	if n.cfg.Store.Mode == engine.ModeCluster {
		stuck = "look whether the servers can be reached from this machine"
	}
	hops := []doctor.Hop{
		{Name: hopStore, Path: true, Stuck: stuck, Look: func(ctx context.Context) []doctor.Check {
			steps, err := store.Migrations()
			if err != nil {
				return []doctor.Check{doctor.Bad("this build is broken", "%v", err)}
			}
			s := doctor.Store{Engine: n.engine, Query: n.store.Conn(), Database: n.cfg.Store.Database, Migration: steps[len(steps)-1].Number}
			if n.cfg.Store.Mode == engine.ModeEmbedded {
				s.MemoryLimit = n.cfg.Store.MemoryLimit
			}
			return s.Look(ctx)
		}},
	}
	if !n.cfg.Has(config.RoleProcess) {
		return hops
	}
	return append(hops, []doctor.Hop{
		{Name: "rules", Needs: hopStore, Stuck: stuck, Look: func(ctx context.Context) []doctor.Check { return n.following(ctx, now, found) }},
		{Name: "seals", Look: func(context.Context) []doctor.Check {
			s := n.Sealing()
			return doctor.LookSeals(doctor.Sealing{Every: n.cfg.Seal.Every, SealedAt: s.SealedAt, AppendAt: s.AppendAt, Error: s.Error, Anchor: s.AnchorErr, Waiting: s.Unwritten, Lost: s.Lost}, n.started, now)
		}},
	}...)
}

// progress tells how far each partition is, without asking the store.
func (n *Node) progress(ctx context.Context) ([]doctor.Partition, error) {
	lags, err := n.pipeline.Lags(ctx)
	if err != nil {
		return nil, err
	}
	counts := map[place]pipeline.Counts{}
	for _, c := range n.pipeline.Counts() {
		counts[place{c.Topic, c.Partition}] = c
	}
	out := make([]doctor.Partition, len(lags))
	for i, l := range lags {
		c := counts[place{l.Topic, l.Partition}]
		out[i] = doctor.Partition{Topic: l.Topic, Partition: int(l.Partition), Logged: l.Logged, Stored: l.Stored, Follows: pipeline.Judged(l.Topic),
			Failures: c.Failures, Error: c.Error, FailingSince: c.FailingSince}
	}
	n.watch.moves.Note(out, time.Now())
	return out, nil
}

// following asks how far roll-ups and rules are.
func (n *Node) following(ctx context.Context, now time.Time, found *findings) []doctor.Check {
	behind, judged, err := n.notJudged(ctx)
	if err != nil {
		return []doctor.Check{doctor.Bad("see the stage store", "not known: %v", err)}
	}
	found.put(func() { found.judged = judged })
	c := n.follower.Counts()
	return doctor.LookFollowing(doctor.Following{Behind: behind, LastAt: c.LastAt, LastTook: c.LastTook, FailingSince: c.FailingSince, Error: c.Error,
		Rules: len(n.rules.Rules())}, n.started, now)
}

// notJudged counts the stored records that are not in the roll-ups and judged yet, and says
// how far each partition is.
func (n *Node) notJudged(ctx context.Context) (behind uint64, judged map[place]uint64, err error) {
	rows, err := n.store.Conn().Query(ctx, "SELECT topic, partition, max(next) FROM evaluated GROUP BY topic, partition")
	if err != nil {
		return 0, nil, fmt.Errorf("asking how far was judged: %w", err)
	}
	defer func() { _ = rows.Close() }()
	judged = map[place]uint64{}
	for rows.Next() {
		var at place
		var next uint64
		if err := rows.Scan(&at.topic, &at.partition, &next); err != nil {
			return 0, nil, fmt.Errorf("asking how far was judged: %w", err)
		}
		judged[at] = next
	}
	for _, c := range n.pipeline.Counts() {
		if at := judged[place{c.Topic, c.Partition}]; pipeline.Judged(c.Topic) && c.Stored > at {
			behind += c.Stored - at
		}
	}
	return behind, judged, rows.Err()
}

// clock reads when the newest records of each partition were recorded.
func (n *Node) clock(ctx context.Context) []doctor.Check {
	h, err := n.broker.Health(ctx)
	if err != nil {
		return []doctor.Check{doctor.Bad("see the stage log", "not known: %v", err)}
	}
	var tails []doctor.Tail
	for _, t := range h.Topics {
		for _, p := range t.Partitions {
			if p.Next <= p.First || !ours(t.Name) {
				continue
			}
			tail, err := n.tail(ctx, t.Name, p)
			if err != nil {
				return []doctor.Check{doctor.Bad("run linesman verify: it reads the whole log", "the newest records of %s/%d cannot be read: %v", t.Name, p.Partition, err)}
			}
			tails = append(tails, tail)
		}
	}
	return doctor.LookClock(tails, time.Now())
}

// lastRecords is how many records of a partition the clock is compared with.
const lastRecords = 50

func ours(topic string) bool {
	return slices.ContainsFunc(schema.Topics(), func(t schema.Topic) bool { return t.Name == topic })
}

func (n *Node) tail(ctx context.Context, topic string, p broker.PartitionHealth) (doctor.Tail, error) {
	out := doctor.Tail{Topic: topic, Partition: p.Partition}
	r, err := n.broker.NewReader(ctx, topic, p.Partition, max(p.First, p.Next-lastRecords))
	if err != nil {
		return out, err
	}
	defer func() { _ = r.Close() }()
	recs, err := r.Fetch(ctx, lastRecords, time.Second)
	for _, rec := range recs {
		out.Times = append(out.Times, rec.Time)
	}
	return out, err
}

// Doctor asks the running node.
func (c *Client) Doctor(ctx context.Context) (out doctor.Report, err error) {
	return out, c.call(ctx, http.MethodGet, "/v1/doctor", nil, nil, &out)
}

// Diagnose looks at the data directory's running node, or, when there is none or it does not
// answer, at what can be seen from outside.
func Diagnose(ctx context.Context, cfg config.Config) doctor.Report {
	client, err := Dial(ctx, cfg.Data)
	if err != nil {
		return diagnoseAlone(ctx, cfg, true)
	}
	asked, cancel := context.WithTimeout(ctx, patience(cfg))
	defer cancel()
	r, err := client.Doctor(asked)
	if err != nil {
		return diagnoseAlone(ctx, cfg, asked.Err() == nil) // it went away, or it hangs
	}
	return r
}

// patience is how long a running node has to answer: all stages are looked at at the same
// time, and one more look may be under way before.
func patience(cfg config.Config) time.Duration { return 2*cfg.Doctor.Timeout + time.Second }

// diagnoseAlone looks from outside. refused says that nobody listens for commands.
func diagnoseAlone(ctx context.Context, cfg config.Config, refused bool) doctor.Report {
	now := time.Now()
	hops := []doctor.Hop{{Name: "configuration", Path: true, Look: fixed(doctor.OK("valid"))}}
	hops = append(hops, fileHops(cfg, now, nil)...)
	if _, err := os.Stat(cfg.Data); err == nil {
		hops = append(hops, doctor.Hop{Name: "process", Path: true, Look: func(context.Context) []doctor.Check {
			return doctor.NotRunning(cfg.Data, now, refused, patience(cfg))
		}})
		hops = append(hops, inboxHops(cfg, now, nil)...)
	}
	if refused && !doctor.Holder(cfg.Data).Held {
		hops = append(hops, doctor.Hop{Name: "console", Look: func(ctx context.Context) []doctor.Check {
			return doctor.LookConsole(ctx, cfg.Console.Listen, false)
		}})
	}
	hops = append(hops, doctor.Hop{Name: "time zones", Look: func(ctx context.Context) []doctor.Check {
		return doctor.LookZones(ctx, nil, cfg.Zone, now.Year())
	}})
	r := doctor.Run(ctx, cfg.Doctor.Timeout, hops)
	r.Version = Version
	return r
}
