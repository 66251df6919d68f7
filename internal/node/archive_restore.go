package node

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"linesman/internal/archive"
	"linesman/internal/config"
	"linesman/internal/pseudonym"
	"linesman/processors/store"
	"linesman/schema"
)

// RestoreRequest asks for a log to be brought back from an archive.
type RestoreRequest struct {
	From string
	Key  string       // file of the pseudonyms' key; empty: put there later
	Head archive.Head // as noted when the archive was written; zero: not known
}

// RestoreResult is what a restore did.
type RestoreResult struct {
	archive.Restored
	Resumed bool    `json:"resumed"`
	Key     bool    `json:"key"` // the data directory has a key
	Store   float64 `json:"store_seconds"`
}

// restoreMark is the note in the data directory while a restore is not done. Nothing else
// opens the directory then: what it appended would stand where records of the archive belong.
func restoreMark(cfg *config.Config) string { return cfg.Path("restore.json") }

func readMark(cfg *config.Config) (*restoring, error) {
	raw, err := os.ReadFile(restoreMark(cfg))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	var m restoring
	if err == nil {
		err = json.Unmarshal(raw, &m)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the note of a restore: %w", err)
	}
	return &m, nil
}

func writeMark(cfg *config.Config, m restoring) error {
	raw, err := json.MarshalIndent(m, "", " ")
	if err == nil {
		err = replaceFile(restoreMark(cfg), append(raw, '\n'))
	}
	if err != nil {
		return fmt.Errorf("noting the restore: %w", err)
	}
	return nil
}

// openKey loads the key of the pseudonyms. A restore works without it: no event is collected.
func (n *Node) openKey() (err error) {
	path := n.cfg.Path("pseudonym.key")
	if !n.restores {
		mark, err := readMark(&n.cfg)
		if err != nil {
			return err
		}
		if mark != nil {
			return fmt.Errorf("%s is being restored and not complete: run linesman restore --from %s --data %s again, it goes on where it was stopped", n.cfg.Data, mark.From, n.cfg.Data)
		}
		if err := n.keyLost(); err != nil {
			return err
		}
	} else if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		passing := make([]byte, pseudonym.SecretSize)
		rand.Read(passing) // never fails
		n.key = pseudonym.New(passing)
		return nil
	}
	n.key, err = pseudonym.LoadOrCreate(path)
	return err
}

// Restore brings log and store back from an archive into a data directory that is empty, or
// in which an earlier restore was stopped.
func Restore(ctx context.Context, cfg config.Config, log *slog.Logger, req RestoreRequest, say func(Progress)) (out RestoreResult, err error) {
	st, err := cfg.OpenArchive(req.From)
	if err != nil {
		return out, err
	}
	mark, err := readMark(&cfg)
	if err != nil {
		return out, err
	}
	if mark == nil {
		if err := untouched(&cfg); err != nil {
			return out, err
		}
	} else if mark.From != st.String() {
		return out, fmt.Errorf("%s is being restored from %s: go on with that, or name another data directory", cfg.Data, mark.From)
	}
	out.Resumed = mark != nil
	r := &restore{cfg: cfg, store: st, req: req, mark: mark, out: &out, say: throttle(say)}
	if err := r.prepare(ctx); err != nil {
		return out, err
	}
	n := &Node{cfg: cfg, log: log, started: time.Now(), pauses: make(chan pause), watch: newWatch(), restores: true}
	if err = n.open(ctx, store.New); err == nil {
		err = r.run(ctx, n)
	}
	return out, errors.Join(err, n.Close())
}

// restore is one restore.
type restore struct {
	cfg   config.Config
	store archive.Store
	req   RestoreRequest
	plan  *archive.Plan
	mark  *restoring
	out   *RestoreResult
	say   func(Progress)
}

