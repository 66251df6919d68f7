package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"linesman/internal/demo"
)

// file is one file to be delivered, as it lies in the material folder.
type file struct {
	Collector string `json:"collector"`
	Name      string `json:"name"` // as delivered
	Path      string `json:"-"`
	Client    bool   `json:"client"` // by linesman collect, else through the inbox
}

// material makes the files of a campaign: a demo region, and what the driver derives from it.
type material struct {
	dir     string // <dir>/<collector>/ as the generator wrote them, <dir>/made/ for the derived ones
	rng     *rand.Rand
	fresh   []file // usage and counts that were not delivered yet
	late    []file // reference data that come after the usage they concern
	early   []file
	given   []file // usage that was delivered
	lines   []string
	units   [][2]string // unit and its cost centre
	serial  int
	moved   map[string]bool // line and day of statements in this round: one each
	records map[string]bool // rows of operators' files that were corrected in this round
}

func newMaterial(ctx context.Context, dir string, seed uint64, rng *rand.Rand, light bool) (*material, error) {
	if _, err := demo.Generate(ctx, demo.Config{Dir: dir, Size: demo.Small, Seed: seed}); err != nil {
		return nil, err
	}
	m := &material{dir: dir, rng: rng, moved: map[string]bool{}, records: map[string]bool{}}
	for _, c := range []string{"cucm", "itemised", "melior", "contacts", "invoices", "reference"} {
		entries, err := os.ReadDir(filepath.Join(dir, c))
		if err != nil {
			return nil, fmt.Errorf("reading the region: %w", err)
		}
		for _, e := range entries {
			f := file{Collector: c, Name: e.Name(), Path: filepath.Join(dir, c, e.Name())}
			switch {
			case light && c == "itemised" && !strings.Contains(f.Name, "komplettering") && f.Name != correctable:
				// thousands of rows each
			case c != "reference":
				m.fresh = append(m.fresh, f)
			case strings.HasPrefix(f.Name, "lines_moves"), strings.HasPrefix(f.Name, "approvals"), strings.HasPrefix(f.Name, "goals"), strings.HasPrefix(f.Name, "equipment"), strings.HasPrefix(f.Name, "telephone"), strings.HasPrefix(f.Name, "number"):
				m.late = append(m.late, f)
			default:
				m.early = append(m.early, f)
			}
		}
	}
	m.mix()
	rng.Shuffle(len(m.late), func(i, j int) { m.late[i], m.late[j] = m.late[j], m.late[i] })
	var err error
	if m.lines, err = rows(filepath.Join(dir, "reference", "lines_2025-01.csv")); err != nil {
		return nil, err
	}
	units, err := rows(filepath.Join(dir, "reference", "units_2025.csv"))
	if err != nil {
		return nil, err
	}
	for _, u := range units {
		cells := strings.Split(u, ";")
		m.units = append(m.units, [2]string{cells[0], cells[3]})
	}
	return m, os.MkdirAll(filepath.Join(dir, "made"), 0o750)
}

// mix puts the files into an order in which every campaign, however short, has some of each
// kind.
func (m *material) mix() {
	m.rng.Shuffle(len(m.fresh), func(i, j int) { m.fresh[i], m.fresh[j] = m.fresh[j], m.fresh[i] })
	kinds := map[string][]file{}
	for _, f := range m.fresh {
		kinds[f.Collector] = append(kinds[f.Collector], f)
	}
	m.fresh = m.fresh[:0]
	for len(kinds) > 0 {
		for _, c := range []string{"cucm", "itemised", "cucm", "contacts", "cucm", "invoices", "cucm", "melior", "cucm", "cucm"} {
			if l := kinds[c]; len(l) > 0 {
				m.fresh, kinds[c] = append(m.fresh, l[0]), l[1:]
			} else {
				delete(kinds, c)
			}
		}
	}
}

// rows reads the lines of a text file without its header.
func rows(path string) ([]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the region: %w", err)
	}
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	return lines[1:], nil
}

// newRound forgets what statements were made: statements of one round never contradict each
// other, because it would be a matter of moments which of them is recorded later.
func (m *material) newRound() {
	clear(m.moved)
	clear(m.records)
}

// usage takes n files that were not delivered yet; when there are none left, it repeats.
func (m *material) usage(n int) ([]file, error) {
	var out []file
	for range n {
		if len(m.fresh) == 0 {
			f, err := m.repeat()
			if err != nil {
				return nil, err
			}
			out = append(out, f)
			continue
		}
		f := m.fresh[0]
		m.fresh = m.fresh[1:]
		f.Client = f.Collector != "melior" && m.rng.IntN(4) == 0
		m.given = append(m.given, f)
		out = append(out, f)
	}
	return out, nil
}

// repeat delivers again what was delivered: the same file, the same under another name, or
// two days of calls in one file.
func (m *material) repeat() (file, error) {
	if len(m.given) == 0 {
		return file{}, errors.New("nothing was delivered yet")
	}
	f := m.given[m.rng.IntN(len(m.given))]
	f.Client = m.rng.IntN(2) == 0
	if f.Collector != "cucm" || m.rng.IntN(3) == 0 {
		return f, nil
	}
	content, err := unpacked(f.Path)
	if err != nil {
		return f, err
	}
	if other := m.given[m.rng.IntN(len(m.given))]; other.Collector == "cucm" && other.Path != f.Path {
		more, err := unpacked(other.Path)
		if err != nil {
			return f, err
		}
		for range 2 { // header and types
			_, more, _ = bytes.Cut(more, []byte("\n"))
		}
		content = append(bytes.Clone(content), more...)
	}
	m.serial++
	return m.write("cucm", fmt.Sprintf("cdr_StandAloneCluster_01_202611010000_%d", 700000+m.serial), content, f.Client)
}

