package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// mallocsMetric counts what a process of Go has allocated.
const mallocsMetric = "go_memstats_mallocs_total"

// mallocs asks a server how much it has allocated.
func mallocs(ctx context.Context, address string) (float64, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, fmt.Errorf("read metrics: %w", err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 4<<20))
	if err != nil {
		return 0, fmt.Errorf("read metrics: %w", err)
	}
	return metric(string(text), mallocsMetric)
}

// metric finds a value without labels in Prometheus's text form.
func metric(page, name string) (float64, error) {
	for line := range strings.Lines(page) {
		if value, found := strings.CutPrefix(line, name+" "); found {
			return strconv.ParseFloat(strings.TrimSpace(value), 64)
		}
	}
	return 0, fmt.Errorf("read metrics: there is no %s", name)
}
