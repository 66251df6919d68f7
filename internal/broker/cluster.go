package broker

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"strings"

	"github.com/segmentio/kafka-go/sasl"
	"github.com/segmentio/kafka-go/sasl/plain"
	"github.com/segmentio/kafka-go/sasl/scram"
)

// security is how connections to a cluster are encrypted and authenticated.
type security struct {
	tls  *tls.Config
	sasl sasl.Mechanism
}

// newSecurity reads the certificates and credentials of cfg.
func newSecurity(cfg Config) (security, error) {
	var s security
	if cfg.TLS {
		t, err := newTLS(cfg)
		if err != nil {
			return s, err
		}
		s.tls = t
	} else if cfg.TLSCAFile != "" || cfg.TLSCertFile != "" || cfg.TLSKeyFile != "" {
		return s, fmt.Errorf("TLS files are configured for the log but TLS is off; switch TLS on or remove the files")
	}
	m, err := newSASL(cfg)
	if err != nil {
		return s, err
	}
	s.sasl = m
	return s, nil
}

func newTLS(cfg Config) (*tls.Config, error) {
	t := &tls.Config{MinVersion: tls.VersionTLS12}
	if cfg.TLSCAFile != "" {
		pem, err := os.ReadFile(cfg.TLSCAFile)
		if err != nil {
			return nil, fmt.Errorf("reading the log's certificate authority: %w", err)
		}
		t.RootCAs = x509.NewCertPool()
		if !t.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("reading the log's certificate authority: %s holds no PEM certificate", cfg.TLSCAFile)
		}
	}
	if (cfg.TLSCertFile == "") != (cfg.TLSKeyFile == "") {
		return nil, fmt.Errorf("the log's client certificate needs both a certificate and a key file")
	}
	if cfg.TLSCertFile != "" {
		pair, err := tls.LoadX509KeyPair(cfg.TLSCertFile, cfg.TLSKeyFile)
		if err != nil {
			return nil, fmt.Errorf("loading the log's client certificate: %w", err)
		}
		t.Certificates = []tls.Certificate{pair}
	}
	return t, nil
}

func newSASL(cfg Config) (sasl.Mechanism, error) {
	var (
		m   sasl.Mechanism
		err error
	)
	switch strings.ToUpper(cfg.SASLMechanism) {
	case "":
		if cfg.SASLUser != "" || cfg.SASLPassword != "" {
			return nil, fmt.Errorf("a SASL user or password is configured for the log but no mechanism; use PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512")
		}
		return nil, nil
	case "PLAIN":
		return plain.Mechanism{Username: cfg.SASLUser, Password: cfg.SASLPassword}, nil
	case "SCRAM-SHA-256":
		m, err = scram.Mechanism(scram.SHA256, cfg.SASLUser, cfg.SASLPassword)
	case "SCRAM-SHA-512":
		m, err = scram.Mechanism(scram.SHA512, cfg.SASLUser, cfg.SASLPassword)
	default:
		return nil, fmt.Errorf("SASL mechanism %q is not supported; use PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512", cfg.SASLMechanism)
	}
	if err != nil {
		return nil, fmt.Errorf("preparing SASL %s: %w", cfg.SASLMechanism, err)
	}
	return m, nil
}
