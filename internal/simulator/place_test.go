package simulator

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPlace has a group that was placed behave like one that was made, also after a start from the log.
func TestPlace(t *testing.T) {
	w := newWorld(t, withLog(filepath.Join(t.TempDir(), "log")))
	placed := Placed{ID: "placed", PhoneNumberID: testNumID, Subject: "ward", Created: w.sim.config.Now().UTC(), People: []string{anna, berta}}
	if err := w.sim.Place(placed); err != nil {
		t.Fatal(err)
	}
	before := w.everything()
	if !strings.Contains(before, "placed") || !strings.Contains(before, anna) {
		t.Errorf("group or phones are not there: %s", before)
	}
	again := newWorld(t, withLog(copyLog(t, w)))
	if diff := cmp.Diff(before, again.everything()); diff != "" {
		t.Error("after a start from the log:", diff)
	}
	w.remove(placed.ID, anna)
	group, _ := w.expect(200, "GET", "/groups/"+placed.ID, nil)
	people, _ := group["people"].([]any)
	var states []any
	for _, p := range people {
		states = append(states, p.(map[string]any)["state"])
	}
	if diff := cmp.Diff([]any{"removed", "member"}, states); diff != "" {
		t.Error("after a removal:", diff)
	}
	w.hooks.mu.Lock()
	defer w.hooks.mu.Unlock()
	for _, e := range w.hooks.waiting {
		t.Errorf("somebody was told: %+v", e)
	}
}

// TestPlaceRefuses has what cannot be there refused, and nothing of it be there.
func TestPlaceRefuses(t *testing.T) {
	w := newWorld(t)
	good := Placed{ID: "placed", PhoneNumberID: testNumID, People: []string{anna}}
	if err := w.sim.Place(good); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*Placed){
		"no id":          func(p *Placed) { p.ID = "" },
		"the same id":    func(p *Placed) { p.ID = "placed" },
		"unknown number": func(p *Placed) { p.PhoneNumberID = "1" },
		"too many":       func(p *Placed) { p.People = make([]string, maxMembers+1) },
		"the business":   func(p *Placed) { p.People = []string{testNumber} },
	} {
		bad := Placed{ID: "other", PhoneNumberID: testNumID, People: []string{berta}}
		spoil(&bad)
		if err := w.sim.Place(bad); err == nil {
			t.Errorf("%s: placed", name)
		}
	}
	list, _ := w.expect(200, "GET", "/groups", nil)
	if groups, _ := list["groups"].([]any); len(groups) != 1 {
		t.Errorf("groups %v", groups)
	}
}
