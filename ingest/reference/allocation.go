package reference

import (
	"math"

	"linesman/ingest"
	"linesman/ingest/table"
	"linesman/schema"
)

// Columns of a file with allocation rules.
const (
	allocRule = iota
	allocTarget
	allocPriority
	allocHow
	allocNumber
	allocUnit
	allocCentre
	allocOperator
	allocService
	allocDevice
	allocLineKind
	allocRole
	allocToCentre
	allocToUnit
	allocToProject
	allocToActivity
	allocShare
	allocFrom
	allocTo
)

func allocationKind() kind {
	k := kind{
		name: "allocation_rules", marks: []string{"rule_id", "to_cost_centre"},
		text: []int{allocRule, allocUnit, allocCentre, allocOperator, allocToCentre, allocToUnit, allocToProject, allocToActivity},
		read: readAllocation,
	}
	for _, c := range [][2]string{{"rule_id", "rule_id"}, {"target", "target"}, {"priority", "priority"}, {"how", "how"}, {"number", "line_id"}, {"unit_id", "unit_id"},
		{"cost_centre", "cost_centre"}, {"operator", "operator"}, {"service", "service"}, {"device", "device"}, {"line_kind", "line_kind"}, {"role", "role"},
		{"to_cost_centre", "to_cost_centre"}, {"to_unit", "to_unit"}, {"to_project", "to_project"}, {"to_activity", "to_activity"}, {"share", "share"},
		{"valid_from", "valid_from"}, {"valid_to", "valid_to"}} {
		k.columns = append(k.columns, table.Column{Name: c[0], Field: c[1], Needed: true})
	}
	return k
}

func readAllocation(w *row, out ingest.Sink) (*ingest.Reject, error) {
	r := schema.AllocationRule{RuleID: w.needed(allocRule), Target: w.whole(allocTarget), Priority: w.whole(allocPriority),
		How:    w.oneOf(allocHow, schema.AllocateTo, schema.AllocateKey, schema.AllocateEqual, schema.AllocateUsage),
		LineID: w.lineOf(allocNumber), UnitID: w.text(allocUnit), CostCentre: w.text(allocCentre), Operator: w.text(allocOperator),
		Service: w.oneOf(allocService, services()...), Device: w.oneOf(allocDevice, devices()...),
		LineKind: w.oneOf(allocLineKind, "", "mobile", "fixed", "softphone", "data"),
		Role:     w.oneOf(allocRole, "", "personal", "shared", "on_call", "loan", "m2m"),
		ToUnit:   w.text(allocToUnit), ToProject: w.text(allocToProject), ToActivity: w.text(allocToActivity), ToCostCentre: w.text(allocToCentre),
		Share: w.money(allocShare, false), FileRow: w.line.Number}
	r.ValidFrom, r.ValidTo = w.valid(allocFrom, allocTo)
	r.StatedAt = w.stated()
	if w.bad == nil {
		w.allocation(&r)
	}
	if w.bad != nil {
		return w.bad, nil
	}
	r.EventID = eventID(w, schema.AllocationRuleTable(), &r)
	return nil, out.AllocationRule(&r)
}

// allocation checks what one row tells about itself. Whether the rows of a rule fit together
// can only be told when they are applied.
func (w *row) allocation(r *schema.AllocationRule) {
	switch {
	case r.Target == 0:
		w.refuse(allocTarget, ingest.CodeRange, "targets are numbered from 1")
	case r.How == schema.AllocateTo && r.Target != 1:
		w.refuse(allocTarget, ingest.CodeRange, "a rule of kind to has one target, number 1")
	case r.How == schema.AllocateKey && r.Share == 0:
		w.refuse(allocShare, ingest.CodeRange, "a key needs a share above 0 for each target")
	case r.How != schema.AllocateKey && r.Share != 0:
		w.refuse(allocShare, ingest.CodeRange, "only a key has shares")
	}
}

// whole reads a whole number that must be there.
func (w *row) whole(col int) uint32 {
	v, err := table.Uint(w.line.Get(col), math.MaxUint32)
	if err != nil {
		w.fail(col, err)
	}
	return uint32(v)
}

// devices lists the classes of devices; jabber stands for every jabber one.
func devices() []string {
	return []string{"", "jabber", "desk_phone", "jabber_desktop", "jabber_iphone", "jabber_android", "jabber_tablet", "mobile", "gateway", "other"}
}
