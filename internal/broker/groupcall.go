package broker

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"

	kafka "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/heartbeat"
	"github.com/segmentio/kafka-go/protocol/leavegroup"
)

// groupCall is a request to the coordinator of a group whose answer is nothing
// but an error code. The client's own Heartbeat goes to any broker instead of
// the coordinator, encodes the newer versions wrongly and reads the throttle
// time as the error code; its LeaveGroup shares the last two. Version 0, which
// every broker speaks, has none of what they get wrong.
type groupCall struct {
	protocol.Message
	group string
	code  kafka.Error // 0: none
}

var (
	_ protocol.GroupMessage = (*groupCall)(nil)
	_ protocol.RawExchanger = (*groupCall)(nil)
)

// Group makes the client look up the coordinator.
func (c *groupCall) Group() string { return c.group }

// Required always takes the exchange over.
func (c *groupCall) Required(map[protocol.ApiKey]int16) bool { return true }

// RawExchange sends the request and reads the error code.
func (c *groupCall) RawExchange(rw io.ReadWriter) (protocol.Message, error) {
	const correlation = 1 // one request at a time on a connection
	if err := protocol.WriteRequest(rw, 0, correlation, clientID, c.Message); err != nil {
		return nil, err
	}
	var answer [10]byte // length, correlation, error code
	if _, err := io.ReadFull(rw, answer[:]); err != nil {
		return nil, err
	}
	if size := binary.BigEndian.Uint32(answer[:]); size != 6 || binary.BigEndian.Uint32(answer[4:]) != correlation {
		return nil, fmt.Errorf("the broker's answer does not belong to the request (%d bytes)", size)
	}
	c.code = kafka.Error(int16(binary.BigEndian.Uint16(answer[8:])))
	return c, nil
}

// heartbeat gives the coordinator a sign of life of a member and learns whether
// the member still belongs to the group's generation.
func (b *Broker) heartbeat(ctx context.Context, group string, generation int32, member string) error {
	return b.groupCall(ctx, &groupCall{group: group, Message: &heartbeat.Request{GroupID: group, GenerationID: generation, MemberID: member}})
}

// leaveGroup takes a member out of a group.
func (b *Broker) leaveGroup(ctx context.Context, group, member string) error {
	return b.groupCall(ctx, &groupCall{group: group, Message: &leavegroup.Request{GroupID: group, MemberID: member}})
}

func (b *Broker) groupCall(ctx context.Context, c *groupCall) error {
	ctx, cancel := context.WithTimeout(ctx, groupTimeout)
	defer cancel()
	if _, err := b.transport.RoundTrip(ctx, b.client.Addr, c); err != nil {
		return err // the connection may still write into c
	}
	if c.code != 0 {
		return c.code
	}
	return nil
}
