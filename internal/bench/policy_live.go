package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"linesman/internal/config"
	"linesman/internal/node"
	"linesman/internal/words"
	"linesman/processors/policy"
)

// What arrives while flagging is measured: files of calls, a few a second, in each of them one
// call to a premium-rate number by a line that made none before.
const (
	liveFiles = 5 // a second
	liveLines = 9_000
	sampleCDR = "cmd/linesman/testdata/cdr_StandAloneCluster_01_202603140845_1"
)

// flagging feeds calls at a rate to a program with a store that may be large already (the
// folder live of the working directory), and measures the time from a call that was collected
// to the event that flags it.
func (o *options) flagging(ctx context.Context, cfg config.Config) error {
	cfg.Data = filepath.Join(o.dir, "live")
	cfg.Console.Listen = "127.0.0.1:0"
	names, err := policy.PackNames()
	if err != nil {
		return err
	}
	cfg.Policy.Packs = names
	sample, err := os.ReadFile(sampleCDR)
	if err != nil {
		return err
	}
	n, err := node.Open(ctx, cfg, cfg.Logger())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var failed error
	err = n.Run(ctx, node.RunOptions{Ready: func(string) {
		go func() {
			defer cancel()
			failed = o.feedLive(ctx, n, cfg, string(sample))
		}()
	}})
	return errors.Join(failed, err, n.Close())
}

func (o *options) feedLive(ctx context.Context, n *node.Node, cfg config.Config, sample string) error {
	began := time.Now()
	for by := uint64(0); by == 0; { // rules that have not judged the store judge all of it first
		var err error
		if by, err = n.Store().JudgedBy(ctx); err != nil {
			return err
		}
		time.Sleep(100 * time.Millisecond)
	}
	fmt.Printf("| the store judged from nothing by all packs, published and rolled up | %.0f s |\n", time.Since(began).Seconds())
	inbox := cfg.Path("inbox", "cucm")
	start, cpu, engine := time.Now(), selfCPU(), node.ChildrenCPU()
	total := 0
	for i := range o.seconds * liveFiles {
		each := o.rate / liveFiles
		text := calls(sample, i, each, time.Now())
		total += each
		hidden := filepath.Join(inbox, fmt.Sprintf(".live%d.tmp", i))
		if err := errors.Join(os.WriteFile(hidden, text, 0o600), os.Rename(hidden, filepath.Join(inbox, fmt.Sprintf("live%d", i)))); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Until(start.Add(time.Duration(i+1) * time.Second / liveFiles))):
		}
	}
	sec := time.Since(start).Seconds()
	fmt.Printf("| fed | %s calls in %.0f s (%.2f cores program, %.2f engine) |\n", words.Thousands(uint64(total)), sec, (selfCPU()-cpu)/sec, (node.ChildrenCPU()-engine)/sec)
	time.Sleep(30 * time.Second)
	return o.flagged(ctx, n, start)
}

// flagged tells how soon the planted calls were flagged.
func (o *options) flagged(ctx context.Context, n *node.Node, start time.Time) error {
	var found uint64
	var q []float64
	err := n.Store().Conn().QueryRow(ctx, "SELECT count(), quantilesExact(0.5, 0.9, 0.99, 1)((toUnixTimestamp64Milli(v.told) - toUnixTimestamp64Milli(u.recorded_at)) / 1000)\n"+
		"FROM (SELECT evidence[1] AS event_id, min(recorded_at) AS told FROM violations WHERE rule = 'premium-call' AND change = 'opened' AND recorded_at >= toDateTime64('"+start.UTC().Format("2006-01-02 15:04:05")+"', 3, 'UTC') GROUP BY event_id) AS v\n"+
		"INNER JOIN (SELECT event_id, recorded_at FROM usage WHERE other_class = 'premium' AND recorded_at >= toDateTime64('"+start.UTC().Format("2006-01-02 15:04:05")+"', 3, 'UTC') SETTINGS final = 0) AS u ON v.event_id = u.event_id").Scan(&found, &q)
	if err != nil {
		return fmt.Errorf("asking how soon calls were flagged: %w", err)
	}
	fmt.Printf("| collected → flagged, %d of %d planted calls at %d calls/s | p50 %.2f s, p90 %.2f s, p99 %.2f s, most %.2f s |\n", found, o.seconds*liveFiles, o.rate, q[0], q[1], q[2], q[3])
	return nil
}

// calls makes a file of n calls from a sample; the last is to a premium-rate number.
func calls(sample string, file, n int, now time.Time) []byte {
	lines := strings.SplitN(sample, "\n", 4)
	at := map[string]int{}
	for i, name := range strings.Split(lines[0], ",") {
		at[strings.Trim(name, "\"\r")] = i
	}
	row := strings.Split(strings.TrimSuffix(lines[2], "\r"), ",")
	var b bytes.Buffer
	b.WriteString(lines[0] + "\n" + lines[1] + "\n")
	begin := now.Add(-2 * time.Minute).Unix()
	for i := range n {
		caller, called := 10_000+(file*n+i)*7919%liveLines, "070"+strconv.Itoa(1_000_000+i*31%9_000_000)
		if i == n-1 {
			caller, called = 50_000+file, "0939123"+strconv.Itoa(1000+file%9000)
		}
		row[at["pkid"]] = fmt.Sprintf("%q", fmt.Sprintf("live-%d-%d-%d", now.UnixNano(), file, i))
		row[at["globalCallID_callId"]] = strconv.Itoa(file*n + i)
		row[at["callingPartyNumber"]] = fmt.Sprintf("%q", strconv.Itoa(caller))
		row[at["originalCalledPartyNumber"]], row[at["finalCalledPartyNumber"]] = strconv.Quote(called), strconv.Quote(called)
		row[at["dateTimeOrigination"]], row[at["dateTimeConnect"]] = strconv.FormatInt(begin+int64(i%60), 10), strconv.FormatInt(begin+int64(i%60)+4, 10)
		row[at["dateTimeDisconnect"]], row[at["duration"]] = strconv.FormatInt(begin+int64(i%60)+64, 10), "60"
		b.WriteString(strings.Join(row, ",") + "\n")
	}
	return b.Bytes()
}
