package ledger

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"linesman/dashboards/messages"
	"linesman/dashboards/ore"
	"linesman/schema"
)

// Config is how costs are posted.
type Config struct {
	Program, Version string
	Company          string // #FNAMN
	OrgNr            string // #ORGNR, nnnnnn-nnnn; empty: left out
	Series           string
	// Accounts gives the account by service, else by kind, else under AccountDefault.
	Accounts map[string]string
	Clearing string // bears the negative total
	Repay    string // private use that holders repay
	// Numbers of the dimensions; 0: what would be in it is left out.
	CostCentre, Unit, Project, Activity int
	Texts                               messages.Texts
}

// AccountDefault is the key of the account for what has none of its own.
const AccountDefault = "default"

// SeriesDraft is the series of a voucher that was not published.
const SeriesDraft = "UTKAST"

// MaxRevision is the last revision that a number has room for.
const MaxRevision = 99

// Input is what vouchers are made of.
type Input struct {
	Month     schema.Day // first day
	Today     schema.Day // on which a voucher would be published
	Postings  []schema.Posting
	Published []schema.Publication // vouchers of the month, in any order
	Centres   map[string]string    // names of cost centres
	Units     map[string]string    // names of units
}

// Set is what there is to post of a month.
type Set struct {
	Published []Entry
	// Pending is what would be published now: the first voucher of the month, or a correction: what
	// the postings are now beside all that was published. Nil: there is nothing to post.
	Pending *Entry
	// Notices tell, in the language of the texts, what somebody who posts should know.
	Notices []string
}

// Entry is one voucher of a month.
type Entry struct {
	Revision    uint32 // 0: the first
	Figures     Figures
	Publication schema.Publication // zero where it is pending
}

// Errors of Vouchers.
var (
	ErrRevisions = errors.New("a month has room for 99 corrections")
	ErrAccounts  = errors.New("the clearing account must be none that costs are posted to: they would cancel out")
)

// Vouchers tells what was published of a month and what there is to publish. The amounts are the
// postings' by account and objects, rounded to öre so that they add up to the rounded total (see
// package ore); the clearing account bears the negative total. The same input gives the same set.
func Vouchers(cfg Config, in Input) (Set, error) {
	var set Set
	for _, a := range cfg.Accounts {
		if a == cfg.Clearing {
			return set, ErrAccounts
		}
	}
	if cfg.Repay == cfg.Clearing {
		return set, ErrAccounts
	}
	var err error
	if set.Published, err = Chain(in.Published, in.Month); err != nil {
		return set, err
	}
	posted := map[string]*Transaction{}
	for i := range set.Published {
		for _, v := range set.Published[i].Figures.Document.Vouchers {
			for _, t := range v.Transactions {
				add(posted, t)
			}
		}
	}
	b := &builder{cfg: cfg, in: in}
	now, total := b.now(posted)
	for i := range set.Published {
		total -= set.Published[i].Figures.Posted
	}
	for _, t := range posted {
		t.Amount = -t.Amount
		add(now, *t)
	}
	set.Notices = b.notices
	list := b.sorted(now)
	if len(list) == 0 {
		return set, nil
	}
	revision := uint32(len(set.Published))
	if revision > MaxRevision {
		return set, fmt.Errorf("vouchers of %s: %w", in.Month, ErrRevisions)
	}
	set.Pending = &Entry{Revision: revision, Figures: b.figures(revision, list, total)}
	set.Notices = b.notices
	return set, nil
}

// Number is the number of a voucher: month and revision, so that it never names another.
func Number(month schema.Day, revision uint32) uint64 {
	at := month.At(time.UTC)
	return uint64(at.Year()*100+int(at.Month()))*100 + uint64(revision)
}

// key identifies where an amount is posted.
func key(t *Transaction) string {
	parts := []string{t.Account}
	for _, o := range t.Objects {
		parts = append(parts, strconv.Itoa(o.Dimension), o.Code)
	}
	return strings.Join(parts, "\x00")
}

// add adds a transaction to those that are posted to the same place.
func add(sums map[string]*Transaction, t Transaction) {
	k := key(&t)
	if sums[k] == nil {
		sums[k] = &Transaction{Account: t.Account, Objects: t.Objects}
	}
	sums[k].Amount += t.Amount
}

// builder makes the voucher of a month.
type builder struct {
	cfg     Config
	in      Input
	notices []string
}

func (b *builder) notice(key string, pairs ...string) {
	b.notices = append(b.notices, b.cfg.Texts.T(key, pairs...))
}

// now tells what the postings are, in öre, with the clearing account, and their total. Where a month was published,
// amounts that need not move by an öre do not.
func (b *builder) now(posted map[string]*Transaction) (map[string]*Transaction, schema.Money) {
	exact := map[string]*Transaction{}
	var nowhere schema.Money
	for i := range b.in.Postings {
		p := &b.in.Postings[i]
		add(exact, Transaction{Account: b.account(p), Objects: b.objects(p), Amount: p.Cost})
		if p.CostCentre == "" {
			nowhere += p.Cost
		}
	}
	if nowhere != 0 {
		b.notice("ledger.no_cost_centre", "amount", nowhere.String())
	}
	keys := slices.Sorted(maps.Keys(exact))
	amounts, prior := make([]schema.Money, len(keys)), make([]schema.Money, len(keys))
	for i, k := range keys {
		amounts[i] = exact[k].Amount
		if t := posted[k]; t != nil {
			prior[i] = t.Amount
		}
	}
	if len(posted) == 0 {
		prior = nil
	}
	total := ore.Sum(amounts).RoundOre()
	for i, m := range ore.To(total, amounts, prior) {
		exact[keys[i]].Amount = m
	}
	add(exact, Transaction{Account: b.cfg.Clearing, Amount: -total})
	return exact, total
}

