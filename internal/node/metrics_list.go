package node

import (
	"fmt"
	"strings"
)

// Kinds of metrics.
const (
	gauge     = "gauge"
	counter   = "counter"
	histogram = "histogram"
	summary   = "summary"
)

// Metric declares one metric of /metrics: the endpoint and docs/operate.md derive from it.
type Metric struct {
	Name   string
	Kind   string
	Help   string
	Labels []string
}

// Names that are needed in more than one place.
const (
	metricInserts      = "linesman_insert_seconds"
	metricInsertErrors = "linesman_insert_errors_total"
)

// Metrics lists every metric. Labels hold names of stages, topics, tables and collectors:
// no names of files and no personal data.
func Metrics() []Metric {
	part := []string{"topic", "partition"}
	by := []string{"collector"}
	table := []string{"table"}
	return []Metric{
		{"linesman_build_info", gauge, "Always 1; the version is in the label.", []string{"version"}},
		{"linesman_start_timestamp_seconds", gauge, "When the program started.", nil},
		{"linesman_hop_state", gauge, "State of each stage that linesman doctor looks at: 0 green, 1 yellow, 2 red. At most about 15 s old.", []string{"hop"}},

		{"linesman_inbox_files", gauge, "Files that wait in the inbox.", by},
		{"linesman_inbox_oldest_seconds", gauge, "For how long the oldest file has waited; 0: none waits.", by},
		{"linesman_inbox_failing_files", gauge, "Files in the inbox that were tried and could not be collected.", by},
		{"linesman_collecting_seconds", gauge, "For how long the file that is being read has been read; 0: none is.", by},
		{"linesman_files_total", counter, "Collected files; state is done or failed (refused).", []string{"collector", "state"}},
		{"linesman_read_records_total", counter, "Records read from files.", by},
		{"linesman_rejected_records_total", counter, "Records of files that were rejected.", by},

		{"linesman_log_bytes", gauge, "Size of the embedded log on disk; 0 for a cluster.", nil},
		{"linesman_log_max_bytes", gauge, "Size beyond which the embedded log takes nothing more; 0 for a cluster.", nil},
		{"linesman_log_damages", gauge, "Damages that were found when the embedded log was opened.", nil},
		{"linesman_log_writable", gauge, "1, or 0 when the last write of the embedded log to its disk failed.", nil},
		{"linesman_log_offset", gauge, "Offset after the newest record of the log.", part},
		{"linesman_stored_offset", gauge, "Offset up to which the log is in the store.", part},
		{"linesman_lag_records", gauge, "Records of the log that are not in the store yet.", part},
		{"linesman_disk_free_bytes", gauge, "Free bytes of the disk of the log and of the store.", []string{"place"}},

		{"linesman_ranges_total", counter, "Ranges of the log that were stored since the start.", part},
		{"linesman_range_records_total", counter, "Records in those ranges.", part},
		{"linesman_range_failures_total", counter, "Tries of a range that failed since the start; it is tried again.", part},
		{"linesman_range_failing_seconds", gauge, "For how long the present range has failed; 0: it does not.", part},
		{metricInserts, histogram, "Duration of the inserts that went well.", table},
		{metricInsertErrors, counter, "Inserts that failed since the start.", table},

		{"linesman_store_up", gauge, "1 when the store answers, 0 when it does not. The metrics marked with * are missing while it is 0.", nil},
		{"linesman_store_restarts_total", counter, "Restarts of the embedded engine since the start.", nil},
		{"linesman_store_memory_bytes", gauge, "Resident memory of the embedded engine; 0 for a cluster.", nil},
		{"linesman_store_disk_bytes", gauge, "Size of the tables on disk.", nil},
		{"linesman_usage_rows", gauge, "Usage records in the roll-ups.", nil},
		{"linesman_newest_event_timestamp_seconds", gauge, "When the newest usage event happened; 0: there is none.", nil},

		{"linesman_evaluated_lag_records", gauge, "Stored records that are not in the roll-ups and judged yet.", nil},
		{"linesman_settle_seconds", summary, "Duration of judging and recomputing roll-ups, for what had changed.", nil},
		{"linesman_settle_failures_total", counter, "Tries of that which failed since the start; it is tried again.", nil},
		{"linesman_settle_last_success_timestamp_seconds", gauge, "When it last went well; 0: not since the start.", nil},
		{"linesman_violations", gauge, "Violations that are not retracted.", nil},
		{"linesman_violation_events_total", counter, "What became of violations; change is opened, changed or retracted.", []string{"change"}},
		{"linesman_cases", gauge, "Cases (violations and what people did about them) by state, of the whole organisation.", []string{"state"}},
		{"linesman_cases_overdue", gauge, "Cases that somebody has still to settle and whose deadline has passed.", nil},
		{"linesman_cases_oldest_overdue_timestamp_seconds", gauge, "When the earliest of those deadlines ended; 0: none is overdue.", nil},
		{"linesman_reminder_mails_total", counter, "Mails with reminders since the start; result is sent or failed. What failed is tried again.", []string{"result"}},
		{"linesman_reminder_last_timestamp_seconds", gauge, "When a reminder was last sent; 0: not since the start.", nil},
		{"linesman_reminders_failing", gauge, "1 when some mail of the latest round was not sent, else 0.", nil},
		{"linesman_restatements_total", counter, "Restatements: figures of the past that moved after they had been shown.", nil},

		{"linesman_seals_total", counter, "Seals of the log that were made since the start.", nil},
		{"linesman_seal_age_seconds", gauge, "Time since a round of sealing last ended well, or since the start.", nil},
		{"linesman_seal_anchor_waiting", gauge, "Seals that wait to be written to the anchor file.", nil},
	}
}

// starred are the metrics that are asked of the store.
func starred(name string) bool {
	switch name {
	case "linesman_files_total", "linesman_read_records_total", "linesman_rejected_records_total", "linesman_store_disk_bytes", "linesman_usage_rows",
		"linesman_newest_event_timestamp_seconds", "linesman_evaluated_lag_records", "linesman_violations", "linesman_violation_events_total", "linesman_restatements_total",
		"linesman_cases", "linesman_cases_overdue", "linesman_cases_oldest_overdue_timestamp_seconds":
		return true
	}
	return false
}

func metricByName() map[string]Metric {
	out := map[string]Metric{}
	for _, m := range Metrics() {
		out[m.Name] = m
	}
	return out
}

// Marks of the generated table in docs/operate.md.
const (
	MetricsBegin = "<!-- metrics: generated by make docs -->"
	MetricsEnd   = "<!-- /metrics -->"
)

// WithMetrics returns a page with the table of metrics between its marks made anew.
func WithMetrics(page string) (string, error) {
	head, rest, ok := strings.Cut(page, MetricsBegin)
	_, tail, ended := strings.Cut(rest, MetricsEnd)
	if !ok || !ended {
		return "", fmt.Errorf("the page has no marks %q and %q for the table of metrics", MetricsBegin, MetricsEnd)
	}
	var b strings.Builder
	b.WriteString(head + MetricsBegin + "\n| metric | kind | labels | meaning |\n|---|---|---|---|\n")
	for _, m := range Metrics() {
		star := ""
		if starred(m.Name) {
			star = " *"
		}
		labels := ""
		if len(m.Labels) > 0 {
			labels = "`" + strings.Join(m.Labels, "`, `") + "`"
		}
		fmt.Fprintf(&b, "| `%s`%s | %s | %s | %s |\n", m.Name, star, m.Kind, labels, m.Help)
	}
	b.WriteString(MetricsEnd + tail)
	return b.String(), nil
}
