package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linesman/dashboards/boards"
	"linesman/dashboards/plugin"
)

func TestPack(t *testing.T) {
	dir := t.TempDir()
	binary := filepath.Join(dir, "b")
	if err := os.WriteFile(binary, []byte("program"), 0o600); err != nil {
		t.Fatal(err)
	}
	files := []source{{"../web/plugin.json", "plugin.json", 0o644}, {binary, "gpx_linesman_linux_amd64", 0o755}, {"../web/img/logo.svg", "img/logo.svg", 0o644}}
	raw, err := pack("1.2.3", "2026-11-22", files)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(binary, time.Unix(1, 0), time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	again, err := pack("1.2.3", "2026-11-22", files)
	if err != nil || !bytes.Equal(raw, again) {
		t.Errorf("packing again gave other bytes: %v", err)
	}
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range z.File {
		names = append(names, f.Name+" "+f.Mode().String())
		if f.Name != plugin.ID+"/plugin.json" {
			continue
		}
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		var p struct {
			ID, Executable                                     string
			Backend, Alerting, Annotations, Streaming, Metrics bool
			Info                                               struct{ Version, Updated string }
		}
		if err := json.Unmarshal(text, &p); err != nil {
			t.Fatal(err)
		}
		if p.ID != plugin.ID || plugin.ID != boards.DatasourceType || p.Executable != "gpx_linesman" || !p.Backend || !p.Alerting || !p.Annotations || !p.Streaming || !p.Metrics || p.Info.Version != "1.2.3" || p.Info.Updated != "2026-11-22" {
			t.Errorf("plugin.json says %+v", p)
		}
	}
	if got := strings.Join(names, ", "); got != "linesman-datasource/plugin.json -rw-r--r--, linesman-datasource/gpx_linesman_linux_amd64 -rwxr-xr-x, linesman-datasource/img/logo.svg -rw-r--r--" {
		t.Errorf("the zip holds %s", got)
	}
	for _, bad := range [][2]string{{"", "2026-11-22"}, {"1", "today"}, {`1"`, "2026-11-22"}} {
		if _, err := pack(bad[0], bad[1], files); err == nil {
			t.Errorf("packed version %q of %q", bad[0], bad[1])
		}
	}
}
