package config

import (
	"os"
	"path/filepath"
	"testing"

	"linesman/schema"
)

func TestReconcileLimits(t *testing.T) {
	for _, tc := range []struct {
		yaml            string
		amount, percent schema.Money
		fails           bool
	}{
		{"", schema.Kronor(1), schema.Kronor(1), false},
		{"reconcile: {tolerance: 0.5, percent: 2.5}", schema.Ore(50), 2_500_000, false},
		{"reconcile: {tolerance: \"0\", percent: 0}", 0, 0, false},
		{"reconcile: {tolerance: -1}", 0, 0, true},
		{"reconcile: {percent: 101}", 0, 0, true},
		{"reconcile: {tolerance: a lot}", 0, 0, true},
		{"reconcile: {grace_days: 367}", 0, 0, true},
	} {
		path := filepath.Join(t.TempDir(), "c.yaml")
		if err := os.WriteFile(path, []byte(tc.yaml+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, err := Load(path, nil)
		if (err != nil) != tc.fails {
			t.Errorf("%q: %v", tc.yaml, err)
		}
		if tc.fails || err != nil {
			continue
		}
		if amount, percent, err := cfg.Reconcile.Limits(); err != nil || amount != tc.amount || percent != tc.percent {
			t.Errorf("%q: %s, %s %%, %v", tc.yaml, amount, percent, err)
		}
	}
}
