package store

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// signalChannel is the name under which nodes notify each other.
const signalChannel = "rollcall"

// maxSignal is how many lanes or operations one notification names: PostgreSQL bounds its text to 8000 bytes.
const maxSignal = 100

// signals are on their way to other nodes. They go by a connection of their own and outside of any transaction, because commits that
// notify wait for each other.
type signals struct {
	queue chan Signal
}

func newSignals() *signals { return &signals{queue: make(chan Signal, 1024)} }

// send drops the signal when too many wait: the receivers find everything in the database a little later.
func (s *signals) send(sig Signal) {
	select {
	case s.queue <- sig:
	default:
	}
}

// sendForever sends what is waiting, that of one kind together.
func (p *postgres) sendForever() {
	var conn *pgConn
	defer func() {
		if conn != nil {
			conn.close()
		}
	}()
	for {
		var waiting []Signal
		select {
		case sig := <-p.signals.queue:
			waiting = p.signals.gather(sig)
		case <-p.quit:
			return
		}
		if conn == nil {
			conn = p.speaker()
		}
		if conn == nil {
			if !pause(6, p.quit) {
				return
			}
			continue
		}
		if err := conn.run(notifications(waiting)...); err != nil {
			p.store.log.Warn("other nodes could not be told; they will find it themselves", "error", err)
			conn.close()
			conn = nil
		}
	}
}

// speaker connects for telling other nodes; nil when that cannot be.
func (p *postgres) speaker() *pgConn {
	conn, err := connectPostgres(context.Background(), p.config, "")
	if err != nil {
		p.store.log.Warn("other nodes cannot be told; they will find it themselves", "error", err)
		return nil
	}
	return conn
}

// gather puts those to the same node together, as long as there is room in one.
func (s *signals) gather(first Signal) []Signal {
	out := []Signal{first}
	for range cap(s.queue) {
		select {
		case sig := <-s.queue:
			out = merge(out, sig)
		default:
			return out
		}
	}
	return out
}

func merge(out []Signal, sig Signal) []Signal {
	for i := range out {
		o := &out[i]
		if o.To == sig.To && len(o.Lanes)+len(sig.Lanes) <= maxSignal && len(o.Ended)+len(sig.Ended) <= maxSignal {
			o.Lanes, o.Ended, o.Inbox = append(o.Lanes, sig.Lanes...), append(o.Ended, sig.Ended...), o.Inbox || sig.Inbox
			return out
		}
	}
	return append(out, sig)
}

func notifications(waiting []Signal) []*errand {
	out := make([]*errand, 0, len(waiting))
	for _, sig := range waiting {
		text, err := json.Marshal(sig)
		if err != nil {
			continue // numbers and truth values can always be written
		}
		out = append(out, &errand{sql: "SELECT pg_notify('" + signalChannel + "', $1::text)", params: [][]byte{text}})
	}
	return out
}

// listen keeps a connection that hears the others. After each time without one, signals may have been missed.
func (p *postgres) listen(fn func(Signal)) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var listening sync.WaitGroup
	listening.Go(func() {
		for ctx.Err() == nil {
			err := p.listenOnce(ctx, fn)
			if ctx.Err() != nil {
				return
			}
			p.store.log.Warn("other nodes cannot be heard; trying again", "error", err)
			select {
			case <-time.After(200 * time.Millisecond):
			case <-ctx.Done():
			}
		}
	})
	return func() {
		cancel()
		listening.Wait()
	}
}

func (p *postgres) listenOnce(ctx context.Context, fn func(Signal)) error {
	config := p.config.Copy()
	config.OnNotification = func(_ *pgconn.PgConn, n *pgconn.Notification) {
		var sig Signal
		if err := json.Unmarshal([]byte(n.Payload), &sig); err != nil {
			p.store.log.Warn("a signal cannot be read", "error", err)
			return
		}
		if me := p.store.Node(); sig.From != me && (sig.To == 0 || sig.To == me) {
			fn(sig)
		}
	}
	conn, err := connectPostgres(ctx, config, "; LISTEN "+signalChannel)
	if err != nil {
		return err
	}
	defer conn.close()
	fn(Signal{Missed: true})
	for {
		wait, cancel := context.WithTimeout(ctx, 10*time.Second)
		err := conn.pg.WaitForNotification(wait)
		cancel()
		if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
			err = conn.run(plain("SELECT 1")) // so that a connection whose other end has gone without a word is noticed
		}
		if err != nil {
			return err
		}
	}
}
