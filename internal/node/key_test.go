package node

import (
	"errors"
	"log/slog"
	"os"
	"testing"
)

func TestALostKeyIsNotReplaced(t *testing.T) {
	cfg := testConfig(t)
	n, err := Open(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(cfg.Path("pseudonym.key")); err != nil {
		t.Fatal(err)
	}
	if n, err := Open(t.Context(), cfg, slog.New(slog.DiscardHandler)); !errors.Is(err, ErrKeyLost) {
		if err == nil {
			_ = n.Close()
		}
		t.Fatalf("opened a log whose key is gone: %v", err)
	}
}
