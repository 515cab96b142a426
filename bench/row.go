package main

import (
	"encoding/json"
	"os"
	"slices"
	"time"
)

// row is one line of the table: medians over the rounds.
type row struct {
	Subject     string  `json:"subject"`
	Connections int     `json:"connections"`
	People      int     `json:"people"`
	Rate        float64 `json:"rate"`
	P50         float64 `json:"p50_ms"`
	P99         float64 `json:"p99_ms"`
	Ratio       float64 `json:"ratio"`            // of the rate to the floor's, paired by round
	CPURatio    float64 `json:"server_cpu_ratio"` // the same of the server's processor time

	Max         float64 `json:"max_ms"`    // the worst of all rounds
	P99Ratio    float64 `json:"p99_ratio"` // of rounds without a checkpoint, if there are such
	CPU         float64 `json:"server_cpu_us"`
	ClientCPU   float64 `json:"client_cpu_us"`
	Allocations float64 `json:"allocs"`
	Others      float64 `json:"other_cpu"`   // in parts of one core
	Checkpoints int     `json:"checkpoints"` // rounds in which one wrote
	Rounds      int     `json:"rounds"`
	Noisy       int     `json:"noisy_rounds"` // left out, unless all are
	DiskP50     float64 `json:"fdatasync_p50_ms"`
	DiskP99     float64 `json:"fdatasync_p99_ms"`
}

// pair is what a subject and the floor did in the same cell of the same round.
type pair struct{ mine, floor sample }

// mostOthers is how much of a core others may use before a round is left out.
const mostOthers = 0.15

func (m *sample) noisy() bool { return m.others > mostOthers }

func (p pair) noisy() bool { return p.mine.noisy() || p.floor.noisy() }

// pairs finds a subject's samples of a cell, each with the floor's of its round.
func pairs(samples []sample, subject string, c cell) []pair {
	floors := map[int]sample{}
	for _, m := range samples {
		if m.subject == "floor" && m.cell == c {
			floors[m.round] = m
		}
	}
	var out []pair
	for _, m := range samples {
		if m.subject == subject && m.cell == c {
			out = append(out, pair{m, floors[m.round]})
		}
	}
	return out
}

// quiet leaves the noisy rounds out, but where none would be left it takes them all: the row then has as many noisy rounds as
// rounds, and says so.
func quiet(all []pair) []pair {
	kept := slices.DeleteFunc(slices.Clone(all), pair.noisy)
	if len(kept) == 0 {
		return all
	}
	return kept
}

// undisturbed leaves the rounds out in which a checkpoint wrote, unless one did in each.
func undisturbed(kept []pair) []pair {
	without := slices.DeleteFunc(slices.Clone(kept), func(p pair) bool { return p.mine.checkpoint })
	if len(without) == 0 {
		return kept
	}
	return without
}

// rows makes a row of each cell and subject.
func (b *bench) rows() []row {
	var rows []row
	for _, c := range b.plan.cells {
		for _, subject := range b.plan.subjects {
			if all := pairs(b.samples, subject, c); len(all) > 0 {
				rows = append(rows, b.summarise(all))
			}
		}
	}
	return rows
}

func (b *bench) summarise(all []pair) row {
	kept, first := quiet(all), all[0].mine
	mine := func(value func(*sample) float64) float64 {
		return median(kept, func(p pair) float64 { return value(&p.mine) })
	}
	ratio := func(value func(*sample) float64) float64 {
		return median(kept, func(p pair) float64 { return value(&p.mine) / value(&p.floor) })
	}
	rate := func(m *sample) float64 { return m.rate }
	p99 := func(m *sample) float64 { return ms(m.p99) }
	server := func(m *sample) float64 { return us(m.server) }
	r := row{Subject: first.subject, Connections: first.cell.connections, People: first.cell.people,
		Rate: mine(rate), P50: mine(func(m *sample) float64 { return ms(m.p50) }), P99: mine(p99),
		Ratio: ratio(rate), CPURatio: ratio(server), CPU: mine(server),
		ClientCPU:   mine(func(m *sample) float64 { return us(m.client) }),
		Allocations: mine(func(m *sample) float64 { return m.allocations }),
		Others:      mine(func(m *sample) float64 { return m.others }),
		DiskP50:     median(kept, func(p pair) float64 { return ms(b.disks[p.mine.round].p50) }),
		DiskP99:     median(kept, func(p pair) float64 { return ms(b.disks[p.mine.round].p99) }),
		Rounds:      len(all)}
	r.P99Ratio = median(undisturbed(kept), func(p pair) float64 { return ms(p.mine.p99) / ms(p.floor.p99) })
	for _, p := range all {
		if p.noisy() {
			r.Noisy++
		}
	}
	for _, p := range kept {
		r.Max = max(r.Max, ms(p.mine.max))
		if p.mine.checkpoint {
			r.Checkpoints++
		}
	}
	return r
}

// median takes the middle one; of an even number the mean of the two in the middle.
func median[T any](of []T, value func(T) float64) float64 {
	if len(of) == 0 {
		return 0
	}
	values := make([]float64, 0, len(of))
	for _, x := range of {
		values = append(values, value(x))
	}
	slices.Sort(values)
	middle := len(values) / 2
	if len(values)%2 == 0 {
		return (values[middle-1] + values[middle]) / 2
	}
	return values[middle]
}

// percentile gives the value that this part of all do not exceed.
func percentile(took []time.Duration, part float64) time.Duration {
	sorted := slices.Sorted(slices.Values(took))
	return sorted[min(len(sorted)-1, int(part*float64(len(sorted))))]
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func us(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// writeJSON writes rows where asked.
func writeJSON[T any](file string, rows []T) error {
	if file == "" {
		return nil
	}
	text, err := json.MarshalIndent(rows, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o600)
}
