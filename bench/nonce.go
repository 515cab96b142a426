package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"time"

	"github.com/rollcall-im/rollcall/internal/rpc"
	"github.com/rollcall-im/rollcall/internal/store"
)

// The nonces of a quarter of an hour are measured, at a rate at which their tables are as full as they are on average. Tables
// double when they are three quarters full, so that at another rate the same nonces take up to half more or a quarter less;
// a little below the rate at which they double next, and a little above it, are the two ends of that.
const (
	nonceMinutes = 15
	usualRate    = 10_000 // a second
	bestRate     = 6_300
	worstRate    = 6_800
)

// nonceGoal is in bytes.
const nonceGoal = 16

// nonceFigures measures what a remembered nonce takes in memory.
func nonceFigures() []figure {
	var figures []figure
	for _, rate := range []int{usualRate, bestRate, worstRate} {
		f := figure{Measure: fmt.Sprintf("nonce, at %d calls a second", rate), Unit: "bytes", Value: nonceBytes(rate)}
		if rate == usualRate {
			f.Goal, f.gate = nonceGoal, true
		}
		figures = append(figures, f)
	}
	return figures
}

// nonceBytes has a server of its own remember nonces and looks at what that takes.
func nonceBytes(rate int) float64 {
	idle := rpc.Operation{Version: "1", Action: "Idle", RAMAction: "bench:Idle", Run: func(context.Context, *rpc.Call) (rpc.Answer, error) {
		return rpc.Answer{}, nil
	}}
	s, err := rpc.New(rpc.Config{Operations: []rpc.Operation{idle}, Keys: rpc.Keys{Nonce: make([]byte, 32), Diagnostic: make([]byte, 32)}})
	if err != nil {
		panic(err) // the settings above are right
	}
	used := make([]store.Nonce, rate)
	before := heapBytes()
	at := time.Now().Truncate(time.Minute)
	for range nonceMinutes * 60 {
		for i := range used {
			used[i] = store.Nonce{Hash: int64(rand.Uint64()), At: at} //nolint:gosec // 64 bits that stand for a hash
		}
		s.LoadNonces(used)
		at = at.Add(time.Second)
	}
	after := heapBytes()
	runtime.KeepAlive(s)
	runtime.KeepAlive(used)
	return float64(after-before) / float64(nonceMinutes*60*rate)
}

func heapBytes() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc) //nolint:gosec // far below
}
