package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLedger(t *testing.T) {
	l := defaultLedger()
	if err := l.validate(); err != nil {
		t.Errorf("the defaults are refused: %v", err)
	}
	for _, c := range []struct {
		change func(l *Ledger)
		want   string
	}{
		{func(l *Ledger) { l.OrgNr = "232100-0016" }, ""},
		{func(l *Ledger) { l.OrgNr = "2321000016" }, ""},
		{func(l *Ledger) { l.OrgNr = "232100-0017" }, "ledger.orgnr"},
		{func(l *Ledger) { l.OrgNr = "SE232100001601" }, "ledger.orgnr"},
		{func(l *Ledger) { l.Series = "" }, "ledger.series"},
		{func(l *Ledger) { l.Series = "utkast" }, "drafts"},
		{func(l *Ledger) { l.Clearing = "29A" }, "ledger.clearing"},
		{func(l *Ledger) { l.Repay = "" }, "ledger.repay"},
		{func(l *Ledger) { l.Accounts = Values{"data": "6230"} }, "default"},
		{func(l *Ledger) { l.Accounts = Values{"default": "6210", "data": "2999"} }, "cancel out"},
		{func(l *Ledger) { l.Unit = 6 }, "ledger.project: 6 is the dimension of unit"},
		{func(l *Ledger) { l.Unit, l.Project = 0, 0 }, ""},
		{func(l *Ledger) { l.Unit = -1 }, "ledger.unit"},
	} {
		l := defaultLedger()
		c.change(&l)
		err := l.validate()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v gives %v, want %q", l, err, c.want)
		}
	}
	l.OrgNr = "2321000016"
	if l.Number() != "232100-0016" {
		t.Errorf("the number is written %s", l.Number())
	}
}

// Accounts in a file stand beside the default ones.
func TestLedgerAccounts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l.yaml")
	if err := os.WriteFile(path, []byte("ledger:\n  accounts:\n    premium: \"6290\"\n    data: \"6231\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := Load(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if a := cfg.Ledger.Accounts; a["default"] != "6210" || a["premium"] != "6290" || a["data"] != "6231" {
		t.Errorf("accounts %v", a)
	}
	cfg, err = Load("", []string{"LINESMAN_LEDGER_ACCOUNTS=default=6212;sms=6213"})
	if err != nil || cfg.Ledger.Accounts["default"] != "6212" || cfg.Ledger.Accounts["sms"] != "6213" {
		t.Errorf("from the environment: %v, %v", cfg.Ledger.Accounts, err)
	}
}
