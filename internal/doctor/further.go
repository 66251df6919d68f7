package doctor

import (
	"context"
	"fmt"
	"strings"
	"time"

	"linesman/internal/broker"
	"linesman/internal/words"
)

// Cluster is a log that can be asked whether its cluster is as it should be.
type Cluster interface {
	Check(ctx context.Context, specs []broker.TopicSpec) ([]broker.Finding, error)
}

// LookCluster judges the settings of an Apache Kafka and its topics.
func LookCluster(ctx context.Context, c Cluster, specs []broker.TopicSpec) []Check {
	findings, err := c.Check(ctx, specs)
	if err != nil {
		return []Check{Bad("see the stage log", "cannot be asked for its settings: %s", cut(err.Error()))}
	}
	var out []Check
	for _, f := range findings {
		where := "cluster"
		if f.Topic != "" {
			where = "topic " + f.Topic
		}
		text := fmt.Sprintf("%s: %s is %s, should be %s: %s", where, f.Setting, f.Have, f.Want, f.Why)
		switch f.Severity {
		case broker.SeverityError:
			out = append(out, Bad(f.Do, "%s", text))
		case broker.SeverityWarning:
			out = append(out, Look(f.Do, "%s", text))
		default:
			out = append(out, OK("%s", text))
		}
	}
	if len(out) == 0 {
		out = append(out, OK("%s as wanted", words.Count(len(specs), "topic")))
	}
	return out
}

// Archiving is what is known of the copies of the log at the configured place.
type Archiving struct {
	To        string        // empty: none is set
	Every     time.Duration // 0: only when somebody asks for it
	Last      time.Time     // the last run that went well; zero: none
	Tried     time.Time     // the last run
	Error     string        // why that did not go well
	Elsewhere bool          // several instances share the work, and another one archives
}

// LookArchive judges whether the log is copied.
func LookArchive(a Archiving, started, now time.Time) []Check {
	if a.To == "" {
		return []Check{OK("not set (archive.to): see that the log is in your backup")}
	}
	if a.Elsewhere && a.Every > 0 {
		return []Check{OK("another instance archives")}
	}
	since, text := started, "none yet"
	if !a.Last.IsZero() {
		since, text = a.Last, "last "+when(a.Last)
	}
	if a.Error != "" {
		return []Check{Look("mend what the error names; linesman archive does it now", "the run that ended %s failed: %s; %s", when(a.Tried), cut(a.Error), text)}
	}
	if a.Every > 0 && now.Sub(since) > 2*a.Every+time.Hour {
		return []Check{Look("look into linesman's log for why; linesman archive does it now and says what fails", "%s, it should be every %s", text, a.Every)}
	}
	return []Check{OK("%s", text)}
}

// Missing is what a source did not deliver.
type Missing struct {
	Source string
	Detail string
}

// LookGaps tells what sources did not deliver lately. That is no fault of linesman's, but
// figures of those days are not whole.
func LookGaps(missing []Missing, days int) []Check {
	if len(missing) == 0 {
		return []Check{OK("none known of in the last %d days", days)}
	}
	var parts []string
	for _, m := range missing[:min(3, len(missing))] {
		parts = append(parts, m.Source+": "+m.Detail)
	}
	return []Check{Look("ask the sender for what is missing; linesman gaps lists everything", "%s in the last %d days: %s", words.Count(len(missing), "gap"), days, strings.Join(parts, "; "))}
}
