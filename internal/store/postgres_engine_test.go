package store_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/pgserver"
	"github.com/rollcall-im/rollcall/internal/store"
)

// fewChecks makes rapid try less often than it would, unless the command line says how often.
func fewChecks(t *testing.T, checks string) {
	t.Helper()
	f := flag.Lookup("rapid.checks")
	if f.Value.String() != f.DefValue {
		return
	}
	if err := f.Value.Set(checks); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Value.Set(f.DefValue) })
}

// counted is what a name guards: how often it was counted, and by which key last.
type counted struct{ times, key int64 }

func countedOf(tx *store.Tx, name int64) (counted, error) {
	people, err := tx.Participants(name)
	if err != nil || len(people) == 0 {
		return counted{}, err
	}
	return counted{people[0].Since.Unix(), people[0].OperationID}, nil
}

// count holds a name, looks at what it guards, and counts it once more under a new key.
func count(tx *store.Tx, name int64) (before counted, err error) {
	tx.Hold("name/" + fmt.Sprint(name))
	if before, err = countedOf(tx, name); err != nil {
		return before, err
	}
	key := tx.NewID()
	if key <= before.key {
		return before, fmt.Errorf("key %d was given out after %d", key, before.key)
	}
	if before.times == 0 {
		return before, tx.PutParticipants(name, []group.Participant{{Number: 1, State: group.Member, Since: time.Unix(1, 0), OperationID: key}})
	}
	// An update, of which two in one statement would not be refused.
	return before, tx.Run(`UPDATE participant SET since = $1, operation_id = $2 WHERE group_id = $3 AND number = 1`, before.times+1, key, name)
}

// counting is one transaction that counts some names, one after the other.
type counting struct {
	names     []int64
	readsBack bool
	fails     bool
	panics    bool

	saw map[int64]int64 // how often each had been counted before
	err error
}

var errMeant = errors.New("meant to fail")

func (c *counting) run(tx *store.Tx) error {
	c.saw = map[int64]int64{}
	for _, name := range c.names {
		before, err := count(tx, name)
		if err != nil {
			return err
		}
		c.saw[name] = before.times
		if !c.readsBack {
			continue
		}
		if now, err := countedOf(tx, name); err != nil || now.times != before.times+1 {
			return fmt.Errorf("wrote %d and read %d, %w", before.times+1, now.times, err)
		}
	}
	if c.panics {
		panic("meant to panic")
	}
	if c.fails {
		return errMeant
	}
	return nil
}

// Whatever transactions come together, over two nodes, whatever names they share and in whatever order they hold them, and
// whichever of them fail: what they saw and left is what they would have seen and left one after the other.
func TestPostgresTransactionsAreAsOneByOne(t *testing.T) {
	t.Parallel()
	fewChecks(t, "25")
	open := postgresDatabase(t)
	nodes := []*store.Store{open(t), open(t)}
	first := int64(0)
	rapid.Check(t, func(t *rapid.T) {
		first += 10
		begun := &counting{names: []int64{first, first + 1, first + 2, first + 3, first + 4}}
		if begun.err = nodes[0].Write(context.Background(), begun.run); begun.err != nil {
			t.Fatal(begun.err)
		}
		var all []*counting
		for range rapid.IntRange(1, 14).Draw(t, "transactions") {
			c := &counting{names: rapid.SliceOfNDistinct(rapid.Int64Range(first, first+4), 1, 4, rapid.ID[int64]).Draw(t, "names"),
				readsBack: rapid.Bool().Draw(t, "reads back")}
			end := rapid.IntRange(0, 7).Draw(t, "end")
			c.fails, c.panics = end == 0, end == 1
			all = append(all, c)
		}
		together(nodes[:rapid.IntRange(1, 2).Draw(t, "nodes")], all)
		judge(t, nodes[0], append(all, begun))
	})
}

// together has all transactions ask at once.
func together(nodes []*store.Store, all []*counting) {
	begin := make(chan struct{})
	var running sync.WaitGroup
	for i, c := range all {
		running.Go(func() {
			<-begin
			c.err = nodes[i%len(nodes)].Write(context.Background(), c.run)
		})
	}
	close(begin)
	running.Wait()
}

