package archive

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// gateway runs an S3 server on a folder with an empty bucket, with TLS or without.
func gateway(t *testing.T, tls bool) (S3, string) {
	t.Helper()
	program := tool(t, "bin/versitygw")
	root, side := t.TempDir(), t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "books"), 0o755); err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	args := []string{"--port", addr, "--access", "AKtest", "--secret", "not-so-secret", "--quiet"}
	s3 := S3{Endpoint: "http://" + addr, Region: "us-east-1", AccessKey: "AKtest", SecretKey: "not-so-secret", PathStyle: true}
	if tls {
		cert, key := certificate(t)
		args = append(args, "--cert", cert, "--key", key)
		s3.Endpoint, s3.CAFile = "https://"+addr, cert
	}
	out, err := os.Create(filepath.Join(t.TempDir(), "gateway.log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, append(args, "posix", "--sidecar", side, root)...)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = out.Close()
	})
	deadline := time.Now().Add(time.Minute)
	for {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			_ = conn.Close()
			return s3, filepath.Join(root, "books")
		}
		if time.Now().After(deadline) {
			raw, _ := os.ReadFile(out.Name())
			t.Fatalf("the S3 server did not start: %v\n%s", err, raw)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// certificate makes a certificate for this machine that signs itself.
func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

func TestBucket(t *testing.T) {
	for name, tls := range map[string]bool{"http": false, "https": true} {
		t.Run(name, func(t *testing.T) {
			s3, root := gateway(t, tls)
			spool := filepath.Join(t.TempDir(), "spool")
			st, err := Open("s3://books/region/one/", s3, spool)
			if err != nil {
				t.Fatal(err)
			}
			if st.String() != "s3://books/region/one" {
				t.Errorf("%s", st)
			}
			log := filled(t, 12_000, at("2026-10-31T23:00:00.000Z"))
			res := write(t, log, st, Options{Now: at("2026-11-02T00:00:00.000Z"), Program: "test", Workers: 2})
			if res.Records == 0 || res.Left == 0 {
				t.Fatalf("%+v", res)
			}
			more := write(t, log, st, everything)
			if more.Before != res.Records || more.Head.Number != 2 || more.Before+more.Records != 12_000+6_001+9+3 {
				t.Fatalf("%+v", more)
			}
			checked(t, st)
			back := openLog(t)
			if _, err := restoreInto(t, back, st, false); err != nil {
				t.Fatal(err)
			}
			same(t, back, log)
			if left, err := os.ReadDir(spool); err != nil || len(left) > 0 {
				t.Errorf("left on the way: %v, %v", left, err)
			}
			damagedBucket(t, st, filepath.Join(root, "region", "one"))
		})
	}
}

func damagedBucket(t *testing.T, st Store, dir string) {
	t.Helper()
	// Two runs at the same time: the second one's manifest is refused.
	if err := st.Create(t.Context(), manifestName(1), []byte("other")); !errors.Is(err, ErrExists) {
		t.Errorf("a manifest was overwritten: %v", err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "linesman.calls", "p0", "*", "*.parquet"))
	if err != nil || len(files) != 2 {
		t.Fatalf("%v, %v", files, err)
	}
	rewritten(t, files[0], func(raw []byte) []byte { raw[100] ^= 1; return raw })
	if err := os.Remove(files[1]); err != nil {
		t.Fatal(err)
	}
	rep, err := Check(t.Context(), st, Head{}, nil)
	text := strings.Join(rep.Problems, "\n")
	if err != nil || len(rep.Problems) != 2 || !strings.Contains(text, "its content was changed") || !strings.Contains(text, "the file is missing") {
		t.Errorf("%q, %v", rep.Problems, err)
	}
}

func TestBucketThatCannotBeReached(t *testing.T) {
	s3, _ := gateway(t, false)
	log := filled(t, 10, at("2026-10-31T23:00:00.000Z"))
	wrong := s3
	wrong.SecretKey = "another"
	for name, c := range map[string]struct {
		target string
		s3     S3
		want   string
	}{
		"no such bucket": {"s3://nobooks", s3, "there is no bucket nobooks"},
		"wrong secret":   {"s3://books", wrong, "s3://books"},
	} {
		st, err := Open(c.target, c.s3, t.TempDir())
		if err == nil {
			_, err = Write(t.Context(), log, st, everything)
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), c.s3.SecretKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTargets(t *testing.T) {
	keys := S3{AccessKey: "a", SecretKey: "b"}
	for target, c := range map[string]struct {
		s3   S3
		want string
	}{
		"":               {keys, "no archive is named"},
		"s3://":          {keys, "want s3://bucket/prefix"},
		"s3://b":         {S3{}, "LINESMAN_ARCHIVE_S3_SECRET_KEY"},
		"s3://b/p":       {S3{AccessKey: "a", SecretKey: "b", Endpoint: "storage.example.org"}, "archive.s3.endpoint"},
		"s3://b/q":       {S3{AccessKey: "a", SecretKey: "b", CAFile: "missing.pem"}, "archive.s3.ca_file"},
		"https://b/p":    {keys, "want a folder or s3://bucket/prefix"},
		"gs://bucket/xx": {keys, "want a folder or s3://bucket/prefix"},
	} {
		if _, err := Open(target, c.s3, ""); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", target, err, c.want)
		}
	}
	for target, want := range map[string]string{"s3://b": "s3://b", "s3://b/p/q/": "s3://b/p/q"} {
		if st, err := Open(target, keys, ""); err != nil || st.String() != want {
			t.Errorf("%q: %v, %v", target, st, err)
		}
	}
}
