package folder

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// heldSuffix ends the passing name that a file has in its inbox while it is copied to another
// file system.
const heldSuffix = ".linesman-moving"

// moveAcross moves a collected file to another file system. The file first gets a passing
// name, so that whatever takes its own name meanwhile stays in the inbox, and so that what is
// compared, copied and removed is one and the same. After a failure it has its name again;
// after a crash it gets it at the next start, see finishMoves.
func moveAcross(from, to string, collected fs.FileInfo) error {
	held := filepath.Join(filepath.Dir(from), "."+filepath.Base(from)+heldSuffix)
	if _, err := os.Lstat(held); err == nil { // giving it its name back had failed
		if err := takeBack(held, from); err != nil {
			return err
		}
	}
	if err := os.Rename(from, held); err != nil {
		return err
	}
	part := filepath.Join(filepath.Dir(to), "."+filepath.Base(to)+".part")
	err := unchanged(held, collected)
	if err == nil {
		err = copySynced(held, part)
	}
	if err == nil {
		err = unchanged(held, collected) // its writer may still have had it open
	}
	if err == nil {
		err = os.Rename(part, to)
	}
	if err != nil {
		if gone := os.Remove(part); !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, bare(gone))
		}
		return errors.Join(err, takeBack(held, from))
	}
	return os.Remove(held)
}

// unchanged fails with errChanged unless a path holds the file that was collected.
func unchanged(path string, collected fs.FileInfo) error {
	now, err := os.Lstat(path)
	if err == nil && !same(collected, now) {
		err = errChanged
	}
	return err
}

func copySynced(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close() // opened for reading only
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o640)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err == nil {
		err = out.Sync()
	}
	return errors.Join(err, out.Close())
}

// finishMoves gives files of an inbox their names back that a crash left under passing ones
// while they were copied to another file system. They are collected again: events that are in
// the log already are recognised by their ids.
func finishMoves(inbox string) error {
	entries, err := os.ReadDir(inbox)
	if err != nil {
		return bare(err)
	}
	for _, e := range entries {
		name, held := strings.CutSuffix(strings.TrimPrefix(e.Name(), "."), heldSuffix)
		if !held || name == "" || !strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if err := takeBack(filepath.Join(inbox, e.Name()), filepath.Join(inbox, name)); err != nil {
			return err
		}
	}
	return nil
}

// takeBack returns a file to its inbox, under another name when its own is taken again.
// Nothing there is overwritten, not even what comes in the same moment, where the file system
// has hard links.
func takeBack(target, path string) error {
	for {
		back, err := freeName(filepath.Dir(path), filepath.Base(path))
		if err != nil {
			return err
		}
		err = os.Link(target, back)
		switch {
		case err == nil:
			return bare(os.Remove(target))
		case errors.Is(err, fs.ErrExist):
			continue // taken a moment ago
		case errors.Is(err, fs.ErrNotExist):
			return bare(err)
		}
		return bare(os.Rename(target, back))
	}
}
