package broker

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	kafka "github.com/segmentio/kafka-go"
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

// hint adds to an error of the first contact what its usual reason is. A broker
// that is spoken to in the wrong way just closes the connection.
func (c Config) hint(err error) error {
	if c.Mode != ModeCluster {
		return err
	}
	var notTLS tls.RecordHeaderError
	switch {
	case errors.Is(err, kafka.SASLAuthenticationFailed):
		return fmt.Errorf("%w: check the SASL user and password, and that the user exists for %s", err, c.SASLMechanism)
	case errors.Is(err, kafka.UnsupportedSASLMechanism):
		return fmt.Errorf("%w: the cluster does not offer SASL %s", err, c.SASLMechanism)
	case errors.As(err, &notTLS):
		return fmt.Errorf("%w: this address does not speak TLS", err)
	case !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		return err
	case c.TLS && c.SASLMechanism == "":
		return fmt.Errorf("%w: the broker closed the connection: it may want a user (SASL), a client certificate, or not speak TLS on this address", err)
	case c.TLS:
		return fmt.Errorf("%w: the broker closed the connection: it may not speak TLS on this address", err)
	case c.SASLMechanism == "":
		return fmt.Errorf("%w: the broker closed the connection: it may want TLS or a user (SASL)", err)
	}
	return fmt.Errorf("%w: the broker closed the connection: it may want TLS", err)
}
