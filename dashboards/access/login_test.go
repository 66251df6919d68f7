package access

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"linesman/schema"
)

func TestSecret(t *testing.T) {
	path := filepath.Join(t.TempDir(), "console.token")
	one, err := Secret(path)
	if err != nil || len(one) != 32 {
		t.Fatalf("%d bytes, %v", len(one), err)
	}
	if again, err := Secret(path); err != nil || string(again) != string(one) {
		t.Errorf("the token of the next start is another one: %v", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if raw, err := os.ReadFile(path); err != nil || strings.TrimSpace(string(raw)) != Token(one) || len(Token(one)) < 43 {
		t.Errorf("the file has %d bytes, %v", len(raw), err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Secret(path); !errors.Is(err, ErrExposed) {
		t.Errorf("a file that others can read: %v", err)
	}
	for name, text := range map[string]string{"short": "c2hvcnQ\n", "empty": "", "rubbish": strings.Repeat("§", 20), "long": strings.Repeat("A", 2000)} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Secret(path); err == nil || errors.Is(err, ErrExposed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := os.Symlink(path, path+".link"); err != nil {
		t.Fatal(err)
	}
	if _, err := Secret(path + ".link"); err == nil {
		t.Error("a link was followed")
	}
}

// back sends cookies back, as a browser does.
func back(r *http.Request, cookies ...*http.Cookie) *http.Request {
	for _, c := range cookies {
		r.AddCookie(c)
	}
	return r
}

func TestSessions(t *testing.T) {
	c := newClock()
	secret, sealing := []byte(strings.Repeat("k", 32)), []byte(strings.Repeat("s", 32))
	gate := newGate(t, nil, c, granted{}, func(cfg *Config) {
		cfg.Login, cfg.Secret, cfg.Start, cfg.Grafana = LoginToken, sealing, secret, Grafana{}
	})
	for _, wrong := range []string{"", "x", Token(secret)[1:], Token(secret) + "A", Token(make([]byte, 32))} {
		if cookie, err := gate.Enter(asks(t), wrong); !errors.Is(err, ErrForeign) || cookie != nil {
			t.Errorf("token %q: %v %v", wrong, cookie, err)
		}
	}
	at := asks(t)
	at = at.WithContext(context.WithValue(at.Context(), http.LocalAddrContextKey, net.Addr(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8123})))
	if cookie, err := gate.Enter(at, Token(secret)); err != nil || cookie.Name != "linesman_session_8123" {
		t.Errorf("two consoles of one machine keep their sessions apart: %v, %v", cookie, err)
	}
	cookie, err := gate.Enter(asks(t), Token(secret))
	if err != nil {
		t.Fatal(err)
	}
	if !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode || cookie.Path != "/" || cookie.Domain != "" || cookie.Secure || cookie.MaxAge <= 0 || strings.Contains(cookie.Value, Token(secret)) {
		t.Errorf("%+v", cookie)
	}
	got, err := gate.Identify(back(asks(t), cookie))
	if err != nil || !got.Local || got.Who != "Plocal" || got.Way != schema.WayConsole || !got.MaySeePersons("U") {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := gate.Identify(asks(t)); !errors.Is(err, ErrNobody) {
		t.Errorf("without a cookie: %v", err)
	}
	altered := *cookie
	altered.Value = cookie.Value[:len(cookie.Value)-2] + "AA"
	foreign, err := newSealer([]byte(strings.Repeat("x", 32)), nil)
	if err != nil {
		t.Fatal(err)
	}
	forged := *cookie
	if forged.Value, err = foreign.close(forSession, session{Way: LoginToken, Until: c.now().Add(time.Hour).Unix()}); err != nil {
		t.Fatal(err)
	}
	other := *cookie // sealed by us, for another purpose and for another way to log in
	if other.Value, err = gate.seal.close(forLogin, session{Way: LoginToken, Until: c.now().Add(time.Hour).Unix()}); err != nil {
		t.Fatal(err)
	}
	way := *cookie
	if way.Value, err = gate.seal.close(forSession, session{Way: LoginOIDC, Login: "anna", Until: c.now().Add(time.Hour).Unix()}); err != nil {
		t.Fatal(err)
	}
	for name, cookies := range map[string][]*http.Cookie{"altered": {&altered}, "forged": {&forged}, "of another purpose": {&other}, "of another login": {&way}, "two": {cookie, &forged}, "the same twice": {cookie, cookie}} {
		if got, err := gate.Identify(back(asks(t), cookies...)); !errors.Is(err, ErrForeign) || got.Local {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	// Who has the token cannot make a session with it, and a new token ends those of the old one.
	for name, keys := range map[string][2][]byte{"sealed by the token": {secret, secret}, "of the token alone": {secret, sealing}, "of another token": {sealing, sealing}} {
		forged, err := newGate(t, nil, c, granted{}, func(cfg *Config) {
			cfg.Login, cfg.Secret, cfg.Start, cfg.Grafana = LoginToken, keys[0], keys[1], Grafana{}
		}).Enter(asks(t), Token(keys[1]))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := gate.Identify(back(asks(t), forged)); !errors.Is(err, ErrForeign) || got.Local {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	// The next start has the same secrets.
	if got, err := newGate(t, nil, c, granted{}, func(cfg *Config) {
		cfg.Login, cfg.Secret, cfg.Start, cfg.Grafana = LoginToken, sealing, secret, Grafana{}
	}).Identify(back(asks(t), cookie)); err != nil || !got.Local {
		t.Errorf("after a restart: %v", err)
	}
	if gone := gate.Leave(back(asks(t), cookie)); gone.MaxAge >= 0 || gone.Name != cookie.Name {
		t.Errorf("%+v", gone)
	}
	if _, err := gate.Identify(back(asks(t), cookie)); !errors.Is(err, ErrForeign) {
		t.Errorf("a copy of the cookie after logging out: %v", err)
	}
	cookie, err = gate.Enter(asks(t), Token(secret))
	if err != nil {
		t.Fatal(err)
	}
	c.move(localSession)
	if _, err := gate.Identify(back(asks(t), cookie)); !errors.Is(err, ErrForeign) {
		t.Errorf("a month later: %v", err)
	}
}

func TestProxy(t *testing.T) {
	rights := granted{"Panna": {schema.RoleFinance}, "Plocal": {schema.RoleAdmin}, "Pgrafana_scheduler": {schema.RoleAdmin}, "Pservice-account:1": {schema.RoleAdmin}}
	set := func(cfg *Config) {
		cfg.Login, cfg.Proxy = LoginProxy, Proxy{From: []netip.Prefix{netip.MustParsePrefix("10.1.2.0/24"), netip.MustParsePrefix("127.0.0.1/32")}, UserHeader: "X-Forwarded-User", NameHeader: "X-Forwarded-Name"}
	}
	keyed := func(cfg *Config) { set(cfg); cfg.Proxy.Key = "a key of the proxy, long enough" }
	for _, tc := range []struct {
		name, from string
		headers    []string
		set        func(*Config)
		who        string
		want       error
	}{
		{"the proxy", "10.1.2.9:4000", []string{"X-Forwarded-User", "Anna", "X-Forwarded-Name", "Anna A"}, set, "Panna", nil},
		{"the proxy, mapped", "[::ffff:10.1.2.9]:4000", []string{"X-Forwarded-User", "anna"}, set, "Panna", nil},
		{"somebody without rights", "10.1.2.9:4000", []string{"X-Forwarded-User", "boris"}, set, "Pboris", ErrNoRights},
		{"somebody else", "10.1.3.9:4000", []string{"X-Forwarded-User", "anna"}, set, "", ErrNobody},
		{"somebody else, for the proxy", "10.1.3.9:4000", []string{"X-Forwarded-User", "anna", "X-Forwarded-For", "10.1.2.9", "Forwarded", "for=10.1.2.9"}, set, "", ErrNobody},
		{"no address", "pipe", []string{"X-Forwarded-User", "anna"}, set, "", ErrNobody},
		{"no login", "10.1.2.9:4000", nil, set, "", ErrNobody},
		{"an empty login", "10.1.2.9:4000", []string{"X-Forwarded-User", " "}, set, "", ErrForeign},
		{"two logins", "10.1.2.9:4000", []string{"X-Forwarded-User", "anna", "X-Forwarded-User", "boss"}, set, "", ErrForeign},
		{"the owner", "10.1.2.9:4000", []string{"X-Forwarded-User", "Local"}, set, "", ErrForeign},
		{"the scheduler", "10.1.2.9:4000", []string{"X-Forwarded-User", "grafana_scheduler"}, set, "", ErrForeign},
		{"an account", "10.1.2.9:4000", []string{"X-Forwarded-User", "Service-Account:1"}, set, "", ErrForeign},
		{"without the key", "10.1.2.9:4000", []string{"X-Forwarded-User", "anna"}, keyed, "", ErrNobody},
		{"with another key", "10.1.2.9:4000", []string{"X-Forwarded-User", "anna", HeaderProxyKey, "x"}, keyed, "", ErrNobody},
		{"with the key", "10.1.2.9:4000", []string{"X-Forwarded-User", "anna", HeaderProxyKey, "a key of the proxy, long enough"}, keyed, "Panna", nil},
	} {
		r := asks(t, tc.headers...)
		r.RemoteAddr = tc.from
		got, err := newGate(t, nil, newClock(), rights, tc.set).Identify(r)
		if !errors.Is(err, tc.want) || got.Who != tc.who || got.Local {
			t.Errorf("%s: %+v, %v", tc.name, got, err)
		}
	}
	if _, err := New(Config{Login: LoginProxy}, Deps{Rights: rights, Pseudonym: pseudonymOf, Log: newGate(t, nil, newClock(), rights, nil).log}); err == nil {
		t.Error("a proxy without an address was accepted")
	}
	if _, err := New(Config{Login: "open"}, Deps{Rights: rights, Pseudonym: pseudonymOf, Log: newGate(t, nil, newClock(), rights, nil).log}); err == nil {
		t.Error("a login that there is not was accepted")
	}
}

// idp is a provider of OpenID Connect: discovery, keys and the token endpoint, with PKCE.
type idp struct {
	*httptest.Server
	key       *rsa.PrivateKey
	claims    map[string]any // of the next id token
	challenge string         // that the code was asked for with
	used      int
}

func newIDP(t *testing.T) *idp {
	t.Helper()
	p := &idp{}
	var err error
	if p.key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	answer := func(w http.ResponseWriter, v any) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(v)
	}
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{"issuer": p.URL, "authorization_endpoint": p.URL + "/auth", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys", "id_token_signing_alg_values_supported": []string{"RS256", "none", "HS256"}})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: p.key.Public(), KeyID: "k", Algorithm: "RS256", Use: "sig"}}})
	})
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
		id, secret, _ := r.BasicAuth()
		if r.FormValue("code") != "the code" || base64.RawURLEncoding.EncodeToString(sum[:]) != p.challenge || id != "linesman" || secret != "the-secret" {
			http.Error(w, `{"error":"invalid_grant"}`, http.StatusBadRequest)
			return
		}
		p.used++
		alg, key := jose.RS256, any(p.key)
		if p.claims["alg"] == "HS256" {
			alg, key = jose.HS256, []byte("the secret, long enough for this algorithm")
		}
		answer(w, map[string]any{"access_token": "a", "token_type": "Bearer", "id_token": sign(t, alg, key, map[jose.HeaderKey]any{"kid": "k"}, p.claims)})
	})
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

func TestOIDC(t *testing.T) {
	p, c := newIDP(t), newClock()
	gate := newGate(t, nil, c, granted{"Panna": {schema.RoleFinance}}, func(cfg *Config) {
		cfg.Login, cfg.Secret, cfg.URL, cfg.Session = LoginOIDC, []byte(strings.Repeat("k", 32)), "https://linesman.example.se/", time.Hour
		cfg.OIDC = OIDC{Issuer: p.URL, ClientID: "linesman", ClientSecret: "the-secret", Claim: "preferred_username", Scopes: []string{"profile"}}
	})
	begin := func(next string) (url.Values, *http.Cookie) {
		t.Helper()
		to, cookie, err := gate.Begin(asks(t), next)
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(to)
		if err != nil {
			t.Fatal(err)
		}
		p.challenge = u.Query().Get("code_challenge")
		return u.Query(), cookie
	}
	finish := func(query string, cookies ...*http.Cookie) (string, []*http.Cookie, error) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/login/callback?"+query, nil)
		return gate.Finish(back(r, cookies...))
	}
	claims := func(q url.Values, pairs ...any) map[string]any {
		now := c.now()
		return with(map[string]any{"iss": p.URL, "aud": "linesman", "sub": "1", "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(), "nonce": q.Get("nonce"), "preferred_username": "Anna", "name": "Anna A"}, pairs...)
	}
	q, cookie := begin("/d/violations?unit=A")
	if q.Get("code_challenge_method") != "S256" || q.Get("redirect_uri") != "https://linesman.example.se/login/callback" || q.Get("state") == "" || q.Get("nonce") == "" || q.Get("scope") != "openid profile" ||
		cookie.Name != "__Host-linesman_login" || !cookie.Secure || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode {
		t.Errorf("%v, %+v", q, cookie)
	}
	p.claims = claims(q)
	next, set, err := finish("code=the+code&state="+q.Get("state"), cookie)
	if err != nil || next != "/d/violations?unit=A" || len(set) != 2 || p.used != 1 {
		t.Fatalf("%q %v %v", next, set, err)
	}
	session := set[0]
	if session.Name != "__Host-linesman_session" || !session.Secure || !session.HttpOnly || session.SameSite != http.SameSiteStrictMode || session.MaxAge != 3600 || strings.Contains(session.Value, "anna") || set[1].MaxAge >= 0 {
		t.Errorf("%+v", set)
	}
	got, err := gate.Identify(back(asks(t), session))
	if err != nil || got.Who != "Panna" || got.Name != "Anna A" || got.Local || got.Login != LoginOIDC {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := gate.Identify(back(asks(t), cookie)); !errors.Is(err, ErrNobody) {
		t.Errorf("the cookie of the login is no session: %v", err)
	}
	if _, err := gate.Enter(asks(t), Token([]byte(strings.Repeat("k", 32)))); !errors.Is(err, ErrForeign) {
		t.Errorf("the start-up token works beside OpenID Connect: %v", err)
	}
	for name, change := range map[string][]any{
		"another nonce": {"nonce", "x"}, "no nonce": {"nonce", nil}, "for another program": {"aud", "other"}, "for two, issued to another": {"aud", []string{"linesman", "other"}, "azp", "other"},
		"for two, issued to nobody": {"aud", []string{"linesman", "other"}}, "of another provider": {"iss", "https://evil.example"}, "expired": {"exp", c.now().Add(-time.Minute).Unix()},
		"without a login": {"preferred_username", nil}, "the owner": {"preferred_username", "local"}, "the scheduler": {"preferred_username", "grafana_scheduler"}, "signed with the secret": {"alg", "HS256"},
	} {
		q, cookie := begin("/")
		p.claims = claims(q, change...)
		if _, set, err := finish("code=the+code&state="+q.Get("state"), cookie); !errors.Is(err, ErrForeign) || len(set) > 0 {
			t.Errorf("%s: %v, %v", name, set, err)
		}
	}
	used := p.used
	q, cookie = begin("//evil.example")
	p.claims = claims(q)
	_, another := begin("/")
	p.challenge = q.Get("code_challenge")
	for name, try := range map[string]func() error{
		"another state":     func() error { _, _, err := finish("code=the+code&state=x", cookie); return err },
		"no state":          func() error { _, _, err := finish("code=the+code", cookie); return err },
		"no cookie":         func() error { _, _, err := finish("code=the+code&state=" + q.Get("state")); return err },
		"another's cookie":  func() error { _, _, err := finish("code=the+code&state="+q.Get("state"), another); return err },
		"refused":           func() error { _, _, err := finish("error=access_denied&state="+q.Get("state"), cookie); return err },
		"a code of another": func() error { _, _, err := finish("code=stolen&state="+q.Get("state"), cookie); return err },
	} {
		if err := try(); !errors.Is(err, ErrForeign) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if p.used != used {
		t.Error("a code was exchanged for somebody who had not begun")
	}
	if next, _, err := finish("code=the+code&state="+q.Get("state"), cookie); err != nil || next != "/" {
		t.Errorf("led to %q, %v", next, err)
	}
	q, cookie = begin("/")
	p.claims = claims(q)
	c.move(loginWithin)
	if _, _, err := finish("code=the+code&state="+q.Get("state"), cookie); !errors.Is(err, ErrForeign) {
		t.Errorf("too late: %v", err)
	}
	c.move(time.Hour)
	if _, err := gate.Identify(back(asks(t), session)); !errors.Is(err, ErrForeign) {
		t.Errorf("an hour later: %v", err)
	}
	p.Close()
	fresh := newGate(t, nil, c, granted{}, func(cfg *Config) {
		cfg.Login, cfg.OIDC = LoginOIDC, OIDC{Issuer: p.URL, ClientID: "linesman", Claim: "email"}
	})
	if _, _, err := fresh.Begin(asks(t), "/"); !errors.Is(err, ErrUnavailable) {
		t.Errorf("the provider is away: %v", err)
	}
}
