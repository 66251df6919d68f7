package access

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"linesman/schema"
)

// Headers of the data source plugin.
const (
	HeaderGrafanaID = "X-Grafana-Id"      // the token that Grafana signs for who asks
	HeaderCaller    = "X-Linesman-Caller" // user, scheduler or service: what the plugin's context says
)

const (
	callerScheduler = "scheduler"
	maxToken        = 8 << 10
	// clockSkew is how far Grafana's clock may be from ours.
	clockSkew = 10 * time.Second
	// longestLife is how long a token may be valid: Grafana's are for ten minutes.
	longestLife = time.Hour
)

// Grafana is the server that signs tokens.
type Grafana struct {
	URL      string // as this program reaches it
	Issuer   string // its root_url, as the tokens have it
	Audience string // org:1, the organisation of the data source
	Key      string // what the plugin authenticates itself with; empty: no plugin is let in
}

// grafanaClaims is what a token says (Grafana, package authlib: IDTokenClaims).
type grafanaClaims struct {
	jwt.Claims
	Type     string `json:"type"` // user or service-account
	Username string `json:"username"`
	Name     string `json:"displayName"`
}

// verifyGrafana checks a token and returns the login that it was signed for. A role that it, or anything
// else in the request, tells of is not looked at.
func verifyGrafana(ctx context.Context, g Grafana, keys *Keys, token string, now time.Time) (login string, c grafanaClaims, err error) {
	if len(token) > maxToken {
		return "", c, errors.New("the token is too long")
	}
	sig, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		return "", c, fmt.Errorf("reading the token: %w", err)
	}
	if len(sig.Signatures) == 1 {
		if typ, ok := sig.Signatures[0].Protected.ExtraHeaders[jose.HeaderType].(string); ok && !strings.EqualFold(typ, "jwt") {
			return "", c, errors.New("not a token that says who somebody is")
		}
	}
	raw, err := keys.verify(ctx, sig)
	if err != nil {
		return "", c, err
	}
	if err := json.Unmarshal(raw, &c); err != nil {
		return "", c, fmt.Errorf("reading the token: %w", err)
	}
	if err := c.check(g, now); err != nil {
		return "", c, err
	}
	login, err = c.login()
	return login, c, err
}

func (c *grafanaClaims) check(g Grafana, now time.Time) error {
	if c.Expiry == nil || c.IssuedAt == nil {
		return errors.New("the token has no time")
	}
	if c.Expiry.Time().Sub(c.IssuedAt.Time()) > longestLife {
		return errors.New("the token is valid for too long")
	}
	if g.Issuer == "" || g.Audience == "" {
		return errors.New("no issuer or audience is configured")
	}
	return c.ValidateWithLeeway(jwt.Expected{Issuer: g.Issuer, AnyAudience: jwt.Audience{g.Audience}, Time: now}, clockSkew)
}

// login is who a token is about: the login name of a person, or the subject of a service account.
func (c *grafanaClaims) login() (string, error) {
	kind, _, _ := strings.Cut(c.Subject, ":")
	if c.Type != "" && c.Type != kind {
		return "", errors.New("the token says two things about who it is for")
	}
	switch kind {
	case "user":
		if reserved(c.Username) {
			return "", errors.New("the token has no login name of a person")
		}
		return c.Username, nil
	case "service-account":
		return c.Subject, nil
	}
	return "", errors.New("the token is for neither a person nor a service account")
}

// kelvin is a letter of its own that becomes k in lower case: a login with it would be somebody else's.
const kelvin = '\u212a'

// reserved tells whether a name cannot be the login of a person.
func reserved(login string) bool {
	if strings.ContainsRune(login, kelvin) {
		return true
	}
	login = schema.Login(login)
	return login == "" || login == LoginLocal || login == LoginScheduler || strings.HasPrefix(login, serviceAccount)
}

// sameSecret compares in a time that tells nothing, not even the length.
func sameSecret(have, want string) bool {
	a, b := sha256.Sum256([]byte(have)), sha256.Sum256([]byte(want))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1 && want != ""
}

// bearer is the key that a request has.
func bearer(r *http.Request) (string, bool) {
	all := r.Header.Values("Authorization")
	has := false
	for _, h := range all {
		scheme, _, _ := strings.Cut(h, " ")
		has = has || strings.EqualFold(scheme, "bearer")
	}
	if !has || len(all) != 1 {
		return "", has
	}
	_, key, _ := strings.Cut(all[0], " ")
	return strings.TrimSpace(key), true
}

// plugin identifies who asks through the data source plugin.
func (g *Gate) plugin(r *http.Request, key string) (Caller, error) {
	if !sameSecret(key, g.cfg.Grafana.Key) {
		return Caller{}, ErrForeign
	}
	tokens := r.Header.Values(HeaderGrafanaID)
	if len(tokens) == 0 {
		// Grafana signs nothing for its alert rules. It signs nothing either for somebody who
		// looks at a public dashboard, and calls them an administrator.
		if kinds := r.Header.Values(HeaderCaller); len(kinds) == 1 && kinds[0] == callerScheduler {
			c, err := g.rights(r.Context(), LoginScheduler, schema.WayAlert)
			return c.withoutPersons(), err
		}
		return Caller{}, ErrNobody
	}
	if len(tokens) != 1 {
		return Caller{}, ErrForeign
	}
	login, claims, err := verifyGrafana(r.Context(), g.cfg.Grafana, g.keys, tokens[0], g.now())
	if errors.Is(err, ErrUnavailable) {
		return Caller{}, err
	}
	if err != nil {
		g.log.Warn("a token was refused that came through the plugin", "why", err)
		return Caller{}, ErrForeign
	}
	c, err := g.rights(r.Context(), login, schema.WayGrafana)
	c.Name = claims.Name
	if c.Name == "" {
		c.Name = login
	}
	if strings.HasPrefix(login, serviceAccount) {
		return c.withoutPersons(), err
	}
	return c, err
}
