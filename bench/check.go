package main

import (
	"bufio"
	"bytes"
	"fmt"
	"net/http"
	"runtime"
	"time"

	"github.com/rollcall-im/rollcall/internal/signature"
)

// checkGoal is how much of what net/http spends on reading a request the check of its signature may take.
const checkGoal = 0.5

// checkFigures compares the check of a removal's signature with the reading of the same bytes, in turns of some milliseconds
// each, so that both meet the same noise.
func checkFigures(w *world) ([]figure, error) {
	const turns, each = 30, 500
	message, err := w.signOne("127.0.0.1:8020", 0, goalPeople)
	if err != nil {
		return nil, err
	}
	source := bytes.NewReader(message)
	reader := bufio.NewReader(source)
	read := func() (*http.Request, error) {
		source.Reset(message)
		reader.Reset(source)
		return http.ReadRequest(reader)
	}
	r, err := read()
	if err != nil {
		return nil, err
	}
	signed, key := signature.FromHTTP(r, nil), signature.NewKey(w.caller.AccessKeySecret)
	check := func() error {
		c, err := signature.Parse(&signed)
		if err == nil {
			err = key.Verify(&signed, &c)
		}
		return err
	}
	var ratios []float64
	var before, after runtime.MemStats
	allocations := uint64(0)
	for range turns {
		reading, err := timed(each, func() error { _, err := read(); return err })
		if err != nil {
			return nil, err
		}
		runtime.ReadMemStats(&before)
		checking, err := timed(each, check)
		if err != nil {
			return nil, fmt.Errorf("check the signature of our own request: %w", err)
		}
		runtime.ReadMemStats(&after)
		allocations += after.Mallocs - before.Mallocs
		ratios = append(ratios, float64(checking)/float64(reading))
	}
	return []figure{
		{Measure: "signature check, of http.ReadRequest of the same bytes", Unit: "times", Goal: checkGoal, gate: true,
			Value: median(ratios, func(v float64) float64 { return v })},
		{Measure: "signature check", Unit: "allocations", Value: float64(allocations) / (turns * each)},
	}, nil
}

// timed gives what so many calls take.
func timed(times int, fn func() error) (time.Duration, error) {
	begin := time.Now()
	for range times {
		if err := fn(); err != nil {
			return 0, err
		}
	}
	return time.Since(begin), nil
}
