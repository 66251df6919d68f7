package config

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
)

// Access is how people and Grafana identify themselves. What they may see then is stated in
// access_grants.csv; see docs/access.md.
type Access struct {
	Login          string        `koanf:"login" doc:"How people log in at the console: token (the link that 'linesman up' prints; only where the console listens on this machine alone), proxy (a proxy in front says who it is), oidc (OpenID Connect) or grafana (nobody: only Grafana's plugin is let in)."`
	URL            string        `koanf:"url" doc:"Address of the console as browsers reach it, for example https://linesman.example.se. With https, cookies are sent over https only."`
	Session        time.Duration `koanf:"session" doc:"How long a login with oidc lasts."`
	MetricsKey     string        `koanf:"metrics_key" doc:"Key with which /metrics can be read (Authorization: Bearer …), where login is not token." secret:"true"`
	MetricsKeyFile string        `koanf:"metrics_key_file" doc:"File with that key on its first line."`
	Proxy          AccessProxy   `koanf:"proxy"`
	OIDC           AccessOIDC    `koanf:"oidc"`
	Grafana        AccessGrafana `koanf:"grafana"`
}

// AccessProxy is a proxy with a login in front of the console.
type AccessProxy struct {
	From       List   `koanf:"from" doc:"Addresses and networks that the proxy's header is believed from, for example 127.0.0.1 or 10.1.2.0/24. A list in YAML, separated by commas in the environment."`
	UserHeader string `koanf:"user_header" doc:"Header with the login name. The proxy must set it, and must throw away what a browser sent under that name."`
	NameHeader string `koanf:"name_header" doc:"Header with the name that the console shows; empty: none."`
	Key        string `koanf:"key" doc:"Key that the proxy must send in X-Linesman-Proxy-Key; needed where others can reach the console from its address. Empty: none." secret:"true"`
	KeyFile    string `koanf:"key_file" doc:"File with that key on its first line."`
}

// AccessOIDC is a provider of OpenID Connect.
type AccessOIDC struct {
	Issuer           string `koanf:"issuer" doc:"Issuer of the provider; its /.well-known/openid-configuration says the rest. The provider must know access.url followed by /login/callback."`
	ClientID         string `koanf:"client_id" doc:"What the provider calls this console."`
	ClientSecret     string `koanf:"client_secret" doc:"Its secret. Better given as environment variable or in a file." secret:"true"`
	ClientSecretFile string `koanf:"client_secret_file" doc:"File with the secret on its first line."`
	Claim            string `koanf:"claim" doc:"Claim of the id token with the login name, as access_grants.csv has it. One that people cannot change themselves."`
	Scopes           List   `koanf:"scopes" doc:"Scopes to ask for beside openid."`
}

// AccessGrafana is the Grafana whose plugin is let in.
type AccessGrafana struct {
	URL      string `koanf:"url" doc:"Address of Grafana as this program reaches it: the keys that it signs with are read there."`
	Issuer   string `koanf:"issuer" doc:"Issuer of Grafana's tokens: its root_url, with the slash at its end. Empty: access.grafana.url with a slash."`
	Audience string `koanf:"audience" doc:"Audience of Grafana's tokens: org: and the number of the organisation that has the data source."`
	Key      string `koanf:"key" doc:"Key that the plugin authenticates itself with, at least 32 characters; empty: no plugin is let in." secret:"true"`
	KeyFile  string `koanf:"key_file" doc:"File with that key on its first line."`
}

func defaultAccess() Access {
	return Access{Login: "token", Session: 12 * time.Hour,
		Proxy:   AccessProxy{From: List{}, UserHeader: "X-Forwarded-User"},
		OIDC:    AccessOIDC{Claim: "preferred_username", Scopes: List{"profile"}},
		Grafana: AccessGrafana{Audience: "org:1"}}
}

// Networks reads the addresses that the proxy's header is believed from.
func (p *AccessProxy) Networks() ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, text := range p.From {
		if one, err := netip.ParseAddr(text); err == nil {
			out = append(out, netip.PrefixFrom(one.Unmap(), one.Unmap().BitLen()))
			continue
		}
		net, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("access.proxy.from: %q: want an address or a network as 10.1.2.0/24", text)
		}
		if net.Bits() == 0 {
			return nil, fmt.Errorf("access.proxy.from: %q are all addresses: anybody could say who they are", text)
		}
		out = append(out, net.Masked())
	}
	return out, nil
}

// TokenIssuer is the issuer that Grafana's tokens must have.
func (g *AccessGrafana) TokenIssuer() string {
	if g.Issuer != "" {
		return g.Issuer
	}
	return strings.TrimSuffix(g.URL, "/") + "/"
}

// AccessSecrets are the secrets of [Access], read from their files where they stand in some.
type AccessSecrets struct{ Metrics, Proxy, Client, Grafana string }

