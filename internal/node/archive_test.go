package node

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linesman/internal/archive"
	"linesman/internal/broker"
	"linesman/internal/config"
	"linesman/internal/doctor"
	"linesman/schema"
)

func quiet(t *testing.T) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
}

// archivedDemo archives the demo region while the node runs, and returns the checksums of the
// store, the archive and the key.
func archivedDemo(t *testing.T) (sums map[string]string, dir, key string, res archive.Result) {
	t.Helper()
	cfg := testConfig(t)
	n := openNode(t, cfg)
	files := t.TempDir()
	demoFiles(t, files)
	dir = filepath.Join(t.TempDir(), "A")
	running(t, n, RunOptions{}, func(ctx context.Context, _ string) {
		if err := n.Feed(ctx, files, nil); err != nil {
			t.Error(err)
		}
		if res, err := n.Archive(ctx, ArchiveRequest{To: dir, Open: true}, nil); err != nil || res.Records == 0 {
			t.Errorf("%+v, %v", res, err)
		}
	})
	// What was logged since, such as the last seals, makes the archive grow.
	if err := n.CatchUp(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	res, err := n.Archive(t.Context(), ArchiveRequest{To: dir, Open: true}, nil)
	if err != nil || res.Before == 0 || res.Left > 0 {
		t.Fatalf("%+v, %v", res, err)
	}
	if sums, err = n.store.Checksums(t.Context()); err != nil {
		t.Fatal(err)
	}
	return sums, dir, cfg.Path("pseudonym.key"), res
}

func TestRestoredNodeIsTheSame(t *testing.T) {
	sums, dir, key, archived := archivedDemo(t)
	cfg := testConfig(t)
	cfg.Data = filepath.Join(cfg.Data, "new")
	res, err := Restore(t.Context(), cfg, quiet(t), RestoreRequest{From: dir, Key: key, Head: archived.Head}, nil)
	if err != nil || !res.Key || res.Resumed || int64(res.Appended) != archived.Before+archived.Records {
		t.Fatalf("%+v, %v; archived %+v", res, err, archived)
	}
	n := openNode(t, cfg)
	checkVerified(t, n)
	got, err := n.store.Checksums(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(got, sums) || len(sums) < 10 || strings.HasPrefix(sums["usage"], "0:") || strings.HasPrefix(sums["seals"], "0:") {
		t.Errorf("restored: %v\noriginal: %v", got, sums)
	}
	deep, err := n.DeepVerify(t.Context(), nil, nil)
	if err != nil || !deep.OK || deep.Sealed == 0 {
		raw, _ := json.MarshalIndent(deep, "", " ")
		t.Errorf("the restored log is not as it was sealed: %v %s", err, raw)
	}
	// The archive goes on from the restored log.
	again, err := n.Archive(t.Context(), ArchiveRequest{To: dir, Open: true}, nil)
	if err != nil || again.Before != int64(res.Appended) {
		t.Errorf("%+v, %v", again, err)
	}
	t.Run("into a directory with data", func(t *testing.T) {
		_, err := Restore(t.Context(), cfg, quiet(t), RestoreRequest{From: dir}, nil)
		if err == nil || !strings.Contains(err.Error(), "name another one with --data") {
			t.Errorf("%v", err)
		}
	})
	t.Run("without the key", func(t *testing.T) { restoredWithoutKey(t, dir, key) })
}

func restoredWithoutKey(t *testing.T, dir, key string) {
	cfg := testConfig(t)
	res, err := Restore(t.Context(), cfg, quiet(t), RestoreRequest{From: dir}, nil)
	if err != nil || res.Key {
		t.Fatalf("%+v, %v", res, err)
	}
	if _, err := Open(t.Context(), cfg, quiet(t)); !errors.Is(err, ErrKeyLost) {
		t.Fatalf("opened without the key: %v", err)
	}
	secret, err := os.ReadFile(key)
	if err == nil {
		err = os.WriteFile(cfg.Path("pseudonym.key"), secret, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	checkVerified(t, openNode(t, cfg))
}

// A restore that was stopped keeps everybody else out, and goes on when it is run again.
func TestRestoreIsResumed(t *testing.T) {
	sums, dir, key, _ := archivedDemo(t)
	cfg := testConfig(t)
	for _, stop := range []struct {
		what string
		at   uint64
	}{{"records restored", 5_000}, {"records restored", 15_000}, {StepStored, 10_000}} {
		ctx, cancel := context.WithCancel(t.Context())
		_, err := Restore(ctx, cfg, quiet(t), RestoreRequest{From: dir, Key: key}, func(p Progress) {
			if p.What == stop.what && p.Done >= stop.at {
				cancel()
			}
		})
		cancel()
		if err == nil {
			t.Fatalf("%v: not stopped", stop)
		}
		if _, err := Open(t.Context(), cfg, quiet(t)); err == nil || !strings.Contains(err.Error(), "run linesman restore --from "+dir) {
			t.Fatalf("%v: opened halfway: %v", stop, err)
		}
	}
	if _, err := Restore(t.Context(), cfg, quiet(t), RestoreRequest{From: t.TempDir()}, nil); err == nil || !strings.Contains(err.Error(), "is being restored from "+dir) {
		t.Errorf("%v", err)
	}
	res, err := Restore(t.Context(), cfg, quiet(t), RestoreRequest{From: dir, Key: key}, nil)
	if err != nil || !res.Resumed {
		t.Fatalf("%+v, %v", res, err)
	}
	n := openNode(t, cfg)
	checkVerified(t, n)
	if got, err := n.store.Checksums(t.Context()); err != nil || !maps.Equal(got, sums) {
		t.Errorf("resumed: %v %v\noriginal: %v", got, err, sums)
	}
}

// A first try that failed before anything was looked at proves nothing about what is there when
// the command is run again.
func TestRestoreAfterAFailedOpenChecksWhatIsThere(t *testing.T) {
	cfg := testConfig(t)
	n, err := Open(t.Context(), cfg, quiet(t))
	if err != nil {
		t.Fatal(err)
	}
	running(t, n, RunOptions{}, func(ctx context.Context, _ string) {
		if _, err := n.broker.Produce(ctx, schema.TopicRejects, 0, []broker.Record{{Value: []byte("no event")}}); err != nil {
			t.Error(err)
		}
		if err := n.CatchUp(ctx, nil); err != nil {
			t.Error(err)
		}
	})
	dir := t.TempDir()
	if _, err := n.Archive(t.Context(), ArchiveRequest{To: dir, Open: true}, nil); err != nil {
		t.Fatal(err)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ there, want string }{{"store", "the store is not empty"}, {"log", "A log is restored into an empty one"}} {
		t.Run(c.there, func(t *testing.T) {
			fresh := testConfig(t)
			broken := fresh
			broken.Store.Library = filepath.Join(t.TempDir(), "not-there.so")
			if _, err := Restore(t.Context(), broken, quiet(t), RestoreRequest{From: dir}, nil); err == nil {
				t.Fatal("restored without an engine")
			}
			if _, err := os.Stat(restoreMark(&fresh)); err != nil {
				t.Fatalf("the try left no note: %v", err)
			}
			if err := os.RemoveAll(fresh.Path(c.there)); err != nil {
				t.Fatal(err)
			}
			if err := os.CopyFS(fresh.Path(c.there), os.DirFS(cfg.Path(c.there))); err != nil {
				t.Fatal(err)
			}
			if _, err := Restore(t.Context(), fresh, quiet(t), RestoreRequest{From: dir}, nil); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("restored into somebody's %s: %v", c.there, err)
			}
		})
	}
}

func TestRestoreLeavesNothingWhenItIsRefused(t *testing.T) {
	empty, cfg := t.TempDir(), testConfig(t)
	cfg.Data = filepath.Join(cfg.Data, "new")
	if _, err := Restore(t.Context(), cfg, quiet(t), RestoreRequest{From: empty}, nil); !errors.Is(err, archive.ErrNone) {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(cfg.Data); err == nil {
		t.Error("a data directory was made for an archive that is none")
	}
}

func TestArchivedBySchedule(t *testing.T) {
	cfg := testConfig(t)
	cfg.Archive = config.Archive{To: filepath.Join(t.TempDir(), "A"), Every: time.Hour}
	n := openNode(t, cfg)
	old := broker.Record{Value: []byte("no event"), Time: time.Now().UTC().AddDate(0, -2, 0)}
	// Dated ahead, so that its month is not over even when the present one ends meanwhile.
	open := broker.Record{Value: []byte("of this month or the next"), Time: time.Now().UTC().Add(23 * time.Hour)}
	if _, err := n.broker.Produce(t.Context(), schema.TopicRejects, 0, []broker.Record{old, open}); err != nil {
		t.Fatal(err)
	}
	st, err := cfg.OpenArchive(cfg.Archive.To)
	if err != nil {
		t.Fatal(err)
	}
	running(t, n, RunOptions{}, func(ctx context.Context, _ string) {
		deadline := time.Now().Add(2 * time.Minute)
		for time.Now().Before(deadline) {
			if rep, err := archive.Check(ctx, st, archive.Head{}, nil); err == nil && rep.OK && rep.Records == 1 {
				return
			}
			if sleep(ctx, 20*time.Millisecond) != nil {
				break
			}
		}
		t.Error("the month that is over was not archived")
	})
}

// What is made elsewhere by hand does not hide that the configured archive fails.
func TestDoctorLooksAtTheConfiguredArchive(t *testing.T) {
	cfg := testConfig(t)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	cfg.Archive = config.Archive{To: filepath.Join(file, "A"), Every: time.Hour} // a folder that cannot be
	n := openNode(t, cfg)
	look := func() doctor.Check { return n.archiveHop(time.Now()).Look(t.Context())[0] }
	if c := look(); c.State != doctor.Green || !strings.Contains(c.Detail, "none yet") {
		t.Errorf("before the first run: %+v", c)
	}
	if _, err := n.Archive(t.Context(), ArchiveRequest{}, nil); err == nil {
		t.Fatal("archived into a file")
	}
	if _, err := n.Archive(t.Context(), ArchiveRequest{To: t.TempDir(), Open: true}, nil); err != nil {
		t.Fatal(err)
	}
	if c := look(); c.State != doctor.Yellow || !strings.Contains(c.Detail, "failed: ") || !strings.Contains(c.Detail, "none yet") {
		t.Errorf("the configured one fails: %+v", c)
	}
}

// The note of the last run tells when an archive was cut back.
func TestArchiveThatWasCutBack(t *testing.T) {
	cfg := testConfig(t)
	n := openNode(t, cfg)
	dir := t.TempDir()
	for i := range 2 {
		if _, err := n.broker.Produce(t.Context(), schema.TopicRejects, 0, []broker.Record{{Value: []byte{byte(i)}}}); err != nil {
			t.Fatal(err)
		}
		if res, err := n.Archive(t.Context(), ArchiveRequest{To: dir, Open: true}, nil); err != nil || res.Head.Number != i+1 {
			t.Fatalf("%+v, %v", res, err)
		}
	}
	if err := os.Remove(filepath.Join(dir, "manifests", "000002.json")); err != nil {
		t.Fatal(err)
	}
	_, err := n.Archive(t.Context(), ArchiveRequest{To: dir, Open: true}, nil)
	if err == nil || !strings.Contains(err.Error(), "000002.json") || !strings.Contains(err.Error(), "archive.json") {
		t.Errorf("%v", err)
	}
}
