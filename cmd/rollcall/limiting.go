package main

import (
	"fmt"
)

// limiting says how often callers can call.
type limiting struct {
	Limits map[string]float64 `env:"ROLLCALL_LIMIT" name:"limit" placeholder:"ACTION=N" help:"Most calls of one account in a second for one action, instead of the documented figure; 0 does not limit. May be given several times."`
}

// check refuses what is no rate. Whether there is such an action, the server says.
func (l *limiting) check() error {
	for action, rate := range l.Limits {
		if rate < 0 {
			return fmt.Errorf("--limit %s=%v must not be negative; %w", action, rate, errUsage)
		}
	}
	return nil
}
