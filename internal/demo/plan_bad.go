package demo

// badCUCM is a row of the exchange that cannot be accepted.
type badCUCM struct {
	kind, column string
	spoil        func(l *layout, buf []byte, r row) []byte
}

// badRecord is a row of an itemised file that cannot be accepted. Its format takes the month,
// the invoice and the row number; bars stand for the delimiter.
type badRecord struct{ kind, column, format string }

func (p *plan) plantBadRows() {
	days := []int{2, len(p.days) / 2, len(p.days)/2 + 9, len(p.days) - 6}
	for i, bad := range badCUCMRows() {
		d := days[i%len(days)]
		p.badCUCM[d] = append(p.badCUCM[d], bad)
	}
	last := len(p.months) - 1
	for i, bad := range badNorrTele() {
		k := opMonth{norrTele, (i * 2) % (last + 1)}
		p.badItemised[k] = append(p.badItemised[k], bad)
	}
	for i, bad := range badFjordTel() {
		k := opMonth{fjordTel, (i*2 + 1) % (last + 1)}
		p.badItemised[k] = append(p.badItemised[k], bad)
	}
}

func badCUCMRows() []badCUCM {
	return []badCUCM{
		{"negative duration", "duration", func(l *layout, buf []byte, r row) []byte {
			r.num[cDuration] = -5
			return l.append(buf, &r)
		}},
		{"time in 1970", "dateTimeOrigination", func(l *layout, buf []byte, r row) []byte {
			r.num[cOrigination], r.num[cConnect], r.num[cDisconnect] = 3600, 3605, 3635
			return l.append(buf, &r)
		}},
		{"row cut short", "", func(l *layout, buf []byte, r row) []byte {
			whole := l.append(nil, &r)
			return append(append(buf, whole[:len(whole)/3]...), '\n')
		}},
		{"number damaged by a spreadsheet", "callingPartyNumber", func(l *layout, buf []byte, r row) []byte {
			r.str[cCalling-numCells] = "4.61E+10"
			return l.append(buf, &r)
		}},
	}
}

func badNorrTele() []badRecord {
	return []badRecord{
		{"personnummer in a text column", "Besökt nät", "070-174 06 05|%[1]s-03|09:00:00|Samtal|0739912345|Sverige|19121212-1212|00:01:00|||0,50|0,13|%[2]s|%[3]d|"},
		{"number damaged by a spreadsheet", "Abonnemang", "4,67E+10|%[1]s-04|09:00:00|Samtal|0739912345|||00:01:00|||0,50|0,13|%[2]s|%[3]d|"},
		{"time that does not exist", "Tid", "070-174 06 05|%[1]s-05|25:61:00|Samtal|0739912345|||00:01:00|||0,50|0,13|%[2]s|%[3]d|"},
		{"negative duration", "Längd", "070-174 06 05|%[1]s-06|09:00:00|Samtal|0739912345|||-00:01:05|||0,50|0,13|%[2]s|%[3]d|"},
		{"date in 1970", "Datum", "070-174 06 05|1970-01-01|09:00:00|Samtal|0739912345|||00:01:00|||0,50|0,13|%[2]s|%[3]d|"},
	}
}

func badFjordTel() []badRecord {
	return []badRecord{
		{"negative duration", "duration_s", "FT-bad-%[3]d|46701740608|VOICE|+46739912345|%[1]s-03T09:00:00Z|-30|0|1|SE||0.50|0.13|SEK|%[2]s"},
		{"amount that is no number", "net_amount", "FT-bad-%[3]d|46701740608|VOICE|+46739912345|%[1]s-04T09:00:00Z|30|0|1|SE||abc|0.13|SEK|%[2]s"},
		{"number damaged by a spreadsheet", "subscription", "FT-bad-%[3]d|4.67E+10|VOICE|+46739912345|%[1]s-05T09:00:00Z|30|0|1|SE||0.50|0.13|SEK|%[2]s"},
		{"unknown type", "type", "FT-bad-%[3]d|46701740608|TELEX|+46739912345|%[1]s-06T09:00:00Z|30|0|1|SE||0.50|0.13|SEK|%[2]s"},
	}
}
