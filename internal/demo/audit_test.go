package demo

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// audit finds the violations in the files again, from the wording of the rules alone.
type audit struct {
	t         testing.TB
	dir       string
	truth     *Truth
	zone      *time.Location
	bad       map[string]bool // file:line of the rows that are to be rejected
	seen      map[string]bool
	byExt     map[string]string
	held      map[string][]map[string]string // statements by number
	approvals []map[string]string
	prices    []map[string]string

	roaming map[string]int64 // "number month"
	fwCount map[string]int64
	fwCost  map[string]int64 // öre × 100
	fwDay   map[string]int64 // calls by "number day"
	long    map[string]bool  // lines that forwarded a call of more than five minutes
	premium map[string]int64
	kinds   map[string]int64
	charged map[string]int64 // öre, by file

	now  string          // operator, invoice and row of the itemised record that is read
	dead map[string]bool // such records that do not count any more
}

func newAudit(t testing.TB, dir string, truth *Truth) *audit { return auditWithout(t, dir, truth, nil) }

// auditWithout leaves dead records out.
func auditWithout(t testing.TB, dir string, truth *Truth, dead map[string]bool) *audit {
	zone, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Fatal(err)
	}
	a := &audit{t: t, dir: dir, truth: truth, zone: zone, bad: map[string]bool{}, seen: map[string]bool{}, byExt: map[string]string{}, held: map[string][]map[string]string{},
		roaming: map[string]int64{}, fwCount: map[string]int64{}, fwCost: map[string]int64{}, fwDay: map[string]int64{}, long: map[string]bool{}, premium: map[string]int64{}, kinds: map[string]int64{}, charged: map[string]int64{}, dead: dead}
	for _, r := range truth.Rejects {
		a.bad[fmt.Sprintf("%s:%d", r.File, r.Row)] = true
	}
	for _, l := range inOrder(wholeTable(t, dir, truth, "lines")) {
		a.byExt[l["extension"]] = l["number"]
		a.held[l["number"]] = append(a.held[l["number"]], l)
	}
	a.approvals = wholeTable(t, dir, truth, "approvals")
	a.prices = wholeTable(t, dir, truth, "prices")
	slices.SortStableFunc(a.prices, func(x, y map[string]string) int { return strings.Compare(y["valid_from"], x["valid_from"]) }) // the latest that holds
	for i := range truth.Files {
		if truth.Files[i].Collector != "invoices" {
			a.file(&truth.Files[i])
		}
	}
	for i := range truth.Files { // they say what the others sum up to
		if truth.Files[i].Collector == "invoices" {
			a.invoice(&truth.Files[i])
		}
	}
	return a
}

func (a *audit) file(f *File) {
	var accepted, rejected, again, splits int64
	n := rows(a.t, a.dir, f, func(r *rowOf) {
		switch key := a.key(f, r); {
		case a.bad[fmt.Sprintf("%s:%d", f.Name, r.line)]:
			rejected++
		case key != "" && a.seen[key]:
			again++
		default:
			a.seen[key] = true
			accepted++
			if r.get("Avser abonnemang") != "" || r.get("corrects_subscription") != "" {
				splits++ // one row, two records
			}
			a.record(f, r)
		}
	})
	if strings.HasSuffix(f.Name, "_felaktig.csv") {
		rejected, accepted = n, 0
	}
	n, accepted = n+splits, accepted+splits
	if n != f.Rows || accepted != f.Accepted || rejected != f.Rejected || again != f.Duplicate {
		a.t.Errorf("%s: %d rows, %d accepted, %d rejected, %d duplicate; the truth says %+v", f.Name, n, accepted, rejected, again, *f)
	}
}

func (a *audit) key(f *File, r *rowOf) string {
	switch {
	case f.Collector == "cucm":
		return r.get("pkid")
	case f.Profile == "norrtele":
		return r.get("Fakturanr") + "/" + r.get("Radnr")
	case f.Profile == "fjordtel":
		return r.get("invoice") + "/" + r.get("record_id")
	}
	return ""
}

