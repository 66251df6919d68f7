package console

import (
	"net/http"
	"net/http/cookiejar"
	"os"
	"testing"

	"linesman/internal/engine"
)

func TestMain(m *testing.M) {
	engine.RunChildIfAsked() // the store of the tests is this program, started again
	jar, err := cookiejar.New(nil)
	if err != nil {
		panic(err)
	}
	http.DefaultClient.Jar = jar // as a browser does, it keeps who is logged in at which console
	os.Exit(m.Run())
}
