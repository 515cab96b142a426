package outbox

import "time"

// Verdict is what a handler says of the run it has made.
type Verdict struct {
	kind    verdictKind
	after   time.Duration
	failure string
}

type verdictKind int8

const (
	finished verdictKind = iota
	retry
	await
	paused
	dead
)

// Finished says that the item is out of its lane.
func Finished() Verdict { return Verdict{} }

// Retry says that the item has to run again after a while; failure says why, without secrets.
func Retry(after time.Duration, failure string) Verdict {
	return Verdict{kind: retry, after: after, failure: failure}
}

// Await says that the item has done its part and that an event will take it out of the lane. The lane stays closed until
// Settled is called, or until the time is up; then the item runs again, with Expired raised.
func Await(most time.Duration) Verdict { return Verdict{kind: await, after: most} }

// Dead says that the item will never succeed. It is kept, and the lane goes on without it.
func Dead(failure string) Verdict { return Verdict{kind: dead, failure: failure} }
