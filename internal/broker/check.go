package broker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	kafka "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/metadata"
)

// Severity tells how bad a finding is.
type Severity string

// Severities, the worst first.
const (
	// SeverityError: records can be lost, refused or not be read.
	SeverityError Severity = "error"
	// SeverityWarning: it works now, but a fault that is to be expected would
	// become an error.
	SeverityWarning Severity = "warning"
	// SeverityNote: worth knowing, such as what could not be looked at.
	SeverityNote Severity = "note"
)

func (s Severity) rank() int {
	return slices.Index([]Severity{SeverityError, SeverityWarning, SeverityNote}, s)
}

// Finding is one thing about the cluster that is not as it should be.
type Finding struct {
	// Topic is empty when it concerns the whole cluster.
	Topic string
	// Setting is the name of a Kafka setting, or a word for what was looked at.
	Setting string
	// Have is what is, Want what should be.
	Have, Want string
	// Why says what happens otherwise, Do what to do, with a command where there
	// is one.
	Why, Do  string
	Severity Severity
}

// String puts a finding into one line.
func (f Finding) String() string {
	where := "cluster"
	if f.Topic != "" {
		where = "topic " + f.Topic
	}
	return fmt.Sprintf("%s: %s: %s is %s, should be %s: %s; %s", f.Severity, where, f.Setting, f.Have, f.Want, f.Why, f.Do)
}

// settleWait bounds the wait for a new group to get its coordinator and for a new
// topic to get its leaders.
const settleWait = 10 * time.Second

// checker collects findings.
type checker struct {
	b        *Broker
	server   string // an address for commands
	state    *metadata.Response
	findings []Finding
}

func (c *checker) add(s Severity, topic, setting, have, want, why, do string) {
	c.findings = append(c.findings, Finding{Topic: topic, Setting: setting, Have: have, Want: want, Why: why, Do: do, Severity: s})
}

// Check asks a cluster whether it and the topics are as the product needs them
// and returns what is not, the worst first. It changes nothing. An error means
// that the cluster could not be asked. The embedded log needs no check: see
// Health. The brokers' clocks cannot be seen by a client.
func (b *Broker) Check(ctx context.Context, specs []TopicSpec) ([]Finding, error) {
	if b.embedded != nil {
		return nil, nil
	}
	if err := b.begin(); err != nil {
		return nil, err
	}
	defer b.produces.Done()
	names := make([]string, len(specs))
	for i, s := range specs {
		names[i] = s.Name
	}
	state, err := anew(ctx, func(ctx context.Context) (*metadata.Response, error) { return b.ask(ctx, names) })
	if err != nil {
		return nil, fmt.Errorf("asking the cluster for its topics: %w", err)
	}
	c := &checker{b: b, server: b.addrs[0], state: state}
	c.versions(ctx)
	c.brokers(ctx)
	groups := b.cfg.Groups
	if len(groups) == 0 {
		groups = []string{DefaultGroup}
	}
	for _, g := range groups {
		c.group(ctx, g)
	}
	settings := c.topicSettings(ctx, names)
	for _, s := range specs {
		c.topic(ctx, s, settings[s.Name])
	}
	slices.SortStableFunc(c.findings, func(x, y Finding) int { return cmp.Compare(x.Severity.rank(), y.Severity.rank()) })
	return c.findings, ctx.Err()
}

