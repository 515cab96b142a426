package app_test

import (
	"encoding/json"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/store"
)

// restLimit is how long a cluster may take to come to rest when nothing happens to it any more.
const restLimit = 90 * time.Second

// rest waits until all that was promised has been done, as far as the cluster does it at all: what it does not do is for the
// judge to tell.
func (w *workload) rest() {
	w.t.Helper()
	s := w.nodes[0].mustSite()
	c := &worker{workload: w, index: -1, dice: w.newDice(2000)}
	for _, g := range w.groups {
		end := &act{action: actSend, group: g.id, text: "end"}
		eventually(w.t, restLimit, "a message to "+g.id+" is accepted", func() bool {
			end = end.copied()
			c.call(end, s.message(chat{ID: g.id}, end.text))
			return end.code == codeOK
		})
		w.within(restLimit, func() bool { return slices.Contains(s.inbox(g.came[0], chat{ID: g.id}), end.text) })
	}
	w.within(restLimit, w.nothingPends)
	w.within(restLimit, w.listsAgree)
}

// within waits for something that the judge will tell of if it does not come.
func (w *workload) within(limit time.Duration, done func() bool) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for end := time.After(limit); !done(); {
		select {
		case <-tick.C:
		case <-end:
			return
		}
	}
}

func (w *workload) nothingPends() bool {
	return !slices.ContainsFunc(w.records().operations, func(op group.Operation) bool { return op.State == group.Pending })
}

func (w *workload) listsAgree() bool {
	for _, n := range w.nodes {
		for _, g := range w.groups {
			s := n.mustSite()
			if !slices.Equal(s.members(chat{ID: g.id}), s.truth(chat{ID: g.id})) {
				return false
			}
		}
	}
	return true
}

// aftermath gathers what there is in the end.
func (w *workload) aftermath() *aftermath {
	w.t.Helper()
	a := &aftermath{seats: map[string]map[string]string{}, inboxes: map[string]map[string][]string{}, founded: map[string][]string{},
		links: map[string]string{}, commands: w.journal(), ends: map[string]ending{}}
	s := w.nodes[0].mustSite()
	var all struct{ Groups []networkGroup }
	s.did(http.MethodGet, "/groups", nil, &all)
	for _, g := range all.Groups {
		a.founded[g.Subject] = append(a.founded[g.Subject], g.ID)
		a.links[g.ID] = g.InviteLink
		a.seats[g.ID], a.inboxes[g.ID] = map[string]string{}, map[string][]string{}
		for _, person := range g.People {
			number := strings.TrimPrefix(person.Number, "+")
			a.seats[g.ID][number] = person.State
			a.inboxes[g.ID][number] = s.inbox(number, chat{ID: g.ID})
		}
	}
	for _, n := range w.nodes {
		for _, g := range w.groups {
			a.lists = append(a.lists, listing{n.index, g.id, n.mustSite().members(chat{ID: g.id})})
		}
	}
	w.readEnds(a)
	w.readRecords(a)
	w.numbered()
	return a
}

// readEnds asks the nodes by turns what has become of the operations that they have told of.
func (w *workload) readEnds(a *aftermath) {
	w.t.Helper()
	for i, done := range w.history.acts {
		if _, known := a.ends[done.operation]; known || done.operation == "" || !done.promised() {
			continue
		}
		s, _ := w.someNode(i)
		said := s.call("GetChatGroupOperation", "OperationId", done.operation)
		end := ending{state: said.Data.State, people: map[string]string{}}
		for _, r := range said.Data.List {
			end.people[r.ParticipantNumber] = r.State
		}
		a.ends[done.operation] = end
	}
}

// records are the audit and the events as the database has them.
type records struct {
	operations []group.Operation
	events     []group.Event
	groups     map[int64]string // the network's ids
}

// records reads the database beside the nodes.
func (w *workload) records() records {
	w.t.Helper()
	s := openStore(w.t, w.cluster)
	defer func() { _ = s.Close() }()
	const most = 100_000
	found := records{groups: map[int64]string{}}
	var numbers []group.BusinessNumber
	must(w.t, s.Read(w.t.Context(), func(tx *store.Tx) error {
		accounts, err := tx.Accounts()
		if err != nil {
			return err
		}
		if found.operations, err = tx.Operations(accounts[0].ID, 0, most); err != nil {
			return err
		}
		numbers, err = tx.Numbers()
		return err
	}))
	for _, n := range numbers {
		for _, r := range streamOf(w.t, s, &n) {
			found.events = append(found.events, r.Event)
			found.groups[r.GroupID] = r.NetworkID
		}
	}
	return found
}

// streamOf gives all that there is to tell of a number, in the order in which it is pulled.
func streamOf(t *testing.T, s *store.Store, n *group.BusinessNumber) (all []store.Receipt) {
	t.Helper()
	for more := true; more; {
		must(t, s.Write(t.Context(), func(tx *store.Tx) (err error) {
			more, err = tx.PlaceEvents(n.Number)
			return err
		}))
	}
	must(t, s.Read(t.Context(), func(tx *store.Tx) (err error) {
		all, err = tx.Receipts(store.Stream{AccountID: n.AccountID, Number: n.Number, To: math.MaxInt64, Most: 1_000_000})
		return err
	}))
	return all
}

// numbered looks whether what was told of each group is numbered from 1 without a gap, in the order in which it is pulled.
func (w *workload) numbered() {
	w.t.Helper()
	s := openStore(w.t, w.cluster)
	defer func() { _ = s.Close() }()
	var numbers []group.BusinessNumber
	must(w.t, s.Read(w.t.Context(), func(tx *store.Tx) (err error) {
		numbers, err = tx.Numbers()
		return err
	}))
	for _, n := range numbers {
		last := map[int64]int64{}
		for _, r := range streamOf(w.t, s, &n) {
			if r.Seq != 0 && r.Seq != last[r.GroupID]+1 {
				w.t.Errorf("group %s: %s is told as number %d behind number %d", r.NetworkID, r.Kind, r.Seq, last[r.GroupID])
			}
			last[r.GroupID] = max(r.Seq, last[r.GroupID])
		}
	}
}

func openStore(t *testing.T, c *cluster) *store.Store {
	t.Helper()
	key, err := os.ReadFile(c.data.SealKeyFile)
	must(t, err)
	s, err := store.Open(t.Context(), store.Config{Path: filepath.Join(c.data.Dir, "rollcall.db"), URL: c.data.URL, SealKey: key})
	must(t, err)
	return s
}

func (w *workload) readRecords(a *aftermath) {
	w.t.Helper()
	found := w.records()
	for _, op := range found.operations {
		e := entry{operation: gateway.FormatID(op.ID), request: op.RequestID, action: op.Action, principal: op.Principal,
			key: op.AccessKeyID, source: op.Source, people: map[string]string{}}
		for _, p := range op.People {
			e.people[p.Number.String()] = p.State.String()
		}
		a.audit = append(a.audit, e)
	}
	for _, e := range found.events {
		var said struct{ People []group.Number }
		if e.Body != "" {
			must(w.t, json.Unmarshal([]byte(e.Body), &said))
		}
		operation := ""
		if e.OperationID != 0 {
			operation = gateway.FormatID(e.OperationID)
		}
		for _, n := range said.People {
			a.events = append(a.events, happening{found.groups[e.GroupID], e.Kind, n.String(), operation})
		}
	}
}
