package access

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const secretSize = 32

// ErrExposed says that others than its owner may read the file of the start-up token.
var ErrExposed = errors.New("the file is open to others than its owner (want mode 0600): remove it, and the next start makes a new token")

// Secret reads a secret of the console from a file, or makes one (mode 0600). It stays over
// restarts, so that nobody is logged out by one. There are two: that of the start-up token, which
// stands in links, in terminals and in the history of browsers, and that which seals sessions. Who
// has seen the first cannot make a session of anybody with it. Removing either ends every session.
func Secret(path string) ([]byte, error) {
	secret, err := readSecret(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return secret, err
	}
	if err := makeSecret(path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("making the console's token %s: %w", path, err)
	}
	return readSecret(path)
}

// Token is the start-up token of a secret, as its file has it.
func Token(secret []byte) string { return base64.RawURLEncoding.EncodeToString(secret) }

func readSecret(path string) ([]byte, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, fmt.Errorf("reading the console's token: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() > 1<<10 {
		return nil, fmt.Errorf("the console's token %s: not a file with a token", path)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("the console's token %s: %w", path, ErrExposed)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the console's token: %w", err)
	}
	secret, err := base64.RawURLEncoding.DecodeString(strings.TrimSpace(string(raw)))
	if err != nil || len(secret) != secretSize {
		return nil, fmt.Errorf("the console's token %s: not a token; remove the file, and the next start makes a new one", path)
	}
	return secret, nil
}

// makeSecret writes a whole file beside the path and links it there: of two processes the second finds the first one's.
func makeSecret(path string) (err error) {
	secret := make([]byte, secretSize)
	rand.Read(secret)                                         // never fails: the runtime stops the program instead
	tmp, err := os.CreateTemp(filepath.Dir(path), ".token-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(tmp.Name())) }()
	_, err = tmp.WriteString(base64.RawURLEncoding.EncodeToString(secret) + "\n")
	if err == nil {
		err = tmp.Sync()
	}
	if err = errors.Join(err, tmp.Close()); err != nil {
		return err
	}
	return os.Link(tmp.Name(), path)
}
