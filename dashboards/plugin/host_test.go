package plugin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/grpcplugin"
	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"
	"github.com/hashicorp/go-plugin"

	"linesman/internal/engine"
)

// The tests build the program once and start it as Grafana does.
func TestMain(m *testing.M) {
	engine.RunChildIfAsked() // the store of the tests is this program, started again
	dir, err := os.MkdirTemp("", "gpx")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "gpx_linesman"), "./cmd")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building the plugin: %v\n%s", err, out)
		os.Exit(1)
	}
	if err := os.Setenv("TEST_GPX", filepath.Join(dir, "gpx_linesman")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

// host is the side of Grafana: it has started the program and speaks gRPC with it.
type host struct {
	t      *testing.T
	data   grpcplugin.DataClient
	res    grpcplugin.ResourceClient
	diag   grpcplugin.DiagnosticsClient
	stream grpcplugin.StreamClient
	log    *safeBuffer // what the program logged
}

// safeBuffer is written by the program's end of the pipe and read by the test.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// launch starts the program: hashicorp/go-plugin, Grafana's magic cookie, protocol version 2,
// gRPC over a unix socket.
func launch(t *testing.T) *host {
	t.Helper()
	h := &host{t: t, log: &safeBuffer{}}
	c := plugin.NewClient(&plugin.ClientConfig{
		Cmd:             exec.Command(os.Getenv("TEST_GPX")),
		HandshakeConfig: plugin.HandshakeConfig{ProtocolVersion: grpcplugin.ProtocolVersion, MagicCookieKey: grpcplugin.MagicCookieKey, MagicCookieValue: grpcplugin.MagicCookieValue},
		VersionedPlugins: map[int]plugin.PluginSet{grpcplugin.ProtocolVersion: {"diagnostics": &grpcplugin.DiagnosticsGRPCPlugin{}, "resource": &grpcplugin.ResourceGRPCPlugin{},
			"data": &grpcplugin.DataGRPCPlugin{}, "stream": &grpcplugin.StreamGRPCPlugin{}}},
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC}, Stderr: h.log,
	})
	t.Cleanup(c.Kill)
	rpc, err := c.Client()
	if err != nil {
		t.Fatal(err)
	}
	h.data = dispense[grpcplugin.DataClient](t, rpc, "data")
	h.res = dispense[grpcplugin.ResourceClient](t, rpc, "resource")
	h.diag = dispense[grpcplugin.DiagnosticsClient](t, rpc, "diagnostics")
	h.stream = dispense[grpcplugin.StreamClient](t, rpc, "stream")
	return h
}

func dispense[T any](t *testing.T, rpc plugin.ClientProtocol, name string) T {
	t.Helper()
	raw, err := rpc.Dispense(name)
	if err != nil {
		t.Fatal(err)
	}
	c, ok := raw.(T)
	if !ok {
		t.Fatalf("%s is a %T", name, raw)
	}
	return c
}

// pluginKey is the key that the tests' server asks for.
const pluginKey = "plugin-key-of-the-tests"

// from is the context that Grafana sends along: the data source and who asks.
func from(user *backend.User, url string, more ...string) backend.PluginContext {
	set := map[string]any{"url": url}
	for i := 0; i+1 < len(more); i += 2 {
		set[more[i]] = more[i+1]
	}
	raw, err := json.Marshal(set)
	if err != nil {
		panic(err)
	}
	return with(user, string(raw), pluginKey)
}

func with(user *backend.User, jsonData, key string) backend.PluginContext {
	version := fnv.New32() // Grafana tells by the time of the last change that settings are others
	_, _ = version.Write([]byte(jsonData + key))
	return backend.PluginContext{Namespace: "default", PluginID: ID, User: user, DataSourceInstanceSettings: &backend.DataSourceInstanceSettings{ID: 1, UID: "linesman", Name: "Linesman", Type: ID,
		JSONData: []byte(jsonData), DecryptedSecureJSONData: map[string]string{keyName: key}, Updated: time.Unix(int64(version.Sum32()), 0)}}
}