// prepare checks the archive before anything is made, and then notes that a restore has begun.
func (r *restore) prepare(ctx context.Context) (err error) {
	if r.mark == nil || !r.mark.Logged {
		if r.plan, err = archive.Prepare(ctx, r.store, r.req.Head, r.step("bytes of the archive checked")); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(r.cfg.Data, 0o700); err != nil {
		return fmt.Errorf("making the data directory: %w", err)
	}
	if err := takeKey(&r.cfg, r.req.Key); err != nil {
		return err
	}
	_, err = os.Stat(r.cfg.Path("pseudonym.key"))
	r.out.Key = err == nil
	if r.mark != nil {
		return nil
	}
	r.mark = &restoring{From: r.store.String(), Head: r.plan.Head(), Began: time.Now().UTC()}
	return writeMark(&r.cfg, *r.mark)
}

func (r *restore) step(what string) func(done, total int64) {
	return func(done, total int64) { r.say(Progress{what, uint64(done), uint64(total)}) }
}

// untouched refuses a data directory that is somebody's.
func untouched(cfg *config.Config) error {
	for _, name := range []string{"log", "store"} {
		if _, err := os.Stat(cfg.Path(name)); err == nil {
			return fmt.Errorf("%s has a %s already: a log is restored into a new data directory, name another one with --data", cfg.Data, name)
		} else if !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("looking at the data directory: %w", err)
		}
	}
	return nil
}

// takeKey copies the key of the pseudonyms into the data directory.
func takeKey(cfg *config.Config, from string) error {
	if from == "" {
		return nil
	}
	secret, err := os.ReadFile(from)
	if err != nil {
		return fmt.Errorf("reading the key of the pseudonyms: %w", err)
	}
	if len(secret) != pseudonym.SecretSize {
		return fmt.Errorf("%s: %w", from, pseudonym.ErrDamaged)
	}
	path := cfg.Path("pseudonym.key")
	have, err := os.ReadFile(path)
	switch {
	case err == nil && bytes.Equal(have, secret):
		return nil
	case err == nil:
		return fmt.Errorf("%s has another key than %s", cfg.Data, from)
	case !errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("reading the key of the pseudonyms: %w", err)
	}
	if err := replaceFile(path, secret); err != nil { // mode 0600
		return fmt.Errorf("copying the key of the pseudonyms: %w", err)
	}
	return nil
}

// run restores the log and builds the store.
func (r *restore) run(ctx context.Context, n *Node) error {
	if !r.mark.Checked && !r.mark.Logged {
		if err := r.check(ctx, n); err != nil {
			return err
		}
	}
	if !r.mark.Logged {
		res, err := r.plan.Restore(ctx, n.broker, true, r.step("records restored"))
		r.out.Restored = res
		if err != nil {
			return err
		}
		r.mark.Logged, r.mark.Head = true, res.Head
		if err := writeMark(&r.cfg, *r.mark); err != nil {
			return err
		}
	}
	began := time.Now()
	if err := n.CatchUp(ctx, r.say); err != nil {
		return fmt.Errorf("building the store (linesman restore goes on here when run again): %w", err)
	}
	r.out.Store, r.out.Head, r.out.From = time.Since(began).Seconds(), r.mark.Head, r.store.String()
	heads, err := n.archiveHeads()
	if err != nil {
		return err
	}
	heads[r.store.String()] = r.mark.Head // the next run of linesman archive continues this archive
	if err := n.noteHeads(heads); err != nil {
		return err
	}
	return r.forget()
}

// check refuses a log or a store that is somebody's. Until it has passed, an earlier try has
// made nothing: whatever is there belongs to somebody else, also when that try was stopped.
func (r *restore) check(ctx context.Context, n *Node) error {
	if err := n.emptyStore(ctx); err != nil {
		return r.refused(err)
	}
	if err := r.plan.Empty(ctx, n.broker); err != nil {
		if errors.Is(err, archive.ErrNotEmpty) {
			return r.refused(err)
		}
		return err
	}
	r.mark.Checked = true
	return writeMark(&r.cfg, *r.mark)
}

// refused takes back the note of a restore that has appended nothing.
func (r *restore) refused(err error) error { return errors.Join(err, r.forget()) }

func (r *restore) forget() error {
	if err := os.Remove(restoreMark(&r.cfg)); err != nil {
		return fmt.Errorf("removing the note of the restore: %w", err)
	}
	return nil
}

// emptyStore refuses a store that belongs to another log.
func (n *Node) emptyStore(ctx context.Context) error {
	for _, t := range schema.Topics() {
		for p := range t.Partitions {
			next, _, err := n.store.Position(ctx, t.Name, uint32(p))
			if err != nil {
				return err
			}
			if next > 0 {
				return fmt.Errorf("the store is not empty: it has %d records of topic %s. Name another database for the restored log (store.database)", next, t.Name)
			}
		}
	}
	return nil
}
