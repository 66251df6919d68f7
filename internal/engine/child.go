package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"linesman/internal/engine/chdb"
	"linesman/internal/engine/httpd"
)

// envChild tells a new process that it is to be the engine's child: childStart, or childInside once it is in the sandbox.
const (
	envChild    = "LINESMAN_ENGINE_CHILD"
	childStart  = "1"
	childInside = "2"
	// Lists of directories for the sandbox.
	envWrite = "LINESMAN_ENGINE_WRITE"
	envRead  = "LINESMAN_ENGINE_READ"
)

// childPipe is the file descriptor of the pipe from the parent: first the childConfig, then nothing until the parent
// is gone.
const childPipe = 3

// childUser is the name the parent gives itself at the child's interface.
const childUser = "linesman"

// shutdownGrace is how long running statements may go on after the child was told to stop.
const shutdownGrace = 5 * time.Second

// childConfig travels through the pipe, because arguments and environment can be read by others.
type childConfig struct {
	Library    string `json:"library"`
	Data       string `json:"data"`
	ConfigFile string `json:"config_file"`
	Socket     string `json:"socket"`
	Database   string `json:"database"`
	Secret     string `json:"secret"`

	write, read []string // directories for the sandbox, none = no sandbox
}

// RunChildIfAsked must be the first statement of main, and of TestMain of tests that open an embedded engine. In the
// engine's child process it serves the engine and never returns; everywhere else it returns at once.
func RunChildIfAsked() {
	stage := os.Getenv(envChild)
	if stage == "" {
		return
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{ReplaceAttr: dropTime}))
	if stage == childStart && os.Getenv(envWrite) != "" {
		env := childEnvironment(childInside, nil, nil)
		if err := enterSandbox(filepath.SplitList(os.Getenv(envWrite)), filepath.SplitList(os.Getenv(envRead)), env); err != nil {
			log.Warn("the store's engine runs without a sandbox", "error", err)
		}
	}
	if err := runChild(log); err != nil {
		log.Error("the engine stopped", "error", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// childEnvironment is the child's whole environment. The parent's may hold passwords and keys.
func childEnvironment(stage string, write, read []string) []string {
	env := []string{envChild + "=" + stage}
	for _, k := range []string{"HOME", "PATH", "TMPDIR", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "GOTRACEBACK", "GODEBUG", "GOCOVERDIR"} {
		if v, ok := os.LookupEnv(k); ok {
			env = append(env, k+"="+v)
		}
	}
	list := string(filepath.ListSeparator)
	if len(write) > 0 {
		env = append(env, envWrite+"="+strings.Join(write, list), envRead+"="+strings.Join(read, list))
	}
	return env
}

// dropTime leaves the time out: the parent's log line has one.
func dropTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

func runChild(log *slog.Logger) error {
	// Almost all memory of this process is the engine's; Go's share is buffers that come and go.
	debug.SetMemoryLimit(256 << 20)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	pipe := os.NewFile(childPipe, "parent")
	if pipe == nil {
		return errors.New("started without the pipe from the parent")
	}
	var cfg childConfig
	dec := json.NewDecoder(pipe)
	if err := dec.Decode(&cfg); err != nil {
		return fmt.Errorf("reading the configuration from the parent: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { // the portable way to notice that the parent was killed
		_, _ = io.Copy(io.Discard, pipe)
		cancel()
		time.Sleep(2 * shutdownGrace)
		os.Exit(1) // a stuck shutdown must not outlive the parent
	}()
	lib, err := chdb.Load(cfg.Library)
	if err != nil {
		return err
	}
	srv, err := httpd.New(lib, httpd.Config{User: childUser, Secret: cfg.Secret,
		Args: []string{"--path=" + cfg.Data, "--config-file=" + cfg.ConfigFile}})
	if err != nil {
		return fmt.Errorf("starting the engine on %s: %w", cfg.Data, err)
	}
	if err := srv.Exec("CREATE DATABASE IF NOT EXISTS " + cfg.Database); err != nil {
		return errors.Join(fmt.Errorf("creating the database %s: %w", cfg.Database, err), srv.Close())
	}
	err = serveChild(ctx, cfg.Socket, srv)
	if closeErr := srv.Close(); closeErr != nil {
		log.Debug("closing the engine", "error", closeErr)
	}
	return err
}

// serveChild serves until ctx ends and all requests are done or cancelled.
func serveChild(ctx context.Context, socket string, h http.Handler) error {
	if err := os.Remove(socket); err != nil && !errors.Is(err, os.ErrNotExist) { // left by a child that was killed
		return fmt.Errorf("removing the old socket: %w", err)
	}
	old := syscall.Umask(0o177) // the socket is for the owner only, from its first moment
	ln, err := net.Listen("unix", socket)
	syscall.Umask(old)
	if err != nil {
		return fmt.Errorf("listening on the engine's socket: %w", err)
	}
	requests, cancelRequests := context.WithCancel(context.Background())
	defer cancelRequests()
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second,
		BaseContext: func(net.Listener) context.Context { return requests }}
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		<-ctx.Done()
		grace, cancel := context.WithTimeout(context.Background(), shutdownGrace)
		defer cancel()
		if server.Shutdown(grace) != nil {
			cancelRequests() // kills the statements that still run
			_ = server.Close()
		}
	}()
	if err := server.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving the engine: %w", err)
	}
	<-drained
	return nil
}
