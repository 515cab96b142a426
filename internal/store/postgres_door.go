package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// pgDoor takes in the nonces of requests for all nodes. It does not wait for the disk: a commit that does later takes this one along,
// so that the nonce of a change is on disk with the change; and what a crash of the database may forget are the last moments of calls
// that change nothing.
type pgDoor struct {
	db     *postgres
	knocks chan *knock
	conn   *pgConn
}

// knock is one nonce that wants to be the first of its kind.
type knock struct {
	nonce  Nonce
	fresh  bool
	result chan error
}

const unhurried = "; SET synchronous_commit = off"

// maxKnocks bounds how many nonces are taken in at once.
const maxKnocks = 256

const (
	useQuery = `INSERT INTO nonce (hash, at, tag) SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) ON CONFLICT DO NOTHING`
	ownQuery = `SELECT hash FROM nonce WHERE hash = ANY($1::bigint[]) AND tag = $2::bigint`
)

// UseNonce notes a nonce as used, for all nodes, and tells whether it was not before. Only PostgreSQL keeps nonces in this way.
func (s *Store) UseNonce(ctx context.Context, n Nonce) (fresh bool, err error) {
	k := &knock{nonce: n, result: make(chan error, 1)}
	select {
	case s.postgres.knocks <- k:
	case <-s.postgres.quit:
		return false, ErrClosed
	case <-ctx.Done():
		return false, fmt.Errorf("use a nonce: %w", ctx.Err())
	}
	select {
	case err = <-k.result:
		return k.fresh, err
	case <-s.postgres.gone: // it came when the doors had been left
		return false, ErrClosed
	case <-ctx.Done():
		return false, fmt.Errorf("use a nonce: %w", ctx.Err()) // it counts as used, for it may be
	}
}

func (d *pgDoor) loop() {
	defer d.hangUp()
	for {
		select {
		case k := <-d.knocks:
			d.serve(d.gather(k))
		case <-d.db.quit:
			if len(d.knocks) == 0 {
				return
			}
			select {
			case k := <-d.knocks:
				d.serve(d.gather(k))
			default:
			}
		}
	}
}

func (d *pgDoor) gather(first *knock) []*knock {
	batch := []*knock{first}
	for len(batch) < maxKnocks {
		select {
		case k := <-d.knocks:
			batch = append(batch, k)
		default:
			return batch
		}
	}
	return batch
}

// serve takes a batch in. A database that is away is waited for.
func (d *pgDoor) serve(batch []*knock) {
	tag := rand.Int64() //nolint:gosec // it only has to be another one
	patience := time.Now().Add(pgPatience)
	for try := 0; ; try++ {
		err := d.take(batch, tag)
		lost := errors.Is(err, errLost)
		if lost {
			d.hangUp()
		}
		if (lost || passes(err)) && time.Now().Before(patience) && pause(try, d.db.quit) {
			continue
		}
		if lost {
			err = fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		for _, k := range batch {
			k.result <- err
		}
		return
	}
}

func (d *pgDoor) hangUp() {
	if d.conn != nil {
		d.conn.close()
		d.conn = nil
	}
}

// take writes the nonces down. The tag tells which of them this batch has brought, although the connection may have broken after
// that and before the answer.
func (d *pgDoor) take(batch []*knock, tag int64) (err error) {
	if d.conn == nil {
		if d.conn, err = connectPostgres(context.Background(), d.db.config, unhurried); err != nil {
			return err
		}
	}
	// All doors take them in one order, so that they seldom stand in each other's way.
	slices.SortStableFunc(batch, func(a, b *knock) int { return cmp.Compare(a.nonce.Hash, b.nonce.Hash) })
	calls := make([]call, len(batch))
	first := make(map[int64]*knock, len(batch))
	for i, k := range batch {
		calls[i] = newCall("", []any{k.nonce.Hash, millis(k.nonce.At), tag})
		if first[k.nonce.Hash] == nil {
			first[k.nonce.Hash] = k
		}
	}
	hashes := array(number, calls, 0)
	use := &errand{sql: useQuery, params: [][]byte{hashes, array(number, calls, 1), array(number, calls, 2)}}
	own := &errand{sql: ownQuery, params: [][]byte{hashes, calls[0].values[2]}}
	if err := d.conn.run(use, own); err != nil {
		return err
	}
	for _, row := range own.rows {
		hash, err := row.int(0)
		if err != nil {
			return err
		}
		first[hash].fresh = true
	}
	return nil
}
