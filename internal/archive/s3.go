package archive

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// amazon is the endpoint where none is configured.
const amazon = "https://s3.amazonaws.com"

// bucket is an archive in S3-compatible storage.
type bucket struct {
	client *minio.Client
	bucket string
	prefix string // without slashes at its ends; may be empty
	spool  string
}

func newBucket(name, prefix string, cfg S3, spool string) (*bucket, error) {
	if cfg.Endpoint == "" {
		cfg.Endpoint = amazon
	}
	u, err := url.Parse(cfg.Endpoint)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || strings.Trim(u.Path, "/") != "" {
		return nil, fmt.Errorf("archive.s3.endpoint %q: want a URL such as https://s3.example.org", cfg.Endpoint)
	}
	if cfg.AccessKey == "" || cfg.SecretKey == "" {
		return nil, errors.New("archive.s3.access_key and archive.s3.secret_key are needed for a bucket: give them as LINESMAN_ARCHIVE_S3_ACCESS_KEY and LINESMAN_ARCHIVE_S3_SECRET_KEY")
	}
	opts := &minio.Options{Creds: credentials.NewStaticV4(cfg.AccessKey, cfg.SecretKey, ""), Secure: u.Scheme == "https", Region: cfg.Region}
	if cfg.PathStyle {
		opts.BucketLookup = minio.BucketLookupPath
	}
	if cfg.CAFile != "" {
		if opts.Transport, err = trusting(cfg.CAFile); err != nil {
			return nil, err
		}
	}
	client, err := minio.New(u.Host, opts)
	if err != nil {
		return nil, fmt.Errorf("archive s3://%s: %w", name, err)
	}
	return &bucket{client: client, bucket: name, prefix: prefix, spool: spool}, nil
}

// trusting returns a transport that trusts the authorities of a PEM file.
func trusting(path string) (http.RoundTripper, error) {
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("archive.s3.ca_file: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("archive.s3.ca_file: %s has no certificate", path)
	}
	t, err := minio.DefaultTransport(true)
	if err != nil {
		return nil, fmt.Errorf("archive.s3.ca_file: %w", err)
	}
	t.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	return t, nil
}

// String names the bucket.
func (b *bucket) String() string { return strings.TrimSuffix("s3://"+b.bucket+"/"+b.prefix, "/") }

// Spool is the folder for files on their way.
func (b *bucket) Spool() string { return b.spool }

func (b *bucket) key(name string) string {
	if b.prefix == "" {
		return name
	}
	return b.prefix + "/" + name
}

// explain words an error of the server.
func (b *bucket) explain(name string, err error) error {
	switch minio.ToErrorResponse(err).Code {
	case minio.NoSuchKey:
		err = ErrMissing
	case minio.PreconditionFailed:
		err = ErrExists
	}
	return fmt.Errorf("%s/%s: %w", b, name, err)
}

// List lists objects.
func (b *bucket) List(ctx context.Context, prefix string) ([]Object, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the library's goroutine
	var out []Object
	for o := range b.client.ListObjects(ctx, b.bucket, minio.ListObjectsOptions{Prefix: b.key(prefix), Recursive: true}) {
		if o.Err != nil {
			return nil, fmt.Errorf("listing the archive %s: %w", b, o.Err)
		}
		if name := strings.TrimPrefix(o.Key, b.key("")); !strings.HasSuffix(name, "/") {
			out = append(out, Object{name, o.Size})
		}
	}
	return out, nil
}

// Get opens an object.
func (b *bucket) Get(ctx context.Context, name string) (io.ReadCloser, error) {
	o, err := b.client.GetObject(ctx, b.bucket, b.key(name), minio.GetObjectOptions{})
	if err != nil {
		return nil, b.explain(name, err)
	}
	if _, err := o.Stat(); err != nil {
		return nil, errors.Join(b.explain(name, err), o.Close())
	}
	return o, nil
}

// PutFile uploads a file; in parts when it is large. The server shows it when it is whole.
func (b *bucket) PutFile(ctx context.Context, name, path string) error {
	_, err := b.client.FPutObject(ctx, b.bucket, b.key(name), path, minio.PutObjectOptions{ContentType: "application/vnd.apache.parquet", SendContentMd5: true})
	if err != nil {
		return b.explain(name, err)
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("removing an uploaded file: %w", err)
	}
	return nil
}

// Create uploads a small object, unless there is one. Servers that do not know conditions on
// uploads are asked before.
func (b *bucket) Create(ctx context.Context, name string, data []byte) error {
	if _, err := b.client.StatObject(ctx, b.bucket, b.key(name), minio.StatObjectOptions{}); err == nil {
		return fmt.Errorf("%s/%s: %w", b, name, ErrExists)
	}
	opts := minio.PutObjectOptions{ContentType: "application/json", SendContentMd5: true}
	opts.SetMatchETagExcept("*")
	_, err := b.client.PutObject(ctx, b.bucket, b.key(name), bytes.NewReader(data), int64(len(data)), opts)
	if minio.ToErrorResponse(err).Code == minio.NotImplemented {
		_, err = b.client.PutObject(ctx, b.bucket, b.key(name), bytes.NewReader(data), int64(len(data)), minio.PutObjectOptions{ContentType: "application/json", SendContentMd5: true})
	}
	if err != nil {
		return b.explain(name, err)
	}
	return nil
}

// Lock makes the folder for files on their way and clears away what a killed run left there.
// Storage of this kind has no locks: of two runs at the same time the second one's manifest
// is refused, and its files do not count.
func (b *bucket) Lock(ctx context.Context) (func() error, error) {
	ok, err := b.client.BucketExists(ctx, b.bucket)
	if err != nil {
		return nil, fmt.Errorf("reaching the archive %s: %w", b, err)
	}
	if !ok {
		return nil, fmt.Errorf("archive %s: there is no bucket %s: make it first", b, b.bucket)
	}
	if err := os.MkdirAll(b.spool, 0o700); err != nil {
		return nil, fmt.Errorf("making the folder for files on their way to the archive: %w", err)
	}
	left, err := filepath.Glob(filepath.Join(b.spool, "part-*"))
	for _, path := range left {
		err = errors.Join(err, os.Remove(path))
	}
	if err != nil {
		return nil, fmt.Errorf("clearing what a killed run left: %w", err)
	}
	return func() error { return nil }, nil
}
