package engine

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

const (
	// dialTimeout also bounds the wait for a free connection and for a child that is being started again.
	dialTimeout = 30 * time.Second
	// answerTimeout bounds the wait for the first byte of an answer; contexts are the way to be less patient.
	answerTimeout = time.Hour
	maxOpenConns  = 24 // below the child's limit of 32 statements at once
	maxIdleConns  = 8
)

// openChild connects to the child. The address never changes, so connections find a new child by themselves.
func openChild(s *supervisor, cfg Config) (driver.Conn, error) {
	return clickhouse.Open(&clickhouse.Options{
		Protocol: clickhouse.HTTP,
		Addr:     []string{"engine"}, // only a name: the dialer knows the way
		Auth:     clickhouse.Auth{Database: cfg.Database, Username: childUser, Password: s.cfg.Secret},
		DialContext: func(ctx context.Context, _ string) (net.Conn, error) {
			return dialChild(ctx, s)
		},
		TransportFunc: func(t *http.Transport) (http.RoundTripper, error) {
			t.Proxy = nil
			return t, nil
		},
		DialTimeout:  dialTimeout,
		ReadTimeout:  answerTimeout,
		MaxOpenConns: maxOpenConns,
		MaxIdleConns: maxIdleConns,
	})
}

// dialChild waits for the child if it is just being started again.
func dialChild(ctx context.Context, s *supervisor) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	var d net.Dialer
	for {
		if err := s.waitReady(ctx); err != nil {
			return nil, err
		}
		conn, err := d.DialContext(ctx, "unix", s.cfg.Socket)
		if err == nil {
			return conn, nil
		}
		select { // it died, and the supervisor has not noticed yet
		case <-ctx.Done():
			return nil, fmt.Errorf("connecting to the store's engine: %w", err)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func (e *Engine) openCluster(ctx context.Context) error {
	opts, err := clusterOptions(e.cfg)
	if err != nil {
		return err
	}
	if e.cfg.Protocol == ProtocolNative {
		e.log.Warn("the store is opened with the native protocol: Arrow inserts and raw output formats need protocol " + ProtocolHTTP + " and will be refused")
	}
	if err := createDatabase(ctx, opts, e.cfg.Database); err != nil {
		return err
	}
	conn, err := clickhouse.Open(opts)
	if err != nil {
		return fmt.Errorf("opening the store at %s: %w", strings.Join(opts.Addr, ", "), err)
	}
	if err := conn.Ping(ctx); err != nil {
		return errors.Join(fmt.Errorf("reaching the store at %s: %w", strings.Join(opts.Addr, ", "), err), conn.Close())
	}
	e.conn = conn
	return nil
}

func clusterOptions(cfg Config) (*clickhouse.Options, error) {
	opts := &clickhouse.Options{
		Protocol:         clickhouse.HTTP,
		Addr:             cfg.Addrs,
		Auth:             clickhouse.Auth{Database: cfg.Database, Username: cfg.Username, Password: cfg.Password},
		ConnOpenStrategy: clickhouse.ConnOpenInOrder, // one node takes all writes, so that deduplication sees them
		DialTimeout:      dialTimeout,
		ReadTimeout:      answerTimeout,
		MaxOpenConns:     maxOpenConns,
		MaxIdleConns:     maxIdleConns,
	}
	if cfg.Protocol == ProtocolNative {
		opts.Protocol = clickhouse.Native
		opts.Compression = &clickhouse.Compression{Method: clickhouse.CompressionLZ4}
	}
	if !cfg.TLS {
		return opts, nil
	}
	opts.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	if cfg.TLSCAFile != "" {
		pem, err := os.ReadFile(cfg.TLSCAFile)
		if err != nil {
			return nil, fmt.Errorf("store: certificate authority: %w", err)
		}
		opts.TLS.RootCAs = x509.NewCertPool()
		if !opts.TLS.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("store: certificate authority: %s holds no PEM certificate", cfg.TLSCAFile)
		}
	}
	return opts, nil
}

// createDatabase makes sure the database is there; a user who may not create it can work with one that is.
func createDatabase(ctx context.Context, opts *clickhouse.Options, name string) error {
	plain := *opts
	plain.Auth.Database = ""
	conn, err := clickhouse.Open(&plain)
	if err != nil {
		return fmt.Errorf("opening the store at %s: %w", strings.Join(opts.Addr, ", "), err)
	}
	defer conn.Close()
	var n uint64
	if err := conn.QueryRow(ctx, "SELECT count() FROM system.databases WHERE name = {name:String}", clickhouse.Named("name", name)).Scan(&n); err != nil {
		return fmt.Errorf("reaching the store at %s: %w", strings.Join(opts.Addr, ", "), err)
	}
	if n > 0 {
		return nil
	}
	if err := conn.Exec(ctx, "CREATE DATABASE IF NOT EXISTS "+name); err != nil {
		return fmt.Errorf("creating the store's database %s: %w", name, err)
	}
	return nil
}

// ErrNeedsHTTP is returned by InsertArrow and QueryFormat on a cluster that is reached by the native protocol.
var ErrNeedsHTTP = errors.New("the store must be reached by protocol http for this")

// InsertArrow inserts an Arrow IPC stream into table ("name" or "database.name"). columns name the stream's columns in
// the table; nil means all of the table's. A token that is not empty makes the insert idempotent on tables with a
// deduplication window: a second insert with the same token is acknowledged and changes nothing.
//
// All record batches of the stream together should stay well below one million rows and 256 MiB: larger inserts are
// split, and an insert that fails in the middle may leave its first blocks behind.
func (e *Engine) InsertArrow(ctx context.Context, table, token string, columns []string, body io.Reader) error {
	if e.cfg.Mode == ModeCluster && e.cfg.Protocol == ProtocolNative {
		return fmt.Errorf("inserting into %s: %w", table, ErrNeedsHTTP)
	}
	settings := clickhouse.Settings{"async_insert": 0, "optimize_on_insert": 0}
	if token != "" {
		settings["insert_deduplicate"] = 1
		settings["insert_deduplication_token"] = token
	}
	stmt := "INSERT INTO " + quoteName(table)
	if len(columns) > 0 {
		quoted := make([]string, len(columns))
		for i, c := range columns {
			quoted[i] = quotePart(c)
		}
		stmt += " (" + strings.Join(quoted, ", ") + ")"
	}
	if err := e.Conn().InsertFormat(clickhouse.Context(ctx, clickhouse.WithSettings(settings)), "ArrowStream", stmt, body); err != nil {
		return fmt.Errorf("inserting into %s: %w", table, err)
	}
	return nil
}

// QueryFormat writes the result of one statement to w in a ClickHouse output format: PrettyCompact, JSON, JSONEachRow,
// CSVWithNames, TSV … settings are the engine's; readonly=1 refuses every change, readonly=2 also lets the statement
// choose settings.
func (e *Engine) QueryFormat(ctx context.Context, sql, format string, settings map[string]string, w io.Writer) error {
	if e.cfg.Mode == ModeCluster && e.cfg.Protocol == ProtocolNative {
		return ErrNeedsHTTP
	}
	set := clickhouse.Settings{}
	for k, v := range settings {
		set[k] = v
	}
	sql = strings.TrimRight(sql, "; \t\r\n")
	out, err := e.Conn().QueryFormat(clickhouse.Context(ctx, clickhouse.WithSettings(set)), format, sql)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, out)
	return errors.Join(err, out.Close())
}

// quoteName quotes "table" or "database.table".
func quoteName(name string) string {
	db, table, ok := strings.Cut(name, ".")
	if !ok {
		return quotePart(name)
	}
	return quotePart(db) + "." + quotePart(table)
}

func quotePart(s string) string {
	return "`" + strings.NewReplacer(`\`, `\\`, "`", "\\`").Replace(s) + "`"
}
