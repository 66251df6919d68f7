package engine

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"net"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// proxyTo serves the embedded engine's interface on loopback, as a server would, and gives its test server.
func proxyTo(t *testing.T, e *Engine, secure bool) *httptest.Server {
	t.Helper()
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: "engine"})
	proxy.Transport = e.sup.http.Transport
	srv := httptest.NewUnstartedServer(proxy)
	if secure {
		srv.StartTLS()
	} else {
		srv.Start()
	}
	t.Cleanup(srv.Close)
	return srv
}

func openCluster(t *testing.T, cfg Config) (*Engine, error) {
	t.Helper()
	cfg.Mode = ModeCluster
	c, err := Open(testContext(t), cfg, testLog(t))
	if err == nil {
		t.Cleanup(func() { _ = c.Close(context.Background()) })
	}
	return c, err
}

// The same code must work against a server that is reached by address, name and password.
func TestClusterHTTP(t *testing.T) {
	e := openTest(t, t.TempDir())
	srv := proxyTo(t, e, false)
	addrs := []string{"127.0.0.1:1", srv.Listener.Addr().String()} // the first node is down
	c, err := openCluster(t, Config{Addrs: addrs, Username: childUser, Password: e.sup.cfg.Secret, Database: "other"})
	if err != nil {
		t.Fatal(err)
	}
	ctx := testContext(t)
	run(t, ctx, c, strings.Replace(usageTable, "TABLE usage", "TABLE other.usage", 1))
	for range 2 {
		if err := c.InsertArrow(ctx, "usage", "token", nil, bytes.NewReader(usageStream(t, 0, 100, 50))); err != nil {
			t.Fatal(err)
		}
	}
	if n := count(t, ctx, c, "SELECT count() FROM usage"); n != 100 {
		t.Errorf("%d rows", n)
	}
	var out bytes.Buffer
	if err := c.QueryFormat(ctx, "SELECT currentDatabase()", "TSV", map[string]string{"readonly": "2"}, &out); err != nil || out.String() != "other\n" {
		t.Errorf("%q, %v", out.String(), err)
	}
	h, err := c.Health(ctx)
	if err != nil || h.State != StateReady || h.Mode != ModeCluster || h.Version == "" || h.PID != 0 {
		t.Errorf("%+v, %v", h, err)
	}
	if _, err := openCluster(t, Config{Addrs: addrs[1:], Username: childUser, Password: "wrong"}); err == nil || strings.Contains(err.Error(), "wrong") {
		t.Errorf("wrong password: %v", err)
	}
}

func TestClusterTLS(t *testing.T) {
	e := openTest(t, t.TempDir())
	srv := proxyTo(t, e, true)
	authority := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(authority, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := Config{Addrs: []string{srv.Listener.Addr().String()}, Username: childUser, Password: e.sup.cfg.Secret, TLS: true, TLSCAFile: authority}
	// With TLS the driver sends credentials in ClickHouse's own headers, which the embedded interface does not read:
	// getting as far as its refusal shows that the certificate was accepted.
	if _, err := openCluster(t, cfg); err == nil || !strings.Contains(err.Error(), "AUTHENTICATION_FAILED") {
		t.Errorf("with the authority: %v", err)
	}
	cfg.TLSCAFile = ""
	var unknown *tls.CertificateVerificationError
	if _, err := openCluster(t, cfg); !errors.As(err, &unknown) {
		t.Errorf("without the authority: %v", err)
	}
}

// Nothing that needs HTTP may be tried by the native protocol.
func TestNativeRefusesRawFormats(t *testing.T) {
	e := &Engine{cfg: Config{Mode: ModeCluster, Protocol: ProtocolNative}}
	if err := e.InsertArrow(context.Background(), "t", "", nil, nil); !errors.Is(err, ErrNeedsHTTP) {
		t.Error(err)
	}
	if err := e.QueryFormat(context.Background(), "SELECT 1", "TSV", nil, nil); !errors.Is(err, ErrNeedsHTTP) {
		t.Error(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	_ = ln.Close()
	if _, err := openCluster(t, Config{Addrs: []string{addr}, Protocol: ProtocolNative}); err == nil || !strings.Contains(err.Error(), addr) {
		t.Errorf("nobody there: %v", err)
	}
}
