// Package access decides who asks and what they may see: it checks signed tokens, sessions and
// trusted headers, and looks the rights of who asks up in the store. It is the only place that
// does; whatever reaches the store has passed here.
package access

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"linesman/dashboards/query"
	"linesman/schema"
)

// Errors of a request whose asker is not let in. Their texts hold nothing that was sent.
var (
	ErrNobody      = errors.New("nobody is logged in")
	ErrForeign     = errors.New("the login is not one of ours, or no longer valid")
	ErrNoRights    = errors.New("no access was granted to this login")
	ErrUnavailable = errors.New("it cannot be looked up just now who this is") // try again
)

// Logins that stand for something else than a person. Nobody can log in with one of them.
const (
	LoginLocal     = "local"             // who opens the console with the start-up token
	LoginScheduler = "grafana_scheduler" // alert rules of Grafana
	serviceAccount = "service-account:"  // what the login of a service account begins with
)

// Right is something that somebody may do beside seeing rows, whose limits are in [query.Scope].
type Right string

// Rights.
const (
	Figures    Right = "figures"    // figures, of the units in the scope
	Money      Right = "money"      // the follow-up of costs of the whole organisation
	Backtest   Right = "backtest"   // judging a draft of the rules over everything
	Operations Right = "operations" // files, metrics and the state of the program
	AccessLog  Right = "access_log" // who read what
)

// Caller is somebody who asks.
type Caller struct {
	Who   string      // pseudonym
	Way   string      // schema.WayConsole, WayGrafana or WayAlert
	Roles []string    // in alphabetical order
	Scope query.Scope // rows that they may see
	Name  string      // for the head of the page only: never logged, never stored
	Local bool        // owner of the installation
	Login string      // how a person logged in, one of [Logins]; empty: by Grafana

	rights []Right
	steps  units  // whose violations they may take steps about
	opened []Case // grants of rows of single persons
}

// Case is a grant that lets its holder see rows of single persons.
type Case struct {
	GrantID string
	Purpose string
	Units   []string // nil: every unit
}

// May tells whether the caller has a right.
func (c Caller) May(r Right) bool { return slices.Contains(c.rights, r) }

// Rights lists what the caller may do.
func (c Caller) Rights() []Right { return slices.Clone(c.rights) }

// MaySettle tells whether the caller may take steps about violations of a unit.
func (c Caller) MaySettle(unit string) bool { return c.steps.has(unit) }

// MaySee tells whether the caller may see rows of a unit; "" are rows that belong to none.
func (c Caller) MaySee(unit string) bool {
	return c.May(Figures) && (c.Scope.All || unit != "" && slices.Contains(c.Scope.Units, unit))
}

// MaySeePersons tells whether the caller may see rows of single persons of a unit.
func (c Caller) MaySeePersons(unit string) bool {
	p := c.Scope.Persons
	return c.MaySee(unit) && (p.All || unit != "" && slices.Contains(p.Units, unit))
}

// Read makes the event of a read: who asked, and the case that it rests on.
func (c Caller) Read(at time.Time, read query.Read, outcome string) schema.AccessRead {
	out := schema.AccessRead{At: schema.TimeOf(at), Who: c.Who, Way: c.Way, Roles: strings.Join(c.Roles, ","), What: read.Metric, Subject: read.Subject, UnitID: read.Unit,
		Outcome: outcome, Rows: uint64(max(0, read.Rows))}
	if outcome == schema.AccessAllowed && read.Metric != "access_log" { // that one needs a role, and no case
		out.GrantID, out.Purpose = c.rests(read.Unit)
	}
	return out
}

// rests returns the cases that allow reading rows of a unit, or of several ("").
func (c Caller) rests(unit string) (ids, purposes string) {
	var id, purpose []string
	for _, o := range c.opened {
		if unit != "" && o.Units != nil && !slices.Contains(o.Units, unit) {
			continue
		}
		id = append(id, o.GrantID)
		if !slices.Contains(purpose, o.Purpose) {
			purpose = append(purpose, o.Purpose)
		}
	}
	return cut(strings.Join(id, ", ")), cut(strings.Join(purpose, "; "))
}

// cut shortens a text to what an event of the access log holds, on a whole letter.
func cut(text string) string {
	const most = 900
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

// local is who owns the installation: they can read the data directory anyway.
func local(who string) Caller {
	return Caller{Who: who, Way: schema.WayConsole, Roles: []string{schema.RoleAdmin, schema.RolePersonLevel}, Scope: query.Everything(), Local: true, Login: LoginToken,
		rights: []Right{Figures, Money, Backtest, Operations, AccessLog}, steps: units{all: true}}
}

type callerKey struct{}

// With returns a context that knows who asks.
func With(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// Of returns who asks. The zero Caller, where nobody is known, sees nothing.
func Of(ctx context.Context) (Caller, bool) {
	c, ok := ctx.Value(callerKey{}).(Caller)
	return c, ok
}
