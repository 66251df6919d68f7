package access

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"linesman/dashboards/query"
	"linesman/schema"
)

// TestTokens: only a token that Grafana signed, for this organisation and for now, says who asks.
func TestTokens(t *testing.T) {
	grafana, foreign, c := newIssuer(t), newIssuer(t), newClock()
	gate := newGate(t, grafana, c, granted{"Panna": {schema.RoleFinance}}, nil)
	now := c.now()
	good := grafana.sign(t, "one", claimsOf("anna", now))
	grafana.mu.Lock()
	key := grafana.keys["one"]
	grafana.mu.Unlock()
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	point, err := key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(good, ".")
	encode := base64.RawURLEncoding.EncodeToString
	own := map[jose.HeaderKey]any{"kid": "one", "jwk": jose.JSONWebKey{Key: rsaKey.Public(), KeyID: "one", Algorithm: "RS256"}}
	kid := map[jose.HeaderKey]any{"kid": "one"}
	signed := func(pairs ...any) string { return grafana.sign(t, "one", with(claimsOf("anna", now), pairs...)) }
	for name, token := range map[string]string{
		"another key of the same name":  foreign.sign(t, "one", claimsOf("anna", now)),
		"claims changed":                parts[0] + "." + encode([]byte(`{"iss":"`+issuerURL+`","aud":["org:1"],"sub":"user:1","username":"boss","exp":9999999999,"iat":1}`)) + "." + parts[2],
		"signature cut":                 parts[0] + "." + parts[1] + "." + parts[2][:40],
		"no signature":                  parts[0] + "." + parts[1] + ".",
		"alg none":                      encode([]byte(`{"alg":"none","kid":"one"}`)) + "." + parts[1] + ".",
		"alg NoNe":                      encode([]byte(`{"alg":"NoNe","kid":"one"}`)) + "." + parts[1] + ".",
		"public key as password, PEM":   sign(t, jose.HS256, public, kid, claimsOf("anna", now)),
		"public key as password":        sign(t, jose.HS256, point, kid, claimsOf("anna", now)),
		"another algorithm, own key":    sign(t, jose.RS256, rsaKey, own, claimsOf("anna", now)),
		"no key named":                  sign(t, jose.ES256, key, map[jose.HeaderKey]any{}, claimsOf("anna", now)),
		"unknown key":                   sign(t, jose.ES256, newKey(t), map[jose.HeaderKey]any{"kid": "two"}, claimsOf("anna", now)),
		"an access token":               sign(t, jose.ES256, key, map[jose.HeaderKey]any{"kid": "one", jose.HeaderType: "at+jwt"}, claimsOf("anna", now)),
		"as JSON":                       `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`,
		"expired":                       signed("exp", now.Add(-time.Minute).Unix(), "iat", now.Add(-11*time.Minute).Unix()),
		"of tomorrow":                   signed("exp", now.Add(25*time.Hour).Unix(), "iat", now.Add(24*time.Hour).Unix()),
		"not yet valid":                 signed("nbf", now.Add(time.Minute).Unix()),
		"valid for ever":                signed("exp", now.Add(1000*time.Hour).Unix()),
		"without an end":                signed("exp", nil),
		"without a beginning":           signed("iat", nil),
		"of another organisation":       signed("aud", []string{"org:2"}),
		"for nobody":                    signed("aud", nil),
		"of another Grafana":            signed("iss", "https://grafana.example.com/"),
		"of no Grafana":                 signed("iss", nil),
		"without a login":               signed("username", nil),
		"anonymous":                     signed("sub", "anonymous:0", "type", "anonymous"),
		"renderer":                      signed("sub", "render:0", "type", "render"),
		"two kinds":                     signed("type", "service-account"),
		"somebody called the scheduler": signed("username", " Grafana_Scheduler"),
		"somebody called local":         signed("username", "LOCAL"),
		"somebody called an account":    signed("username", "service-account:1"),
		"empty":                         "",
		"rubbish":                       "..",
		"long":                          strings.Repeat("x", maxToken+1),
	} {
		got, err := gate.Identify(asks(t, "Authorization", "Bearer "+pluginKey, HeaderGrafanaID, token))
		if !errors.Is(err, ErrForeign) || got.Who != "" {
			t.Errorf("%s: %v, %+v", name, err, got)
		}
	}
	got, err := gate.Identify(asks(t, "Authorization", "Bearer "+pluginKey, HeaderGrafanaID, good))
	if err != nil || got.Who != "Panna" || got.Name != "Name of anna" || got.Way != schema.WayGrafana {
		t.Fatalf("%+v, %v", got, err)
	}
	sees(t, "finance", got, query.Scope{All: true, Figures: true})
	for name, d := range map[string]time.Duration{"its clock somewhat before ours": 5 * time.Second, "somewhat after": -5 * time.Second} {
		token := grafana.sign(t, "one", with(claimsOf("anna", now.Add(d)), "exp", now.Add(d).Add(time.Minute).Unix()))
		if _, err := gate.Identify(asks(t, "Authorization", "Bearer "+pluginKey, HeaderGrafanaID, token)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	c.move(11 * time.Minute)
	if _, err := gate.Identify(asks(t, "Authorization", "Bearer "+pluginKey, HeaderGrafanaID, good)); !errors.Is(err, ErrForeign) {
		t.Errorf("eleven minutes later: %v", err)
	}
}

// TestCallers: each kind of caller that reaches a data source plugin, and those that pretend to be another.
func TestCallers(t *testing.T) {
	grafana, c := newIssuer(t), newClock()
	rights := granted{"Panna": {schema.RoleUnitManager, schema.RolePersonLevel}, "Pboris": {schema.RoleDataProtectionOfficer},
		"Pservice-account:s1": {schema.RoleFinance, schema.RolePersonLevel}}
	gate := newGate(t, grafana, c, rights, nil)
	now := c.now()
	anna, boris := grafana.sign(t, "one", claimsOf("Anna", now)), grafana.sign(t, "one", claimsOf("boris", now))
	account := grafana.sign(t, "one", with(claimsOf("x", now), "sub", "service-account:s1", "type", "service-account", "username", nil))
	stranger := grafana.sign(t, "one", claimsOf("stranger", now))
	key := []string{"Authorization", "Bearer " + pluginKey}
	// What a Viewer of Grafana can send along, and what Grafana says of the caller, is not believed.
	lies := []string{"FromAlert", "true", "X-Grafana-Role", "Admin", "X-Grafana-User", "admin", "X-Forwarded-User", "admin", "X-Linesman-Roles", "admin"}
	for _, tc := range []struct {
		name    string
		headers []string
		who     string
		want    error
		scope   query.Scope
	}{
		{"user A", append(key, HeaderGrafanaID, anna, HeaderCaller, "user"), "Panna", nil, query.Scope{Units: []string{"U"}, Figures: true, Persons: query.Persons{Units: []string{"U"}}}},
		{"user A, lying", append(append(key, HeaderGrafanaID, anna, HeaderCaller, "scheduler"), lies...), "Panna", nil, query.Scope{Units: []string{"U"}, Figures: true, Persons: query.Persons{Units: []string{"U"}}}},
		{"user B", append(key, HeaderGrafanaID, boris, HeaderCaller, "user"), "Pboris", nil, query.Scope{AccessLog: true}},
		{"a service account", append(key, HeaderGrafanaID, account, HeaderCaller, "service"), "Pservice-account:s1", nil, query.Scope{All: true, Figures: true}},
		{"somebody without a grant", append(key, HeaderGrafanaID, stranger), "Pstranger", ErrNoRights, query.Scope{}},
		{"the scheduler without a grant", append(key, HeaderCaller, "scheduler"), "Pgrafana_scheduler", ErrNoRights, query.Scope{}},
		{"a public dashboard", append(key, HeaderCaller, "service"), "", ErrNobody, query.Scope{}},
		{"a public dashboard, administrator", append(append(key, HeaderCaller, "service"), lies...), "", ErrNobody, query.Scope{}},
		{"a user without a token", append(key, HeaderCaller, "user"), "", ErrNobody, query.Scope{}},
		{"nobody, from an alert", append(key, "FromAlert", "true"), "", ErrNobody, query.Scope{}},
		{"two kinds at once", append(key, HeaderCaller, "scheduler", HeaderCaller, "user"), "", ErrNobody, query.Scope{}},
		{"two tokens", append(key, HeaderGrafanaID, anna, HeaderGrafanaID, boris), "", ErrForeign, query.Scope{}},
		{"an empty token of the scheduler", append(key, HeaderGrafanaID, "", HeaderCaller, "scheduler"), "", ErrForeign, query.Scope{}},
		{"a token without the plugin", []string{HeaderGrafanaID, anna}, "", ErrNobody, query.Scope{}},
		{"a scheduler without the plugin", []string{HeaderCaller, "scheduler"}, "", ErrNobody, query.Scope{}},
		{"another key", []string{"Authorization", "Bearer " + pluginKey + "x", HeaderGrafanaID, anna}, "", ErrForeign, query.Scope{}},
		{"an empty key", []string{"Authorization", "Bearer ", HeaderGrafanaID, anna}, "", ErrForeign, query.Scope{}},
		{"the key as a password", []string{"Authorization", "Basic " + pluginKey, HeaderGrafanaID, anna}, "", ErrNobody, query.Scope{}},
		{"two keys", append(key, "Authorization", "Bearer x", HeaderGrafanaID, anna), "", ErrForeign, query.Scope{}},
	} {
		got, err := gate.Identify(asks(t, tc.headers...))
		if !errors.Is(err, tc.want) || got.Who != tc.who {
			t.Errorf("%s: %q, %v", tc.name, got.Who, err)
		}
		sees(t, tc.name, got, tc.scope)
	}
	rights["Pgrafana_scheduler"] = []string{schema.RoleUnitManager, schema.RolePersonLevel}
	got, err := gate.Identify(asks(t, append(key, HeaderCaller, "scheduler")...))
	if err != nil || got.Way != schema.WayAlert || len(got.opened) > 0 || got.MaySettle("U") {
		t.Errorf("the scheduler: %+v, %v", got, err)
	}
	sees(t, "the scheduler", got, query.Scope{Units: []string{"U"}, Figures: true})
	// Without a key in the configuration no plugin is let in, whatever it sends.
	closed := newGate(t, grafana, c, rights, func(cfg *Config) { cfg.Login, cfg.Start, cfg.Grafana.Key = LoginToken, cfg.Secret, "" })
	for _, headers := range [][]string{{"Authorization", "Bearer "}, {"Authorization", "Bearer", HeaderCaller, "scheduler"}, key} {
		if got, err := closed.Identify(asks(t, headers...)); !errors.Is(err, ErrForeign) || got.Who != "" {
			t.Errorf("without a key, %v: %v %+v", headers, err, got)
		}
	}
}

// TestKeys: keys are kept, come when Grafana makes new ones, go when it takes them back, and stay while it is away.
func TestKeys(t *testing.T) {
	grafana, c := newIssuer(t), newClock()
	gate := newGate(t, grafana, c, granted{"Panna": {schema.RoleFinance}}, nil)
	ask := func(id string) error {
		t.Helper()
		_, err := gate.Identify(asks(t, "Authorization", "Bearer "+pluginKey, HeaderGrafanaID, grafana.sign(t, id, claimsOf("anna", c.now()))))
		return err
	}
	wants := func(what string, err, want error, asked int) {
		t.Helper()
		if !errors.Is(err, want) || grafana.count() != asked {
			t.Errorf("%s: %v, asked %d times, want %v and %d", what, err, grafana.count(), want, asked)
		}
	}
	grafana.fall(true)
	wants("Grafana was never there", ask("one"), ErrUnavailable, 1)
	wants("asked again at once", ask("one"), ErrUnavailable, 1)
	grafana.fall(false)
	c.move(askEvery)
	wants("it came", ask("one"), nil, 2)
	for range 50 {
		wants("a known key", ask("one"), nil, 2)
	}
	c.move(askEvery)
	grafana.publish(t, "two")
	wants("a new key", ask("two"), nil, 3)
	for range 50 { // forged names of keys are no way to make us ask and ask
		_, err := gate.Identify(asks(t, "Authorization", "Bearer "+pluginKey, HeaderGrafanaID, sign(t, jose.ES256, newKey(t), map[jose.HeaderKey]any{"kid": "forged"}, claimsOf("anna", c.now()))))
		wants("a forged key", err, ErrForeign, 3)
	}
	wants("known keys meanwhile", ask("one"), nil, 3)
	grafana.fall(true)
	c.move(24 * time.Hour)
	for range 3 {
		if err := ask("one"); err != nil {
			t.Errorf("Grafana is away for a day: %v", err)
		}
	}
	settle(gate.keys)
	if n := grafana.count(); n != 4 {
		t.Errorf("asked %d times, want once more for keys that are old", n)
	}
	grafana.fall(false)
	c.move(askEvery)
	old := grafana.sign(t, "one", claimsOf("anna", c.now()))
	grafana.withdraw("one")
	if _, err := gate.Identify(asks(t, "Authorization", "Bearer "+pluginKey, HeaderGrafanaID, old)); err != nil {
		t.Errorf("whoever asks does not wait for new keys: %v", err)
	}
	settle(gate.keys)
	if _, err := gate.Identify(asks(t, "Authorization", "Bearer "+pluginKey, HeaderGrafanaID, old)); !errors.Is(err, ErrForeign) {
		t.Errorf("a key that was taken back: %v", err)
	}
}

// settle waits until no keys are being read.
func settle(k *Keys) {
	k.mu.Lock()
	flight := k.flight
	k.mu.Unlock()
	if flight != nil {
		<-flight
	}
}

func TestKeySets(t *testing.T) {
	public, err := jose.JSONWebKey{Key: newKey(t).Public(), KeyID: "good"}.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	private, err := jose.JSONWebKey{Key: newKey(t), KeyID: "private"}.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	keys, err := parseKeys([]byte(`{"keys":[{"kty":"future","kid":"f"},{"kty":"oct","k":"c2VjcmV0","kid":"s"},` + string(private) + `,` + string(public) + `]}`))
	if err != nil || len(keys) != 1 || keys["good"].KeyID != "good" {
		t.Errorf("%v, %v", keys, err)
	}
	for _, raw := range []string{"", "{}", `{"keys":[]}`, `{"keys":1}`, `<html>`, `{"keys":[{"kty":"oct","k":"c2VjcmV0","kid":"s"}]}`} {
		if keys, err := parseKeys([]byte(raw)); err == nil {
			t.Errorf("%s gave %v", raw, keys)
		}
	}
	k := NewKeys("http://127.0.0.1:1/", http.DefaultClient, nil)
	if _, err := k.VerifySignature(t.Context(), "a.b.c"); err == nil {
		t.Error("a token of nothing was taken")
	}
}

func FuzzToken(f *testing.F) {
	grafana, c := newIssuer(f), newClock()
	gate := newGate(f, grafana, c, granted{"Panna": {schema.RoleFinance}}, nil)
	good := grafana.sign(f, "one", claimsOf("anna", c.now()))
	f.Add(good)
	f.Add(strings.Replace(good, ".", "..", 1))
	f.Add(`{"payload":"","signatures":[]}`)
	f.Fuzz(func(t *testing.T, token string) {
		if token == good {
			return
		}
		r := asks(t, "Authorization", "Bearer "+pluginKey)
		r.Header[HeaderGrafanaID] = []string{token}
		if got, err := gate.Identify(r); err == nil && got.Who != "Panna" { // the last letter of a signature has bits that do not count
			t.Errorf("%q is %+v", token, got)
		}
	})
}

// A letter that becomes another one in lower case makes nobody somebody else.
func TestLoginsThatLookAlike(t *testing.T) {
	for login, want := range map[string]bool{"karin": false, "KARIN": false, "\u212aarin": true, "local": true, " Local ": true, "": true} {
		if reserved(login) != want {
			t.Errorf("%q", login)
		}
	}
}
