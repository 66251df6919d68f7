// Command pack puts the data source into the zip that is unpacked in Grafana's folder of plugins.
// The same input gives the same bytes.
package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"linesman/dashboards/plugin"
)

// source is a file of the zip: where it lies, and as what it is packed.
type source struct {
	from, as string
	mode     fs.FileMode
}

func main() {
	version := flag.String("version", "", "version of the plugin")
	date := flag.String("date", "", "day of the version, yyyy-mm-dd")
	binary := flag.String("binary", "", "the backend, built for linux/amd64")
	dir := flag.String("dir", "dashboards/plugin", "folder of the plugin")
	license := flag.String("license", "LICENSE", "file of the licence")
	out := flag.String("out", "", "the zip")
	flag.Parse()
	if err := run(*version, *date, *binary, *dir, *license, *out); err != nil {
		fmt.Fprintln(os.Stderr, "pack:", err)
		os.Exit(1)
	}
}

func run(version, date, binary, dir, license, out string) error {
	raw, err := pack(version, date, []source{
		{filepath.Join(dir, "web", "plugin.json"), "plugin.json", 0o644},
		{binary, "gpx_linesman_linux_amd64", 0o755},
		{filepath.Join(dir, "web", "dist", "module.js"), "module.js", 0o644},
		{filepath.Join(dir, "web", "img", "logo.svg"), "img/logo.svg", 0o644},
		{filepath.Join(dir, "README.md"), "README.md", 0o644},
		{license, "LICENSE", 0o644},
	})
	if err != nil {
		return err
	}
	if err := os.WriteFile(out, raw, 0o644); err != nil {
		return fmt.Errorf("writing the zip: %w", err)
	}
	return nil
}

// pack makes the zip. Version and day are written into plugin.json, and the day is that of every file.
func pack(version, date string, files []source) ([]byte, error) {
	day, err := time.Parse(time.DateOnly, date)
	if err != nil || version == "" {
		return nil, fmt.Errorf("a zip needs a version and a day: %q, %q", version, date)
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range files {
		raw, err := os.ReadFile(f.from)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", f.as, err)
		}
		if f.as == "plugin.json" {
			raw = bytes.ReplaceAll(bytes.ReplaceAll(raw, []byte("%VERSION%"), []byte(version)), []byte("%TODAY%"), []byte(date))
			if !json.Valid(raw) {
				return nil, fmt.Errorf("plugin.json is not JSON any more with version %q", version)
			}
		}
		h := &zip.FileHeader{Name: plugin.ID + "/" + f.as, Method: zip.Deflate, Modified: day}
		h.SetMode(f.mode)
		w, err := z.CreateHeader(h)
		if err != nil {
			return nil, fmt.Errorf("packing %s: %w", f.as, err)
		}
		if _, err := w.Write(raw); err != nil {
			return nil, fmt.Errorf("packing %s: %w", f.as, err)
		}
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("closing the zip: %w", err)
	}
	return b.Bytes(), nil
}
