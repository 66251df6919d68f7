package reference

import (
	"strings"

	"linesman/ingest"
	"linesman/ingest/table"
	"linesman/schema"
	"linesman/schema/phone"
)

func approvalKind() kind {
	const id, kindCol, number, unit, countries, by, decided, from, to = 0, 1, 2, 3, 4, 5, 6, 7, 8
	return kind{
		name: "approvals", marks: []string{"approval_id"}, text: []int{id, unit, countries, by},
		columns: []table.Column{{Name: "approval_id", Field: "approval_id", Needed: true}, {Name: "kind", Field: "kind", Needed: true}, {Name: "number", Field: "line_id", Needed: true},
			{Name: "unit_id", Field: "unit_id", Needed: true}, {Name: "countries", Field: "countries", Needed: true}, {Name: "approved_by", Field: "approved_by", Needed: true},
			{Name: "decided_at", Field: "decided_at", Needed: true}, {Name: "valid_from", Field: "valid_from", Needed: true}, {Name: "valid_to", Field: "valid_to", Needed: true}},
		read: func(w *row, out ingest.Sink) (*ingest.Reject, error) {
			a := schema.Approval{ApprovalID: w.needed(id), Kind: w.oneOf(kindCol, approvalKinds()...), UnitID: w.text(unit),
				Countries: w.countries(countries), DecidedAt: w.moment(decided), FileRow: w.line.Number}
			if a.ApprovedBy = w.holder(by); w.bad == nil && a.ApprovedBy == "" {
				w.fail(by, table.ErrMissing) // who approved is what makes it an approval
			}
			if n := w.number(number); n.Digits != "" {
				a.LineID = w.f.key.Line(n.Digits)
			}
			a.ValidFrom, a.ValidTo = w.valid(from, to)
			a.StatedAt = w.stated()
			if w.bad == nil && a.LineID == "" && a.UnitID == "" {
				w.refuse(number, ingest.CodeMissing, "neither a number nor a unit: the approval is for nobody")
			}
			if w.bad != nil {
				return w.bad, nil
			}
			a.EventID = eventID(w, schema.ApprovalTable(), &a)
			return nil, out.Approval(&a)
		},
	}
}

// approvalKinds lists what can be approved.
func approvalKinds() []string {
	return []string{"trip", "premium", "forwarding", "private", "review", "hours", "return", "sms"}
}

// countries reads ISO 3166 codes between commas or blanks and writes them with commas.
func (w *row) countries(col int) string {
	codes := strings.FieldsFunc(strings.ToUpper(w.text(col)), func(c rune) bool { return c == ',' || c == ' ' || c == '/' })
	for _, c := range codes {
		if !letters(c, 2) {
			w.refuse(col, ingest.CodeUnknown, "not ISO 3166 codes of two letters between commas")
			return ""
		}
	}
	return strings.Join(codes, ",")
}

func services() []string {
	return []string{"", schema.ServiceVoiceOut, schema.ServiceVoiceIn, schema.ServiceVoiceInternal, schema.ServiceVoiceForward, schema.ServiceVoiceInRoaming,
		schema.ServiceSMS, schema.ServiceMMS, schema.ServiceData, schema.ServicePremium, schema.ServiceSubscription, schema.ServiceOneTime, schema.ServiceCredit}
}

func classes() []string {
	return []string{"", phone.Internal, phone.Mobile, phone.Fixed, phone.Corporate, phone.Premium, phone.Directory, phone.SharedCost, phone.TollFree,
		phone.Emergency, phone.Satellite, phone.ShortCode, phone.International, phone.Masked, phone.Unknown, phone.None}
}

func goalKind() kind {
	const id, metric, unit, centre, baseline, target, date, owner, from, to = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
	return kind{
		name: "goals", marks: []string{"goal_id"}, text: []int{id, unit, centre, owner},
		columns: []table.Column{{Name: "goal_id", Field: "goal_id", Needed: true}, {Name: "metric", Field: "metric", Needed: true}, {Name: "unit_id", Field: "unit_id", Needed: true},
			{Name: "cost_centre", Field: "cost_centre", Needed: true}, {Name: "baseline", Field: "baseline", Needed: true}, {Name: "target", Field: "target", Needed: true},
			{Name: "target_date", Field: "target_day", Needed: true}, {Name: "owner", Field: "owner", Needed: true}, {Name: "valid_from", Field: "valid_from", Needed: true}, {Name: "valid_to", Field: "valid_to", Needed: true}},
		read: func(w *row, out ingest.Sink) (*ingest.Reject, error) {
			g := schema.Goal{GoalID: w.needed(id), Metric: w.oneOf(metric, "watches_open", "forwarded_calls", "unused_lines", "desk_phones", "cost_per_employee", "cost_month"), UnitID: w.text(unit), CostCentre: w.text(centre),
				Baseline: w.decimal(baseline, false), Target: w.decimal(target, true), TargetDay: w.day(date), Owner: w.text(owner), FileRow: w.line.Number}
			g.ValidFrom, g.ValidTo = w.valid(from, to)
			g.StatedAt = w.stated()
			if g.Metric == "cost_month" {
				g.Amount = w.money(target, true)
			}
			if w.bad == nil && g.UnitID == "" && g.CostCentre == "" {
				w.refuse(unit, ingest.CodeMissing, "neither a unit nor a cost centre: the goal is for nobody")
			}
			if w.bad == nil && g.Metric == "watches_open" && g.UnitID == "" {
				w.refuse(unit, ingest.CodeMissing, "watches are counted by unit: the goal needs one")
			}
			if w.bad != nil {
				return w.bad, nil
			}
			g.EventID = eventID(w, schema.GoalTable(), &g)
			return nil, out.Goal(&g)
		},
	}
}
