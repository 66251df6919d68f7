package verify

import (
	"context"
	"fmt"
	"strings"
	"time"

	"linesman/internal/broker"
	"linesman/processors/store"
	"linesman/schema"
)

// fetchMax is how many records are taken from the log at a time.
const fetchMax = 20_000

// partition walks a partition of the log up to where the store stands and compares.
// Memory: the ids of the partition's events, some 50 bytes each.
func (v *Verifier) partition(ctx context.Context, topic string, partition uint32, step func(uint64)) (Partition, error) {
	p := Partition{Topic: topic, Partition: partition}
	_, next, err := v.log.Offsets(ctx, topic, int(partition))
	if err != nil {
		return p, err
	}
	stored, _, err := v.store.Position(ctx, topic, partition)
	if err != nil {
		return p, err
	}
	if stored > uint64(next) {
		return p, fmt.Errorf("%s/%d: the store stands at offset %d, the log ends at %d: the log has lost records; restore it, then run linesman rebuild", topic, partition, stored, next)
	}
	p.Logged, p.Behind = uint64(next), uint64(next)-stored
	if err := v.walk(ctx, &p, stored, step); err != nil {
		return p, fmt.Errorf("reading %s/%d: %w", topic, partition, err)
	}
	if err := v.stored(ctx, &p, stored); err != nil {
		return p, fmt.Errorf("summing %s/%d in the store: %w", topic, partition, err)
	}
	p.OK = p.Log.Records == p.Store.Records && p.Log.DurationS == p.Store.DurationS && p.Log.Bytes == p.Store.Bytes && p.Log.Messages == p.Store.Messages &&
		p.Log.ChargedSEK == p.Store.ChargedSEK && p.Log.VATSEK == p.Store.VATSEK &&
		p.Amendments == p.AmendmentsStored && p.Wrong == 0
	return p, nil
}

func (v *Verifier) walk(ctx context.Context, p *Partition, until uint64, step func(uint64)) error {
	seen := map[schema.ID]struct{}{}
	amends := newAmended()
	held := newIntervals(p.Topic)
	count := counter(p, seen, amends, held)
	if _, err := readAll(ctx, v.log, place{p.Topic, p.Partition}, 0, until, func(recs []broker.Record) error {
		for i := range recs {
			count(&recs[i])
		}
		step(uint64(len(recs)))
		return nil
	}); err != nil {
		return err
	}
	p.Amendments = uint64(len(amends.all))
	if err := v.discount(ctx, p, amends, until); err != nil {
		return err
	}
	var err error
	if p.Wrong, err = held.compare(ctx, v.store, until); err != nil {
		return err
	}
	p.Log.ChargedSEK, p.Log.VATSEK = p.Log.Charged.String(), p.Log.VAT.String()
	return nil
}

// counter returns what adds a record of the partition's topic to the sums.
func counter(p *Partition, seen map[schema.ID]struct{}, amends *amended, held *intervals) func(*broker.Record) {
	dec := schema.NewDecoder(schema.UsageTable())
	ids := schema.NewEventIDs(p.Topic)
	usage := p.Topic == schema.TopicCalls || p.Topic == schema.TopicData || p.Topic == schema.TopicSMS
	zones, whole := map[string]bool{}, decoders()
	return func(rec *broker.Record) {
		var u schema.Usage
		var err error
		if headerOf(rec, schema.HeaderVersion) != schema.Version {
			p.Refused++
			return
		}
		typ := typeOf(rec)
		if usage && typ == "Amendment" {
			repeated, refused := amends.take(rec)
			if repeated {
				p.Repeated++
			}
			if refused {
				p.Refused++
			}
			return
		}
		if usage && typ == "Usage" {
			err = dec.Decode(rec.Value, &u)
		} else if u.EventID, err = ids.Read(typ, rec.Value); err == nil && whole[typ] != nil {
			err = whole[typ](rec.Value)
		}
		if err != nil || u.EventID.IsZero() || usage && typ == "Usage" && refused(&u, zones) {
			p.Refused++
			return
		}
		if _, ok := seen[u.EventID]; ok {
			p.Repeated++
			return
		}
		seen[u.EventID] = struct{}{}
		held.take(rec)
		p.Log.Records++
		p.Log.DurationS += uint64(u.DurationS)
		p.Log.Bytes += u.VolumeBytes
		p.Log.Messages += uint64(u.Messages)
		p.Log.Charged += u.Charged
		p.Log.VAT += u.VAT
	}
}

