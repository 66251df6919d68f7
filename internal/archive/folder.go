package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
)

// folder is an archive in a folder. What is being written lies in .tmp and is moved to its
// name when it is on disk.
type folder struct{ dir string }

const tmpDir = ".tmp"

func (f *folder) path(name string) string { return filepath.Join(f.dir, filepath.FromSlash(name)) }

// String names the folder.
func (f *folder) String() string { return f.dir }

// Spool is the folder for files that are being written.
func (f *folder) Spool() string { return filepath.Join(f.dir, tmpDir) }

// List lists files.
func (f *folder) List(ctx context.Context, prefix string) ([]Object, error) {
	var out []Object
	err := filepath.WalkDir(f.dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil // it has gone meanwhile, or there is no archive yet
		}
		if err != nil {
			return err
		}
		if d.IsDir() {
			if d.Name() == tmpDir {
				return filepath.SkipDir
			}
			return nil
		}
		rel, err := filepath.Rel(f.dir, path)
		if err != nil {
			return err
		}
		name := filepath.ToSlash(rel)
		if !strings.HasPrefix(name, prefix) || !d.Type().IsRegular() || name[0] == '.' {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		out = append(out, Object{name, info.Size()})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("listing the archive %s: %w", f.dir, err)
	}
	return out, nil
}

// Get opens a file.
func (f *folder) Get(_ context.Context, name string) (io.ReadCloser, error) {
	r, err := os.Open(f.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", name, ErrMissing)
	}
	if err != nil {
		return nil, fmt.Errorf("opening %s of the archive: %w", name, err)
	}
	return r, nil
}

// PutFile moves a file to its name. A file of that name has the same content, as its hash is
// in the name.
func (f *folder) PutFile(_ context.Context, name, path string) error {
	to := f.path(name)
	if err := f.mkdir(filepath.Dir(to)); err != nil {
		return err
	}
	if err := errors.Join(syncFile(path), os.Rename(path, to)); err != nil {
		return fmt.Errorf("storing %s: %w", name, err)
	}
	return syncDir(filepath.Dir(to))
}

// mkdir makes a folder and its parents, on disk.
func (f *folder) mkdir(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("making a folder of the archive: %w", err)
	}
	for ; len(dir) > len(f.dir); dir = filepath.Dir(dir) {
		if err := syncDir(filepath.Dir(dir)); err != nil {
			return err
		}
	}
	return nil
}

// Create stores a small file.
func (f *folder) Create(_ context.Context, name string, data []byte) error {
	to := f.path(name)
	if err := errors.Join(f.mkdir(filepath.Dir(to)), f.mkdir(f.Spool())); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(f.Spool(), "small-*")
	if err != nil {
		return fmt.Errorf("storing %s: %w", name, err)
	}
	_, err = tmp.Write(data)
	if err == nil {
		err = errors.Join(tmp.Chmod(0o640), tmp.Sync())
	}
	err = errors.Join(err, tmp.Close())
	if err == nil {
		err = place(tmp.Name(), to)
	}
	if rm := os.Remove(tmp.Name()); rm != nil && !errors.Is(rm, fs.ErrNotExist) {
		err = errors.Join(err, rm)
	}
	if err != nil {
		return fmt.Errorf("storing %s: %w", name, err)
	}
	return syncDir(filepath.Dir(to))
}

// place gives a file a name that must be free. Where the file system has no links the lock of
// the archive is what keeps others out.
func place(tmp, to string) error {
	err := os.Link(tmp, to)
	if err == nil {
		return nil
	}
	if errors.Is(err, fs.ErrExist) {
		return ErrExists
	}
	if _, err := os.Lstat(to); err == nil {
		return ErrExists
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Rename(tmp, to)
}

// Lock keeps other runs out and clears away what one that was killed left.
func (f *folder) Lock(context.Context) (func() error, error) {
	if err := f.mkdir(f.Spool()); err != nil {
		return nil, err
	}
	l := flock.New(filepath.Join(f.dir, ".lock"))
	ok, err := l.TryLock()
	if err != nil {
		return nil, fmt.Errorf("locking the archive %s: %w", f.dir, err)
	}
	if !ok {
		return nil, fmt.Errorf("archive %s: %w", f.dir, ErrBusy)
	}
	left, err := filepath.Glob(filepath.Join(f.Spool(), "*"))
	for _, path := range left {
		err = errors.Join(err, os.Remove(path))
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("clearing what a killed run left in the archive: %w", err), l.Unlock())
	}
	return l.Unlock, nil
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("writing a folder to disk: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("writing folder %s to disk: %w", dir, err)
	}
	return nil
}
