package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// report prints the tables, writes the rows where asked, and says which goals were missed.
func (b *bench) report(w io.Writer) error {
	rows := b.rows()
	if err := b.finishFigures(); err != nil {
		return err
	}
	figures := b.figures
	lines := [][]string{{"subject", "connections", "people", "removals/s", "p50 ms", "p99 ms", "max ms", "of floor", "server CPU µs", "of floor",
		"client CPU µs", "allocations", "checkpoints", "rounds"}}
	for i := range rows {
		lines = append(lines, rows[i].line())
	}
	table(w, lines)
	if len(figures) > 0 {
		lines = [][]string{{"database", "measure", "groups", "value", "unit", "goal"}}
		for _, f := range figures {
			lines = append(lines, f.line())
		}
		fmt.Fprintln(w)
		table(w, lines)
	}
	if err := writeJSON(b.output.json, rows); err != nil {
		return err
	}
	if err := writeJSON(b.output.growth, figures); err != nil {
		return err
	}
	return b.judge(w, rows, figures)
}

func (r *row) line() []string {
	return []string{r.Subject, fmt.Sprint(r.Connections), fmt.Sprint(r.People), fmt.Sprintf("%.0f", r.Rate), fmt.Sprintf("%.2f", r.P50),
		fmt.Sprintf("%.2f", r.P99), fmt.Sprintf("%.1f", r.Max), fmt.Sprintf("%.2f", r.Ratio), fmt.Sprintf("%.0f", r.CPU),
		fmt.Sprintf("%.1f", r.CPURatio), fmt.Sprintf("%.0f", r.ClientCPU), fmt.Sprintf("%.0f", r.Allocations),
		fmt.Sprint(r.Checkpoints), r.roundsText()}
}

// roundsText says how many rounds count.
func (r *row) roundsText() string {
	switch r.Noisy {
	case 0:
		return fmt.Sprint(r.Rounds)
	case r.Rounds:
		return fmt.Sprintf("%d, all noisy", r.Rounds)
	}
	return fmt.Sprintf("%d of %d", r.Rounds-r.Noisy, r.Rounds)
}

// table prints lines in columns that are a table of Markdown too. The first line is the heading; columns of figures are set
// to the right.
func table(w io.Writer, lines [][]string) {
	widths := make([]int, len(lines[0]))
	right := make([]bool, len(lines[0]))
	for n, line := range lines {
		for i, text := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(text), 4)
			right[i] = right[i] || n == 1 && text != "" && strings.Contains("0123456789", text[:1])
		}
	}
	for n, line := range lines {
		cells := make([]string, len(line))
		for i, text := range line {
			if cells[i] = fmt.Sprintf("%-*s", widths[i], text); right[i] {
				cells[i] = fmt.Sprintf("%*s", widths[i], text)
			}
		}
		fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | "))
		if n > 0 {
			continue
		}
		for i := range cells {
			if cells[i] = strings.Repeat("-", widths[i]); right[i] {
				cells[i] = strings.Repeat("-", widths[i]-1) + ":"
			}
		}
		fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | "))
	}
}
