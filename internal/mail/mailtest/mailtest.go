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

// session is one connection.
type session struct {
	*Server
	c  net.Conn
	r  *bufio.Reader
	in Mail
}

func (s *Server) serve(c net.Conn) {
	defer func() { _ = c.Close() }()
	x := &session{Server: s, c: c}
	if s.Mode == "tls" {
		x.encrypt()
	}
	x.r = bufio.NewReader(x.c)
	x.say("220 test ready")
	for {
		line, err := x.r.ReadString('\n')
		if err != nil || !x.command(strings.TrimRight(line, "\r\n")) {
			return
		}
	}
}

func (x *session) say(format string, args ...any) { fmt.Fprintf(x.c, format+"\r\n", args...) }

func (x *session) encrypt() {
	x.c = tls.Server(x.c, &tls.Config{Certificates: []tls.Certificate{x.cert}, MinVersion: tls.VersionTLS12})
	x.r, x.in.TLS = bufio.NewReader(x.c), true
}

// command answers one line; false ends the session.
func (x *session) command(line string) bool {
	verb := strings.ToUpper(strings.SplitN(line, " ", 2)[0])
	x.mu.Lock()
	x.seen = append(x.seen, verb)
	answer, drop := x.answers[verb], x.dropAt == verb
	x.mu.Unlock()
	switch {
	case drop:
		return false
	case verb == "DATA":
		return x.data(answer)
	case answer != "":
		x.say("%s", answer)
		return true
	}
	switch verb {
	case "EHLO":
		x.hello()
	case "STARTTLS":
		x.say("220 go on")
		x.encrypt()
	case "AUTH":
		if strings.HasSuffix(line, " "+x.AsksFor) {
			x.say("235 welcome")
		} else {
			x.say("535 5.7.8 no, %s", line)
		}
	case "MAIL":
		x.in.From = line
		x.say("250 ok")
	case "RCPT":
		x.in.To = line
		x.say("250 ok")
	case "QUIT":
		x.say("221 bye")
		return false
	default:
		x.say("250 ok")
	}
	return true
}

func (x *session) hello() {
	x.say("250-test")
	if x.Mode == "starttls" && !x.in.TLS {
		x.say("250-STARTTLS")
	}
	if x.AsksFor != "" {
		x.say("250-AUTH PLAIN")
	}
	x.say("250 8BITMIME")
}

// data takes a message, or answers it otherwise.
func (x *session) data(answer string) bool {
	x.say("354 go on")
	var b strings.Builder
	for {
		l, err := x.r.ReadString('\n')
		if err != nil {
			return false
		}
		if l == ".\r\n" {
			break
		}
		b.WriteString(strings.TrimPrefix(l, "."))
	}
	if answer != "" {
		x.say("%s", answer)
		return true
	}
	x.in.Data = b.String()
	x.mu.Lock()
	x.got = append(x.got, x.in)
	x.mu.Unlock()
	x.say("250 taken")
	return true
}
