package pipeline

import (
	"context"
	"fmt"
	"strings"
	"time"

	"linesman/internal/broker"
	"linesman/internal/failpoint"
	"linesman/processors/enrich"
	"linesman/processors/rate"
	"linesman/processors/store"
	"linesman/schema"
)

// fetchWait bounds the wait for records that the log has.
const fetchWait = 10 * time.Second

// referencePart folds statements into the reference state, keeps them as rows, and moves the
// usage rows that a statement about the past concerns.
type referencePart struct {
	part
	kinds map[string]statementKind
	dedup dedup
	known *store.Writer[stated]

	// What a try that failed had found already, kept for the next one: state and rows then
	// look as if nothing had to move.
	folded uint64 // statements below this offset are in the state
	change *enrich.Change
	dirty  *Dirty

	// The engine failed to rate the usage of this range: a try that fails as the one before would
	// keep usage waiting for ever.
	rowByRow bool
}

func newReferencePart(p *Pipeline) *referencePart {
	rp := &referencePart{part: part{p: p, topic: schema.TopicReference}, dedup: dedup{store: p.store, table: "statements"}, known: store.NewWriter(p.store, statedTable()),
		change: enrich.NewChange(), dirty: NewDirty(), kinds: statementKinds(p.store)}
	rp.sink = statements{rp}
	return rp
}

// open folds what is in the store already, from the log: the log is the truth.
func (rp *referencePart) open(ctx context.Context) error {
	if err := rp.p.dropBeside(ctx); err != nil {
		return err
	}
	rp.p.state = enrich.NewState()
	if err := rp.part.open(ctx); err != nil {
		return err
	}
	reader, err := rp.p.log.NewReader(ctx, rp.topic, 0, 0)
	if err != nil {
		return err
	}
	defer func() { _ = reader.Close() }()
	change := enrich.NewChange()
	stored := map[schema.ID]bool{}
	for at, end := uint64(0), rp.next.Load(); at < end; {
		recs, err := reader.Fetch(ctx, int(end-at), fetchWait)
		if err != nil {
			return fmt.Errorf("folding reference data: %w", err)
		}
		if len(recs) == 0 {
			return fmt.Errorf("folding reference data: the log gave nothing at offset %d of %d", at, end)
		}
		foldAll(rp.kinds, recs, at, stored, rp.p.state, change)
		at += uint64(len(recs))
	}
	rp.p.book = rate.New(rp.p.state.Prices(), rp.p.state.ExchangeRates())
	return nil
}

// foldAll folds the statements among records of which the first has offset at. What [take]
// refuses is left out, what came before is not folded again.
func foldAll(kinds map[string]statementKind, recs []broker.Record, at uint64, stored map[schema.ID]bool, s *enrich.State, c *enrich.Change) {
	for i := range recs {
		version, typ := headers(&recs[i])
		k, ok := kinds[typ]
		if !ok || version != schema.Version {
			continue
		}
		if event, _, row, err := k.decode(recs[i].Value, at+uint64(i)); err == nil && !stored[event] {
			stored[event] = true
			k.fold(row, s, c)
		}
	}
}

// statements is the part as its own sink.
type statements struct{ *referencePart }

func (rp statements) open(ctx context.Context, next uint64) error {
	return rp.dedup.open(ctx, next)
}

