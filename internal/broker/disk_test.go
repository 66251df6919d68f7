package broker

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	kafka "github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kfake"
)

func TestADiskThatIsFullIsNamed(t *testing.T) {
	var out bytes.Buffer
	e := &embedded{}
	l := &serverLog{log: slog.New(slog.NewTextHandler(&out, nil)), disk: &e.disk}
	full := &fs.PathError{Op: "write", Path: "/var/lib/linesman/log/data/partitions/x/0.dat", Err: syscall.ENOSPC}
	for range 3 {
		l.Logf(kfake.LogLevelWarn, "persist batch %s-%d: %v", "linesman.calls", int32(1), full)
	}
	line := out.String()
	if strings.Count(line, "\n") != 1 || !strings.Contains(line, "level=ERROR") || !strings.Contains(line, "no space left on device") || !strings.Contains(line, "free space") || strings.Contains(line, "/var/lib") {
		t.Errorf("the server's words became %s", line)
	}
	b := &Broker{embedded: e}
	err := b.judge(kafka.Unknown)
	var code kafka.Error
	if !errors.Is(err, ErrDisk) || !errors.Is(err, syscall.ENOSPC) || !errors.As(err, &code) || !strings.Contains(err.Error(), "no space left on device") {
		t.Errorf("the refusal says %v", err)
	}
	if temporary(err) {
		t.Error("a full disk is not tried again within one call: the inbox waits")
	}
	if err := b.judge(nil); err != nil || b.DiskError() != nil {
		t.Errorf("after a batch that was written: %v, %v", err, b.DiskError())
	}
	if err := b.judge(kafka.Unknown); !errors.Is(err, kafka.Unknown) || errors.Is(err, ErrDisk) {
		t.Errorf("another refusal became %v", err)
	}
}

// The real server meets a folder that it cannot write into: where the partition's files
// should be, there is a file.
func TestALogThatCannotBeWrittenSaysWhy(t *testing.T) {
	dir := t.TempDir()
	b, err := Open(t.Context(), Config{Dir: dir, NoSync: true}, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = b.Close(context.Background()) }()
	if err := b.EnsureTopics(t.Context(), []TopicSpec{{Name: "x", Partitions: 1}}); err != nil {
		t.Fatal(err)
	}
	where := filepath.Join(dir, dataDir, "partitions", "x-0")
	if err := os.MkdirAll(filepath.Dir(where), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(where, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = b.Produce(t.Context(), "x", 0, []Record{{Value: []byte("v")}})
	if !errors.Is(err, ErrDisk) || !errors.Is(b.DiskError(), syscall.ENOTDIR) {
		t.Errorf("producing says %v, health %v", err, b.DiskError())
	}
	if err := os.Remove(where); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Produce(t.Context(), "x", 0, []Record{{Value: []byte("v")}}); err != nil || b.DiskError() != nil {
		t.Errorf("after it was mended: %v, health %v", err, b.DiskError())
	}
}
