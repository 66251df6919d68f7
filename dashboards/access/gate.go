package access

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"linesman/schema"
)

// Ways to log in at the console.
const (
	LoginToken   = "token"   // a start-up token, on this machine only
	LoginProxy   = "proxy"   // a proxy in front says who it is
	LoginOIDC    = "oidc"    // OpenID Connect
	LoginGrafana = "grafana" // nobody: only Grafana's plugin is let in
)

// Logins lists the ways to log in.
func Logins() []string { return []string{LoginToken, LoginProxy, LoginOIDC, LoginGrafana} }

// Config is who is let in, and how.
type Config struct {
	Login   string        // one of [Logins]
	Secret  []byte        // what seals sessions; see [Secret]. Nobody is told of it
	Start   []byte        // the start-up token is made of it; login token only
	Session time.Duration // how long a login by OpenID Connect lasts
	URL     string        // address of the console as browsers reach it; empty: that of this machine
	Proxy   Proxy
	OIDC    OIDC
	Grafana Grafana
}

// Proxy is a proxy with a login in front of the console.
type Proxy struct {
	From       []netip.Prefix // addresses that its header is believed from
	UserHeader string         // holds the login name
	NameHeader string         // holds the name; may be empty
	Key        string         // that it sends in X-Linesman-Proxy-Key; empty: none
}

// HeaderProxyKey holds the key of the proxy.
const HeaderProxyKey = "X-Linesman-Proxy-Key"

// Rights says what somebody may do: [Directory] does.
type Rights interface {
	Rights(ctx context.Context, who string, at time.Time) (Caller, error)
}

// Deps is what a gate needs of the rest of the program.
type Deps struct {
	Rights    Rights
	Pseudonym func(login string) string // the same for a login in capitals
	HTTP      *http.Client              // for the servers that identify people; nil: a plain one
	Log       *slog.Logger
	Now       func() time.Time // nil: the clock
}

// Gate tells who asks. Make it with New.
type Gate struct {
	cfg       Config
	directory Rights
	pseudonym func(string) string
	log       *slog.Logger
	now       func() time.Time
	keys      *Keys
	seal      *sealer
	provider  *provider
	gone      *leavers
}

