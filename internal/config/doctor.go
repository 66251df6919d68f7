package config

import (
	"errors"
	"time"
)

// Doctor is what the checks of linesman doctor and of the metrics go by.
type Doctor struct {
	MinFree int64         `koanf:"min_free" doc:"Free bytes on the disks of log and store below which linesman doctor turns red; below three times as much it turns yellow."`
	Timeout time.Duration `koanf:"timeout" doc:"How long linesman doctor waits for one stage."`
}

func (d *Doctor) validate() error {
	if d.MinFree < 0 || d.Timeout < 100*time.Millisecond {
		return errors.New("doctor: min_free at least 0, timeout at least 100ms")
	}
	return nil
}
