package pipeline

import (
	"context"
	"fmt"

	"linesman/processors/store"
	"linesman/schema"
)

// lostSince finds the statements from an offset on, which moved usage before the last stop.
func (p *Pipeline) lostSince(ctx context.Context, at uint64, d *Dirty) error {
	rows, err := p.store.Conn().Query(store.Exact(ctx), "SELECT event_id, toString(record) FROM statements WHERE log_offset >= ? LIMIT ?", at, maxDirty)
	if err != nil {
		return fmt.Errorf("finding the statements since the last stop: %w", err)
	}
	defer rows.Close()
	causes := map[string]string{"Line": schema.CauseLine, "Unit": schema.CauseUnit, "Price": schema.CausePrice, "NumberRange": schema.CauseNumberRange, "ExchangeRate": schema.CauseExchangeRate}
	var raw, record string
	for rows.Next() {
		if err := rows.Scan(&raw, &record); err != nil {
			return fmt.Errorf("finding the statements since the last stop: %w", err)
		}
		if cause := causes[record]; cause != "" {
			d.lose(cause, schema.ID([]byte(raw)))
		}
	}
	return rows.Err()
}

// lose notes a statement that moved something, it is not known what.
func (d *Dirty) lose(cause string, id schema.ID) {
	if d.Lost == nil {
		d.Lost = newWhy()
	}
	d.Lost.add(cause, id)
}

// amendedSince finds the rows that amendments from an offset on took away, and the files that
// brought usage.
func (p *Pipeline) amendedSince(ctx context.Context, logPartition uint32, at uint64, d *Dirty) error {
	of := map[schema.ID]schema.Amendment{} // by the record that died of it
	var from schema.ID
	err := store.Scan(ctx, p.store, schema.AmendmentTable(), fmt.Sprintf("log_partition = %d AND log_offset >= %d", logPartition, at), func(a *schema.Amendment) error {
		of[a.Amends] = *a
		if !a.ReplacedBy.IsZero() && of[a.ReplacedBy].EventID.IsZero() {
			of[a.ReplacedBy] = *a // a replacement dies too when another amendment holds
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(of) > 0 {
		rows, err := p.store.Conn().Query(store.AsItLies(ctx), "SELECT event_id, any(line_id), any(toInt32(local_day)), any(toString(unit_id)), any(toString(cost_centre)) FROM usage "+
			"WHERE deleted AND log_partition = ? AND event_id IN (SELECT arrayJoin([amends, replaced_by]) FROM amendments WHERE log_partition = ? AND amends IN ("+
			"SELECT amends FROM amendments WHERE log_partition = ? AND log_offset >= ?)) GROUP BY event_id", logPartition, logPartition, logPartition, at)
		if err != nil {
			return fmt.Errorf("finding the records that were amended since the last stop: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			var raw string
			var day int32
			var u schema.Usage
			if err := rows.Scan(&raw, &u.Line, &day, &u.UnitID, &u.CostCentre); err != nil {
				return err
			}
			u.LocalDay = schema.Day(day)
			a, ok := of[schema.ID([]byte(raw))]
			if !ok { // a replacement of before, beaten by an amendment of now
				d.Amended = true
			}
			d.Usage(u.Line, u.UnitID, u.LocalDay)
			if ok {
				d.died(&a, &u)
			}
		}
		if err := rows.Err(); err != nil {
			return err
		}
	}
	rows, err := p.store.Conn().Query(store.Exact(ctx), "SELECT toInt32(toStartOfMonth(local_day)) AS month, groupUniqArray(100)(file_id) FROM usage WHERE log_partition = ? AND log_offset >= ? GROUP BY month", logPartition, at)
	if err != nil {
		return fmt.Errorf("finding the files since the last stop: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var month int32
		var files []string
		if err := rows.Scan(&month, &files); err != nil {
			return err
		}
		for _, f := range files {
			copy(from[:], f)
			d.from(from, schema.Day(month))
		}
	}
	return rows.Err()
}
