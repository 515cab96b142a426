package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/signature"
	"github.com/rollcall-im/rollcall/internal/simulator"
	"github.com/rollcall-im/rollcall/internal/store"
)

// world is what has been seeded: groups that the store and the simulated network both know, each with the same people.
type world struct {
	dir    string
	ready  ready
	groups []seeded
}

type seeded struct {
	id     string
	number group.Number
}

const firstPerson = 4915200000000

func person(i int) group.Number { return group.Number(firstPerson + i) }

// seed makes a data folder by starting the program once on an empty one, and fills it behind its back: by way of the
// interface it would take an hour.
func seed(ctx context.Context, s settings, dir string) (*world, error) {
	cmd, r, err := startReady(ctx, s.binary, dir)
	interrupt(cmd)
	if err != nil {
		return nil, err
	}
	w := &world{dir: dir, ready: r}
	sealKey, err := os.ReadFile(filepath.Join(dir, "secret.key")) //nolint:gosec // our own temporary folder
	if err != nil {
		return nil, err
	}
	db, err := store.Open(ctx, store.Config{Path: filepath.Join(dir, "rollcall.db"), SealKey: sealKey})
	if err != nil {
		return nil, err
	}
	err = errors.Join(w.fill(ctx, s, db), db.Close())
	mathrand.Shuffle(len(w.groups), func(i, j int) { w.groups[i], w.groups[j] = w.groups[j], w.groups[i] })
	return w, err
}

func (w *world) fill(ctx context.Context, s settings, db *store.Store) error {
	sim, err := simulator.New(simulator.Config{Path: filepath.Join(w.dir, "simulator.log")})
	if err != nil {
		return err
	}
	for i := range s.people {
		if err := post(sim.Control(), "/sim/v1/phones", "", map[string]any{"number": person(i).String(), "name": "p"}, nil); err != nil {
			return err
		}
	}
	left := s.rounds * s.perRound()
	for n := 0; left > 0 && err == nil; n++ {
		some := min(left, group.MaxGroupsPerNumber)
		err = w.fillNumber(ctx, sim, db, group.Number(8613900000000+n), some, s.people)
		left -= some
	}
	return errors.Join(err, sim.Close(ctx))
}

// fillNumber makes a business number and its groups.
func (w *world) fillNumber(ctx context.Context, sim *simulator.Simulator, db *store.Store, n group.Number, count, people int) error {
	number := simulator.Number{DisplayNumber: n.String(), PhoneNumberID: "1" + n.String(), WABAID: "2" + n.String(), Token: "bench-token"}
	if err := sim.RegisterNumber(number); err != nil {
		return err
	}
	links, err := w.makeGroups(sim, number, count)
	if err != nil {
		return err
	}
	for _, link := range links {
		for i := range people {
			if err := post(sim.Control(), "/sim/v1/phones/"+person(i).String()+"/join", "", map[string]any{"invite_link": link}, nil); err != nil {
				return err
			}
		}
	}
	number.Subscribed = true
	if err := sim.RegisterNumber(number); err != nil {
		return err
	}
	return w.insert(ctx, db, n, number, people)
}

