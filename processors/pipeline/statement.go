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
	meta   func(*T, uint64) (event, file schema.ID)
	apply  func(T, *enrich.State, *enrich.Change)
}

func (k *statement[T]) decode(value []byte, offset uint64) (event, file schema.ID, row any, err error) {
	var rec T
	if err := k.dec.Decode(value, &rec); err != nil {
		return event, file, nil, err
	}
	if event, file = k.meta(&rec, offset); event.IsZero() {
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

func kind[T any](st *store.Store, t *schema.Table[T], meta func(*T, uint64) (schema.ID, schema.ID), apply func(T, *enrich.State, *enrich.Change)) statementKind {
	return &statement[T]{schema.NewDecoder(t), store.NewWriter(st, t), meta, apply}
}

// statementKinds returns what handles the statements of each type.
func statementKinds(st *store.Store) map[string]statementKind {
	return map[string]statementKind{
		"Line": kind(st, schema.LineTable(), func(r *schema.Line, o uint64) (schema.ID, schema.ID) {
			r.Offset, r.Rank = o, schema.Rank(r.StatedAt, r.EventID, o)
			return r.EventID, r.FileID
		}, func(r schema.Line, s *enrich.State, c *enrich.Change) { s.ApplyLine(r, c) }),
		"Unit": kind(st, schema.UnitTable(), func(r *schema.Unit, o uint64) (schema.ID, schema.ID) {
			r.Offset, r.Rank = o, schema.Rank(r.StatedAt, r.EventID, o)
			return r.EventID, r.FileID
		}, func(r schema.Unit, s *enrich.State, c *enrich.Change) { s.ApplyUnit(r, c) }),
		"CostCentre": kind(st, schema.CostCentreTable(), func(r *schema.CostCentre, o uint64) (schema.ID, schema.ID) {
			r.Offset, r.Rank = o, schema.Rank(r.StatedAt, r.EventID, o)
			return r.EventID, r.FileID
		}, func(r schema.CostCentre, s *enrich.State, _ *enrich.Change) { s.Touch(r.Offset) }),
		"NumberRange": kind(st, schema.NumberRangeTable(), func(r *schema.NumberRange, o uint64) (schema.ID, schema.ID) {
			r.Offset, r.Rank = o, schema.Rank(r.StatedAt, r.EventID, o)
			return r.EventID, r.FileID
		}, func(r schema.NumberRange, s *enrich.State, c *enrich.Change) { s.ApplyNumberRange(r, c) }),
		"Approval": kind(st, schema.ApprovalTable(), func(r *schema.Approval, o uint64) (schema.ID, schema.ID) {
			r.Offset, r.Rank = o, schema.Rank(r.StatedAt, r.EventID, o)
			return r.EventID, r.FileID
		}, func(r schema.Approval, s *enrich.State, c *enrich.Change) { s.ApplyApproval(r, c) }),
		"Price": kind(st, schema.PriceTable(), func(r *schema.Price, o uint64) (schema.ID, schema.ID) {
			r.Offset, r.Rank = o, schema.Rank(r.StatedAt, r.EventID, o)
			return r.EventID, r.FileID
		}, func(r schema.Price, s *enrich.State, c *enrich.Change) { s.ApplyPrice(r, c) }),
		"Goal": kind(st, schema.GoalTable(), func(r *schema.Goal, o uint64) (schema.ID, schema.ID) {
			r.Offset, r.Rank = o, schema.Rank(r.StatedAt, r.EventID, o)
			return r.EventID, r.FileID
		}, func(r schema.Goal, s *enrich.State, c *enrich.Change) { s.ApplyGoal(r, c) }),
		"Equipment": kind(st, schema.EquipmentTable(), func(r *schema.Equipment, o uint64) (schema.ID, schema.ID) {
			r.Offset, r.Rank = o, schema.Rank(r.StatedAt, r.EventID, o)
			return r.EventID, r.FileID
		}, func(r schema.Equipment, s *enrich.State, _ *enrich.Change) { s.Touch(r.Offset) }),
		"Employment": kind(st, schema.EmploymentTable(), func(r *schema.Employment, o uint64) (schema.ID, schema.ID) {
			r.Offset, r.Rank = o, schema.Rank(r.StatedAt, r.EventID, o)
			return r.EventID, r.FileID
		}, func(r schema.Employment, s *enrich.State, _ *enrich.Change) { s.Touch(r.Offset) }),
		"TelephoneHours": kind(st, schema.TelephoneHoursTable(), func(r *schema.TelephoneHours, o uint64) (schema.ID, schema.ID) {
			r.Offset, r.Rank = o, schema.Rank(r.StatedAt, r.EventID, o)
			return r.EventID, r.FileID
		}, func(r schema.TelephoneHours, s *enrich.State, _ *enrich.Change) { s.Touch(r.Offset) }),
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
// shows in the usage that they move.
func inventory(typ string) bool {
	switch typ {
	case "CostCentre", "NumberRange", "Price":
		return false
	}
	return true
}
