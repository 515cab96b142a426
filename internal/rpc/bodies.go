package rpc

import (
	"context"
	"errors"
	"io"
	"time"

	"golang.org/x/sync/semaphore"
)

// DefaultBodyRoom is how many bytes the bodies of all requests take together at most, unless Limits says otherwise.
const DefaultBodyRoom = 64 << 20

// ErrNoRoom says that the bodies of other requests take all the room that there is.
var ErrNoRoom = errors.New("there is no room for the body of the request")

const (
	smallBody = 4 << 10         // bytes that need no room: a call in the form that clients send fits, so that it is not held up by large ones
	roomWait  = 2 * time.Second // how long a body waits for room before it is given up
)

// Bodies bounds the memory that bodies of requests take, over all requests together. Whoever sends a body has not shown who it
// is, and a thousand connections that may each send a megabyte are a gigabyte.
type Bodies struct{ room *semaphore.Weighted }

// NewBodies gives room for that many bytes. Bodies that serve several handlers are made once and handed to each.
func NewBodies(bytes int64) *Bodies { return &Bodies{semaphore.NewWeighted(bytes)} }

// Read reads r to its end into memory, which it takes as bytes arrive and not as the request announces them. release gives the
// room back; it must be called when the body is needed no more, also after an error. Read returns ErrNoRoom when no room came
// free soon enough, and the errors of r.
func (b *Bodies) Read(ctx context.Context, r io.Reader) (body []byte, release func(), err error) {
	var held int64
	release = func() { b.room.Release(held); held = 0 }
	body = make([]byte, 0, 512)
	for {
		if len(body) == cap(body) {
			if body, held, err = b.grow(ctx, body, held); err != nil {
				return nil, release, err
			}
		}
		n, err := r.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case errors.Is(err, io.EOF):
			return body, release, nil
		case err != nil:
			return nil, release, err
		}
	}
}

// grow doubles the memory of a body. While it is copied, there is room for both.
func (b *Bodies) grow(ctx context.Context, body []byte, held int64) ([]byte, int64, error) {
	size, wanted := 2*cap(body), int64(0)
	if size > smallBody {
		wanted = int64(size)
	}
	if wanted > 0 && !b.wait(ctx, wanted) {
		return nil, held, ErrNoRoom
	}
	larger := append(make([]byte, 0, size), body...)
	b.room.Release(held)
	return larger, wanted, nil
}

// wait takes room, and tells whether it came free soon enough.
func (b *Bodies) wait(ctx context.Context, bytes int64) bool {
	if b.room.TryAcquire(bytes) {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, roomWait)
	defer cancel()
	return b.room.Acquire(ctx, bytes) == nil
}
