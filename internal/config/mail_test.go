package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestMail(t *testing.T) {
	path := filepath.Join(t.TempDir(), "linesman.yaml")
	secret := filepath.Join(t.TempDir(), "secret")
	for file, text := range map[string]string{secret: "s3cret\r\nmore\n", path: `
mail:
  host: smtp.example.se
  from: linesman@example.se
  user: linesman
  password_file: ` + secret + `
  weekday: Monday, thursday
  recipients:
    SE2321000115-E000000000201: chef.kirurgi@example.se
`} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := Load(path, []string{"LINESMAN_MAIL_DEFAULT=telefoni@example.se"})
	if err != nil {
		t.Fatal(err)
	}
	m := &c.Mail
	if !m.Configured() || m.Address("SE2321000115-E000000000201") != "chef.kirurgi@example.se" || m.Address("E2") != "telefoni@example.se" || m.Port != 587 || m.TLS != "starttls" {
		t.Errorf("%+v", m)
	}
	if got, err := m.Secret(); err != nil || got != "s3cret" {
		t.Errorf("the password is %q, %v", got, err)
	}
	if days, err := m.Weekdays(); err != nil || len(days) != 2 || days[0] != time.Monday || days[1] != time.Thursday {
		t.Errorf("%v, %v", days, err)
	}
	if c, err = Load("", []string{"LINESMAN_MAIL_HOST=h", "LINESMAN_MAIL_FROM=a@b.se", "LINESMAN_MAIL_RECIPIENTS=U1=c@d.se; U2=e@f.se", "LINESMAN_MAIL_WEEKDAY=daily"}); err != nil {
		t.Fatal(err)
	}
	if days, err := c.Mail.Weekdays(); err != nil || len(days) != 7 || c.Mail.Address("U2") != "e@f.se" || c.Mail.Address("U3") != "" {
		t.Errorf("%v %v, %v", days, c.Mail.Recipients, err)
	}
	if c := Default(); c.Mail.Configured() || c.Validate() != nil {
		t.Error("mail is sent where nothing is configured")
	}
}

func TestMailThatCannotWork(t *testing.T) {
	good := []string{"LINESMAN_MAIL_HOST=h", "LINESMAN_MAIL_FROM=a@b.se", "LINESMAN_MAIL_DEFAULT=c@d.se"}
	for set, want := range map[string]string{
		"MAIL_TLS=ssl":                           "mail.tls",
		"MAIL_HOUR=24":                           "mail.hour",
		"MAIL_PORT=0":                            "mail.port",
		"MAIL_LANGUAGE=da":                       "mail.language",
		"MAIL_WEEKDAY=måndag":                    "mail.weekday",
		"MAIL_WEEKDAY=":                          "mail.weekday",
		"MAIL_LINK=linesman.example.se":          "mail.link",
		"MAIL_FROM=Anna Andersson <a@b.se>":      "mail.from",
		"MAIL_FROM=\"anna andersson\"@b.se":      "mail.from",
		"MAIL_DEFAULT=":                          "who is told",
		"MAIL_RECIPIENTS=U1=anna.andersson":      "mail.recipients: unit U1",
		"MAIL_TLS=none;MAIL_USER=u":              "in the clear",
		"MAIL_PASSWORD=x;MAIL_PASSWORD_FILE=y":   "one is enough",
		"MAIL_TIMEOUT=1ms":                       "mail.timeout",
		"MAIL_RECIPIENTS=U1=a@b.se, bcc@evil.se": "mail.recipients",
	} {
		env := good
		for one := range strings.SplitSeq(set, ";") {
			env = append(env[:len(env):len(env)], "LINESMAN_"+one)
		}
		_, err := Load("", env)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", set, err)
		}
		if err != nil && strings.Contains(err.Error(), "anna") {
			t.Errorf("%s: the error repeats what was given: %v", set, err)
		}
	}
	if _, err := Load("", good); err != nil {
		t.Error(err)
	}
}
