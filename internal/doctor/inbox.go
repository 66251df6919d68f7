package doctor

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"linesman/internal/words"
)

// Inbox is what is looked at for one collector.
type Inbox struct {
	Data      string // data directory
	Collector string
	Now       time.Time
	// Mask takes persons' numbers out of the name of a file.
	Mask func(name string) string
	// Passing tells whether a name says that its file is still being written.
	Passing func(name string) bool
	// Activity is what the running node does here; nil when none runs.
	Activity *Activity
}

// Activity is what a collector does now.
type Activity struct {
	File  string    // that is being read, masked; empty: none
	Since time.Time // it is being read
	Done  time.Time // the last file was collected; zero: none since the start
	// Failing lists files that were tried and could not be collected.
	Failing []Failing
}

// Failing is a file that stays in the inbox because collecting it fails.
type Failing struct {
	File  string // masked
	Tries int
	Since time.Time
	Error string
}

// How long things may take before somebody should look.
const (
	waitsLong   = 2 * time.Minute  // a file in the inbox, while nothing is being read
	waitsTooLng = 15 * time.Minute // the same, and then it is a fault
	readsLong   = 30 * time.Minute // one file
	writesLong  = time.Hour        // a sender with one file
	mostLooked  = 1000             // files of an inbox whose permissions are looked at
)

// Waiting is how many files wait in an inbox and since when the oldest does.
type Waiting struct {
	Files      int
	Oldest     time.Time // zero: none waits
	Unreadable int
	Example    string // an unreadable file, not masked
	Passing    int    // files under passing names for longer than an hour
}

// Inbox looks at folders and files of one collector.
func (in Inbox) Look() []Check {
	var out []Check
	for _, kind := range []string{"inbox", "done", "failed"} {
		there, err := folder(filepath.Join(in.Data, kind, in.Collector))
		if err != nil {
			out = append(out, Bad("make it a folder that the user linesman runs as may write; files that wait are then taken by themselves", "%s/%s %v", kind, in.Collector, err))
		} else if !there && kind == "inbox" && in.Activity != nil {
			out = append(out, Bad("make the folder again, or restart linesman", "inbox/%s is gone", in.Collector))
		}
	}
	if worst(out) == Red {
		return out
	}
	w, err := LookInbox(filepath.Join(in.Data, "inbox", in.Collector), in.Now, in.Passing)
	if err != nil {
		return append(out, Bad("let the user that linesman runs as read the folder", "inbox/%s cannot be read: %v", in.Collector, plain(err)))
	}
	out = append(out, in.failing()...)
	out = append(out, in.waiting(w)...)
	out = append(out, in.refused()...)
	return out
}

// LookInbox counts what waits in an inbox.
func LookInbox(dir string, now time.Time, passing func(string) bool) (w Waiting, err error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return w, nil
	}
	if err != nil {
		return w, err
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() { // taken away meanwhile, or no file
			continue
		}
		at := arrived(info)
		if passing(e.Name()) {
			if now.Sub(at) > writesLong {
				w.Passing++
			}
			continue
		}
		w.Files++
		if w.Oldest.IsZero() || at.Before(w.Oldest) {
			w.Oldest = at
		}
		if w.Files <= mostLooked && readable(filepath.Join(dir, e.Name())) != nil {
			w.Unreadable++
			w.Example = e.Name()
		}
	}
	return w, nil
}

func (in Inbox) waiting(w Waiting) []Check {
	var out []Check
	if w.Unreadable > 0 {
		out = append(out, Bad("let the user that linesman runs as read them (chmod, or the sender's umask)", "%s cannot be read, for example %s", words.Count(w.Unreadable, "file"), in.Mask(w.Example)))
	}
	if w.Passing > 0 {
		out = append(out, Look("look whether their senders broke off; a name that begins with _ or . or ends in .tmp or .part is passed over until it is renamed",
			"%s under a passing name for more than an hour", words.Count(w.Passing, "file")))
	}
	if w.Files == 0 {
		return append(out, OK("empty"))
	}
	old := in.Now.Sub(w.Oldest)
	text := words.Count(w.Files, "file") + " waiting, the oldest for " + age(old)
	switch {
	case in.Activity == nil:
		return append(out, Look("start linesman up: files are collected while it runs", "%s", text))
	case in.Activity.File != "" || in.Now.Sub(in.Activity.Done) < waitsLong:
		return append(out, OK("%s; they are being worked through", text))
	case old > waitsTooLng:
		return append(out, Bad("look into the program's log for the collector's errors; then restart linesman", "%s, and none is being read", text))
	case old > waitsLong:
		return append(out, Look("wait a little; a file that still changes is left alone", "%s, and none is being read", text))
	}
	return append(out, OK("%s", text))
}

func (in Inbox) failing() []Check {
	if in.Activity == nil {
		return nil
	}
	var out []Check
	for _, f := range in.Activity.Failing {
		out = append(out, Bad("mend the cause: the file is tried again by itself and loses nothing", "%s could not be collected %s, the first one %s ago: %s",
			f.File, times(f.Tries), age(in.Now.Sub(f.Since)), cut(f.Error)))
		if len(out) == 3 {
			break
		}
	}
	return out
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return words.Count(n, "time")
}

const reportSuffix = ".report.json"

// refused tells of the files in failed/ and the reasons of the newest.
func (in Inbox) refused() []Check {
	dir := filepath.Join(in.Data, "failed", in.Collector)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil // told above, or not made yet
	}
	type report struct {
		name string
		at   time.Time
	}
	var reports []report
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && strings.HasSuffix(e.Name(), reportSuffix) && !strings.HasPrefix(e.Name(), ".") {
			reports = append(reports, report{e.Name(), info.ModTime()})
		}
	}
	if len(reports) == 0 {
		return nil
	}
	slices.SortFunc(reports, func(a, b report) int { return b.at.Compare(a.at) })
	text := words.Count(len(reports), "file") + " in failed/" + in.Collector
	for _, r := range reports[:min(2, len(reports))] {
		if why := reason(filepath.Join(dir, r.name)); why != "" {
			name := strings.TrimSuffix(r.name, reportSuffix)
			if rest, ok := strings.CutPrefix(why, name+":"); ok { // it names the file already, with the line
				why = rest
			} else {
				why = " " + why
			}
			text += "; " + in.Mask(name) + ":" + cut(why)
		}
	}
	return []Check{Look("read the report beside each file, have it sent again or mended, put it into the inbox, and remove what is dealt with", "%s", text)}
}

// reason reads why a file was refused.
func reason(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	var r struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(text, &r) != nil {
		return ""
	}
	return r.Error
}

// Collecting tells what is being read now.
func Collecting(now time.Time, by map[string]Activity) Check {
	names := make([]string, 0, len(by))
	for c, a := range by {
		if a.File != "" {
			names = append(names, c)
		}
	}
	if len(names) == 0 {
		return OK("nothing at the moment")
	}
	slices.Sort(names)
	var parts []string
	long := false
	for _, c := range names {
		took := now.Sub(by[c].Since)
		long = long || took > readsLong
		parts = append(parts, c+": "+by[c].File+" for "+age(took))
	}
	text := strings.Join(parts, "; ")
	if long {
		return Look("a file of some gigabytes may take that long; otherwise look at lag and log", "%s", text)
	}
	return OK("%s", text)
}
