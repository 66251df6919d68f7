package access

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// How long things last.
const (
	localSession = 30 * 24 * time.Hour // a session of the start-up token: the link opens the next
	loginWithin  = 10 * time.Minute    // from the first page of a login to its last
)

// session is what a cookie holds, sealed.
type session struct {
	ID    string `json:"id"`
	Way   string `json:"way"` // one of [Logins]: a session of another way to log in is none
	Login string `json:"login,omitempty"`
	Name  string `json:"name,omitempty"`
	Until int64  `json:"until"` // seconds since 1970
}

// sealer seals what a browser keeps for us: nobody can read, change or make it without the secret.
type sealer struct{ aead cipher.AEAD }

func newSealer(secret, start []byte) (*sealer, error) {
	if len(secret) < secretSize {
		return nil, errors.New("sessions need a secret of 32 bytes")
	}
	block, err := aes.NewCipher(derive(derive(secret, "linesman console session 1"), string(start)))
	if err != nil {
		return nil, fmt.Errorf("sealing sessions: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("sealing sessions: %w", err)
	}
	return &sealer{aead}, nil
}

func derive(secret []byte, what string) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(what))
	return mac.Sum(nil)
}

// close seals a value for a purpose.
func (s *sealer) close(purpose string, v any) (string, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("sealing a cookie: %w", err)
	}
	nonce := make([]byte, s.aead.NonceSize())
	rand.Read(nonce) // never fails: the runtime stops the program instead
	return base64.RawURLEncoding.EncodeToString(s.aead.Seal(nonce, nonce, raw, []byte(purpose))), nil
}

var errSeal = errors.New("not sealed by us")

// open reads what was sealed for a purpose.
func (s *sealer) open(purpose, text string, into any) error {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(raw) < s.aead.NonceSize() {
		return errSeal
	}
	plain, err := s.aead.Open(nil, raw[:s.aead.NonceSize()], raw[s.aead.NonceSize():], []byte(purpose))
	if err != nil {
		return errSeal
	}
	if err := json.Unmarshal(plain, into); err != nil {
		return errSeal
	}
	return nil
}

// Purposes of sealed cookies.
const (
	forSession = "session"
	forLogin   = "login"
)

// secure tells whether browsers reach the console by https only.
func (g *Gate) secure() bool { return strings.HasPrefix(g.cfg.URL, "https://") }

// cookieName keeps several consoles of one host apart: to a browser a cookie is the host's, whatever the port.
func (g *Gate) cookieName(r *http.Request, purpose string) string {
	name := "linesman_" + purpose
	if g.secure() {
		return "__Host-" + name // refused by browsers from anything but https, and from a neighbour's host
	}
	if at, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
		if _, port, err := net.SplitHostPort(at.String()); err == nil {
			name += "_" + port
		}
	}
	return name
}

func (g *Gate) cookie(r *http.Request, purpose, value string, age time.Duration) *http.Cookie {
	c := &http.Cookie{Name: g.cookieName(r, purpose), Value: value, Path: "/", HttpOnly: true, Secure: g.secure(), SameSite: http.SameSiteStrictMode, MaxAge: int(age / time.Second)}
	if purpose == forLogin {
		c.SameSite = http.SameSiteLaxMode // the provider leads back here: that is another site
	}
	return c
}

func (g *Gate) drop(r *http.Request, purpose string) *http.Cookie {
	c := g.cookie(r, purpose, "", 0)
	c.MaxAge = -1
	return c
}

// session reads the session of a request.
func (g *Gate) session(r *http.Request) (session, error) {
	var s session
	found := r.CookiesNamed(g.cookieName(r, forSession))
	if len(found) == 0 {
		return s, ErrNobody
	}
	if len(found) != 1 || g.seal.open(forSession, found[0].Value, &s) != nil || s.Way != g.cfg.Login || g.now().Unix() >= s.Until || g.gone.has(s.ID) {
		return session{}, ErrForeign
	}
	return s, nil
}

// begin makes the cookie of a new session.
func (g *Gate) begin(r *http.Request, login, name string, age time.Duration) (*http.Cookie, error) {
	value, err := g.seal.close(forSession, session{ID: rand.Text(), Way: g.cfg.Login, Login: login, Name: name, Until: g.now().Add(age).Unix()})
	if err != nil {
		return nil, err
	}
	return g.cookie(r, forSession, value, age), nil
}

// Enter exchanges the start-up token for a session. A wrong one is [ErrForeign].
func (g *Gate) Enter(r *http.Request, token string) (*http.Cookie, error) {
	if g.cfg.Login != LoginToken || !sameSecret(token, Token(g.cfg.Start)) {
		return nil, ErrForeign
	}
	return g.begin(r, "", "", localSession)
}

// Leave ends the session of a request, also for who has a copy of its cookie.
func (g *Gate) Leave(r *http.Request) *http.Cookie {
	if g.seal == nil {
		return nil
	}
	if s, err := g.session(r); err == nil {
		g.gone.add(s.ID, time.Unix(s.Until, 0), g.now())
	}
	return g.drop(r, forSession)
}

// leavers are sessions that were ended before their time.
type leavers struct {
	mu  sync.Mutex
	ids map[string]time.Time // until when they would have lasted
}

func newLeavers() *leavers { return &leavers{ids: map[string]time.Time{}} }

func (l *leavers) add(id string, until, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for old, end := range l.ids {
		if !now.Before(end) {
			delete(l.ids, old)
		}
	}
	l.ids[id] = until
}

func (l *leavers) has(id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, gone := l.ids[id]
	return gone
}