// judge looks for an order, one by one, in which everybody would have seen what they saw.
func judge(t *rapid.T, s *store.Store, all []*counting) {
	took := map[int64]map[int64]*counting{} // by name and what was seen
	var kept []*counting
	for _, c := range all {
		switch {
		case c.fails && !errors.Is(c.err, errMeant), c.panics && c.err == nil, !c.fails && !c.panics && c.err != nil:
			t.Fatalf("a transaction (fails %v, panics %v) ends with %v", c.fails, c.panics, c.err)
		case c.err != nil:
			continue
		}
		kept = append(kept, c)
		for name, times := range c.saw {
			if took[name] == nil {
				took[name] = map[int64]*counting{}
			}
			if took[name][times] != nil {
				t.Fatalf("two saw name %d counted %d times", name, times)
			}
			took[name][times] = c
		}
	}
	for name, by := range took {
		now, err := lookUp(s, func(tx *store.Tx) (counted, error) { return countedOf(tx, name) })
		if err != nil || now.times != int64(len(by)) {
			t.Fatalf("name %d was counted %d times by %d, %v", name, now.times, len(by), err)
		}
	}
	done := map[*counting]bool{}
	for len(done) < len(kept) {
		if next := slices.IndexFunc(kept, func(c *counting) bool { return !done[c] && ready(c, took, done) }); next >= 0 {
			done[kept[next]] = true
			continue
		}
		t.Fatalf("%d transactions wait for each other in every order", len(kept)-len(done))
	}
}

// ready tells whether everybody whom a transaction must have come after is done.
func ready(c *counting, took map[int64]map[int64]*counting, done map[*counting]bool) bool {
	for name, times := range c.saw {
		if before := took[name][times-1]; times > 0 && !done[before] {
			return false
		}
	}
	return true
}

// One that breaks a rule of the tables fails alone, whatever was gathered with it.
func TestPostgresBrokenRuleFailsAlone(t *testing.T) {
	t.Parallel()
	s := postgresDatabase(t)(t)
	const most = 40
	begin := make(chan struct{})
	errs := make([]error, most)
	var running sync.WaitGroup
	for i := range most {
		running.Go(func() {
			<-begin
			errs[i] = s.Write(context.Background(), func(tx *store.Tx) error {
				token := fmt.Sprint("token ", i)
				if i%4 == 0 {
					token = "the same for many"
				}
				op := group.Operation{AccountID: 7, ClientToken: token, RequestID: fmt.Sprint(i), At: day}
				return tx.InsertOperation(&op)
			})
		})
	}
	close(begin)
	running.Wait()
	kept := 0
	for i, err := range errs {
		if err == nil && i%4 == 0 {
			kept++
		}
		if err != nil && i%4 != 0 {
			t.Errorf("transaction %d fails for another's sake: %v", i, err)
		}
	}
	there := len(read(t, s, func(tx *store.Tx) ([]group.Operation, error) { return tx.Operations(7, 0, 100) }))
	if kept != 1 || there != most*3/4+1 {
		t.Errorf("%d with the same token were kept; %d operations are there", kept, there)
	}
}

// A client that hangs in the midst of a transaction lets go of what it holds, so that others go on; when it wakes, it begins anew.
func TestPostgresHangingClientLetsGo(t *testing.T) {
	t.Parallel()
	open := postgresDatabase(t)
	hanging, other := open(t), open(t)
	held, over := make(chan struct{}), make(chan struct{})
	ended := make(chan error, 1)
	runs := 0
	go func() {
		ended <- hanging.Write(context.Background(), func(tx *store.Tx) error {
			if _, err := count(tx, 1); err != nil {
				return err
			}
			if _, err := countedOf(tx, 1); err != nil { // so that it is written
				return err
			}
			if runs++; runs == 1 {
				close(held)
				<-over
			}
			return nil
		})
	}()
	<-held
	write(t, other, func(tx *store.Tx) error {
		before, err := count(tx, 1)
		if err == nil && before.times != 0 {
			t.Errorf("it sees %d of somebody who has not committed", before.times)
		}
		return err
	})
	close(over)
	if err := <-ended; err != nil {
		t.Error(err)
	}
	now := read(t, other, func(tx *store.Tx) (counted, error) { return countedOf(tx, 1) })
	if now.times != 2 || runs < 2 {
		t.Errorf("counted %d times, the one that hung ran %d times", now.times, runs)
	}
}

