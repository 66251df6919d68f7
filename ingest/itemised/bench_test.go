package itemised

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"linesman/ingest"
	"linesman/schema"
)

// discard is a sink that counts.
type discard struct {
	ingest.Sink
	usage, rejects int
}

func (d *discard) Usage(*schema.Usage) error  { d.usage++; return nil }
func (d *discard) Reject(ingest.Reject) error { d.rejects++; return nil }

const benchRows = 100_000

// norrteleFile is a month of traffic: 3000 lines, 20,000 other parties, some data and roaming.
func norrteleFile() string {
	var b strings.Builder
	b.WriteString("Abonnemang;Datum;Tid;Tjänst;Uppringt nummer;Land;Besökt nät;Längd;Volym (kB);Antal;Belopp exkl moms;Moms;Fakturanr;Radnr;Privat\r\n")
	for i := range benchRows {
		n := i * 7919 % 3000
		line := fmt.Sprintf("070-%03d %02d %02d", n/10, n%10, n%100)
		at := fmt.Sprintf("2026-03-%02d;%02d:%02d:%02d", 1+i*28/benchRows, i%24, i%60, i/13%60)
		switch {
		case i%10 < 6:
			fmt.Fprintf(&b, "%s;%s;Samtal;07%d-%03d %02d %02d;;;00:%02d:%02d;;1;0,%02d;0,10;F2026031;%d;\r\n", line, at, i%3*3%10, i/11%200, i%10, i%100, i%60, i%59, i%100, i)
		case i%10 < 8:
			fmt.Fprintf(&b, "%s;%s;SMS;073-%03d 45 %02d;;;;;1;0,39;0,10;F2026031;%d;\r\n", line, at, i%100, i%100, i)
		case i%10 < 9:
			fmt.Fprintf(&b, "%s;%s;Data;;;Norrtele;01:00:00;%d,%03d;;0;0;F2026031;%d;\r\n", line, at, i, i%1000, i)
		default:
			fmt.Fprintf(&b, "%s;%s;Data roaming;;Norge;Telenor Norge;01:00:00;%d,%03d;;0;0;F2026031;%d;\r\n", line, at, i, i%1000, i)
		}
	}
	return latin1(b.String())
}

func fjordtelFile() string {
	var b strings.Builder
	b.WriteString("\ufeffrecord_id,subscription,type,b_number,start,duration_s,bytes,units,visited_country,visited_network,net_amount,vat_amount,currency,invoice\n")
	for i := range benchRows {
		line := fmt.Sprintf("46701%06d", i*7919%3000)
		at := fmt.Sprintf("2026-03-%02dT%02d:%02d:%02dZ", 1+i*28/benchRows, i%24, i%60, i/13%60)
		if i%10 < 7 {
			fmt.Fprintf(&b, "R%d,%s,VOICE,4673%03d%04d,%s,%d,,1,SE,\"Fjordtel, home\",0.%02d,0.10,SEK,2026-77\n", i, line, i%10, i%2000, at, i%600, i%100)
		} else {
			fmt.Fprintf(&b, "R%d,%s,DATA_ROAM,,%s,%d,%d,,NO,Telenor,0,0,SEK,2026-77\n", i, line, at, i%6000, i*1000)
		}
	}
	return b.String()
}

// latin1 writes text of the first 256 characters as Windows-1252 does.
func latin1(s string) string {
	out := make([]byte, 0, len(s))
	for _, r := range s {
		out = append(out, byte(r))
	}
	return string(out)
}

// cpu is the processor time of this process: on a shared machine it says more than the clock.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func BenchmarkRead(b *testing.B) {
	for _, c := range []struct {
		name string
		file string
	}{{"norrtele", norrteleFile()}, {"fjordtel", fjordtelFile()}} {
		b.Run(c.name, func(b *testing.B) {
			f := format(b, Config{})
			b.SetBytes(int64(len(c.file)))
			b.ReportAllocs()
			rows, before := 0, cpu()
			for b.Loop() {
				var d discard
				in := ingest.Input{Name: c.name, Body: strings.NewReader(c.file), Now: recorded}
				if _, err := f.Read(context.Background(), in, &d); err != nil || d.rejects > 0 || d.usage != benchRows {
					b.Fatalf("%d records, %d rejects, %v", d.usage, d.rejects, err)
				}
				rows += d.usage
			}
			b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
			b.ReportMetric(float64(rows)/(cpu()-before).Seconds(), "rows/cpu-s")
		})
	}
}
