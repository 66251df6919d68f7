package archive

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
)

// Report is what a check of an archive found.
type Report struct {
	From       string      `json:"from"`
	OK         bool        `json:"ok"`
	Manifests  int         `json:"manifests"`
	Files      int         `json:"files"`
	Records    int64       `json:"records"`
	Bytes      int64       `json:"bytes"`
	Head       Head        `json:"head"`
	Partitions []Partition `json:"partitions"`
	Problems   []string    `json:"problems"`
	// Unlisted are files that no manifest lists, left by runs that were stopped. They do not count.
	Unlisted []string `json:"unlisted"`
}

// Err returns the problems as an error.
func (r *Report) Err() error {
	if len(r.Problems) == 0 {
		return nil
	}
	return &DamagedError{r.From, r.Problems}
}

// Check compares every file with the manifests and finds holes between the ranges. head is
// what was noted of the newest manifest known elsewhere; the zero Head: nothing. Problems are
// in the report, not the error.
func Check(ctx context.Context, st Store, head Head, say func(done, total int64)) (Report, error) {
	rep, _, err := check(ctx, st, head, say)
	return rep, err
}

func check(ctx context.Context, st Store, head Head, say func(done, total int64)) (Report, []*Partition, error) {
	rep := Report{From: st.String(), Problems: []string{}, Unlisted: []string{}, Partitions: []Partition{}}
	chain, err := loadChain(ctx, st)
	if err != nil {
		return rep, nil, err
	}
	if len(chain.Manifests)+len(chain.Problems) == 0 {
		return rep, nil, fmt.Errorf("%s: %w", st, ErrNone)
	}
	chain.expect(head)
	rep.Manifests, rep.Head, rep.Problems = len(chain.Manifests), chain.Head(), append(rep.Problems, chain.Problems...)
	parts := chain.partitions()
	for _, p := range parts {
		rep.Problems = append(rep.Problems, p.holes()...)
		rep.Partitions = append(rep.Partitions, *p)
		for _, f := range p.Files {
			rep.Files++
			rep.Records += f.Records
			rep.Bytes += f.Bytes
		}
	}
	if err := rep.files(ctx, st, parts, say); err != nil {
		return rep, nil, err
	}
	rep.OK = len(rep.Problems) == 0
	return rep, parts, nil
}

// files compares every file with its line in the manifest.
func (r *Report) files(ctx context.Context, st Store, parts []*Partition, say func(done, total int64)) error {
	listed := map[string]bool{}
	done := int64(0)
	for _, p := range parts {
		for _, f := range p.Files {
			listed[f.Name] = true
			switch problem, err := compareFile(ctx, st, &f, nil); {
			case err != nil:
				return err
			case problem != "":
				r.Problems = append(r.Problems, problem)
			}
			if done += f.Bytes; say != nil {
				say(done, r.Bytes)
			}
		}
	}
	objects, err := st.List(ctx, "")
	if err != nil {
		return err
	}
	for _, o := range objects {
		if fileName.MatchString(o.Name) && !listed[o.Name] {
			r.Unlisted = append(r.Unlisted, o.Name)
		}
	}
	return nil
}

// compareFile reads a file, compares it with its line in the manifest, and copies it to into
// when that is not nil.
func compareFile(ctx context.Context, st Store, f *File, into io.Writer) (problem string, err error) {
	r, err := st.Get(ctx, f.Name)
	if errors.Is(err, ErrMissing) {
		return fmt.Sprintf("%s: the file is missing (offsets %d to %d)", f.Name, f.First, f.Next-1), nil
	}
	if err != nil {
		return "", err
	}
	h := sha256.New()
	to := io.Writer(h)
	if into != nil {
		to = io.MultiWriter(h, into)
	}
	n, err := io.Copy(to, &interruptible{ctx, r})
	if err = errors.Join(err, r.Close()); err != nil {
		return "", fmt.Errorf("reading %s: %w", f.Name, err)
	}
	got := hex.EncodeToString(h.Sum(nil))
	switch {
	case n != f.Bytes:
		return fmt.Sprintf("%s: it has %d bytes, the manifest says %d", f.Name, n, f.Bytes), nil
	case got != f.SHA256:
		return fmt.Sprintf("%s: its content was changed: SHA-256 %s, the manifest says %s", f.Name, got, f.SHA256), nil
	}
	return "", nil
}

// interruptible ends reading with its context.
type interruptible struct {
	ctx context.Context
	r   io.Reader
}

// Read reads.
func (i *interruptible) Read(p []byte) (int, error) {
	if err := i.ctx.Err(); err != nil {
		return 0, err
	}
	return i.r.Read(p)
}

// fetch opens a file of the archive at any place in it, after comparing it with the manifest
// once more. What comes from elsewhere is copied to a file that has no name any more.
func fetch(ctx context.Context, st Store, f *File) (*os.File, error) {
	if dir, ok := st.(*folder); ok {
		problem, err := compareFile(ctx, st, f, nil)
		if err == nil && problem != "" {
			err = &DamagedError{st.String(), []string{problem}}
		}
		if err != nil {
			return nil, err
		}
		return os.Open(dir.path(f.Name))
	}
	if err := os.MkdirAll(st.Spool(), 0o700); err != nil {
		return nil, fmt.Errorf("making the folder for files on their way: %w", err)
	}
	tmp, err := os.CreateTemp(st.Spool(), "part-*")
	if err != nil {
		return nil, fmt.Errorf("fetching %s: %w", f.Name, err)
	}
	problem, err := compareFile(ctx, st, f, tmp)
	if err == nil && problem != "" {
		err = &DamagedError{st.String(), []string{problem}}
	}
	if err = errors.Join(err, os.Remove(tmp.Name())); err != nil {
		return nil, errors.Join(err, tmp.Close())
	}
	return tmp, nil
}
