package pseudonym

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrExposed says that others than the owner may read the key file. Its pseudonyms can then
// be undone by trying every number, so the key is not used.
var ErrExposed = errors.New("the key file is open to others than its owner (want mode 0600)")

// ErrDamaged says that a file is not a key.
var ErrDamaged = errors.New("not a key of 32 bytes")

// LoadOrCreate reads the key file, or creates it with a new random key (mode 0600) where there
// is none. Processes that start at the same moment get the same key. It refuses a file that
// others may read (ErrExposed) or that is not a whole key (ErrDamaged): a key made anew would
// give every line another pseudonym, so that must be somebody's decision.
func LoadOrCreate(path string) (*Key, error) {
	key, err := load(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if err := create(path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("creating pseudonym key %s: %w", path, err)
	}
	return load(path)
}

func load(path string) (*Key, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("reading pseudonym key: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() != SecretSize {
		return nil, fmt.Errorf("reading pseudonym key %s: %w", path, ErrDamaged)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("reading pseudonym key %s: %w", path, ErrExposed)
	}
	secret, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading pseudonym key: %w", err)
	}
	if len(secret) != SecretSize {
		return nil, fmt.Errorf("reading pseudonym key %s: %w", path, ErrDamaged)
	}
	return New(secret), nil
}

// create writes a whole key beside the path and then links it there: a crash leaves no half
// key, and of two processes the second finds the first one's key.
func create(path string) (err error) {
	secret := make([]byte, SecretSize)
	rand.Read(secret) // never fails: the runtime stops the program instead
	dir := filepath.Dir(path)
	tmp, err := os.CreateTemp(dir, ".key-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(tmp.Name())) }()
	_, err = tmp.Write(secret)
	if err == nil {
		err = tmp.Sync()
	}
	if err = errors.Join(err, tmp.Close()); err != nil {
		return err
	}
	if err := os.Link(tmp.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
