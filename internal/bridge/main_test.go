package bridge_test

import (
	"os"
	"testing"

	"linesman/internal/engine"
)

func TestMain(m *testing.M) {
	engine.RunChildIfAsked() // the store of the tests is this program, started again
	os.Exit(m.Run())
}
