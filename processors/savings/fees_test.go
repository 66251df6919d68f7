package savings

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"linesman/schema"
)

// counting is a store that counts how often usage itself is read, not its roll-ups.
type counting struct {
	Store
	readings int
}

func (c *counting) Query(ctx context.Context, query string, args ...any) (driver.Rows, error) {
	if strings.Contains(query, "FROM usage ") {
		c.readings++
	}
	return c.Store.Query(ctx, query, args...)
}

// readings holds that usage is read as often whatever is found: for fees, plans and forwarded legs
// once each.
func readings(t *testing.T, w *world, r Report) {
	t.Helper()
	if r.Kinds[Leaver].Findings < 3 {
		t.Errorf("%d leavers are too few to tell", r.Kinds[Leaver].Findings)
	}
	c := &counting{Store: w.st.Conn()}
	if _, err := Find(t.Context(), c, Input{Zone: w.zone}); err != nil {
		t.Fatal(err)
	}
	if c.readings != 3 {
		t.Errorf("usage was read %d times", c.readings)
	}
}

// fees holds the events of every finding about fees against the records that were planted: the
// line's own, from the first of its months on, in order of time, at most 20, and how many there are.
func fees(t *testing.T, w *world, r Report) {
	t.Helper()
	told := map[int]int{}
	for _, f := range r.Findings {
		if f.Kind != Leaver && f.Kind != Unused && f.Kind != Duplicate || f.Evidence.Rated {
			continue
		}
		var own []schema.Usage
		for _, u := range w.usage {
			if u.Line == f.LineID && u.Kind == "fee" && u.Service == "subscription" && u.LocalDay >= w.day(f.Evidence.From) && u.LocalDay <= w.day(f.Evidence.To) {
				own = append(own, u)
			}
		}
		slices.SortFunc(own, func(a, b schema.Usage) int {
			if a.OccurredAt != b.OccurredAt {
				return int(a.OccurredAt - b.OccurredAt)
			}
			return slices.Compare(a.EventID[:], b.EventID[:])
		})
		var want []string
		for _, u := range own[:min(len(own), mostIDs)] {
			want = append(want, u.EventID.String())
		}
		if !slices.Equal(f.Evidence.Events, want) || f.Evidence.Records != uint64(len(own)) {
			t.Errorf("%s of %s from %s: %d events %v, want %d: %v", f.Kind, f.LineID, f.Evidence.From, f.Evidence.Records, f.Evidence.Events, len(own), want)
		}
		told[f.Evidence.Months]++
	}
	if told[5] == 0 || told[12] < 2 {
		t.Errorf("findings by months that their fees are of: %v", told)
	}
}
