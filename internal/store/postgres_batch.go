package store

import (
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"
)

// pgBatch runs transactions that came at the same time as one: their functions side by side, what they ask for in common
// statements, and one commit. Those that hold the same name run one after the other.
type pgBatch struct {
	store   *Store
	conn    *pgConn
	jobs    []*pgJob
	reading bool // there is no transaction: each statement sees the newest committed state

	begun   bool
	holders map[int64]*pgJob // who holds a name, or has held it in this batch
	wanted  []int64          // names that the database has to hold for the batch, and does not yet
	xid     string           // PostgreSQL's number of the transaction, to learn of its end
	lastID  int64            // the key given out last
	endID   int64            // the last that may be given out
}

// errEntangled says that a batch cannot be run in common; each of its transactions can by itself.
var errEntangled = errors.New("the transactions of a batch are in each other's way")

// errUnknownEnd says that the connection broke while the batch was committed.
var errUnknownEnd = errors.New("it is not known whether the database has committed")

// idBlock is how many keys a batch takes at once: what the sequence is raised by.
const idBlock = 4096

func newBatch(s *Store, c *pgConn, jobs []*job, reading bool) *pgBatch {
	b := &pgBatch{store: s, conn: c, reading: reading, holders: map[int64]*pgJob{}}
	for _, j := range jobs {
		b.jobs = append(b.jobs, &pgJob{job: j, batch: b})
	}
	return b
}

// run runs the batch to its commit. With an error nothing of it is in the database, unless it is errUnknownEnd.
func (b *pgBatch) run() (err error) {
	defer func() {
		for _, j := range b.jobs {
			if j.stop != nil {
				j.stop()
			}
		}
	}()
	for _, j := range b.jobs {
		j.start()
	}
	for {
		round, err := b.nextRound()
		if err != nil {
			return err
		}
		if len(round) == 0 {
			break
		}
		if err := b.ask(round); err != nil {
			return err
		}
		for _, j := range round {
			j.advance()
		}
	}
	if b.reading {
		return nil
	}
	return b.commit()
}

// nextRound gives the transactions that can be asked for now, none when all have ended. One that wants a name which another of
// the batch holds waits until that has ended.
func (b *pgBatch) nextRound() (round []*pgJob, err error) {
	waiting := 0
	for _, j := range b.jobs {
		switch {
		case j.ended && j.err != nil && j.wrote:
			return nil, errEntangled // what it wrote must not be committed with the others'
		case j.ended:
		case b.free(j):
			round = append(round, j)
		default:
			waiting++
		}
	}
	if len(round) == 0 && waiting > 0 {
		return nil, errEntangled // each waits for another
	}
	return round, nil
}

// free gives a transaction the names that it wants, if none of them is in another's hands.
func (b *pgBatch) free(j *pgJob) bool {
	for _, name := range j.wanted {
		if h := b.holders[name]; h != nil && h != j && !h.ended {
			return false
		}
	}
	for _, name := range j.wanted {
		h := b.holders[name]
		switch {
		case h == nil:
			b.wanted = append(b.wanted, name)
		case h != j:
			b.pass(h)
		}
		b.holders[name] = j
		j.held = append(j.held, name)
	}
	j.wanted = nil
	return true
}

// pass sees to it that what a transaction which has ended wrote is in the database before its follower looks.
func (b *pgBatch) pass(h *pgJob) {
	if len(h.writes) > 0 {
		h.wrote = true
	}
}

// ask sends what a round wants, in one go: first the names to be held, then what was written before, then what is asked.
func (b *pgBatch) ask(round []*pgJob) error {
	errands := b.opening(round)
	flushing := b.flushing(round)
	sent, err := flush(flushing)
	if err != nil {
		return err
	}
	errands = append(errands, sent...)
	shared, err := share(round)
	if err != nil {
		return err
	}
	for _, s := range shared {
		errands = append(errands, s.errand)
	}
	if err := b.conn.run(errands...); err != nil {
		return err
	}
	b.begun = true
	if err := b.takeOpening(errands); err != nil {
		return err
	}
	for _, s := range shared {
		if err := s.deal(); err != nil {
			return err
		}
	}
	for _, j := range round {
		if j.asked.writes() && j.asked.tag.RowsAffected() > 0 {
			j.wrote = true
		}
	}
	return nil
}

