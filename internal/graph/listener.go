package graph

import (
	"context"
	"errors"
)

// Listener is asked before each call and told what it has shown of the network's limits.
type Listener interface {
	// Allow may refuse a call before it is sent; the error is then the call's.
	Allow() error
	// Hear is told how a call that was sent has ended.
	Hear(Heard)
}

// Heard is what the end of a call says of the network's limits.
type Heard struct {
	Answered bool // whatever the answer was; without one the network is slow, away, or its words cannot be read
	Usage    Usage
	Err      error // of the call, nil if it was accepted
}

type listenerKey struct{}

// WithListener gives a context whose calls the listener attends.
func WithListener(ctx context.Context, l Listener) context.Context {
	return context.WithValue(ctx, listenerKey{}, l)
}

// do sends a call, with the listener's leave. When the answer is a refusal the error is an *Error, and the answer is there too
// if it is readable.
func (c *Client) do(ctx context.Context, creds Credentials, k call) (answer, error) {
	l, _ := ctx.Value(listenerKey{}).(Listener)
	if l == nil {
		return c.exchange(ctx, creds, k)
	}
	if err := l.Allow(); err != nil {
		return answer{}, err
	}
	got, err := c.exchange(ctx, creds, k)
	if got.status == 0 && (ctx.Err() != nil || !lacksAnswer(err)) {
		return got, err // it was given up by the caller, or never sent
	}
	l.Hear(Heard{Answered: got.status != 0, Usage: got.usage, Err: err})
	return got, err
}

// lacksAnswer tells whether a call was sent, or could not be, and no answer came.
func lacksAnswer(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Err != nil
}
