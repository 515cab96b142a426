package main

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/simulator"
)

// joinNetwork makes the groups known to the simulated network of a data folder, as far as they are going to be used. It keeps
// everything in memory, and a million groups would only be in the way of what is measured.
func (w *world) joinNetwork(ctx context.Context, dir string, plan *plan, subject string) error {
	sim, err := simulator.New(simulator.Config{Path: filepath.Join(dir, simulatorFile)})
	if err != nil {
		return err
	}
	return errors.Join(w.place(sim, plan.usedBy(subject)), sim.Close(ctx))
}

func (w *world) place(sim *simulator.Simulator, used map[int]int) error {
	for i := range w.numbers() {
		n := group.Number(firstNumber + i)
		number := simulator.Number{DisplayNumber: "+" + n.String(), PhoneNumberID: phoneNumberID(n), WABAID: "2" + n.String(), Token: benchToken, Subscribed: true}
		if err := sim.RegisterNumber(number); err != nil {
			return err
		}
	}
	at := time.Now()
	for size, count := range used {
		for _, g := range w.bySize[size][:count] {
			placed := simulator.Placed{ID: networkID(g), PhoneNumberID: phoneNumberID(numberOf(g)), Subject: subjectOf(g), Created: at}
			for i := range size {
				placed.People = append(placed.People, person(g, i).String())
			}
			if err := sim.Place(placed); err != nil {
				return err
			}
		}
	}
	return nil
}
