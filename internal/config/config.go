// Package config is Linesman's configuration: one YAML file, every key also as environment
// variable. Keys, defaults and documentation are declared once, in the structures below.
package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"linesman/internal/broker"
	"linesman/internal/engine"
	"linesman/schema"
)

// Config is everything that can be set. Sizes are bytes, durations are Go's (500ms, 10s).
type Config struct {
	Data         string       `koanf:"data" doc:"Data directory: log, store, inbox and the key of the pseudonyms."`
	Organisation string       `koanf:"organisation" doc:"Name shown in the console and in reports."`
	Zone         string       `koanf:"zone" doc:"Time zone in which events are judged."`
	Logging      Logging      `koanf:"logging"`
	Console      Console      `koanf:"console"`
	Access       Access       `koanf:"access"`
	Broker       Broker       `koanf:"broker"`
	Store        Store        `koanf:"store"`
	Ingest       Ingest       `koanf:"ingest"`
	Pipeline     Pipeline     `koanf:"pipeline"`
	Policy       Policy       `koanf:"policy"`
	Doctor       Doctor       `koanf:"doctor"`
	Restatements Restatements `koanf:"restatements"`
	Cases        Cases        `koanf:"cases"`
	Mail         Mail         `koanf:"mail"`
	Ledger       Ledger       `koanf:"ledger"`
	Reports      Reports      `koanf:"reports"`
	Seal         Seal         `koanf:"seal"`
	Archive      Archive      `koanf:"archive"`
	Sharing      Sharing      `koanf:"sharing"`
	Invoices     Invoices     `koanf:"invoices"`
	Reconcile    Reconcile    `koanf:"reconcile"`
}

// Logging says how the program logs. It logs to standard error.
type Logging struct {
	Level  string `koanf:"level" doc:"debug, info, warn or error."`
	Format string `koanf:"format" doc:"text or json."`
}

// Console is the built-in web console.
type Console struct {
	Listen string `koanf:"listen" doc:"Address of the console. One that other machines reach is allowed where access.login is proxy, oidc or grafana."`
	Hosts  List   `koanf:"hosts" doc:"Names that the console is called by, beside addresses, localhost and that of access.url; requests with another name are refused. A list in YAML, separated by commas in the environment."`
}

// Broker is the log.
type Broker struct {
	Mode          string `koanf:"mode" doc:"embedded, or cluster for an Apache Kafka of yours."`
	MaxBytes      int64  `koanf:"max_bytes" doc:"Embedded: size of the log beyond which nothing is appended any more."`
	Brokers       string `koanf:"brokers" doc:"Cluster: host:port of one or more brokers, separated by commas."`
	TLS           bool   `koanf:"tls" doc:"Cluster: encrypt the connection."`
	TLSCAFile     string `koanf:"tls_ca_file" doc:"Cluster: PEM file of the authority that signed the brokers' certificates; empty: the system's."`
	TLSCertFile   string `koanf:"tls_cert_file" doc:"Cluster: client certificate."`
	TLSKeyFile    string `koanf:"tls_key_file" doc:"Cluster: key of the client certificate."`
	SASLMechanism string `koanf:"sasl_mechanism" doc:"Cluster: plain, scram-sha-256 or scram-sha-512; empty: none."`
	SASLUser      string `koanf:"sasl_user" doc:"Cluster: user."`
	SASLPassword  string `koanf:"sasl_password" doc:"Cluster: password. Better given as environment variable." secret:"true"`
	Kafka         Kafka  `koanf:"kafka"`
}

// Store is the projection of the log.
type Store struct {
	Mode        string `koanf:"mode" doc:"embedded, or cluster for a ClickHouse of yours."`
	Library     string `koanf:"library" doc:"Embedded: path of the engine's library; empty: where 'make' installed it."`
	MemoryLimit int64  `koanf:"memory_limit" doc:"Embedded: memory of the engine in bytes."`
	Threads     int    `koanf:"threads" doc:"Threads of one query; 0: one for each core."`
	Addrs       string `koanf:"addrs" doc:"Cluster: host:port of one or more servers, separated by commas."`
	Protocol    string `koanf:"protocol" doc:"Cluster: http."`
	Database    string `koanf:"database" doc:"Database of Linesman's tables."`
	Username    string `koanf:"username" doc:"Cluster: user."`
	Password    string `koanf:"password" doc:"Cluster: password. Better given as environment variable." secret:"true"`
	TLS         bool   `koanf:"tls" doc:"Cluster: encrypt the connection."`
	TLSCAFile   string `koanf:"tls_ca_file" doc:"Cluster: PEM file of the authority that signed the servers' certificates."`
}

// Ingest is the collection of files.
type Ingest struct {
	Settle   time.Duration `koanf:"settle" doc:"How long a file in the inbox must stay unchanged before it is read."`
	Profiles string        `koanf:"profiles" doc:"Folder with profiles of itemised files (YAML), beside the built-in ones."`
	MaxFile  int64         `koanf:"max_file" doc:"Largest file in bytes after decompression."`
}

// Pipeline is the way from the log to the store.
type Pipeline struct {
	BatchRows  int `koanf:"batch_rows" doc:"Most records of one range: one insert."`
	RerateRows int `koanf:"rerate_rows" doc:"From how many usage records on changed prices are rated by the engine, and not record by record."`
}