// The people of the tests, as Grafana's context has them. Grafana says that its scheduler, and
// who looks at a public dashboard, are administrators.
func anna() *backend.User {
	return &backend.User{Login: "anna", Name: "Anna Andersson", Email: "anna@example.se", Role: "Viewer"}
}

func bo() *backend.User {
	return &backend.User{Login: "bo", Name: "Bo Berg", Email: "bo@example.se", Role: "Admin"}
}

func scheduler() *backend.User { return &backend.User{Login: schedulerLogin, Role: "Admin"} }

func public() *backend.User { return &backend.User{Login: "service", Role: "Admin"} }

func robot() *backend.User { return &backend.User{Login: "sa-1-reports", Role: "Viewer"} }

// token is the header that Grafana adds for somebody whom it has signed.
func token(text string) map[string]string { return map[string]string{"http_X-Grafana-Id": text} }

func january() backend.TimeRange {
	return backend.TimeRange{From: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 3, 31, 0, 0, 0, 0, time.UTC)}
}

// ask sends queries and returns the answers.
func (h *host) ask(pc backend.PluginContext, headers map[string]string, queries ...backend.DataQuery) backend.Responses {
	h.t.Helper()
	res, err := h.data.QueryData(h.t.Context(), backend.ToProto().QueryDataRequest(&backend.QueryDataRequest{PluginContext: pc, Headers: headers, Queries: queries}))
	if err != nil {
		h.t.Fatal(err)
	}
	out, err := backend.FromProto().QueryDataResponse(res)
	if err != nil {
		h.t.Fatal(err)
	}
	return out.Responses
}

func query(ref, text string) backend.DataQuery {
	return backend.DataQuery{RefID: ref, JSON: []byte(text), TimeRange: january(), Interval: time.Minute, MaxDataPoints: 500}
}

// resource calls a resource and returns status and body.
func (h *host) resource(pc backend.PluginContext, method, url string, headers map[string][]string) (int, string) {
	h.t.Helper()
	path, _, _ := bytes.Cut([]byte(url), []byte("?"))
	c, err := h.res.CallResource(h.t.Context(), backend.ToProto().CallResourceRequest(&backend.CallResourceRequest{PluginContext: pc, Path: string(path), Method: method, URL: url, Headers: headers}))
	if err != nil {
		h.t.Fatal(err)
	}
	var status int
	var body []byte
	for {
		part, err := c.Recv()
		if errors.Is(err, io.EOF) {
			return status, string(body)
		}
		if err != nil {
			h.t.Fatal(err)
		}
		if part.Code != 0 {
			status = int(part.Code)
		}
		body = append(body, part.Body...)
	}
}

func (h *host) health(pc backend.PluginContext, headers map[string]string) (ok bool, message string) {
	h.t.Helper()
	res, err := h.diag.CheckHealth(h.t.Context(), &pluginv2.CheckHealthRequest{PluginContext: backend.ToProto().PluginContext(pc), Headers: headers})
	if err != nil {
		h.t.Fatal(err)
	}
	return res.Status == pluginv2.CheckHealthResponse_OK, res.Message
}

func (h *host) subscribe(pc backend.PluginContext, path string, headers map[string]string) pluginv2.SubscribeStreamResponse_Status {
	h.t.Helper()
	res, err := h.stream.SubscribeStream(h.t.Context(), &pluginv2.SubscribeStreamRequest{PluginContext: backend.ToProto().PluginContext(pc), Path: path, Headers: headers})
	if err != nil {
		h.t.Fatal(err)
	}
	return res.Status
}

// run starts a stream; each packet is a frame as JSON.
func (h *host) run(pc backend.PluginContext, path string) func() (string, error) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), time.Minute) // a test that waits for nothing fails
	h.t.Cleanup(cancel)
	c, err := h.stream.RunStream(ctx, &pluginv2.RunStreamRequest{PluginContext: backend.ToProto().PluginContext(pc), Path: path})
	if err != nil {
		h.t.Fatal(err)
	}
	return func() (string, error) {
		p, err := c.Recv()
		if err != nil {
			return "", err
		}
		return string(p.Data), nil
	}
}
