package plugin

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
)

// Times of a stream. The server says something at least every quarter of a minute.
const (
	silence    = 45 * time.Second // nothing for so long: the connection is dead
	firstPause = time.Second
	mostPause  = 30 * time.Second
	maxEvent   = 64 << 10 // bytes
)

// live is a new violation as the server tells it. It says nothing about a person or a line:
// Grafana shares a stream among all who may see the unit.
type live struct {
	At       time.Time `json:"at"`
	ID       string    `json:"id"`
	Rule     string    `json:"rule"`
	Title    string    `json:"title"`
	Severity string    `json:"severity"`
	Unit     string    `json:"unit"`
}

// unitOf reads the unit that a path is about: violations/<unit>. Grafana permits few
// characters in a path, so any other byte of the unit's id is written as = and two hex digits.
func unitOf(path string) (string, bool) {
	text, ok := strings.CutPrefix(path, "violations/")
	if !ok || text == "" || len(text) > 300 {
		return "", false
	}
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		switch b := text[i]; {
		case b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b >= '0' && b <= '9', b == '-', b == '_', b == '.':
			out.WriteByte(b)
		case b == '=' && i+2 < len(text):
			n, err := strconv.ParseUint(text[i+1:i+3], 16, 8)
			if err != nil {
				return "", false
			}
			out.WriteByte(byte(n))
			i += 2
		default:
			return "", false
		}
	}
	unit := out.String()
	return unit, unit != "." && unit != ".." && !strings.ContainsFunc(unit, func(r rune) bool { return r < ' ' || r == '/' || r == '\uFFFD' })
}

func livePath(unit string) []string {
	return []string{"api", "live", "violations", url.PathEscape(unit)}
}

// SubscribeStream asks the server, each time, whether this caller may see the unit.
func (d *Datasource) SubscribeStream(ctx context.Context, req *backend.SubscribeStreamRequest) (*backend.SubscribeStreamResponse, error) {
	unit, ok := unitOf(req.Path)
	if !ok || d.fault != nil {
		return &backend.SubscribeStreamResponse{Status: backend.SubscribeStreamStatusNotFound}, nil
	}
	denied := &backend.SubscribeStreamResponse{Status: backend.SubscribeStreamStatusPermissionDenied}
	who, err := callerOf(req.PluginContext.User, single(req.Headers))
	if err != nil {
		return denied, nil
	}
	// HEAD has no body, so that a refusal cannot be told from an answer of something else: only 200 lets in.
	ctx, cancel := context.WithTimeout(ctx, d.client.timeout)
	defer cancel()
	res, err := d.client.send(ctx, who, http.MethodHead, livePath(unit), nil, nil)
	if err != nil {
		return nil, err
	}
	_ = res.Body.Close()
	switch res.StatusCode {
	case http.StatusOK:
		d.mu.Lock()
		d.seats[req.Path] = who
		d.mu.Unlock()
		return &backend.SubscribeStreamResponse{Status: backend.SubscribeStreamStatusOK}, nil
	case http.StatusNotFound:
		return &backend.SubscribeStreamResponse{Status: backend.SubscribeStreamStatusNotFound}, nil
	}
	return denied, nil
}

// PublishStream refuses: nothing is written through Grafana.
func (d *Datasource) PublishStream(context.Context, *backend.PublishStreamRequest) (*backend.PublishStreamResponse, error) {
	return &backend.PublishStreamResponse{Status: backend.PublishStreamStatusPermissionDenied}, nil
}

// errStream says that a stream ended because the server does not let anybody of it in any more.
var errStream = errors.New("the stream ended")

// RunStream sends new violations of a unit until nobody listens any more. It reads on behalf
// of the last one whom the server let in, and goes on where it was after a lost connection.
func (d *Datasource) RunStream(ctx context.Context, req *backend.RunStreamRequest, sender *backend.StreamSender) error {
	unit, ok := unitOf(req.Path)
	if !ok || d.fault != nil {
		return errStream
	}
	last, pause := "", firstPause
	for {
		d.mu.Lock()
		who, ok := d.seats[req.Path]
		d.mu.Unlock()
		if !ok {
			return errStream
		}
		seen, err := d.follow(ctx, who, unit, last, sender)
		if seen != last {
			last, pause = seen, firstPause
		}
		var f *failure
		if errors.As(err, &f) && (f.status == http.StatusUnauthorized || f.status == http.StatusForbidden || f.status == http.StatusNotFound) {
			return fmt.Errorf("%w: %w", errStream, err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
			pause = min(2*pause, mostPause)
		}
	}
}

// follow reads one connection of server-sent events to its end and returns the id of the last
// event that was sent on.
func (d *Datasource) follow(ctx context.Context, who caller, unit, last string, sender *backend.StreamSender) (string, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	quiet := time.AfterFunc(silence, cancel)
	defer quiet.Stop()
	query := url.Values{}
	if last != "" {
		query.Set("after", last)
	}
	if d.lang != "" {
		query.Set("lang", d.lang)
	}
	res, err := d.client.send(ctx, who, http.MethodGet, livePath(unit), query, nil)
	if err != nil {
		return last, err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return last, refusal(res)
	}
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, maxEvent)
	id := ""
	for lines.Scan() {
		quiet.Reset(silence)
		name, value, _ := strings.Cut(lines.Text(), ": ")
		switch name {
		case "": // the event is complete
			if id != "" {
				last = id
			}
		case "id":
			id = value
		case "data":
			var v live
			if err := json.Unmarshal([]byte(value), &v); err != nil {
				return last, failed(http.StatusBadGateway, "the stream is not Linesman's")
			}
			if err := sender.SendFrame(v.frame(), data.IncludeAll); err != nil {
				return last, err
			}
		}
	}
	return last, lines.Err()
}

func (v live) frame() *data.Frame {
	return data.NewFrame("violations",
		data.NewField("time", nil, []time.Time{v.At}), data.NewField("id", nil, []string{v.ID}), data.NewField("rule", nil, []string{v.Rule}),
		data.NewField("title", nil, []string{v.Title}), data.NewField("severity", nil, []string{v.Severity}), data.NewField("unit", nil, []string{v.Unit}))
}