// put keeps the statements, folds them and moves the usage they concern, while no range of
// usage is on its way. The range is done only when the rows have moved.
func (rp statements) put(ctx context.Context, r store.Range, token string, recs []broker.Record) (store.Outcome, *Dirty, error) {
	rp.p.mu.Lock()
	defer rp.p.mu.Unlock()
	out := store.Outcome{Files: map[schema.ID]store.FileOutcome{}}
	dirty, change := rp.dirty, rp.change
	for _, k := range rp.kinds { // of a try that failed
		k.reset()
	}
	rp.known.Reset()
	bad, err := rp.take(ctx, r, recs, &out, change, dirty)
	if err != nil {
		return out, nil, err
	}
	for _, k := range rp.kinds {
		if err := k.flush(ctx, token); err != nil {
			return out, nil, err
		}
	}
	if err := rp.known.Flush(ctx, token); err != nil {
		return out, nil, err
	}
	failpoint.Hit("reference.stored")
	rp.p.book = rate.New(rp.p.state.Prices(), rp.p.state.ExchangeRates())
	dirty.Reference = true
	if token == "" { // what an interrupted try had moved already is not found again
		for _, why := range change.Why {
			dirty.lose(why.Cause, why.Event)
		}
	}
	if err := rp.p.judge(ctx, change, dirty); err != nil {
		return out, nil, err
	}
	if err := rp.restate(ctx, change, dirty); err != nil {
		return out, nil, fmt.Errorf("moving usage that the statements concern: %w", err)
	}
	failpoint.Hit("reference.restated")
	out.Refused = uint64(len(bad))
	if err := rp.p.refuse(ctx, r, bad); err != nil {
		return out, nil, err
	}
	rp.referencePart.dirty, rp.referencePart.change, rp.referencePart.rowByRow = NewDirty(), enrich.NewChange(), false
	return out, dirty, nil
}

// take decodes the statements, leaves out repeated ones and folds the rest.
func (rp *referencePart) take(ctx context.Context, r store.Range, recs []broker.Record, out *store.Outcome, change *enrich.Change, dirty *Dirty) ([]poison, error) {
	var bad []poison
	type item struct {
		typ    string
		row    any
		file   schema.ID
		offset uint64
	}
	items := make([]item, 0, len(recs))
	events := make([]store.Candidate, 0, len(recs))
	for i := range recs {
		version, typ := headers(&recs[i])
		k, ok := rp.kinds[typ]
		if !ok || version != schema.Version {
			bad = append(bad, poison{i, unknown(&recs[i])})
			continue
		}
		offset := r.First + uint64(i)
		event, file, row, err := k.decode(recs[i].Value, offset)
		if err != nil {
			bad = append(bad, poison{i, err})
			continue
		}
		items, events = append(items, item{typ, row, file, offset}), append(events, store.Candidate{ID: event})
	}
	repeated, err := rp.dedup.repeated(ctx, r.First, events)
	if err != nil {
		return nil, err
	}
	for i, it := range items {
		f := out.Files[it.file]
		if repeated[i] {
			out.Duplicate++
			f.Duplicate++
		} else {
			out.Accepted++
			f.Accepted++
			rp.kinds[it.typ].add(it.row)
			dirty.Inventory = dirty.Inventory || inventory(it.typ)
			if it.offset >= rp.folded {
				rp.kinds[it.typ].fold(it.row, rp.p.state, change)
				rp.folded = it.offset + 1
			}
			rp.known.Add([]stated{{events[i].ID, it.typ, it.offset}})
		}
		if !it.file.IsZero() { // a statement of a case comes from no file
			out.Files[it.file] = f
		}
	}
	return bad, nil
}

// restate enriches and rates the concerned rows anew. Where nothing but prices changed, and that
// concerns many rows, the engine does what it can; see [rerating].
func (rp *referencePart) restate(ctx context.Context, c *enrich.Change, dirty *Dirty) error {
	p := rp.p
	if c.Empty() {
		return nil
	}
	var any uint8
	if err := p.store.Conn().QueryRow(ctx, "SELECT toUInt8(count() > 0) FROM (SELECT 1 FROM usage LIMIT 1)").Scan(&any); err != nil || any == 0 {
		return err
	}
	where, moved, err := rp.rerate(ctx, c, dirty)
	if err != nil {
		return err
	}
	if where != "" {
		n, err := p.restateRows(ctx, c, dirty, where)
		if moved += n; err != nil {
			return err
		}
	}
	if moved > 0 {
		p.out.Info("usage restated", "rows", moved, "statements", len(c.Why), "all", c.All, "from", c.From)
	}
	return nil
}

