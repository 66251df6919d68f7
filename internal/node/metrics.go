package node

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics reads the node's status when somebody scrapes: nothing is counted twice.
type metrics struct {
	node                                           *Node
	lag, rows, files, violations, healthy, waiting *prometheus.Desc
	uptime                                         *prometheus.Desc
}

func collectorOf(n *Node) prometheus.Collector {
	d := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("linesman_"+name, help, labels, nil)
	}
	return &metrics{node: n,
		lag:        d("lag_records", "Records of the log that are not in the store yet."),
		rows:       d("usage_rows", "Usage rows in the roll-ups."),
		files:      d("files", "Collected files by state.", "state"),
		violations: d("violations", "Violations that are not retracted."),
		healthy:    d("hop_healthy", "Whether a stage works: 1 or 0.", "hop"),
		waiting:    d("inbox_files", "Files that wait in the inbox."),
		uptime:     d("uptime_seconds", "Seconds since the start.")}
}

// Describe implements prometheus.Collector.
func (m *metrics) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{m.lag, m.rows, m.files, m.violations, m.healthy, m.waiting, m.uptime} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (m *metrics) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	s, err := m.node.Status(ctx)
	if err != nil {
		return
	}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	gauge(m.lag, float64(s.Lag))
	gauge(m.rows, float64(s.Rows))
	gauge(m.files, float64(s.FilesDone), "done")
	gauge(m.files, float64(s.FilesFailed), "failed")
	gauge(m.violations, float64(s.Violations))
	gauge(m.waiting, float64(s.Waiting))
	gauge(m.uptime, time.Since(s.Started).Seconds())
	for _, h := range s.Hops {
		v := 0.0
		if h.OK {
			v = 1
		}
		gauge(m.healthy, v, h.Name)
	}
}
