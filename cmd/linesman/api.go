package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"linesman/internal/config"
	"linesman/internal/node"
	"linesman/internal/words"
)

// withData is withAPI for commands that ask about data: it makes no data directory where a
// mistyped name says that there is one.
func withData(ctx context.Context, cfg config.Config, do func(api node.API, alone *node.Node) error) error {
	if _, err := os.Stat(cfg.Path("log")); errors.Is(err, os.ErrNotExist) && cfg.Broker.Mode == "embedded" {
		return fmt.Errorf("there are no data in %s: name the right directory with --data, or begin with linesman up or linesman collect", cfg.Data)
	}
	return withAPI(ctx, cfg, do)
}

// withCaughtUp is withData for commands that ask what the rules have made of the log: where no
// node runs, the one that is opened for the occasion first catches up.
func withCaughtUp(ctx context.Context, cfg config.Config, do func(api node.API) error) error {
	return withData(ctx, cfg, func(api node.API, alone *node.Node) error {
		if alone != nil {
			if err := alone.CatchUp(ctx, nil); err != nil {
				return err
			}
		}
		return do(api)
	})
}

// withAPI calls do with the running node, or with one that is opened for the occasion. Then
// the log is lowered to warnings, so that the answer stands alone.
func withAPI(ctx context.Context, cfg config.Config, do func(api node.API, alone *node.Node) error) error {
	client, err := node.Dial(ctx, cfg.Data)
	if err == nil {
		return do(client, nil)
	}
	if !errors.Is(err, node.ErrNotRunning) {
		return err
	}
	if cfg.Logging.Level == "info" {
		cfg.Logging.Level = "warn"
	}
	n, err := node.Open(ctx, cfg, cfg.Logger())
	if err != nil {
		return err
	}
	return errors.Join(do(n, n), n.Close())
}

// meter shows progress on a terminal, or a line every few seconds where there is none.
type meter struct {
	out   io.Writer
	tty   bool
	began time.Time
	last  time.Time
	what  string
	wrote bool
}

func newMeter() *meter {
	return &meter{out: os.Stderr, tty: term.IsTerminal(int(os.Stderr.Fd())), began: time.Now()}
}

// say shows one step of progress.
func (m *meter) say(p node.Progress) {
	every := 5 * time.Second
	if m.tty {
		every = 100 * time.Millisecond
	}
	what, _, _ := strings.Cut(p.What, ":") // what stands behind the colon only names the present item
	if what == m.what && time.Since(m.last) < every && p.Done != p.Total {
		return
	}
	m.last, m.what = time.Now(), what
	text := p.What
	if p.Total > 0 {
		text = fmt.Sprintf("%s: %s of %s (%d %%)", p.What, words.Thousands(p.Done), words.Thousands(p.Total), p.Done*100/p.Total)
	}
	if m.tty {
		fmt.Fprintf(m.out, "\r\033[K%s", text)
		m.wrote = true
		return
	}
	fmt.Fprintln(m.out, text)
}

// done ends the progress line.
func (m *meter) done() {
	if m.wrote {
		fmt.Fprint(m.out, "\r\033[K")
	}
}

func printJSON(v any) error {
	enc := json.NewEncoder(os.Stdout)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
