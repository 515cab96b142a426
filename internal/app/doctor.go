package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/rpc"
	"github.com/rollcall-im/rollcall/internal/store"
)

// Level says how bad a finding is.
type Level string

// The levels of a finding. Only Fail keeps a server from working.
const (
	Fine Level = "ok"
	Warn Level = "warn"
	Fail Level = "fail"
)

// Finding is what one look at an installation has shown.
type Finding struct {
	Level  Level
	What   string // what was looked at, in a word or two
	Detail string // what was seen, and what to do about it
}

// examination gathers the findings.
type examination struct {
	cfg      Config
	data     Data
	kind     store.Kind // of a database in PostgreSQL
	findings []Finding
	apps     map[string]bool // of the tokens that were looked at
}

func (e *examination) add(level Level, what, format string, args ...any) {
	e.findings = append(e.findings, Finding{level, what, fmt.Sprintf(format, args...)})
}

// Examine looks at an installation and at what it needs: the data directory, the key, the database, the addresses, the clock,
// and what each number still lacks, by asking the network. It repairs and changes nothing.
func Examine(ctx context.Context, cfg Config) []Finding {
	cfg = cfg.withDefaults()
	e := &examination{cfg: cfg, data: Data{Dir: cfg.DataDir, Database: cfg.Database}, apps: map[string]bool{}}
	if !e.directory() {
		return e.findings
	}
	running := e.lock()
	e.address(ctx, running)
	if e.data.elsewhere() && !e.postgres(ctx) {
		return e.findings
	}
	if s := e.key(ctx); s != nil {
		defer func() { _ = s.Close() }() // it was only read
		e.clock(ctx, s)
		e.accounts(ctx, s)
		e.receipts(ctx, s)
		e.tokens(ctx, s)
	}
	return e.findings
}

func (e *examination) directory() bool {
	info, err := os.Stat(e.data.Dir)
	switch {
	case err != nil:
		e.add(Fail, "data directory", "%v; name the server's with --data-dir", err)
		return false
	case !e.data.Exists() && !e.data.elsewhere():
		e.add(Fail, "data directory", "%s holds no database; name the server's with --data-dir", e.data.Dir)
		return false
	case info.Mode().Perm()&0o022 != 0:
		e.add(Fail, "data directory", "others can write into %s; run: chmod 700 %s", e.data.Dir, e.data.Dir)
	case info.Mode().Perm()&0o077 != 0:
		e.add(Warn, "data directory", "others can look into %s; run: chmod 700 %s", e.data.Dir, e.data.Dir)
	default:
		e.add(Fine, "data directory", "%s, for its owner alone", e.data.Dir)
	}
	if info, err := os.Stat(e.data.path(databaseFile)); err == nil && info.Mode().Perm()&0o077 != 0 {
		e.add(Warn, "database", "others can read %s; run: chmod 600 %s", e.data.path(databaseFile), e.data.path(databaseFile))
	}
	return true
}

// lock tells whether a server is running on the directory.
func (e *examination) lock() (running bool) {
	l, err := e.data.take()
	switch {
	case errors.Is(err, errInUse):
		e.add(Fine, "server", "running%s", e.data.holder())
		return true
	case err != nil:
		e.add(Fail, "server", "%v", err)
		return false
	}
	e.add(Fine, "server", "not running")
	if err := l.release(); err != nil {
		e.add(Warn, "server", "%v", err)
	}
	return false
}

// address looks whether the server answers, or whether its place is free.
func (e *examination) address(ctx context.Context, running bool) {
	address := e.cfg.Listen.Address
	if !running {
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
		if err != nil {
			e.add(Fail, "address", "%v; stop what uses it, or give another --listen", err)
			return
		}
		_ = l.Close() // nobody has connected
		e.add(Fine, "address", "%s is free", address)
		return
	}
	elsewhere := "if the server listens elsewhere, give its --listen"
	if r, err := ReadReady(e.data.ReadyFile()); err == nil {
		elsewhere = "the server says that it serves " + r.Endpoint
		if _, port, _ := net.SplitHostPort(address); address == DefaultAddress || port == "0" { // nothing was said
			address = r.Endpoint
		}
	}
	conn, err := (&net.Dialer{Timeout: 3 * time.Second}).DialContext(ctx, "tcp", reachable(address))
	if err != nil {
		e.add(Warn, "address", "%v; %s", err, elsewhere)
		return
	}
	_ = conn.Close()
	e.add(Fine, "address", "%s takes connections", address)
}

