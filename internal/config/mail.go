package config

import (
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"os"
	"strings"
	"time"
)

// Mail is how reminders about cases reach the managers. Nothing is sent unless host is set.
type Mail struct {
	Host         string        `koanf:"host" doc:"Mail server (SMTP) that takes the reminders about cases; empty: no mail is sent."`
	Port         int           `koanf:"port" doc:"Its port: 587 for starttls, 465 for tls, 25 for none, as a rule."`
	TLS          string        `koanf:"tls" doc:"starttls (and nothing in the clear), tls (from the first byte) or none (a relay on the own network; no password is sent there)."`
	TLSCAFile    string        `koanf:"tls_ca_file" doc:"PEM file of the authority that signed the server's certificate; empty: the system's."`
	User         string        `koanf:"user" doc:"User at the mail server; empty: it asks for none."`
	Password     string        `koanf:"password" doc:"Password. Better given as environment variable or in a file." secret:"true"`
	PasswordFile string        `koanf:"password_file" doc:"File with the password on its first line."`
	Timeout      time.Duration `koanf:"timeout" doc:"How long one mail may take."`
	From         string        `koanf:"from" doc:"Address that the reminders come from."`
	Default      string        `koanf:"default" doc:"Address for units that recipients does not name; empty: nobody is told about those."`
	Recipients   Values        `koanf:"recipients" doc:"Address of the manager's function for each unit id, for example E0201: chef.kirurgi@example.se; ids are read as they stand, with or without quotes; in the environment id=address, separated by semicolons. Use addresses of functions, not of persons."`
	Weekday      string        `koanf:"weekday" doc:"Day on which reminders are sent: monday to sunday, several separated by commas, or daily."`
	Hour         int           `koanf:"hour" doc:"Hour in the zone at which they are sent, 0 to 23. What could not be sent is tried again for a day."`
	Language     string        `koanf:"language" doc:"Language of the reminders: sv or en."`
	Link         string        `koanf:"link" doc:"Address of the console as its readers reach it, for the link in a reminder; empty: http:// and console.listen."`
}

func defaultMail() Mail {
	return Mail{Port: 587, TLS: "starttls", Timeout: time.Minute, Weekday: "monday", Hour: 7, Language: "sv"}
}

// Configured tells whether mail can be sent.
func (m *Mail) Configured() bool { return m.Host != "" }

// Address returns where the reminders of a unit go; empty: nowhere.
func (m *Mail) Address(unit string) string {
	if to := m.Recipients[unit]; to != "" {
		return to
	}
	return m.Default
}

// Weekdays lists the days on which reminders are sent.
func (m *Mail) Weekdays() ([]time.Weekday, error) {
	var out []time.Weekday
	for _, word := range split(strings.ToLower(m.Weekday)) {
		found := false
		for d := time.Sunday; d <= time.Saturday; d++ {
			if word == "daily" || word == strings.ToLower(d.String()) {
				out, found = append(out, d), true
			}
		}
		if !found {
			return nil, fmt.Errorf("mail.weekday: %q is no day of the week; want monday to sunday, or daily", word)
		}
	}
	if len(out) == 0 {
		return nil, errors.New("mail.weekday: want at least one day")
	}
	return out, nil
}

// Secret returns the password.
func (m *Mail) Secret() (string, error) {
	if m.PasswordFile == "" {
		return m.Password, nil
	}
	raw, err := os.ReadFile(m.PasswordFile)
	if err != nil {
		return "", fmt.Errorf("mail.password_file: %w", err)
	}
	first, _, _ := strings.Cut(string(raw), "\n")
	return strings.TrimRight(first, "\r"), nil
}

func (m *Mail) validate() error {
	var errs []error
	wrong := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	wrong(m.TLS != "starttls" && m.TLS != "tls" && m.TLS != "none", "mail.tls: %q is not one of starttls, tls, none", m.TLS)
	wrong(m.Port < 1 || m.Port > 65535, "mail.port: from 1 to 65535")
	wrong(m.Hour < 0 || m.Hour > 23, "mail.hour: from 0 to 23")
	wrong(m.Language != "sv" && m.Language != "en", "mail.language: %q is not one of sv, en", m.Language)
	wrong(m.Timeout < time.Second, "mail.timeout: at least 1s")
	wrong(m.Password != "" && m.PasswordFile != "", "mail: password and password_file are given; one is enough")
	wrong(m.TLS == "none" && m.User != "", "mail.tls: with none the password of mail.user would be sent in the clear")
	_, err := m.Weekdays()
	errs = append(errs, err)
	if u, err := url.Parse(m.Link); m.Link != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		errs = append(errs, errors.New("mail.link: want an address as https://linesman.example.se"))
	}
	if !m.Configured() {
		return errors.Join(errs...)
	}
	wrong(!plainAddress(m.From), "mail.from: want an address as linesman@example.se")
	wrong(m.Default != "" && !plainAddress(m.Default), "mail.default: want an address as telefoni@example.se")
	wrong(m.Default == "" && len(m.Recipients) == 0, "mail: host is set, but neither default nor recipients says who is told")
	for unit, to := range m.Recipients {
		wrong(!plainAddress(to), "mail.recipients: unit %s: want an address as chef@example.se", unit)
	}
	return errors.Join(errs...)
}

// plainAddress tells whether a text is an address and nothing else. Local parts in quotation
// marks are none: nobody could keep them out of what is logged.
func plainAddress(text string) bool {
	a, err := mail.ParseAddress(text)
	return err == nil && a.Name == "" && a.Address == text && !strings.ContainsAny(text, "\" \t<>")
}
