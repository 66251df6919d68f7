package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestLoad(t *testing.T) {
	for name, c := range map[string]struct {
		yaml  string
		env   []string
		want  func(*Config) bool
		error string
	}{
		"defaults": {"", nil, func(c *Config) bool { return c.Console.Listen == "127.0.0.1:8080" && c.Zone == "Europe/Stockholm" }, ""},
		"file": {"zone: Europe/Copenhagen\ningest: {settle: 2s}\nbroker: {max_bytes: 1000}", nil, func(c *Config) bool {
			return c.Zone == "Europe/Copenhagen" && c.Ingest.Settle == 2*time.Second && c.Broker.MaxBytes == 1000
		}, ""},
		"environment wins":   {"zone: Europe/Copenhagen", []string{"LINESMAN_ZONE=Europe/Oslo", "LINESMAN_PIPELINE_BATCH_ROWS=7"}, func(c *Config) bool { return c.Zone == "Europe/Oslo" && c.Pipeline.BatchRows == 7 }, ""},
		"wrong key":          {"ingest: {setle: 2s}", nil, nil, `no key "ingest.setle"; did you mean "ingest.settle"?`},
		"wrong variable":     {"", []string{"LINESMAN_BROKER_MODUS=x"}, nil, `did you mean "LINESMAN_BROKER_MODE"?`},
		"not a setting":      {"", []string{"LINESMAN_ENGINE_LIBRARY=/x", "PATH=/bin"}, func(*Config) bool { return true }, ""},
		"wrong zone":         {"zone: Mars/Olympus", nil, nil, "zone"},
		"wrong value":        {"broker: {mode: embeded}", nil, nil, "broker.mode"},
		"wrong type":         {"broker: {max_bytes: many}", nil, nil, "max_bytes"},
		"cluster, no broker": {"broker: {mode: cluster}", nil, nil, "broker.brokers"},
		"core pack":          {"", nil, func(c *Config) bool { return c.Policy.Packs.String() == "core" && len(c.Policy.Values) == 0 }, ""},
		"packs": {"policy: {packs: [core, laholm], values: {prefix: '9', own-name: A B}}", nil, func(c *Config) bool {
			return c.Policy.Packs.String() == "core,laholm" && c.Policy.Values.String() == "own-name=A B;prefix=9"
		}, ""},
		"one pack": {"policy: {packs: sorsele}", nil, func(c *Config) bool { return c.Policy.Packs.String() == "sorsele" && len(c.Policy.Packs) == 1 }, ""},
		"no pack":  {"policy: {packs: []}", nil, func(c *Config) bool { return c.Policy.Packs != nil && len(c.Policy.Packs) == 0 }, ""},
		"packs in variables": {"policy: {packs: [core], values: {a: b}}", []string{"LINESMAN_POLICY_PACKS=laholm, sorsele", "LINESMAN_POLICY_VALUES=prefix=9; own=x,y"}, func(c *Config) bool {
			return c.Policy.Packs.String() == "laholm,sorsele" && c.Policy.Values.String() == "own=x,y;prefix=9"
		}, ""},
		"no pair":         {"", []string{"LINESMAN_POLICY_VALUES=prefix"}, nil, "name=value"},
		"values too deep": {"policy: {values: {a: {b: c}}}", nil, nil, `no key "policy.values.a.b"`},
		"not yaml":        {"a: [", nil, nil, "configuration file"},
	} {
		t.Run(name, func(t *testing.T) {
			path := ""
			if c.yaml != "" {
				path = filepath.Join(t.TempDir(), "linesman.yaml")
				if err := os.WriteFile(path, []byte(c.yaml), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			cfg, err := Load(path, c.env)
			if c.error != "" {
				if err == nil || !strings.Contains(err.Error(), c.error) {
					t.Fatalf("error %v, want one with %q", err, c.error)
				}
				return
			}
			if err != nil || !c.want(&cfg) {
				t.Fatalf("%+v, %v", cfg, err)
			}
		})
	}
}

func TestEveryKeyIsDocumentedAndReachable(t *testing.T) {
	for _, k := range Keys() {
		if k.Doc == "" {
			t.Errorf("%s has no documentation", k.Name)
		}
	}
	if _, err := Load("", []string{"LINESMAN_STORE_TLS=true", "LINESMAN_STORE_MEMORY_LIMIT=5"}); err != nil {
		t.Error(err)
	}
}

func TestKafka(t *testing.T) {
	tests := map[string]struct {
		env  string
		want string // in the error; empty: none
	}{
		"replication":     {"LINESMAN_BROKER_KAFKA_REPLICATION=3", ""},
		"negative copies": {"LINESMAN_BROKER_KAFKA_REPLICATION=-1", "broker.kafka.replication"},
		"kept forever":    {"LINESMAN_BROKER_KAFKA_RETENTION=0", ""},
		"kept for years":  {"LINESMAN_BROKER_KAFKA_RETENTION=87600h", ""},
		"past":            {"LINESMAN_BROKER_KAFKA_RETENTION=-1h", "broker.kafka.retention"},
		"tiny messages":   {"LINESMAN_BROKER_KAFKA_MAX_MESSAGE_BYTES=100", "broker.kafka.max_message_bytes"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Load("", []string{tt.env})
			if (tt.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
	cfg, err := Load("", []string{"LINESMAN_BROKER_KAFKA_REPLICATION=3", "LINESMAN_BROKER_KAFKA_RETENTION=48h"})
	if err != nil {
		t.Fatal(err)
	}
	if b := cfg.BrokerConfig(); b.Replication != 3 || b.Retention != 48*time.Hour || len(b.Groups) != 2 || b.Session != cfg.Sharing.Session {
		t.Errorf("%+v", b)
	}
}
