package main

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"linesman/schema"
)

// TestAllocateAndRepay takes a bill, its lines and a rule from their files to postings, to the
// holders who repay and to payroll, with and without a running linesman.
func TestAllocateAndRepay(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "D")
	const unit = "SE2321000016-A1B2"
	bill := "Abonnemang;Datum;Tid;Tjänst;Uppringt nummer;Land;Besökt nät;Längd;Volym (kB);Antal;Belopp exkl moms;Moms;Fakturanr;Radnr;Privat\n" +
		"070-123 45 67;2026-03-14;08:15:30;Samtal;08-123 456 78;;;00:03:20;;1;10,59;2,65;F1;1;\n" +
		"070-123 45 67;2026-03-15;08:15:30;Samtal;08-123 456 78;;;00:03:20;;1;4,10;1,03;F1;2;J\n" +
		"070-123 45 68;2026-03-16;08:15:30;Samtal;08-123 456 78;;;00:03:20;;1;2,00;0,50;F1;3;J\n" +
		"070-123 45 68;2026-03-17;08:15:30;SMS;070-123 45 60;;;;;1;0,31;0,08;F1;4;\n" +
		"070-123 45 67;2026-04-02;08:15:30;Samtal;08-123 456 78;;;00:03:20;;1;1,00;0,25;F1;5;\n"
	succeed(t, "collect", "--data", data, "itemised", write(t, filepath.Join(dir, "bill.csv"), []byte(strings.NewReplacer("ä", "\xe4", "ö", "\xf6").Replace(bill))))
	succeed(t, "collect", "--data", data, "reference",
		write(t, filepath.Join(dir, "lines.csv"), []byte("number;extension;kind;role;holder;unit_id;cost_centre;operator;plan;sim_status;valid_from;valid_to\n"+
			"070-123 45 67;;mobile;personal;anst4711;"+unit+";0110;Norrtele;Bas;;2025-01-01;\n070-123 45 68;;mobile;personal;anst0815;"+unit+";0110;Norrtele;Bas;;2025-01-01;\n")),
		write(t, filepath.Join(dir, "rules.csv"), []byte("rule_id;target;priority;how;number;unit_id;cost_centre;operator;service;device;line_kind;role;to_cost_centre;to_unit;to_project;to_activity;share;valid_from;valid_to\n"+
			"DELAD;1;10;key;070-123 45 67;;;;;;;;0110;;;;2;2026-01-01;\nDELAD;2;10;key;070-123 45 67;;;;;;;;0120;;P-17;;1;2026-01-01;\n")))
	employees := write(t, filepath.Join(dir, "employees.csv"), []byte("namn;employee_id\nAnna Exempel;anst4711\nBo Exempel;anst0000\n"))
	check := func(out string) {
		t.Helper()
		text := succeed(t, "allocate", "--data", data, "--lang", "sv")
		for _, want := range []string{"mars 2026", "7,37", "3,53", "6,10", "17,00", "DELAD"} {
			if !strings.Contains(text, want) {
				t.Errorf("allocate said\n%s\nwithout %q", text, want)
			}
		}
		rows := sheetOf(t, succeed(t, "allocate", "--data", data, "--csv"))
		var sum schema.Money
		for _, r := range rows {
			m, err := schema.ParseMoney(r["cost"])
			if err != nil {
				t.Fatal(err)
			}
			sum += m
		}
		wants(t, data, "SELECT sum(cost) = toDecimal64('"+sum.String()+"', 6) FROM usage WHERE toStartOfMonth(local_day) = '2026-03-01' SETTINGS final = 1", "1")
		var result struct {
			Month    string
			Cost     schema.Money
			Postings []struct {
				Month, Rule string
				Repay       bool
			}
		}
		succeedJSON(t, &result, "allocate", "--data", data, "--month", "2026-03")
		if result.Month != "2026-03-01" || result.Cost != sum || len(result.Postings) != len(rows) || result.Postings[0].Month != "2026-03-01" {
			t.Errorf("as JSON %+v", result)
		}
		if text := succeed(t, "repayments", "--data", data); !strings.Contains(text, "7.63") || strings.Contains(text, "anst") {
			t.Errorf("repayments said\n%s", text)
		}
		text = succeed(t, "repayments", "--data", data, "--lang", "sv", "--employees", employees, "--out", out)
		if !strings.Contains(text, "1 personer betalar 5,13 kr") || !strings.Contains(text, "1 innehavare finns inte") || strings.Contains(text, "anst") {
			t.Errorf("the list for payroll said\n%s", text)
		}
	}
	first, second := filepath.Join(dir, "payroll-1.csv"), filepath.Join(dir, "payroll-2.csv")
	check(first)
	startUp(t, data)
	check(second)
	payrollFiles(t, first, second)
	if out := succeed(t, "repayments", "--data", data, "--lang", "sv", "--employees", employees, "--out", second); !strings.Contains(out, "säger redan samma sak") {
		t.Errorf("written again: %s", out)
	}
	fails(t, []string{"says something else"}, "repayments", "--data", data, "--lang", "en", "--employees", employees, "--out", second)
	if string(read(t, first)) != string(read(t, second)) {
		t.Error("a list that was refused changed the file")
	}
	var told payrollView
	succeedJSON(t, &told, "repayments", "--data", data, "--minimum", "2,51", "--employees", employees, "--out", filepath.Join(dir, "payroll-3.csv"))
	if told.Rows != 1 || told.Below != 1 || len(told.Unmatched) != 0 || told.Same {
		t.Errorf("with a minimum: %+v", told)
	}
	fails(t, []string{"employee_id"}, "repayments", "--data", data, "--employees", write(t, filepath.Join(dir, "wrong.csv"), []byte("id\n1\n")), "--out", filepath.Join(dir, "none.csv"))
	if _, err := os.Stat(filepath.Join(dir, "none.csv")); err == nil {
		t.Error("a list was written for a file without ids")
	}
	fails(t, []string{"both"}, "repayments", "--data", data, "--employees", employees)
	fails(t, []string{"--by"}, "allocate", "--data", data, "--by", "person")
	fails(t, []string{"yyyy-mm"}, "allocate", "--data", data, "--month", "march")
	fails(t, []string{"not over"}, "allocate", "--data", data, "--month", "2026-04")
	fails(t, []string{"--minimum"}, "repayments", "--data", data, "--minimum", "-1")
}

