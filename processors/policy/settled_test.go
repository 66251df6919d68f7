package policy

import (
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"linesman/schema"
)

// quietParts keeps the engine from merging parts of usage by itself: a test says what lies
// where.
func (s *testStore) quietParts() {
	s.t.Helper()
	s.exec("SYSTEM STOP MERGES usage")
	s.t.Cleanup(func() { s.exec("SYSTEM START MERGES usage") })
}

func (s *testStore) merge(month string) {
	s.t.Helper()
	s.exec("SYSTEM START MERGES usage")
	s.exec("OPTIMIZE TABLE usage PARTITION ID '" + month + "' FINAL")
	s.exec("SYSTEM STOP MERGES usage")
}

// asIs inserts usage as the pipeline does: a block becomes a part as it is, with two versions
// of a row when it holds them.
func (s *testStore) asIs(rows ...schema.Usage) {
	s.t.Helper()
	conn := s.conn
	defer func() { s.conn = conn }()
	s.conn = unmerged{conn}
	insert(s, schema.UsageTable(), rows...)
}

type unmerged struct{ driver.Conn }

func (u unmerged) PrepareBatch(ctx context.Context, query string, opts ...driver.PrepareBatchOption) (driver.Batch, error) {
	return u.Conn.PrepareBatch(clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"optimize_on_insert": 0})), query, opts...)
}

// meddling is a store in which something happens right before usage is read.
type meddling struct {
	Store
	before  []func() // one for each reading of usage
	queries []string // readings of usage
}

func (m *meddling) Query(ctx context.Context, query string, args ...any) (driver.Rows, error) {
	if !strings.HasPrefix(query, "SELECT partition_id") && strings.Contains(query, "FROM usage") {
		if len(m.before) > 0 {
			m.before[0]()
			m.before = m.before[1:]
		}
		m.queries = append(m.queries, query)
	}
	return m.Store.Query(ctx, query, args...)
}

// asLies counts the readings that took a month as it lies.
func (m *meddling) asLies() int {
	return len(slices.DeleteFunc(slices.Clone(m.queries), func(q string) bool { return !strings.Contains(q, "final = 0") }))
}

// empty is an evaluator without rules of its own.
func (s *testStore) empty(cfg Config, store Store) *Evaluator {
	s.t.Helper()
	none, err := Merge()
	if err != nil {
		s.t.Fatal(err)
	}
	e, err := New(cfg, store, none, slog.New(slog.NewTextHandler(s.t.Output(), nil)))
	if err != nil {
		s.t.Fatal(err)
	}
	return e
}

func (s *testStore) verdicts(cfg Config, store Store, rules ...*Rule) []schema.Violation {
	s.t.Helper()
	e := s.empty(cfg, store)
	var out []schema.Violation
	for _, r := range rules {
		found, err := e.Verdicts(testCtx(s.t), r, nil)
		if err != nil {
			s.t.Fatal(err)
		}
		out = append(out, found...)
	}
	return out
}

// premiumRule flags every line with a premium-rate call.
func premiumRule(t testing.TB) *Rule {
	t.Helper()
	for _, r := range builtin(t).Rules() {
		if r.ID == "premium-call" {
			return r
		}
	}
	t.Fatal("no rule premium-call")
	return nil
}

func totals(found []schema.Violation) string {
	var out []string
	for _, v := range found {
		out = append(out, fmt.Sprintf("%s %d", v.SubjectID, v.EvidenceTotal))
	}
	return strings.Join(out, ", ")
}

// versions makes versions of one row: a call that is no longer what it was counts no more.
func versions(u schema.Usage, last func(*schema.Usage)) (first, later schema.Usage) {
	later = u
	later.Revision++
	last(&later)
	return u, later
}

