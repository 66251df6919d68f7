package config

import (
	"errors"
	"fmt"
)

// Invoices is how invoices are read; see docs/invoices.md.
type Invoices struct {
	Suppliers      Values `koanf:"suppliers" doc:"Operator, as lines and price books name it, for the organisation number or electronic address of each supplier of telephony, for example 5566778899: norrtele; numbers are read as they stand, with or without quotes; in the environment number=operator, separated by semicolons. A supplier that is not here is called by its name, and its invoices are read where they are plainly about telephony."`
	MaxAttachments int64  `koanf:"max_attachments" doc:"Most bytes that the attachments of one invoice may hold when they are decoded."`
}

func defaultInvoices() Invoices { return Invoices{MaxAttachments: 256 << 20} }

func (i *Invoices) validate() error {
	var errs []error
	for id, operator := range i.Suppliers {
		if id == "" || operator == "" {
			errs = append(errs, fmt.Errorf("invoices.suppliers: %q: want number: operator", id))
		}
	}
	if i.MaxAttachments < 1<<20 {
		errs = append(errs, errors.New("invoices.max_attachments: at least 1048576 (1 MiB)"))
	}
	return errors.Join(errs...)
}