// New checks the configuration. Nothing is asked of another server before somebody logs in.
func New(cfg Config, deps Deps) (*Gate, error) {
	if deps.Rights == nil || deps.Pseudonym == nil || deps.Log == nil {
		return nil, errors.New("a gate needs rights, pseudonyms and a log")
	}
	if !slices.Contains(Logins(), cfg.Login) {
		return nil, fmt.Errorf("login %q: want one of %s", cfg.Login, strings.Join(Logins(), ", "))
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	if deps.HTTP == nil {
		deps.HTTP = &http.Client{Timeout: 10 * time.Second}
	}
	g := &Gate{cfg: cfg, directory: deps.Rights, pseudonym: deps.Pseudonym, log: deps.Log, now: deps.Now, gone: newLeavers()}
	if cfg.Grafana.Key != "" {
		keys, err := url.JoinPath(cfg.Grafana.URL, "/api/signing-keys/keys")
		if err != nil {
			return nil, fmt.Errorf("the address of Grafana: %w", err)
		}
		g.keys = NewKeys(keys, deps.HTTP, deps.Log)
		g.keys.now = deps.Now
	}
	if cfg.Login == LoginToken || cfg.Login == LoginOIDC {
		var err error
		if cfg.Login == LoginToken && len(cfg.Start) < secretSize {
			return nil, errors.New("the start-up token needs a secret of 32 bytes")
		}
		// A token made anew ends the sessions that the old one began.
		if g.seal, err = newSealer(cfg.Secret, cfg.Start); err != nil {
			return nil, err
		}
	}
	if cfg.Login == LoginOIDC {
		g.provider = newProvider(cfg.OIDC, strings.TrimSuffix(cfg.URL, "/")+"/login/callback", deps.HTTP, deps.Now)
	}
	if cfg.Login == LoginProxy && (len(cfg.Proxy.From) == 0 || cfg.Proxy.UserHeader == "") {
		return nil, errors.New("a proxy is believed by its address and a header: one of them is missing")
	}
	return g, nil
}

// Login is how people log in.
func (g *Gate) Login() string { return g.cfg.Login }

// Plugin tells whether a request has the key of the plugin, whoever asks through it.
func (g *Gate) Plugin(r *http.Request) bool {
	key, has := bearer(r)
	return has && sameSecret(key, g.cfg.Grafana.Key)
}

// Still tells whether somebody sees the same units as when they began to look: what is sent for long
// must end when a grant does.
func (g *Gate) Still(ctx context.Context, c Caller) bool {
	if c.Local {
		return true
	}
	now, err := g.directory.Rights(ctx, c.Who, g.now())
	return err == nil && now.May(Figures) == c.May(Figures) && now.Scope.All == c.Scope.All && slices.Equal(now.Scope.Units, c.Scope.Units)
}

// Identify tells who asks. The errors are [ErrNobody], [ErrForeign], [ErrNoRights] (then the caller
// says who has none) and [ErrUnavailable].
func (g *Gate) Identify(r *http.Request) (Caller, error) {
	if key, has := bearer(r); has {
		return g.plugin(r, key)
	}
	switch g.cfg.Login {
	case LoginToken, LoginOIDC:
		return g.fromSession(r)
	case LoginProxy:
		return g.fromProxy(r)
	}
	return Caller{}, ErrNobody
}

// rights looks up what a login may do. The caller has a pseudonym also when it may do nothing.
func (g *Gate) rights(ctx context.Context, login, way string) (Caller, error) {
	who := g.pseudonym(login)
	c, err := g.directory.Rights(ctx, who, g.now())
	if err != nil {
		c = Caller{}
	}
	c.Who, c.Way = who, way
	return c, err
}

// person is rights of a person at the console.
func (g *Gate) person(ctx context.Context, login, name string) (Caller, error) {
	c, err := g.rights(ctx, login, schema.WayConsole)
	c.Login, c.Name = g.cfg.Login, name
	if c.Name == "" {
		c.Name = login
	}
	return c, err
}

func (g *Gate) fromSession(r *http.Request) (Caller, error) {
	s, err := g.session(r)
	if err != nil {
		return Caller{}, err
	}
	if g.cfg.Login == LoginToken {
		return local(g.pseudonym(LoginLocal)), nil
	}
	return g.person(r.Context(), s.Login, s.Name)
}

// maxLogin is the longest login name.
const maxLogin = 256

// fromProxy believes a header of the proxy, and of nobody else.
func (g *Gate) fromProxy(r *http.Request) (Caller, error) {
	p := g.cfg.Proxy
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !slices.ContainsFunc(p.From, func(from netip.Prefix) bool { return from.Contains(peer.Addr().Unmap()) }) {
		return Caller{}, ErrNobody
	}
	if p.Key != "" {
		if keys := r.Header.Values(HeaderProxyKey); len(keys) != 1 || !sameSecret(keys[0], p.Key) {
			return Caller{}, ErrNobody
		}
	}
	logins := r.Header.Values(p.UserHeader)
	if len(logins) == 0 {
		return Caller{}, ErrNobody
	}
	if len(logins) != 1 || len(logins[0]) > maxLogin || reserved(logins[0]) { // a second one would be somebody else's
		return Caller{}, ErrForeign
	}
	name := ""
	if p.NameHeader != "" {
		name = r.Header.Get(p.NameHeader)
	}
	return g.person(r.Context(), logins[0], name)
}

// Inside returns a place on this site from what a link says, so that nobody is led elsewhere after
// a login: a path that browsers cannot take for another host. Anything else is the start page.
func Inside(next string) string {
	if !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n\t") || strings.ContainsFunc(next, func(c rune) bool { return c < ' ' || c == 0x7f }) {
		return "/"
	}
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || strings.HasPrefix(u.Path, "//") || strings.HasPrefix(u.Path, "/login") || strings.HasPrefix(u.Path, "/logout") {
		return "/"
	}
	return next
}
