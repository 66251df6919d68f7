package folder

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"linesman/ingest"
	"linesman/internal/failpoint"
)

const (
	reportSuffix = ".report.json"
	maxSameName  = 100_000 // files of one name in one folder
)

// put moves a collected file to done or failed and writes its report beside it. Nothing
// there is ever overwritten. The report is on disk before the file moves, under a passing
// name, so that a crash leaves the file in the inbox or the file and its report in place.
//
// info is the file that was collected. Another one that took its name in the last moment goes
// back into the inbox.
func (s *Source) put(collector, path string, report ingest.Report, info fs.FileInfo) error {
	kind := "done"
	if report.Failed() {
		kind = "failed"
	}
	dir := filepath.Join(s.cfg.Dir, kind, collector)
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return bare(err)
	}
	text, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	target, err := freeName(dir, filepath.Base(path))
	if err != nil {
		return err
	}
	failpoint.Hit("folder.report.before")
	// The passing name is the same after a crash and is written over then.
	passingReport := filepath.Join(dir, "."+filepath.Base(target)+reportSuffix+".tmp")
	if err := writeSynced(passingReport, append(text, '\n')); err != nil {
		return bare(err)
	}
	failpoint.Hit("folder.move.before")
	if err := move(path, target, info); err != nil {
		return bare(err)
	}
	if now, err := os.Lstat(target); err == nil && replaced(info, now) {
		return errors.Join(takeBack(target, path), errChanged)
	}
	failpoint.Hit("folder.move.after")
	if err := os.Rename(passingReport, target+reportSuffix); err != nil {
		return bare(err)
	}
	failpoint.Hit("folder.report.after")
	return bare(errors.Join(syncDir(dir), syncDir(filepath.Dir(path))))
}

// finishReports gives reports their names that a crash kept under their passing ones: the
// file had been moved, its report not yet. A report whose file is not there is removed: it is
// written anew when the file is collected again.
func finishReports(dir string) error {
	passing, err := filepath.Glob(filepath.Join(dir, ".*"+reportSuffix+".tmp"))
	if err != nil {
		return bare(err)
	}
	for _, p := range passing {
		target := filepath.Join(dir, strings.TrimSuffix(strings.TrimPrefix(filepath.Base(p), "."), ".tmp"))
		_, noFile := os.Lstat(strings.TrimSuffix(target, reportSuffix))
		_, noReport := os.Lstat(target)
		finish := func() error { return os.Rename(p, target) }
		if errors.Is(noFile, fs.ErrNotExist) || noReport == nil {
			finish = func() error { return os.Remove(p) }
		}
		if err := finish(); err != nil {
			return bare(err)
		}
	}
	return nil
}

// bare takes paths out of an error: a file's name may hold a person's number.
func bare(err error) error {
	if err == nil {
		return nil
	}
	var p *fs.PathError
	var l *os.LinkError
	switch {
	case errors.As(err, &p):
		return fmt.Errorf("%s: %w", p.Op, p.Err)
	case errors.As(err, &l):
		return fmt.Errorf("%s: %w", l.Op, l.Err)
	}
	return err
}

// freeName finds a name that neither a file nor a report has: name, name.2, name.3, …
func freeName(dir, name string) (string, error) {
	for n := 1; n < maxSameName; n++ {
		path := filepath.Join(dir, name)
		if n > 1 {
			path += fmt.Sprintf(".%d", n)
		}
		free := true
		for _, p := range []string{path, path + reportSuffix} {
			_, err := os.Lstat(p)
			if err == nil {
				free = false
			} else if !errors.Is(err, fs.ErrNotExist) {
				return "", bare(err)
			}
		}
		if free {
			return path, nil
		}
	}
	return "", fmt.Errorf("more than %d files of the same name", maxSameName)
}

func writeSynced(path string, data []byte) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o640)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// replaced tells whether a file that was renamed is another one than was collected. One that
// went to another file system was compared before, see moveAcross.
func replaced(collected, moved fs.FileInfo) bool {
	a, okA := collected.Sys().(*syscall.Stat_t)
	b, okB := moved.Sys().(*syscall.Stat_t)
	return okA && okB && a.Dev == b.Dev && !same(collected, moved)
}

// move renames, or copies where the inbox is on another file system.
func move(from, to string, collected fs.FileInfo) error {
	err := os.Rename(from, to)
	if !errors.Is(err, syscall.EXDEV) {
		return err
	}
	return moveAcross(from, to, collected)
}

// syncDir makes renames in a folder last.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		err = nil // file systems that cannot
	}
	return errors.Join(err, d.Close())
}
