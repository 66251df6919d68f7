package node

import (
	"context"
	"encoding/json"
	"errors"

	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"linesman/ingest"
	"linesman/ingest/collector"
	"linesman/ingest/contacts"
	"linesman/ingest/cucm"
	"linesman/ingest/invoice"
	"linesman/ingest/itemised"
	"linesman/ingest/melior"
	"linesman/ingest/reference"
	"linesman/ingest/unpack"
	"linesman/internal/broker"
	"linesman/internal/config"
	"linesman/internal/pseudonym"
	"linesman/schema/phone"
)

// LoadProfiles returns the built-in profiles of itemised files and those of a folder, if one
// is named. A profile of the folder replaces a built-in one of the same name.
func LoadProfiles(dir string) (map[string]*itemised.Profile, error) {
	profiles, err := itemised.Builtin()
	if err != nil || dir == "" {
		return profiles, err
	}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if ext := filepath.Ext(path); err != nil || d.IsDir() || (ext != ".yaml" && ext != ".yml") {
			return err
		}
		p, err := LoadProfile(path)
		if err != nil {
			return err
		}
		profiles[p.Name] = p
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("profiles in %s: %w", dir, err)
	}
	return profiles, nil
}

// LoadProfile reads one profile.
func LoadProfile(path string) (*itemised.Profile, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening the profile: %w", err)
	}
	defer func() { _ = f.Close() }()
	return itemised.Load(f, path)
}

// Formats makes the formats of all collectors. forced, if not nil, is the profile of every
// itemised file.
func Formats(cfg config.Config, key *pseudonym.Key, forced *itemised.Profile) (map[string]ingest.Format, error) {
	zone, err := time.LoadLocation(cfg.Zone)
	if err != nil {
		return nil, fmt.Errorf("zone: %w", err)
	}
	exchange, err := phone.New("SE", phone.Exchange)
	if err != nil {
		return nil, err
	}
	calls, err := cucm.New(cucm.Config{Zone: cfg.Zone}, key, exchange)
	if err != nil {
		return nil, err
	}
	statements, err := reference.New(key, exchange, zone)
	if err != nil {
		return nil, err
	}
	profiles, err := LoadProfiles(cfg.Ingest.Profiles)
	if err != nil {
		return nil, err
	}
	name := ""
	if forced != nil {
		name = forced.Name
		profiles[name] = forced
	}
	bills, err := itemised.New(itemised.Config{Profiles: profiles, Profile: name, Key: key, Zone: cfg.Zone})
	if err != nil {
		return nil, err
	}
	invoices, err := invoice.New(invoice.Config{Key: key, Suppliers: cfg.Invoices.Suppliers, Detail: bills, Zone: cfg.Zone,
		Limits: invoice.Limits{Attachments: cfg.Invoices.MaxAttachments}})
	if err != nil {
		return nil, err
	}
	out := map[string]ingest.Format{}
	for _, f := range []ingest.Format{calls, statements, bills, melior.New(zone), contacts.New(zone), invoices} {
		out[f.Name()] = f
	}
	return out, nil
}

func (n *Node) newCollector(forced *itemised.Profile) (*collector.Collector, error) {
	formats, err := Formats(n.cfg, n.key, forced)
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(n.cfg.Zone)
	if err != nil {
		return nil, err
	}
	limits := unpack.Limits{MaxBytes: n.cfg.Ingest.MaxFile}
	return collector.New(collector.Config{Key: n.key, Limits: limits, Zone: zone}, n.broker, formats, n.log)
}

// CollectRequest asks for one file to be collected.
type CollectRequest struct {
	Collector string
	Name      string // file name, for messages and the report
	Size      int64  // bytes; 0: not known
	Profile   string // text of a profile (YAML) for an itemised file; empty: recognised by the header
	DryRun    bool
	Show      int // dry run: records and rejects to show
}

// CollectResult is the report, and what a dry run shows.
type CollectResult struct {
	Report ingest.Report     `json:"report"`
	Shown  []json.RawMessage `json:"shown,omitempty"` // records and rejects, one object each
}

// Collect reads one file into the log, or only shows what would be read of it.
func (n *Node) Collect(ctx context.Context, req CollectRequest, body io.Reader) (CollectResult, error) {
	c := n.collector
	if req.Profile != "" {
		p, err := itemised.Load(strings.NewReader(req.Profile), "profile")
		if err != nil {
			return CollectResult{}, err
		}
		if c, err = n.newCollector(p); err != nil {
			return CollectResult{}, err
		}
	}
	return collectWith(ctx, c, req, body)
}

func collectWith(ctx context.Context, c *collector.Collector, req CollectRequest, body io.Reader) (CollectResult, error) {
	var res CollectResult
	var err error
	if req.DryRun {
		opt := collector.DryOptions{Records: req.Show, Rejects: req.Show}
		var wrong error
		res.Report, err = c.DryRun(ctx, req.Collector, req.Name, body, req.Size, opt, func(s collector.Shown) {
			raw, err := json.Marshal(s)
			if err != nil {
				wrong = err
			}
			res.Shown = append(res.Shown, raw)
		})
		return res, errors.Join(err, wrong)
	}
	res.Report, err = c.Collect(ctx, req.Collector, req.Name, body, req.Size)
	return res, logFull(err)
}

// logFull names the setting that an error about a full log is about.
func logFull(err error) error {
	if errors.Is(err, broker.ErrLogFull) {
		return fmt.Errorf("%w (setting broker.max_bytes)", err)
	}
	return err
}

// DryRun shows what would be read of a file, without a data directory.
func DryRun(ctx context.Context, cfg config.Config, req CollectRequest, body io.Reader) (CollectResult, error) {
	// The key only blurs: a dry run needs none that anybody else has.
	key := pseudonym.New([]byte("dry run"))
	var forced *itemised.Profile
	if req.Profile != "" {
		p, err := itemised.Load(strings.NewReader(req.Profile), "profile")
		if err != nil {
			return CollectResult{}, err
		}
		forced = p
	}
	formats, err := Formats(cfg, key, forced)
	if err != nil {
		return CollectResult{}, err
	}
	c, err := collector.New(collector.Config{Key: key, Limits: unpack.Limits{MaxBytes: cfg.Ingest.MaxFile}}, nil, formats, cfg.Logger())
	if err != nil {
		return CollectResult{}, err
	}
	if _, ok := formats[req.Collector]; !ok {
		return CollectResult{}, unknownCollector(req.Collector)
	}
	req.DryRun = true
	return collectWith(ctx, c, req, body)
}

func unknownCollector(name string) error {
	return fmt.Errorf("there is no collector %q: use one of %s", name, strings.Join(Collectors(), ", "))
}
