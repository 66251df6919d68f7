// Package engine is the store: ClickHouse, embedded in a supervised child process by default, or a cluster by
// configuration. Either way the rest of the program sees one clickhouse-go connection.
//
// Embedded, the engine is libchdb. It runs in a child process, because a crash in it must not take the collectors and
// the log down, and because its memory must be given back at once when it is stopped. The child is this same program,
// started again; main and TestMain of everything that opens an embedded engine must therefore call RunChildIfAsked
// first.
package engine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

// Modes and protocols of a Config.
const (
	ModeEmbedded   = "embedded"
	ModeCluster    = "cluster"
	ProtocolHTTP   = "http"
	ProtocolNative = "native"
)

// DefaultDatabase holds all tables of the store.
const DefaultDatabase = "linesman"

// defaultMemoryLimit leaves room for everything else on a machine with 8 GiB.
const defaultMemoryLimit = 4 << 30

// minMemoryLimit is what the engine needs to start and merge at all.
const minMemoryLimit = 512 << 20

// Config says which engine to open.
type Config struct {
	Mode string // ModeEmbedded (default) or ModeCluster

	// Embedded.

	Dir         string // directory of the store's files; created with mode 0700
	Library     string // path of libchdb.so; empty = LibraryPath()
	MemoryLimit int64  // bytes the engine may use; 0 = 4 GiB. One query may use three quarters of it.
	Threads     int    // threads a query may use; 0 = one per core
	NoSandbox   bool   // let the child reach all files and the network (Linux: it is restricted by Landlock otherwise)

	// Cluster.

	Addrs              []string // host:port
	Protocol           string   // ProtocolHTTP (default) or ProtocolNative
	Username, Password string
	TLS                bool
	TLSCAFile          string // PEM file of the certificate authority; empty = the system's

	Database string // default "linesman"; it is created when it is not there
}

var databaseName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,63}$`)

// withDefaults fills in what was left out and checks the rest.
func (c Config) withDefaults() (Config, error) {
	if c.Mode == "" {
		c.Mode = ModeEmbedded
	}
	if c.Database == "" {
		c.Database = DefaultDatabase
	}
	if !databaseName.MatchString(c.Database) {
		return c, fmt.Errorf("store: %q cannot be the name of a database (letters, digits and _ only)", c.Database)
	}
	switch c.Mode {
	case ModeEmbedded:
		return c.embeddedDefaults()
	case ModeCluster:
		return c.clusterDefaults()
	}
	return c, fmt.Errorf("store: unknown mode %q (%s or %s)", c.Mode, ModeEmbedded, ModeCluster)
}

func (c Config) embeddedDefaults() (Config, error) {
	if c.Dir == "" {
		return c, errors.New("store: the embedded engine needs a directory")
	}
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return c, fmt.Errorf("store: directory %s: %w", c.Dir, err)
	}
	c.Dir = dir
	if c.MemoryLimit == 0 {
		c.MemoryLimit = defaultMemoryLimit
	}
	if c.MemoryLimit < minMemoryLimit {
		return c, fmt.Errorf("store: a memory limit of %d bytes is too small (at least %d)", c.MemoryLimit, minMemoryLimit)
	}
	if c.Threads < 0 {
		return c, fmt.Errorf("store: %d threads", c.Threads)
	}
	if c.Library == "" {
		c.Library = LibraryPath()
	}
	// The child has another working directory, and its sandbox knows files by their real paths.
	if c.Library, err = filepath.Abs(c.Library); err != nil {
		return c, fmt.Errorf("store: engine library: %w", err)
	}
	if err := checkLibrary(c.Library); err != nil {
		return c, err
	}
	if c.Library, err = filepath.EvalSymlinks(c.Library); err != nil {
		return c, fmt.Errorf("store: engine library: %w", err)
	}
	return c, nil
}

func (c Config) clusterDefaults() (Config, error) {
	if len(c.Addrs) == 0 {
		return c, errors.New("store: cluster mode needs at least one address (host:port)")
	}
	switch c.Protocol {
	case "":
		c.Protocol = ProtocolHTTP
	case ProtocolHTTP, ProtocolNative:
	default:
		return c, fmt.Errorf("store: unknown protocol %q (%s or %s)", c.Protocol, ProtocolHTTP, ProtocolNative)
	}
	if c.TLSCAFile != "" && !c.TLS {
		return c, errors.New("store: a certificate authority is given, but TLS is off")
	}
	if c.Username == "" {
		c.Username = "default"
	}
	return c, nil
}

// Version is the version of the engine library this program is tested with. scripts/install-engine.sh installs it.
const Version = "26.7.3-stable.1"

// Environment variables that say where the library is.
const (
	envLibrary = "LINESMAN_ENGINE_LIBRARY" // path of the library itself
	envCache   = "LINESMAN_CACHE"          // folder for what is fetched once per user
)

// LibraryPath is where the engine library is looked for: LINESMAN_ENGINE_LIBRARY if set, else
// engine/<version>/libchdb.so in LINESMAN_CACHE or the user's cache folder.
func LibraryPath() string {
	if p := os.Getenv(envLibrary); p != "" {
		return p
	}
	cache := os.Getenv(envCache)
	if cache == "" {
		dir, err := os.UserCacheDir()
		if err != nil { // no HOME: the error of the missing file says what to do
			dir = filepath.Join(string(filepath.Separator), "var", "cache")
		}
		cache = filepath.Join(dir, "linesman")
	}
	return filepath.Join(cache, "engine", Version, "libchdb.so")
}

// ErrNoLibrary says that the engine library is not installed.
var ErrNoLibrary = errors.New("the store's engine library is not installed")

func checkLibrary(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("%w: there is no %s; run `make engine`, or set %s to the path of a libchdb.so (version %s)", ErrNoLibrary, path, envLibrary, Version)
	case err != nil:
		return fmt.Errorf("store: engine library: %w", err)
	case info.IsDir():
		return fmt.Errorf("store: the engine library %s is a directory; set %s to the path of libchdb.so itself", path, envLibrary)
	}
	return nil
}
