package doctor

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Process is what is known of the process that has a data directory.
type Process struct {
	Held bool // a process holds the lock
	PID  int  // of the holder, or what is left of the last one; 0: not known
	// Gone says that the noted process does not exist any more.
	Gone    bool
	Command string // of the holder, as far as it is known: up, rebuild, …
	Started time.Time
}

// Holder finds out who has a data directory, without touching its lock: trying to lock it
// could turn away a linesman that starts at that moment.
func Holder(dir string) Process {
	var p Process
	text, err := os.ReadFile(filepath.Join(dir, "pid"))
	if err == nil {
		p.PID, _ = strconv.Atoi(strings.TrimSpace(string(text)))
	}
	known := false
	if p.Held, known = locked(filepath.Join(dir, "lock"), p.PID); !known {
		p.Held = p.PID > 0 && alive(p.PID)
	}
	p.Gone = p.PID > 0 && !p.Held && (known || !alive(p.PID))
	if p.Held && p.PID > 0 {
		p.Command, p.Started = commandOf(p.PID)
	}
	return p
}

// locked looks a file up among the locks that the kernel lists. known is false where the
// kernel lists none. Some file systems (overlays, btrfs) show files under another device than
// their locks: there the file's number and the noted process must do.
func locked(path string, pid int) (held, known bool) {
	list, err := os.Open("/proc/locks")
	if err != nil {
		return false, false
	}
	defer func() { _ = list.Close() }()
	want, ok := lockName(path)
	if !ok {
		return false, true // there is no lock file
	}
	in := bufio.NewScanner(list)
	for in.Scan() { // 1: FLOCK  ADVISORY  WRITE 706 00:1d:1234 0 EOF
		f := strings.Fields(in.Text())
		if len(f) < 6 || f[1] != "FLOCK" {
			continue
		}
		_, inode, _ := strings.Cut(f[5][strings.Index(f[5], ":")+1:], ":")
		if f[5] == want || (strings.HasSuffix(want, ":"+inode) && f[4] == strconv.Itoa(pid)) {
			return true, true
		}
	}
	return false, in.Err() == nil
}

// commandOf reads what a process was started as and when.
func commandOf(pid int) (command string, started time.Time) {
	dir := "/proc/" + strconv.Itoa(pid)
	if text, err := os.ReadFile(dir + "/cmdline"); err == nil {
		for _, arg := range strings.Split(string(text), "\x00")[1:] {
			if arg != "" && !strings.HasPrefix(arg, "-") {
				command = arg
				break
			}
		}
	}
	if st, err := os.Stat(dir); err == nil {
		started = st.ModTime()
	}
	return command, started
}

// Ended is why the last linesman on a data directory ended, if it ended by an error.
type Ended struct {
	At    time.Time `json:"at"`
	PID   int       `json:"pid"`
	Stage string    `json:"stage"` // open or run
	Hop   string    `json:"hop"`   // stage that the error belongs to
	Error string    `json:"error"`
	Do    string    `json:"do,omitempty"`
}

const endedFile = "last-error.json"

// NoteEnd keeps why a linesman ended, for a doctor that finds none running.
func NoteEnd(dir string, e Ended) error {
	text, err := json.Marshal(e)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, endedFile)
	if err := os.WriteFile(path+".tmp", append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("noting why linesman ended: %w", err)
	}
	return os.Rename(path+".tmp", path)
}

// ForgetEnd removes the note: linesman runs.
func ForgetEnd(dir string) error {
	err := os.Remove(filepath.Join(dir, endedFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// LastEnd reads the note.
func LastEnd(dir string) (Ended, bool) {
	var e Ended
	text, err := os.ReadFile(filepath.Join(dir, endedFile))
	return e, err == nil && json.Unmarshal(text, &e) == nil && e.Error != ""
}

// startsLong is how long a start may take: a large log is read, and a store made anew.
const startsLong = 5 * time.Minute

// NotRunning judges a data directory whose node does not answer. refused says that nobody
// listens for commands; else somebody does and is silent.
func NotRunning(dir string, now time.Time, refused bool, timeout time.Duration) []Check {
	p := Holder(dir)
	if !refused && (p.Held || p.PID == 0 || alive(p.PID)) {
		return []Check{Bad(fmt.Sprintf("see what it waits for (kill -QUIT %d writes all its stacks to its log and ends it), then start it again: nothing is lost", p.PID),
			"linesman (process %d) hangs: it does not answer commands within %s", p.PID, timeout)}
	}
	if p.Held {
		return []Check{p.silent(now)}
	}
	if e, ok := LastEnd(dir); ok {
		return []Check{{Hop: e.Hop, State: Red, Detail: cut(e.Error), Do: e.Do},
			Bad("mend that, then start linesman up", "not running: the last start ended at %s: see %s", when(e.At), e.Hop)}
	}
	do := "start it: linesman up --data " + dir + " (as a service: systemctl start linesman)"
	if p.Gone {
		return []Check{Bad(do, "not running: process %d is gone without having said why (killed, power cut); the lock it left is free", p.PID)}
	}
	return []Check{Bad(do, "not running: files that arrive wait in the inbox")}
}

// silent judges a process that has the directory and does not listen for commands.
func (p Process) silent(now time.Time) Check {
	who := "a process"
	if p.PID > 0 {
		who = "process " + strconv.Itoa(p.PID)
	}
	ran := now.Sub(p.Started)
	switch {
	case p.Command != "up" && p.Command != "":
		return Look("wait until it has ended, then start linesman up", "linesman %s (%s) has the data directory for itself", p.Command, who)
	case p.Started.IsZero() || ran < startsLong:
		return Look("wait a little and look again", "linesman (%s) has the data directory and does not take commands yet: it starts", who)
	}
	return Bad(fmt.Sprintf("look into its log; kill -QUIT %d writes all its stacks there and ends it", p.PID),
		"linesman (%s) has had the data directory for %s and does not take commands", who, age(ran))
}
