package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rollcall-im/rollcall/internal/signature"
)

// workload is what several clients do at once, at random, at all nodes.
type workload struct {
	*cluster
	history history
	seed    uint64
	groups  []*crowd
}

// crowd is what the clients know of a group that they all work on. Its first phone is never removed.
type crowd struct {
	id     string
	number int

	mu     sync.Mutex
	link   string
	came   []string // who has joined, by and by
	phones int      // numbers that were given out
}

// open makes the groups, each with a phone that stays.
func (w *workload) open(groups int) {
	w.t.Helper()
	s := w.nodes[0].mustSite()
	for i := range groups {
		g := s.newGroup(fmt.Sprintf("Crowd %d", i))
		c := &crowd{id: g.ID, link: g.Link, number: i}
		w.groups = append(w.groups, c)
		w.join(c)
		s.until("the list has the first phone", func() bool { return len(s.members(g)) == 1 })
	}
}

// worker is one client.
type worker struct {
	*workload
	index int
	dice  *rand.Rand
	done  int // calls so far
	kept  []kept
}

// kept is a request that was accepted, to be sent once more.
type kept struct {
	signed *signature.Request
	act    *act
}

// run has clients call until ctx ends or each has made so many calls.
func (w *workload) run(ctx context.Context, clients, calls int, pace time.Duration) {
	var all sync.WaitGroup
	for i := range clients {
		c := &worker{workload: w, index: i, dice: w.newDice(uint64(i))}
		all.Go(func() {
			tick := time.NewTicker(pace)
			defer tick.Stop()
			for c.done = range calls {
				select {
				case <-tick.C:
					c.something()
				case <-ctx.Done():
					return
				}
			}
		})
	}
	all.Wait()
}

// something does one thing by chance.
func (c *worker) something() {
	g := c.groups[c.dice.IntN(len(c.groups))]
	switch roll := c.dice.IntN(100); {
	case roll < 20:
		c.join(g)
	case roll < 50:
		c.remove(g)
	case roll < 70:
		c.send(g)
	case roll < 78:
		c.list(g)
	case roll < 82:
		c.create()
	case roll < 86:
		c.renewLink(g)
	case roll < 93:
		c.again()
	default:
		c.twins(g)
	}
}

// call sends a request to a node and writes down what came of it.
func (c *worker) call(a *act, r request) *answer {
	s, n := c.someNode(c.dice.IntN(len(c.nodes)))
	if n == nil {
		return nil // all are down
	}
	r.action, r.nonce = a.action, fmt.Sprintf("%d-%d-%d", c.seed, c.index, c.dice.Uint64())
	a.nonce = r.nonce
	signed := s.sign(r)
	answer := c.put(a, signed, n, s)
	if a.code == codeOK {
		c.kept = append(c.kept, kept{signed, a})
	}
	return answer
}

// put sends a signed request and writes it down.
func (c *worker) put(a *act, signed *signature.Request, n *node, s *site) *answer {
	a.client, a.node, a.sent, a.answered = c.index, n.index, c.now(), noAnswer
	answer, err := s.send(context.Background(), signed)
	if err == nil {
		a.answered, a.code, a.operation = c.now(), answer.Code, answer.OperationID
		a.request = requestID(answer)
		if a.code == "" {
			a.code = fmt.Sprintf("status %d: %.200s", answer.Status, answer.Body)
		}
	}
	if a.action == actRemove && a.code == codeOK {
		a.seats = map[string]string{}
		for _, person := range c.group(a.group).People {
			a.seats[strings.TrimPrefix(person.Number, "+")] = person.State
		}
	}
	c.history.add(a)
	return answer
}

func requestID(a *answer) string {
	var said struct {
		ID string `json:"RequestId"`
	}
	_ = json.Unmarshal(a.Body, &said) // what is no JSON has none
	return said.ID
}

// join lets a new phone come in by the link.
func (w *workload) join(g *crowd) {
	g.mu.Lock()
	g.phones++
	number, link := fmt.Sprintf("86139%02d%06d", g.number, g.phones), g.link
	g.mu.Unlock()
	w.come(g, number, link)
}

func (w *workload) come(g *crowd, number, link string) {
	s := w.nodes[0].client
	s.did(http.MethodPost, "/phones", map[string]string{"number": number}, nil)
	a := &act{action: actJoin, group: g.id, people: []string{number}, sent: w.now(), code: codeOK}
	if s.control(http.MethodPost, "/phones/"+number+"/join", map[string]string{"invite_link": link}, nil) != http.StatusOK {
		a.code = "refused"
	}
	a.answered = w.now()
	w.history.add(a)
	if a.code == codeOK {
		g.mu.Lock()
		g.came = append(g.came, number)
		g.mu.Unlock()
	}
}

