package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// KeySize is how long the key of the pseudonyms is, in bytes.
const KeySize = 32

// DataDir looks at the data directory and the key of the pseudonyms in it.
func DataDir(dir string) []Check {
	st, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return []Check{Bad("name the right directory with --data, or begin with linesman up", "%s: there is no such directory", dir)}
	}
	if err != nil {
		return []Check{Bad("let the user that linesman runs as into the directory", "%s: %v", dir, plain(err))}
	}
	if !st.IsDir() {
		return []Check{Bad("name a directory with --data", "%s is no directory", dir)}
	}
	if err := writable(dir); err != nil {
		return []Check{Bad("chown the directory to the user that linesman runs as, and look whether its file system is mounted read-only", "%s cannot be written: %v", dir, err)}
	}
	out := []Check{OK("%s", dir)}
	if mode := st.Mode().Perm(); mode&0o007 != 0 {
		out = []Check{Look("chmod 0700 "+dir, "%s is open to every user of this machine (mode %04o)", dir, mode)}
	}
	if c := key(dir); c.State != Green || c.Detail != "" {
		out = append(out, c)
	}
	return out
}

func key(dir string) Check {
	path := filepath.Join(dir, "pseudonym.key")
	st, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(filepath.Join(dir, "log", "data")); err == nil {
			return Bad("restore pseudonym.key from a backup: with a new key every line would get a new id, so linesman does not start without it",
				"pseudonym.key is missing, but there is a log")
		}
		return Check{State: Green}
	}
	if err != nil {
		return Bad("let the user that linesman runs as read it", "pseudonym.key: %v", plain(err))
	}
	if mode := st.Mode().Perm(); mode&0o077 != 0 {
		return Bad("chmod 0600 "+path+", and consider who may have read it", "pseudonym.key is open to others than its owner (mode %04o): the pseudonyms can be undone by who has it", mode)
	}
	if !st.Mode().IsRegular() || st.Size() != KeySize {
		return Bad("restore pseudonym.key from a backup", "pseudonym.key is not a key of %d bytes", KeySize)
	}
	return Check{State: Green}
}

// Place is a folder whose disk must not become full.
type Place struct{ Name, Dir string }

// Disk looks how much room is free where log and store are. Places on one file system are
// told together.
func Disk(places []Place, least int64) []Check {
	type disk struct {
		names string
		free  int64
	}
	var order []uint64
	by := map[uint64]*disk{}
	var out []Check
	for _, p := range places {
		id, free, err := freeBytes(p.Dir)
		if err != nil {
			out = append(out, Look("", "%s: free space is not known: %v", p.Name, err))
			continue
		}
		if by[id] == nil {
			by[id] = &disk{names: p.Name, free: free}
			order = append(order, id)
			continue
		}
		by[id].names += " and " + p.Name
	}
	for _, id := range order {
		d := by[id]
		switch {
		case d.free < least:
			out = append(out, Bad("free space or move the data directory to a larger disk: when it is full nothing is collected any more (nothing is lost: files wait in the inbox)",
				"%s free for the %s, less than %s (setting doctor.min_free)", size(d.free), d.names, size(least)))
		case d.free < 3*least:
			out = append(out, Look("plan for more room", "%s free for the %s: it becomes scarce", size(d.free), d.names))
		default:
			out = append(out, OK("%s free for the %s", size(d.free), d.names))
		}
	}
	return out
}

// Free returns the free bytes of the file system of a path, or of the nearest folder above it
// that exists.
func Free(path string) (int64, error) {
	_, free, err := freeBytes(path)
	return free, err
}

func freeBytes(path string) (id uint64, free int64, err error) {
	for {
		id, free, err = statfs(path)
		up := filepath.Dir(path)
		if !errors.Is(err, fs.ErrNotExist) || up == path {
			return id, free, err
		}
		path = up
	}
}

// plain takes the path out of an error.
func plain(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	var l *os.LinkError
	if errors.As(err, &l) {
		return l.Err
	}
	return err
}

// folder tells whether a path is a folder that can be worked in; there = false: it does not exist.
func folder(path string) (there bool, err error) {
	st, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return true, plain(err)
	case !st.IsDir():
		return true, errors.New("is a file where a folder should be")
	}
	if err := writable(path); err != nil {
		if errors.Is(err, syscall.EROFS) {
			return true, errors.New("is on a file system that can only be read")
		}
		return true, fmt.Errorf("cannot be written: %w", err)
	}
	return true, nil
}