// Signals come, each to whom it is for, and whoever may have missed some is told so.
func TestPostgresSignals(t *testing.T) {
	t.Parallel()
	open := postgresDatabase(t)
	one, two := open(t), open(t)
	one.SetNode(1)
	two.SetNode(2)
	heard := make(chan store.Signal, 64)
	stop := two.Listen(func(sig store.Signal) { heard <- sig })
	defer stop()
	next := func() store.Signal {
		select {
		case sig := <-heard:
			return sig
		case <-time.After(30 * time.Second):
			t.Fatal("no signal comes")
			return store.Signal{}
		}
	}
	for round := range 3 {
		if sig := next(); !sig.Missed {
			t.Fatalf("first comes %+v", sig)
		}
		lanes := []store.Lane{groupLane(int64(round))}
		one.Signal(store.Signal{To: 3, Lanes: []store.Lane{groupLane(99)}})
		two.Signal(store.Signal{Ended: []int64{99}})
		one.Signal(store.Signal{To: 2, Lanes: lanes})
		one.Signal(store.Signal{Ended: []int64{int64(round)}, Inbox: true})
		if sig := next(); sig.From != 1 || !slices.Equal(sig.Lanes, lanes) {
			t.Errorf("got %+v", sig)
		}
		if sig := next(); sig.From != 1 || !slices.Equal(sig.Ended, []int64{int64(round)}) || !sig.Inbox {
			t.Errorf("got %+v", sig)
		}
		if killed, err := one.KillConnections("%LISTEN%"); killed != 1 || err != nil {
			t.Fatalf("%d listeners were killed, %v", killed, err)
		}
	}
}

// ledger is what callers know of the transactions that they asked for.
type ledger struct {
	mu       sync.Mutex
	answered map[string]bool // true: it is there; false: nobody knows
	more     chan struct{}
}

func (l *ledger) note(request string, kept bool) {
	l.mu.Lock()
	l.answered[request] = kept
	l.mu.Unlock()
	if kept {
		select {
		case l.more <- struct{}{}:
		default:
		}
	}
}

// await waits until so many more transactions have been acknowledged.
func (l *ledger) await(t *testing.T, many int) {
	t.Helper()
	for range many {
		select {
		case <-l.more:
		case <-time.After(time.Minute):
			t.Fatal("nothing is acknowledged any more")
		}
	}
}

// bear has many callers count names until it is told to stop, each time with a record of the call.
func (l *ledger) bear(t *testing.T, s *store.Store, stop <-chan struct{}) (ended *sync.WaitGroup) {
	ended = &sync.WaitGroup{}
	for caller := range 12 {
		ended.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				request, name := fmt.Sprintf("%p/%d/%d", s, caller, i), int64(i%3)
				err := s.Write(context.Background(), func(tx *store.Tx) error {
					if _, err := count(tx, name); err != nil {
						return err
					}
					op := group.Operation{AccountID: name, RequestID: request, At: day}
					return tx.InsertOperation(&op)
				})
				if err != nil && !errors.Is(err, store.ErrUnavailable) {
					t.Errorf("a caller is told %v", err)
				}
				l.note(request, err == nil)
			}
		})
	}
	return ended
}

// check fails unless every transaction that was acknowledged is there once, and none twice.
func (l *ledger) check(t *testing.T, s *store.Store) {
	t.Helper()
	found := map[string]int{}
	for name := range int64(3) {
		ops := read(t, s, func(tx *store.Tx) ([]group.Operation, error) { return tx.Operations(name, 0, 1<<30) })
		now := read(t, s, func(tx *store.Tx) (counted, error) { return countedOf(tx, name) })
		if now.times != int64(len(ops)) {
			t.Errorf("name %d was counted %d times in %d transactions", name, now.times, len(ops))
		}
		for _, op := range ops {
			found[op.RequestID]++
		}
	}
	unknown := 0
	for request, kept := range l.answered {
		if kept && found[request] != 1 {
			t.Errorf("what was acknowledged to %s is there %d times", request, found[request])
		}
		if !kept {
			unknown++
		}
	}
	for request, times := range found {
		if _, asked := l.answered[request]; times != 1 || !asked {
			t.Errorf("%s is there %d times", request, times)
		}
	}
	t.Logf("%d transactions, of %d nobody knew the end", len(found), unknown)
}

// P3: however often connections are killed, nothing that was acknowledged is lost, and nothing is done twice.
func TestP3PostgresConnectionsKilled(t *testing.T) {
	t.Parallel()
	open := postgresDatabase(t)
	nodes := []*store.Store{open(t), open(t)}
	var strikes []func() error
	for range 10 {
		strikes = append(strikes, func() error {
			_, err := nodes[0].KillConnections("%")
			return err
		})
	}
	bearStrikes(t, nodes, strikes...)
}

