package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"linesman/ingest"
	"linesman/internal/config"
	"linesman/internal/node"
	"linesman/processors/policy"
	"linesman/processors/store"
)

func TestCollectAlone(t *testing.T) {
	data := filepath.Join(t.TempDir(), "D")
	var reports []ingest.Report
	succeedJSON(t, &reports, "collect", "--data", data, "cucm", "testdata/"+older, "testdata/"+newer)
	if len(reports) != 2 || reports[0].Sent != 10 || reports[1].Sent != 7 {
		t.Fatalf("reports %v", reports)
	}
	wants(t, data, sums, "17\t1380\t0\t0\t17")
	wants(t, data, "SELECT rule, change FROM violations_current", "premium-call\topened")
	out := succeed(t, "collect", "--data", data, "cucm", "testdata/"+older)
	if !strings.Contains(out, "10 read, 10 sent, 0 rejected") {
		t.Errorf("collect said %q", out)
	}
	wants(t, data, sums, "17\t1380\t0\t0\t17")
	wants(t, data, "SELECT sum(accepted), sum(duplicate) FROM files", "17\t10")
	r := linesman(t, "collect", "--data", data, "--json", "melior", "testdata/"+older)
	if r.code != 1 || !strings.Contains(r.out, `"state": "failed"`) {
		t.Errorf("a refused file ended with %d: %s%s", r.code, r.out, r.err)
	}
	settled(t, data)
	if out := succeed(t, "verify", "--data", data); !strings.Contains(out, "log and store agree") {
		t.Errorf("verify said %q", out)
	}
	var res node.Rebuilt
	succeedJSON(t, &res, "rebuild", "--data", data)
	if len(res.Changed) > 0 || len(res.Before) < 10 {
		t.Errorf("rebuild changed %v; before %v", res.Changed, res.Before)
	}
	t.Run("only reads", func(t *testing.T) { onlyReads(t, data) })
	t.Run("newer store", func(t *testing.T) { newerStore(t, data) })
}

// onlyReads asks for what query must refuse, and for what is wrong.
func onlyReads(t *testing.T, data string) {
	// Formats other than the engine's own tables need no node of their own each: one is enough.
	i := startUp(t, data)
	for _, sql := range []string{"INSERT INTO usage (line_id) VALUES ('a')", "DROP TABLE usage", "TRUNCATE TABLE usage", "ALTER TABLE usage DELETE WHERE 1", "CREATE TABLE x (a Int8) ENGINE = Memory"} {
		fails(t, []string{"READONLY", "may only read"}, "query", "--data", data, sql)
	}
	for _, sql := range []string{"SELECT 1; DROP TABLE usage", "SELECT 1 SETTINGS readonly = 0", "SET readonly = 0", "SELECT * FROM file('/etc/passwd')", "SELECT 1 INTO OUTFILE 'x'", "SELECT * FROM url('http://127.0.0.1/')"} {
		fails(t, []string{"query: "}, "query", "--data", data, sql)
	}
	if msg := fails(t, []string{"Syntax error", "position 1 (SELEC)"}, "query", "--data", data, "SELEC count() FROM usage"); len(msg) > 300 {
		t.Errorf("the message has %d characters:\n%s", len(msg), msg)
	}
	fails(t, []string{"cst", "Maybe you meant: ['cost'"}, "query", "--data", data, "SELECT cst FROM usage")
	fails(t, []string{"usag", "Maybe you meant linesman.usage", "SHOW TABLES"}, "query", "--data", data, "SELECT count() FROM usag")
	fails(t, []string{"no statement"}, "query", "--data", data, "")
	wants(t, data, "SELECT count() FROM usage", "17")
	if r := linesmanIn(t, "SELECT count() FROM usage", nil, "query", "--data", data); strings.TrimSpace(r.out) != "17" {
		t.Errorf("a statement from standard input: %q %q", r.out, r.err)
	}
	var row struct {
		N string `json:"n"`
	}
	succeedJSON(t, &row, "query", "--data", data, "SELECT toString(count()) AS n FROM usage")
	if row.N != "17" {
		t.Errorf("--json gave %+v", row)
	}
	if out := succeed(t, "query", "--data", data, "--format", "CSVWithNames", "SELECT 1 AS a, 'b' AS c"); out != "\"a\",\"c\"\n1,\"b\"\n" {
		t.Errorf("CSV: %q", out)
	}
	i.stop()
}

