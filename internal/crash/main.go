// Command crash kills a running Linesman again and again, at random moments and at named
// places, and compares what it shows afterwards with a run over the same files that nobody
// killed.
//
//	go run ./internal/crash -kills 300 -seed 1 -out result.md
//
// The same seed gives the same files, the same kills and the same delays; what a kill hits
// also depends on the machine. A difference ends the run with exit code 1 and keeps both data
// directories, the rows of both stores and the log of every process.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// perCampaign is how many kills one data directory sees: its store grows meanwhile.
const perCampaign = 60

type options struct {
	kills  int
	seed   uint64
	skip   int // fail points that are passed over at first; negative: as the seed says
	out    string
	dir    string
	exe    string
	keep   bool
	light  bool
	points bool
}

func main() {
	o, err := parse(os.Args[1:])
	if err != nil {
		os.Exit(2) // flag has said why
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	good, err := run(ctx, o, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "crash:", err)
	}
	if err != nil || !good {
		os.Exit(1)
	}
}

func parse(args []string) (options, error) {
	var o options
	f := flag.NewFlagSet("crash", flag.ContinueOnError)
	f.IntVar(&o.kills, "kills", 300, "how often something is killed")
	f.Uint64Var(&o.seed, "seed", 1, "the same seed makes the same files and kills")
	f.IntVar(&o.skip, "skip", -1, "how many fail points to pass over at first; negative: as many as the seed says")
	f.StringVar(&o.out, "out", "", "file for the result (markdown; JSON beside it)")
	f.StringVar(&o.dir, "dir", "", "folder to work in; default: a temporary one, removed when everything agrees")
	f.StringVar(&o.exe, "program", "", "linesman built with -tags failpoints; default: it is built")
	f.BoolVar(&o.light, "light", false, "leave out most of the large files: less work for each kill")
	f.BoolVar(&o.keep, "keep", false, "keep the folder")
	f.BoolVar(&o.points, "all-points", false, "fail unless every fail point was tried")
	err := f.Parse(args)
	return o, err
}

func run(ctx context.Context, o options, say io.Writer) (good bool, err error) {
	if o.dir == "" {
		if o.dir, err = os.MkdirTemp("", "linesman-crash-"); err != nil {
			return false, err
		}
	}
	if o.exe == "" {
		o.exe = filepath.Join(o.dir, "linesman")
		fmt.Fprintln(say, "building linesman with fail points")
		build := exec.CommandContext(ctx, "go", "build", "-tags", "failpoints", "-o", o.exe, "linesman/cmd/linesman")
		build.Stderr = os.Stderr
		if err := build.Run(); err != nil {
			return false, fmt.Errorf("building linesman: %w", err)
		}
	}
	began := time.Now()
	res := &result{Seed: o.seed, Date: began}
	defer func() {
		res.Took = time.Since(began)
		fmt.Fprintf(say, "\n%s", res.markdown())
		if o.out != "" {
			err = errors.Join(err, res.write(o.out))
		}
		if good && err == nil && !o.keep {
			err = os.RemoveAll(o.dir)
		}
	}()
	return campaigns(ctx, o, res, say)
}

// planned is what makes a campaign what it is.
type planned struct {
	seed  uint64
	kills int
	skip  int
	light bool
}

// campaign says what the nth campaign is when so many kills have been done.
func (o options) campaign(n, done int) planned {
	skip := o.skip
	if skip < 0 {
		skip = int(o.seed) * 11
	}
	// Half of the kills are at fail points: the next campaign goes on where this one ended.
	return planned{seed: o.seed + uint64(n), kills: min(perCampaign, o.kills-done), skip: skip + n*perCampaign/2, light: o.light}
}

// flags are those that make the same campaign the first one.
func (p planned) flags() []string {
	out := []string{"-seed", fmt.Sprint(p.seed), "-skip", fmt.Sprint(p.skip), "-kills", fmt.Sprint(p.kills)}
	if p.light {
		out = append(out, "-light")
	}
	return out
}

func campaigns(ctx context.Context, o options, res *result, say io.Writer) (bool, error) {
	for n := 0; len(res.Kills) < o.kills; n++ {
		p := o.campaign(n, len(res.Kills))
		c := &campaign{number: n, seed: p.seed, dir: filepath.Join(o.dir, fmt.Sprintf("campaign-%02d", n)), exe: o.exe, light: o.light, say: say, res: res}
		good, err := c.run(ctx, p.kills, p.skip)
		if err != nil || !good {
			fmt.Fprintf(say, "look into %s; the same again: go run ./internal/crash %s\n", c.dir, strings.Join(p.flags(), " "))
			return false, err
		}
		if !o.keep {
			if err := os.RemoveAll(c.dir); err != nil {
				return false, err
			}
		}
	}
	untried := res.untried()
	if len(untried) > 0 {
		fmt.Fprintf(say, "fail points that nothing was killed at: %v\n", untried)
	}
	return len(untried) == 0 || !o.points, nil
}
