package access

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// How public keys are kept. A key that is not known is asked for at most once in askEvery, so that
// nobody can make us flood the issuer with forged key names; keys are read again after oldAfter, so that one that was taken back
// goes; an issuer that does not answer leaves the ones that are there in force.
const (
	askEvery    = 30 * time.Second
	oldAfter    = 15 * time.Minute
	keysTimeout = 5 * time.Second
	maxKeys     = 256 << 10 // bytes
)

// Keys are the public keys that an issuer publishes at an address (JSON Web Key Set, RFC 7517).
// It is an oidc.KeySet.
type Keys struct {
	url  string
	http *http.Client
	log  *slog.Logger
	now  func() time.Time

	mu     sync.Mutex
	have   map[string]jose.JSONWebKey // by key id
	at     time.Time                  // when they were read
	tried  time.Time                  // when that was last tried
	flight chan struct{}              // closed when the try under way ends; nil: there is none
}

// NewKeys prepares the keys of an address; they are read when they are needed.
func NewKeys(url string, client *http.Client, log *slog.Logger) *Keys {
	return &Keys{url: url, http: client, log: log, now: time.Now}
}

// VerifySignature checks who signed a token and returns what it says. The algorithm must have been
// checked before.
func (k *Keys) VerifySignature(ctx context.Context, token string) ([]byte, error) {
	sig, err := jose.ParseSignedCompact(token, asymmetric())
	if err != nil {
		return nil, fmt.Errorf("reading a signed token: %w", err)
	}
	return k.verify(ctx, sig)
}

// asymmetric lists the algorithms that a public key can verify. A token "signed" with nothing, or
// with the public key as a password, has another.
func asymmetric() []jose.SignatureAlgorithm {
	return []jose.SignatureAlgorithm{jose.ES256, jose.ES384, jose.ES512, jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512, jose.EdDSA}
}

func (k *Keys) verify(ctx context.Context, sig *jose.JSONWebSignature) ([]byte, error) {
	if len(sig.Signatures) != 1 {
		return nil, errors.New("want one signature")
	}
	head := sig.Signatures[0].Protected // what is not signed is not believed
	if head.KeyID == "" {
		return nil, errors.New("the token does not name its key")
	}
	key, err := k.key(ctx, head.KeyID)
	if err != nil {
		return nil, err
	}
	if key.Algorithm != "" && key.Algorithm != head.Algorithm {
		return nil, errors.New("the key is not for this algorithm")
	}
	return sig.Verify(key.Key)
}

var errUnknownKey = errors.New("the token is signed with a key that its issuer does not publish")

// key finds a key by its id, and reads the keys (again) where that may help.
func (k *Keys) key(ctx context.Context, id string) (jose.JSONWebKey, error) {
	k.mu.Lock()
	key, known := k.have[id]
	now := k.now()
	old := now.Sub(k.at) >= oldAfter
	if known && !old {
		k.mu.Unlock()
		return key, nil
	}
	may := now.Sub(k.tried) >= askEvery || now.Before(k.tried)
	if k.flight == nil && may {
		k.tried, k.flight = now, make(chan struct{})
		go k.fetch(k.flight)
	}
	flight, never := k.flight, k.at.IsZero()
	k.mu.Unlock()
	if known { // old keys hold until others are there: whoever asks does not wait
		return key, nil
	}
	if flight != nil {
		select {
		case <-flight:
		case <-ctx.Done():
			return key, fmt.Errorf("%w: %w", ErrUnavailable, ctx.Err())
		}
		k.mu.Lock()
		key, known = k.have[id]
		never = k.at.IsZero()
		k.mu.Unlock()
	}
	switch {
	case known:
		return key, nil
	case never:
		return key, fmt.Errorf("%w: the keys of the issuer could not be read", ErrUnavailable)
	}
	return key, errUnknownKey
}

func (k *Keys) fetch(done chan struct{}) {
	got, err := k.read()
	k.mu.Lock()
	defer k.mu.Unlock()
	if err != nil {
		k.log.Warn("public keys could not be read; those that are known stay in force", "address", k.url, "error", err)
	} else {
		k.have, k.at = got, k.now()
	}
	k.flight = nil
	close(done)
}

func (k *Keys) read() (map[string]jose.JSONWebKey, error) {
	ctx, cancel := context.WithTimeout(context.Background(), keysTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, k.url, nil)
	if err != nil {
		return nil, fmt.Errorf("asking for keys: %w", err)
	}
	res, err := k.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("asking for keys: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("asking for keys: %s", res.Status)
	}
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxKeys))
	if err != nil {
		return nil, fmt.Errorf("reading keys: %w", err)
	}
	return parseKeys(raw)
}

// parseKeys reads a key set. A key of a kind that is not known leaves the others in place.
func parseKeys(raw []byte) (map[string]jose.JSONWebKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(raw, &set); err != nil {
		return nil, fmt.Errorf("reading keys: %w", err)
	}
	out := map[string]jose.JSONWebKey{}
	for _, one := range set.Keys {
		var key jose.JSONWebKey
		if err := json.Unmarshal(one, &key); err != nil || key.KeyID == "" || !key.Valid() || !key.IsPublic() || key.Use != "" && key.Use != "sig" {
			continue
		}
		out[key.KeyID] = key
	}
	if len(out) == 0 {
		return nil, errors.New("reading keys: there is none to check signatures with")
	}
	return out, nil
}
