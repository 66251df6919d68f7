package archive

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"slices"
	"testing"

	"linesman/internal/broker"
	"linesman/schema"
	"linesman/schema/schematest"
)

// Others than us read the files: pyarrow every byte, DuckDB the decoded columns.
func TestOthersReadTheFiles(t *testing.T) {
	python := tool(t, "venv/bin/python")
	log := filled(t, 3000, at("2026-10-31T23:30:00.000Z"))
	evidence := violations(t, log)
	dir := t.TempDir()
	write(t, log, inFolder(t, dir), everything)
	raw, err := exec.CommandContext(t.Context(), python, "testdata/read.py", dir).Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("%v: %s", err, exit.Stderr)
		}
		t.Fatal(err)
	}
	var got struct {
		Digests map[string][]string
		DuckDB  map[string]string
	}
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{}
	for name, recs := range contents(t, log) {
		for i := range recs {
			e := entryOf(&recs[i])
			want[name] = append(want[name], digest(&e))
		}
		if !slices.Equal(got.Digests[name], want[name]) {
			t.Errorf("%s: pyarrow reads other records (%d of %d)", name, len(got.Digests[name]), len(want[name]))
		}
	}
	if len(got.Digests) != len(want) {
		t.Errorf("%d partitions, want %d", len(got.Digests), len(want))
	}
	for name, want := range usageFacts(t, log, evidence) {
		if got.DuckDB[name] != want {
			t.Errorf("DuckDB: %s is %s, want %s", name, got.DuckDB[name], want)
		}
	}
}

// violations appends some violations and returns how much evidence they have.
func violations(t *testing.T, log *broker.Broker) int {
	t.Helper()
	r := rand.New(rand.NewPCG(2, 2))
	enc := schema.NewEncoder(schema.ViolationTable())
	evidence := 0
	for range 40 {
		var v schema.Violation
		schematest.Fill(r, schema.ViolationTable(), &v)
		evidence += len(v.Evidence)
		produce(t, log, schema.TopicViolations, 0, broker.Record{Value: enc.Append(nil, &v), Time: at("2026-11-02T00:00:00.000Z"), Headers: []broker.Header{{Key: "v", Value: []byte("1")}, {Key: "t", Value: []byte("Violation")}}})
	}
	return evidence
}

// usageFacts computes what DuckDB is asked from the log itself.
func usageFacts(t *testing.T, log *broker.Broker, evidence int) map[string]string {
	t.Helper()
	var rows, decoded int
	var charged schema.Money
	var first schema.Time
	ids := map[schema.ID]bool{}
	dec := schema.NewDecoder(schema.UsageTable())
	all := contents(t, log)
	for _, name := range []string{schema.TopicCalls + "/0", schema.TopicCalls + "/1"} {
		for _, rec := range all[name] {
			rows++
			if len(rec.Headers) != 2 || string(rec.Headers[1].Value) != "Usage" {
				continue
			}
			var u schema.Usage
			if err := dec.Decode(rec.Value, &u); err != nil {
				t.Fatal(err)
			}
			decoded++
			charged += u.Charged
			ids[u.EventID] = true
			if first == 0 || u.OccurredAt < first {
				first = u.OccurredAt
			}
		}
	}
	return map[string]string{"rows": fmt.Sprint(rows), "decoded": fmt.Sprint(decoded), "version": fmt.Sprint(decoded), "ids": fmt.Sprint(len(ids)), "charged": fmt.Sprintf("%d.%06d", charged/1_000_000, charged%1_000_000), "first": fmt.Sprint(int64(first)), "evidence": fmt.Sprint(evidence)}
}
