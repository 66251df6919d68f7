package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"linesman/internal/broker"
	"linesman/processors/store"
	"linesman/schema"
)

// typeAmendment is the record type of amendments in the topics of usage.
const typeAmendment = "Amendment"

func isAmendment(rec *broker.Record) bool {
	for i := range rec.Headers {
		if rec.Headers[i].Key == schema.HeaderType {
			return string(rec.Headers[i].Value) == typeAmendment
		}
	}
	return false
}

// amendments knows which usage records of a partition are dead, and keeps the amendments as
// rows. It is used by the goroutine of the partition.
type amendments struct {
	store   *store.Store
	decoder *schema.Decoder[schema.Amendment]
	writer  *store.Writer[schema.Amendment]
	dedup   dedup

	of   map[recordOf][]schema.Amendment // by the record that they amend
	dead map[recordOf]bool               // records that do not count, there already or not
}

// recordOf names a usage record. An amendment that names another line than the record's does
// not concern it: it could not be relied on to travel in the same partition.
type recordOf struct {
	event schema.ID
	line  string // as recorded
}

func newAmendments(st *store.Store, logPartition uint32) *amendments {
	return &amendments{store: st, decoder: schema.NewDecoder(schema.AmendmentTable()), writer: store.NewWriter(st, schema.AmendmentTable()),
		dedup: dedup{store: st, table: "amendments", logPartition: logPartition}}
}

// open loads the amendments of offsets below next.
func (a *amendments) open(ctx context.Context, next uint64) error {
	a.of, a.dead = map[recordOf][]schema.Amendment{}, map[recordOf]bool{}
	if err := a.dedup.open(ctx, next); err != nil {
		return err
	}
	where := fmt.Sprintf("log_partition = %d AND log_offset < %d", a.dedup.logPartition, next)
	return store.Scan(ctx, a.store, schema.AmendmentTable(), where, func(am *schema.Amendment) error {
		a.fold(am)
		return nil
	})
}

// fold takes in an amendment and returns the records that are dead because of it and its
// companions. It may be called again with one that it has.
func (a *amendments) fold(am *schema.Amendment) []recordOf {
	amended := recordOf{am.Amends, am.LineID}
	all := a.of[amended]
	if !slices.ContainsFunc(all, func(o schema.Amendment) bool { return o.EventID == am.EventID }) {
		all = append(all, *am)
		slices.SortFunc(all, func(x, y schema.Amendment) int {
			return cmp.Or(cmp.Compare(x.AmendedAt, y.AmendedAt), slices.Compare(x.EventID[:], y.EventID[:]))
		})
		a.of[amended] = all
	}
	dead := []recordOf{amended}
	for _, o := range all[:len(all)-1] { // the latest holds
		if !o.ReplacedBy.IsZero() && o.ReplacedBy != all[len(all)-1].ReplacedBy {
			dead = append(dead, recordOf{o.ReplacedBy, am.LineID})
		}
	}
	for _, rec := range dead {
		a.dead[rec] = true
	}
	return dead
}

// read decodes an amendment.
func (a *amendments) read(rec *broker.Record, am *schema.Amendment) error {
	if err := a.decoder.Decode(rec.Value, am); err != nil {
		return err
	}
	if am.EventID.IsZero() || am.Amends.IsZero() || am.Amends == am.ReplacedBy {
		return fmt.Errorf("%w: an amendment without id, of nothing, or of itself", schema.ErrWire)
	}
	if !isLine(am.LineID, "") {
		return fmt.Errorf("%w: an amendment of a line that is no line id", schema.ErrWire)
	}
	return nil
}

// taken is what the amendments of a range come to.
type taken struct {
	at   map[int]bool                   // the records that are amendments, by their place in the range
	died map[recordOf]*schema.Amendment // the usage records that die of them, and of which
	bad  []poison
}

// holds tells whether the record at i is an amendment. Most ranges have none.
func (t *taken) holds(i int) bool { return len(t.at) > 0 && t.at[i] }

// take folds the amendments of a range.
func (a *amendments) take(ctx context.Context, r store.Range, recs []broker.Record, out *store.Outcome) (t taken, err error) {
	var list []schema.Amendment
	var events []store.Candidate
	for i := range recs {
		if !isAmendment(&recs[i]) {
			continue
		}
		if t.at == nil {
			t.at = map[int]bool{}
		}
		t.at[i] = true
		am := schema.Amendment{LogPartition: logPartition(r.Topic, r.Partition), LogOffset: r.First + uint64(i)}
		err := unknown(&recs[i])
		if is(&recs[i], typeAmendment) {
			err = a.read(&recs[i], &am)
		}
		if err != nil {
			t.bad = append(t.bad, poison{i, err})
			continue
		}
		list, events = append(list, am), append(events, store.Candidate{ID: am.EventID})
	}
	if len(list) == 0 {
		return t, nil
	}
	repeated, err := a.dedup.repeated(ctx, r.First, events)
	if err != nil {
		return taken{}, err
	}
	t.died = map[recordOf]*schema.Amendment{}
	for i := range list {
		// A correction counts by the record that it puts in place; a cancellation has none.
		f := out.Files[list[i].FileID]
		counts := list[i].ReplacedBy.IsZero()
		if repeated[i] {
			if counts {
				out.Duplicate++
				f.Duplicate++
				out.Files[list[i].FileID] = f
			}
			continue
		}
		if counts {
			out.Accepted++
			f.Accepted++
			out.Files[list[i].FileID] = f
		}
		for _, rec := range a.fold(&list[i]) {
			t.died[rec] = &list[i]
		}
		a.writer.Add(list[i : i+1])
	}
	return t, nil
}

// bury hands the rows that the store has of dead records to each, to be written as dead.
func (a *amendments) bury(ctx context.Context, died map[recordOf]*schema.Amendment, each func(*schema.Usage, *schema.Amendment) error) error {
	if len(died) == 0 {
		return nil
	}
	lines, ids := map[string]bool{}, make([]string, 0, len(died))
	for rec := range died {
		lines[rec.line] = true
		ids = append(ids, "unhex('"+rec.event.String()+"')")
	}
	slices.Sort(ids)
	var named []string
	for line := range lines {
		named = append(named, "'"+line+"'")
	}
	slices.Sort(named)
	where := fmt.Sprintf("recorded_line_id IN (%s) AND log_partition = %d AND event_id IN (%s)", strings.Join(named, ", "), a.dedup.logPartition, strings.Join(ids, ", "))
	err := store.Scan(ctx, a.store, schema.UsageTable(), where, func(u *schema.Usage) error {
		if am := died[recordOf{u.EventID, u.LineID}]; am != nil {
			return each(u, am)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("finding the records that %d amendments concern: %w", len(died), err)
	}
	return nil
}
