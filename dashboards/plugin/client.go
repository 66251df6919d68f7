package plugin

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// Bounds on what the server sends.
const (
	maxAnswer = 32 << 20 // bytes of an answer to queries: about 100,000 rows
	maxSmall  = 4 << 20  // bytes of any other answer
	maxWords  = 600      // characters of an error that are shown
)

// How long single steps towards the server may take.
const (
	dialTimeout   = 5 * time.Second
	idleTimeout   = 90 * time.Second
	healthTimeout = 15 * time.Second
)

// client asks the server of linesman. It uses no proxy of the environment and follows no
// redirection: both would carry the key and the callers' tokens to somebody else.
type client struct {
	base    *url.URL
	key     string
	timeout time.Duration
	http    *http.Client
}

func newClient(base *url.URL, key string, timeout time.Duration) *client {
	return &client{base: base, key: key, timeout: timeout, http: &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext:         (&net.Dialer{Timeout: dialTimeout, KeepAlive: idleTimeout}).DialContext,
			TLSHandshakeTimeout: dialTimeout,
			TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12},
			MaxIdleConnsPerHost: 16,
			IdleConnTimeout:     idleTimeout,
			ForceAttemptHTTP2:   true,
		},
	}}
}

// failure is why there is no answer, in words for the person who asked.
type failure struct {
	status int // of HTTP
	words  string
}

func (f *failure) Error() string { return f.words }

func failed(status int, format string, args ...any) *failure {
	return &failure{status, fmt.Sprintf(format, args...)}
}

// send asks the server and returns its answer, whatever its status is. The headers are made
// here and from nothing that a browser sent.
func (c *client) send(ctx context.Context, who caller, method string, path []string, query url.Values, body []byte) (*http.Response, error) {
	to := c.base.JoinPath(path...)
	to.RawQuery = query.Encode()
	req, err := http.NewRequestWithContext(ctx, method, to.String(), bytes.NewReader(body))
	if err != nil {
		return nil, failed(http.StatusInternalServerError, "the request could not be made")
	}
	req.Header.Set("Authorization", "Bearer "+c.key)
	req.Header.Set("User-Agent", ID)
	if who.kind != "" {
		req.Header.Set("X-Linesman-Caller", who.kind)
	}
	if who.token != "" {
		req.Header.Set("X-Grafana-Id", who.token)
	}
	if len(body) > 0 {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, c.unreachable(err)
	}
	return res, nil
}

// ask sends a request and reads the answer. An answer that is not 200 is a [failure] with the
// server's own words.
func (c *client) ask(ctx context.Context, who caller, method string, path []string, query url.Values, body []byte, most int64) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	res, err := c.send(ctx, who, method, path, query, body)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return nil, refusal(res)
	}
	raw, err := io.ReadAll(io.LimitReader(res.Body, most+1))
	if err != nil {
		return nil, c.unreachable(err)
	}
	if int64(len(raw)) > most {
		return nil, failed(http.StatusRequestEntityTooLarge, "the answer has more than %d MB: narrow the time range, the filters or the number of rows", most>>20)
	}
	return raw, nil
}

// refusal reads why the server did not answer.
func refusal(res *http.Response) *failure {
	if res.StatusCode >= 300 && res.StatusCode < 400 {
		return failed(http.StatusBadGateway, "the address answers with a redirection; enter the address that it leads to, without a login page before it")
	}
	var said struct {
		Error string `json:"error"`
	}
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxSmall))
	if err != nil || json.Unmarshal(raw, &said) != nil || said.Error == "" {
		return failed(http.StatusBadGateway, "the address answers with status %d and not as Linesman does", res.StatusCode)
	}
	return &failure{res.StatusCode, cut(said.Error)}
}

// cut shortens what the server said to what fits into a panel.
func cut(s string) string {
	if r := []rune(s); len(r) > maxWords {
		return string(r[:maxWords]) + "…"
	}
	return s
}

// unreachable says why there was no answer: what Go says would repeat the whole address.
func (c *client) unreachable(err error) *failure {
	host := c.base.Host
	var dns *net.DNSError
	var untrusted x509.UnknownAuthorityError
	var wrongName x509.HostnameError
	var invalid x509.CertificateInvalidError
	var noTLS tls.RecordHeaderError
	var timeout net.Error
	switch {
	case errors.Is(err, context.Canceled):
		return failed(http.StatusServiceUnavailable, "the request was given up")
	case errors.As(err, &dns):
		return failed(http.StatusBadGateway, "Linesman cannot be reached: there is no host %s", c.base.Hostname())
	case errors.Is(err, syscall.ECONNREFUSED):
		return failed(http.StatusBadGateway, "Linesman cannot be reached: nothing listens at %s", host)
	case errors.As(err, &untrusted), errors.As(err, &wrongName), errors.As(err, &invalid):
		return failed(http.StatusBadGateway, "Linesman cannot be reached: the certificate of %s is not trusted", host)
	case errors.As(err, &noTLS), strings.Contains(err.Error(), "HTTP response to HTTPS client"):
		return failed(http.StatusBadGateway, "Linesman cannot be reached: %s does not speak TLS; the address begins with http://", host)
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return failed(http.StatusGatewayTimeout, "Linesman did not answer in time")
	}
	return failed(http.StatusBadGateway, "Linesman cannot be reached: the connection to %s was lost", host)
}

// failureOf gives any error a status.
func failureOf(err error) *failure {
	var f *failure
	if errors.As(err, &f) {
		return f
	}
	return failed(http.StatusInternalServerError, "%s", err.Error())
}
