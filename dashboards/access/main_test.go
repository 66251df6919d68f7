package access

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"linesman/dashboards/query"
	"linesman/internal/engine"
	"linesman/schema"
)

func TestMain(m *testing.M) {
	engine.RunChildIfAsked() // the store of the tests is this program, started again
	os.Exit(m.Run())
}

// granted is the rights of some, by pseudonym.
type granted map[string][]string // roles

func (g granted) Rights(_ context.Context, who string, _ time.Time) (Caller, error) {
	var all []grant
	for _, role := range g[who] {
		one := grant{id: "G" + role, who: who, role: role}
		if role == schema.RoleUnitManager || role == schema.RolePersonLevel {
			one.unit = "U"
		}
		if role == schema.RolePersonLevel {
			one.purpose, one.approver, one.to = "an open case", "Pboss", time.Unix(1<<40, 0)
		}
		all = append(all, one)
	}
	c, err := rightsOf(all, tree{})
	c.Who = who
	return c, err
}

func pseudonymOf(login string) string { return "P" + schema.Login(login) }

// clock is a time that stands still until it is moved.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// issuer publishes keys and signs with them, as Grafana does.
type issuer struct {
	*httptest.Server
	mu    sync.Mutex
	keys  map[string]*ecdsa.PrivateKey
	down  bool
	asked int
}

func newIssuer(t testing.TB) *issuer {
	t.Helper()
	i := &issuer{keys: map[string]*ecdsa.PrivateKey{}}
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i.mu.Lock()
		defer i.mu.Unlock()
		i.asked++
		if i.down || r.URL.Path != "/api/signing-keys/keys" {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		set := jose.JSONWebKeySet{}
		for id, key := range i.keys {
			set.Keys = append(set.Keys, jose.JSONWebKey{Key: key.Public(), KeyID: id, Algorithm: "ES256", Use: "sig"})
		}
		_ = json.NewEncoder(w).Encode(set)
	}))
	t.Cleanup(i.Close)
	i.publish(t, "one")
	return i
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (i *issuer) publish(t testing.TB, id string) {
	t.Helper()
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys[id] = newKey(t)
}

func (i *issuer) withdraw(id string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.keys, id)
}

func (i *issuer) fall(down bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.down = down
}

func (i *issuer) count() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.asked
}

// sign signs claims with one of the published keys.
func (i *issuer) sign(t testing.TB, id string, claims map[string]any) string {
	t.Helper()
	i.mu.Lock()
	key := i.keys[id]
	i.mu.Unlock()
	return sign(t, jose.ES256, key, map[jose.HeaderKey]any{"kid": id, jose.HeaderType: "jwt"}, claims)
}

func sign(t testing.TB, alg jose.SignatureAlgorithm, key any, head map[jose.HeaderKey]any, claims map[string]any) string {
	t.Helper()
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, &jose.SignerOptions{ExtraHeaders: head})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	sig, err := s.Sign(raw)
	if err != nil {
		t.Fatal(err)
	}
	text, err := sig.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

const (
	pluginKey = "a key of the plugin, long enough for one"
	issuerURL = "https://grafana.example.se/"
)

// claimsOf is a token of a user at a time, as Grafana 12 makes them.
func claimsOf(login string, at time.Time) map[string]any {
	return map[string]any{"iss": issuerURL, "aud": []string{"org:1"}, "sub": "user:u-" + login, "iat": at.Unix(), "exp": at.Add(10 * time.Minute).Unix(),
		"type": "user", "identifier": "u-" + login, "namespace": "default", "username": login, "email": login + "@example.se", "authenticatedBy": "password", "displayName": "Name of " + login}
}

func with(claims map[string]any, pairs ...any) map[string]any {
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == nil {
			delete(claims, pairs[i].(string))
			continue
		}
		claims[pairs[i].(string)] = pairs[i+1]
	}
	return claims
}

// newGate makes a gate with Grafana's plugin.
func newGate(t testing.TB, i *issuer, c *clock, rights Rights, change func(*Config)) *Gate {
	t.Helper()
	cfg := Config{Login: LoginGrafana, Secret: make([]byte, 32), Session: time.Hour, Grafana: Grafana{Issuer: issuerURL, Audience: "org:1", Key: pluginKey}}
	if i != nil {
		cfg.Grafana.URL = i.URL
	}
	if change != nil {
		change(&cfg)
	}
	g, err := New(cfg, Deps{Rights: rights, Pseudonym: pseudonymOf, Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// asks makes a request with headers given as name, value.
func asks(t testing.TB, headers ...string) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1/api/me", nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return r
}

func sees(t *testing.T, name string, c Caller, want query.Scope) {
	t.Helper()
	have, _ := json.Marshal(c.Scope)
	wanted, _ := json.Marshal(want)
	if string(have) != string(wanted) {
		t.Errorf("%s sees %s, want %s", name, have, wanted)
	}
}
