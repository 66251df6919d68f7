package cases

import (
	"cmp"
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

// feedBack states what the steps that hold mean for evaluation: approvals for the subjects and
// windows of violations, or that they are withdrawn. What is stated already is not stated again.
//
// Only the last step that concerns an approval counts: had the program stopped between a step
// and its statement, a later step would have withdrawn what an earlier one states now.
func (b *Book) feedBack(ctx context.Context, f *file) error {
	missing, err := b.missing(ctx, f)
	if err != nil {
		return err
	}
	for i := range missing {
		a := &missing[i]
		if err := appendRecord(ctx, b, schema.TopicReference, "Approval", []byte(a.ApprovalID), b.approvals.Append(nil, a)); err != nil {
			return fmt.Errorf("stating the approval of a case: %w", err)
		}
	}
	return nil
}

// missing lists the statements that follow from the steps that hold and are not in the store.
func (b *Book) missing(ctx context.Context, f *file) ([]schema.Approval, error) {
	var all []schema.Approval
	var events []schema.ID
	for id, at := range lastAbout(f.chain) {
		a, err := b.approval(f, at, id)
		if err != nil {
			return nil, err
		}
		if a.Kind == "" { // the rule is gone, or knows no approval any more: nothing asks for one
			b.out.Warn("an approval is not stated: its rule knows none any more", "rule", f.latest().Rule, "version", f.latest().RuleVersion)
			continue
		}
		all, events = append(all, a), append(events, a.EventID)
	}
	if len(all) == 0 {
		return nil, nil
	}
	have, err := b.stated(ctx, events)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(a schema.Approval) bool { return have[a.EventID] })
	slices.SortFunc(all, func(a, b schema.Approval) int { return cmp.Compare(a.ApprovalID, b.ApprovalID) })
	return all, nil
}

// lastAbout gives the last step that concerns each approval.
func lastAbout(chain []schema.Case) map[string]*schema.Case {
	out := map[string]*schema.Case{}
	for i := range chain {
		if chain[i].ApprovalID == "" {
			continue
		}
		for _, id := range strings.Split(chain[i].ApprovalID, ",") {
			out[id] = &chain[i]
		}
	}
	return out
}

// approval makes the statement that follows from a step. A later statement with the same
// identity and beginning takes the place of the earlier one, which is how one is withdrawn. It
// lasts as long as the window that was seen when it was given, or until the day that was said.
func (b *Book) approval(f *file, c *schema.Case, id string) (schema.Approval, error) {
	given := c // the step that approved, of which c may be the withdrawal
	for i := range f.chain {
		if s := &f.chain[i]; s.Step == schema.StepApproved && s.ApprovalID == id {
			given = s
		}
	}
	v := f.seen(given)
	zone, err := time.LoadLocation(v.Zone)
	if err != nil {
		return schema.Approval{}, fmt.Errorf("the zone of rule %s: %w", v.Rule, err)
	}
	a := schema.Approval{ApprovalID: id, Kind: KindWithdrawn, ApprovedBy: c.By, DecidedAt: c.At, ValidFrom: v.WindowFrom.Start(zone), ValidTo: max(v.WindowTo, until(given)).Start(zone),
		RecordedAt: schema.TimeOf(b.cfg.Now()), EventID: statementID(c.EventID, id)}
	if c.Step == schema.StepApproved {
		a.Kind = b.exempt(v)
	}
	if v.SubjectKind == subjectLine {
		a.LineID = v.SubjectID
	} else {
		a.UnitID = v.SubjectID
	}
	return a, nil
}

// until is the day after the last one that a step approves; 0: it says none.
func until(c *schema.Case) schema.Day {
	if c.Step != schema.StepApproved || c.Deadline == 0 {
		return 0
	}
	return c.Deadline + 1
}

// Subjects of violations that an approval can be for.
const (
	subjectLine = "line"
	subjectUnit = "unit"
)

// exempt returns the kind of approval that makes what a violation is about permitted; empty:
// its rule knows none, or it is about something that no approval is for.
func (b *Book) exempt(v *schema.Violation) string {
	if v.SubjectKind != subjectLine && v.SubjectKind != subjectUnit {
		return ""
	}
	return b.rules.Exempt(v.Rule, v.RuleVersion)
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
	if err := b.begin(ctx); err != nil {
		return err
	}
	defer b.end()
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
		if err := b.feedBack(ctx, f); err != nil { // a step that lost states nothing
			return err
		}
	}
	return nil
}
