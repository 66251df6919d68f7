// Package mailtest is a mail server on loopback for tests: it speaks SMTP as far as a client of ours
// needs it, with a certificate of its own.
package mailtest

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// Server is a mail server.
type Server struct {
	ln      net.Listener
	cert    tls.Certificate
	CAFile  string // PEM of its certificate's authority
	Mode    string // starttls, tls or none
	AsksFor string // set before use: base64 of \0user\0password; empty: nobody logs in

	mu      sync.Mutex
	got     []Mail
	answers map[string]string // instead of the usual, by verb
	dropAt  string            // verb at which the connection is closed
	seen    []string          // verbs
}

// Mail is a message that it took: the lines MAIL and RCPT, and the message itself.
type Mail struct {
	From, To, Data string
	TLS            bool
}

// Start starts a server that ends with the test; mode is starttls, tls or none.
func Start(t *testing.T, mode string) *Server {
	t.Helper()
	s := &Server{Mode: mode, answers: map[string]string{}}
	s.certify(t)
	var err error
	if s.ln, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.ln.Close() })
	go func() {
		for {
			c, err := s.ln.Accept()
			if err != nil {
				return
			}
			go s.serve(c)
		}
	}()
	return s
}

func (s *Server) certify(t *testing.T) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "127.0.0.1"}, NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<33, 0),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	s.cert = tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	s.CAFile = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(s.CAFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Port is where it listens on 127.0.0.1.
func (s *Server) Port() int { return s.ln.Addr().(*net.TCPAddr).Port }

// Close stops listening.
func (s *Server) Close() { _ = s.ln.Close() }

// Answer has a verb answered with a text of its own; empty: as usual.
func (s *Server) Answer(verb, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[verb] = text
}

// DropAt has the connection closed at a verb.
func (s *Server) DropAt(verb string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropAt = verb
}

// Seen lists the verbs that clients said.
func (s *Server) Seen() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.seen...)
}

// Mails lists what it took.
func (s *Server) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Mail(nil), s.got...)
}

func (s *Server) serve(c net.Conn) {
	defer func() { _ = c.Close() }()
	secure := s.Mode == "tls"
	if secure {
		c = tls.Server(c, &tls.Config{Certificates: []tls.Certificate{s.cert}})
	}
	r := bufio.NewReader(c)
	say := func(format string, args ...any) { fmt.Fprintf(c, format+"\r\n", args...) }
	say("220 test ready")
	var in Mail
	in.TLS = secure
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		verb := strings.ToUpper(strings.SplitN(line, " ", 2)[0])
		s.mu.Lock()
		s.seen = append(s.seen, verb)
		answer, drop := s.answers[verb], s.dropAt == verb
		s.mu.Unlock()
		if drop {
			return
		}
		if answer != "" && verb != "DATA" {
			say("%s", answer)
			continue
		}
		switch verb {
		case "EHLO":
			say("250-test")
			if s.Mode == "starttls" && !in.TLS {
				say("250-STARTTLS")
			}
			if s.AsksFor != "" {
				say("250-AUTH PLAIN")
			}
			say("250 8BITMIME")
		case "STARTTLS":
			say("220 go on")
			c = tls.Server(c, &tls.Config{Certificates: []tls.Certificate{s.cert}})
			r, in.TLS = bufio.NewReader(c), true
		case "AUTH":
			if !strings.HasSuffix(line, " "+s.AsksFor) {
				say("535 5.7.8 no, %s", line)
				continue
			}
			say("235 welcome")
		case "MAIL":
			in.From = line
			say("250 ok")
		case "RCPT":
			in.To = line
			say("250 ok")
		case "DATA":
			say("354 go on")
			var b strings.Builder
			for {
				l, err := r.ReadString('\n')
				if err != nil {
					return
				}
				if l == ".\r\n" {
					break
				}
				b.WriteString(strings.TrimPrefix(l, "."))
			}
			if answer != "" {
				say("%s", answer)
				continue
			}
			in.Data = b.String()
			s.mu.Lock()
			s.got = append(s.got, in)
			s.mu.Unlock()
			say("250 taken")
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}
