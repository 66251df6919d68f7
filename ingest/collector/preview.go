package collector

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"linesman/ingest"
	"linesman/schema"
)

// Field is one value of a shown record.
type Field struct {
	Name  string
	Value string
}

// Shown is one record, or one reject, of a dry run.
type Shown struct {
	Record string // type of the record as in the log; empty for a reject
	Row    uint64
	Fields []Field
	Reject *ingest.Reject // without the raw row
}

// MarshalJSON writes the record as one object.
func (s Shown) MarshalJSON() ([]byte, error) {
	m := map[string]any{"row": s.Row}
	if s.Reject != nil {
		m["reject"] = map[string]any{"column": s.Reject.Column, "code": s.Reject.Code, "reason": s.Reject.Reason}
		return json.Marshal(m)
	}
	values := make(map[string]string, len(s.Fields))
	for _, f := range s.Fields {
		values[f.Name] = f.Value
	}
	m["record"], m["fields"] = s.Record, values
	return json.Marshal(m)
}

// DryOptions say how much a dry run shows.
type DryOptions struct {
	Records int // records to show; 0: none
	Rejects int // rejects to show; 0: none
}

// DryRun reads a file as Collect does, writes nothing and hands the first records and rejects
// to show. The report holds the counts of all of them and how the header was mapped.
func (c *Collector) DryRun(ctx context.Context, collector, name string, body io.Reader, size int64, opt DryOptions, show func(Shown)) (Report, error) {
	return c.each(ctx, collector, name, body, size, &preview{opt: opt, show: show})
}

type preview struct {
	opt  DryOptions
	show func(Shown)
}

func (p *preview) record(kind string, row uint64, fields func() []Field) {
	if p.opt.Records > 0 {
		p.opt.Records--
		p.show(Shown{Record: kind, Row: row, Fields: fields()})
	}
}

func (p *preview) reject(r ingest.Reject) {
	if p.opt.Rejects > 0 {
		p.opt.Rejects--
		r.Raw = nil
		p.show(Shown{Row: r.Row, Reject: &r})
	}
}

// fields lists the values of a record that are set, as the log would carry them.
func fields[T any](t *schema.Table[T], rec *T) []Field {
	var list []Field
	for _, col := range t.Columns {
		if col.Field == 0 {
			continue
		}
		if v := text(col.Type, col.Ref(rec)); v != "" {
			list = append(list, Field{col.Name, v})
		}
	}
	return list
}

func text(typ schema.Type, ref any) string {
	switch p := ref.(type) {
	case *string:
		return *p
	case *schema.ID:
		return p.String()
	case *schema.Time:
		if *p == 0 {
			return ""
		}
		return p.String()
	case *schema.Day:
		return p.String()
	case *schema.Money:
		if *p == 0 {
			return ""
		}
		return p.String()
	case *bool:
		if !*p {
			return ""
		}
		return "true"
	case *uint64:
		return number(typ, *p)
	case *uint32:
		return number(typ, uint64(*p))
	case *float64:
		return fmt.Sprint(*p)
	}
	return ""
}

func number(typ schema.Type, v uint64) string {
	switch {
	case v == 0:
		return ""
	case typ == schema.TypeHash:
		return fmt.Sprintf("%016x", v)
	}
	return fmt.Sprint(v)
}
