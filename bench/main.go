// Command bench measures signed removals end to end beside a bare net/http handler, in one run. It starts the servers it
// measures as processes of their own, seeds their data, signs the requests beforehand, takes the subjects in turn in every
// round, and prints ratios paired by round: on a busy machine only those mean something. It stops by itself.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
)

func main() {
	if len(os.Args) > 1 {
		if serve, ok := ownServers[os.Args[1]]; ok {
			exit(serve(os.Args[2:]))
		}
	}
	s, err := parse(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	exit(run(ctx, s))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// run makes everything in a folder of its own and leaves nothing behind.
func run(ctx context.Context, s settings) (err error) {
	ctx, cancel := context.WithTimeout(ctx, s.limit)
	defer cancel()
	dir, err := os.MkdirTemp(s.dir, "rollcall-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := checkDisk(dir); err != nil {
		return err
	}
	if s.plan.usesPostgres() {
		if err := checkPostgres(ctx, s.binary); err != nil {
			return err
		}
	}
	b := &bench{settings: s, dir: dir}
	defer func() { err = errors.Join(err, b.stop()) }()
	if err := b.prepare(ctx); err != nil {
		return err
	}
	if err := b.measure(ctx); err != nil {
		return err
	}
	return b.report(os.Stdout)
}
