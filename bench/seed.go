package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/ram"
	"github.com/rollcall-im/rollcall/internal/signature"
	"github.com/rollcall-im/rollcall/internal/store"
)

// The files of a data folder that are worked on here behind the program's back.
const (
	databaseFile  = "rollcall.db"
	keyFile       = "secret.key"
	simulatorFile = "simulator.log"
)

func readKey(dir string) ([]byte, error) { return os.ReadFile(filepath.Join(dir, keyFile)) } //nolint:gosec // a folder of ours

// office is a data folder without groups: the demo account as the program makes it, and a user who may remove people.
type office struct {
	dir    string
	space  string
	caller signature.Credentials
}

// benchPolicy is what a careful operator would write: reading from anywhere, removing from the inside, deleting never.
const benchPolicy = `{"Version":"1","Statement":[
	{"Effect":"Allow","Action":["cams:ListChatGroup*","cams:GetChatGroupOperation"],"Resource":"*"},
	{"Effect":"Allow","Action":["cams:DeleteChatGroupParticipants","cams:SendChatappMessage"],"Resource":"*",
		"Condition":{"IpAddress":{"acs:SourceIp":["10.0.0.0/8","127.0.0.0/8"]}}},
	{"Effect":"Deny","Action":"cams:DeleteChatGroup","Resource":"*"}]}`

// openOffice has the program make a data folder, and adds the user.
func openOffice(ctx context.Context, binary, dir string) (*office, error) {
	server, err := startRollcall(ctx, binary, dir)
	if server != nil {
		server.stop()
	}
	if err != nil {
		return nil, err
	}
	o := &office{dir: dir, space: server.ready.Space}
	db, err := openStore(ctx, dir)
	if err != nil {
		return nil, err
	}
	key, err := addCaller(ctx, gateway.New(gateway.Config{Store: db}), server.ready.Account)
	o.caller = signature.Credentials{AccessKeyID: key.ID, AccessKeySecret: string(key.Secret)}
	return o, errors.Join(err, db.Close())
}

func addCaller(ctx context.Context, gw *gateway.Gateway, account string) (ram.AccessKey, error) {
	const name = "bench"
	if _, err := gw.CreateUser(ctx, account, name, ""); err != nil {
		return ram.AccessKey{}, err
	}
	if err := gw.PutPolicy(ctx, account, gateway.Policy{Name: name, Document: benchPolicy}); err != nil {
		return ram.AccessKey{}, err
	}
	if err := gw.AttachPolicy(ctx, account, name, name); err != nil {
		return ram.AccessKey{}, err
	}
	return gw.CreateAccessKey(ctx, account, name)
}

// settle fills a copy of the office with a world's groups. By way of the interface it would take an hour.
func (o *office) settle(ctx context.Context, w *world, dir string) error {
	w.dir, w.space, w.caller = dir, o.space, o.caller
	if err := copyData(dir, o.dir); err != nil {
		return err
	}
	db, err := openStore(ctx, dir)
	if err != nil {
		return err
	}
	return errors.Join(w.insert(ctx, db), db.Close())
}

// seededAtOnce is how many groups are written in one transaction.
const seededAtOnce = 1000

// insert writes the groups as if their reports had come.
func (w *world) insert(ctx context.Context, db *store.Store) error {
	var channel group.Channel
	err := db.Write(ctx, func(tx *store.Tx) (err error) {
		channel, err = w.insertNumbers(tx)
		return err
	})
	if err != nil {
		return err
	}
	full := make(map[int]bool, len(w.bySize[mostPeople]))
	for _, g := range w.bySize[mostPeople] {
		full[g] = true
	}
	for first := 0; first < w.groups(); first += seededAtOnce {
		err := db.Write(ctx, func(tx *store.Tx) error {
			for g := first; g < min(first+seededAtOnce, w.groups()); g++ {
				size := fewPeople
				if full[g] {
					size = mostPeople
				}
				if err := insertGroup(tx, &channel, g, size); err != nil {
					return fmt.Errorf("insert group %d: %w", g, err)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *world) insertNumbers(tx *store.Tx) (group.Channel, error) {
	channels, err := tx.Channels()
	if err != nil {
		return group.Channel{}, err
	}
	c := channels[0]
	for i := range w.numbers() {
		n := group.Number(firstNumber + i)
		bound := &group.BusinessNumber{Number: n, AccountID: c.AccountID, ChannelID: c.ID, PhoneNumberID: phoneNumberID(n),
			WABAID: "2" + n.String(), Token: benchToken}
		if err := tx.InsertNumber(bound, time.Now().UnixMilli()); err != nil {
			return c, err
		}
	}
	return c, tx.Raise()
}

func insertGroup(tx *store.Tx, c *group.Channel, g, size int) error {
	at := time.Now()
	gr := group.Group{AccountID: c.AccountID, SpaceID: c.ID, Number: numberOf(g), NetworkID: networkID(g), Status: group.Active,
		Subject: subjectOf(g), InviteLink: inviteLink(), CreatedAt: at, ModifiedAt: at}
	if err := tx.InsertGroup(&gr); err != nil {
		return err
	}
	people := make([]group.Participant, size)
	for i := range people {
		people[i] = group.Participant{Number: person(g, i), State: group.Member, Since: at}
	}
	return tx.PutParticipants(gr.ID, people)
}

// inviteLink draws a link of the usual length.
func inviteLink() string {
	const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	text := make([]byte, 22)
	for i := range text {
		text[i] = letters[rand.IntN(len(letters))] //nolint:gosec // nobody joins by it
	}
	return "https://chat.whatsapp.com/" + string(text)
}

// copyData copies a data folder; the program insists that nobody else can read its key.
func copyData(to, from string) error {
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		return err
	}
	return errors.Join(os.Chmod(to, 0o700), os.Chmod(filepath.Join(to, keyFile), 0o600)) //nolint:gosec // a folder has to be entered
}