// newerStore makes the store look as if a later program had written it.
func newerStore(t *testing.T, data string) {
	cfg := config.Default()
	cfg.Data = data
	n, err := node.Open(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	steps, err := store.Migrations()
	if err != nil {
		t.Fatal(err)
	}
	err = n.Store().Conn().Exec(t.Context(), "INSERT INTO schema_migrations VALUES (?, 'later', 'x', now())", steps[len(steps)-1].Number+1)
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"up", "--listen", "127.0.0.1:0"}, {"query", "SELECT 1"}, {"verify"}, {"collect", "cucm", "testdata/" + older}} {
		fails(t, []string{"newer linesman", "linesman rebuild"}, append(args, "--data", data)...)
	}
	// The advice has to work.
	succeed(t, "rebuild", "--data", data)
	wants(t, data, sums, "17\t1380\t0\t0\t17")
	settled(t, data)
}

func TestDryRunNeedsNoData(t *testing.T) {
	data := filepath.Join(t.TempDir(), "D")
	out := succeed(t, "collect", "--data", data, "--dry-run", "cucm", "testdata/"+newer)
	for _, want := range []string{"7 read, 7 sent", "columns:", "row 3: Usage", "other_mask", "premium"} {
		if !strings.Contains(out, want) {
			t.Errorf("the dry run does not show %q:\n%s", want, out)
		}
	}
	if strings.Contains(out, "1740609") || strings.Contains(out, "17404055") {
		t.Errorf("the dry run shows whole numbers:\n%s", out)
	}
	var res node.CollectResult
	succeedJSON(t, &res, "collect", "--data", data, "--dry-run", "cucm", "testdata/"+older)
	if res.Report.Read != 10 || len(res.Shown) != 5 {
		t.Errorf("%+v", res)
	}
	bad := write(t, filepath.Join(t.TempDir(), "bad.csv"), []byte("a;b\n"))
	if r := linesman(t, "collect", "--data", data, "--dry-run", "melior", bad); r.code != 1 || !strings.Contains(r.out, `column "date"`) {
		t.Errorf("a dry run of a bad file ended with %d: %s%s", r.code, r.out, r.err)
	}
	if _, err := os.Stat(data); !os.IsNotExist(err) {
		t.Errorf("the dry run made a data directory: %v", err)
	}
}

func TestWrongUse(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "D")
	for _, address := range []string{"0.0.0.0:0", "[::]:0", ":0", "192.0.2.1:80", "example.test:80"} {
		fails(t, []string{"console.listen: " + address, "this machine alone", "127.0.0.1", "access.login"}, "up", "--data", data, "--listen", address)
	}
	fails(t, []string{"8080", "host:port"}, "up", "--data", data, "--listen", "8080")
	fails(t, []string{`"huge"`, "full or small"}, "up", "--data", data, "--listen", "127.0.0.1:0", "--demo=huge")
	for _, args := range [][]string{{"query", "SELECT 1"}, {"verify"}, {"rebuild"}} {
		fails(t, []string{"no data in " + data, "--data", "linesman up"}, append(args, "--data", data)...)
	}
	fails(t, []string{"not running", "linesman up --data " + data}, "status", "--data", data)
	if _, err := os.Stat(data); !os.IsNotExist(err) {
		t.Errorf("a command that failed made a data directory: %v", err)
	}
	cfg := write(t, filepath.Join(dir, "linesman.yaml"), []byte("ingest: {setle: 2s}\n"))
	fails(t, []string{"linesman.yaml", `"ingest.setle"`, `did you mean "ingest.settle"`}, "up", "--config", cfg, "--data", data)
	fails(t, []string{"nowhere.yaml"}, "up", "--config", filepath.Join(dir, "nowhere.yaml"))
	if r := linesmanIn(t, "", []string{"LINESMAN_BROKER_MAX_BYTE=1"}, "status"); r.code != 1 || !strings.Contains(r.err, `did you mean "LINESMAN_BROKER_MAX_BYTES"`) {
		t.Errorf("a wrong variable ended with %d: %s", r.code, r.err)
	}
	fails(t, []string{`"statsu"`, "status"}, "statsu")
	fails(t, []string{"unknown flag: --dat"}, "status", "--dat", "x")
	fails(t, []string{"at least 2 arg"}, "collect", "cucm")
}

