package node

import (
	"context"
	"strings"
	"time"

	"linesman/dashboards/console"
	"linesman/internal/broker"
	"linesman/internal/doctor"
	"linesman/schema"
)

// topicSpecs lists the topics as the log must have them.
func topicSpecs() []broker.TopicSpec {
	var out []broker.TopicSpec
	for _, t := range schema.Topics() {
		out = append(out, broker.TopicSpec{Name: t.Name, Partitions: t.Partitions})
	}
	return out
}

// clusterHops look at the settings of a cluster; the embedded log has none.
func (n *Node) clusterHops() []doctor.Hop {
	if n.cfg.Broker.Mode != broker.ModeCluster {
		return nil
	}
	return []doctor.Hop{{Name: "cluster", Needs: hopLog, Stuck: "look whether the brokers can be reached from this machine",
		Look: func(ctx context.Context) []doctor.Check { return doctor.LookCluster(ctx, n.broker, topicSpecs()) }}}
}

// gapDays is how far back the doctor looks for gaps.
const gapDays = 45

func (n *Node) gapsHop(now time.Time) doctor.Hop {
	return doctor.Hop{Name: "gaps", Needs: hopStore, Look: func(ctx context.Context) []doctor.Check {
		zone, err := time.LoadLocation(n.cfg.Zone)
		if err != nil {
			return []doctor.Check{doctor.Bad("set zone", "%v", err)}
		}
		rep, err := n.gaps(ctx, schema.DayOf(schema.TimeOf(now), zone)-gapDays, now)
		if err != nil {
			return []doctor.Check{doctor.Look("linesman gaps looks without a limit of time", "not known: %v", err)}
		}
		var missing []doctor.Missing
		for _, s := range rep.Sources {
			for _, g := range s.Gaps {
				missing = append(missing, doctor.Missing{Source: s.Source, Detail: g.Detail})
			}
		}
		return doctor.LookGaps(missing, gapDays)
	}}
}

// addDoctor has the stages on the console's page say what the doctor finds red in them.
func addDoctor(s *console.Status, r doctor.Report) {
	shown := map[string]string{"data directory": "inbox", "disk": hopLog, "cluster": hopLog, "damage": hopLog, "lag": "pipeline", "library": hopStore, "seals": hopLog}
	for _, c := range r.Checks {
		if c.State != doctor.Red || c.Hop == doctor.EndToEnd {
			continue
		}
		name := c.Hop
		if to, ok := shown[name]; ok {
			name = to
		}
		name, _, _ = strings.Cut(name, " ") // inbox cucm: inbox
		for i := range s.Hops {
			if h := &s.Hops[i]; h.Name == name && h.OK {
				h.OK, h.Detail, s.Healthy = false, c.Detail, false
			}
		}
	}
}
