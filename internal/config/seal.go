package config

import (
	"errors"
	"time"
)

// Seal is the sealing of the log against changes.
type Seal struct {
	Every      time.Duration `koanf:"every" doc:"How often the new records of the log are sealed. While much arrives, sealing waits for a lull, but at most 5 minutes longer."`
	AnchorFile string        `koanf:"anchor_file" doc:"File to which every seal is appended too, as a line of JSON: meant for a write-once or remote mount. Empty: none. See docs/tamper-evidence.md."`
}

func (s *Seal) validate() error {
	if s.Every < time.Second {
		return errors.New("seal.every: at least 1s")
	}
	return nil
}