// versions looks for requests that the brokers do not understand.
func (c *checker) versions(ctx context.Context) {
	const what, why = "protocol", "this program cannot speak to brokers of that age"
	res, err := anew(ctx, func(ctx context.Context) (*kafka.ApiVersionsResponse, error) {
		return c.b.client.ApiVersions(ctx, &kafka.ApiVersionsRequest{})
	})
	if err == nil {
		err = res.Error
	}
	if err != nil {
		c.add(SeverityError, "", what, err.Error(), "versions of requests", why, "use Apache Kafka 3.0 or newer")
		return
	}
	have := make(map[protocol.ApiKey]kafka.ApiVersionsResponseApiKey)
	for _, k := range res.ApiKeys {
		have[protocol.ApiKey(k.ApiKey)] = k
	}
	fixed := map[protocol.ApiKey]int{protocol.Heartbeat: 0, protocol.LeaveGroup: 0, protocol.Metadata: 8}
	for _, key := range []protocol.ApiKey{
		protocol.Produce, protocol.Fetch, protocol.ListOffsets, protocol.Metadata, protocol.CreateTopics, protocol.DescribeConfigs,
		protocol.FindCoordinator, protocol.JoinGroup, protocol.SyncGroup, protocol.Heartbeat, protocol.LeaveGroup, protocol.OffsetCommit, protocol.OffsetFetch,
	} {
		low, high := int(key.MinVersion()), int(key.MaxVersion())
		if key == protocol.Fetch {
			low = minFetchVersion
		}
		if v, ok := fixed[key]; ok {
			low, high = v, v
		}
		if k, ok := have[key]; !ok || k.MaxVersion < low || k.MinVersion > high {
			c.add(SeverityError, "", what, fmt.Sprintf("%s %d to %d", key, k.MinVersion, k.MaxVersion), fmt.Sprintf("%d to %d", low, high), why, "use Apache Kafka 3.0 or newer")
		}
	}
}

// brokers reaches every broker by the address it gives out and looks at what it
// is set to.
func (c *checker) brokers(ctx context.Context) {
	for _, m := range c.state.Brokers {
		settings, err := c.b.brokerSettings(ctx, int(m.NodeID))
		name := fmt.Sprintf("broker %d", m.NodeID)
		switch {
		case denied(err):
			c.add(SeverityNote, "", name, "hiding its settings from this user", "readable", "its settings could not be checked",
				c.grant("--operation DescribeConfigs --cluster"))
		case err != nil:
			c.add(SeverityError, "", name, err.Error(), fmt.Sprintf("reachable at %s:%d", m.Host, m.Port), "partitions it leads cannot be read or written",
				"check that it runs and that advertised.listeners gives an address that can be reached from here")
		default:
			c.broker(name, settings)
		}
	}
}

func (c *checker) broker(name string, settings map[string]string) {
	set := func(key, value string) string {
		return fmt.Sprintf("kafka-configs.sh --bootstrap-server %s --alter --entity-type brokers --entity-default --add-config %s=%s, or in server.properties", c.server, key, value)
	}
	if v := settings["auto.create.topics.enable"]; v == "true" {
		c.add(SeverityWarning, "", "auto.create.topics.enable", v+" on "+name, "false",
			"a topic that was deleted or mistyped comes back empty and with the cluster's settings instead of an error", "set it in server.properties and restart the broker")
	}
	session := cmp.Or(c.b.cfg.Session, DefaultSessionTimeout).Milliseconds()
	if v, err := strconv.ParseInt(settings["group.min.session.timeout.ms"], 10, 64); err == nil && v > session {
		c.add(SeverityError, "", "group.min.session.timeout.ms", readable(settings["group.min.session.timeout.ms"])+" on "+name, fmt.Sprint("at most ", session),
			"instances cannot share partitions", "set it in server.properties and restart the broker")
	}
	if v, err := strconv.ParseInt(settings["group.max.session.timeout.ms"], 10, 64); err == nil && v < session {
		c.add(SeverityError, "", "group.max.session.timeout.ms", readable(settings["group.max.session.timeout.ms"])+" on "+name, fmt.Sprint("at least ", session),
			"instances cannot share partitions", "set it in server.properties and restart the broker")
	}
	if v, err := strconv.ParseInt(settings["offsets.retention.minutes"], 10, 64); err == nil && v < 24*60 {
		c.add(SeverityNote, "", "offsets.retention.minutes", fmt.Sprint(v, " on ", name), "at least 1440",
			"Kafka's tools forget the lag of a stopped Linesman; the positions themselves are in the store", set("offsets.retention.minutes", "10080"))
	}
	if v := settings["default.replication.factor"]; v == "1" && len(c.state.Brokers) > 1 && c.b.cfg.Replication <= 0 {
		c.add(SeverityWarning, "", "default.replication.factor", v+" on "+name, fmt.Sprint(min(3, len(c.state.Brokers))),
			"topics that Linesman creates get one copy", "set broker.kafka.replication of Linesman, or the broker's setting")
	}
}

