package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"text/tabwriter"
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
	Ratio       float64 `json:"ratio"` // of the rate to the floor's, paired by round
	CPURatio    float64 `json:"server_cpu_ratio"`
	CPU         float64 `json:"server_cpu_us"`
}

// report prints the table and writes the rows where asked.
func report(s settings, results []result) error {
	rows := summarise(s, results)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "subject\tconnections\tpeople\tremovals/s\tp50 ms\tp99 ms\tof floor\tserver CPU µs\tof floor\t")
	for _, r := range rows {
		fmt.Fprintf(w, "%s\t%d\t%d\t%.0f\t%.2f\t%.2f\t%.2f\t%.0f\t%.1f\t\n",
			r.Subject, r.Connections, r.People, r.Rate, r.P50, r.P99, r.Ratio, r.CPU, r.CPURatio)
	}
	if err := w.Flush(); err != nil || s.json == "" {
		return err
	}
	text, err := json.MarshalIndent(rows, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(s.json, append(text, '\n'), 0o600)
}

func summarise(s settings, results []result) []row {
	var rows []row
	for _, c := range s.connections {
		floors := pick(results, "floor", c)
		for _, subject := range subjectNames {
			mine := pick(results, subject, c)
			r := row{Subject: subject, Connections: c, People: s.people}
			r.Rate = median(mine, func(i int) float64 { return mine[i].rate })
			r.P50 = median(mine, func(i int) float64 { return ms(mine[i].p50) })
			r.P99 = median(mine, func(i int) float64 { return ms(mine[i].p99) })
			r.CPU = median(mine, func(i int) float64 { return 1000 * ms(mine[i].cpu) })
			r.Ratio = median(mine, func(i int) float64 { return mine[i].rate / floors[i].rate })
			r.CPURatio = median(mine, func(i int) float64 { return float64(mine[i].cpu) / float64(floors[i].cpu) })
			rows = append(rows, r)
		}
	}
	return rows
}

func pick(results []result, subject string, connections int) []result {
	var out []result
	for _, r := range results {
		if r.subject == subject && r.connections == connections {
			out = append(out, r)
		}
	}
	return out
}

func median(of []result, value func(int) float64) float64 {
	values := make([]float64, len(of))
	for i := range of {
		values[i] = value(i)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
