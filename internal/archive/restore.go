package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"linesman/internal/broker"
	"linesman/schema/columnar"
)

// produceRecords is how many records are appended and compared at a time.
const produceRecords = 10_000

// Target is the log that is restored.
type Target interface {
	Log
	Produce(ctx context.Context, topic string, partition int, recs []broker.Record) (first int64, err error)
}

// Restored is what a restore did.
type Restored struct {
	From     string  `json:"from"`
	Head     Head    `json:"head"`
	Files    int     `json:"files"`
	Records  int64   `json:"records"`  // in the archive
	Appended int64   `json:"appended"` // now
	Found    int64   `json:"found"`    // were there already, from a restore that was stopped, and are the same
	Seconds  float64 `json:"seconds"`
}

// restorer is one restore.
type restorer struct {
	log   Target
	store Store
	say   func(done, total int64)
	out   Restored
	done  int64
}

// Plan is an archive that was checked and can be restored.
type Plan struct {
	store Store
	parts []*Partition
	out   Restored
}

// Prepare checks a whole archive. head is what was noted of its newest manifest elsewhere; the
// zero Head: nothing.
func Prepare(ctx context.Context, st Store, head Head, say func(done, total int64)) (*Plan, error) {
	rep, parts, err := check(ctx, st, head, say)
	if err == nil {
		err = rep.Err()
	}
	if err != nil {
		return nil, err
	}
	return &Plan{st, parts, Restored{From: st.String(), Head: rep.Head, Records: rep.Records, Files: rep.Files}}, nil
}

// Head is the newest manifest.
func (p *Plan) Head() Head { return p.out.Head }

// Empty gives an error unless the log has the archive's topics and no record in them.
func (p *Plan) Empty(ctx context.Context, log Target) error {
	r := &restorer{log: log}
	return r.fits(ctx, p.parts, false)
}

// Restore brings the records of an archive into an empty log whose topics exist: at the same
// offsets, with the same keys, values, headers and times. It reads back what it has appended.
// With resume, what an earlier restore left is compared and continued.
func (p *Plan) Restore(ctx context.Context, log Target, resume bool, say func(done, total int64)) (Restored, error) {
	began := time.Now()
	r := &restorer{log: log, store: p.store, say: say, out: p.out}
	if r.say == nil {
		r.say = func(int64, int64) {}
	}
	if err := r.fits(ctx, p.parts, resume); err != nil {
		return r.out, err
	}
	for _, p := range p.parts {
		if err := r.partition(ctx, p); err != nil {
			return r.out, fmt.Errorf("restoring %s: %w", topicPartition{p.Topic, p.Partition}, err)
		}
	}
	r.out.Seconds = time.Since(began).Seconds()
	return r.out, nil
}

// fits tells whether the log can take the archive's records.
func (r *restorer) fits(ctx context.Context, parts []*Partition, resume bool) error {
	health, err := r.log.Health(ctx)
	if err != nil {
		return err
	}
	ends := map[topicPartition]broker.PartitionHealth{}
	counts := map[string]int{}
	for _, t := range health.Topics {
		counts[t.Name] = len(t.Partitions)
		for _, p := range t.Partitions {
			ends[topicPartition{t.Name, p.Partition}] = p
		}
	}
	archived := map[string]int{}
	for _, p := range parts {
		archived[p.Topic] = max(archived[p.Topic], p.Partition+1)
	}
	for topic, n := range archived {
		if counts[topic] != n {
			return fmt.Errorf("the archive has %d partitions of topic %s, the log has %d: keys would lie in other partitions than before. Make the topic with %d partitions", n, topic, counts[topic], n)
		}
	}
	for _, p := range parts {
		tp := topicPartition{p.Topic, p.Partition}
		switch end := ends[tp]; {
		case end.Next > 0 && !resume:
			return fmt.Errorf("%w: %s has %d records. A log is restored into an empty one: name another data directory (or an empty cluster)", ErrNotEmpty, tp, end.Next-end.First)
		case end.First > 0:
			return fmt.Errorf("%w: %s begins at offset %d. Restore into topics that are new", ErrNotEmpty, tp, end.First)
		case end.Next > p.Next:
			return fmt.Errorf("%w: %s has %d records, the archive %d: something was appended that the archive does not have. Begin anew in another data directory (or with empty topics)", ErrNotEmpty, tp, end.Next, p.Next)
		}
	}
	return nil
}

