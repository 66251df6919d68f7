package plugin

import (
	"errors"
	"net/textproto"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
)

// Kinds of callers, as the server's header X-Linesman-Caller has them.
const (
	callerUser      = "user"      // Grafana signed who it is
	callerScheduler = "scheduler" // Grafana's own alert rules, which carry no signed identity
	callerService   = "service"   // nobody: a public dashboard, or a Grafana that forwards no identity
)

// The login under which Grafana evaluates alert rules. It is no account: it has neither a name
// nor an address, which tells it from a user whom somebody gave this login.
const schedulerLogin = "grafana_scheduler"

const maxToken = 16 << 10 // bytes; Grafana's own have less than one kilobyte

// caller is on whose behalf the server is asked. Everything else that Grafana tells about a
// user - the role above all - is not signed, and is not passed on.
type caller struct {
	kind  string
	token string // X-Grafana-Id, as Grafana signed it
}

// errTwoTokens says that a request carries several identities: one of them is not Grafana's own.
var errTwoTokens = errors.New("the request carries more than one identity")

// callerOf reads who asks. Of all headers only Grafana's signed token counts: a FromAlert, an
// Authorization or an X-Linesman-Caller that a browser sent along means nothing.
func callerOf(user *backend.User, headers map[string][]string) (caller, error) {
	token := ""
	for name, values := range headers {
		// Queries and streams mark forwarded HTTP headers so; resource calls do not.
		if textproto.CanonicalMIMEHeaderKey(strings.TrimPrefix(name, "http_")) != backend.GrafanaUserSignInTokenHeaderName {
			continue
		}
		for _, v := range values {
			if v == "" || v == token {
				continue
			}
			if token != "" || len(v) > maxToken || strings.ContainsFunc(v, func(r rune) bool { return r <= ' ' || r > '~' }) {
				return caller{}, errTwoTokens
			}
			token = v
		}
	}
	switch {
	case token != "":
		return caller{callerUser, token}, nil
	case user != nil && user.Login == schedulerLogin && user.Name == "" && user.Email == "":
		return caller{kind: callerScheduler}, nil
	}
	return caller{kind: callerService}, nil
}

// single turns the headers of a query or a stream into those of callerOf.
func single(headers map[string]string) map[string][]string {
	out := make(map[string][]string, len(headers))
	for name, v := range headers {
		out[name] = []string{v}
	}
	return out
}
