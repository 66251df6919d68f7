package config

import (
	"errors"
	"fmt"
	"strings"
)

// Ledger is how costs are posted to the organisation's ledger.
type Ledger struct {
	Company    string `koanf:"company" doc:"Name of the organisation in vouchers (SIE, #FNAMN); empty: organisation."`
	OrgNr      string `koanf:"orgnr" doc:"Its organisation number, with or without the hyphen (#ORGNR); empty: left out."`
	Series     string `koanf:"series" doc:"Series of the vouchers in the ledger. Numbers are year, month and revision: 20260900 is the first voucher of September 2026, 20260901 its first correction."`
	Accounts   Values `koanf:"accounts" doc:"Account for each service (voice_out, data, premium, subscription, …) or kind (call, data, sms, fee), and default for the others: default: 6210, data: 6230. Accounts are read as they stand, with or without quotes. In the environment service=account, separated by semicolons. What a file gives stands beside the defaults."`
	Clearing   string `koanf:"clearing" doc:"Account that bears the negative total: where the operators' invoices were posted."`
	Repay      string `koanf:"repay" doc:"Account for private use that holders repay."`
	CostCentre int    `koanf:"cost_centre" doc:"Number of the dimension of cost centres; 0: left out. 1 is the cost centre in SIE."`
	Unit       int    `koanf:"unit" doc:"Number of the dimension of units; 0: left out."`
	Project    int    `koanf:"project" doc:"Number of the dimension of projects; 0: left out. 6 is the project in SIE."`
	Activity   int    `koanf:"activity" doc:"Number of the dimension of activities; 0: left out. From 20 on numbers are the organisation's own."`
}

func defaultLedger() Ledger {
	return Ledger{Series: "T", Accounts: Values{"default": "6210", "data": "6230"}, Clearing: "2999", Repay: "1610", CostCentre: 1, Project: 6, Activity: 20}
}

// Number returns the organisation number as SIE writes it, nnnnnn-nnnn; empty where none is set.
func (l *Ledger) Number() string {
	digits := strings.ReplaceAll(l.OrgNr, "-", "")
	if len(digits) != 10 {
		return ""
	}
	return digits[:6] + "-" + digits[6:]
}

func (l *Ledger) validate() error {
	var errs []error
	wrong := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	if l.OrgNr != "" {
		digits := strings.ReplaceAll(l.OrgNr, "-", "")
		wrong(len(digits) != 10 || strings.Trim(digits, "0123456789") != "" || !luhn(digits), "ledger.orgnr: want ten digits of which the last is the check digit, as 232100-0016")
	}
	wrong(l.Series == "" || len(l.Series) > 10 || strings.ContainsAny(l.Series, " \t\"{}"), "ledger.series: want a short name without spaces")
	wrong(strings.EqualFold(l.Series, "UTKAST"), "ledger.series: UTKAST is that of drafts")
	account := func(key, a string) {
		wrong(a == "" || len(a) > 16 || strings.Trim(a, "0123456789") != "", "%s: %q is no account: want digits", key, a)
	}
	account("ledger.clearing", l.Clearing)
	account("ledger.repay", l.Repay)
	account("ledger.accounts: default", l.Accounts["default"])
	wrong(l.Repay == l.Clearing, "ledger.repay: %s is the clearing account: the two would cancel out", l.Repay)
	for name, a := range l.Accounts {
		account("ledger.accounts: "+name, a)
		wrong(a == l.Clearing, "ledger.accounts: %s: %s is the clearing account: the two would cancel out", name, a)
	}
	seen := map[int]string{}
	for _, d := range [...]struct {
		name   string
		number int
	}{{"cost_centre", l.CostCentre}, {"unit", l.Unit}, {"project", l.Project}, {"activity", l.Activity}} {
		wrong(d.number < 0 || d.number > 9999, "ledger.%s: from 0 to 9999", d.name)
		if other, taken := seen[d.number]; taken && d.number != 0 {
			errs = append(errs, fmt.Errorf("ledger.%s: %d is the dimension of %s too", d.name, d.number, other))
		}
		seen[d.number] = d.name
	}
	return errors.Join(errs...)
}

// luhn checks the last digit of a number.
func luhn(digits string) bool {
	sum := 0
	for i, c := range []byte(digits) {
		n := int(c - '0')
		if i%2 == len(digits)%2 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	return sum%10 == 0
}
