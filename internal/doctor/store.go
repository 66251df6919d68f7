package doctor

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"linesman/internal/engine"
	"linesman/internal/words"
)

// Engine is what is asked of the engine behind the store.
type Engine interface {
	Health(ctx context.Context) (engine.Health, error)
}

// Querier asks the store.
type Querier interface {
	Query(ctx context.Context, query string, args ...any) (driver.Rows, error)
	QueryRow(ctx context.Context, query string, args ...any) driver.Row
}

// Store is what is known of the store beside what it says itself.
type Store struct {
	Engine      Engine
	Query       Querier
	Database    string
	MemoryLimit int64  // embedded: bytes the engine may use
	Migration   uint32 // number of the program's latest migration
}

// How full things may be.
const (
	justRestarted = 10 * time.Minute
	manyParts     = 300  // of one partition of a table: merging does not keep up
	tooManyParts  = 1000 // from here on the engine slows inserts down
)

// Look asks the store how it is.
func (s Store) Look(ctx context.Context) []Check {
	h, err := s.Engine.Health(ctx)
	if err != nil {
		do := "linesman starts it again by itself; if that does not help, its log has the engine's last words"
		if h.Mode == engine.ModeCluster {
			do = "look whether the servers run and whether store.addrs, user and TLS settings are right"
		}
		return []Check{Bad(do, "cannot be reached: %s", cut(err.Error()))}
	}
	var at uint32
	var bytes uint64
	if err := s.Query.QueryRow(ctx, "SELECT (SELECT max(number) FROM schema_migrations), (SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND database = ?)", s.Database).Scan(&at, &bytes); err != nil {
		return []Check{Bad("if tables are missing: linesman rebuild", "cannot be asked: %s", cut(err.Error()))}
	}
	out := s.structure(at)
	text := fmt.Sprintf("%s %s, migration %d, %s on disk", h.Mode, h.Version, at, size(int64(bytes)))
	if h.Mode == engine.ModeEmbedded {
		text += fmt.Sprintf(", %s of memory", size(h.RSS))
	}
	switch {
	case h.Restarts > 0 && h.Uptime < justRestarted:
		out = append(out, Look("look into linesman's log for the engine's last words; nothing is lost by a restart", "%s; restarted %s, the last time %s ago", text, times(h.Restarts), age(h.Uptime)))
	case s.MemoryLimit > 0 && h.RSS > s.MemoryLimit/10*9:
		out = append(out, Look("raise store.memory_limit if the machine has more", "%s: near its limit of %s", text, size(s.MemoryLimit)))
	case h.Restarts > 0:
		out = append(out, OK("%s, restarted %s since linesman began", text, times(h.Restarts)))
	default:
		out = append(out, OK("%s", text))
	}
	return append(out, s.tables(ctx)...)
}

func (s Store) structure(at uint32) []Check {
	switch {
	case at > s.Migration:
		return []Check{Bad("run the version that wrote it, or let this one build the store from the log: linesman rebuild",
			"the store is at migration %d, this program knows %d: it was written by a newer linesman", at, s.Migration)}
	case at < s.Migration:
		return []Check{Bad("restart linesman: missing migrations are applied at the start", "the store is at migration %d, this program is at %d", at, s.Migration)}
	}
	return nil
}

// tables looks for what the engine does behind the scenes and fails at.
func (s Store) tables(ctx context.Context) []Check {
	var out []Check
	var table string
	var parts uint64
	err := s.Query.QueryRow(ctx, "SELECT argMax(table, n), max(n) FROM (SELECT table, partition_id, count() AS n FROM system.parts WHERE active AND database = ? GROUP BY table, partition_id)", s.Database).Scan(&table, &parts)
	switch {
	case err != nil:
		out = append(out, Look("", "number of parts is not known: %s", cut(err.Error())))
	case parts > tooManyParts:
		out = append(out, Bad("wait with what inserts much; give the engine memory and disk to merge", "table %s has %d parts in one partition: the engine slows inserts down", table, parts))
	case parts > manyParts:
		out = append(out, Look("it merges by itself when less arrives", "table %s has %d parts in one partition: merging does not keep up", table, parts))
	}
	var failed []string
	rows, err := s.Query.Query(ctx, "SELECT table, mutation_id, latest_fail_reason FROM system.mutations WHERE database = ? AND NOT is_done AND latest_fail_reason != '' LIMIT 5", s.Database)
	if err != nil {
		return append(out, Look("", "mutations are not known: %s", cut(err.Error())))
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var table, id, why string
		if err := rows.Scan(&table, &id, &why); err != nil {
			return append(out, Look("", "mutations are not known: %s", cut(err.Error())))
		}
		failed = append(failed, fmt.Sprintf("table %s, mutation %s: %s", table, id, cut(why)))
	}
	if len(failed) > 0 {
		out = append(out, Bad("linesman rebuild makes the tables anew from the log", "mutations fail: %s", strings.Join(failed, "; ")))
	}
	return out
}

// Following is how roll-ups and rules keep up.
type Following struct {
	Behind       uint64    // records that are stored and not in the roll-ups yet
	LastAt       time.Time // they caught up last; zero: not since the start
	LastTook     time.Duration
	FailingSince time.Time
	Error        string
	Rules        int
}

// follows is how long roll-ups may be behind: many records need their time.
const follows = 5 * time.Minute

// LookFollowing judges how roll-ups and rules keep up.
func LookFollowing(f Following, started, now time.Time) []Check {
	last := "not since the start"
	quiet := now.Sub(started)
	if !f.LastAt.IsZero() {
		quiet = now.Sub(f.LastAt)
		last = fmt.Sprintf("last caught up %s ago (took %s)", age(quiet), f.LastTook.Round(time.Millisecond))
	}
	text := fmt.Sprintf("%s, %s", words.Count(f.Rules, "rule"), last)
	switch {
	case f.Error != "":
		return []Check{Bad("mend what the error names; it is tried again by itself. Until then costs and violations are those of before",
			"judging fails for %s: %s", age(now.Sub(f.FailingSince)), cut(f.Error))}
	case f.Behind > 0 && quiet > follows:
		return []Check{Look("look at the store's memory and load: judging should take seconds", "%s records behind the store; %s", words.Thousands(f.Behind), text)}
	case f.Behind > 0:
		return []Check{OK("%s records behind the store, at work; %s", words.Thousands(f.Behind), text)}
	}
	return []Check{OK("all stored records are judged; %s", text)}
}

// LookZones compares the time zones that the program and the store know.
func LookZones(ctx context.Context, q Querier, zone string, year int) []Check {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return []Check{Bad("set zone to a name of the IANA time zone database, for example Europe/Stockholm", "%v", err)}
	}
	if q == nil {
		return []Check{OK("%s is known to the program", zone)}
	}
	// Noon in winter and in summer: enough to see whether both sides know when clocks change.
	for _, month := range []time.Month{time.January, time.July} {
		at := time.Date(year, month, 15, 12, 0, 0, 0, loc)
		var have int64
		if err := q.QueryRow(ctx, "SELECT toInt64(toUnixTimestamp(toDateTime(?, ?)))", at.Format("2006-01-02 15:04:05"), zone).Scan(&have); err != nil {
			return []Check{Bad("use a zone that the store knows", "the store does not know %s: %s", zone, cut(err.Error()))}
		}
		if have != at.Unix() {
			return []Check{Bad("bring program and store to versions that know the same time zones: days would begin at different moments",
				"%s: noon of 15 %s %d is %s for the program and %s for the store", zone, month, year, when(at), when(time.Unix(have, 0)))}
		}
	}
	return []Check{OK("%s is the same for program and store", zone)}
}
