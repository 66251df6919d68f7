package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"linesman/dashboards/messages"
	"linesman/dashboards/query/querytest"
	"linesman/schema"
)

// ledgers is what the rest of the program says about money.
type ledgers struct {
	asked string
	err   error
}

func (l *ledgers) MoneyMonths(context.Context) ([]schema.Day, error) {
	return []schema.Day{schema.Date(2026, 10, 1), schema.Date(2026, 9, 1)}, l.err
}

func (l *ledgers) MoneySection(_ context.Context, id string, month schema.Day, t messages.Texts) (MoneySection, error) {
	l.asked = fmt.Sprint(id, " ", month, " ", t.Month(month.At(time.UTC)))
	out := MoneySection{ID: id, Tables: []MoneyTable{{ID: "t", Rows: [][]string{{"a"}}}}}
	if id == MoneyInvoices {
		out.Tables = append(out.Tables, MoneyTable{ID: "disputes", Persons: true, Rows: [][]string{{"0701 23••••"}}})
	}
	return out, l.err
}

func (l *ledgers) MoneyFile(_ context.Context, id string, month schema.Day, _ messages.Texts) (MoneyFile, error) {
	l.asked = fmt.Sprint(id, " ", month)
	return MoneyFile{Name: `kostnad "2026".csv`, Type: "text/csv; charset=utf-8", Body: []byte("a;b\n")}, l.err
}

func TestMoneyAPI(t *testing.T) {
	money := &ledgers{}
	base := start(t, querytest.Open(t), Deps{Money: money})
	var plan moneyPage
	get(t, base+"/api/money", 200, &plan)
	if fmt.Sprint(plan.Months) != "[2026-10 2026-09]" || len(plan.Sections) != len(MoneySections()) {
		t.Errorf("%+v", plan)
	}
	var section MoneySection
	get(t, base+"/api/money/budgets?month=2026-09&lang=en", 200, &section)
	if section.ID != "budgets" || section.Tables[0].Rows[0][0] != "a" || money.asked != "budgets 2026-09-01 September 2026" {
		t.Errorf("%+v asked %q", section, money.asked)
	}
	get(t, base+"/api/money/budgets?lang=sv", 200, &section)
	if money.asked != "budgets 1970-01-01 januari 1970" { // none asked for: the newest
		t.Errorf("asked %q", money.asked)
	}
	status, head, body := send(t, request(t, http.MethodGet, base+"/api/money/files/csv?month=2026-10", ""))
	if status != 200 || string(body) != "a;b\n" || head.Get("Content-Disposition") != `attachment; filename="kostnad \"2026\".csv"` || money.asked != "csv 2026-10-01" {
		t.Errorf("%d %q %v asked %q", status, body, head, money.asked)
	}
	for url, want := range map[string]int{"/api/money/wages": 404, "/api/money/budgets?month=october": 400, "/api/money/files/csv?month=2026-13": 400, "/api/money/files/": 404} {
		var failed failure
		get(t, base+url, want, &failed)
		if failed.Error == "" {
			t.Errorf("%s: no word why", url)
		}
	}
	money.err = fmt.Errorf("2027-01: %w", ErrMoneyMonth)
	var failed failure
	get(t, base+"/api/money/budgets?month=2027-01", 404, &failed)
	get(t, base+"/api/money/files/csv?month=2027-01", 404, &failed)
	money.err = errors.New("password in the clear")
	get(t, base+"/api/money/budgets", 500, &failed)
	if failed.Error != "the store could not answer; the log says why" {
		t.Errorf("%q", failed.Error)
	}
}

func TestWithoutMoneyThereIsNoPageOfIt(t *testing.T) {
	base := start(t, querytest.Open(t), Deps{})
	var failed failure
	get(t, base+"/api/money", 404, &failed)
}
