// Package mail hands plain-text messages, with files attached or without, to an SMTP server. What it says about a failure names
// no person: the part of an address before the @ is left out.
package mail

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"time"

	smtp "github.com/wneessen/go-mail"
)

// Ways to protect the connection.
const (
	StartTLS = "starttls" // begins in the clear, and goes on encrypted or not at all
	TLS      = "tls"      // encrypted from the first byte
	None     = "none"     // in the clear; nobody logs in
)

// Config of a sender.
type Config struct {
	Host     string
	Port     int
	TLS      string
	CAFile   string // PEM; empty: the system's authorities
	User     string // empty: nobody logs in
	Password string
	From     string        // address
	Timeout  time.Duration // of one message; default a minute
}

// Message is one message to one address.
type Message struct {
	To      string // address
	Subject string
	Body    string // plain text
	ID      string // of the message: the same message has the same one, so that mail systems know it again; letters, digits, . and -
	At      time.Time
	Files   []File // attached
}

// File is an attachment.
type File struct {
	Name      string // without a folder
	MediaType string // such as application/pdf
	Content   []byte
}

// Sender sends messages. It is safe for concurrent use: each message has a connection of its own.
type Sender struct {
	cfg  Config
	host string // after the @ of message ids
	tls  *tls.Config
}

// New returns a sender. It does not connect yet.
func New(cfg Config) (*Sender, error) {
	if cfg.Timeout == 0 {
		cfg.Timeout = time.Minute
	}
	s := &Sender{cfg: cfg, host: "linesman", tls: &tls.Config{ServerName: cfg.Host, MinVersion: tls.VersionTLS12}}
	if _, domain, ok := strings.Cut(cfg.From, "@"); ok {
		s.host = domain
	}
	if cfg.CAFile != "" {
		pem, err := os.ReadFile(cfg.CAFile)
		if err != nil {
			return nil, fmt.Errorf("the authority of the mail server: %w", err)
		}
		if s.tls.RootCAs = x509.NewCertPool(); !s.tls.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("the authority of the mail server: %s holds no certificate", cfg.CAFile)
		}
	}
	if _, err := s.client(); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Sender) client() (*smtp.Client, error) {
	// Without NOOP and RSET: one of them failing after the message was taken would look like a
	// message that was not.
	opts := []smtp.Option{smtp.WithPort(s.cfg.Port), smtp.WithTimeout(s.cfg.Timeout), smtp.WithTLSConfig(s.tls), smtp.WithoutNoop(), smtp.WithoutRset()}
	switch s.cfg.TLS {
	case StartTLS:
		opts = append(opts, smtp.WithTLSPolicy(smtp.TLSMandatory))
	case TLS:
		opts = append(opts, smtp.WithSSL())
	case None:
		opts = append(opts, smtp.WithTLSPolicy(smtp.NoTLS))
	default:
		return nil, fmt.Errorf("mail: %q is no way to protect a connection", s.cfg.TLS)
	}
	if s.cfg.User != "" {
		if s.cfg.TLS == None {
			return nil, errors.New("mail: a password is not sent in the clear")
		}
		opts = append(opts, smtp.WithSMTPAuth(smtp.SMTPAuthAutoDiscover), smtp.WithUsername(s.cfg.User), smtp.WithPassword(s.cfg.Password))
	}
	c, err := smtp.NewClient(s.cfg.Host, opts...)
	if err != nil {
		return nil, fmt.Errorf("mail: %w", err)
	}
	return c, nil
}

// Error says why a message was not sent. Its text names the domain of an address at most.
type Error struct {
	Permanent   bool // the server will not take this message, however often it is tried
	Unreachable bool // the server did not answer, or not to the end: other messages would fare no better
	text        string
}

// Error implements error.
func (e *Error) Error() string { return e.text }

// Send hands a message to the server. It returns nil once the server has taken it; errors are
// an [Error], or say that ctx ended.
func (s *Sender) Send(ctx context.Context, m Message) error {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	msg, err := s.message(m)
	if err != nil {
		return &Error{Permanent: true, text: s.mask("making the mail: "+err.Error(), m)}
	}
	c, err := s.client()
	if err != nil {
		return err
	}
	conn, err := c.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return &Error{Unreachable: true, text: s.mask("connecting to the mail server: "+err.Error(), m)}
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	err = c.SendWithSMTPClient(conn, msg)
	if msg.IsDelivered() {
		_ = c.CloseWithSMTPClient(conn) // whatever it says now, it has taken the message
		return nil
	}
	_ = conn.Close()
	var refused *smtp.SendError
	if errors.As(err, &refused) && refused.ErrorCode() != 0 {
		// What the server says may name the person: its code says enough.
		return &Error{Permanent: refused.ErrorCode() >= 500, text: fmt.Sprintf("the mail server refused the mail to %s with code %d", Masked(m.To), refused.ErrorCode())}
	}
	return &Error{Unreachable: true, text: s.mask(fmt.Sprintf("sending the mail to %s: %v", Masked(m.To), err), m)}
}

func (s *Sender) message(m Message) (*smtp.Msg, error) {
	msg := smtp.NewMsg(smtp.WithNoDefaultUserAgent())
	if err := msg.From(s.cfg.From); err != nil {
		return nil, err
	}
	if err := msg.To(m.To); err != nil {
		return nil, err
	}
	msg.Subject(m.Subject)
	msg.SetDateWithValue(m.At)
	msg.SetMessageIDWithValue(m.ID + "@" + s.host)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // no answers from those who are away
	msg.SetBodyString(smtp.TypeTextPlain, m.Body)
	if len(m.Files) > 0 { // the same message has the same boundary
		msg.SetBoundary("linesman-" + hex.EncodeToString(boundaryOf(m)))
	}
	for _, f := range m.Files {
		if err := msg.AttachReader(f.Name, bytes.NewReader(f.Content), smtp.WithFileContentType(smtp.ContentType(f.MediaType))); err != nil {
			return nil, fmt.Errorf("attaching %s: %w", f.Name, err)
		}
	}
	return msg, nil
}

// boundaryOf is what divides the parts of a message: it cannot stand in one, since all of them go into it.
func boundaryOf(m Message) []byte {
	sum := sha256.New()
	_, _ = io.WriteString(sum, m.ID+"\n"+m.Body) // a hash takes everything
	for _, f := range m.Files {
		_, _ = sum.Write(f.Content)
	}
	return sum.Sum(nil)[:16]
}

var beforeAt = regexp.MustCompile(`[^\s<>()\[\],;:"']+@`)

// Masked returns an address without what stands before the @.
func Masked(address string) string { return beforeAt.ReplaceAllString(address, "…@") }

// answer is what a server says after a code: it may repeat whatever it was told.
var answer = regexp.MustCompile(`(?s)\b([245]\d\d) .*`)

// mask takes what could name a person, or a password, out of an error's text.
func (s *Sender) mask(text string, m Message) string {
	for _, address := range []string{m.To, s.cfg.From} {
		if local, _, ok := strings.Cut(address, "@"); ok && local != "" {
			text = strings.ReplaceAll(text, local+"@", "…@")
		}
	}
	return Masked(answer.ReplaceAllString(text, "$1"))
}
