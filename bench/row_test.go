package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestPercentile(t *testing.T) {
	t.Parallel()
	var took []time.Duration
	for i := 100; i > 0; i-- {
		took = append(took, time.Duration(i))
	}
	for part, want := range map[float64]time.Duration{0: 1, 0.5: 51, 0.99: 100, 1: 100} {
		if got := percentile(took, part); got != want {
			t.Errorf("%v: %d, want %d", part, got, want)
		}
	}
	if took[0] != 100 {
		t.Error("the order of the requests is gone")
	}
}

func TestMedian(t *testing.T) {
	t.Parallel()
	same := func(v float64) float64 { return v }
	for _, test := range []struct {
		of   []float64
		want float64
	}{{nil, 0}, {[]float64{7}, 7}, {[]float64{9, 1, 5}, 5}, {[]float64{8, 2, 4, 100}, 6}} {
		if got := median(test.of, same); got != test.want {
			t.Errorf("%v: %v, want %v", test.of, got, test.want)
		}
	}
}

var crowded = cell{64, 3}

// measured makes a sample with the rate and the server's processor time as given.
func measured(subject string, round int, rate float64, server time.Duration) sample {
	return sample{subject: subject, cell: crowded, round: round, rate: rate, server: server, p50: time.Millisecond, p99: 2 * time.Millisecond,
		max: time.Duration(round+3) * time.Millisecond, allocations: 7}
}

// tried is a bench of which these samples are known.
func tried(samples ...sample) *bench {
	return &bench{settings: settings{plan: plan{subjects: []string{"floor", "no-database"}, cells: []cell{crowded}}}, samples: samples,
		disks: []disk{{p50: time.Millisecond, p99: 4 * time.Millisecond}, {p50: 2 * time.Millisecond, p99: 5 * time.Millisecond},
			{p50: 3 * time.Millisecond, p99: 6 * time.Millisecond}}}
}

// TestRatiosArePairedByRound has the machine slow down to half in each round: only paired ratios stay the same.
func TestRatiosArePairedByRound(t *testing.T) {
	t.Parallel()
	b := tried(
		measured("floor", 0, 4000, 10*time.Microsecond), measured("no-database", 0, 2000, 30*time.Microsecond),
		measured("no-database", 1, 1000, 60*time.Microsecond), measured("floor", 1, 2000, 20*time.Microsecond),
		measured("floor", 2, 1000, 40*time.Microsecond), measured("no-database", 2, 500, 120*time.Microsecond),
	)
	rows := b.rows()
	want := []row{
		{Subject: "floor", Connections: 64, People: 3, Rate: 2000, P50: 1, P99: 2, Ratio: 1, CPURatio: 1, Max: 5, P99Ratio: 1, CPU: 20,
			Allocations: 7, Rounds: 3, DiskP50: 2, DiskP99: 5},
		{Subject: "no-database", Connections: 64, People: 3, Rate: 1000, P50: 1, P99: 2, Ratio: 0.5, CPURatio: 3, Max: 5, P99Ratio: 1, CPU: 60,
			Allocations: 7, Rounds: 3, DiskP50: 2, DiskP99: 5},
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Error(diff)
	}
}

// TestNoisyRoundsAreLeftOut has a round not count in which others disturbed either of the pair.
func TestNoisyRoundsAreLeftOut(t *testing.T) {
	t.Parallel()
	samples := []sample{
		measured("floor", 0, 1000, 1), measured("no-database", 0, 900, 1),
		measured("floor", 1, 1000, 1), measured("no-database", 1, 100, 1),
		measured("floor", 2, 1000, 1), measured("no-database", 2, 200, 1),
	}
	samples[3].others = mostOthers + 0.01 // its own
	samples[4].others = 1                 // the floor's
	samples[1].checkpoint, samples[3].checkpoint = true, true
	r := tried(samples...).rows()[1]
	if r.Ratio != 0.9 || r.Rounds != 3 || r.Noisy != 2 || r.Checkpoints != 1 || r.roundsText() != "1 of 3" {
		t.Errorf("%+v %s", r, r.roundsText())
	}
	samples[0].others = 1
	samples[5].p99 = 8 * time.Millisecond // the only one without a checkpoint is the third
	if r := tried(samples...).rows()[1]; r.P99Ratio != 4 || r.P99 != 2 {
		t.Errorf("p99 %v, of the floor's %v", r.P99, r.P99Ratio)
	}
	r = tried(samples...).rows()[1]
	if r.Ratio != 0.2 || r.Noisy != 3 || r.roundsText() != "3, all noisy" {
		t.Errorf("all noisy: %+v %s", r, r.roundsText())
	}
}

// TestRowsAreWritten has the file hold a list of rows that begin with the keys others read.
func TestRowsAreWritten(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "latest.json")
	if err := writeJSON(file, []row{{Subject: "floor"}}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	for depth := 0; ; {
		token, err := decoder.Token()
		if err != nil {
			break
		}
		switch v := token.(type) {
		case json.Delim:
			depth += map[json.Delim]int{'[': 1, '{': 1, ']': -1, '}': -1}[v]
		case string:
			if depth == 2 && decoder.More() {
				keys = append(keys, v)
				_, _ = decoder.Token() // its value
			}
		}
	}
	want := []string{"subject", "connections", "people", "rate", "p50_ms", "p99_ms", "ratio", "server_cpu_ratio"}
	if diff := cmp.Diff(want, keys[:len(want)]); diff != "" {
		t.Error(diff)
	}
	if err := writeJSON("", []row{}); err != nil {
		t.Error("a file nobody asked for:", err)
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	table(&b, [][]string{{"subject", "p50", "unit"}, {"floor", "0.14", "µs"}, {"no-database", "12.00", ""}})
	want := strings.Join([]string{
		"| subject     |   p50 | unit |",
		"| ----------- | ----: | ---- |",
		"| floor       |  0.14 | µs   |",
		"| no-database | 12.00 |      |", ""}, "\n")
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}