func (a *audit) record(f *File, r *rowOf) {
	a.now = f.Profile + "/" + a.key(f, r)
	switch {
	case f.Collector == "cucm":
		a.call(f, r)
	case r.get("Ändring") == "Makulerad", r.get("change") == "CANCEL":
	case f.Profile == "norrtele":
		a.norrTele(f, r)
	case f.Profile == "fjordtel":
		a.fjordTel(f, r)
	case f.Collector == "melior":
		a.kinds["watches"]++
	}
}

func (a *audit) integer(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		a.t.Fatalf("%q is no number", s)
	}
	return n
}

var (
	shortNumber   = regexp.MustCompile(`^6\d{4}$`)
	mobileNumbers = regexp.MustCompile(`^\+467[02369]\d{7}$`)
	premiumNumber = regexp.MustCompile(`^\+469(00|39|44|9)\d+$`)
	pkidShape     = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$`)
	uuidPerson    = regexp.MustCompile(`\d{6}-?\d{4}`)
)

func (a *audit) call(f *File, r *rowOf) {
	want := 129
	if f.Month >= "2026-03" {
		want = 133
	}
	if len(r.cells) != want {
		a.t.Errorf("%s:%d has %d columns, want %d", f.Name, r.line, len(r.cells), want)
	}
	if id := r.get("pkid"); !pkidShape.MatchString(id) || uuidPerson.MatchString(id) {
		a.t.Errorf("%s:%d: pkid %s", f.Name, r.line, id)
	}
	a.kinds["call"]++
	a.kinds["cucm"]++
	began, connected, ended := a.integer(r.get("dateTimeOrigination")), a.integer(r.get("dateTimeConnect")), a.integer(r.get("dateTimeDisconnect"))
	talk := a.integer(r.get("duration"))
	if (connected == 0) != (talk == 0) || connected > 0 && (connected < began || ended-connected != talk) || ended < began {
		a.t.Errorf("%s:%d: times do not fit together", f.Name, r.line)
	}
	at := time.Unix(began, 0).In(a.zone).Format(time.DateOnly)
	if at[:7] != f.Month {
		a.t.Errorf("%s:%d: not of the month", f.Name, r.line)
	}
	calling, final, by := r.get("callingPartyNumber"), r.get("finalCalledPartyNumber"), r.get("lastRedirectDn")
	if by != "" && r.get("lastRedirectRedirectReason") != "0" {
		if connected > 0 && mobileNumbers.MatchString(final) {
			number := a.byExt[by]
			a.fwDay[number+" "+at]++
			if talk > 300 {
				a.long[number] = true
			}
			if !a.approved("forwarding", number, at, "") {
				a.fwCount[number+" "+at[:7]]++
				a.fwCost[number+" "+at[:7]] += a.legCost(at, talk)
			}
		}
		return
	}
	if !shortNumber.MatchString(calling) && !shortNumber.MatchString(final) {
		a.t.Errorf("%s:%d belongs to no line", f.Name, r.line)
	}
	if connected > 0 && shortNumber.MatchString(calling) && premiumNumber.MatchString(final) {
		a.premiumCall(a.byExt[calling], at)
	}
}

func (a *audit) premiumCall(number, at string) {
	if !a.approved("premium", number, at, "") {
		a.premium[number+" "+at[:7]]++
	}
}

// legCost is in hundredths of an öre, from the price file: opening + price for the billed seconds.
func (a *audit) legCost(day string, seconds int64) int64 {
	for _, p := range a.prices {
		if p["service"] != "voice_forward" || p["other_class"] != "mobile" || day < p["valid_from"] || p["valid_to"] != "" && day >= p["valid_to"] {
			continue
		}
		billed := max(seconds, a.integer(p["first_s"]))
		if p["next_s"] != "1" || p["per"] != "minute" {
			a.t.Fatal("price of another kind than the test knows")
		}
		price, opening := a.ore(p["price"]), a.ore(p["opening"])
		return opening*100 + (price*100*billed+30)/60
	}
	a.t.Fatal("no price for forwarded calls to mobiles")
	return 0
}

// ore reads an amount with two decimals.
func (a *audit) ore(s string) int64 {
	whole, frac, ok := strings.Cut(strings.ReplaceAll(s, ",", "."), ".")
	if !ok || len(frac) != 2 {
		a.t.Fatalf("amount %q has not two decimals", s)
	}
	return a.integer(whole + frac)
}

// unitAt is the unit of a line on a day: the latest statement that holds.
func (a *audit) unitAt(number, day string) string {
	unit, from := "", ""
	ended := map[string]string{}
	for _, l := range a.held[number] {
		ended[l["valid_from"]] = l["valid_to"]
	}
	for _, l := range a.held[number] {
		end := ended[l["valid_from"]]
		if l["valid_from"] <= day && l["valid_from"] >= from && (end == "" || day < end) {
			unit, from = l["unit_id"], l["valid_from"]
		}
	}
	return unit
}

func (a *audit) approved(kind, number, day, country string) bool {
	for _, p := range a.approvals {
		if p["kind"] != kind || day < p["valid_from"] || p["valid_to"] != "" && day >= p["valid_to"] {
			continue
		}
		if country != "" && p["countries"] != "" && !slices.Contains(strings.Split(p["countries"], ","), country) {
			continue
		}
		if p["number"] == number || p["number"] == "" && p["unit_id"] == a.unitAt(number, day) {
			return true
		}
	}
	return false
}

func (a *audit) norrTele(f *File, r *rowOf) {
	if _, changes := r.columns["Ändring"]; len(r.cells) != 15 && !changes {
		a.t.Errorf("%s:%d has %d columns", f.Name, r.line, len(r.cells))
	}
	number := "+46" + strings.NewReplacer("-", "", " ", "").Replace(r.get("Abonnemang"))[1:]
	day := r.get("Datum")
	if _, err := time.ParseInLocation(time.DateTime, day+" "+r.get("Tid"), a.zone); err != nil {
		a.t.Errorf("%s:%d: %v", f.Name, r.line, err)
	}
	kinds := map[string]string{"Samtal": "call", "Samtal roaming": "call", "Mottaget roaming": "call", "Betalsamtal": "call", "SMS": "sms", "MMS": "sms",
		"Data": "data", "Data roaming": "data", "Månadsavgift": "fee", "Engångsavgift": "fee", "Kredit": "fee"}
	countries := map[string]string{"": "SE", "Sverige": "SE", "Thailand": "TH", "USA": "US", "Spanien": "ES", "Norge": "NO", "Danmark": "DK", "Tyskland": "DE",
		"Grekland": "GR", "Turkiet": "TR", "Storbritannien": "GB", "Italien": "IT", "Schweiz": "CH", "Finland": "FI"}
	kind, ok1 := kinds[r.get("Tjänst")]
	country, ok2 := countries[r.get("Land")]
	if !ok1 || !ok2 {
		a.t.Errorf("%s:%d: unknown service or country", f.Name, r.line)
	}
	volume := int64(0)
	if v := r.get("Volym (kB)"); v != "" {
		volume = a.integer(strings.ReplaceAll(v, ",", "")) // three decimals of kB: bytes
	}
	a.mobile(f, kind, number, day, country, volume, r.get("Tjänst") == "Betalsamtal", r.get("Belopp exkl moms"), r.get("Moms"))
}

func (a *audit) fjordTel(f *File, r *rowOf) {
	if _, changes := r.columns["change"]; len(r.cells) != 14 && !changes {
		a.t.Errorf("%s:%d has %d columns", f.Name, r.line, len(r.cells))
	}
	at, err := time.Parse("2006-01-02T15:04:05Z", r.get("start"))
	if err != nil {
		a.t.Errorf("%s:%d: %v", f.Name, r.line, err)
	}
	kinds := map[string]string{"VOICE": "call", "VOICE_ROAM_OUT": "call", "VOICE_ROAM_IN": "call", "PREMIUM": "call", "SMS": "sms", "MMS": "sms",
		"DATA": "data", "DATA_ROAM": "data", "FEE": "fee", "ONEOFF": "fee", "CREDIT": "fee"}
	kind, ok := kinds[r.get("type")]
	if !ok {
		a.t.Errorf("%s:%d: unknown type", f.Name, r.line)
	}
	a.mobile(f, kind, "+"+r.get("subscription"), at.In(a.zone).Format(time.DateOnly), r.get("visited_country"), a.integer(r.get("bytes")),
		r.get("type") == "PREMIUM", r.get("net_amount"), r.get("vat_amount"))
}

func (a *audit) mobile(f *File, kind, number, day, country string, volume int64, premium bool, amount, vat string) {
	a.kinds[kind]++
	a.kinds["itemised"]++
	if a.held[number] == nil || f.Month != "" && day[:7] != f.Month {
		a.t.Errorf("%s: a record of no known line or of another month", f.Name)
	}
	net := a.ore(amount)
	a.charged[f.Name] += net
	if d := a.ore(vat)*4 - net; d > 2 || d < -2 {
		a.t.Errorf("%s: VAT %s of %s", f.Name, vat, amount)
	}
	if a.dead[a.now] {
		return
	}
	if kind == "data" && country != "SE" && country != "" && !a.approved("trip", number, day, country) {
		a.roaming[number+" "+day[:7]] += volume
	}
	if premium {
		a.premiumCall(number, day)
	}
}

// violations are the findings of the rules about lines: "rule number month" → value.
func (a *audit) violations() map[string]float64 {
	out := map[string]float64{}
	for k, v := range a.roaming {
		if v > 50_000_000 {
			out[RuleRoaming+" "+k] = float64(v)
		}
	}
	for k, v := range a.premium {
		out[RulePremium+" "+k] = float64(v)
	}
	for k, v := range a.fwCount {
		if v > 60 {
			out[RuleForwarding+" "+k] = float64(v)
		} else if a.fwCost[k] > 150*10000 {
			out[RuleForwarding+" "+k] = float64(a.fwCost[k]) / 10000
		}
	}
	return out
}

// inOrder puts statements in the order in which they were made: those that tell when behind
// the others. The sources write that moment in several ways; all here are of one zone.
func inOrder(list []map[string]string) []map[string]string {
	when := func(l map[string]string) string { return strings.Replace(l["stated_at"], "T", " ", 1) }
	slices.SortStableFunc(list, func(a, b map[string]string) int { return strings.Compare(when(a), when(b)) })
	return list
}

// check compares what the files hold with what the truth says.
func (a *audit) check() {
	a.t.Helper()
	r := a.truth.Records
	for kind, want := range map[string]int64{"call": r.Calls, "data": r.Data, "sms": r.SMS, "fee": r.Fees, "cucm": r.CUCM, "itemised": r.Itemised} {
		if a.kinds[kind] != want {
			a.t.Errorf("%d records of %s, the truth says %d", a.kinds[kind], kind, want)
		}
	}
	for _, f := range a.truth.Files {
		if f.Charged != "" && a.ore(f.Charged) != a.charged[f.Name] {
			a.t.Errorf("%s charges %d öre, the truth says %s", f.Name, a.charged[f.Name], f.Charged)
		}
	}
	want := map[string]float64{}
	for _, e := range a.truth.Violations {
		if e.Rule != RuleWatches {
			want[e.Rule+" "+e.Number+" "+e.Month] = *e.Value
		}
	}
	if got := a.violations(); !maps.Equal(got, want) {
		a.t.Errorf("violations in the files:\n%v\nin the truth:\n%v", got, want)
	}
	a.nearMisses()
	a.background()
}
