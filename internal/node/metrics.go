package node

import (
	"context"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"linesman/internal/broker"
	"linesman/internal/config"
	"linesman/internal/doctor"
	"linesman/internal/engine"
	"linesman/processors/store"
	"linesman/schema"
)

// scrapeTimeout bounds what a scrape waits for log and store; a store that hangs must not
// take the other metrics with it.
const scrapeTimeout = 3 * time.Second

// metrics reads the node when somebody scrapes: nothing is counted twice.
type metrics struct {
	node *Node
	desc map[string]*prometheus.Desc
	kind map[string]prometheus.ValueType
}

func collectorOf(n *Node) prometheus.Collector {
	m := &metrics{node: n, desc: map[string]*prometheus.Desc{}, kind: map[string]prometheus.ValueType{}}
	for _, d := range Metrics() {
		switch d.Name {
		case metricInserts, metricInsertErrors:
			continue
		}
		m.desc[d.Name] = prometheus.NewDesc(d.Name, d.Help, d.Labels, nil)
		m.kind[d.Name] = prometheus.GaugeValue
		if d.Kind == counter {
			m.kind[d.Name] = prometheus.CounterValue
		}
	}
	return m
}

// Describe implements prometheus.Collector.
func (m *metrics) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range m.desc {
		ch <- d
	}
	m.node.watch.inserts.Describe(ch)
	m.node.watch.failed.Describe(ch)
}

// scrape is one reading.
type scrape struct {
	*metrics
	ch  chan<- prometheus.Metric
	now time.Time
}

// Collect implements prometheus.Collector.
func (m *metrics) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	s := scrape{m, ch, time.Now()}
	s.put("linesman_build_info", 1, Version)
	s.put("linesman_start_timestamp_seconds", seconds(m.node.started))
	s.hops(ctx)
	s.inbox()
	s.log(ctx)
	s.pipeline(ctx)
	s.following()
	if m.node.cfg.Has(config.RoleProcess) {
		s.seals()
	}
	s.store(ctx)
	s.cases(ctx)
	m.node.watch.inserts.Collect(ch)
	m.node.watch.failed.Collect(ch)
}

func (s *scrape) put(name string, v float64, labels ...string) {
	s.ch <- prometheus.MustNewConstMetric(s.desc[name], s.kind[name], v, labels...)
}

func (s *scrape) bool(name string, v bool) {
	if v {
		s.put(name, 1)
		return
	}
	s.put(name, 0)
}

// seconds is a moment in seconds since 1970; 0 for none.
func seconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}

// since is the time since a moment in seconds; 0 for none.
func (s *scrape) since(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return max(0, s.now.Sub(t).Seconds())
}

func (s *scrape) hops(ctx context.Context) {
	r := s.node.lastReport(ctx)
	worst := map[string]doctor.Check{}
	for _, c := range r.Checks {
		if have, ok := r.Find(c.Hop); ok {
			worst[c.Hop] = have
		}
	}
	for hop, c := range worst {
		v := 0.0
		switch c.State {
		case doctor.Yellow:
			v = 1
		case doctor.Red:
			v = 2
		}
		s.put("linesman_hop_state", v, hop)
	}
}

func (s *scrape) inbox() {
	n := s.node
	activity := n.watch.activity(func(c string) string { return n.cfg.Path("inbox", c) })
	for _, c := range Collectors() {
		w, err := doctor.LookInbox(n.cfg.Path("inbox", c), s.now, passing)
		if err == nil { // else the stage's state says it
			s.put("linesman_inbox_files", float64(w.Files), c)
			s.put("linesman_inbox_oldest_seconds", s.since(w.Oldest), c)
		}
		a := activity[c]
		s.put("linesman_inbox_failing_files", float64(len(a.Failing)), c)
		reading := 0.0
		if a.File != "" {
			reading = s.since(a.Since)
		}
		s.put("linesman_collecting_seconds", reading, c)
	}
}

func (s *scrape) log(ctx context.Context) {
	n := s.node
	h, _ := n.broker.Health(ctx) // sizes are there even when it does not answer
	s.put("linesman_log_bytes", float64(h.Bytes))
	s.put("linesman_log_max_bytes", float64(h.MaxBytes))
	s.put("linesman_log_damages", float64(len(h.Damage)))
	s.bool("linesman_log_writable", n.broker.DiskError() == nil)
	if n.cfg.Broker.Mode == broker.ModeEmbedded {
		s.free(hopLog)
	}
	if n.cfg.Store.Mode == engine.ModeEmbedded {
		s.free(hopStore)
	}
}

func (s *scrape) free(place string) {
	if free, err := doctor.Free(s.node.cfg.Path(place)); err == nil {
		s.put("linesman_disk_free_bytes", float64(free), place)
	}
}