// restateRows enriches and rates the rows that a condition selects, one by one, and inserts
// those that move with the new revision.
func (p *Pipeline) restateRows(ctx context.Context, c *enrich.Change, dirty *Dirty, where string) (moved int, err error) {
	enricher := enrich.New(p.state, p.book.Clone())
	writer := store.NewWriter(p.store, schema.UsageTable())
	why := newReasons(c.Why)
	err = store.Scan(ctx, p.store, schema.UsageTable(), where, func(u *schema.Usage) error {
		was := *u
		if err := enricher.Apply(u); err != nil {
			return fmt.Errorf("offset %d: %w", u.LogOffset, err)
		}
		was.Revision = u.Revision
		switch {
		case was != *u:
			dirty.Usage(was.Line, was.UnitID, was.LocalDay)
			dirty.Usage(u.Line, u.UnitID, u.LocalDay)
			dirty.moved(why, &was, u)
			moved++
		case p.share == nil:
			return nil // it stays where it is
		default: // so that it stands above what an instance inserts late, with older statements
		}
		writer.Add([]schema.Usage{*u})
		if writer.Len() < p.cfg.BatchRows {
			return nil
		}
		failpoint.Hit("reference.restate.block")
		return writer.Flush(ctx, "")
	})
	if err != nil {
		return moved, err
	}
	return moved, writer.Flush(ctx, "")
}

// restateWhere names the rows a change concerns: of the lines, of calls to them, and what was
// charged in the currencies.
func restateWhere(c *enrich.Change) string {
	where := fmt.Sprintf("occurred_at >= fromUnixTimestamp64Milli(toInt64(%d))", max(c.From, 0))
	if c.All {
		return where
	}
	var of, lines, hashes, currencies []string
	for id := range c.Lines {
		lines = append(lines, "'"+id+"'")
		if h, ok := schema.LineHash(id); ok {
			hashes = append(hashes, fmt.Sprint(h))
		}
	}
	for c := range c.Currencies {
		currencies = append(currencies, fmt.Sprintf("unhex('%x')", c)) // whatever bytes somebody stated
	}
	for _, in := range [...]struct {
		column string
		values []string
	}{{"recorded_line_id", lines}, {"other_hash", hashes}, {"currency", currencies}} {
		if len(in.values) > 0 {
			of = append(of, in.column+" IN ("+strings.Join(in.values, ", ")+")")
		}
	}
	return where + " AND (" + strings.Join(of, " OR ") + ")"
}

// judge lists the months that goals, approvals and units concern. Of what holds until further
// notice these are the months that the store has anything of.
func (p *Pipeline) judge(ctx context.Context, c *enrich.Change, d *Dirty) error {
	if len(c.Judge) == 0 {
		return nil
	}
	first, last, err := p.holds(ctx)
	if err != nil {
		return fmt.Errorf("finding out which months statements concern: %w", err)
	}
	for _, j := range c.Judge {
		from, to := max(schema.DayOf(j.From, time.UTC)-1, first), last
		if j.To != 0 {
			to = min(schema.DayOf(j.To, time.UTC)+1, last)
		}
		for month := from.Month(); month <= to; month = (month + 31).Month() {
			switch {
			case j.Line != "":
				touch(d.Lines, j.Line, month)
				d.Blurred = true
			case j.Unit != "":
				touch(d.Units, j.Unit, month)
				touch(d.UsageUnits, j.Unit, month)
				d.Blurred = true
			default:
				d.Months[month] = true
			}
		}
	}
	return nil
}

// holds returns the first and the last day of what rules judge in the store, a day to either
// side included; of an empty store no day lies between them. Both are in UTC. The parts of a
// table know their first and last moment: nothing is read.
func (p *Pipeline) holds(ctx context.Context) (first, last schema.Day, err error) {
	first, last = 1<<30, -1
	rows, err := p.store.Conn().Query(store.AsItLies(ctx), `SELECT toInt32(toDate32(min(occurred_at))), toInt32(toDate32(max(occurred_at))) FROM usage GROUP BY toYYYYMM(occurred_at)
UNION ALL SELECT toInt32(toDate32(min(occurred_at))), toInt32(toDate32(max(occurred_at))) FROM contacts GROUP BY toYYYYMM(occurred_at)
UNION ALL SELECT toInt32(min(day)), toInt32(max(day)) FROM watches HAVING count() > 0`)
	if err != nil {
		return 0, 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var lo, hi int32
		if err := rows.Scan(&lo, &hi); err != nil {
			return 0, 0, err
		}
		first, last = min(first, schema.Day(lo)-1), max(last, schema.Day(hi)+1)
	}
	return first, last, rows.Err()
}
