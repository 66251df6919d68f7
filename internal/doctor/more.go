package doctor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"linesman/internal/words"
)

// Sealing is how the sealing of the log goes.
type Sealing struct {
	Every    time.Duration
	SealedAt time.Time // when the last round ended well; zero: not since the start
	AppendAt time.Time // when seals were last appended, in the middle of a round too
	Error    string    // why the last round did not seal everything
	Anchor   string    // why seals wait to be written to the anchor file
	Waiting  int       // seals that wait for it
	Lost     uint64    // seals that never came into it
}

// sealsLate is how many rounds, and how much more, may be missed before it is told.
const (
	sealsLate = 3
	sealsMore = 10 * time.Minute
)

// LookSeals judges the sealing of the log.
func LookSeals(s Sealing, started, now time.Time) []Check {
	var out []Check
	if s.Anchor != "" {
		out = append(out, Bad("mount what seal.anchor_file is on, or let linesman write to it; seals that wait are appended by themselves", "%s not in the anchor file: %s", words.Count(s.Waiting, "seal"), cut(s.Anchor)))
	}
	if s.Lost > 0 {
		out = append(out, Look("the log has them: linesman verify --deep compares", "%d seals never came into the anchor file", s.Lost))
	}
	since, text := started, "no round since the start"
	if !s.SealedAt.IsZero() {
		since, text = s.SealedAt, "the last round ended "+age(now.Sub(s.SealedAt))+" ago"
	}
	switch {
	case s.Error != "":
		out = append(out, Bad("mend what the error names: the round is tried again; until then new records are not protected against being changed", "sealing fails: %s", cut(s.Error)))
	case now.Sub(since) > sealsLate*s.Every+sealsMore && s.AppendAt.After(since) && now.Sub(s.AppendAt) <= sealsLate*s.Every+sealsMore:
		out = append(out, OK("a long round is under way, its newest seals are %s old; %s", age(now.Sub(s.AppendAt)), text))
	case now.Sub(since) > sealsLate*s.Every+sealsMore:
		out = append(out, Bad("look into linesman's log; until then new records are not protected against being changed", "%s, it should every %s", text, s.Every))
	default:
		out = append(out, OK("%s", text))
	}
	return out
}

// LookConsole asks the console for its page. running says that it should answer.
func LookConsole(ctx context.Context, address string, running bool) []Check {
	if address == "" {
		return []Check{OK("not started")}
	}
	if !running {
		var d net.Dialer
		conn, err := d.DialContext(ctx, "tcp", address)
		if err != nil {
			return []Check{OK("%s is free", address)}
		}
		_ = conn.Close()
		return []Check{Bad("stop the other program, or set console.listen", "another program listens on %s", address)}
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/", nil)
	if err != nil {
		return []Check{Bad("set console.listen", "%s: %v", address, err)}
	}
	resp, err := client.Do(req)
	if err != nil {
		return []Check{Bad("restart linesman", "http://%s does not answer: %v", address, unwrapped(err))}
	}
	_, err = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20))
	_ = resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusServiceUnavailable:
		return []Check{Look("build the program with make", "http://%s answers, but the page is not part of this build", address)}
	case resp.StatusCode != http.StatusOK || err != nil:
		return []Check{Bad("look into linesman's log", "http://%s answers %s", address, resp.Status)}
	}
	return []Check{OK("http://%s answers", address)}
}

// unwrapped takes the request out of an error of an HTTP client.
func unwrapped(err error) error {
	if in := errors.Unwrap(err); in != nil {
		return in
	}
	return err
}

// LookLibrary judges whether the engine's library can be loaded at the next start.
func LookLibrary(path string, err error, running bool) []Check {
	if err == nil {
		return []Check{OK("%s", path)}
	}
	do := "make engine installs it, or set store.library to the path of libchdb.so"
	if running {
		return []Check{Bad(do, "%v; the store still runs, but cannot be started again", err)}
	}
	return []Check{Bad(do, "%v", err)}
}

// LookConfig judges the configuration that was given to the doctor.
func LookConfig(file string, err error) []Check {
	if err != nil {
		return []Check{Bad("mend the setting that is named; docs/configuration.md lists them all", "%v", err)}
	}
	if file == "" {
		return []Check{OK("no file: defaults and environment")}
	}
	return []Check{OK("%s", fmt.Sprintf("%s is valid", file))}
}
