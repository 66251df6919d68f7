package pipeline

import (
	"context"
	"fmt"

	"linesman/processors/enrich"
	"linesman/processors/store"
	"linesman/schema"
)

// stated is a row of the table that remembers every statement, also corrected ones.
type stated struct {
	EventID schema.ID
	Record  string
	Offset  uint64
}

func statedTable() *schema.Table[stated] {
	return &schema.Table[stated]{Name: "statements", Columns: []schema.Column[stated]{
		{Name: "event_id", Type: schema.TypeID, Ref: func(s *stated) any { return &s.EventID }},
		{Name: "record", Type: schema.TypeSymbol, Ref: func(s *stated) any { return &s.Record }},
		{Name: "log_offset", Type: schema.TypeUint, Ref: func(s *stated) any { return &s.Offset }},
	}}
}

// statementKind handles one type of statement.
type statementKind interface {
	// decode reads a statement.
	decode(value []byte, offset uint64) (event, file schema.ID, row any, err error)
	fold(row any, s *enrich.State, c *enrich.Change)
	add(row any)
	flush(ctx context.Context, token string) error
	reset() // forgets what was added and not flushed
}

type statement[T any] struct {
	dec    *schema.Decoder[T]
	writer *store.Writer[T]
	of     func(*T) schema.Origin
	apply  func(T, *enrich.State, *enrich.Change)
}

func (k *statement[T]) decode(value []byte, offset uint64) (event, file schema.ID, row any, err error) {
	var rec T
	if err := k.dec.Decode(value, &rec); err != nil {
		return event, file, nil, err
	}
	o := k.of(&rec)
	*o.Offset, *o.Rank = offset, schema.Rank(*o.StatedAt, *o.EventID, offset)
	if event, file = *o.EventID, *o.FileID; event.IsZero() {
		return event, file, nil, errNoID
	}
	if l, ok := any(&rec).(*schema.Line); ok && !isLine(l.LineID, l.Alias) {
		return event, file, nil, fmt.Errorf("%w: a line or an extension that is no line id", schema.ErrWire)
	}
	return event, file, rec, nil
}

func (k *statement[T]) fold(row any, s *enrich.State, c *enrich.Change) { k.apply(row.(T), s, c) }
func (k *statement[T]) add(row any)                                     { k.writer.Add([]T{row.(T)}) }
func (k *statement[T]) reset()                                          { k.writer.Reset() }
func (k *statement[T]) flush(ctx context.Context, token string) error {
	return k.writer.Flush(ctx, token)
}

func kind[T any](st *store.Store, t *schema.Table[T], of func(*T) schema.Origin, apply func(T, *enrich.State, *enrich.Change)) statementKind {
	return &statement[T]{schema.NewDecoder(t), store.NewWriter(st, t), of, apply}
}

// statementKinds returns what handles the statements of each type.
func statementKinds(st *store.Store) map[string]statementKind {
	return map[string]statementKind{
		"Line":           kind(st, schema.LineTable(), (*schema.Line).Origin, func(r schema.Line, s *enrich.State, c *enrich.Change) { s.ApplyLine(r, c) }),
		"Unit":           kind(st, schema.UnitTable(), (*schema.Unit).Origin, func(r schema.Unit, s *enrich.State, c *enrich.Change) { s.ApplyUnit(r, c) }),
		"CostCentre":     kind(st, schema.CostCentreTable(), (*schema.CostCentre).Origin, func(r schema.CostCentre, s *enrich.State, _ *enrich.Change) { s.Touch(r.Offset) }),
		"NumberRange":    kind(st, schema.NumberRangeTable(), (*schema.NumberRange).Origin, func(r schema.NumberRange, s *enrich.State, c *enrich.Change) { s.ApplyNumberRange(r, c) }),
		"Approval":       kind(st, schema.ApprovalTable(), (*schema.Approval).Origin, func(r schema.Approval, s *enrich.State, c *enrich.Change) { s.ApplyApproval(r, c) }),
		"Price":          kind(st, schema.PriceTable(), (*schema.Price).Origin, func(r schema.Price, s *enrich.State, c *enrich.Change) { s.ApplyPrice(r, c) }),
		"Goal":           kind(st, schema.GoalTable(), (*schema.Goal).Origin, func(r schema.Goal, s *enrich.State, c *enrich.Change) { s.ApplyGoal(r, c) }),
		"Equipment":      kind(st, schema.EquipmentTable(), (*schema.Equipment).Origin, func(r schema.Equipment, s *enrich.State, _ *enrich.Change) { s.Touch(r.Offset) }),
		"Employment":     kind(st, schema.EmploymentTable(), (*schema.Employment).Origin, func(r schema.Employment, s *enrich.State, _ *enrich.Change) { s.Touch(r.Offset) }),
		"TelephoneHours": kind(st, schema.TelephoneHoursTable(), (*schema.TelephoneHours).Origin, func(r schema.TelephoneHours, s *enrich.State, _ *enrich.Change) { s.Touch(r.Offset) }),
		"AllocationRule": kind(st, schema.AllocationRuleTable(), (*schema.AllocationRule).Origin, func(r schema.AllocationRule, s *enrich.State, _ *enrich.Change) { s.Touch(r.Offset) }),
		"ExchangeRate":   kind(st, schema.ExchangeRateTable(), (*schema.ExchangeRate).Origin, func(r schema.ExchangeRate, s *enrich.State, c *enrich.Change) { s.ApplyExchangeRate(r, c) }),
		"AccessGrant":    kind(st, schema.AccessGrantTable(), (*schema.AccessGrant).Origin, func(r schema.AccessGrant, s *enrich.State, _ *enrich.Change) { s.Touch(r.Offset) }),
	}
}

// isLine tells whether a statement's line and its extension, if any, are line ids.
func isLine(id, alias string) bool {
	_, ok := schema.LineHash(id)
	if ok && alias != "" {
		_, ok = schema.LineHash(alias)
	}
	return ok
}

// inventory tells whether rules may look at statements of a type without any usage: at what
// somebody holds, has, may do or is to reach. What prices, cost centres and number ranges do
// shows in the usage that they move; who may read what, nowhere.
func inventory(typ string) bool {
	switch typ {
	case "CostCentre", "NumberRange", "Price", "AllocationRule", "ExchangeRate", "AccessGrant":
		return false
	}
	return true
}