func typeOf(rec *broker.Record) string { return headerOf(rec, schema.HeaderType) }

// headerOf returns the last header of a name, as the pipeline reads it.
func headerOf(rec *broker.Record, key string) (value string) {
	for _, h := range rec.Headers {
		if h.Key == key {
			value = string(h.Value)
		}
	}
	return value
}

// refused tells whether the pipeline refuses a usage record that can be decoded.
func refused(u *schema.Usage, zones map[string]bool) bool {
	known, asked := zones[u.Zone]
	if !asked {
		_, err := time.LoadLocation(u.Zone)
		known = err == nil
		zones[strings.Clone(u.Zone)] = known
	}
	return !known || u.OccurredAt == 0
}

// stored sums the rows of offsets below until: others may arrive meanwhile.
func (v *Verifier) stored(ctx context.Context, p *Partition, until uint64) error {
	ctx = store.Exact(ctx)
	if p.Topic == schema.TopicCalls || p.Topic == schema.TopicData || p.Topic == schema.TopicSMS {
		lp := 1000*schema.UsageTopicIndex(p.Topic) + p.Partition
		var charged, vat int64
		err := v.store.Conn().QueryRow(ctx, "SELECT count(), sum(duration_s), sum(volume_bytes), sum(messages), sum(reinterpretAsInt64(charged)), sum(reinterpretAsInt64(vat)) FROM usage WHERE log_partition = ? AND log_offset < ?", lp, until).
			Scan(&p.Store.Records, &p.Store.DurationS, &p.Store.Bytes, &p.Store.Messages, &charged, &vat)
		p.Store.Charged, p.Store.VAT = schema.Money(charged), schema.Money(vat)
		p.Store.ChargedSEK, p.Store.VATSEK = p.Store.Charged.String(), p.Store.VAT.String()
		if err == nil {
			err = v.store.Conn().QueryRow(ctx, "SELECT count() FROM amendments WHERE log_partition = ? AND log_offset < ?", lp, until).Scan(&p.AmendmentsStored)
		}
		return err
	}
	// Statements that correct each other merge into one row: what counts is what was accepted.
	count, args := "SELECT sum(accepted) FROM valid_ranges WHERE topic = ? AND next <= ?", []any{p.Topic, until}
	if tables := eventTables(p.Topic); len(tables) > 0 {
		sums := make([]string, len(tables))
		args = make([]any, len(tables))
		for i, table := range tables {
			sums[i], args[i] = "(SELECT uniqExact(event_id) FROM "+table+" WHERE log_offset < ?)", until
		}
		count = "SELECT " + strings.Join(sums, " + ")
	}
	if err := v.store.Conn().QueryRow(ctx, count, args...).Scan(&p.Store.Records); err != nil {
		return err
	}
	p.Store.ChargedSEK, p.Store.VATSEK = p.Log.ChargedSEK, p.Log.VATSEK
	return nil
}

// eventTables lists the tables that hold every event of a topic. Statements are none: a later
// one takes the place of an earlier one.
func eventTables(topic string) []string {
	switch topic {
	case schema.TopicReference:
		return nil
	case schema.TopicContacts: // a later extract takes the place of an earlier one
		return []string{"contacts_known"}
	}
	var out []string
	for _, in := range schema.Catalogue() {
		if in.Topic == topic {
			out = append(out, in.Name)
		}
	}
	return out
}