func (b *builder) account(p *schema.Posting) string {
	if p.Repay {
		return b.cfg.Repay
	}
	return cmp.Or(b.cfg.Accounts[p.Service], b.cfg.Accounts[p.Kind], b.cfg.Accounts[AccountDefault])
}

func (b *builder) objects(p *schema.Posting) []Object {
	var out []Object
	for _, o := range []Object{{Dimension: b.cfg.CostCentre, Code: p.CostCentre}, {Dimension: b.cfg.Unit, Code: p.UnitID}, {Dimension: b.cfg.Project, Code: p.Project}, {Dimension: b.cfg.Activity, Code: p.Activity}} {
		if o.Dimension != 0 && o.Code != "" {
			out = append(out, o)
		}
	}
	slices.SortFunc(out, func(a, b Object) int { return cmp.Compare(a.Dimension, b.Dimension) })
	return out
}

// sorted lists what is not zero: by account and objects, the clearing account last.
func (b *builder) sorted(sums map[string]*Transaction) []Transaction {
	var out []Transaction
	for _, k := range slices.Sorted(maps.Keys(sums)) {
		if t := sums[k]; t.Amount != 0 && t.Account != b.cfg.Clearing {
			out = append(out, *t)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(sums)) {
		if t := sums[k]; t.Amount != 0 && t.Account == b.cfg.Clearing {
			out = append(out, *t)
		}
	}
	return out
}

// figures describes the voucher with these transactions. posted is the costs that it adds to those of
// earlier vouchers; its transactions do not tell, as one may move costs from account to account, the clearing
// account of earlier vouchers among them.
func (b *builder) figures(revision uint32, list []Transaction, posted schema.Money) Figures {
	t := b.cfg.Texts
	month := t.Month(b.in.Month.At(time.UTC))
	date, text := (b.in.Month+31).Month()-1, t.T("ledger.voucher", "month", month)
	if revision > 0 { // the month is closed in the ledger, as a rule
		date, text = b.in.Today, t.T("ledger.correction", "n", strconv.Itoa(int(revision)), "month", month)
	}
	for i := range list {
		switch list[i].Account {
		case b.cfg.Clearing:
			list[i].Text = t.T("ledger.clearing")
		case b.cfg.Repay:
			list[i].Text = t.T("ledger.repay")
		}
	}
	v := Voucher{Series: b.cfg.Series, Number: strconv.FormatUint(Number(b.in.Month, revision), 10), Date: date.String(), Text: text, Transactions: list}
	d := Document{Program: b.cfg.Program, Version: b.cfg.Version, Made: b.in.Today.String(), OrgNr: b.cfg.OrgNr, Company: b.cfg.Company, Vouchers: []Voucher{v}}
	d.Dimensions, d.Objects = b.register(list)
	f := Figures{Document: d, Language: t.Lang(), Posted: posted}
	for i := range b.in.Postings {
		f.Exact += b.in.Postings[i].Cost
		f.Records += b.in.Postings[i].Records
	}
	first, next := b.in.Month, (b.in.Month + 31).Month()
	f.Query = fmt.Sprintf("SELECT sum(cost) FROM usage_daily WHERE local_day >= '%s' AND local_day < '%s'", first, next)
	return f
}

// register lists the dimensions and objects of transactions.
func (b *builder) register(list []Transaction) ([]Dimension, []Object) {
	names := map[int]string{b.cfg.CostCentre: "cost_centre", b.cfg.Unit: "unit", b.cfg.Project: "project", b.cfg.Activity: "activity"}
	used, seen := map[int]bool{}, map[Object]bool{}
	var objects []Object
	for i := range list {
		for _, o := range list[i].Objects {
			if seen[o] {
				continue
			}
			seen[o], used[o.Dimension] = true, true
			name := ""
			switch o.Dimension {
			case b.cfg.CostCentre:
				name = b.in.Centres[o.Code]
			case b.cfg.Unit:
				name = b.in.Units[o.Code]
			}
			cleaned, changed := clean(name)
			if changed {
				b.notice("ledger.cleaned", "code", o.Code)
			}
			objects = append(objects, Object{o.Dimension, o.Code, cleaned})
		}
	}
	slices.SortFunc(objects, func(a, b Object) int {
		return cmp.Or(cmp.Compare(a.Dimension, b.Dimension), cmp.Compare(a.Code, b.Code))
	})
	var dims []Dimension
	for _, n := range slices.Sorted(maps.Keys(used)) {
		name := "dimension " + strconv.Itoa(n) // of a correction after the configuration changed
		if word := names[n]; word != "" {
			name = b.cfg.Texts.T("ledger.dimension." + word)
		}
		dims = append(dims, Dimension{n, name})
	}
	return dims, objects
}