// key opens the database with the key file; that fails for a foreign key.
func (e *examination) key(ctx context.Context) *store.Store {
	if _, err := readSecret(e.data.keyPath()); err != nil {
		e.add(Fail, "key file", "%v", err)
		return nil
	}
	if !e.current(ctx) {
		return nil
	}
	s, _, err := e.data.open(ctx, "", nil)
	switch {
	case errors.Is(err, store.ErrSealKey):
		e.add(Fail, "key file", "%s: %v", e.data.keyPath(), err)
		return nil
	case err != nil:
		e.add(Fail, "database", "%v", e.hint(err))
		return nil
	}
	e.add(Fine, "key file", "%s opens the secrets", e.data.keyPath())
	return s
}

// hint says what to do about a database that cannot be read.
func (e *examination) hint(err error) error {
	if e.data.elsewhere() {
		return err
	}
	return fmt.Errorf("%w; put it back from your backup", err)
}

// current looks at the database's version without touching it: opening an older one would bring it up to date.
func (e *examination) current(ctx context.Context) bool {
	target, err := e.data.target("")
	if err != nil {
		e.add(Fail, "database", "%v", err)
		return false
	}
	have, want, err := store.Versions(ctx, target)
	switch {
	case err != nil:
		e.add(Fail, "database", "%v", e.hint(err))
	case have > want:
		e.add(Fail, "database", "at version %d, but this program knows only %d; use the newer program", have, want)
	case have < want:
		e.add(Warn, "database", "at version %d; this program needs %d: make a backup and run rollcall migrate", have, want)
	default:
		e.add(Fine, "database", "at version %d", have)
	}
	return err == nil && have == want
}

// clock compares ours with the newest record and, unless there is a simulator, with the network's.
func (e *examination) clock(ctx context.Context, s *store.Store) {
	now := time.Now()
	newest, err := newestRecord(ctx, s)
	switch {
	case err != nil:
		e.add(Fail, "clock", "%v", err)
		return
	case newest.After(now.Add(time.Minute)):
		e.add(Fail, "clock", "it says %s, but the newest record was made %s; set the clock", now.Format(time.RFC3339), newest.Format(time.RFC3339))
		return
	case e.simulated():
		e.add(Fine, "clock", "after the newest record")
		return
	}
	theirs, err := e.networkTime(ctx)
	if err != nil {
		e.add(Warn, "clock", "the network could not be asked for the time: %v", err)
		return
	}
	if off := now.Sub(theirs).Abs(); off > rpc.ClockTolerance/2 {
		e.add(Fail, "clock", "it is %s off the network's; callers are refused beyond %s, so set the clock", off.Round(time.Second), rpc.ClockTolerance)
		return
	}
	e.add(Fine, "clock", "agrees with the network's")
}

// newestRecord gives when the last operation of any account was asked for.
func newestRecord(ctx context.Context, s *store.Store) (newest time.Time, err error) {
	err = s.Read(ctx, func(tx *store.Tx) error {
		accounts, err := tx.Accounts()
		for _, a := range accounts {
			last, lastErr := tx.Operations(a.ID, 0, 1)
			if err = errors.Join(err, lastErr); len(last) > 0 && last[0].At.After(newest) {
				newest = last[0].At
			}
		}
		return err
	})
	return newest, err
}

// simulated tells whether the installation is one of a development server, which has no network to ask.
func (e *examination) simulated() bool {
	return e.data.has(simulatorFile) || e.kind == store.Development
}

func (e *examination) networkTime(ctx context.Context) (time.Time, error) {
	base := e.cfg.Meta.GraphURL
	if base == "" {
		base = graph.DefaultBaseURL
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base, http.NoBody)
	if err != nil {
		return time.Time{}, err
	}
	res, err := http.DefaultTransport.RoundTrip(req) // wherever it redirects to, the first answer has the time
	if err != nil {
		return time.Time{}, err
	}
	defer res.Body.Close()
	return http.ParseTime(res.Header.Get("Date"))
}

// tokens asks the network for each number with its token.
func (e *examination) tokens(ctx context.Context, s *store.Store) {
	var numbers []group.BusinessNumber
	err := s.Read(ctx, func(tx *store.Tx) (err error) {
		numbers, err = tx.Numbers()
		return err
	})
	switch {
	case err != nil:
		e.add(Fail, "numbers", "%v", err)
		return
	case len(numbers) == 0:
		e.add(Warn, "numbers", "none is bound; run: rollcall channel bind")
		return
	case e.simulated():
		e.add(Fine, "numbers", "%d bound, on a simulated network", len(numbers))
		return
	}
	client, err := graph.New(graph.Config{BaseURL: e.cfg.Meta.GraphURL, Timeout: 10 * time.Second})
	if err != nil {
		e.add(Fail, "network", "%v", err)
		return
	}
	for i := range numbers {
		e.number(ctx, client, &numbers[i])
	}
	e.webhooks(ctx, client)
}
