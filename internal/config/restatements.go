package config

import "time"

// Restatements is what counts as moving the past.
type Restatements struct {
	Quiet time.Duration `koanf:"quiet" doc:"Usage that arrives for a month which ended more than ten days ago is noted as a restatement when the month has not changed for this long. Corrections, cancellations and changed reference data are always noted."`
}
