package archive

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"time"
)

const (
	// Format names what a manifest describes, FormatVersion its version.
	Format        = "linesman-archive"
	FormatVersion = 1

	manifestDir = "manifests"
	// maxManifest bounds the memory that a manifest can ask for.
	maxManifest = 256 << 20
)

// Manifest lists the files that one run added.
type Manifest struct {
	Format   string `json:"format"`
	Version  int    `json:"version"`
	Number   int    `json:"number"`          // from 1
	Previous string `json:"previous_sha256"` // of the manifest before, as it stands in the archive; empty for the first
	// Self is the SHA-256 of this manifest with an empty Self: it tells a damaged manifest. Who
	// changes a manifest on purpose can compute it anew; that is told by the next manifest's
	// Previous, or by the head that was noted elsewhere.
	Self    string         `json:"self_sha256"`
	Created time.Time      `json:"created_at"`
	Program string         `json:"program_version"`
	Schema  string         `json:"schema_version"` // version of the records' encoding
	Topics  map[string]int `json:"topics"`         // partitions of each topic of the log
	Files   []File         `json:"files"`
}

// File is one Parquet file: a contiguous range of offsets of one partition.
type File struct {
	Name      string    `json:"name"` // path below the archive's root, with slashes
	Topic     string    `json:"topic"`
	Partition int       `json:"partition"`
	Month     Month     `json:"month"`
	First     int64     `json:"first_offset"`
	Next      int64     `json:"next_offset"` // after the last
	Records   int64     `json:"records"`
	Bytes     int64     `json:"bytes"`
	SHA256    string    `json:"sha256"`
	Earliest  time.Time `json:"first_recorded_at"`
	Latest    time.Time `json:"last_recorded_at"`
	Last      string    `json:"last_record_sha256"` // of the last record: tells whether a log is the one that was archived
}

func (f *File) partition() topicPartition { return topicPartition{f.Topic, f.Partition} }

func manifestName(n int) string { return fmt.Sprintf("%s/%06d.json", manifestDir, n) }

func sum(data []byte) string {
	s := sha256.Sum256(data)
	return hex.EncodeToString(s[:])
}

// encode sets Self and writes the manifest.
func (m *Manifest) encode() ([]byte, error) {
	m.Self = ""
	bare, err := m.marshal()
	if err != nil {
		return nil, err
	}
	m.Self = sum(bare)
	return m.marshal()
}

func (m *Manifest) marshal() ([]byte, error) {
	raw, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return nil, fmt.Errorf("encoding manifest %d: %w", m.Number, err)
	}
	return append(raw, '\n'), nil
}

// decodeManifest reads a manifest and checks it by itself.
func decodeManifest(raw []byte, number int) (*Manifest, error) {
	var m Manifest
	var probe struct {
		Format  string
		Version int
	}
	if err := json.Unmarshal(raw, &probe); err != nil {
		return nil, fmt.Errorf("it is damaged: %w", err)
	}
	if probe.Format != Format || probe.Version != FormatVersion {
		return nil, fmt.Errorf("it has format %q version %d, this program knows %q version %d", probe.Format, probe.Version, Format, FormatVersion)
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&m); err != nil {
		return nil, fmt.Errorf("it is damaged: %w", err)
	}
	self := m.Self
	if again, err := m.encode(); err != nil || m.Self != self || !bytes.Equal(again, raw) {
		return nil, errors.New("it was changed or damaged: its hash of itself does not fit")
	}
	if m.Number != number {
		return nil, fmt.Errorf("it says that it is manifest %d", m.Number)
	}
	for i := range m.Files {
		if err := m.Files[i].check(m.Topics); err != nil {
			return nil, err
		}
	}
	return &m, nil
}

// fileName is what names of files look like: nothing in a manifest leads elsewhere.
var fileName = regexp.MustCompile(`^[a-z][a-z0-9.-]*/p[0-9]+/[0-9-]+/[0-9]{20}-[0-9]{20}-[0-9a-f]{12}\.parquet$`)

func (f *File) check(topics map[string]int) error {
	switch {
	case !fileName.MatchString(f.Name) || strings.Contains(f.Name, ".."):
		return fmt.Errorf("it names a file %q, which is no name of an archive file", f.Name)
	case f.Partition < 0 || f.Partition >= topics[f.Topic]:
		return fmt.Errorf("file %s: the log has no %s", f.Name, f.partition())
	case f.First < 0 || f.Next <= f.First || f.Records != f.Next-f.First:
		return fmt.Errorf("file %s: %d records from offset %d to %d", f.Name, f.Records, f.First, f.Next-1)
	case len(f.SHA256) != 64 || f.Bytes <= 0:
		return fmt.Errorf("file %s: no hash or no size", f.Name)
	}
	return nil
}

// name builds the name of a file. It holds the beginning of the content's hash, so that no
// file ever takes the place of another.
func (f *File) name() string {
	return path.Join(f.Topic, "p"+strconv.Itoa(f.Partition), f.Month.String(), fmt.Sprintf("%020d-%020d-%s.parquet", f.First, f.Next-1, f.SHA256[:12]))
}

// Head names the newest manifest. Noted elsewhere, it tells whether an archive was replaced
// or cut back.
type Head struct {
	Number int    `json:"number"`
	SHA256 string `json:"sha256"`
}

// String writes the head as "3:6f1c…".
func (h Head) String() string { return fmt.Sprintf("%d:%s", h.Number, h.SHA256) }

