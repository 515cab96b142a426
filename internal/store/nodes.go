package store

import (
	"context"
	"strconv"
	"time"
)

// Node is one of the processes that share a database. Its time is up when it has not renewed its lease: then its lanes go to others.
type Node struct {
	ID    int64
	Run   int64 // of the process, so that a later one with the same id is told apart
	Alive bool
}

// Shared tells whether other processes may work on the lanes in the database too.
func (s *Store) Shared() bool { return s.postgres != nil }

// SetNode says which node this process is: empty lanes that get work from here become its own.
func (s *Store) SetNode(id int64) { s.node.Store(id) }

// Node gives the number of this process among those that share the database, 0 in a file.
func (s *Store) Node() int64 { return s.node.Load() }

// databaseNow is the time of the database's clock, by which all nodes count.
const databaseNow = `(extract(epoch FROM clock_timestamp()) * 1000)::bigint`

// holdNode keeps a node from renewing its lease while another one looks whether it is dead and takes its lanes.
func (tx *Tx) holdNode(id int64) { tx.Hold("node/" + strconv.FormatInt(id, 10)) }

// WriteLease is Write for leases: it has a connection of its own, so that it waits behind nothing else.
func (s *Store) WriteLease(ctx context.Context, fn func(*Tx) error) error {
	return s.postgres.do(ctx, s.postgres.leases, fn)
}

// JoinNode takes up a lease. A process before this one with the same id has lost its own by that.
func (tx *Tx) JoinNode(n Node, lease time.Duration) error {
	tx.holdNode(n.ID)
	return tx.run(`INSERT INTO node (id, run, until) VALUES ($1, $2, `+databaseNow+` + $3)
		ON CONFLICT (id) DO UPDATE SET run = excluded.run, until = excluded.until`, n.ID, n.Run, lease.Milliseconds())
}

// RenewNode prolongs a lease. ErrNoRow says that it was lost: the node was taken for dead, or another process has its id.
func (tx *Tx) RenewNode(n Node, lease time.Duration) error {
	tx.holdNode(n.ID)
	return tx.must(`UPDATE node SET until = `+databaseNow+` + $3 WHERE id = $1 AND run = $2`, n.ID, n.Run, lease.Milliseconds())
}

// LeaveNode ends a lease, so that others need not wait for its end.
func (tx *Tx) LeaveNode(n Node) error {
	return tx.run(`UPDATE node SET until = 0 WHERE id = $1 AND run = $2`, n.ID, n.Run)
}

// Nodes gives all nodes, and as dead ones too those that are known by the work they have left alone.
func (tx *Tx) Nodes() ([]Node, error) {
	return all(tx, func(row scanner) (n Node, err error) {
		err = row.Scan(&n.ID, &n.Run, &n.Alive)
		return n, err
	}, `SELECT id, run, until > `+databaseNow+` FROM node
		UNION SELECT owner, 0, false FROM (SELECT owner FROM outbox WHERE dead = 0 UNION SELECT node FROM inbox) AS work
			WHERE owner NOT IN (SELECT id FROM node)
		ORDER BY 1`)
}

// TakeOver gives all that a dead node has left to another. It does nothing when the node has come back meanwhile.
func (tx *Tx) TakeOver(dead, to int64) error {
	tx.holdNode(dead)
	var alive int
	err := tx.one(`SELECT count(*) FROM node WHERE id = $1 AND until > `+databaseNow, []any{dead}, &alive)
	if err != nil || alive > 0 {
		return err
	}
	if err := tx.run(`UPDATE outbox SET owner = $2 WHERE owner = $1`, dead, to); err != nil {
		return err
	}
	if err := tx.run(`UPDATE inbox SET node = $2 WHERE node = $1`, dead, to); err != nil {
		return err
	}
	return tx.run(`DELETE FROM node WHERE id = $1`, dead)
}

// Letter is a report that another node shall take in.
type Letter struct {
	ID   int64
	Body []byte
}

// Leave puts a report into a node's inbox.
func (tx *Tx) Leave(node int64, body []byte) error {
	return tx.run(`INSERT INTO inbox (id, node, body) VALUES ($1, $2, $3)`, tx.NewID(), node, body)
}

// Inbox gives what was left for a node, oldest first, after the given key.
func (tx *Tx) Inbox(node, after int64, most int) ([]Letter, error) {
	return all(tx, func(row scanner) (m Letter, err error) {
		err = row.Scan(&m.ID, &m.Body)
		return m, err
	}, `SELECT id, body FROM inbox WHERE node = $1 AND id > $2 ORDER BY id LIMIT $3`, node, after, most)
}

// Took forgets a message, and gives ErrNoRow when it is gone already.
func (tx *Tx) Took(id int64) error { return tx.must(`DELETE FROM inbox WHERE id = $1`, id) }

// Signal is what nodes tell each other at once. One may be lost; what it tells stands in the database too.
type Signal struct {
	From  int64   `json:"from"`
	To    int64   `json:"to,omitempty"`    // one node; 0 for all
	Lanes []Lane  `json:"lanes,omitempty"` // have work that the receiver has to run
	Ended []int64 `json:"ended,omitempty"` // operations, for those whose callers wait
	Inbox bool    `json:"inbox,omitempty"` // there is something in the receiver's inbox

	Missed bool `json:"-"` // signals may have been lost: look for everything
}

// Signal tells other nodes. It returns at once and comes, if it comes, after what was committed before.
func (s *Store) Signal(sig Signal) {
	if s.postgres != nil {
		sig.From = s.Node()
		for len(sig.Ended) > maxSignal {
			part := sig
			part.Ended, sig.Ended = sig.Ended[:maxSignal:maxSignal], sig.Ended[maxSignal:]
			s.postgres.signals.send(part)
		}
		s.postgres.signals.send(sig)
	}
}

// Listen has fn called with the signals of other nodes, one at a time, until what it gives is called. fn must not keep it waiting.
func (s *Store) Listen(fn func(Signal)) (stop func()) {
	if s.postgres == nil {
		return func() {}
	}
	return s.postgres.listen(fn)
}