// makeGroups has the simulated network make groups of which nobody is told, and gives their links.
func (w *world) makeGroups(sim *simulator.Simulator, n simulator.Number, count int) ([]string, error) {
	for i := range count {
		subject := fmt.Sprintf("group %d", i)
		if err := post(sim.Graph(), "/v25.0/"+n.PhoneNumberID+"/groups", n.Token, map[string]any{"messaging_product": "whatsapp", "subject": subject}, nil); err != nil {
			return nil, err
		}
	}
	for range 600 {
		found, links, err := groupsOf(sim, n)
		if err != nil {
			return nil, err
		}
		if len(found) == count {
			w.groups = append(w.groups, found...)
			return links, nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return nil, errors.New("the simulator did not make all groups")
}

func groupsOf(sim *simulator.Simulator, n simulator.Number) (found []seeded, links []string, err error) {
	var list struct {
		Groups []struct {
			ID            string `json:"id"`
			InviteLink    string `json:"invite_link"`
			PhoneNumberID string `json:"phone_number_id"`
		} `json:"groups"`
	}
	if err := call(sim.Control(), http.MethodGet, "/sim/v1/groups", "", nil, &list); err != nil {
		return nil, nil, err
	}
	number, _ := group.NetworkNumber(n.DisplayNumber)
	for _, g := range list.Groups {
		if g.PhoneNumberID == n.PhoneNumberID && g.InviteLink != "" {
			found = append(found, seeded{id: g.ID, number: number})
			links = append(links, g.InviteLink)
		}
	}
	return found, links, nil
}

// insert writes a number's groups into the store as if their reports had come.
func (w *world) insert(ctx context.Context, db *store.Store, n group.Number, number simulator.Number, people int) error {
	return db.Write(ctx, func(tx *store.Tx) error {
		channels, err := tx.Channels()
		if err != nil {
			return err
		}
		c := channels[0]
		bound := &group.BusinessNumber{Number: n, AccountID: c.AccountID, ChannelID: c.ID, PhoneNumberID: number.PhoneNumberID,
			WABAID: number.WABAID, Token: number.Token}
		if err := tx.InsertNumber(bound, time.Now().UnixMilli()); err != nil {
			return err
		}
		for i := range w.groups {
			if w.groups[i].number != n {
				continue
			}
			g := group.Group{AccountID: c.AccountID, SpaceID: c.ID, Number: n, NetworkID: w.groups[i].id, Status: group.Active, Subject: "group"}
			if err := tx.InsertGroup(&g); err != nil {
				return err
			}
			members := make([]group.Participant, people)
			for j := range members {
				members[j] = group.Participant{Number: person(j), State: group.Member, Since: time.Now()}
			}
			if err := tx.PutParticipants(g.ID, members); err != nil {
				return err
			}
		}
		return tx.Raise()
	})
}

func post(h http.Handler, path, token string, body, answer any) error {
	return call(h, http.MethodPost, path, token, body, answer)
}

// call asks a handler in this process.
func call(h http.Handler, method, path, token string, body, answer any) error {
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			return err
		}
	}
	r := httptest.NewRequest(method, path, bytes.NewReader(text))
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	if rec.Code >= http.StatusMultipleChoices {
		return fmt.Errorf("%s %s: %d %s", method, path, rec.Code, rec.Body)
	}
	if answer == nil {
		return nil
	}
	return json.NewDecoder(rec.Body).Decode(answer)
}

// sign prepares removals of everybody from groups that have not been used yet, as whole HTTP messages.
func (w *world) sign(address string, first, count, people int) ([][]byte, error) {
	if first+count > len(w.groups) {
		return nil, errors.New("not enough groups were seeded")
	}
	list := make([]map[string]string, people)
	for i := range list {
		list[i] = map[string]string{"ParticipantNumber": person(i).String()}
	}
	text, err := json.Marshal(list)
	if err != nil {
		return nil, err
	}
	cred := signature.Credentials{AccessKeyID: w.ready.AccessKeyID, AccessKeySecret: w.ready.Secret}
	out := make([][]byte, count)
	for i, g := range w.groups[first : first+count] {
		q := url.Values{"BusinessNumber": {g.number.String()}, "CustSpaceId": {w.ready.Space}, "GroupId": {g.id}, "List": {string(text)}}
		r := signature.Request{Method: http.MethodPost, Path: "/", RawQuery: strings.ReplaceAll(q.Encode(), "+", "%20"), Host: address, Header: http.Header{}}
		opt := signature.SignOptions{Scheme: signature.ACS3HMACSHA256, Action: "DeleteChatGroupParticipants", Version: "2020-06-06", Time: time.Now(), Nonce: nonce()}
		if err := signature.Sign(&r, cred, opt); err != nil {
			return nil, err
		}
		if out[i], err = message(&r); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func nonce() string {
	var b [16]byte
	_, _ = io.ReadFull(rand.Reader, b[:])
	return hex.EncodeToString(b[:])
}

func message(r *signature.Request) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s /?%s HTTP/1.1\r\nHost: %s\r\nContent-Length: 0\r\n", r.Method, r.RawQuery, r.Host)
	if err := r.Header.Write(&b); err != nil {
		return nil, err
	}
	b.WriteString("\r\n")
	return b.Bytes(), nil
}
