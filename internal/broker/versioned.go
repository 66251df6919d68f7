package broker

import (
	"context"
	"fmt"
	"io"

	kafka "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/heartbeat"
	"github.com/segmentio/kafka-go/protocol/leavegroup"
	"github.com/segmentio/kafka-go/protocol/metadata"
)

// versioned is a request in a version of our choice. The client takes the newest
// that both sides speak and answers questions about the cluster from what it
// remembers; both can be wrong for some requests.
type versioned struct {
	protocol.Message
	version int16
	answer  protocol.Message
}

var _ protocol.RawExchanger = (*versioned)(nil)

// Required always takes the exchange over.
func (v *versioned) Required(map[protocol.ApiKey]int16) bool { return true }

// RawExchange sends the request and reads the answer.
func (v *versioned) RawExchange(rw io.ReadWriter) (protocol.Message, error) {
	const correlation = 1 // one request at a time on a connection
	if err := protocol.WriteRequest(rw, v.version, correlation, clientID, v.Message); err != nil {
		return nil, err
	}
	id, answer, err := protocol.ReadResponse(rw, v.ApiKey(), v.version)
	if err != nil {
		return nil, err
	}
	if id != correlation {
		return nil, fmt.Errorf("the broker's answer does not belong to the request")
	}
	v.answer = answer
	return v, nil
}

// coordinated is a request for the coordinator of a group. The client's own
// Heartbeat goes to any broker, encodes the newer versions wrongly and reads the
// throttle time as the error code; its LeaveGroup has the last two faults.
// Version 0, which every broker speaks, has none of what they get wrong.
type coordinated struct {
	versioned
	group string
}

var _ protocol.GroupMessage = (*coordinated)(nil)

// Group makes the client look up the coordinator.
func (c *coordinated) Group() string { return c.group }

// heartbeat gives the coordinator a sign of life of a member and learns whether
// the member still belongs to the group's generation.
func (b *Broker) heartbeat(ctx context.Context, group string, generation int32, member string) error {
	c := &coordinated{group: group}
	c.Message = &heartbeat.Request{GroupID: group, GenerationID: generation, MemberID: member}
	if err := b.exchange(ctx, c); err != nil {
		return err
	}
	return verdict(c.answer.(*heartbeat.Response).ErrorCode)
}

// leaveGroup takes a member out of a group.
func (b *Broker) leaveGroup(ctx context.Context, group, member string) error {
	c := &coordinated{group: group}
	c.Message = &leavegroup.Request{GroupID: group, MemberID: member}
	if err := b.exchange(ctx, c); err != nil {
		return err
	}
	return verdict(c.answer.(*leavegroup.Response).ErrorCode)
}

// ask asks a broker for the state of topics as it is now, with what we may do
// to them.
func (b *Broker) ask(ctx context.Context, topics []string) (*metadata.Response, error) {
	v := &versioned{version: 8, Message: &metadata.Request{
		TopicNames: topics, IncludeClusterAuthorizedOperations: true, IncludeTopicAuthorizedOperations: true,
	}}
	if err := b.exchange(ctx, v); err != nil {
		return nil, err
	}
	return v.answer.(*metadata.Response), nil
}

// exchange sends a request; after an error the connection may still write into
// it.
func (b *Broker) exchange(ctx context.Context, req protocol.Message) error {
	ctx, cancel := context.WithTimeout(ctx, groupTimeout)
	defer cancel()
	_, err := b.transport.RoundTrip(ctx, b.client.Addr, req)
	return err
}

func verdict(code int16) error {
	if code == 0 {
		return nil
	}
	return kafka.Error(code)
}
