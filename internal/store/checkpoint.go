package store

import (
	"log/slog"
	"sync/atomic"
	"time"
)

// What makes a checkpoint due: so many statements that wrote since the last one (some 100 MB of log), or fewer once nobody has
// written for a while. SQLite's own threshold is far above and holds only should checkpoints fail.
const (
	checkpointWrites = 1 << 15
	checkpointIdle   = time.Second
)

// checkpointer copies the log into the database on a connection of its own, so that nobody has to wait for it. What is written
// meanwhile is the residue; the writer copies that, a few milliseconds' worth, so that the log can begin anew.
type checkpointer struct {
	conn    *conn
	residue chan<- struct{} // asks the writer
	log     *slog.Logger
	every   int64        // statements
	writes  atomic.Int64 // statements since Open
	due     chan struct{}
	quit    chan struct{}
	done    chan struct{}
}

func startCheckpointer(c *conn, residue chan<- struct{}, log *slog.Logger) *checkpointer {
	k := &checkpointer{conn: c, residue: residue, log: log, every: checkpointWrites,
		due: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{})}
	go k.loop()
	return k
}

// stop ends the checkpoints and closes the connection.
func (k *checkpointer) stop() error {
	close(k.quit)
	<-k.done
	return k.conn.close()
}

// wrote counts what a commit has written.
func (k *checkpointer) wrote(statements int) {
	before := k.writes.Add(int64(statements)) - int64(statements)
	if before/k.every == (before+int64(statements))/k.every {
		return
	}
	select {
	case k.due <- struct{}{}:
	default:
	}
}

func (k *checkpointer) loop() {
	defer close(k.done)
	tick := time.NewTicker(checkpointIdle)
	defer tick.Stop()
	var copied, seen int64 // statements up to the last checkpoint, and up to the last tick
	for {
		select {
		case <-k.due:
			copied = k.writes.Load()
			k.checkpoint()
		case <-tick.C:
			now := k.writes.Load()
			if now == seen && now > copied {
				copied = now
				k.checkpoint()
			}
			seen = now
		case <-k.quit:
			return
		}
	}
}

// checkpoint copies most of the log, then what came meanwhile, and leaves the rest to the writer. That is asked even when
// nothing seems to be left: it may be in the middle of a transaction.
func (k *checkpointer) checkpoint() {
	for whole, again := false, 0; !whole && again < 2; again++ {
		var err error
		if whole, err = checkpoint(k.conn); err != nil {
			k.log.Error("a checkpoint of the database failed; the log grows until one succeeds", "error", err)
			return
		}
	}
	select {
	case k.residue <- struct{}{}:
	default:
	}
}

// checkpoint copies as much of the log as can be without waiting for anybody, and tells whether that was all.
func checkpoint(c *conn) (whole bool, err error) {
	var busy, frames, copied int64
	err = (&Tx{db: c}).one("PRAGMA wal_checkpoint(PASSIVE)", nil, &busy, &frames, &copied)
	return busy == 0 && frames == copied, err
}