// Default returns the configuration where nothing is set.
func Default() Config {
	return Config{
		Data: "data", Organisation: "", Zone: schema.DefaultZone,
		Logging:      Logging{Level: "info", Format: "text"},
		Console:      Console{Listen: "127.0.0.1:8080", Hosts: List{}},
		Access:       defaultAccess(),
		Broker:       Broker{Mode: "embedded", MaxBytes: 64 << 30, Kafka: defaultKafka()},
		Store:        Store{Mode: "embedded", MemoryLimit: 4 << 30, Protocol: "http", Database: "linesman"},
		Ingest:       Ingest{Settle: 500 * time.Millisecond, MaxFile: 4 << 30},
		Pipeline:     Pipeline{BatchRows: 100_000, RerateRows: 50_000},
		Policy:       Policy{Packs: List{"core"}},
		Restatements: Restatements{Quiet: 24 * time.Hour},
		Cases:        Cases{Days: 14, Remind: 3},
		Mail:         defaultMail(),
		Ledger:       defaultLedger(),
		Reports:      defaultReports(),
		Sharing:      defaultSharing(),
		Invoices:     defaultInvoices(),
		Reconcile:    defaultReconcile(),
		Seal:         Seal{Every: time.Minute},
		Doctor:       Doctor{MinFree: 2 << 30, Timeout: 5 * time.Second},
	}
}

// Validate checks what can be checked without opening anything.
func (c *Config) Validate() error {
	var errs []error
	oneOf := func(key, have string, allowed ...string) {
		for _, a := range allowed {
			if have == a {
				return
			}
		}
		errs = append(errs, fmt.Errorf("%s: %q is not one of %v", key, have, allowed))
	}
	oneOf("logging.level", c.Logging.Level, "debug", "info", "warn", "error")
	oneOf("logging.format", c.Logging.Format, "text", "json")
	oneOf("broker.mode", c.Broker.Mode, "embedded", "cluster")
	errs = append(errs, c.validateSharing())
	oneOf("store.mode", c.Store.Mode, "embedded", "cluster")
	oneOf("store.protocol", c.Store.Protocol, "http")
	oneOf("broker.sasl_mechanism", c.Broker.SASLMechanism, "", "plain", "scram-sha-256", "scram-sha-512")
	if _, err := time.LoadLocation(c.Zone); err != nil {
		errs = append(errs, fmt.Errorf("zone: %q is no time zone: %w", c.Zone, err))
	}
	if host, _, err := net.SplitHostPort(c.Console.Listen); err != nil {
		errs = append(errs, fmt.Errorf("console.listen: %q: want host:port: %w", c.Console.Listen, err))
	} else {
		errs = append(errs, c.validateListen(host))
	}
	if c.Broker.Mode == "cluster" && c.Broker.Brokers == "" {
		errs = append(errs, errors.New("broker.brokers: needed in cluster mode"))
	}
	errs = append(errs, c.Broker.Kafka.validate())
	if c.Store.Mode == "cluster" && c.Store.Addrs == "" {
		errs = append(errs, errors.New("store.addrs: needed in cluster mode"))
	}
	if c.Data == "" {
		errs = append(errs, errors.New("data: needed"))
	}
	errs = append(errs, c.Access.validate())
	errs = append(errs, c.Seal.validate())
	errs = append(errs, c.Cases.validate())
	errs = append(errs, c.Mail.validate())
	errs = append(errs, c.Ledger.validate())
	errs = append(errs, c.Reports.validate(&c.Mail))
	errs = append(errs, c.Doctor.validate())
	errs = append(errs, c.Archive.validate())
	errs = append(errs, c.Invoices.validate())
	errs = append(errs, c.Reconcile.validate())
	return errors.Join(errs...)
}

// Path joins the data directory with a path below it.
func (c *Config) Path(elem ...string) string {
	return filepath.Join(append([]string{c.Data}, elem...)...)
}

// BrokerConfig is the log's part for package broker.
func (c *Config) BrokerConfig() broker.Config {
	b := c.Broker
	return broker.Config{Mode: b.Mode, Dir: c.Path("log"), MaxBytes: b.MaxBytes, Brokers: split(b.Brokers), TLS: b.TLS, TLSCAFile: b.TLSCAFile,
		TLSCertFile: b.TLSCertFile, TLSKeyFile: b.TLSKeyFile, SASLMechanism: b.SASLMechanism, SASLUser: b.SASLUser, SASLPassword: b.SASLPassword,
		Replication: b.Kafka.Replication, Retention: b.Kafka.Retention, MaxMessageBytes: b.Kafka.MaxMessageBytes,
		Groups: c.groups(), Session: c.Sharing.Session}
}

// EngineConfig is the store's part for package engine.
func (c *Config) EngineConfig() engine.Config {
	s := c.Store
	return engine.Config{Mode: s.Mode, Dir: c.Path("store"), Library: s.Library, MemoryLimit: s.MemoryLimit, Threads: s.Threads, Addrs: split(s.Addrs),
		Protocol: s.Protocol, Database: s.Database, Username: s.Username, Password: s.Password, TLS: s.TLS, TLSCAFile: s.TLSCAFile}
}

// Logger returns the program's logger.
func (c *Config) Logger() *slog.Logger {
	log, _ := c.LeveledLogger()
	return log
}

// LeveledLogger returns the program's logger and the level it can be turned to.
func (c *Config) LeveledLogger() (*slog.Logger, *slog.LevelVar) {
	level := new(slog.LevelVar)
	_ = level.UnmarshalText([]byte(c.Logging.Level)) // validated
	opts := &slog.HandlerOptions{Level: level}
	if c.Logging.Format == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, opts)), level
	}
	return slog.New(slog.NewTextHandler(os.Stderr, opts)), level
}
