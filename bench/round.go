package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"syscall"
	"time"
)

// sample is what one subject did in one cell of one round.
type sample struct {
	subject string
	cell    cell
	round   int

	rate          float64 // answers a second
	p50, p99, max time.Duration
	server        time.Duration // processor time, for each request
	client        time.Duration
	allocations   float64 // of the server, for each request; PostgreSQL's are not in it
	others        float64 // what others computed meanwhile, in parts of one core
	checkpoint    bool    // one wrote meanwhile
}

// measure makes the rounds. Each takes all subjects in turn, in each cell.
func (b *bench) measure(ctx context.Context) error {
	for _, s := range slices.Concat(b.subjects, b.small) {
		if err := b.warmUp(ctx, s); err != nil {
			return fmt.Errorf("warm up %s: %w", s.name, err)
		}
	}
	var longest time.Duration
	for round := range b.plan.rounds {
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < longest+longest/4 {
			note("round %d would not end within -limit; %d of %d rounds were made", round+1, round, b.plan.rounds)
			break
		}
		began := time.Now()
		err := b.measureRound(ctx, round)
		if round > 0 && errors.Is(ctx.Err(), context.DeadlineExceeded) {
			note("round %d did not end within -limit and does not count", round+1)
			b.forget(round)
			break
		}
		if err != nil {
			return fmt.Errorf("round %d: %w", round+1, err)
		}
		longest = max(longest, time.Since(began))
	}
	return nil
}

// forget drops what was measured of a round that did not end.
func (b *bench) forget(round int) {
	of := func(m sample) bool { return m.round == round }
	b.samples, b.ofSmall = slices.DeleteFunc(b.samples, of), slices.DeleteFunc(b.ofSmall, of)
}

func (b *bench) measureRound(ctx context.Context, round int) error {
	for _, s := range slices.Concat(b.subjects, b.small) {
		if err := s.warm(); err != nil {
			return fmt.Errorf("warm the data of %s: %w", s.name, err)
		}
	}
	d, err := probe(b.dir, probeTime)
	if err != nil {
		return fmt.Errorf("measure the disk: %w", err)
	}
	b.disks = append(b.disks, d)
	note("round %d: fdatasync p50 %.2f ms, p99 %.2f ms", round+1, ms(d.p50), ms(d.p99))
	for _, c := range b.plan.cells {
		for _, s := range b.subjects {
			m, err := s.measure(ctx, c, b.plan.count(s.name, c))
			if err != nil {
				return fmt.Errorf("%s over %d connections: %w", s.name, c.connections, err)
			}
			m.round = round
			b.samples = append(b.samples, m)
			m.note()
		}
		if err := b.measureSmall(ctx, round, c); err != nil {
			return err
		}
	}
	return nil
}

func (m *sample) note() {
	mark := ""
	if m.noisy() {
		mark = fmt.Sprintf("  others used %.0f %% of a core", 100*m.others)
	}
	note("round %d  %-18s c=%-4d people=%d %8.0f/s %6.0f µs%s", m.round+1, m.subject, m.cell.connections, m.cell.people, m.rate, us(m.server), mark)
}

// warmUp has a server do once what it does only once.
func (b *bench) warmUp(ctx context.Context, s *subject) error {
	c := cell{connections: 16, people: b.plan.cells[0].people}
	_, err := s.measure(ctx, c, warmup)
	return err
}

// measure makes one cell. Requests are signed before the clock starts, and the server is idle when it does.
func (s *subject) measure(ctx context.Context, c cell, count int) (sample, error) {
	m := sample{subject: s.name, cell: c}
	groups, err := s.take(count, c.people)
	if err != nil {
		return m, err
	}
	shots := shots{address: s.server.address, connections: c.connections, count: count, want: s.want}
	if shots.requests, err = s.world.sign(s.server.address, groups, c.people); err != nil {
		return m, err
	}
	if err := s.settle(ctx); err != nil {
		return m, err
	}
	allocated, err := s.allocations(ctx)
	if err != nil {
		return m, err
	}
	before, err := s.look()
	if err != nil {
		return m, err
	}
	took, whole, err := shots.fire(ctx)
	if err != nil {
		return m, err
	}
	after, err := s.look()
	if err != nil {
		return m, err
	}
	if m.allocations, err = allocated(float64(count)); err != nil {
		return m, err
	}
	m.p50, m.p99, m.max = percentile(took, 0.5), percentile(took, 0.99), slices.Max(took)
	m.count(before, after, count, whole)
	return m, nil
}

// glance is what is read off before and after a cell.
type glance struct {
	server, client, machine time.Duration
	checkpoint              time.Time
}

func (s *subject) look() (g glance, err error) {
	g.checkpoint = s.checkpoint()
	if g.machine, err = machineTime(); err != nil {
		return g, err
	}
	if g.server, err = s.time(); err != nil {
		return g, err
	}
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return g, fmt.Errorf("read our own processor time: %w", err)
	}
	g.client = time.Duration(u.Utime.Nano() + u.Stime.Nano())
	return g, nil
}

// count works out what a cell has cost.
func (m *sample) count(before, after glance, requests int, whole time.Duration) {
	server, client := after.server-before.server, after.client-before.client
	m.rate = float64(requests) / whole.Seconds()
	m.server, m.client = server/time.Duration(requests), client/time.Duration(requests)
	others := after.machine - before.machine - server - client
	m.others = max(0, others.Seconds()/whole.Seconds())
	m.checkpoint = !after.checkpoint.Equal(before.checkpoint)
}

// allocations gives a function that tells how many allocations each request has cost since. What asking costs is taken off.
func (s *subject) allocations(ctx context.Context) (func(requests float64) (float64, error), error) {
	first, err := mallocs(ctx, s.server.address)
	if err != nil {
		return nil, err
	}
	second, err := mallocs(ctx, s.server.address)
	if err != nil {
		return nil, err
	}
	return func(requests float64) (float64, error) {
		third, err := mallocs(ctx, s.server.address)
		return max(0, (third-second)-(second-first)) / requests, err
	}, nil
}
