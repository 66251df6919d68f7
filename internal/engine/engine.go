package engine

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// openTimeout bounds the first start when the caller's context does not. A store with many parts is read at start.
const openTimeout = 60 * time.Second

// Engine is an open store. Its methods may be used by many goroutines at once.
type Engine struct {
	cfg  Config
	log  *slog.Logger
	conn driver.Conn

	// Embedded only.
	dir *storeDir
	sup *supervisor

	closeOnce sync.Once
	closeErr  error
}

// Open opens the store and creates its database. Embedded, it starts the engine's child process and waits until it
// answers; the child is started again whenever it ends, until Close.
func Open(ctx context.Context, cfg Config, log *slog.Logger) (*Engine, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	e := &Engine{cfg: cfg, log: log}
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	if cfg.Mode == ModeCluster {
		err = e.openCluster(ctx)
	} else {
		err = e.openEmbedded(ctx)
	}
	if err != nil {
		return nil, err
	}
	return e, nil
}

func (e *Engine) openEmbedded(ctx context.Context) error {
	if os.Getenv(envChild) != "" {
		// Without this check a program that forgot the call would start itself without end.
		return errors.New("store: engine.RunChildIfAsked must be the first statement of main and TestMain")
	}
	dir, err := openDir(e.cfg.Dir)
	if err != nil {
		return err
	}
	configFile, err := writeServerConfig(dir.conf, e.cfg)
	if err != nil {
		return errors.Join(err, dir.close())
	}
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails
	e.dir = dir
	child := childConfig{Library: e.cfg.Library, Data: dir.data, ConfigFile: configFile, Socket: dir.socket,
		Database: e.cfg.Database, Secret: hex.EncodeToString(secret)}
	if !e.cfg.NoSandbox {
		child.write, child.read = []string{dir.root, filepath.Dir(dir.socket)}, []string{filepath.Dir(e.cfg.Library)}
	}
	e.sup = startSupervisor(child, defaultPatience, e.log)
	err = e.sup.waitReady(ctx)
	if err == nil {
		e.conn, err = openChild(e.sup, e.cfg)
	}
	if err == nil {
		err = e.conn.Ping(ctx)
	}
	if err != nil {
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), killAfter)
		defer cancel()
		return errors.Join(fmt.Errorf("opening the store in %s: %w", e.cfg.Dir, err), e.Close(stop))
	}
	return nil
}

// Conn is the connection to the store's database. It outlives restarts of the child: a statement that was running when
// the child died fails, the next one waits until the child is back.
func (e *Engine) Conn() driver.Conn { return shortConn{e.conn} }

// Database is the name of the store's database.
func (e *Engine) Database() string { return e.cfg.Database }

// Health is the state of the engine.
type Health struct {
	State    string        // StateStarting, StateReady or StateStopped
	Mode     string        // ModeEmbedded or ModeCluster
	Version  string        // of ClickHouse, empty while it cannot be asked
	Uptime   time.Duration // of the engine's process
	PID      int           // of the child; 0 for a cluster, and between children
	Restarts int           // of the child since Open
	RSS      int64         // bytes of memory of the child; 0 when not known
	Running  int           // statements in the engine; embedded only
}

// Health asks the engine how it is. The error says why it cannot be asked; the rest of Health is valid even then.
func (e *Engine) Health(ctx context.Context) (Health, error) {
	h := Health{State: StateStarting, Mode: e.cfg.Mode}
	if e.sup == nil {
		var seconds uint32
		err := e.conn.QueryRow(ctx, "SELECT version(), uptime()").Scan(&h.Version, &seconds)
		if err != nil {
			return h, fmt.Errorf("asking the store for its version: %w", err)
		}
		h.State, h.Uptime = StateReady, time.Duration(seconds)*time.Second
		return h, nil
	}
	e.sup.mu.Lock()
	h.State, h.Restarts = e.sup.state, e.sup.restarts
	if e.sup.proc != nil {
		h.PID = e.sup.proc.Pid
	}
	e.sup.mu.Unlock()
	if h.PID != 0 {
		h.RSS, _ = residentBytes(h.PID) // stays 0 where it cannot be known
	}
	if h.State != StateReady {
		return h, fmt.Errorf("the store's engine is %s", h.State)
	}
	st, err := e.sup.status(ctx)
	if err != nil {
		return h, fmt.Errorf("asking the store's engine for its status: %w", err)
	}
	h.Version, h.Uptime, h.Running = st.Version, st.Uptime, st.Running
	return h, nil
}

// Close ends the connection and stops the child: first in good order, by force after about 15 seconds. If ctx ends
// earlier, Close returns its error while the child is still being stopped. It may be called twice.
func (e *Engine) Close(ctx context.Context) error {
	e.closeOnce.Do(func() { e.closeErr = e.close(ctx) })
	return e.closeErr
}

func (e *Engine) close(ctx context.Context) error {
	var err error
	if e.conn != nil {
		err = e.conn.Close()
	}
	if e.sup == nil {
		return err
	}
	e.sup.stop()
	select {
	case <-e.sup.done:
		return errors.Join(err, e.dir.close())
	case <-ctx.Done():
		go func() { // the directory stays locked until the child is gone
			<-e.sup.done
			if err := e.dir.close(); err != nil {
				e.log.Error("releasing the store's directory", "error", err)
			}
		}()
		return errors.Join(err, fmt.Errorf("stopping the store's engine: %w", context.Cause(ctx)))
	}
}
