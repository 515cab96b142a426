package simulator

import "time"

// crewIdle is how long a goroutine waits for more work before it ends.
const crewIdle = time.Second

// crew runs functions on goroutines that are kept for a while: their stacks have grown already, which is most of what a
// fresh goroutine would cost on the way of a removal.
type crew struct{ work chan func() }

func newCrew() crew { return crew{work: make(chan func())} }

// run never waits: an idle goroutine takes f, or a new one does.
func (c crew) run(f func()) {
	select {
	case c.work <- f:
	default:
		go c.serve(f)
	}
}

func (c crew) serve(f func()) {
	idle := time.NewTimer(crewIdle)
	defer idle.Stop()
	for {
		f()
		idle.Reset(crewIdle)
		select {
		case f = <-c.work:
		case <-idle.C:
			return
		}
	}
}