// remove asks for one to three people, mostly the latest, who are in or asked for already; now and then for a stranger, who
// may come in a little later.
func (c *worker) remove(g *crowd) {
	g.mu.Lock()
	came := g.came[1:]
	latest := came[max(0, len(came)-6):]
	var people []string
	for range 1 + c.dice.IntN(3) {
		if len(latest) > 0 {
			people = append(people, latest[c.dice.IntN(len(latest))])
		}
	}
	stranger := ""
	if c.dice.IntN(8) == 0 {
		g.phones++
		stranger = fmt.Sprintf("86139%02d%06d", g.number, g.phones)
		people = append(people, stranger)
	}
	link := g.link
	g.mu.Unlock()
	slices.Sort(people)
	if people = slices.Compact(people); len(people) == 0 {
		return
	}
	c.insist(g, people)
	if stranger != "" {
		c.come(g, stranger, link)
	}
}

// insist repeats a removal, with a new nonce and at any node, as a careful caller does.
func (c *worker) insist(g *crowd, people []string) {
	for range 1 + c.dice.IntN(3) {
		a := &act{action: actRemove, group: g.id, people: people}
		c.call(a, request{values: removal(g.id, people...)})
		if a.code == codeOK && c.dice.IntN(4) > 0 {
			return
		}
	}
}

func (c *worker) send(g *crowd) {
	a := &act{action: actSend, group: g.id, text: fmt.Sprintf("message %d of client %d", c.done, c.index)}
	c.call(a, c.nodes[0].client.message(chat{ID: g.id}, a.text))
}

func (c *worker) list(g *crowd) {
	c.call(&act{action: actList, group: g.id}, request{values: url.Values{"GroupId": {g.id}}})
}

// create makes a group, and says so again with the same token until it is answered.
func (c *worker) create() {
	subject := fmt.Sprintf("Group %d of client %d", c.done, c.index)
	for range 3 {
		a := &act{action: actCreate, text: subject}
		c.call(a, request{values: url.Values{"Subject": {subject}, "ClientToken": {strings.ReplaceAll(subject, " ", "-")}}})
		if a.promised() {
			return
		}
	}
}

// renewLink drops the link and makes another one.
func (c *worker) renewLink(g *crowd) {
	target := request{values: url.Values{"GroupId": {g.id}}}
	c.call(&act{action: actDropLink, group: g.id}, target)
	for range 5 {
		a := &act{action: actMakeLink, group: g.id}
		if answer := c.call(a, target); a.code == codeOK {
			a.text = answer.Link
			g.mu.Lock()
			g.link = answer.Link
			g.mu.Unlock()
			return
		}
	}
}

// again sends an accepted request once more, to any node.
func (c *worker) again() {
	s, n := c.someNode(c.dice.IntN(len(c.nodes)))
	if n == nil || len(c.kept) == 0 {
		return
	}
	k := c.kept[c.dice.IntN(len(c.kept))]
	c.put(k.act.copied(), k.signed, n, s)
}

// copied gives the question without the answer.
func (a *act) copied() *act {
	return &act{action: a.action, nonce: a.nonce, group: a.group, people: a.people, text: a.text}
}

// twins sends the same bytes to two nodes at once.
func (c *worker) twins(g *crowd) {
	s, n := c.someNode(c.dice.IntN(len(c.nodes)))
	other, m := c.someNode(c.dice.IntN(len(c.nodes)))
	if n == nil || m == nil {
		return
	}
	one := &act{action: actSend, group: g.id, text: fmt.Sprintf("twin %d of client %d", c.done, c.index),
		nonce: fmt.Sprintf("twin-%d-%d-%d", c.seed, c.index, c.dice.Uint64())}
	two := one.copied()
	r := s.message(chat{ID: g.id}, one.text)
	r.nonce = one.nonce
	signed := s.sign(r)
	var both sync.WaitGroup
	both.Go(func() { c.put(one, signed, n, s) })
	both.Go(func() { c.put(two, signed, m, other) })
	both.Wait()
}

// newDice gives a source of chance of its own, from the seed.
func (w *workload) newDice(index uint64) *rand.Rand { return rand.New(rand.NewPCG(w.seed, index)) }
