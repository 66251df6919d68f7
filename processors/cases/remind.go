package cases

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"linesman/internal/broker"
	"linesman/processors/store"
	"linesman/schema"
)

// stepReminded is what the log says of a case that stood in a list of reminders which was sent.
// It follows itself, so that it is never a step of the chain.
const stepReminded = "reminded"

// Reasons of a reminder.
const (
	RemindScheduled = "scheduled" // by the clock
	RemindByHand    = "by_hand"   // somebody asked for it
)

// mostReminders bounds a list of reminders.
const mostReminders = 200_000

// Reminders lists what somebody has still to settle and is to be told of: what is overdue, what
// is due in so many days, and what nobody was told of since it was opened. Unit empty: of all.
func (b *Book) Reminders(ctx context.Context, days int, unit string) ([]Current, error) {
	where, err := Filter{Due: true, Unit: unit}.where()
	if err != nil {
		return nil, err
	}
	got, total, err := b.query(ctx, where+fmt.Sprintf(" AND (c.deadline <= addDays(c.today, %d) OR c.reminded_at < c.opened_at)", days), mostReminders)
	if total > uint64(len(got)) && err == nil {
		b.out.Warn("there are more cases to remind of than a list takes", "most", mostReminders, "all", total)
	}
	return got, err
}

// Unreminded tells whether nobody was told of a case since it was opened.
func (c *Current) Unreminded() bool { return c.RemindedAt < c.OpenedAt }

// reminderID identifies what is noted of a case when reminders are sent at some time.
func reminderID(violation schema.ID, slot string) schema.ID {
	return schema.NewID("case-reminder", violation.String(), slot)
}

// Reminded tells which of some cases stood in a list that was sent for a slot: a name for the
// time at which reminders are due. The store must have caught up with the log; see CaughtUp.
func (b *Book) Reminded(ctx context.Context, slot string, list []Current) (map[schema.ID]bool, error) {
	const atOnce = 1000
	out := map[schema.ID]bool{}
	for part := range slices.Chunk(list, atOnce) {
		var in strings.Builder
		for i := range part {
			fmt.Fprintf(&in, ", unhex('%s')", reminderID(part[i].ViolationID, slot))
		}
		var have []string
		if err := b.store.Conn().QueryRow(store.Exact(ctx), "SELECT groupUniqArray(violation_id) FROM cases WHERE event_id IN ("+in.String()[2:]+")").Scan(&have); err != nil {
			return nil, fmt.Errorf("asking which reminders were sent: %w", err)
		}
		for _, id := range have {
			out[schema.ID([]byte(id))] = true
		}
	}
	return out, nil
}

// CaughtUp returns when the store shows the steps and violations that are in the log now.
func (b *Book) CaughtUp(ctx context.Context) error { return b.caughtUp(ctx) }

// NoteReminded notes that cases stood in a list of reminders that was sent. It returns when the
// log has it.
func (b *Book) NoteReminded(ctx context.Context, slot, reason string, list []Current) error {
	const atOnce = 1000
	for part := range slices.Chunk(list, atOnce) {
		recs := make([]broker.Record, len(part))
		for i := range part {
			c := &part[i]
			id := reminderID(c.ViolationID, slot)
			recs[i] = b.record("Case", c.ViolationID[:], b.steps.Append(nil, &schema.Case{EventID: id, ViolationID: c.ViolationID, Previous: id, Step: stepReminded, ReasonCode: reason,
				SeenEvent: c.Event, SeenValue: c.Value, At: schema.TimeOf(b.cfg.Now())}))
		}
		if _, err := b.log.Produce(ctx, schema.TopicCases, 0, recs); err != nil {
			return fmt.Errorf("noting that reminders were sent: %w", err)
		}
	}
	return nil
}

// record makes a record of the log.
func (b *Book) record(typ string, key, value []byte) broker.Record {
	return broker.Record{Key: key, Value: value, Time: b.cfg.Now().UTC().Truncate(time.Millisecond),
		Headers: []broker.Header{{Key: schema.HeaderVersion, Value: []byte(schema.Version)}, {Key: schema.HeaderType, Value: []byte(typ)}}}
}