func (s *scrape) pipeline(ctx context.Context) {
	lags, err := s.node.pipeline.Lags(ctx)
	if err == nil {
		for _, l := range lags {
			p := strconv.Itoa(int(l.Partition))
			s.put("linesman_log_offset", float64(l.Logged), l.Topic, p)
			s.put("linesman_stored_offset", float64(l.Stored), l.Topic, p)
			s.put("linesman_lag_records", float64(l.Logged-min(l.Logged, l.Stored)), l.Topic, p)
		}
	}
	for _, c := range s.node.pipeline.Counts() {
		p := strconv.Itoa(int(c.Partition))
		s.put("linesman_ranges_total", float64(c.Ranges), c.Topic, p)
		s.put("linesman_range_records_total", float64(c.Records), c.Topic, p)
		s.put("linesman_range_failures_total", float64(c.Failures), c.Topic, p)
		s.put("linesman_range_failing_seconds", s.since(c.FailingSince), c.Topic, p)
	}
}

func (s *scrape) following() {
	c := s.node.follower.Counts()
	s.ch <- prometheus.MustNewConstSummary(s.desc["linesman_settle_seconds"], c.Settled, c.Took.Seconds(), nil)
	s.put("linesman_settle_failures_total", float64(c.Failures))
	s.put("linesman_settle_last_success_timestamp_seconds", seconds(c.LastAt))
}

func (s *scrape) seals() {
	st := s.node.Sealing()
	at := st.SealedAt
	if at.IsZero() {
		at = s.node.started
	}
	s.put("linesman_seals_total", float64(st.Seals))
	s.put("linesman_seal_age_seconds", s.since(at))
	s.put("linesman_seal_anchor_waiting", float64(st.Unwritten))
}

func (s *scrape) store(ctx context.Context) {
	n := s.node
	h, err := n.engine.Health(ctx)
	s.put("linesman_store_restarts_total", float64(h.Restarts))
	s.put("linesman_store_memory_bytes", float64(h.RSS))
	var f figures
	if err == nil {
		f, err = n.storeFigures(ctx)
	}
	s.bool("linesman_store_up", err == nil)
	if err != nil {
		return
	}
	for _, c := range Collectors() {
		for _, state := range []string{schema.FileDone, schema.FileFailed} {
			s.put("linesman_files_total", float64(f.files[[2]string{c, state}].files), c, state)
		}
		done, failed := f.files[[2]string{c, schema.FileDone}], f.files[[2]string{c, schema.FileFailed}]
		s.put("linesman_read_records_total", float64(done.read+failed.read), c)
		s.put("linesman_rejected_records_total", float64(done.rejected+failed.rejected), c)
	}
	for _, change := range []string{schema.ChangeOpened, schema.ChangeChanged, schema.ChangeRetracted} {
		s.put("linesman_violation_events_total", float64(f.changes[change]), change)
	}
	s.put("linesman_store_disk_bytes", float64(f.bytes))
	s.put("linesman_usage_rows", float64(f.rows))
	s.put("linesman_newest_event_timestamp_seconds", max(0, f.newest))
	s.put("linesman_evaluated_lag_records", float64(f.behind))
	s.put("linesman_violations", float64(f.open))
	s.put("linesman_restatements_total", float64(f.restatements))
}

// figures are what the store is asked for.
type figures struct {
	at                                      time.Time
	files                                   map[[2]string]fileFigures // by collector and state
	changes                                 map[string]uint64
	bytes, rows, open, restatements, behind uint64
	newest                                  float64
}

type fileFigures struct{ files, read, rejected uint64 }

// figuresLife is how long figures are served again.
const figuresLife = 5 * time.Second

// storeFigures asks the store, unless it was asked a moment ago.
func (n *Node) storeFigures(ctx context.Context) (figures, error) {
	n.watch.figuresMu.Lock()
	defer n.watch.figuresMu.Unlock()
	if time.Since(n.watch.figures.at) < figuresLife {
		return n.watch.figures, nil
	}
	ctx = store.Exact(ctx)
	f := figures{at: time.Now(), files: map[[2]string]fileFigures{}, changes: map[string]uint64{}}
	conn := n.store.Conn()
	err := conn.QueryRow(ctx, "SELECT (SELECT sum(events) FROM usage_daily), (SELECT toFloat64(toUnixTimestamp(max(occurred_at))) FROM usage), "+
		"(SELECT count() FROM violations_current WHERE change != 'retracted'), (SELECT count() FROM restatements), "+
		"(SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND database = ?)", n.cfg.Store.Database).
		Scan(&f.rows, &f.newest, &f.open, &f.restatements, &f.bytes)
	if err != nil {
		return f, err
	}
	rows, err := conn.Query(ctx, "SELECT toString(collector), toString(state), count(), sum(read), sum(rejected) FROM file_reports GROUP BY ALL "+
		"UNION ALL SELECT '', toString(change), count(), 0, 0 FROM violations GROUP BY ALL")
	if err != nil {
		return f, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var collector, state string
		var x fileFigures
		if err := rows.Scan(&collector, &state, &x.files, &x.read, &x.rejected); err != nil {
			return f, err
		}
		if collector == "" {
			f.changes[state] = x.files
			continue
		}
		f.files[[2]string{collector, state}] = x
	}
	if err := rows.Err(); err != nil {
		return f, err
	}
	if f.behind, _, err = n.notJudged(ctx); err != nil {
		return f, err
	}
	n.watch.figures = f
	return f, nil
}
