package mail

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linesman/internal/mail/mailtest"
)

var noon = time.Date(2026, 3, 9, 12, 0, 0, 0, time.UTC)

func reminder() Message {
	return Message{To: "anna.andersson@example.se", Subject: "Avvikelser att hantera: 3 – Kirurgkliniken", Body: "Hej!\n\nTre ärenden är försenade.\n.\n", ID: "reminder-2026-03-09-1f", At: noon}
}

func config(s *mailtest.Server) Config {
	c := Config{Host: "127.0.0.1", Port: s.Port(), TLS: s.Mode, CAFile: s.CAFile, From: "linesman@example.se", Timeout: 20 * time.Second}
	if s.AsksFor != "" {
		c.User, c.Password = "linesman", "s3cret"
	}
	return c
}

func send(t *testing.T, cfg Config, m Message) error {
	t.Helper()
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s.Send(t.Context(), m)
}

func TestSendOverEachKindOfConnection(t *testing.T) {
	for _, mode := range []string{StartTLS, TLS, None} {
		t.Run(mode, func(t *testing.T) {
			s := mailtest.Start(t, mode)
			if mode != None {
				s.AsksFor = base64.StdEncoding.EncodeToString([]byte("\x00linesman\x00s3cret"))
			}
			if err := send(t, config(s), reminder()); err != nil {
				t.Fatal(err)
			}
			got := s.Mails()
			if len(got) != 1 || got[0].TLS != (mode != None) || !strings.Contains(got[0].To, "<anna.andersson@example.se>") || !strings.Contains(got[0].From, "<linesman@example.se>") {
				t.Fatalf("%+v", got)
			}
			m, err := mail.ReadMessage(strings.NewReader(got[0].Data))
			if err != nil {
				t.Fatal(err)
			}
			subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
			if err != nil || subject != reminder().Subject {
				t.Errorf("subject %q, %v", subject, err)
			}
			body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
			if err != nil || strings.ReplaceAll(string(body), "\r\n", "\n") != reminder().Body {
				t.Errorf("body %q, %v", body, err)
			}
			at, err := m.Header.Date()
			if err != nil || !at.Equal(noon) || m.Header.Get("Message-ID") != "<reminder-2026-03-09-1f@example.se>" || m.Header.Get("Auto-Submitted") != "auto-generated" {
				t.Errorf("%v, %v", m.Header, err)
			}
			for name := range m.Header {
				if name == "User-Agent" || name == "X-Mailer" {
					t.Errorf("the mail tells %s", name)
				}
			}
		})
	}
}

// Errors tell what can be done about them, and name nobody.
func TestFailures(t *testing.T) {
	name := (*mailtest.Server).Answer
	for what, c := range map[string]struct {
		do        func(*mailtest.Server)
		permanent bool
		away      bool
		says      string
	}{
		"unknown recipient": {func(s *mailtest.Server) {
			name(s, "RCPT", "550 5.1.1 anna.andersson is no user, ask anna.andersson@example.se")
		}, true, false, "code 550"},
		"busy":            {func(s *mailtest.Server) { name(s, "RCPT", "450 4.2.1 anna.andersson has a full mailbox") }, false, false, "450"},
		"refused content": {func(s *mailtest.Server) { name(s, "DATA", "554 5.7.1 not from linesman@example.se") }, true, false, "554"},
		"goes away":       {func(s *mailtest.Server) { s.DropAt("DATA") }, false, true, "…@example.se"},
		"away at once":    {func(s *mailtest.Server) { s.DropAt("EHLO") }, false, true, "connecting"},
		"not there":       {func(s *mailtest.Server) { s.Close() }, false, true, "connecting"},
	} {
		s := mailtest.Start(t, StartTLS)
		c.do(s)
		err := send(t, config(s), reminder())
		var e *Error
		if !errors.As(err, &e) || e.Permanent != c.permanent || e.Unreachable != c.away || !strings.Contains(e.Error(), c.says) {
			t.Errorf("%s: %v", what, err)
		}
		if err != nil && (strings.Contains(err.Error(), "anna") || strings.Contains(err.Error(), "linesman@")) {
			t.Errorf("%s: the error names a person: %v", what, err)
		}
		if len(s.Mails()) != 0 {
			t.Errorf("%s: the mail was taken", what)
		}
	}
}

// A server that has taken the message and then behaves badly has taken it.
func TestWhatWasTakenIsSent(t *testing.T) {
	s := mailtest.Start(t, StartTLS)
	s.Answer("QUIT", "421 going away")
	if err := send(t, config(s), reminder()); err != nil || len(s.Mails()) != 1 {
		t.Errorf("%d mails, %v", len(s.Mails()), err)
	}
	s.DropAt("QUIT")
	if err := send(t, config(s), reminder()); err != nil || len(s.Mails()) != 2 {
		t.Errorf("%d mails, %v", len(s.Mails()), err)
	}
}

