package config

import (
	"errors"
	"fmt"

	"linesman/schema"
)

// Reconcile says when a line of an invoice agrees with what it is held against; see
// docs/invoices-reconcile.md.
type Reconcile struct {
	Tolerance string `koanf:"tolerance" doc:"Difference in kronor between what a line of an invoice bills and what is expected that is accepted, exactly as much included."`
	Percent   string `koanf:"percent" doc:"The same in per cent of what is expected: where it is more than the amount, it holds."`
	GraceDays int    `koanf:"grace_days" doc:"Days after the end of a contract, or the blocking of a SIM, in which a billed period may still begin."`
}

func defaultReconcile() Reconcile { return Reconcile{Tolerance: "1.00", Percent: "1", GraceDays: 0} }

// Limits returns the accepted difference in SEK and in per cent.
func (r *Reconcile) Limits() (amount, percent schema.Money, err error) {
	if amount, err = schema.ParseMoney(r.Tolerance); err != nil {
		return 0, 0, fmt.Errorf("reconcile.tolerance: %w", err)
	}
	if percent, err = schema.ParseMoney(r.Percent); err != nil {
		return 0, 0, fmt.Errorf("reconcile.percent: %w", err)
	}
	if amount < 0 {
		return 0, 0, errors.New("reconcile.tolerance: not negative")
	}
	if percent < 0 || percent > schema.Kronor(100) {
		return 0, 0, errors.New("reconcile.percent: from 0 to 100")
	}
	return amount, percent, nil
}

func (r *Reconcile) validate() error {
	_, _, err := r.Limits()
	if r.GraceDays < 0 || r.GraceDays > 366 {
		err = errors.Join(err, errors.New("reconcile.grace_days: from 0 to 366"))
	}
	return err
}