// group tries whether instances may share partitions: the coordinator tells a
// stranger who may ask that it does not know him.
func (c *checker) group(ctx context.Context, group string) {
	// A new cluster makes the topic of the groups when the first one asks.
	retry := retrier{pause: c.b.pause, deadline: time.Now().Add(settleWait), backoff: firstBackoff}
	err := c.b.heartbeat(ctx, group, 0, "nobody")
	for err != nil && retry.again(ctx, err) {
		err = c.b.heartbeat(ctx, group, 0, "nobody")
	}
	switch {
	case err == nil, errors.Is(err, kafka.UnknownMemberId), errors.Is(err, kafka.IllegalGeneration), errors.Is(err, kafka.RebalanceInProgress):
	case errors.Is(err, kafka.GroupAuthorizationFailed):
		c.add(SeverityError, "", "group "+group, "forbidden", "Read allowed", "instances cannot share partitions",
			c.grant("--operation Read --operation Describe --group "+group))
	default:
		c.add(SeverityError, "", "group "+group, err.Error(), "a coordinator", "instances cannot share partitions",
			"check __consumer_offsets: its leaders, and offsets.topic.replication.factor against the number of brokers")
	}
}

// topicSettings asks for the settings of topics that exist.
func (c *checker) topicSettings(ctx context.Context, names []string) map[string]map[string]string {
	req := kafka.DescribeConfigsRequest{}
	for _, t := range c.state.Topics {
		if t.ErrorCode == 0 && slices.Contains(names, t.Name) {
			req.Resources = append(req.Resources, kafka.DescribeConfigRequestResource{ResourceType: kafka.ResourceTypeTopic, ResourceName: t.Name})
		}
	}
	out := make(map[string]map[string]string)
	if len(req.Resources) == 0 {
		return out
	}
	res, err := anew(ctx, func(ctx context.Context) (*kafka.DescribeConfigsResponse, error) {
		return c.b.client.DescribeConfigs(ctx, &req)
	})
	if err != nil {
		c.add(SeverityError, "", "settings of topics", err.Error(), "readable", "they could not be checked", "check the brokers")
		return out
	}
	for _, r := range res.Resources {
		switch {
		case denied(r.Error):
			c.add(SeverityNote, r.ResourceName, "settings", "hidden from this user", "readable", "they could not be checked",
				c.grant("--operation DescribeConfigs --topic "+r.ResourceName))
		case r.Error != nil:
			c.add(SeverityError, r.ResourceName, "settings", r.Error.Error(), "readable", "they could not be checked", "check the brokers")
		default:
			out[r.ResourceName] = values(r.ConfigEntries)
		}
	}
	return out
}

// grant is the command that allows this user something.
func (c *checker) grant(what string) string {
	user := cmp.Or(c.b.cfg.SASLUser, "ANONYMOUS")
	return fmt.Sprintf("kafka-acls.sh --bootstrap-server %s --add --allow-principal User:%s %s", c.server, user, what)
}

// denied tells whether a user was refused.
func denied(err error) bool {
	return errors.Is(err, kafka.ClusterAuthorizationFailed) || errors.Is(err, kafka.TopicAuthorizationFailed)
}

// list writes numbers for people.
func list(ids []int) string {
	words := make([]string, len(ids))
	for i, id := range ids {
		words[i] = strconv.Itoa(id)
	}
	return strings.Join(words, ", ")
}
