package node

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"testing"
	"time"

	"linesman/internal/config"
	"linesman/schema"
)

const grantsFile = `who;role;unit;purpose;approver;valid_from;valid_to;grant_id
anna.lind@region.example;unit_manager;U1;;;2024-01-01;;
Anna.Lind@region.example;person_level;U1;granskning;dpo@region.example;2024-03-01;2024-04-01;ACC-1
finance@region.example;finance;;;;2024-01-01;;
old@region.example;finance;;;;2023-01-01;2024-01-01;
finance@region.example;boss;;;;2024-01-01;;
`

// deliverReference reads a reference file into the log and carries it into the store.
func deliverReference(t *testing.T, n *Node, name, body string) {
	t.Helper()
	_, err := n.Collect(t.Context(), CollectRequest{Collector: "reference", Name: name, Size: int64(len(body))}, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if err := n.CatchUp(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
}

// march is a moment of a day of March 2024.
func march(day, hour int) schema.Time {
	return schema.TimeOf(time.Date(2024, 3, day, hour, 0, 0, 0, time.UTC))
}

func readOf(who string, at schema.Time) schema.AccessRead {
	return schema.AccessRead{At: at, Who: who, Way: schema.WayConsole, Roles: "person_level,unit_manager", What: "lines_top", UnitID: "U1", GrantID: "ACC-1", Purpose: "granskning", Outcome: schema.AccessAllowed, Rows: 7}
}

// Who may read what, and who has read it, by a node alone and by the one that runs; a rebuild
// brings both back from the log.
func TestAccess(t *testing.T) {
	n := openNode(t, testConfig(t))
	deliverReference(t, n, "access_grants.csv", grantsFile)
	if ask(t, n, "SELECT count() FROM access_grants") != "4" {
		t.Fatal(ask(t, n, "SELECT * FROM access_grants"))
	}
	if got := ask(t, n, "SELECT row, column, code FROM rejects"); got != "6\trole\tunknown_value" {
		t.Errorf("rejects: %s", got)
	}
	anna := n.Pseudonym(" ANNA.Lind@region.example\n")
	if who, err := n.WhoIs(t.Context(), "anna.lind@region.example"); err != nil || who != anna || !person.MatchString(anna) {
		t.Fatalf("anna is %s and %s, %v", anna, who, err)
	}
	denied := schema.AccessRead{At: march(9, 8), Way: schema.WayGrafana, What: "violations", Outcome: schema.AccessDenied}
	for _, r := range []schema.AccessRead{readOf(anna, march(10, 8)), readOf(n.Pseudonym("dpo@region.example"), march(11, 8)), denied, readOf(anna, march(12, 8))} {
		if err := n.RecordRead(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("grants", func(t *testing.T) { checkGrants(t, n, anna) })
	t.Run("log", func(t *testing.T) { checkAccessLog(t, n, anna) })
	t.Run("refused", func(t *testing.T) { checkRefusedReads(t, n) })
	t.Run("client", func(t *testing.T) { checkAccessClient(t, n, anna) })
	t.Run("rebuild", func(t *testing.T) {
		reads, err := n.AccessLog(t.Context(), AccessLogRequest{})
		if err != nil {
			t.Fatal(err)
		}
		checkVerified(t, n)
		res, err := n.Rebuild(t.Context(), nil)
		if err != nil || len(res.Changed) > 0 {
			t.Fatalf("changed %v, %v", res.Changed, err)
		}
		if again, err := n.AccessLog(t.Context(), AccessLogRequest{}); err != nil || len(again.Reads) != 5 || !reflect.DeepEqual(reads, again) {
			t.Errorf("after a rebuild %+v, before %+v, %v", again, reads, err)
		}
		checkGrants(t, n, anna)
	})
}

func grantsOf(t *testing.T, api API, req GrantsRequest) string {
	t.Helper()
	list, err := api.Grants(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, g := range list {
		said = append(said, strings.TrimSpace(g.Role+" "+g.Unit))
	}
	return fmt.Sprint(len(said), " ", strings.Join(said, ", "))
}

func checkGrants(t *testing.T, api API, anna string) {
	day := func(month time.Month, d int) schema.Day { return schema.Date(2024, month, d) }
	for _, c := range []struct {
		req  GrantsRequest
		want int
	}{
		{GrantsRequest{All: true}, 4}, {GrantsRequest{At: day(2, 28)}, 2}, {GrantsRequest{At: day(3, 1)}, 3}, {GrantsRequest{At: day(3, 31)}, 3}, {GrantsRequest{At: day(4, 1)}, 2},
		{GrantsRequest{At: schema.Date(2023, 12, 31)}, 1}, {GrantsRequest{At: schema.Date(2022, 12, 31)}, 0}, {GrantsRequest{At: day(3, 15), Who: anna}, 2}, {GrantsRequest{}, 2},
	} {
		if got := grantsOf(t, api, c.req); !strings.HasPrefix(got, fmt.Sprint(c.want, " ")) {
			t.Errorf("%+v: %s, want %d", c.req, got, c.want)
		}
	}
	if got := grantsOf(t, api, GrantsRequest{Who: anna, All: true}); got != "2 person_level U1, unit_manager U1" {
		t.Errorf("anna has %s", got)
	}
	if _, err := api.Grants(t.Context(), GrantsRequest{Who: "x' OR '1' = '1"}); err == nil || strings.Contains(err.Error(), "OR") {
		t.Errorf("a person that is none: %v", err)
	}
}

func checkAccessLog(t *testing.T, api API, anna string) {
	for _, c := range []struct {
		req  AccessLogRequest
		want string
		more bool
	}{
		{AccessLogRequest{}, "12 11 10 9", false}, {AccessLogRequest{Limit: 2}, "12 11", true}, {AccessLogRequest{Limit: 4}, "12 11 10 9", false},
		{AccessLogRequest{Who: anna}, "12 10", false}, {AccessLogRequest{Who: anna, Limit: 1}, "12", true}, {AccessLogRequest{Since: schema.Date(2024, 3, 11)}, "12 11", false},
	} {
		list, err := api.AccessLog(t.Context(), c.req)
		var days []string
		for _, r := range list.Reads {
			days = append(days, fmt.Sprint(r.At.Day()))
		}
		if got := strings.Join(days, " "); err != nil || got != c.want || list.More != c.more {
			t.Errorf("%+v: days %s, more %t, %v; want %s, %t", c.req, got, list.More, err, c.want, c.more)
		}
	}
	list, err := api.AccessLog(t.Context(), AccessLogRequest{Limit: 1})
	want := Read{At: march(12, 8).UTC(), Who: anna, Way: "console", Roles: "person_level,unit_manager", What: "lines_top", Unit: "U1", Grant: "ACC-1", Purpose: "granskning", Outcome: "allowed", Rows: 7}
	if err != nil || len(list.Reads) != 1 || list.Reads[0] != want {
		t.Errorf("the latest read is %+v, want %+v, %v", list.Reads, want, err)
	}
	for _, req := range []AccessLogRequest{{Who: "anna"}, {Limit: -1}} {
		if _, err := api.AccessLog(t.Context(), req); err == nil {
			t.Errorf("%+v is answered", req)
		}
	}
}

// What could name somebody, or says too little, does not enter the log.
func checkRefusedReads(t *testing.T, n *Node) {
	before := ask(t, n, "SELECT count() FROM access_log")
	for name, edit := range map[string]func(*schema.AccessRead){
		"login":   func(r *schema.AccessRead) { r.Who = "anna.lind@region.example" },
		"line":    func(r *schema.AccessRead) { r.Who = "L" + r.Who[1:] },
		"what":    func(r *schema.AccessRead) { r.What = "" },
		"outcome": func(r *schema.AccessRead) { r.Outcome = "perhaps" },
		"way":     func(r *schema.AccessRead) { r.Way = "" },
		"long":    func(r *schema.AccessRead) { r.Subject = strings.Repeat("x", 2000) },
	} {
		r := readOf(n.Pseudonym("x"), march(13, 8))
		edit(&r)
		if err := n.RecordRead(t.Context(), r); err == nil || strings.Contains(err.Error(), "lind") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if list, err := n.AccessLog(t.Context(), AccessLogRequest{}); err != nil || fmt.Sprint(len(list.Reads)) != before {
		t.Errorf("%d reads, %v; before %s", len(list.Reads), err, before)
	}
}

// checkAccessClient asks the running node, which shows a read that was recorded just now.
func checkAccessClient(t *testing.T, n *Node, anna string) {
	running(t, n, RunOptions{}, func(ctx context.Context, _ string) {
		c, err := Dial(ctx, n.cfg.Data)
		for errors.Is(err, ErrNotRunning) && sleep(ctx, look) == nil { // it begins to listen about now
			c, err = Dial(ctx, n.cfg.Data)
		}
		if err != nil {
			t.Error(err)
			return
		}
		checkGrants(t, c, anna)
		checkAccessLog(t, c, anna)
		if who, err := c.WhoIs(ctx, "Anna.lind@region.example "); err != nil || who != anna {
			t.Errorf("the node says %s, %v", who, err)
		}
		if _, err := c.WhoIs(ctx, " "); err == nil {
			t.Error("nobody has a pseudonym")
		}
		now := schema.AccessRead{Who: anna, Way: schema.WayGrafana, What: "evidence", Outcome: schema.AccessAllowed, Rows: 1}
		if err := n.RecordRead(ctx, now); err != nil {
			t.Error(err)
		}
		list, err := c.AccessLog(ctx, AccessLogRequest{Limit: 1})
		if err != nil || len(list.Reads) != 1 || list.Reads[0].What != "evidence" || time.Since(list.Reads[0].At) > time.Hour {
			t.Errorf("the latest read is %+v, %v", list, err)
		}
	})
}

const readingDir = "LINESMAN_TEST_READING" // data directory of a process that records reads

// TestReadingChild is no test: it is the process that TestReadsSurviveKills kills.
func TestReadingChild(t *testing.T) {
	dir := os.Getenv(readingDir)
	if dir == "" {
		t.Skip("only as a child of TestReadsSurviveKills")
	}
	cfg := config.Default()
	cfg.Data, cfg.Console.Listen = dir, "127.0.0.1:0"
	n, err := Open(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		fmt.Println("error", err)
		return
	}
	err = n.Run(t.Context(), RunOptions{Ready: func(string) {
		for {
			r := readOf(n.Pseudonym("reader"), 0)
			r.EventID = schema.NewID("read", fmt.Sprint(os.Getpid()), fmt.Sprint(time.Now().UnixNano()))
			fmt.Println("asked", r.EventID)
			if err := n.RecordRead(t.Context(), r); err != nil {
				fmt.Println("error", err)
				return
			}
			fmt.Println("recorded", r.EventID)
		}
	}})
	fmt.Println("error", err)
}

// A read that was answered is in the log and in the store, once, wherever the program was killed;
// one that was not answered is there once or not at all.
func TestReadsSurviveKills(t *testing.T) {
	cfg := testConfig(t)
	asked, recorded := map[string]bool{}, map[string]bool{}
	for kill := range 3 {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestReadingChild$", "-test.v")
		cmd.Env = append(os.Environ(), readingDir+"="+cfg.Data)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines, now := bufio.NewScanner(out), 0
		for lines.Scan() {
			word, id, _ := strings.Cut(lines.Text(), " ")
			switch word {
			case "error":
				t.Error(lines.Text())
			case "asked":
				asked[id] = true
			case "recorded":
				recorded[id] = true
				if now++; now == 40+60*kill {
					if err := cmd.Process.Kill(); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		_ = cmd.Wait() // killed
		if now < 40+60*kill {
			t.Fatalf("%d reads before kill %d", now, kill)
		}
	}
	n := openNode(t, cfg)
	if err := n.CatchUp(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	there := strings.Split(ask(t, n, "SELECT lower(hex(event_id)) FROM access_log"), "\n")
	for _, id := range there {
		if !asked[id] {
			t.Errorf("%s is in the log and was never asked for, or stands twice", id)
		}
		delete(asked, id)
		delete(recorded, id)
	}
	if len(recorded) > 0 {
		t.Errorf("%d reads were answered and are not in the access log", len(recorded))
	}
	checkVerified(t, n)
	t.Logf("%d reads, %d asked for and not there", len(there), len(asked))
}
