package seal

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"

	"linesman/schema"
)

// produceAndSeal appends and seals until it is killed.
func produceAndSeal(dir string) error {
	ctx := context.Background()
	b, err := open(ctx, dir, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	s, err := New(Config{}, b, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	for n := 0; ; n++ {
		if _, err := b.Produce(ctx, schema.TopicCalls, n%2, some(n, 1+n%5000)); err != nil {
			return err
		}
		if err := s.Round(ctx, everything()); err != nil {
			return err
		}
		fmt.Println("round", n)
	}
}

func TestResumesAfterKill(t *testing.T) {
	dir := t.TempDir()
	for kill := range 5 {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), childDir+"="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ {
			if strings.HasPrefix(lines.Text(), "error") {
				t.Fatal(lines.Text())
			}
			if n == 20+7*kill {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		_ = cmd.Wait() // killed
	}
	b := openTest(t, dir)
	round(t, newTest(t, Config{}, b))
	got := check(t, b)
	for p := range 2 {
		_, next, err := b.Offsets(t.Context(), schema.TopicCalls, p)
		if err != nil || got[place{schema.TopicCalls, p}] != uint64(next) || next == 0 {
			t.Errorf("partition %d: sealed up to %d of %d, %v", p, got[place{schema.TopicCalls, p}], next, err)
		}
	}
	t.Logf("%d seals", len(seals(t, b)))
}

// BenchmarkRound seals a log of records of the size of calls.
func BenchmarkRound(b *testing.B) {
	dir := b.TempDir()
	log, err := open(b.Context(), dir, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = log.Close(context.Background()) }()
	const n = 500_000
	for at := 0; at < n; at += 50_000 {
		recs := some(at, 50_000)
		for i := range recs {
			recs[i].Value = append(recs[i].Value, bytes.Repeat([]byte("0123456789"), 13)...)
		}
		if _, err := log.Produce(b.Context(), schema.TopicCalls, 0, recs); err != nil {
			b.Fatal(err)
		}
	}
	rounds := 0
	for b.Loop() {
		s, err := New(Config{}, log, slog.New(slog.DiscardHandler))
		if err != nil {
			b.Fatal(err)
		}
		s.at = map[place]standing{{schema.TopicCalls, 0}: {}} // from the beginning again
		if err := s.Round(b.Context(), map[string][]int{schema.TopicCalls: {0}}); err != nil {
			b.Fatal(err)
		}
		rounds++
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(rounds)/n, "ns/record")
}
