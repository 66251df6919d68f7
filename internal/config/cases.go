package config

import "errors"

// Cases is what people do about violations.
type Cases struct {
	Days   int `koanf:"days" doc:"Days after its opening by which a violation is to be settled, counted in the zone. Instances that share a store must say the same."`
	Remind int `koanf:"remind" doc:"How many days before its deadline a violation is on the list of reminders (linesman cases due)."`
}

func (c *Cases) validate() error {
	if c.Days < 1 || c.Days > 366 {
		return errors.New("cases.days: from 1 to 366")
	}
	if c.Remind < 0 || c.Remind > 366 {
		return errors.New("cases.remind: from 0 to 366")
	}
	return nil
}