// payrollFiles looks at two lists of the same month.
func payrollFiles(t *testing.T, first, second string) {
	t.Helper()
	if string(read(t, first)) != string(read(t, second)) {
		t.Errorf("two lists of the same month differ:\n%s\n%s", read(t, first), read(t, second))
	}
	info, err := os.Stat(first)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the list can be read by others: %s", info.Mode())
	}
	rows := sheetOf(t, string(read(t, first)))
	if len(rows) != 1 || rows[0]["employee_id"] != "anst4711" || rows[0]["month"] != "2026-03" || rows[0]["amount"] != "5,13" || rows[0]["currency"] != "SEK" ||
		rows[0]["text"] != "Privat telefoni mars 2026" || !strings.HasPrefix(rows[0]["reference"], "2026-03-") || !strings.HasPrefix(rows[0]["run"], "2026-03-") {
		t.Errorf("the list is %v", rows)
	}
}

// sheetOf reads CSV with semicolons as rows by column.
func sheetOf(t *testing.T, text string) []map[string]string {
	t.Helper()
	r := csv.NewReader(strings.NewReader(text))
	r.Comma = ';'
	all, err := r.ReadAll()
	if err != nil || len(all) == 0 {
		t.Fatalf("reading %q: %v", text, err)
	}
	var out []map[string]string
	for _, cells := range all[1:] {
		row := map[string]string{}
		for i, name := range all[0] {
			row[name] = cells[i]
		}
		out = append(out, row)
	}
	return out
}
