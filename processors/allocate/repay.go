package allocate

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"linesman/schema"
)

// RepayInput says which repayments are asked for.
type RepayInput struct {
	Input
	Minimum schema.Money // a holder who owes less is listed, but not asked to pay; not below 0
}

// Why a holder's private use is not collected.
const (
	NotBelow  = "below"  // less than the minimum
	NotCredit = "credit" // nothing to pay, or money back
)

// Holder is what one holder has to repay of a month. It is personal data, under a pseudonym.
type Holder struct {
	Holder   string       `json:"holder"` // pseudonym
	Lines    []string     `json:"lines"`  // pseudonyms
	Units    []string     `json:"units"`  // that held the lines
	Calls    uint64       `json:"calls"`
	Messages uint64       `json:"messages"`
	Data     uint64       `json:"data"` // data sessions
	Fees     uint64       `json:"fees"`
	Cost     schema.Money `json:"cost"` // SEK excluding VAT
	VAT      schema.Money `json:"vat"`  // SEK; as the operator charged it
	Sum      schema.Money `json:"sum"`  // SEK including VAT, to the öre
	Collect  bool         `json:"collect"`
	Why      string       `json:"why,omitempty"` // why it is not collected
}

// Private is private use that nobody repays.
type Private struct {
	Records uint64       `json:"records"`
	Cost    schema.Money `json:"cost"`
	VAT     schema.Money `json:"vat"`
}

// Repayments are the private calls, messages and data sessions of a month, by holder.
type Repayments struct {
	Month    schema.Day   `json:"month"`
	Run      string       `json:"run"` // names who is to pay what: the same name, the same list
	Minimum  schema.Money `json:"minimum"`
	Holders  []Holder     `json:"holders"` // by pseudonym
	Cost     schema.Money `json:"cost"`    // of all of them; the Repay postings of the month add up to it
	VAT      schema.Money `json:"vat"`
	Sum      schema.Money `json:"sum"`       // to be collected
	Settled  Private      `json:"settled"`   // settled by an approval of kind private
	NoHolder Private      `json:"no_holder"` // of lines without a holder
	Notices  []Notice     `json:"notices"`
	Queries  []Query      `json:"queries"`
}

// Repay lists what holders have to repay of a month. The error is covered.ErrNoMonth where the
// data do not cover it.
func Repay(ctx context.Context, st Store, in RepayInput) (Repayments, error) {
	if in.Minimum < 0 {
		return Repayments{}, errors.New("the least amount to collect is below 0")
	}
	l, err := newLoader(ctx, st, in.Input)
	if err != nil {
		return Repayments{}, err
	}
	// What is private is uncommon: the condition takes nothing away, and is what usage is ordered by.
	sql := l.usageSQL(" AND uncommon AND private AND cost != 0")
	w, people, notes := newWork(nil), map[string]*Holder{}, notices{}
	r := Repayments{Month: l.month, Minimum: in.Minimum, Holders: []Holder{}, Queries: []Query{{"private use", sql}}}
	err = l.eachUse(ctx, sql, func(u use) {
		w.note(u)
		switch {
		case u.holder == "":
			r.NoHolder.add(u)
		case l.permits.cover(u.line, u.unit, u.at):
			r.Settled.add(u)
		default:
			if people[u.holder] == nil {
				people[u.holder] = &Holder{Holder: u.holder}
			}
			people[u.holder].add(u)
		}
	})
	if err != nil {
		return Repayments{}, fmt.Errorf("listing repayments of %s: reading private use: %w", l.month, err)
	}
	for _, n := range w.notices {
		if n.Code != NoticeNoHolder { // told by NoHolder
			notes.add(n)
		}
	}
	for _, h := range people {
		h.settle(in.Minimum)
		r.Holders = append(r.Holders, *h)
	}
	r.finish()
	r.Notices = notes.list()
	return r, nil
}

func (p *Private) add(u use) {
	p.Records, p.Cost, p.VAT = p.Records+u.records, p.Cost+u.cost, p.VAT+u.vat
}

