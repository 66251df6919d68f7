package cases

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"linesman/processors/store"
	"linesman/schema"
)

// KindWithdrawn is the kind of an approval that is no longer in force: no rule knows it.
const KindWithdrawn = "withdrawn"

func joinApprovals(steps []schema.Case) string {
	ids := make([]string, len(steps))
	for i, c := range steps {
		ids[i] = c.ApprovalID
	}
	return strings.Join(ids, ",")
}

// statementID identifies what a step states about an approval.
func statementID(step schema.ID, approval string) schema.ID {
	return schema.NewID("case-approval", step.String(), approval)
}

// feedBack states what a step means for evaluation: an approval for the subject and the window
// of the violation, or that one is withdrawn. It is stated again without harm.
func (b *Book) feedBack(ctx context.Context, f *file, c schema.Case) error {
	if c.ApprovalID == "" {
		return nil
	}
	for _, id := range strings.Split(c.ApprovalID, ",") {
		a, err := b.approval(f.latest(), c, id)
		if err != nil {
			return err
		}
		have, err := b.stated(ctx, []schema.ID{a.EventID})
		if err != nil {
			return err
		}
		if have[a.EventID] {
			continue
		}
		if err := appendRecord(ctx, b, schema.TopicReference, "Approval", []byte(a.ApprovalID), b.approvals.Append(nil, &a)); err != nil {
			return fmt.Errorf("stating the approval of a case: %w", err)
		}
	}
	return nil
}

// approval makes the statement that follows from a step. A later statement with the same
// identity and beginning takes the place of the earlier one, which is how one is withdrawn.
func (b *Book) approval(v *schema.Violation, c schema.Case, id string) (schema.Approval, error) {
	zone, err := time.LoadLocation(v.Zone)
	if err != nil {
		return schema.Approval{}, fmt.Errorf("the zone of rule %s: %w", v.Rule, err)
	}
	a := schema.Approval{ApprovalID: id, Kind: KindWithdrawn, ApprovedBy: c.By, DecidedAt: c.At, ValidFrom: v.WindowFrom.Start(zone), ValidTo: v.WindowTo.Start(zone),
		RecordedAt: schema.TimeOf(b.cfg.Now()), EventID: statementID(c.EventID, id)}
	if c.Step == schema.StepApproved {
		a.Kind = b.rules.Exempt(v.Rule, v.RuleVersion)
	}
	if v.SubjectKind == "line" {
		a.LineID = v.SubjectID
	} else {
		a.UnitID = v.SubjectID
	}
	return a, nil
}

// stated tells which of some statements the store has.
func (b *Book) stated(ctx context.Context, events []schema.ID) (map[schema.ID]bool, error) {
	const atOnce = 1000
	out := map[schema.ID]bool{}
	for part := range slices.Chunk(events, atOnce) {
		var in strings.Builder
		for _, id := range part {
			fmt.Fprintf(&in, ", unhex('%s')", id)
		}
		var have []string
		if err := b.store.Conn().QueryRow(ctx, "SELECT groupUniqArray(event_id) FROM statements WHERE event_id IN ("+in.String()[2:]+")").Scan(&have); err != nil {
			return nil, fmt.Errorf("asking for the approvals of cases: %w", err)
		}
		for _, id := range have {
			out[schema.ID([]byte(id))] = true
		}
	}
	return out, nil
}

// Repair states the approvals of steps that hold but whose approval is not in the store: the
// program was stopped in between. The store must have caught up with the log.
func (b *Book) Repair(ctx context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []schema.ID
	of := map[schema.ID]schema.ID{} // violation, by statement
	err := store.Scan(ctx, b.store, schema.CaseTable(), "approval_id != ''", func(c *schema.Case) error {
		for _, id := range strings.Split(c.ApprovalID, ",") {
			event := statementID(c.EventID, id)
			all, of[event] = append(all, event), c.ViolationID
		}
		return nil
	})
	if err != nil {
		return err
	}
	have, err := b.stated(ctx, all)
	if err != nil {
		return err
	}
	done := map[schema.ID]bool{}
	for _, event := range all {
		violation := of[event]
		if have[event] || done[violation] {
			continue
		}
		done[violation] = true
		f, err := b.read(ctx, violation)
		if err != nil {
			return err
		}
		for _, c := range f.chain { // a step that lost states nothing
			if err := b.feedBack(ctx, f, c); err != nil {
				return err
			}
		}
	}
	return nil
}
