package simulator

import (
	"encoding/json"
	"slices"
	"time"
)

// maxPins is how many messages of a group are pinned at a time; the oldest gives way. Source: Meta, Groups API, group messaging page.
const maxPins = 3

// pinned is a message that is shown at the top of its group.
type pinned struct {
	Message string    `json:"message"`
	Until   time.Time `json:"until"`
}

// pin does what a message of type pin says. The caller holds g.mu.
func (g *group) pin(m *message) {
	var p pinPart
	if json.Unmarshal(m.Content, &p) != nil {
		return
	}
	g.pins = slices.DeleteFunc(g.pins, func(other pinned) bool { return other.Message == p.MessageID })
	if p.Type == "pin" {
		g.pins = append(g.pins, pinned{p.MessageID, m.At.Add(time.Duration(p.Days) * 24 * time.Hour)})
		g.pins = g.pins[max(0, len(g.pins)-maxPins):]
	}
}

// pinnedAt gives the ids of the messages that are pinned at a time. The caller holds g.mu.
func (g *group) pinnedAt(now time.Time) []string {
	ids := []string{}
	for _, p := range g.pins {
		if now.Before(p.Until) {
			ids = append(ids, p.Message)
		}
	}
	return ids
}
