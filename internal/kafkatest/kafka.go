// Package kafkatest runs a real Apache Kafka for tests: brokers in KRaft mode
// as Java processes on loopback, with an open listener and one with TLS and
// SCRAM. scripts/install-kafka.sh fetches the jars.
//
// Tests with it run only when LINESMAN_KAFKA=1 (`make test-kafka`), so that
// ordinary tests need no Java.
package kafkatest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Version of Apache Kafka that scripts/install-kafka.sh installs.
const Version = "4.2.1"

const (
	// startTimeout is generous: a broker takes some seconds when it is alone on
	// a machine.
	startTimeout = 3 * time.Minute
	stopTimeout  = time.Minute

	envRun     = "LINESMAN_KAFKA"         // 1: run these tests
	envRequire = "LINESMAN_REQUIRE_KAFKA" // 1: fail instead of skipping
	envCache   = "LINESMAN_CACHE"         // the folder scripts/install-kafka.sh installs into
	envLogs    = "LINESMAN_KAFKA_LOGS"    // keep data and logs in this folder
)

// User may log in on the secure listener, with SCRAM-SHA-256 and SCRAM-SHA-512.
// Both are plain ASCII without quotes, commas and equal signs: Kafka's tool reads
// them from its command line.
type User struct {
	Name, Password string
}

// Admin is a user that every Kafka has. It is allowed everything.
func Admin() User { return User{Name: "admin", Password: "admin secret"} }

// Options say what to start; the zero value is one open broker.
type Options struct {
	// Brokers is how many; zero means one. Every broker is a controller too.
	Brokers int
	// Users beside Admin.
	Users []User
	// Authorize switches access control lists on. Admin and everyone on the open
	// listener may do everything, other users what lists allow.
	Authorize bool
	// Config are broker settings that replace those of this package.
	Config map[string]string
}

// Kafka is a running cluster.
type Kafka struct {
	// Plain are the addresses of the open listeners, Secure those with TLS and
	// SCRAM, by broker.
	Plain, Secure []string
	// CAFile is the authority that signed the certificates of the secure
	// listeners, as a PEM file.
	CAFile string
	// Dir holds data and logs, a folder for each broker.
	Dir string

	t     testing.TB
	java  string
	jars  string
	nodes []*node
}

// Start starts a cluster that ends with the test. The test is skipped when
// these tests are not asked for or when Java or the jars are missing.
func Start(t testing.TB, opts Options) *Kafka {
	t.Helper()
	java, jars := Require(t)
	k := &Kafka{t: t, java: java, jars: jars, Dir: logDir(t)}
	if err := k.prepare(opts); err != nil {
		t.Fatalf("preparing Kafka: %v", err)
	}
	t.Cleanup(k.end)
	started := time.Now()
	k.Restart()
	t.Logf("Kafka %s with %d broker(s) is up after %v", Version, len(k.nodes), time.Since(started).Round(time.Millisecond))
	return k
}

// Require gives the Java program and the folder of Kafka's jars. It skips the
// test where there is none, see Start.
func Require(t testing.TB) (java, jars string) {
	t.Helper()
	if os.Getenv(envRun) != "1" {
		t.Skipf("needs a real Kafka: run `make test-kafka` (%s=1)", envRun)
	}
	jars = Jars()
	java, err := exec.LookPath("java")
	if err == nil {
		_, err = os.Stat(filepath.Join(jars, "kafka_2.13-"+Version+".jar"))
	}
	switch {
	case err == nil:
		return java, jars
	case os.Getenv(envRequire) == "1":
		t.Fatalf("a real Kafka is asked for but cannot run: %v; run scripts/install-kafka.sh", err)
	}
	t.Skipf("no real Kafka here: %v; run scripts/install-kafka.sh", err)
	return "", ""
}

// Jars is the folder where scripts/install-kafka.sh puts Kafka.
func Jars() string {
	cache := os.Getenv(envCache)
	if cache == "" {
		dir, err := os.UserCacheDir()
		if err != nil { // no HOME: the missing file will say so
			dir = filepath.Join(string(filepath.Separator), "var", "cache")
		}
		cache = filepath.Join(dir, "linesman")
	}
	return filepath.Join(cache, "kafka", Version)
}