// Nothing goes out in the clear where it must not.
func TestNothingInTheClear(t *testing.T) {
	s := mailtest.Start(t, None) // offers no STARTTLS
	cfg := config(s)
	cfg.TLS, cfg.User, cfg.Password = StartTLS, "linesman", "s3cret"
	if err := send(t, cfg, reminder()); err == nil || strings.Contains(err.Error(), "s3cret") || len(s.Mails()) != 0 {
		t.Errorf("%d mails, %v", len(s.Mails()), err)
	}
	s = mailtest.Start(t, StartTLS)
	cfg = config(s)
	cfg.CAFile = ""
	if err := send(t, cfg, reminder()); err == nil || len(s.Mails()) != 0 {
		t.Error("a certificate of nobody was accepted")
	}
	for _, verb := range s.Seen() {
		if verb == "AUTH" || verb == "MAIL" {
			t.Errorf("%s was said in the clear", verb)
		}
	}
	cfg.TLS, cfg.User = None, "linesman"
	if _, err := New(cfg); err == nil {
		t.Error("a password would be sent in the clear")
	}
	wrong := mailtest.Start(t, TLS)
	wrong.AsksFor = base64.StdEncoding.EncodeToString([]byte("\x00linesman\x00s3cret"))
	cfg = config(wrong)
	cfg.Password = "0ther"
	if err := send(t, cfg, reminder()); err == nil || strings.Contains(err.Error(), "0ther") || strings.Contains(err.Error(), base64.StdEncoding.EncodeToString([]byte("\x00linesman\x000ther"))) {
		t.Errorf("a wrong password: %v", err)
	}
}

func TestAnEndedContextEndsSending(t *testing.T) {
	s := mailtest.Start(t, StartTLS)
	sender, err := New(config(s))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := sender.Send(ctx, reminder()); err == nil || len(s.Mails()) != 0 {
		t.Errorf("%d mails, %v", len(s.Mails()), err)
	}
}

func TestConfigurationsThatAreWrong(t *testing.T) {
	if _, err := New(Config{Host: "h", Port: 25, TLS: "maybe"}); err == nil {
		t.Error("an unknown way to protect the connection")
	}
	if _, err := New(Config{Host: "h", Port: 25, TLS: TLS, CAFile: filepath.Join(t.TempDir(), "none")}); err == nil {
		t.Error("an authority that is not there")
	}
}

func TestMasked(t *testing.T) {
	for in, want := range map[string]string{
		"anna.andersson@example.se":                    "…@example.se",
		"550 <anna@b.se>: no, try bo@c.se (anna@b.se)": "550 <…@b.se>: no, try …@c.se (…@b.se)",
		"no address":       "no address",
		"åsa.ö@example.se": "…@example.se",
	} {
		if got := Masked(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}

// Files come as they were given, beside the text, and the same message is sent as the same bytes.
func TestAttachments(t *testing.T) {
	s := mailtest.Start(t, None)
	m := reminder()
	page := []byte("<html>Kostnadsställe åäö\r\n.\r\n--linesman-\r\n</html>")
	long := bytes.Repeat([]byte{0, 1, 2, 250, '\n', '.'}, 20_000)
	m.Files = []File{{Name: "monthly-2026-09-cc-0412-sv.pdf", MediaType: "application/pdf", Content: long}, {Name: "monthly-2026-09-cc-0412-sv.html", MediaType: "text/html", Content: page}}
	for range 2 {
		if err := send(t, config(s), m); err != nil {
			t.Fatal(err)
		}
	}
	got := s.Mails()
	if len(got) != 2 || got[0].Data != got[1].Data {
		t.Fatal("the same message was sent as other bytes")
	}
	read, err := mail.ReadMessage(strings.NewReader(got[0].Data))
	if err != nil {
		t.Fatal(err)
	}
	kind, params, err := mime.ParseMediaType(read.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/mixed" {
		t.Fatalf("%s, %v", kind, err)
	}
	parts := multipart.NewReader(read.Body, params["boundary"])
	for i, want := range []struct{ kind, name, body string }{{"text/plain", "", strings.ReplaceAll(m.Body, "\n", "\r\n")}, {"application/pdf", m.Files[0].Name, string(long)}, {"text/html", m.Files[1].Name, string(page)}} {
		p, err := parts.NextPart() // undoes quoted-printable
		if err != nil {
			t.Fatalf("part %d: %v", i, err)
		}
		body, err := io.ReadAll(p)
		if p.Header.Get("Content-Transfer-Encoding") == "base64" {
			body, err = base64.StdEncoding.DecodeString(strings.ReplaceAll(string(body), "\r\n", ""))
		}
		if err != nil {
			t.Fatalf("part %d: %v", i, err)
		}
		if kind, _, err := mime.ParseMediaType(p.Header.Get("Content-Type")); err != nil || kind != want.kind || p.FileName() != want.name || string(body) != want.body {
			t.Errorf("part %d: %s %q, %d bytes; want %s %q, %d", i, kind, p.FileName(), len(body), want.kind, want.name, len(want.body))
		}
	}
	if _, err := parts.NextPart(); err != io.EOF {
		t.Error("there are more parts")
	}
}
