package access

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// OIDC is a provider of OpenID Connect (OpenID Connect Core 1.0, authorization code flow with PKCE).
type OIDC struct {
	Issuer       string
	ClientID     string
	ClientSecret string
	Claim        string   // that holds the login name
	Scopes       []string // beside openid
}

// provider is asked for its addresses at the first login, and not at the start: the pipeline
// works without it.
type provider struct {
	cfg      OIDC
	redirect string
	http     *http.Client
	now      func() time.Time

	mu    sync.Mutex
	known *oidc.Provider
}

func newProvider(cfg OIDC, redirect string, client *http.Client, now func() time.Time) *provider {
	return &provider{cfg: cfg, redirect: redirect, http: client, now: now}
}

func (p *provider) context(ctx context.Context) context.Context {
	return oidc.ClientContext(ctx, p.http)
}

func (p *provider) find(ctx context.Context) (*oidc.Provider, *oauth2.Config, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known == nil {
		found, err := oidc.NewProvider(p.context(ctx), p.cfg.Issuer)
		if err != nil {
			return nil, nil, fmt.Errorf("%w: asking the provider for its addresses: %w", ErrUnavailable, err)
		}
		p.known = found
	}
	return p.known, &oauth2.Config{ClientID: p.cfg.ClientID, ClientSecret: p.cfg.ClientSecret, Endpoint: p.known.Endpoint(), RedirectURL: p.redirect,
		Scopes: append([]string{oidc.ScopeOpenID}, p.cfg.Scopes...)}, nil
}

// begun is a login under way, as the browser keeps it.
type begun struct {
	State    string `json:"state"`
	Nonce    string `json:"nonce"`
	Verifier string `json:"verifier"`
	Next     string `json:"next"`
	Until    int64  `json:"until"`
}

// Begin starts a login at the provider: the address to go to, and the cookie that the end of it needs.
func (g *Gate) Begin(r *http.Request, next string) (string, *http.Cookie, error) {
	if g.provider == nil {
		return "", nil, ErrNobody
	}
	_, conf, err := g.provider.find(r.Context())
	if err != nil {
		return "", nil, err
	}
	b := begun{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), Next: Inside(next), Until: g.now().Add(loginWithin).Unix()}
	value, err := g.seal.close(forLogin, b)
	if err != nil {
		return "", nil, err
	}
	return conf.AuthCodeURL(b.State, oidc.Nonce(b.Nonce), oauth2.S256ChallengeOption(b.Verifier)), g.cookie(r, forLogin, value, loginWithin), nil
}

// Finish ends a login: where to go then, and the cookies to set. The error is [ErrForeign], or wraps it or [ErrUnavailable].
func (g *Gate) Finish(r *http.Request) (string, []*http.Cookie, error) {
	if g.provider == nil {
		return "", nil, ErrNobody
	}
	var b begun
	found := r.CookiesNamed(g.cookieName(r, forLogin))
	q := r.URL.Query()
	if len(found) != 1 || g.seal.open(forLogin, found[0].Value, &b) != nil || g.now().Unix() >= b.Until || !sameSecret(q.Get("state"), b.State) {
		return "", nil, fmt.Errorf("%w: this login was not begun here, or too long ago", ErrForeign)
	}
	if q.Get("code") == "" { // the provider's own words may hold anything
		return "", nil, fmt.Errorf("%w: the provider did not log anybody in", ErrForeign)
	}
	login, name, err := g.provider.exchange(r.Context(), q.Get("code"), b)
	if err != nil {
		return "", nil, err
	}
	c, err := g.begin(r, login, name, g.cfg.Session)
	if err != nil {
		return "", nil, err
	}
	return Inside(b.Next), []*http.Cookie{c, g.drop(r, forLogin)}, nil
}

// exchange gets the id token for a code, checks it, and returns who it is for.
func (p *provider) exchange(ctx context.Context, code string, b begun) (login, name string, err error) {
	known, conf, err := p.find(ctx)
	if err != nil {
		return "", "", err
	}
	got, err := conf.Exchange(p.context(ctx), code, oauth2.VerifierOption(b.Verifier))
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) { // what it says may hold anything
		return "", "", fmt.Errorf("%w: the provider refused the code (%s)", ErrForeign, refused.Response.Status)
	}
	if err != nil {
		return "", "", fmt.Errorf("%w: asking the provider who it is: %w", ErrUnavailable, err)
	}
	raw, ok := got.Extra("id_token").(string)
	if !ok {
		return "", "", fmt.Errorf("%w: the provider gave no id token", ErrForeign)
	}
	token, err := known.Verifier(&oidc.Config{ClientID: p.cfg.ClientID, Now: p.now}).Verify(p.context(ctx), raw)
	if err != nil {
		return "", "", fmt.Errorf("%w: the id token is not valid", ErrForeign)
	}
	if !sameSecret(token.Nonce, b.Nonce) {
		return "", "", fmt.Errorf("%w: the id token is for another login", ErrForeign)
	}
	claims := map[string]any{}
	if err := token.Claims(&claims); err != nil {
		return "", "", fmt.Errorf("%w: the id token cannot be read", ErrForeign)
	}
	if azp, ok := claims["azp"].(string); (ok || len(token.Audience) > 1) && azp != p.cfg.ClientID {
		return "", "", fmt.Errorf("%w: the id token is for another program", ErrForeign)
	}
	login, _ = claims[p.cfg.Claim].(string)
	if verified, _ := claims["email_verified"].(bool); p.cfg.Claim == "email" && !verified {
		return "", "", fmt.Errorf("%w: the provider has not verified the address", ErrForeign)
	}
	if reserved(login) || len(login) > maxLogin {
		return "", "", fmt.Errorf("%w: the id token has no login name in claim %q", ErrForeign, p.cfg.Claim)
	}
	name, _ = claims["name"].(string)
	return login, name, nil
}
