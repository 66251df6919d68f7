package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strings"
)

// Store is where an archive lies: a folder or a bucket. Names have slashes.
type Store interface {
	// List returns what lies below a prefix, in any order.
	List(ctx context.Context, prefix string) ([]Object, error)
	// Get opens an object. The error wraps ErrMissing where there is none.
	Get(ctx context.Context, name string) (io.ReadCloser, error)
	// PutFile stores a file that was written into the folder Spool names. The object is there
	// whole or not at all. The file is gone afterwards, or removed by its writer.
	PutFile(ctx context.Context, name, path string) error
	// Create stores a small object. The error wraps ErrExists where there is one already.
	Create(ctx context.Context, name string, data []byte) error
	// Spool is the folder for files that are being written.
	Spool() string
	// Lock keeps other runs out, as far as the store can. The error wraps ErrBusy.
	Lock(ctx context.Context) (release func() error, err error)
	// String names the place without secrets.
	String() string
}

// Object is something in a store.
type Object struct {
	Name  string
	Bytes int64
}

// Errors of a store.
var (
	ErrMissing = errors.New("it is missing")
	ErrExists  = errors.New("it exists already")
)

// S3 says how to reach S3-compatible storage.
type S3 struct {
	Endpoint  string // URL; empty: Amazon's
	Region    string
	AccessKey string
	SecretKey string
	PathStyle bool   // the bucket in the path instead of in the host name
	CAFile    string // PEM file of the authority that signed the server's certificate; empty: the system's
}

// Open opens the place that target names: a folder, or s3://bucket/prefix. spool is the
// folder for files on their way to or from a bucket.
func Open(target string, s3 S3, spool string) (Store, error) {
	if rest, ok := strings.CutPrefix(target, "s3://"); ok {
		bucket, prefix, _ := strings.Cut(rest, "/")
		if bucket == "" {
			return nil, fmt.Errorf("archive %s: want s3://bucket/prefix", target)
		}
		return newBucket(bucket, strings.Trim(prefix, "/"), s3, spool)
	}
	if u, err := url.Parse(target); err == nil && len(u.Scheme) > 1 {
		return nil, fmt.Errorf("archive %s: want a folder or s3://bucket/prefix", target)
	}
	if target == "" {
		return nil, errors.New("no archive is named: give a folder or s3://bucket/prefix")
	}
	dir, err := filepath.Abs(target)
	if err != nil {
		return nil, fmt.Errorf("archive %s: %w", target, err)
	}
	return &folder{dir: dir}, nil
}
