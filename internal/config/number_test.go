package config

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// TestNumbersAreDecimal: a number with leading zeros is decimal in files, quoted or not, and in the
// environment; one that says its base is of that base.
func TestNumbersAreDecimal(t *testing.T) {
	for written, want := range map[string]int{"7": 7, "07": 7, "08": 8, "010": 10, "0010": 10, "0_10": 10, "017": 17, "00": 0, "0": 0, "0o17": 15, "0xF": 15, "0b11": 3, "+011": 11} {
		for how, got := range map[string]func() (Config, error){
			"plain":       func() (Config, error) { return load(t, "reports: {hour: "+written+"}\n") },
			"quoted":      func() (Config, error) { return load(t, "reports: {hour: \""+written+"\"}\n") },
			"alias":       func() (Config, error) { return load(t, "policy: {values: {x: &h "+written+"}}\nreports: {hour: *h}\n") },
			"merged":      func() (Config, error) { return load(t, "reports: {<<: {hour: "+written+"}}\n") },
			"environment": func() (Config, error) { return load(t, "zone: Europe/Stockholm\n", "LINESMAN_REPORTS_HOUR="+written) },
		} {
			cfg, err := got()
			if err != nil || cfg.Reports.Hour != want {
				t.Errorf("%s, %s: %d, %v; want %d", written, how, cfg.Reports.Hour, err, want)
			}
		}
	}
	if cfg, err := load(t, "policy: {values: {x: &h 010}}\nreports: {hour: *h}\n"); err != nil || cfg.Policy.Values["x"] != "010" {
		t.Errorf("text beside a number: %v, %v", cfg.Policy.Values, err)
	}
	for _, wrong := range []string{"024", "-01", "0a", "0099999999999999999999"} { // an hour is from 0 to 23
		for _, err := range []error{second(load(t, "reports: {hour: "+wrong+"}\n")), second(load(t, "", "LINESMAN_REPORTS_HOUR="+wrong))} {
			if err == nil || !strings.Contains(err.Error(), "hour") {
				t.Errorf("%s: %v", wrong, err)
			}
		}
	}
}

func second(_ Config, err error) error { return err }

// TestEveryNumberIsDecimal tries every setting that is a number, at every place.
func TestEveryNumberIsDecimal(t *testing.T) {
	cfg, tried := Default(), 0
	for _, k := range Keys() {
		before := settingOf(reflect.ValueOf(cfg), k.Name)
		if _, duration := before.Interface().(time.Duration); !isNumber(before.Type()) || duration {
			if k.Number && !duration {
				t.Errorf("%s is said to be a number", k.Name)
			}
			continue
		}
		if !k.Number {
			t.Errorf("%s is not said to be a number", k.Name)
		}
		tried++
		for written, want := range map[string]string{"010": "10", "0777": "777", "0019": "19"} {
			if got, err := read(k.Name, written); err != nil || fmt.Sprint(got) != want {
				t.Errorf("%s: %s is read as %v, %v", k.Name, written, got, err)
			}
		}
	}
	if tried < 10 {
		t.Errorf("only %d settings are numbers", tried)
	}
}

// FuzzDecimal: what is taken for decimal is the number that its digits are.
func FuzzDecimal(f *testing.F) {
	for _, s := range append(unquoted[:], "00", "-010", "0_1_0", "0__", "08") {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := decimal(s)
		if !ok {
			if got != "" {
				t.Errorf("%q gives %q", s, got)
			}
			return
		}
		var n yaml.Node
		if again, more := decimal(got); more && got != "0" {
			t.Errorf("%q gives %q, and that %q", s, got, again)
		}
		if err := yaml.Unmarshal([]byte(got), &n); err != nil || len(n.Content) != 1 || n.Content[0].ShortTag() != "!!int" && len(got) < 19 {
			t.Errorf("%q gives %q, which is no number: %v", s, got, err)
		}
		if digits := strings.Trim(got, "+-"); !strings.HasSuffix(strings.ReplaceAll(s, "_", ""), digits) {
			t.Errorf("%q gives %q", s, got)
		}
	})
}