func TestWhatLiesInPartsOfUsage(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	rule := premiumRule(t)
	march, april := at(t, "2026-03-10 12:00:00"), at(t, "2026-04-10 12:00:00")
	free := func(u *schema.Usage) { u.Answered = false }
	dead := func(u *schema.Usage) { u.Deleted = true }
	type run struct {
		name string
		put  func()
		want string
		lies bool // a month may be read as it lies
	}
	a1, a2 := versions(premium("LA", "U1", march), free)
	b1, b2 := versions(premium("LB", "U1", march), dead)
	c, d := premium("LC", "U1", march), premium("LD", "U1", april)
	for _, r := range []run{
		{"one inserted block with both versions", func() { s.asIs(a1, a2, b1, b2, c) }, "LC 1", false},
		{"two parts", func() { s.asIs(a1, b1, c); s.asIs(a2, b2) }, "LC 1", false},
		{"two parts, the later version first", func() { s.asIs(a2, b2); s.asIs(a1, b1, c) }, "LC 1", false},
		{"one block, merged", func() { s.asIs(a1, a2, b1, b2, c); s.merge("202603") }, "LC 1", true},
		{"two parts, merged", func() { s.asIs(a1, b1, c); s.asIs(a2, b2); s.merge("202603") }, "LC 1", true},
		{"merged, then the other versions", func() { s.asIs(a1, b1, c); s.merge("202603"); s.asIs(a2, b2) }, "LC 1", false},
		{"merged, but for another month", func() { s.asIs(a1, b1, c, d); s.asIs(a2, b2); s.merge("202603") }, "LC 1, LD 1", true},
		{"all merged", func() { s.asIs(a1, b1, c, d); s.asIs(a2, b2); s.merge("202603"); s.merge("202604") }, "LC 1, LD 1", true},
		{"a dead row comes back", func() {
			s.asIs(b1, c)
			s.asIs(b2)
			s.merge("202603")
			b3 := b1
			b3.Revision = 9
			s.asIs(b3)
		}, "LB 1, LC 1", false},
		{"a dead row comes back, merged", func() {
			s.asIs(b1, c)
			s.asIs(b2)
			s.merge("202603")
			b3 := b1
			b3.Revision = 9
			s.asIs(b3)
			s.merge("202603")
		}, "LB 1, LC 1", true},
	} {
		t.Run(r.name, func(t *testing.T) {
			s.t = t
			s.reset()
			s.quietParts()
			r.put()
			m := &meddling{Store: s.conn}
			got := s.verdicts(Config{}, m, rule)
			if totals(got) != r.want {
				t.Errorf("found %q, want %q", totals(got), r.want)
			}
			if lies := m.asLies() > 0; lies != r.lies {
				t.Errorf("read as it lies: %t, want %t:\n%s", lies, r.lies, strings.Join(m.queries, "\n"))
			}
			if exact := s.verdicts(Config{Exact: true}, s.conn, rule); !reflect.DeepEqual(got, exact) {
				t.Errorf("with FINAL it is %q", totals(exact))
			}
		})
	}
}

// What comes between the look at the parts and the reading, or while it reads, is not counted
// twice.
func TestPartsThatComeMeanwhile(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	rule := premiumRule(t)
	march, april := at(t, "2026-03-10 12:00:00"), at(t, "2026-04-10 12:00:00")
	a1, a2 := versions(premium("LA", "U1", march), func(u *schema.Usage) { u.Deleted = true })
	b1, b2 := versions(premium("LB", "U1", march), func(u *schema.Usage) { u.UnitID = "U2" })
	c1, c2 := versions(premium("LC", "U1", april), func(u *schema.Usage) { u.Answered = false })
	nothing := func() {}
	for _, r := range []struct {
		name     string
		before   []func()
		want     string
		readings int
	}{
		{"nothing", nil, "LA 1, LB 1, LC 1", 1},
		{"versions of rows of one month", []func(){func() { s.asIs(a2, b2) }}, "LB 1, LC 1", 2},
		{"and they are merged at once", []func(){func() { s.asIs(a2, b2); s.merge("202603") }}, "LB 1, LC 1", 2},
		{"a merge alone", []func(){func() { s.merge("202603") }}, "LA 1, LB 1, LC 1", 2},
		{"one month after the other", []func(){func() { s.asIs(a2, b2) }, func() { s.asIs(c2) }}, "LB 1", 3},
		{"both months", []func(){func() { s.asIs(a2, b2, c2) }}, "LB 1", 2},
		{"another month", []func(){func() { s.asIs(premium("LD", "U1", at(t, "2026-05-10 12:00:00"))) }}, "LA 1, LB 1, LC 1, LD 1", 1},
		{"a late one", []func(){func() { s.asIs(a2) }, nothing, func() { s.asIs(b2) }}, "LB 1, LC 1", 2},
	} {
		t.Run(r.name, func(t *testing.T) {
			s.t = t
			s.reset()
			s.quietParts()
			s.asIs(a1, b1, c1)
			s.merge("202603")
			s.merge("202604")
			m := &meddling{Store: s.conn, before: r.before}
			got := s.verdicts(Config{}, m, rule)
			if totals(got) != r.want {
				t.Errorf("found %q, want %q", totals(got), r.want)
			}
			if len(m.queries) != r.readings {
				t.Errorf("usage was read %d times, want %d", len(m.queries), r.readings)
			}
			if exact := s.verdicts(Config{Exact: true}, s.conn, rule); !reflect.DeepEqual(got, exact) {
				t.Errorf("with FINAL it is %q", totals(exact))
			}
		})
	}
}
