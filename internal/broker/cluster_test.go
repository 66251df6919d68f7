package broker

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	kafka "github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kfake"
)

// externalCluster starts a server on a loopback port, as a stand-in for a
// cluster elsewhere.
func externalCluster(t *testing.T, opts ...kfake.Opt) []string {
	t.Helper()
	c, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(3)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c.ListenAddrs()
}

// certificate makes a self-signed certificate for 127.0.0.1 and writes it and
// its key as PEM files.
func certificate(t *testing.T) (certFile, keyFile string, pair tls.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "broker"},
		NotBefore: time.Unix(0, 0), NotAfter: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, data := range map[string][]byte{certFile: certPEM, keyFile: keyPEM} {
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if pair, err = tls.X509KeyPair(certPEM, keyPEM); err != nil {
		t.Fatal(err)
	}
	return certFile, keyFile, pair
}

func TestCluster(t *testing.T) {
	certFile, keyFile, pair := certificate(t)
	pool := x509.NewCertPool()
	pool.AddCert(must(x509.ParseCertificate(pair.Certificate[0])))
	server := kfake.TLS(&tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool})
	user := func(mechanism string) []kfake.Opt {
		return []kfake.Opt{kfake.EnableSASL(), kfake.Superuser(mechanism, "linesman", "secret")}
	}
	sasl := func(mechanism string) Config {
		return Config{SASLMechanism: mechanism, SASLUser: "linesman", SASLPassword: "secret"}
	}
	encrypted := sasl("SCRAM-SHA-512")
	encrypted.TLS, encrypted.TLSCAFile, encrypted.TLSCertFile, encrypted.TLSKeyFile = true, certFile, certFile, keyFile
	tests := []struct {
		name string
		opts []kfake.Opt
		cfg  Config
	}{
		{"open", nil, Config{}},
		{"plain", user("PLAIN"), sasl("PLAIN")},
		{"scram 256", user("SCRAM-SHA-256"), sasl("SCRAM-SHA-256")},
		{"scram 512", user("SCRAM-SHA-512"), sasl("scram-sha-512")},
		{"scram 512 over mutual TLS", append(user("SCRAM-SHA-512"), server), encrypted},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg := tt.cfg
			cfg.Mode, cfg.Brokers = ModeCluster, externalCluster(t, tt.opts...)
			b := openTest(t, cfg)
			ctx := testContext(t)
			spec := TopicSpec{Name: "facts", Partitions: 4, Config: map[string]string{"retention.ms": "-1"}}
			if err := b.EnsureTopics(ctx, []TopicSpec{spec}); err != nil {
				t.Fatal(err)
			}
			for p := range spec.Partitions { // on different brokers
				produce(t, b, "facts", p, numbered(0, 20_000))
				checkNumbered(t, readAll(t, b, "facts", p, 0, 20_000, 999), 0)
			}
			h, err := b.Health(ctx)
			if err != nil || h.Mode != ModeCluster || len(h.Topics) != 1 || h.Topics[0].Partitions[3].Next != 20_000 {
				t.Errorf("health %+v, %v", h, err)
			}
		})
	}
}

// TestClusterMovesLeader checks that producing and reading go on when another
// broker takes a partition over.
func TestClusterMovesLeader(t *testing.T) {
	c, err := kfake.NewCluster(kfake.NumBrokers(3))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	b := openTest(t, Config{Mode: ModeCluster, Brokers: c.ListenAddrs()})
	b.transport.CloseIdleConnections()
	b.transport.MetadataTTL = 20 * time.Millisecond // do not wait for the usual one
	ensure(t, b, "facts", 1)
	ctx := testContext(t)
	r, err := b.NewReader(ctx, "facts", 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 6 {
		if err := c.MoveTopicPartition("facts", 0, int32(i%3)); err != nil {
			t.Fatal(err)
		}
		produce(t, b, "facts", 0, numbered(10*i, 10))
		recs, err := r.Fetch(ctx, 10, testTimeout)
		if err != nil || len(recs) != 10 {
			t.Fatalf("move %d: %d records, %v", i, len(recs), err)
		}
		checkNumbered(t, recs, 10*i)
	}
}

func TestClusterWithSmallMessages(t *testing.T) {
	const limit = 100_000
	brokers := externalCluster(t, kfake.BrokerConfigs(map[string]string{"message.max.bytes": strconv.Itoa(limit)}))
	recs := make([]Record, 500)
	for i := range recs {
		recs[i].Value = noise(3000, uint64(i))
	}
	b := openTest(t, Config{Mode: ModeCluster, Brokers: brokers, MaxMessageBytes: limit})
	ensure(t, b, "facts", 1)
	produce(t, b, "facts", 0, recs)
	if got := readAll(t, b, "facts", 0, 0, len(recs), 1000); !bytes.Equal(got[499].Value, recs[499].Value) {
		t.Error("the last record differs")
	}
	b = openTest(t, Config{Mode: ModeCluster, Brokers: brokers})
	_, err := b.Produce(testContext(t), "facts", 0, recs)
	if !errors.Is(err, kafka.MessageSizeTooLarge) || !strings.Contains(err.Error(), "message.max.bytes") {
		t.Errorf("error %v, want advice on message.max.bytes", err)
	}
}

func TestClusterRefuses(t *testing.T) {
	certFile, _, pair := certificate(t)
	scram := externalCluster(t, kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-256", "linesman", "secret"))
	encrypted := externalCluster(t, kfake.TLS(&tls.Config{Certificates: []tls.Certificate{pair}}))
	tests := []struct {
		name string
		cfg  Config
	}{
		{"no brokers", Config{}},
		{"wrong password", Config{Brokers: scram, SASLMechanism: "SCRAM-SHA-256", SASLUser: "linesman", SASLPassword: "wrong"}},
		{"unknown mechanism", Config{Brokers: scram, SASLMechanism: "GSSAPI"}},
		{"user without mechanism", Config{Brokers: scram, SASLUser: "linesman"}},
		{"unknown authority", Config{Brokers: encrypted, TLS: true}},
		{"missing authority file", Config{Brokers: encrypted, TLS: true, TLSCAFile: filepath.Join(t.TempDir(), "none")}},
		{"certificate without key", Config{Brokers: encrypted, TLS: true, TLSCAFile: certFile, TLSCertFile: certFile}},
		{"files without TLS", Config{Brokers: scram, TLSCAFile: certFile}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.cfg.Mode = ModeCluster
			ctx, cancel := context.WithTimeout(testContext(t), 20*time.Second)
			defer cancel()
			if b, err := Open(ctx, tt.cfg, nil); err == nil {
				b.Close(ctx)
				t.Error("opened")
			} else {
				t.Log(err)
			}
		})
	}
	if _, err := Open(testContext(t), Config{Mode: "other"}, nil); err == nil {
		t.Error("an unknown mode was accepted")
	}
	if _, err := Open(testContext(t), Config{}, nil); err == nil {
		t.Error("an embedded log without a directory was accepted")
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
