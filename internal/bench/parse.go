package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"linesman/ingest"
	"linesman/ingest/unpack"
	"linesman/internal/config"
	"linesman/internal/node"
	"linesman/internal/pseudonym"
	"linesman/schema"
)

// parse measures each format alone on the demo region's files: bytes to records, no log.
func (o *options) parse(ctx context.Context, cfg config.Config, files string) error {
	formats, err := node.Formats(cfg, pseudonym.New([]byte("bench")), nil)
	if err != nil {
		return err
	}
	groups := []struct{ title, collector, prefix string }{
		{"parse cucm (gzip included)", "cucm", "cdr_"}, {"parse itemised norrtele", "itemised", "norrtele"},
		{"parse itemised fjordtel (zip included)", "itemised", "fjordtel"}, {"parse melior", "melior", ""}, {"parse contacts", "contacts", ""}, {"parse reference", "reference", ""},
	}
	for _, g := range groups {
		var sum parsed
		err := o.step(g.title+", one core", func() error {
			sum, err = parseFolder(ctx, formats[g.collector], filepath.Join(files, g.collector), g.prefix)
			return err
		}, func(sec, cpu float64) string {
			return fmt.Sprintf("%.0f records/s, %.0f MB/s (%.1f s wall, %.1f s CPU; %d records)", float64(sum.records)/sec, float64(sum.bytes)/1e6/sec, sec, cpu, sum.records)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

type parsed struct {
	records uint64
	bytes   int64
}

func parseFolder(ctx context.Context, f ingest.Format, dir, prefix string) (parsed, error) {
	var sum parsed
	paths, err := filepath.Glob(filepath.Join(dir, prefix+"*"))
	if err != nil {
		return sum, err
	}
	sort.Strings(paths)
	for _, p := range paths {
		if strings.Contains(p, "felaktig") { // refused on purpose
			continue
		}
		file, err := os.Open(p)
		if err != nil {
			return sum, err
		}
		err = unpackAll(file, p, func(name string, body io.Reader) error {
			count := &counted{r: body}
			s, err := f.Read(ctx, ingest.Input{Name: name, Body: count, Now: time.Now(), FileID: schema.NewID("bench", name)}, nothing{})
			sum.records += s.Read
			sum.bytes += count.n
			return err
		})
		_ = file.Close()
		if err != nil {
			return sum, fmt.Errorf("%s: %w", p, err)
		}
	}
	return sum, nil
}

func unpackAll(file *os.File, path string, each func(name string, body io.Reader) error) error {
	st, err := file.Stat()
	if err != nil {
		return err
	}
	return unpack.Each(filepath.Base(path), file, st.Size(), unpack.Limits{}, func(f *unpack.File) error { return each(f.Name, f) })
}

type counted struct {
	r io.Reader
	n int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// nothing is a sink that keeps nothing.
type nothing struct{}

func (nothing) Usage(*schema.Usage) error                   { return nil }
func (nothing) Watch(*schema.Watch) error                   { return nil }
func (nothing) Line(*schema.Line) error                     { return nil }
func (nothing) Unit(*schema.Unit) error                     { return nil }
func (nothing) CostCentre(*schema.CostCentre) error         { return nil }
func (nothing) NumberRange(*schema.NumberRange) error       { return nil }
func (nothing) Approval(*schema.Approval) error             { return nil }
func (nothing) Amendment(string, *schema.Amendment) error   { return nil }
func (nothing) Price(*schema.Price) error                   { return nil }
func (nothing) Goal(*schema.Goal) error                     { return nil }
func (nothing) Contact(*schema.Contact) error               { return nil }
func (nothing) Equipment(*schema.Equipment) error           { return nil }
func (nothing) Employment(*schema.Employment) error         { return nil }
func (nothing) TelephoneHours(*schema.TelephoneHours) error { return nil }
func (nothing) AllocationRule(*schema.AllocationRule) error { return nil }
func (nothing) ExchangeRate(*schema.ExchangeRate) error     { return nil }
func (nothing) AccessGrant(*schema.AccessGrant) error       { return nil }
func (nothing) Invoice(*schema.Invoice) error               { return nil }
func (nothing) InvoiceLine(*schema.InvoiceLine) error       { return nil }
func (nothing) Reject(ingest.Reject) error                  { return nil }