// Secrets reads the secrets.
func (a *Access) Secrets() (AccessSecrets, error) {
	var out AccessSecrets
	for _, s := range [...]struct {
		key, text, file string
		into            *string
	}{
		{"access.metrics_key_file", a.MetricsKey, a.MetricsKeyFile, &out.Metrics},
		{"access.proxy.key_file", a.Proxy.Key, a.Proxy.KeyFile, &out.Proxy},
		{"access.oidc.client_secret_file", a.OIDC.ClientSecret, a.OIDC.ClientSecretFile, &out.Client},
		{"access.grafana.key_file", a.Grafana.Key, a.Grafana.KeyFile, &out.Grafana},
	} {
		*s.into = s.text
		if s.file == "" {
			continue
		}
		raw, err := os.ReadFile(s.file)
		if err != nil {
			return out, fmt.Errorf("%s: %w", s.key, err)
		}
		first, _, _ := strings.Cut(string(raw), "\n")
		if *s.into = strings.TrimSpace(first); *s.into == "" {
			return out, fmt.Errorf("%s: %s has nothing on its first line", s.key, s.file)
		}
	}
	for key, have := range map[string]string{"access.grafana.key": out.Grafana, "access.metrics_key": out.Metrics, "access.proxy.key": out.Proxy} {
		if have != "" && len(have) < shortestKey {
			return out, fmt.Errorf("%s: want at least %d characters, such as 'openssl rand -hex 32' gives", key, shortestKey)
		}
	}
	if out.Grafana != "" && (out.Grafana == out.Metrics || out.Grafana == out.Proxy) {
		return out, errors.New("access.grafana.key: is another key, too; each wants its own")
	}
	return out, nil
}

// shortestKey is how long a key must be that machines use.
const shortestKey = 32

func (a *Access) validate() error {
	var errs []error
	wrong := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	wrong(!slices.Contains([]string{"token", "proxy", "oidc", "grafana"}, a.Login), "access.login: %q is not one of token, proxy, oidc, grafana", a.Login)
	wrong(a.Session < time.Minute || a.Session > 31*24*time.Hour, "access.session: from 1m to 744h")
	wrong(a.URL != "" && !site(a.URL), "access.url: want an address as https://linesman.example.se, without a path")
	for _, both := range [...]struct{ key, text, file string }{{"access: metrics_key", a.MetricsKey, a.MetricsKeyFile}, {"access.proxy: key", a.Proxy.Key, a.Proxy.KeyFile},
		{"access.oidc: client_secret", a.OIDC.ClientSecret, a.OIDC.ClientSecretFile}, {"access.grafana: key", a.Grafana.Key, a.Grafana.KeyFile}} {
		wrong(both.text != "" && both.file != "", "%s is given, and a file with it; one is enough", both.key)
	}
	_, err := a.Proxy.Networks()
	errs = append(errs, err)
	wrong(a.Login == "proxy" && len(a.Proxy.From) == 0, "access.proxy.from: needed: the addresses of the proxy")
	wrong(a.Login == "proxy" && a.Proxy.UserHeader == "", "access.proxy.user_header: needed")
	if a.Login == "oidc" {
		wrong(!secure(a.OIDC.Issuer), "access.oidc.issuer: want an address with https")
		wrong(a.OIDC.ClientID == "", "access.oidc.client_id: needed")
		wrong(a.OIDC.Claim == "", "access.oidc.claim: needed")
		wrong(!site(a.URL) || !secure(a.URL), "access.url: needed, with https, where people log in with oidc")
	}
	plugin := a.Grafana.Key != "" || a.Grafana.KeyFile != ""
	wrong(a.Login == "grafana" && !plugin, "access.grafana.key: needed where only Grafana is let in")
	u, err := url.Parse(a.Grafana.URL)
	wrong(plugin && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https"), "access.grafana.url: want an address as https://grafana.example.se")
	wrong(plugin && a.Grafana.Audience == "", "access.grafana.audience: needed, as org:1")
	return errors.Join(errs...)
}

// site tells whether a text is the address of a site, without a path.
func site(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https") && strings.Trim(u.Path, "/") == "" && u.RawQuery == "" && u.Fragment == "" && u.User == nil
}

// secure tells whether an address is one that nobody can listen in on: https, or this machine.
func secure(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http" && local(u.Hostname()))
}

func local(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// validateListen refuses an address that other machines reach where the login is for this machine alone.
func (c *Config) validateListen(host string) error {
	if c.Access.Login != "token" || local(host) {
		return nil
	}
	return fmt.Errorf("console.listen: %s: a start-up token is for this machine alone: use 127.0.0.1, or let people log in by a proxy or with OpenID Connect (access.login: proxy or oidc; see docs/access.md)", c.Console.Listen)
}
