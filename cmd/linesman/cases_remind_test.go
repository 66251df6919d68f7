package main

import (
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"linesman/dashboards/console"
	"linesman/internal/mail/mailtest"
	"linesman/internal/node"
)

// readMail returns subject and text of a mail.
func readMail(t *testing.T, raw string) (subject, body string) {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if err != nil {
		t.Fatal(err)
	}
	return subject, string(text)
}

// identifies finds what could tell of a line, a person or an event.
var identifies = regexp.MustCompile(`\b[LP][0-9A-Z]{13}\b|\b[0-9a-f]{32}\b|\+46|\b0\d{5,}`)

// Reminders are shown, sent by hand and by the clock, noted in the history, and not sent twice.
func TestReminders(t *testing.T) {
	dir := t.TempDir()
	data, config := filepath.Join(dir, "D"), filepath.Join(dir, "linesman.yaml")
	succeed(t, "collect", "--data", data, "cucm", "testdata/"+older, "testdata/"+newer)
	var got node.Reminders
	succeedJSON(t, &got, "cases", "remind", "--data", data)
	if len(got.Mails) != 1 || got.Mails[0].To != "" || got.Mails[0].Counts.All != 1 || got.Mails[0].Counts.New != 1 || !got.Next.IsZero() {
		t.Fatalf("with nothing configured: %+v", got)
	}
	fails(t, []string{"no mail is sent", "mail.host"}, "cases", "remind", "--send", "--data", data)

	server := mailtest.Start(t, "starttls")
	settings := fmt.Sprintf("mail:\n  host: 127.0.0.1\n  port: %d\n  tls_ca_file: %s\n  from: linesman@example.se\n  default: anna.andersson@example.se\n  weekday: daily\n  language: en\n  link: https://linesman.example.se\n", server.Port(), server.CAFile)
	if err := os.WriteFile(config, []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	remind := func(more ...string) []string {
		return append([]string{"cases", "remind", "--data", data, "--config", config}, more...)
	}
	if out := succeed(t, remind()...); !strings.Contains(out, "to anna.andersson@example.se (not sent: this only shows it)") || !strings.Contains(out, "by the clock they are sent next on") || len(server.Mails()) != 0 {
		t.Errorf("remind said %q", out)
	}
	if out := succeed(t, remind("--unit", "nowhere")...); !strings.Contains(out, "nobody has to be reminded") {
		t.Errorf("remind said %q", out)
	}
	server.Answer("RCPT", "450 4.2.1 anna.andersson has a full mailbox")
	if msg := fails(t, []string{"1 reminder could not be sent"}, remind("--send")...); strings.Contains(msg, "anna") {
		t.Errorf("the error names a person: %s", msg)
	}
	server.Answer("RCPT", "")
	if out := succeed(t, remind("--send")...); !strings.Contains(out, "(sent)") {
		t.Errorf("remind said %q", out)
	}
	mails := server.Mails()
	if len(mails) != 1 || !mails[0].TLS || !strings.Contains(mails[0].To, "anna.andersson@example.se") {
		t.Fatalf("%+v", mails)
	}
	subject, body := readMail(t, mails[0].Data)
	if !strings.Contains(subject, "Violations to settle: 1, of them late: 0") || !strings.Contains(body, "new since the last reminder: 1") || !strings.Contains(body, "https://linesman.example.se/cases") {
		t.Errorf("%s\n%s", subject, body)
	}
	if found := identifies.FindString(subject + body); found != "" {
		t.Errorf("the mail holds %q:\n%s", found, body)
	}
	if out := succeed(t, remind("--send")...); !strings.Contains(out, "told before today") && !strings.Contains(out, "nobody has to be reminded") || len(server.Mails()) != 1 {
		t.Errorf("the same day again said %q, %d mails", out, len(server.Mails()))
	}
	var list console.CaseList
	succeedJSON(t, &list, "cases", "list", "--data", data)
	var d console.CaseDetail
	succeedJSON(t, &d, "cases", "show", "--data", data, list.Cases[0].ID)
	if last := d.History[len(d.History)-1]; last.Kind != "reminded" || last.Reason != "by_hand" || d.RemindedAt == nil || d.State != "open" || d.Steps != 0 {
		t.Errorf("%+v", d)
	}
}

// By the clock each unit is told once, whatever fails and however often the program starts.
func TestRemindersByTheClock(t *testing.T) {
	data := filepath.Join(t.TempDir(), "D")
	succeed(t, "collect", "--data", data, "cucm", "testdata/"+older, "testdata/"+newer)
	server := mailtest.Start(t, "starttls")
	env := []string{"LINESMAN_MAIL_HOST=127.0.0.1", fmt.Sprintf("LINESMAN_MAIL_PORT=%d", server.Port()), "LINESMAN_MAIL_TLS_CA_FILE=" + server.CAFile,
		"LINESMAN_MAIL_FROM=linesman@example.se", "LINESMAN_MAIL_DEFAULT=anna.andersson@example.se", "LINESMAN_MAIL_WEEKDAY=daily",
		fmt.Sprintf("LINESMAN_MAIL_HOUR=%d", time.Now().Add(12*time.Hour).Hour())} // half a day from now: the last time is half a day ago
	i := startUp(t, data, env...)
	reminded := "SELECT count(), uniqExact(violation_id), any(reason_code) FROM cases WHERE step = 'reminded'"
	eventually(t, data, reminded, "1\t1\tscheduled")
	subject, body := readMail(t, server.Mails()[0].Data)
	if !strings.Contains(subject, "Avvikelser att hantera: 1") || identifies.MatchString(subject+body) {
		t.Errorf("%s\n%s", subject, body)
	}
	said := i.errs.String()
	i.stop()
	if strings.Contains(said, "anna") || !strings.Contains(said, "a reminder was sent") || !strings.Contains(said, "to=…@example.se") {
		t.Errorf("logged: %s", said)
	}
	i = startUp(t, data, env...)
	await(t, func() string { return "no look at reminders" }, func() bool { return strings.Contains(i.errs.String(), "reminders are done until the next time") })
	i.stop()
	if n := len(server.Mails()); n != 1 {
		t.Errorf("%d mails after another start", n)
	}
	wants(t, data, reminded, "1\t1\tscheduled")
}
