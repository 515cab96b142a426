package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// result is what one subject did at one number of connections in one round.
type result struct {
	subject     string
	connections int
	round       int
	rate        float64 // answers a second
	p50, p99    time.Duration
	cpu         time.Duration // of the server, for each request
}

// fire sends prepared requests over so many connections, each waiting for its answer before the next, and checks every
// answer. The requests are whole HTTP messages, so that the client costs little.
func fire(ctx context.Context, address string, connections int, requests [][]byte, want []byte) (took []time.Duration, whole time.Duration, err error) {
	conns := make([]net.Conn, connections)
	for i := range conns {
		if conns[i], err = (&net.Dialer{}).DialContext(ctx, "tcp", address); err != nil {
			return nil, 0, err
		}
		defer conns[i].Close()
	}
	took = make([]time.Duration, len(requests))
	errs := make([]error, connections)
	var wg sync.WaitGroup
	start := time.Now()
	for i, conn := range conns {
		shot := volley{conn: conn, requests: requests, took: took, first: i, step: connections, want: want}
		wg.Go(func() { errs[shot.first] = shot.fire(ctx) })
	}
	wg.Wait()
	whole = time.Since(start)
	return took, whole, errors.Join(errors.Join(errs...), ctx.Err())
}

// volley is what one connection sends: every so many-th of the requests.
type volley struct {
	conn        net.Conn
	requests    [][]byte
	took        []time.Duration // by request
	first, step int
	want        []byte // what every answer has to hold
}

func (v *volley) fire(ctx context.Context) (err error) {
	r := bufio.NewReaderSize(v.conn, 4096)
	var body []byte
	for n := v.first; n < len(v.requests) && ctx.Err() == nil; n += v.step {
		sent := time.Now()
		body, err = exchange(v.conn, r, v.requests[n], body)
		v.took[n] = time.Since(sent)
		if err == nil && !bytes.Contains(body, v.want) {
			err = fmt.Errorf("unexpected answer: %s", body)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// exchange writes one request and reads its answer.
func exchange(conn net.Conn, r *bufio.Reader, request, body []byte) ([]byte, error) {
	if _, err := conn.Write(request); err != nil {
		return body, err
	}
	length, status := -1, 0
	for line := 0; ; line++ {
		text, err := r.ReadSlice('\n')
		if err != nil {
			return body, err
		}
		text = bytes.TrimRight(text, "\r\n")
		switch name, value, _ := bytes.Cut(text, []byte(":")); {
		case line == 0 && len(text) >= 12:
			status, _ = strconv.Atoi(string(text[9:12]))
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return body, err
			}
		}
		if len(text) == 0 {
			break
		}
	}
	if length < 0 {
		return body, errors.New("an answer without Content-Length")
	}
	body = slices.Grow(body[:0], length)[:length]
	if _, err := io.ReadFull(r, body); err != nil {
		return body, err
	}
	if status != http.StatusOK {
		return body, fmt.Errorf("status %d: %s", status, body)
	}
	return body, nil
}

func percentile(took []time.Duration, p float64) time.Duration {
	sorted := slices.Sorted(slices.Values(took))
	return sorted[min(len(sorted)-1, int(p*float64(len(sorted))))]
}
