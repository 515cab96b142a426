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

const (
	firstPerson = 4915200000000
	benchToken  = "bench-token"
)

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
	sealKey, err := os.ReadFile(filepath.Join(dir, "secret.key"))
	if err != nil {
		return nil, err
	}
	db, err := store.Open(ctx, store.Config{Path: filepath.Join(dir, "rollcall.db"), SealKey: sealKey})
	if err != nil {
		return nil, err
	}
	err = errors.Join(w.fill(ctx, s, db), db.Close())
	//nolint:gosec // an order without secrets
	mathrand.Shuffle(len(w.groups), func(i, j int) { w.groups[i], w.groups[j] = w.groups[j], w.groups[i] })
	return w, err
}

func (w *world) fill(ctx context.Context, s settings, db *store.Store) error {
	sim, err := simulator.New(simulator.Config{Path: filepath.Join(w.dir, "simulator.log")})
	if err != nil {
		return err
	}
	for i := range s.people {
		if err := post(sim.Control(), "/sim/v1/phones", map[string]any{"number": person(i).String(), "name": "p"}); err != nil {
			return err
		}
	}
	left := s.rounds * s.perRound()
	for n := 0; left > 0 && err == nil; n++ {
		some := min(left, group.MaxGroupsPerNumber)
		number := group.Number(8613900000000 + n)
		registered, filled := w.fillNumber(sim, number, some, s.people)
		if err = filled; err == nil {
			err = w.insert(ctx, db, registered, s.people)
		}
		left -= some
	}
	return errors.Join(err, sim.Close(ctx))
}

// fillNumber makes a business number and its groups in the simulated network.
func (w *world) fillNumber(sim *simulator.Simulator, n group.Number, count, people int) (simulator.Number, error) {
	number := simulator.Number{DisplayNumber: n.String(), PhoneNumberID: "1" + n.String(), WABAID: "2" + n.String(), Token: benchToken}
	if err := sim.RegisterNumber(number); err != nil {
		return number, err
	}
	links, err := w.makeGroups(sim, number, count)
	if err != nil {
		return number, err
	}
	for _, link := range links {
		for i := range people {
			if err := post(sim.Control(), "/sim/v1/phones/"+person(i).String()+"/join", map[string]any{"invite_link": link}); err != nil {
				return number, err
			}
		}
	}
	number.Subscribed = true // from now on everything is reported
	return number, sim.RegisterNumber(number)
}

// makeGroups has the simulated network make groups of which nobody is told, and gives their links.
func (w *world) makeGroups(sim *simulator.Simulator, n simulator.Number, count int) ([]string, error) {
	for i := range count {
		subject := fmt.Sprintf("group %d", i)
		if err := post(sim.Graph(), "/v25.0/"+n.PhoneNumberID+"/groups", map[string]any{"messaging_product": "whatsapp", "subject": subject}); err != nil {
			return nil, err
		}
	}
	deadline := time.Now().Add(time.Minute)
	for now := range time.Tick(100 * time.Millisecond) {
		if now.After(deadline) {
			break
		}
		found, links, err := groupsOf(sim, n)
		if err != nil {
			return nil, err
		}
		if len(found) == count {
			w.groups = append(w.groups, found...)
			return links, nil
		}
	}
	return nil, errors.New("the simulator did not make all groups in a minute")
}

func groupsOf(sim *simulator.Simulator, n simulator.Number) (found []seeded, links []string, err error) {
	var list struct {
		Groups []struct {
			ID            string `json:"id"`
			InviteLink    string `json:"invite_link"`
			PhoneNumberID string `json:"phone_number_id"`
		} `json:"groups"`
	}
	r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/sim/v1/groups", nil)
	if err := ask(sim.Control(), r, &list); err != nil {
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
func (w *world) insert(ctx context.Context, db *store.Store, number simulator.Number, people int) error {
	n, _ := group.NetworkNumber(number.DisplayNumber)
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

func post(h http.Handler, path string, body map[string]any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return ask(h, httptest.NewRequestWithContext(context.Background(), http.MethodPost, path, bytes.NewReader(text)), nil)
}

// ask asks a handler in this process.
func ask(h http.Handler, r *http.Request, answer any) error {
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+benchToken)
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	if rec.Code >= http.StatusMultipleChoices {
		return fmt.Errorf("%s %s: %d %s", r.Method, r.URL.Path, rec.Code, rec.Body)
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
