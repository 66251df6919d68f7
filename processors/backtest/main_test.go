package backtest

import (
	"os"
	"testing"

	"linesman/internal/engine"
)

func TestMain(m *testing.M) {
	engine.RunChildIfAsked()
	os.Exit(m.Run())
}
