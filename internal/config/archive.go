package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"linesman/internal/archive"
)

// Archive is the copy of the log in Parquet files; see docs/archive.md.
type Archive struct {
	To    string        `koanf:"to" doc:"Where linesman archive writes: a folder, or s3://bucket/prefix. A folder on another disk or machine is meant."`
	Every time.Duration `koanf:"every" doc:"How often the running program archives the months that are over by itself, for example 24h; 0: never."`
	S3    ArchiveS3     `koanf:"s3"`
}

// ArchiveS3 says how to reach S3-compatible storage.
type ArchiveS3 struct {
	Endpoint  string `koanf:"endpoint" doc:"URL of the storage; empty: Amazon S3."`
	Region    string `koanf:"region" doc:"Region of the bucket; empty: asked for."`
	AccessKey string `koanf:"access_key" doc:"Access key."`
	SecretKey string `koanf:"secret_key" doc:"Secret key. Better given as environment variable." secret:"true"`
	PathStyle bool   `koanf:"path_style" doc:"Put the bucket in the path instead of in the host name, as most storage in one's own house wants it."`
	CAFile    string `koanf:"ca_file" doc:"PEM file of the authority that signed the server's certificate; empty: the system's."`
}

func (a *Archive) validate() error {
	var errs []error
	if a.Every < 0 || (a.Every > 0 && a.Every < time.Minute) {
		errs = append(errs, errors.New("archive.every: 0, or at least 1m"))
	}
	if a.Every > 0 && a.To == "" {
		errs = append(errs, errors.New("archive.to: needed with archive.every"))
	}
	if strings.Contains(a.To, "://") && !strings.HasPrefix(a.To, "s3://") {
		errs = append(errs, fmt.Errorf("archive.to: %q: want a folder or s3://bucket/prefix", a.To))
	}
	return errors.Join(errs...)
}

// OpenArchive opens the archive that target names.
func (c *Config) OpenArchive(target string) (archive.Store, error) {
	s := c.Archive.S3
	spool, err := filepath.Abs(c.Path("archive.tmp"))
	if err != nil {
		return nil, fmt.Errorf("folder for files on their way to the archive: %w", err)
	}
	return archive.Open(target, archive.S3{Endpoint: s.Endpoint, Region: s.Region, AccessKey: s.AccessKey, SecretKey: s.SecretKey, PathStyle: s.PathStyle, CAFile: s.CAFile}, spool)
}
