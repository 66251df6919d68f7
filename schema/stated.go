package schema

// Origin points at what every statement carries beside what it states: where it was read, when
// it was made, and which of several that contradict each other holds.
type Origin struct {
	EventID, FileID      *ID
	FileRow              *uint64
	RecordedAt, StatedAt *Time
	Offset, Rank         *uint64
}

// stated declares the columns of a statement's origin, which come last; n is the number of the
// first of them, and more are columns that were declared when these were there already.
func stated[T any](n int, of func(*T) Origin, more ...Column[T]) []Column[T] {
	all := append([]Column[T]{
		{n, "event_id", TypeID, "", "Event that stated it.", "", func(r *T) any { return of(r).EventID }, false},
		{n + 1, "file_id", TypeID, "", "File it was read from.", "", func(r *T) any { return of(r).FileID }, false},
		{n + 2, "file_row", TypeUint, "", "Line number in that file, from 1.", "", func(r *T) any { return of(r).FileRow }, false},
		{n + 3, "recorded_at", TypeTime, "ms, UTC", "When Linesman recorded it.", "", func(r *T) any { return of(r).RecordedAt }, true},
		{n + 4, "stated_at", TypeTime, "ms, UTC", "When the source made the statement; 0 (1970): it does not tell, and of two that contradict each other the one recorded later holds.", "", func(r *T) any { return of(r).StatedAt }, false},
	}, more...)
	return append(all,
		Column[T]{0, "log_offset", TypeUint, "", "Offset of the record in the log.", "", func(r *T) any { return of(r).Offset }, false},
		Column[T]{0, "rank", TypeUint, "", "Which of contradicting statements holds: the highest. Later stated beats earlier, stated beats untold; see Rank.", "", func(r *T) any { return of(r).Rank }, false},
	)
}

// Origin returns where the statement comes from.
func (l *Line) Origin() Origin {
	return Origin{&l.EventID, &l.FileID, &l.FileRow, &l.RecordedAt, &l.StatedAt, &l.Offset, &l.Rank}
}

// Origin returns where the statement comes from.
func (u *Unit) Origin() Origin {
	return Origin{&u.EventID, &u.FileID, &u.FileRow, &u.RecordedAt, &u.StatedAt, &u.Offset, &u.Rank}
}

// Origin returns where the statement comes from.
func (c *CostCentre) Origin() Origin {
	return Origin{&c.EventID, &c.FileID, &c.FileRow, &c.RecordedAt, &c.StatedAt, &c.Offset, &c.Rank}
}

// Origin returns where the statement comes from.
func (n *NumberRange) Origin() Origin {
	return Origin{&n.EventID, &n.FileID, &n.FileRow, &n.RecordedAt, &n.StatedAt, &n.Offset, &n.Rank}
}

// Origin returns where the statement comes from.
func (a *Approval) Origin() Origin {
	return Origin{&a.EventID, &a.FileID, &a.FileRow, &a.RecordedAt, &a.StatedAt, &a.Offset, &a.Rank}
}

// Origin returns where the statement comes from.
func (p *Price) Origin() Origin {
	return Origin{&p.EventID, &p.FileID, &p.FileRow, &p.RecordedAt, &p.StatedAt, &p.Offset, &p.Rank}
}

// Origin returns where the statement comes from.
func (g *Goal) Origin() Origin {
	return Origin{&g.EventID, &g.FileID, &g.FileRow, &g.RecordedAt, &g.StatedAt, &g.Offset, &g.Rank}
}

// Origin returns where the statement comes from.
func (e *Equipment) Origin() Origin {
	return Origin{&e.EventID, &e.FileID, &e.FileRow, &e.RecordedAt, &e.StatedAt, &e.Offset, &e.Rank}
}

// Origin returns where the statement comes from.
func (e *Employment) Origin() Origin {
	return Origin{&e.EventID, &e.FileID, &e.FileRow, &e.RecordedAt, &e.StatedAt, &e.Offset, &e.Rank}
}

// Origin returns where the statement comes from.
func (t *TelephoneHours) Origin() Origin {
	return Origin{&t.EventID, &t.FileID, &t.FileRow, &t.RecordedAt, &t.StatedAt, &t.Offset, &t.Rank}
}

// Origin returns where the statement comes from.
func (r *AllocationRule) Origin() Origin {
	return Origin{&r.EventID, &r.FileID, &r.FileRow, &r.RecordedAt, &r.StatedAt, &r.Offset, &r.Rank}
}

// Origin returns where the statement comes from.
func (r *ExchangeRate) Origin() Origin {
	return Origin{&r.EventID, &r.FileID, &r.FileRow, &r.RecordedAt, &r.StatedAt, &r.Offset, &r.Rank}
}