// flushing gives those whose writes have to be in the database now: they ask for something themselves, or have passed on a name.
func (b *pgBatch) flushing(round []*pgJob) []*pgJob {
	var out []*pgJob
	for _, j := range b.jobs {
		if len(j.writes) == 0 {
			continue
		}
		asks := slices.Contains(round, j) && !j.asked.ids
		if asks || j.ended && j.wrote {
			j.wrote = true
			out = append(out, j)
		}
	}
	return out
}

const (
	beginQuery  = "BEGIN"
	commitQuery = "COMMIT"
	firstQuery  = "SELECT nextval('ids'), pg_current_xact_id()::text"
	holdQuery   = "SELECT pg_advisory_xact_lock(k) FROM (SELECT unnest($1::bigint[]) AS k) AS names"
	idsQuery    = "SELECT nextval('ids')"
)

// opening gives the statements that come before those of the round: the transaction's beginning, the names that it has to
// hold, and keys. Keys are taken after the names, so that whoever holds a name later gets greater ones, on every node.
func (b *pgBatch) opening(round []*pgJob) []*errand {
	if b.reading {
		return nil
	}
	var errands []*errand
	if !b.begun {
		errands = append(errands, plain(beginQuery))
	}
	names := b.names()
	if len(names) > 0 {
		errands = append(errands, holding(names))
	}
	out := b.lastID == b.endID && slices.ContainsFunc(round, func(j *pgJob) bool { return j.asked != nil && j.asked.ids })
	switch {
	case !b.begun:
		errands = append(errands, plain(firstQuery))
	case len(names) > 0 || out:
		errands = append(errands, plain(idsQuery))
	}
	return errands
}

// names gives those that the batch has to hold from now on, in order, so that two batches seldom wait for each other.
func (b *pgBatch) names() []int64 {
	names := b.wanted
	b.wanted = nil
	slices.Sort(names)
	return names
}

func holding(names []int64) *errand {
	calls := make([]call, len(names))
	for i, name := range names {
		calls[i] = newCall("", []any{name})
	}
	return &errand{sql: holdQuery, params: [][]byte{array(number, calls, 0)}}
}

// takeOpening reads what the opening gave.
func (b *pgBatch) takeOpening(errands []*errand) error {
	for _, e := range errands {
		if e.sql != firstQuery && e.sql != idsQuery {
			continue
		}
		first, err := e.rows[0].int(0)
		if err != nil {
			return fmt.Errorf("take keys: %w", err)
		}
		b.lastID, b.endID = first, first+idBlock-1
		if e.sql == firstQuery {
			b.xid = string(e.rows[0][1])
		}
	}
	return nil
}

// commit sends what is left to be written, and ends the transaction.
func (b *pgBatch) commit() error {
	var rest []*pgJob
	for _, j := range b.jobs {
		if len(j.writes) > 0 {
			rest = append(rest, j)
		}
	}
	if len(rest) == 0 && !b.begun {
		return nil
	}
	for _, j := range rest {
		if !b.free(j) {
			return errEntangled
		}
	}
	if err := b.open(rest); err != nil {
		return err
	}
	errands, err := flush(rest)
	if err != nil {
		return err
	}
	if err = b.conn.run(append(errands, plain(commitQuery))...); errors.Is(err, errLost) {
		return fmt.Errorf("%w: %w", errUnknownEnd, err)
	}
	return err
}

// open sends an opening by itself, if there is one to be sent.
func (b *pgBatch) open(jobs []*pgJob) error {
	errands := b.opening(jobs)
	if len(errands) == 0 {
		return nil
	}
	if err := b.conn.run(errands...); err != nil {
		return err
	}
	b.begun = true
	return b.takeOpening(errands)
}

// endOf asks, on another connection, what has become of a transaction. It is still under way for a moment after its connection
// has broken.
func endOf(c *pgConn, xid string) (string, error) {
	e := &errand{sql: "SELECT coalesce(pg_xact_status($1::text::xid8), 'aborted')", params: [][]byte{[]byte(xid)}}
	err := c.run(e)
	var refused *pgconn.PgError
	if errors.As(err, &refused) && refused.Code == "22023" { // the number has not been given out yet: a crash has undone that
		return "aborted", nil
	}
	if err != nil {
		return "", err
	}
	return string(e.rows[0][0]), nil
}