// P3: the same when the server is restarted, or crashes and recovers.
func TestP3PostgresServerGone(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	server := ownServer(t)
	url, err := server.NewDatabase(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var nodes []*store.Store
	for range 2 {
		s, err := store.Open(ctx, store.Config{URL: url, SealKey: sealKey('k')})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		nodes = append(nodes, s)
	}
	restart, crash := func() error { return server.Restart(ctx) }, func() error { return server.Crash(ctx) }
	bearStrikes(t, nodes, crash, restart, crash, crash)
}

// bearStrikes has many callers of several nodes count, while one thing after the other strikes them.
func bearStrikes(t *testing.T, nodes []*store.Store, strikes ...func() error) {
	t.Helper()
	l, stop := &ledger{answered: map[string]bool{}, more: make(chan struct{}, 1)}, make(chan struct{})
	var ended []*sync.WaitGroup
	for _, s := range nodes {
		ended = append(ended, l.bear(t, s, stop))
	}
	for _, strike := range strikes {
		l.await(t, 40)
		if err := strike(); err != nil {
			t.Error(err)
		}
	}
	l.await(t, 40)
	close(stop)
	for _, e := range ended {
		e.Wait()
	}
	l.check(t, nodes[len(nodes)-1])
}

func ownServer(t *testing.T) *pgserver.Server {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	dir, err := os.MkdirTemp("", "rollcall-store-test-") // where the server's user may go too
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	server, err := pgserver.Start(ctx, pgserver.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
		defer cancel()
		if err := server.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	return server
}

// Those that hold a name and write without having looked do so one after the other too: nobody's writes mix with another's.
func TestPostgresBlindWritesDoNotMix(t *testing.T) {
	t.Parallel()
	s := postgresDatabase(t)(t)
	const name, pairs = 1, 6
	var people []group.Participant
	for i := range 2 * pairs {
		people = append(people, group.Participant{Number: group.Number(i + 1), State: group.Member})
	}
	write(t, s, func(tx *store.Tx) error { return tx.PutParticipants(name, people) })
	for round := range 8 {
		begin := make(chan struct{})
		var running sync.WaitGroup
		for i := range 24 {
			running.Go(func() {
				<-begin
				err := s.Write(context.Background(), func(tx *store.Tx) error {
					tx.Hold("one name")
					mark := int64(100*round + i)
					first := `UPDATE participant SET operation_id = $1 WHERE number = $2 AND group_id = 1`
					second := `UPDATE participant SET operation_id = $1 WHERE group_id = 1 AND number = $2`
					for pair := range int64(pairs) {
						asks := []func() error{func() error { return tx.Run(first, mark, 2*pair+1) }, func() error { return tx.Run(second, mark, 2*pair+2) }}
						if err := errors.Join(asks[i%2](), asks[1-i%2]()); err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		close(begin)
		running.Wait()
		now := read(t, s, func(tx *store.Tx) ([]group.Participant, error) { return tx.Participants(name) })
		for _, p := range now {
			if p.OperationID != now[0].OperationID {
				t.Fatalf("the writes of several are mixed: %+v", now)
			}
		}
	}
}

// A node that renews its lease in the moment in which another one takes its lanes either keeps them or learns that it has lost them.
func TestPostgresRenewalMeetsTakeOver(t *testing.T) {
	t.Parallel()
	open := postgresDatabase(t)
	slow, other := open(t), open(t)
	ctx := context.Background()
	slow.SetNode(1)
	other.SetNode(2)
	node, lost := store.Node{ID: 1, Run: 7}, 0
	for round := range int64(30) {
		lane := groupLane(round)
		write(t, slow, func(tx *store.Tx) error {
			return errors.Join(tx.JoinNode(node, -time.Second), tx.Enqueue(&store.Item{Lane: lane, Kind: group.KindSend}))
		})
		var renewed, taken error
		var both sync.WaitGroup
		both.Go(func() {
			renewed = slow.Write(ctx, func(tx *store.Tx) error { return tx.RenewNode(node, time.Hour) })
		})
		both.Go(func() { taken = other.Write(ctx, func(tx *store.Tx) error { return tx.TakeOver(1, 2) }) })
		both.Wait()
		head := read(t, other, func(tx *store.Tx) (store.Item, error) { return tx.Head(lane) })
		if taken != nil || renewed != nil && !errors.Is(renewed, store.ErrNoRow) || (renewed == nil) != (head.Owner == 1) {
			t.Fatalf("the renewal ends with %v, taking over with %v, and the lane is node %d's", renewed, taken, head.Owner)
		}
		if renewed != nil {
			lost++
		}
	}
	t.Logf("lost %d times of 30", lost)
}

// However a queue is closed, all its workers leave: a store that is closed does not hang.
func TestPostgresWorkersLeave(t *testing.T) {
	t.Parallel()
	left := make(chan struct{})
	go func() {
		defer close(left)
		for range 3000 {
			store.CloseQueue(4, 12)
		}
	}()
	select {
	case <-left:
	case <-time.After(time.Minute):
		t.Fatal("a worker waits for ever")
	}
}
