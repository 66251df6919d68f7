package collector

import (
	"archive/zip"
	"bytes"
	"context"
	"strings"
	"testing"

	"linesman/schema"

	"github.com/klauspost/compress/gzip"
)

func gzipped(s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(s)) // a buffer takes everything
	_ = z.Close()
	return b.String()
}

func zipped(t testing.TB, files ...string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		w, err := z.Create(files[i])
		if err == nil {
			_, err = w.Write([]byte(files[i+1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestArchive(t *testing.T) {
	body := zipped(t, "../../a.txt", "call L1 1\n", "sub/b_198001019804.txt", "call L1 2\nrefuse\n", "c.txt", "call L1 3\nbad x\n")
	log := tap(t)
	r, err := newCollector(t, testConfig(), log).Collect(context.Background(), "words", "all.zip", strings.NewReader(body), int64(len(body)))
	if err != nil {
		t.Fatal(err)
	}
	if !r.Failed() || r.Read != 4 || r.Sent != 3 || r.Rejected != 1 || len(r.Members) != 3 || r.Size != uint64(len(body)) {
		t.Errorf("report %s", r)
	}
	var names []string
	for _, rec := range log.topic(t, schema.TopicFiles) {
		f := decode(t, schema.FileTable(), rec)
		names = append(names, f.Name+" "+f.State)
	}
	if want := "all.zip/a.txt done, all.zip/b_xxxxxxxxxxxx.txt failed, all.zip/c.txt done"; strings.Join(names, ", ") != want {
		t.Errorf("file reports %v, want %s", names, want)
	}
}

func TestDamagedArchive(t *testing.T) {
	body := zipped(t, "a.txt", "call L1 1\n")
	for name, b := range map[string]string{"cut short": body[:len(body)-10], "without files": zipped(t)} {
		t.Run(name, func(t *testing.T) {
			log := tap(t)
			r, err := newCollector(t, testConfig(), log).Collect(context.Background(), "words", "all.zip", strings.NewReader(b), int64(len(b)))
			if err != nil || !r.Failed() || r.FileID.IsZero() || r.Error == "" {
				t.Fatalf("report %s, error %v", r, err)
			}
			if files := log.topic(t, schema.TopicFiles); len(files) != 1 || decode(t, schema.FileTable(), files[0]).State != schema.FileFailed {
				t.Errorf("%d file reports, want one that failed", len(files))
			}
		})
	}
}

func TestGzip(t *testing.T) {
	body := gzipped("call L1 1\ncall L1 2\n")
	log := tap(t)
	r, err := newCollector(t, testConfig(), log).Collect(context.Background(), "words", "a.txt.gz", strings.NewReader(body), int64(len(body)))
	if err != nil || r.Failed() || r.Sent != 2 || r.Size != uint64(len(body)) || r.Name != "a.txt.gz" {
		t.Errorf("report %s size %d, error %v", r, r.Size, err)
	}
}
