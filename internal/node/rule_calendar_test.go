package node

import (
	"fmt"
	"strings"
	"testing"

	"linesman/processors/policy"
	"linesman/schema"
)

func TestRuleChanges(t *testing.T) {
	may, july, august := schema.Date(2026, 5, 1), schema.Date(2026, 7, 1), schema.Date(2026, 8, 1)
	rules := []*policy.Rule{
		{ID: "a", Version: 1, ValidFrom: may, InformedAt: july},                      // takes effect when people know
		{ID: "b", Version: 1, ValidFrom: may, ValidTo: july},                         // goes over into
		{ID: "b", Version: 2, ValidFrom: july, ValidTo: august},                      // this one, which ends
		{ID: "c", Version: 3, ValidFrom: may, NegotiatedAt: august, InformedAt: may}, // the first of its versions that is left
	}
	var got []string
	for _, c := range ruleChanges(rules) {
		got = append(got, fmt.Sprintf("%s/%d %s %s", c.ID, c.Version, c.Kind, c.Day))
	}
	if want := "a/1 starts 2026-07-01, b/1 starts 2026-05-01, b/2 changes 2026-07-01, b/2 ends 2026-08-01, c/3 starts 2026-08-01"; strings.Join(got, ", ") != want {
		t.Errorf("changes %v, want %s", got, want)
	}
}
