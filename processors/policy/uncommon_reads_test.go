package policy

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"linesman/schema"
)

// manyCalls puts calls of 500 lines into March 2026: of thirty, one is forwarded.
func (s *testStore) manyCalls(n int) {
	s.t.Helper()
	s.exec(fmt.Sprintf(`INSERT INTO usage (event_id, kind, service, line_id, recorded_line_id, unit_id, occurred_at, local_day, answered, forwarded, recorded_class, other_class, other_country, revision)
SELECT reinterpretAsFixedString(sipHash128(number)), 'call', 'voice_out', concat('L', toString(number %% 500)) AS line, line, 'U1', toDateTime64('2026-03-02 00:00:00', 3, 'UTC') + number %% 2000000 AS at, toDate32(at), true,
	sipHash64(number) %% 30 = 0, 'mobile', 'mobile', 'SE', 1 FROM numbers(%d) SETTINGS max_insert_block_size = 10000000, min_insert_block_size_rows = 10000000, min_insert_block_size_bytes = 0`, n))
}

var granules = regexp.MustCompile(`Granules: (\d+)/(\d+)`)

// read asks the engine which of the granules of usage a query reads, by the order of the table.
func (s *testStore) read(query string) (some, all int) {
	s.t.Helper()
	rows, err := s.conn.Query(testCtx(s.t), "EXPLAIN indexes = 1 "+query)
	if err != nil {
		s.t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	key := false
	var plan []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			s.t.Fatal(err)
		}
		plan = append(plan, line)
		switch m := granules.FindStringSubmatch(line); {
		case strings.Contains(line, "PrimaryKey"):
			key = true
		case m != nil && key:
			a, _ := strconv.Atoi(m[1])
			b, _ := strconv.Atoi(m[2])
			some, all, key = some+a, all+b, false
		}
	}
	if err := rows.Err(); err != nil {
		s.t.Fatal(err)
	}
	if all == 0 {
		s.t.Fatalf("no index is used:\n%s", strings.Join(plan, "\n"))
	}
	return some, all
}

// The order of usage keeps the engine from reading what a rule does not ask for: ordinary rows
// where it asks for uncommon ones, other lines where it asks for few.
func TestTheOrderOfUsageIsUsed(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	s.manyCalls(1_000_000)
	compiled := func(condition string) Query { return mustCompile(t, ruleWhen(t, condition)) }
	rare, other, ordinary := compiled(`forwarded && answered`), compiled(`forwarded && cost > kr("1")`), compiled(`answered && cost > kr("1")`)
	month := settled{"202603": "any"}
	few := []Part{{From: schema.Date(2026, 3, 1), To: schema.Date(2026, 4, 1), Subjects: []string{"L7", "L77"}}}
	columns := rare.Columns()
	for _, name := range append(other.Columns(), ordinary.Columns()...) {
		if !strings.Contains(" "+strings.Join(columns, " ")+" ", " "+name+" ") {
			columns = append(columns, name)
		}
	}
	for name, tc := range map[string]struct {
		query string
		share float64 // of the granules, at most
		least float64
	}{
		"a month as it lies":                  {rare.Reading(month.source(rare.Columns())).SQL(), 0.06, 0.02},
		"a month with FINAL":                  {rare.SQL(), 0.06, 0.02},
		"every month with FINAL, by halves":   {rare.Reading(settled{"202602": "any"}.source(rare.Columns())).SQL(), 0.06, 0.02},
		"a rule over ordinary rows":           {ordinary.SQL(), 1, 0.9},
		"two lines":                           {ordinary.Within(few), 0.08, 0},
		"two lines of a month as it lies":     {ordinary.Reading(month.source(ordinary.Columns())).Within(few), 0.08, 0},
		"two lines, uncommon":                 {rare.Within(few), 0.04, 0},
		"rules together":                      {sharedSQL([]Query{rare, other}, month.source(columns), columns, nil), 0.06, 0.02},
		"rules together, with FINAL":          {sharedSQL([]Query{rare, other}, "usage", columns, nil), 0.06, 0.02},
		"rules together, one over other rows": {sharedSQL([]Query{rare, ordinary}, month.source(columns), columns, nil), 1, 0.9},
		"amended records":                     {"SELECT * FROM usage WHERE recorded_line_id IN ('L7') AND log_partition = 1 AND event_id IN (unhex('00'))", 0.06, 0},
		"restated lines":                      {"SELECT * FROM usage WHERE occurred_at >= fromUnixTimestamp64Milli(toInt64(1)) AND (recorded_line_id IN ('L7'))", 0.06, 0},
		"fees of a line":                      {ordinary.rule.feesSQL(few[0]), 0.08, 0},
	} {
		some, all := s.read(tc.query)
		t.Logf("%s: %d of %d granules", name, some, all)
		if share := float64(some) / float64(all); share > tc.share || share < tc.least {
			t.Errorf("%s: %d of %d granules are read", name, some, all)
		}
	}
}