// logDir is where data and logs go: below the folder that the environment names,
// where they stay, or a temporary one.
func logDir(t testing.TB) string {
	root := os.Getenv(envLogs)
	if root == "" {
		return t.TempDir()
	}
	if err := os.MkdirAll(root, 0o755); err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp(root, strings.ReplaceAll(t.Name(), string(filepath.Separator), "_")+"-")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("Kafka's data and logs stay in %s", dir)
	return dir
}

// end stops everything and shows the logs of a failed test.
func (k *Kafka) end() {
	if k.t.Failed() {
		for _, n := range k.nodes {
			k.t.Logf("end of the log of broker %d:\n%s", n.id, n.tail(40))
		}
	}
	for _, n := range k.nodes {
		n.kill()
	}
}

// Restart starts the brokers that do not run, on the same data and ports, and
// waits until the cluster answers.
func (k *Kafka) Restart() {
	k.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	for _, n := range k.nodes {
		if err := n.start(k.java, k.jars); err != nil {
			k.t.Fatalf("starting Kafka broker %d: %v", n.id, err)
		}
	}
	for _, n := range k.nodes {
		if err := n.awaitReady(ctx, len(k.nodes)); err != nil {
			k.t.Fatalf("waiting for Kafka broker %d: %v\n%s", n.id, err, n.tail(40))
		}
	}
}

// Stop ends all brokers in an orderly way (SIGTERM).
func (k *Kafka) Stop() {
	k.t.Helper()
	for i := range k.nodes {
		k.StopBroker(i)
	}
}

// Kill ends all brokers at once (SIGKILL).
func (k *Kafka) Kill() {
	k.t.Helper()
	for i := range k.nodes {
		k.KillBroker(i)
	}
}

// StopBroker ends one broker in an orderly way, by its place in Plain.
func (k *Kafka) StopBroker(i int) {
	k.t.Helper()
	if err := k.nodes[i].stop(); err != nil {
		k.t.Fatalf("stopping Kafka broker %d: %v", k.nodes[i].id, err)
	}
}

// KillBroker ends one broker at once.
func (k *Kafka) KillBroker(i int) { k.nodes[i].kill() }

// Freeze stops all brokers from running without ending them, until Thaw: their
// connections stay open and silent.
func (k *Kafka) Freeze() { k.signal(freezeSignal) }

// Thaw lets frozen brokers go on.
func (k *Kafka) Thaw() { k.signal(thawSignal) }

func (k *Kafka) signal(s os.Signal) {
	k.t.Helper()
	for _, n := range k.nodes {
		if err := n.signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
			k.t.Fatalf("signalling Kafka broker %d: %v", n.id, err)
		}
	}
}

// prepare writes certificates and settings and formats the data folders.
func (k *Kafka) prepare(opts Options) error {
	count := max(opts.Brokers, 1)
	var err error
	var keyStore string
	if k.CAFile, keyStore, err = writeCertificates(k.Dir); err != nil {
		return err
	}
	var voters []string
	for i := range count {
		n := &node{id: i + 1, dir: filepath.Join(k.Dir, fmt.Sprint("broker", i+1))}
		if n.plain, err = freeAddress(); err == nil {
			if n.secure, err = freeAddress(); err == nil {
				n.controller, err = freeAddress()
			}
		}
		if err != nil {
			return err
		}
		voters = append(voters, fmt.Sprintf("%d@%s", n.id, n.controller))
		k.nodes = append(k.nodes, n)
		k.Plain, k.Secure = append(k.Plain, n.plain), append(k.Secure, n.secure)
	}
	for _, n := range k.nodes {
		if err := n.configure(opts, strings.Join(voters, ","), count, keyStore); err != nil {
			return err
		}
		if err := n.format(k.java, k.jars, append([]User{Admin()}, opts.Users...)); err != nil {
			return err
		}
	}
	return nil
}
