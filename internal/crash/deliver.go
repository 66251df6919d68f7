package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// patience bounds every wait: far more than a busy machine needs.
const patience = 6 * time.Minute

// drop puts a file into an inbox as careful senders do: under a passing name, then renamed.
// An earlier delivery of the same name is waited for: a sender would not write over it.
func (n *node) drop(ctx context.Context, f file) error {
	dir := filepath.Join(n.prog.data, "inbox", f.Collector)
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	content, err := os.ReadFile(f.Path)
	if err != nil {
		return err
	}
	target := filepath.Join(dir, f.Name)
	if _, err := os.Lstat(target); err == nil {
		return n.later(ctx, f, target)
	}
	passing := filepath.Join(dir, "."+f.Name+".tmp")
	if err := os.WriteFile(passing, content, 0o640); err != nil {
		return err
	}
	n.count(f)
	return os.Rename(passing, target)
}

// later drops a file when the one of the same name has left the inbox.
func (n *node) later(ctx context.Context, f file, target string) error {
	n.pending.Add(1)
	go func() {
		defer n.pending.Done()
		err := until(ctx, patience, func() bool {
			_, err := os.Lstat(target)
			return os.IsNotExist(err)
		})
		if err == nil {
			err = n.drop(ctx, f)
		}
		if err != nil {
			n.fail("%s did not get into the inbox: %v", f.Name, err)
		}
	}()
	return nil
}

// count notes that a file went into an inbox: in the end it must lie beside its report, once
// for each time.
func (n *node) count(f file) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.dropped[f.Collector+"/"+f.Name]++
}

// collect hands a file over with linesman collect, until it is told that its fate is known.
func (n *node) collect(ctx context.Context, f file) {
	n.pending.Add(1)
	go func() {
		defer n.pending.Done()
		for end := time.Now().Add(patience); time.Now().Before(end) && ctx.Err() == nil; time.Sleep(50 * time.Millisecond) {
			done, err := n.client(f)
			if err != nil {
				n.fail("%v", err)
				return
			}
			if done {
				return
			}
		}
		n.fail("%s was not collected within %s", f.Name, patience)
	}()
}

// client runs linesman collect once, while the program is there.
func (n *node) client(f file) (done bool, err error) {
	n.gate.RLock()
	defer n.gate.RUnlock()
	if !n.running() {
		return false, nil
	}
	p, err := n.prog.start("collect", nil, "collect", "--data", n.prog.data, "--json", f.Collector, n.named(f))
	if err != nil {
		return false, err
	}
	if err := p.wait(patience); err != nil {
		return false, err
	}
	return reported(p), nil
}

// reported tells whether a collect was given the report of its file.
func reported(p *process) bool {
	var reports []struct {
		State string `json:"state"`
	}
	text := p.out.String()
	if i := strings.IndexByte(text, '['); i >= 0 {
		text = text[i:]
	}
	return json.Unmarshal([]byte(text), &reports) == nil && len(reports) == 1 && reports[0].State != ""
}

// named gives the file's path under the name it is delivered by.
func (n *node) named(f file) string { return f.Path }

// slowClient runs linesman collect on a pipe that gives half of the file and then nothing.
func (n *node) slowClient(f file) (p *process, release func(), err error) {
	content, err := os.ReadFile(f.Path)
	if err != nil {
		return nil, nil, err
	}
	dir := filepath.Join(n.prog.logs, "pipes")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, nil, err
	}
	pipe := filepath.Join(dir, f.Name)
	_ = os.Remove(pipe) // of an earlier time
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		return nil, nil, fmt.Errorf("making a pipe: %w", err)
	}
	w, err := os.OpenFile(pipe, os.O_RDWR, 0) // also a reader, so that opening does not wait for one
	if err != nil {
		return nil, nil, err
	}
	p, err = n.prog.start("collect", nil, "collect", "--data", n.prog.data, "--json", f.Collector, pipe)
	if err != nil {
		return nil, nil, err
	}
	go func() { _, _ = w.Write(content[:len(content)/2]) }() // ends when the pipe is closed
	return p, func() { _ = w.Close() }, nil
}

// checkFolders looks at what became of the files that went into the inboxes.
func (n *node) checkFolders() []string {
	var wrong []string
	found := map[string]int{}
	for _, kind := range []string{"done", "failed"} {
		paths, err := filepath.Glob(filepath.Join(n.prog.data, kind, "*", "*"))
		if err != nil {
			return []string{err.Error()}
		}
		for _, p := range paths {
			name := filepath.Base(p)
			if strings.HasSuffix(name, ".report.json") {
				continue
			}
			if strings.HasPrefix(name, ".") {
				wrong = append(wrong, kind+" holds "+name)
				continue
			}
			if _, err := os.Lstat(p + ".report.json"); err != nil {
				wrong = append(wrong, kind+"/"+name+" has no report beside it")
			}
			found[filepath.Base(filepath.Dir(p))+"/"+n.original(p)]++
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for name, times := range n.dropped {
		if found[name] != times {
			wrong = append(wrong, fmt.Sprintf("%s went into the inbox %d times and lies in done or failed %d times", name, times, found[name]))
		}
	}
	for name := range found {
		if n.dropped[name] == 0 {
			wrong = append(wrong, name+" was never delivered")
		}
	}
	return wrong
}

// original is the name a file was delivered by: a second one of the name has a number behind.
func (n *node) original(path string) string {
	name := filepath.Base(path)
	n.mu.Lock()
	defer n.mu.Unlock()
	collector := filepath.Base(filepath.Dir(path))
	if i := strings.LastIndexByte(name, '.'); n.dropped[collector+"/"+name] == 0 && i > 0 {
		return name[:i]
	}
	return name
}

// until polls until done, or for at most limit.
func until(ctx context.Context, limit time.Duration, done func() bool) error {
	for end := time.Now().Add(limit); ; {
		if done() {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("not within %s", limit)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
}
