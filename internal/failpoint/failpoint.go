// Package failpoint stops the program at named places, so that tests can see what a crash
// there leaves behind.
//
// In the ordinary build every function is empty and leaves nothing in the program. In a build
// with the tag failpoints the variable LINESMAN_FAILPOINTS says what happens where:
//
//	LINESMAN_FAILPOINTS=range.begin.after=kill@3,folder.move.before=sleep:200ms
//
// kill kills the process itself as a power cut would, kill-engine the store's engine (the
// process's only child) and waits until it is gone, sleep:DURATION sleeps, error makes [Err]
// return an error. @N means only the Nth time the place is passed; without it, every time.
package failpoint

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Env is the variable that says what happens where.
const Env = "LINESMAN_FAILPOINTS"

// Point is a place in the program.
type Point struct {
	Name    string
	Meaning string
	Engine  bool   // the store is asked or told something around it, so kill-engine makes sense
	Err     bool   // it can return an error
	When    string // what has to happen for it to be passed; see the constants
}

// What has to happen for a point to be passed.
const (
	WhenStored    = "stored"    // records of any kind come into the store
	WhenReference = "reference" // statements about the past come in
	WhenPriced    = "priced"    // prices of the past come in, and nothing with them
	WhenFolder    = "folder"    // a file is collected from an inbox
	WhenCollected = "collected" // a file is collected, whichever way
	WhenFollowed  = "followed"  // usage comes in and is judged
	WhenViolated  = "violated"  // violations change
	WhenRestated  = "restated"  // figures of the past move
	WhenSealed    = "sealed"    // the log has grown and is sealed
	WhenRebuilt   = "rebuilt"   // the store is dropped and made anew
	WhenRecovered = "recovered" // the program starts after it was killed
)

// Kind is what happens at a point.
type Kind string

// The kinds.
const (
	Kill       Kind = "kill"
	KillEngine Kind = "kill-engine"
	Sleep      Kind = "sleep"
	Error      Kind = "error"
)

// Action is what happens at a point, and when.
type Action struct {
	Name  string
	Kind  Kind
	Nth   int           // only the Nth pass, counted from 1; 0: every one
	Sleep time.Duration // of Kind Sleep
}

// String writes the action as it stands in the variable.
func (a Action) String() string {
	s := a.Name + "=" + string(a.Kind)
	if a.Kind == Sleep {
		s += ":" + a.Sleep.String()
	}
	if a.Nth > 0 {
		s += "@" + strconv.Itoa(a.Nth)
	}
	return s
}

// Parse reads the variable's value. A name that is not in [Names] is an error.
func Parse(text string) ([]Action, error) {
	points := map[string]Point{}
	for _, p := range Names() {
		points[p.Name] = p
	}
	var out []Action
	for _, one := range strings.Split(text, ",") {
		if one = strings.TrimSpace(one); one == "" {
			continue
		}
		a, err := parseAction(one)
		if err != nil {
			return nil, fmt.Errorf("%s: %q: %w", Env, one, err)
		}
		p, ok := points[a.Name]
		switch {
		case !ok:
			return nil, fmt.Errorf("%s: there is no fail point %q", Env, a.Name)
		case a.Kind == Error && !p.Err:
			return nil, fmt.Errorf("%s: the fail point %s cannot return an error", Env, a.Name)
		case a.Kind == KillEngine && !p.Engine:
			return nil, fmt.Errorf("%s: the fail point %s has nothing to do with the engine", Env, a.Name)
		}
		out = append(out, a)
	}
	return out, nil
}

func parseAction(text string) (Action, error) {
	name, what, ok := strings.Cut(text, "=")
	if !ok {
		return Action{}, fmt.Errorf("want NAME=ACTION")
	}
	a := Action{Name: name}
	what, nth, ok := strings.Cut(what, "@")
	if ok {
		n, err := strconv.Atoi(nth)
		if err != nil || n < 1 {
			return a, fmt.Errorf("%q is no number of passes, counted from 1", nth)
		}
		a.Nth = n
	}
	what, arg, hasArg := strings.Cut(what, ":")
	a.Kind = Kind(what)
	switch {
	case a.Kind == Sleep:
		d, err := time.ParseDuration(arg)
		if err != nil || d < 0 {
			return a, fmt.Errorf("%q is no duration", arg)
		}
		a.Sleep = d
	case hasArg:
		return a, fmt.Errorf("%s takes nothing behind a colon", what)
	case a.Kind != Kill && a.Kind != KillEngine && a.Kind != Error:
		return a, fmt.Errorf("%q is none of kill, kill-engine, sleep, error", what)
	}
	return a, nil
}