func (h *Holder) add(u use) {
	switch u.kind {
	case schema.KindCall:
		h.Calls += u.records
	case schema.KindSMS:
		h.Messages += u.records
	case schema.KindData:
		h.Data += u.records
	default:
		h.Fees += u.records
	}
	h.Cost, h.VAT = h.Cost+u.cost, h.VAT+u.vat
	h.Lines, h.Units = insert(h.Lines, u.line), insert(h.Units, u.unit)
}

// insert keeps a sorted list without doubles.
func insert(list []string, s string) []string {
	if i, there := slices.BinarySearch(list, s); !there {
		list = slices.Insert(list, i, s)
	}
	return list
}

// settle rounds what a holder owes, once, and decides whether it is collected.
func (h *Holder) settle(minimum schema.Money) {
	h.Sum = (h.Cost + h.VAT).RoundOre()
	switch {
	case h.Sum <= 0:
		h.Why = NotCredit
	case h.Sum < minimum:
		h.Why = NotBelow
	default:
		h.Collect = true
	}
}

// finish adds the holders up and names the run.
func (r *Repayments) finish() {
	slices.SortFunc(r.Holders, func(a, b Holder) int { return strings.Compare(a.Holder, b.Holder) })
	sum := sha256.New()
	fmt.Fprintln(sum, r.Month)
	for i := range r.Holders {
		h := &r.Holders[i]
		r.Cost, r.VAT = r.Cost+h.Cost, r.VAT+h.VAT
		if h.Collect {
			r.Sum += h.Sum
			fmt.Fprintln(sum, h.Holder, h.Sum)
		}
	}
	r.Run = r.Month.String()[:7] + "-" + hex.EncodeToString(sum.Sum(nil)[:8])
}

// Deduction is what payroll takes from somebody's pay. It is personal data, by name.
type Deduction struct {
	EmployeeID string       `json:"employee_id"`
	Amount     schema.Money `json:"amount"` // SEK including VAT, to the öre
	Reference  string       `json:"reference"`
}

// Payroll is a run for payroll: who pays what, by employee id.
type Payroll struct {
	Month     schema.Day   `json:"month"`
	Run       string       `json:"run"` // that of the repayments
	Rows      []Deduction  `json:"rows"`
	Sum       schema.Money `json:"sum"`
	Unmatched []Holder     `json:"unmatched"` // to be collected from somebody whom payroll's list does not name
	Below     int          `json:"below"`     // holders who are listed, but owe too little
	Employees int          `json:"employees"` // people in payroll's list
	Repeated  int          `json:"repeated"`  // rows of it that name somebody again
}

// Payroll finds out whom the pseudonyms mean among the employees that payroll names. person makes
// the pseudonym of an id. Nothing of it is kept: who is nobody's holder leaves no trace.
func (r *Repayments) Payroll(ids []string, person func(id string) string) Payroll {
	p := Payroll{Month: r.Month, Run: r.Run, Rows: []Deduction{}, Unmatched: []Holder{}}
	named := make(map[string]string, len(ids))
	for _, id := range ids {
		who := person(id)
		if _, twice := named[who]; twice {
			p.Repeated++
			continue
		}
		named[who] = id
	}
	p.Employees = len(named)
	for _, h := range r.Holders {
		id, known := named[h.Holder]
		switch {
		case !h.Collect:
			p.Below++
		case !known:
			p.Unmatched = append(p.Unmatched, h)
		default:
			p.Rows = append(p.Rows, Deduction{EmployeeID: id, Amount: h.Sum, Reference: r.reference(h.Holder)})
			p.Sum += h.Sum
		}
	}
	slices.SortFunc(p.Rows, func(a, b Deduction) int { return cmp.Compare(a.EmployeeID, b.EmployeeID) })
	return p
}

// reference names what somebody pays for a month, whatever it is: payroll that has a row with it
// has that holder's month already.
func (r *Repayments) reference(holder string) string {
	month := r.Month.String()[:7]
	sum := sha256.Sum256([]byte("repayment\x00" + month + "\x00" + holder))
	return month + "-" + hex.EncodeToString(sum[:8])
}