func unpacked(path string) ([]byte, error) {
	raw, err := os.ReadFile(path)
	if err != nil || !strings.HasSuffix(path, ".gz") {
		return raw, err
	}
	z, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

func (m *material) write(collector, name string, content []byte, client bool) (file, error) {
	f := file{Collector: collector, Name: name, Path: filepath.Join(m.dir, "made", name), Client: client}
	return f, os.WriteFile(f.Path, content, 0o640)
}

const lineHeader = "number;extension;kind;role;holder;unit_id;cost_centre;operator;plan;sim_status;valid_from;valid_to\n"

// statement makes a file of statements about the past: lines that belonged to another unit
// from some day on.
func (m *material) statement(lines int) (file, error) {
	var b strings.Builder
	b.WriteString(lineHeader)
	for range lines {
		cells := strings.Split(m.lines[m.rng.IntN(len(m.lines))], ";")
		unit := m.units[m.rng.IntN(len(m.units))]
		cells[5], cells[6] = unit[0], unit[1]
		cells[10] = fmt.Sprintf("2026-%02d-%02d", 7+m.rng.IntN(4), 1+m.rng.IntN(28))
		cells[11] = ""
		if key := cells[0] + cells[10]; !m.moved[key] {
			m.moved[key] = true
			b.WriteString(strings.Join(cells, ";") + "\n")
		}
	}
	m.serial++
	f, err := m.write("reference", fmt.Sprintf("lines_%04d.csv", m.serial), []byte(b.String()), false)
	m.given = append(m.given, f)
	return f, err
}

const priceHeader = "book;version;row;operator;plan;service;other_class;other_country;zone;per;price;opening;first_s;next_s;currency;valid_from;valid_to\n"

// prices makes a price book that changes what calls to mobile telephones cost from some day of
// the past on, of every subscription and of none.
func (m *material) prices() (file, error) {
	m.serial++
	var b strings.Builder
	b.WriteString(priceHeader)
	from := fmt.Sprintf("2026-%02d-%02d", 1+m.rng.IntN(9), 1+m.rng.IntN(28))
	contracts := map[string]bool{";": true}
	for _, l := range m.lines {
		cells := strings.Split(l, ";")
		contracts[cells[7]+";"+cells[8]] = true
	}
	for i, contract := range slices.Sorted(maps.Keys(contracts)) {
		fmt.Fprintf(&b, "crash;%d;%d;%s;voice_out;mobile;;;minute;0,%02d;0;1;1;SEK;%s;\n", m.serial, i+1, contract, 10+m.rng.IntN(90), from)
	}
	f, err := m.write("reference", fmt.Sprintf("prices_%04d.csv", m.serial), []byte(b.String()), false)
	m.given = append(m.given, f)
	return f, err
}

// reference takes statements of the region that were held back, or makes new ones.
func (m *material) reference() (file, error) {
	if len(m.late) > 0 && m.rng.IntN(2) == 0 {
		f := m.late[0]
		m.late = m.late[1:]
		return f, nil
	}
	if m.rng.IntN(3) == 0 {
		return m.prices()
	}
	return m.statement(1 + m.rng.IntN(25))
}

// correctable is a file of the region that corrections can be about.
const correctable = "norrtele_2026-07.csv"

// corrected is in the names of files of corrections.
const corrected = "rattelse"

// changes stand in the header of an operator's file that takes rows back.
const changes = ";\xc4ndring;Avser faktura;Avser rad;Avser abonnemang;Avser tj\xe4nst;\xc4ndrad\r\n"

// correction makes a file of an operator that takes rows of an earlier file back, or corrects
// them; ok is false while no such file was delivered.
func (m *material) correction() (f file, ok bool, err error) {
	var from []file
	for _, g := range m.given {
		if strings.HasPrefix(g.Name, "norrtele_") && strings.HasSuffix(g.Name, ".csv") && !strings.Contains(g.Name, corrected) {
			from = append(from, g)
		}
	}
	if len(from) == 0 {
		return f, false, nil
	}
	text, err := os.ReadFile(from[m.rng.IntN(len(from))].Path)
	if err != nil {
		return f, false, err
	}
	lines := strings.Split(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n")
	var b strings.Builder
	b.WriteString(lines[0] + changes)
	m.serial++
	for i := range 5 + m.rng.IntN(20) {
		cells := strings.Split(lines[1+m.rng.IntN(len(lines)-3)], ";")
		const amount, vat, invoice, row = 10, 11, 12, 13
		key := cells[invoice] + "/" + cells[row]
		if len(cells) != 15 || m.records[key] {
			continue
		}
		m.records[key] = true
		what, ofInvoice, ofRow := "Makulerad", cells[invoice], cells[row]
		if m.rng.IntN(2) == 0 {
			what, cells[amount], cells[vat] = "R\xe4ttad", fmt.Sprintf("%d,%02d", m.rng.IntN(90), m.rng.IntN(100)), "0,00"
		}
		cells[invoice], cells[row] = fmt.Sprintf("K%04d", m.serial), fmt.Sprint(i+1)
		b.WriteString(strings.Join(append(cells, what, ofInvoice, ofRow, "", "", ""), ";") + "\r\n")
	}
	f, err = m.write("itemised", fmt.Sprintf("norrtele_%s_%04d.csv", corrected, m.serial), []byte(b.String()), m.rng.IntN(3) == 0)
	m.given = append(m.given, f)
	return f, true, err
}
