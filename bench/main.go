// Command bench measures signed removals end to end beside a bare net/http handler, in one run. It starts the servers it
// measures as processes of their own, seeds their data, signs the requests beforehand, takes the subjects in turn in every
// round, and prints ratios paired by round: on a busy machine only those mean something.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
)

type settings struct {
	binary      string
	connections []int
	rounds      int
	people      int
	requests    int
	json        string
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == "floor" {
		exit(serveFloor())
	}
	s, err := parse()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
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

func parse() (settings, error) {
	s := settings{}
	connections := flag.String("c", "1,16,64,256", "connections, with commas between")
	flag.StringVar(&s.binary, "binary", "bin/rollcall", "the program to measure")
	flag.IntVar(&s.rounds, "rounds", 3, "rounds; each takes every subject in turn")
	flag.IntVar(&s.people, "people", 3, "people in a removal, 1 to 8")
	flag.IntVar(&s.requests, "n", 6000, "requests in a round at 16 connections and more; one connection makes an eighth")
	flag.StringVar(&s.json, "json", "", "file for the rows, as JSON")
	flag.Parse()
	for _, text := range strings.Split(*connections, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || n < 1 || n > 1024 {
			return s, fmt.Errorf("-c: %q is not a number of connections", text)
		}
		s.connections = append(s.connections, n)
	}
	if s.rounds < 1 || s.people < 1 || s.people > 8 || s.requests < 100 {
		return s, errors.New("-rounds must be at least 1, -people 1 to 8, -n at least 100")
	}
	return s, nil
}

// cell gives how many requests a round makes over so many connections.
func (s settings) cell(connections int) int {
	if connections < 16 {
		return max(100, s.requests/8)
	}
	return s.requests
}

// perRound gives how many groups a subject uses up in a round.
func (s settings) perRound() int {
	n := 0
	for _, c := range s.connections {
		n += s.cell(c)
	}
	return n
}

func run(ctx context.Context, s settings) error {
	dir, err := os.MkdirTemp("", "rollcall-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	fmt.Fprintf(os.Stderr, "seeding %d groups of %d people\n", s.rounds*s.perRound(), s.people)
	world, err := seed(ctx, s, filepath.Join(dir, "seed"))
	if err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	subjects, err := startSubjects(ctx, s, dir, world)
	defer func() {
		for _, sub := range subjects {
			sub.stop()
		}
	}()
	if err != nil {
		return err
	}
	var results []result
	for round := range s.rounds {
		measured, err := measureRound(ctx, s, round, subjects)
		if err != nil {
			return err
		}
		results = append(results, measured...)
	}
	return report(s, results)
}

// measureRound takes the subjects in turn, at each number of connections.
func measureRound(ctx context.Context, s settings, round int, subjects []*subject) ([]result, error) {
	var results []result
	for _, c := range s.connections {
		for _, sub := range subjects {
			r, err := sub.measure(ctx, s, round, c)
			if err != nil {
				return nil, fmt.Errorf("%s at %d connections: %w", sub.name, c, err)
			}
			results = append(results, r)
			fmt.Fprintf(os.Stderr, "round %d  %-16s c=%-4d %8.0f/s\n", round+1, sub.name, c, r.rate)
		}
	}
	return results, nil
}