// ParseHead reads what String wrote.
func ParseHead(s string) (Head, error) {
	number, hash, ok := strings.Cut(s, ":")
	n, err := strconv.Atoi(number)
	if !ok || err != nil || n < 1 || len(hash) != 64 {
		return Head{}, fmt.Errorf("head %q: want the number of a manifest, a colon and its SHA-256, as linesman archive prints it", s)
	}
	return Head{n, hash}, nil
}

// Chain is every manifest of an archive, in order.
type Chain struct {
	Manifests []*Manifest
	Sums      []string // SHA-256 of each
	// Problems lists what does not fit. Reading goes on behind a problem, for a check.
	Problems []string
}

// loadChain reads the manifests.
func loadChain(ctx context.Context, st Store) (*Chain, error) {
	objects, err := st.List(ctx, manifestDir+"/")
	if err != nil {
		return nil, err
	}
	var numbers []int
	c := &Chain{}
	for _, o := range objects {
		n, err := strconv.Atoi(strings.TrimSuffix(path.Base(o.Name), ".json"))
		if err != nil || o.Name != manifestName(n) {
			c.Problems = append(c.Problems, fmt.Sprintf("%s: it is no manifest", o.Name))
			continue
		}
		numbers = append(numbers, n)
	}
	sort.Ints(numbers)
	next, previous := 1, ""
	for _, n := range numbers {
		for ; next < n; next++ {
			c.Problems = append(c.Problems, fmt.Sprintf("%s: it is missing", manifestName(next)))
			previous = ""
		}
		raw, err := readAll(ctx, st, manifestName(n), maxManifest)
		if err != nil {
			return nil, err
		}
		m, err := decodeManifest(raw, n)
		switch {
		case err != nil:
			c.Problems = append(c.Problems, fmt.Sprintf("%s: %v", manifestName(n), err))
		case m.Previous != previous && (previous != "" || n == 1):
			c.Problems = append(c.Problems, fmt.Sprintf("%s: the manifest before it was changed: it has SHA-256 %s, this one expects %s", manifestName(n), orNone(previous), orNone(m.Previous)))
		}
		if err == nil {
			c.Manifests, c.Sums = append(c.Manifests, m), append(c.Sums, sum(raw))
		}
		previous, next = sum(raw), n+1
	}
	return c, nil
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// Head returns the newest manifest's head; the zero Head of an archive without one.
func (c *Chain) Head() Head {
	if len(c.Manifests) == 0 {
		return Head{}
	}
	last := len(c.Manifests) - 1
	return Head{c.Manifests[last].Number, c.Sums[last]}
}

// expect compares the chain with a head that was noted elsewhere.
func (c *Chain) expect(h Head) {
	if h.Number == 0 {
		return
	}
	for i, m := range c.Manifests {
		if m.Number == h.Number {
			if c.Sums[i] != h.SHA256 {
				c.Problems = append(c.Problems, fmt.Sprintf("%s: it was replaced: it has SHA-256 %s, noted was %s", manifestName(h.Number), c.Sums[i], h.SHA256))
			}
			return
		}
	}
	c.Problems = append(c.Problems, fmt.Sprintf("%s: it is missing or damaged, but was noted with SHA-256 %s", manifestName(h.Number), h.SHA256))
}

// Partition is what an archive holds of one partition.
type Partition struct {
	Topic     string `json:"topic"`
	Partition int    `json:"partition"`
	First     int64  `json:"first_offset"`
	Next      int64  `json:"next_offset"`
	Files     []File `json:"-"`
}

// partitions puts the files of all manifests in order. What the log has and no file holds is
// a partition with First and Next 0.
func (c *Chain) partitions() []*Partition {
	by := map[topicPartition]*Partition{}
	for _, m := range c.Manifests {
		for topic, n := range m.Topics {
			for i := range n {
				if p := (topicPartition{topic, i}); by[p] == nil {
					by[p] = &Partition{Topic: topic, Partition: i}
				}
			}
		}
		for _, f := range m.Files {
			p := by[f.partition()]
			p.Files = append(p.Files, f)
		}
	}
	var out []*Partition
	for _, p := range by {
		sort.Slice(p.Files, func(i, j int) bool { return p.Files[i].First < p.Files[j].First })
		for i, f := range p.Files {
			if i == 0 {
				p.First = f.First
			}
			p.Next = max(p.Next, f.Next)
		}
		out = append(out, p)
	}
	sort.Slice(out, func(i, j int) bool {
		a, b := out[i], out[j]
		return a.Topic < b.Topic || (a.Topic == b.Topic && a.Partition < b.Partition)
	})
	return out
}

// holes lists what is missing of a partition, and what is there twice.
func (p *Partition) holes() []string {
	var out []string
	next := int64(0)
	tp := topicPartition{p.Topic, p.Partition}
	for _, f := range p.Files {
		if f.First > next {
			out = append(out, fmt.Sprintf("%s: offsets %d to %d are in no file", tp, next, f.First-1))
		}
		if f.First < next {
			out = append(out, fmt.Sprintf("%s: offsets from %d on are in several files, one of them %s", tp, f.First, f.Name))
		}
		next = max(next, f.Next)
	}
	return out
}

func readAll(ctx context.Context, st Store, name string, limit int64) ([]byte, error) {
	r, err := st.Get(ctx, name)
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err = errors.Join(err, r.Close()); err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	if int64(len(raw)) > limit {
		return nil, fmt.Errorf("reading %s: it is larger than %d bytes", name, limit)
	}
	return raw, nil
}
