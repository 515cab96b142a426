package app

import (
	"context"
	"time"

	"github.com/rollcall-im/rollcall/internal/store"
)

// clockSlack is how far the clocks of a node and of the database may be apart without a word. Both write times.
const clockSlack = 2 * time.Second

// postgres looks at the PostgreSQL server, and tells whether there is a database of ours to look into.
func (e *examination) postgres(ctx context.Context) bool {
	target, err := e.data.target("")
	if err != nil {
		e.add(Fail, "database server", "%v", err)
		return false
	}
	s, err := store.Survey(ctx, target.URL)
	if err != nil {
		e.add(Fail, "database server", "%v", err)
		return false
	}
	e.add(Fine, "database server", "PostgreSQL %s at %s", s.Version, s.Address)
	if s.Pooler {
		e.add(Fine, "pooler", "one stands in between and gives each session a connection of its own; its pool needs %d for each node", store.ConnectionsPerNode)
	}
	e.rights(s)
	e.durability(s)
	e.room(s)
	if off := s.Ahead.Abs(); off > clockSlack {
		e.add(Warn, "database clock", "%s off this machine's; let both follow the same time server", off.Round(time.Millisecond))
	}
	found, err := store.LookAt(ctx, target.URL)
	switch {
	case err != nil:
		e.add(Fail, "database", "%v", err)
	case found.Kind == "":
		e.add(Warn, "database", "there is nothing of Rollcall's in it yet; begin with rollcall account create, or run rollcall migrate --to")
	case found.Check("") != nil:
		e.add(Fail, "database", "%v", found.Check(""))
	default:
		e.kind = found.Kind
		e.add(Fine, "database", "for %s", found.Kind)
		return true
	}
	return false
}

func (e *examination) rights(s store.Server) {
	switch {
	case !s.MayCreate:
		e.add(Fail, "rights", "user %q may not make tables in schema public; make it the owner of the database", s.User)
	case s.Foreign > 0:
		e.add(Warn, "rights", "%d tables in schema public belong to others than user %q, who cannot change them in an update", s.Foreign, s.User)
	default:
		e.add(Fine, "rights", "user %q may make tables", s.User)
	}
}

// durability looks at the settings on which it hangs that nothing acknowledged is lost.
func (e *examination) durability(s store.Server) {
	switch {
	case s.Fsync != "on" || s.FullPageWrites != "on":
		e.add(Fail, "durability", "fsync is %s and full_page_writes is %s: a crash of that machine loses what was acknowledged, or everything; set both on in postgresql.conf",
			s.Fsync, s.FullPageWrites)
	case s.SynchronousCommit == "off":
		e.add(Warn, "durability", "synchronous_commit is off; Rollcall sets it on for itself")
	default:
		e.add(Fine, "durability", "synchronous_commit is %s", s.SynchronousCommit)
	}
}

func (e *examination) room(s store.Server) {
	free := s.Connections - s.Taken
	if free < store.ConnectionsPerNode {
		e.add(Warn, "connections", "%d of %d are free and one more node takes up to %d; raise max_connections", free, s.Connections, store.ConnectionsPerNode)
		return
	}
	e.add(Fine, "connections", "%d of %d are free; a node takes up to %d", free, s.Connections, store.ConnectionsPerNode)
}
