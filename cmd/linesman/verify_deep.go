package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"linesman/internal/config"
	"linesman/internal/node"
	"linesman/internal/words"
	"linesman/processors/verify"
)

func verifyDeep(ctx context.Context, cfg config.Config, asJSON bool, anchors string) error {
	var kept *os.File
	if anchors != "" {
		var err error
		if kept, err = os.Open(anchors); err != nil {
			return fmt.Errorf("opening the file of seals: %w", err)
		}
		defer func() { _ = kept.Close() }()
	}
	return withData(ctx, cfg, func(api node.API, _ *node.Node) error {
		m := newMeter()
		rep, err := api.DeepVerify(ctx, kept, m.say)
		m.done()
		if err != nil {
			return err
		}
		if asJSON {
			err = printJSON(rep)
		} else {
			showDeep(rep)
		}
		if err == nil && !rep.OK {
			return &quietError{errors.New("the log is not as it was sealed")}
		}
		return err
	})
}

// timeOf writes a moment, or a dash for none.
func timeOf(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

func showDeep(rep verify.Deep) {
	mark := map[bool]string{true: "ok  ", false: "BAD "}
	for _, p := range rep.Partitions {
		if p.Next == 0 && p.OK {
			continue
		}
		fmt.Printf("%s %s/%d: %s records from offset %d on, %s sealed by %s, %s not yet; last seal %s\n", mark[p.OK], p.Topic, p.Partition,
			words.Thousands(p.Next-p.First), p.First, words.Thousands(p.Sealed), words.Count(p.Seals, "seal"), words.Thousands(p.Unsealed), timeOf(p.LastSealAt))
	}
	for _, p := range rep.Problems {
		where := "log"
		if p.Topic != "" {
			where = fmt.Sprintf("%s/%d offset %d", p.Topic, p.Partition, p.Offset)
			if p.Until > 0 {
				where += fmt.Sprintf(" to before %d", p.Until)
			}
		}
		if !p.RecordedAt.IsZero() {
			where += " (recorded " + timeOf(p.RecordedAt) + ")"
		}
		by := ""
		if p.Against != "" {
			by = " [by the seals of: " + p.Against + "]"
		}
		fmt.Printf("%-12s %s: %s%s\n", p.Kind, where, p.Detail, by)
	}
	for _, n := range rep.Notes {
		fmt.Println("note:", n)
	}
	fmt.Printf("%s records walked in %.1f s (%s a second): %s sealed, %s not yet; last seal %s\n", words.Thousands(rep.Records), rep.Seconds, words.Thousands(rep.PerSecond),
		words.Thousands(rep.Sealed), words.Thousands(rep.Unsealed), timeOf(rep.LastSealAt))
	if rep.InStore+rep.InAnchors > 0 {
		fmt.Printf("compared with the seals of the log, %s of the store, %s of the anchor file\n", words.Thousands(uint64(rep.InStore)), words.Thousands(uint64(rep.InAnchors)))
	}
	fmt.Println("to write down (partition, records before offset, chain):")
	for _, p := range rep.Partitions {
		if p.Head.Chain != "" {
			fmt.Printf("  %s/%d %d %s\n", p.Topic, p.Partition, p.Head.Next, p.Head.Chain)
		}
	}
	if rep.OK {
		fmt.Println("the log is as it was sealed")
		return
	}
	fmt.Println("the log is NOT as it was sealed: keep the data directory as it is and compare with a copy; see docs/tamper-evidence.md")
}