// partition restores one partition.
func (r *restorer) partition(ctx context.Context, p *Partition) error {
	if p.Next == 0 {
		return nil
	}
	_, next, err := r.log.Offsets(ctx, p.Topic, p.Partition)
	if err != nil {
		return err
	}
	back, err := r.log.NewReader(ctx, p.Topic, p.Partition, 0)
	if err != nil {
		return err
	}
	at := int64(0)
	for i := range p.Files {
		if next, err = r.file(ctx, &p.Files[i], at, next, back); err != nil {
			return errors.Join(err, back.Close())
		}
		at = p.Files[i].Next
	}
	return back.Close()
}

// file restores one file. next is the end of the log; it returns the new one.
func (r *restorer) file(ctx context.Context, f *File, at, next int64, back *broker.Reader) (int64, error) {
	data, err := fetch(ctx, r.store, f)
	if err != nil {
		return next, err
	}
	in, err := columnar.OpenParquet(data)
	if err == nil {
		next, err = r.groups(ctx, f, at, next, in, back)
	}
	if err = errors.Join(err, data.Close()); err != nil {
		return next, fmt.Errorf("file %s: %w", f.Name, err)
	}
	return next, nil
}

func (r *restorer) groups(ctx context.Context, f *File, at, next int64, in *columnar.ParquetReader, back *broker.Reader) (int64, error) {
	if in.Rows() != f.Records {
		return next, fmt.Errorf("it has %d records, the manifest says %d", in.Rows(), f.Records)
	}
	for {
		entries, topic, partition, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return next, err
		}
		if len(entries) > 0 && (topic != f.Topic || partition != f.Partition) {
			return next, fmt.Errorf("it holds topic %s partition %d, the manifest says %s", topic, partition, f.partition())
		}
		for part := range slices.Chunk(entries, produceRecords) {
			for i := range part {
				if part[i].Offset != at+int64(i) {
					return next, fmt.Errorf("offset %d stands where %d should be", part[i].Offset, at+int64(i))
				}
			}
			if next, err = r.append(ctx, f.partition(), part, next); err != nil {
				return next, err
			}
			if err := compare(ctx, part, back); err != nil {
				return next, err
			}
			at += int64(len(part))
			r.done += int64(len(part))
			r.say(r.done, r.out.Records)
		}
	}
	if at != f.Next {
		return next, fmt.Errorf("it ends at offset %d, the manifest says %d", at-1, f.Next-1)
	}
	return next, nil
}

// append appends what of the entries the log does not have yet.
func (r *restorer) append(ctx context.Context, tp topicPartition, entries []columnar.Entry, next int64) (int64, error) {
	there := int(min(max(next-entries[0].Offset, 0), int64(len(entries))))
	r.out.Found += int64(there)
	if entries = entries[there:]; len(entries) == 0 {
		return next, nil
	}
	recs := make([]broker.Record, len(entries))
	for i := range entries {
		recs[i] = recordOf(&entries[i])
	}
	first, err := r.log.Produce(ctx, tp.topic, tp.partition, recs)
	if err != nil {
		return next, err
	}
	if first != entries[0].Offset {
		return next, fmt.Errorf("the log put the record of offset %d at %d: somebody else appends to it, or it stored something twice. Begin anew with an empty log", entries[0].Offset, first)
	}
	r.out.Appended += int64(len(entries))
	return first + int64(len(entries)), nil
}

// compare reads the entries back from the log.
func compare(ctx context.Context, entries []columnar.Entry, back *broker.Reader) error {
	for len(entries) > 0 {
		recs, err := back.Fetch(ctx, len(entries), fetchWait)
		if err != nil {
			return err
		}
		if len(recs) == 0 {
			return fmt.Errorf("at offset %d: no answer from the log", back.Position())
		}
		for i := range recs {
			if e := entryOf(&recs[i]); !e.Equal(&entries[i]) {
				return differs(&e, &entries[i])
			}
		}
		entries = entries[len(recs):]
	}
	return nil
}

// differs says what of a record is not as it was, without its content.
func differs(got, want *columnar.Entry) error {
	if got.Offset == want.Offset && got.At != want.At {
		return fmt.Errorf("the log gave the record at offset %d another time (%s instead of %s): set message.timestamp.type=CreateTime for its topics and begin anew with an empty log", want.Offset, got.At, want.At)
	}
	return fmt.Errorf("the log has another record at offset %d than the archive. Begin anew with an empty log", want.Offset)
}
