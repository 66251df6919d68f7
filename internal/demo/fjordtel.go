package demo

import (
	"archive/zip"
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"
)

const fjordHeader = "\uFEFFrecord_id,subscription,type,b_number,start,duration_s,bytes,units,visited_country,visited_network,net_amount,vat_amount,currency,invoice\n"

func fjordTypes() [11]string {
	return [11]string{"VOICE", "VOICE_ROAM_OUT", "VOICE_ROAM_IN", "SMS", "MMS", "DATA", "DATA_ROAM", "PREMIUM", "FEE", "ONEOFF", "CREDIT"}
}

// fjordWriter writes rows of FjordTel: UTC, decimal point, bytes.
type fjordWriter struct {
	*region
	types   [11]string
	invoice string
}

func (w *fjordWriter) append(b []byte, rec *record, id int64) []byte {
	b = append(b, "FT"...)
	b = append(b, w.invoice[3:]...)
	b = append(b, '-')
	b = strconv.AppendInt(b, id, 10)
	b = append(b, ',')
	b = append(b, w.lines[rec.line].number[1:]...)
	b = append(b, ',')
	b = append(b, w.types[rec.service]...)
	b = append(b, ',')
	other := rec.other
	if rec.masked {
		other = other[:len(other)-3] + "xxx"
	}
	b = append(b, other...)
	b = append(b, ',')
	b = time.Unix(rec.at, 0).UTC().AppendFormat(b, "2006-01-02T15:04:05Z")
	b = append(b, ',')
	b = strconv.AppendInt(b, int64(rec.dur), 10)
	b = append(b, ',')
	b = strconv.AppendInt(b, rec.bytes, 10)
	b = append(b, ',')
	b = strconv.AppendInt(b, int64(max(rec.units, 1)), 10)
	b = append(b, ',')
	country := rec.country
	if country == "" && rec.service < monthlyFee {
		country = "SE"
	}
	b = append(b, country...)
	b = append(b, ',')
	switch network := visitedNetwork(rec.country); {
	case strings.Contains(network, " "):
		b = append(append(append(b, '"'), network...), '"')
	default:
		b = append(b, network...)
	}
	b = append(b, ',')
	b = append(b, rec.amount.decimal('.')...)
	b = append(b, ',')
	b = append(b, vat(rec.amount).decimal('.')...)
	b = append(b, ",SEK,"...)
	b = append(b, w.invoice...)
	return append(b, '\n')
}

func (g *generator) writeFjordTel(out *output, m int, recs []record) error {
	w := &fjordWriter{region: g.region, types: fjordTypes(), invoice: "FT-" + strings.ReplaceAll(g.months[m].label, "-", "")}
	name := fmt.Sprintf("fjordtel_%s.csv", g.months[m].label)
	b := append(make([]byte, 0, 110*len(recs)), fjordHeader...)
	f := File{Collector: dirItemised, Profile: "fjordtel", Month: g.months[m].label, Rows: int64(len(recs)), Accepted: int64(len(recs))}
	var sum micro
	for i := range recs {
		from := len(b)
		b = w.append(b, &recs[i], int64(i+1))
		sum += recs[i].amount
		if i < overlapRows {
			out.heads = append(out.heads, bytes.Clone(b[from:]))
		}
	}
	f.Charged = sum.decimal('.')
	f.Name = name
	if m%3 != 0 { // most months come packed
		f.Name = strings.TrimSuffix(name, ".csv") + ".zip"
	}
	for _, bad := range g.plan.badItemised[opMonth{fjordTel, m}] {
		f.Rows++
		f.Rejected++
		b = append(b, strings.ReplaceAll(fmt.Sprintf(bad.format, g.months[m].label, w.invoice, f.Rows), "|", ",")+"\n"...)
		out.rejects = append(out.rejects, Reject{File: f.Name, Row: f.Rows + 1, Column: bad.column, Kind: bad.kind})
	}
	out.files = append(out.files, f)
	content := b
	if f.Name != name {
		packed, err := zipped(name, b)
		if err != nil {
			return err
		}
		content = packed
	}
	if err := g.writeFile(dirItemised, f.Name, content); err != nil {
		return err
	}
	return g.supplementFjordTel(out, w, m, recs)
}

func (g *generator) supplementFjordTel(out *output, w *fjordWriter, m int, recs []record) error {
	if !g.supplement(m) || len(recs) == 0 {
		return nil
	}
	extra := g.plan.lateRecords(m, recs)
	b := []byte(fjordHeader)
	for _, head := range out.heads {
		b = append(b, head...)
	}
	for i := range extra {
		b = w.append(b, &extra[i], int64(900001+i))
	}
	return g.addSupplement(out, fjordTel, m, b, extra)
}

// zipped packs one file without a time stamp.
func zipped(name string, content []byte) ([]byte, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate})
	if err != nil {
		return nil, fmt.Errorf("packing %s: %w", name, err)
	}
	if _, err := w.Write(content); err != nil {
		return nil, fmt.Errorf("packing %s: %w", name, err)
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("packing %s: %w", name, err)
	}
	return b.Bytes(), nil
}
