package console

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// The page is built into dist by the build of dashboards/console/web.
//
//go:embed all:dist
var dist embed.FS

// file is one file of the page, ready to send.
type file struct {
	kind   string
	etag   string
	raw    []byte
	packed []byte // gzip; nil where it gains nothing
}

// pages serves the page. Files whose name holds a hash of their content never change.
type pages struct{ files map[string]*file }

func newPages() (*pages, error) {
	p := &pages{files: map[string]*file{}}
	err := fs.WalkDir(dist, "dist", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".") {
			return err
		}
		raw, err := dist.ReadFile(name)
		if err != nil {
			return err
		}
		f, err := newFile(name, raw)
		p.files[strings.TrimPrefix(name, "dist")] = f
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the console's page: %w", err)
	}
	return p, nil
}

func newFile(name string, raw []byte) (*file, error) {
	kind := mime.TypeByExtension(path.Ext(name))
	// The system's table of types may be anything; these decide whether the page works.
	switch path.Ext(name) {
	case ".js", ".mjs":
		kind = "text/javascript; charset=utf-8"
	case ".css":
		kind = "text/css; charset=utf-8"
	case ".html":
		kind = "text/html; charset=utf-8"
	case ".svg":
		kind = "image/svg+xml"
	case ".woff2":
		kind = "font/woff2"
	case "":
		kind = "application/octet-stream"
	}
	sum := sha256.Sum256(raw)
	f := &file{kind: kind, raw: raw, etag: `"` + hex.EncodeToString(sum[:12]) + `"`}
	const worthIt = 4 << 10
	if len(raw) < worthIt || !(strings.HasPrefix(kind, "text/") || strings.HasPrefix(kind, "application/j")) {
		return f, nil
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(raw); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	f.packed = b.Bytes()
	return f, nil
}

// ServeHTTP sends a file, or the page itself for an address inside it.
func (p *pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
		return
	}
	name := path.Clean("/" + r.URL.Path)
	f := p.files[name]
	// An address of the page has no file name; a missing file must not become the page.
	if f == nil && (path.Ext(name) == "" || strings.HasPrefix(name, "/violations/")) {
		name = "/index.html"
		f = p.files[name]
		if f == nil {
			http.Error(w, "The console's page is not part of this build: run make web, then build the program again.", http.StatusServiceUnavailable)
			return
		}
	}
	if f == nil {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("ETag", f.etag)
	h.Set("Vary", "Accept-Encoding")
	h.Set("Cache-Control", "no-cache")
	if strings.HasPrefix(name, "/assets/") {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if r.Header.Get("If-None-Match") == f.etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := f.raw
	if f.packed != nil && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = f.packed
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the client is gone when this fails
	}
}
