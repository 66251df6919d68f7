package plugin

import (
	"context"

	"github.com/grafana/grafana-plugin-sdk-go/backend/log"
)

// Quiet leaves the names of users out of what the plugin kit logs: it adds them to the line of
// every request.
func Quiet(l log.Logger) log.Logger { return quiet{l} }

type quiet struct{ log.Logger }

// personal are the attributes that are left out.
func personal(name any) bool { return name == "uname" || name == "user" || name == "login" }

func impersonal(args []any) []any {
	out := make([]any, 0, len(args))
	for i := 0; i < len(args); i += 2 {
		if !personal(args[i]) {
			out = append(out, args[i:min(i+2, len(args))]...)
		}
	}
	return out
}

func (q quiet) Debug(msg string, args ...any) { q.Logger.Debug(msg, impersonal(args)...) }
func (q quiet) Info(msg string, args ...any)  { q.Logger.Info(msg, impersonal(args)...) }
func (q quiet) Warn(msg string, args ...any)  { q.Logger.Warn(msg, impersonal(args)...) }
func (q quiet) Error(msg string, args ...any) { q.Logger.Error(msg, impersonal(args)...) }

func (q quiet) With(args ...any) log.Logger { return quiet{q.Logger.With(impersonal(args)...)} }

func (q quiet) FromContext(ctx context.Context) log.Logger {
	return q.With(log.ContextualAttributesFromContext(ctx)...)
}
