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

// shots is what one cell sends.
type shots struct {
	address     string
	connections int
	count       int      // how many requests are sent; prepared ones are sent again when there are fewer
	requests    [][]byte // whole HTTP messages, so that the client costs little
	want        []byte   // what every right answer holds
}

// answerTime is how long one cell may take; a server that hangs must not hang us.
const answerTime = 2 * time.Minute

// fire sends the requests, each connection waiting for its answer before the next, and checks every answer.
func (s *shots) fire(ctx context.Context) (took []time.Duration, whole time.Duration, err error) {
	conns := make([]net.Conn, s.connections)
	for i := range conns {
		if conns[i], err = (&net.Dialer{}).DialContext(ctx, "tcp", s.address); err != nil {
			return nil, 0, err
		}
		defer conns[i].Close()
		if err := conns[i].SetDeadline(time.Now().Add(answerTime)); err != nil {
			return nil, 0, err
		}
	}
	took = make([]time.Duration, s.count)
	errs := make([]error, s.connections)
	var wg sync.WaitGroup
	start := time.Now()
	for i, conn := range conns {
		v := volley{shots: s, conn: conn, took: took, first: i}
		wg.Go(func() { errs[i] = v.fire(ctx) })
	}
	wg.Wait()
	whole = time.Since(start)
	for _, err := range errs {
		if err != nil {
			return nil, 0, err // the others failed for the same reason
		}
	}
	return took, whole, ctx.Err()
}

// volley is what one connection sends: every so many-th of the requests.
type volley struct {
	*shots
	conn  net.Conn
	took  []time.Duration // by request
	first int
}

func (v *volley) fire(ctx context.Context) (err error) {
	r := bufio.NewReaderSize(v.conn, 4096)
	var body []byte
	for n := v.first; n < v.count && ctx.Err() == nil; n += v.connections {
		sent := time.Now()
		body, err = exchange(v.conn, r, v.requests[n%len(v.requests)], body)
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
