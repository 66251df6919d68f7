package node

import (
	"net/url"
	"strings"

	"linesman/dashboards/access"
	"linesman/dashboards/console"
	"linesman/internal/config"
)

// Files below the data directory: the start-up token of the console, and what seals its sessions.
const (
	tokenFile   = "console.token"
	sessionFile = "console.sessions"
)

// newGate makes what tells the console who asks.
func (n *Node) newGate(secrets config.AccessSecrets) (*access.Gate, error) {
	a := &n.cfg.Access
	directory, err := access.NewDirectory(n.store.Conn(), n.log)
	if err != nil {
		return nil, err
	}
	networks, err := a.Proxy.Networks()
	if err != nil {
		return nil, err
	}
	cfg := access.Config{Login: a.Login, Session: a.Session, URL: a.URL,
		Proxy:   access.Proxy{From: networks, UserHeader: a.Proxy.UserHeader, NameHeader: a.Proxy.NameHeader, Key: secrets.Proxy},
		OIDC:    access.OIDC{Issuer: a.OIDC.Issuer, ClientID: a.OIDC.ClientID, ClientSecret: secrets.Client, Claim: a.OIDC.Claim, Scopes: a.OIDC.Scopes},
		Grafana: access.Grafana{URL: a.Grafana.URL, Issuer: a.Grafana.TokenIssuer(), Audience: a.Grafana.Audience, Key: secrets.Grafana}}
	if a.Login == access.LoginToken || a.Login == access.LoginOIDC {
		if cfg.Secret, err = access.Secret(n.cfg.Path(sessionFile)); err != nil {
			return nil, err
		}
	}
	if a.Login == access.LoginToken {
		if cfg.Start, err = access.Secret(n.cfg.Path(tokenFile)); err != nil {
			return nil, err
		}
	}
	return access.New(cfg, access.Deps{Rights: directory, Pseudonym: n.Pseudonym, Log: n.log})
}

// consoleLink is what to open in a browser: with the start-up token in it, where that is the login.
func (n *Node) consoleLink(address string) (string, error) {
	a := &n.cfg.Access
	base := "http://" + address
	if a.URL != "" {
		base = strings.TrimSuffix(a.URL, "/")
	}
	if a.Login != access.LoginToken {
		return base, nil
	}
	secret, err := access.Secret(n.cfg.Path(tokenFile))
	if err != nil {
		return "", err
	}
	return base + "/login?token=" + url.QueryEscape(access.Token(secret)), nil
}

// named sets the names and origins that the console is reached by.
func named(cfg *console.Config, c *config.Config) {
	cfg.Hosts = append(cfg.Hosts, c.Console.Hosts...)
	u, err := url.Parse(c.Access.URL)
	if c.Access.URL == "" || err != nil { // validated
		return
	}
	cfg.Hosts = append(cfg.Hosts, u.Hostname())
	cfg.Origins = append(cfg.Origins, u.Scheme+"://"+u.Host)
}