func TestPolicyCommands(t *testing.T) {
	dir := t.TempDir()
	broken := write(t, filepath.Join(dir, "broken.yaml"), []byte("pack: ours\nrules:\n  - id: many-calls\n    version: 1\n    sevrity: low\n"))
	r := linesman(t, "policy", "check", broken)
	if r.code != 1 || !strings.Contains(r.out, broken+":5:5: ") || !strings.Contains(r.out, "severity") {
		t.Errorf("policy check ended with %d:\n%s%s", r.code, r.out, r.err)
	}
	r = linesman(t, "policy", "check", "--json", broken)
	var problems []policy.Problem
	if err := json.Unmarshal([]byte(r.out), &problems); err != nil || len(problems) == 0 || r.code != 1 {
		t.Errorf("policy check --json ended with %d, %v: %s", r.code, err, r.out)
	}
	packs, err := filepath.Glob("../../processors/policy/packs/*.yaml")
	if err != nil || len(packs) == 0 {
		t.Fatal("no packs", err)
	}
	if out := succeed(t, append([]string{"policy", "check"}, packs...)...); !strings.Contains(out, "without faults") {
		t.Errorf("policy check said %q", out)
	}
	var known []packInfo
	succeedJSON(t, &known, "policy", "packs")
	if len(known) != len(packs) || known[0].Name != "core" || !known[0].InForce || known[0].Rules != 4 || known[0].Title["sv"] == "" {
		t.Errorf("policy packs: %+v", known)
	}
	if out := succeed(t, "policy", "packs", "--lang", "da"); !strings.Contains(out, "4 rules, in force") {
		t.Errorf("policy packs said %q", out)
	}
	var rules []ruleInfo
	succeedJSON(t, &rules, "policy", "list")
	if len(rules) < 4 || rules[0].Title["sv"] == "" || len(rules[0].Policy) == 0 {
		t.Errorf("policy list: %+v", rules)
	}
	if out := succeed(t, "policy", "list", "--lang", "sv", "--sql"); !strings.Contains(out, "private-roaming/1  Mobildata utomlands") || !strings.Contains(out, "SELECT") {
		t.Errorf("policy list said\n%s", out)
	}
	fails(t, []string{`"de"`, "en, sv or da"}, "policy", "list", "--lang", "de")
}

func TestHelp(t *testing.T) {
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Hidden || c.Name() == "help" {
			return
		}
		if c.Short == "" || !strings.Contains(c.Example+c.Long, "linesman "+strings.TrimPrefix(c.CommandPath(), "linesman ")) {
			t.Errorf("%s has no description or no example", c.CommandPath())
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	for _, c := range root().Commands() {
		walk(c)
	}
	if out := succeed(t, "--help"); !strings.Contains(out, "linesman up --demo") {
		t.Errorf("help says\n%s", out)
	}
	if out := succeed(t, "completion", "bash"); !strings.Contains(out, "__start_linesman") {
		t.Errorf("completion gave %d bytes", len(out))
	}
	if out := succeed(t, "__complete", "collect", ""); !strings.Contains(out, "cucm") || !strings.Contains(out, "melior") {
		t.Errorf("completion of collect offers %q", out)
	}
	var v map[string]string
	succeedJSON(t, &v, "version")
	if v["version"] == "" || v["go"] == "" {
		t.Errorf("version %v", v)
	}
	if out := succeed(t, "version"); out != fmt.Sprintf("linesman %s (%s, %s)\n", v["version"], v["go"], v["platform"]) {
		t.Errorf("version said %q", out)
	}
}
