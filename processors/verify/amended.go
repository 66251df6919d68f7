package verify

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"linesman/internal/broker"
	"linesman/schema"
)

// amended collects the amendments of a partition and tells which usage records do not count.
// It follows the words of [schema.Amendment], not the code of the pipeline: what is verified
// must not verify itself.
type amended struct {
	decoder *schema.Decoder[schema.Amendment]
	all     map[schema.ID]schema.Amendment // by event id
}

type recordOf struct {
	event schema.ID
	line  string
}

func newAmended() *amended {
	return &amended{decoder: schema.NewDecoder(schema.AmendmentTable()), all: map[schema.ID]schema.Amendment{}}
}

// take keeps an amendment; it tells whether it was there already, or is refused.
func (a *amended) take(rec *broker.Record) (repeated, refused bool) {
	var am schema.Amendment
	if err := a.decoder.Decode(rec.Value, &am); err != nil || am.EventID.IsZero() || am.Amends.IsZero() || am.Amends == am.ReplacedBy {
		return false, true
	}
	if _, ok := a.all[am.EventID]; ok {
		return true, false
	}
	am.LineID, am.Source = strings.Clone(am.LineID), ""
	a.all[am.EventID] = am
	return false, false
}

// dead lists the records that do not count.
func (a *amended) dead() map[recordOf]bool {
	of := map[recordOf][]schema.Amendment{}
	for _, am := range a.all {
		of[recordOf{am.Amends, am.LineID}] = append(of[recordOf{am.Amends, am.LineID}], am)
	}
	dead := map[recordOf]bool{}
	for rec, list := range of {
		dead[rec] = true
		last := slices.MaxFunc(list, func(x, y schema.Amendment) int {
			return cmp.Or(cmp.Compare(x.AmendedAt, y.AmendedAt), slices.Compare(x.EventID[:], y.EventID[:]))
		})
		for _, am := range list {
			if !am.ReplacedBy.IsZero() && am.ReplacedBy != last.ReplacedBy {
				dead[recordOf{am.ReplacedBy, am.LineID}] = true
			}
		}
	}
	return dead
}

// discount walks the partition again and takes the records that do not count out of the sums.
func (v *Verifier) discount(ctx context.Context, p *Partition, a *amended, until uint64) error {
	dead := a.dead()
	if len(dead) == 0 {
		return nil
	}
	dec := schema.NewDecoder(schema.UsageTable())
	zones := map[string]bool{}
	seen := map[schema.ID]bool{}
	_, err := readAll(ctx, v.log, place{p.Topic, p.Partition}, 0, until, func(recs []broker.Record) error {
		for i := range recs {
			var u schema.Usage
			if typeOf(&recs[i]) != "Usage" || headerOf(&recs[i], schema.HeaderVersion) != schema.Version || dec.Decode(recs[i].Value, &u) != nil ||
				u.EventID.IsZero() || refused(&u, zones) || seen[u.EventID] || !dead[recordOf{u.EventID, u.LineID}] {
				continue
			}
			seen[u.EventID] = true
			p.Amended++
			p.Log.Records--
			p.Log.DurationS -= uint64(u.DurationS)
			p.Log.Bytes -= u.VolumeBytes
			p.Log.Messages -= uint64(u.Messages)
			p.Log.Charged -= u.Charged
			p.Log.VAT -= u.VAT
		}
		return nil
	})
	return err
}
