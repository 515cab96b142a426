package gateway_test

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/simulator"
)

// gallery serves pictures, good and bad ones.
type gallery struct {
	*httptest.Server
	visits atomic.Int32
}

func openGallery(t *testing.T) *gallery {
	t.Helper()
	g := &gallery{}
	mux := http.NewServeMux()
	show := func(path string, body []byte) {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			g.visits.Add(1)
			_, _ = w.Write(body)
		})
	}
	show("/good.jpg", picture(t, 192, 192))
	show("/wide.jpg", picture(t, 400, 200))
	show("/small.jpg", picture(t, 191, 191))
	show("/text.jpg", []byte("no picture at all"))
	show("/empty.jpg", nil)
	show("/large.jpg", bytes.Repeat([]byte{0xff}, group.MaxPictureBytes+1))
	g.Server = httptest.NewServer(mux)
	t.Cleanup(g.Close)
	return g
}

func picture(t *testing.T, width, height int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, width, height)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// update changes settings and waits for the answer.
func (w *world) update(t gateway.Target, s gateway.Settings) gateway.Change {
	w.t.Helper()
	c, err := w.gateway().UpdateGroup(ctx, w.me(), t, s)
	w.must(err)
	return c
}

func TestUpdateGroup(t *testing.T) {
	t.Parallel()
	w, pictures := newWorld(t), openGallery(t)
	g := w.group("ward", anna)
	good := pictures.URL + "/good.jpg"
	if c := w.update(g.Target, gateway.Settings{Subject: new(" Ward 7 "), Description: new("who and when"), PictureURL: good}); c.Rows != 1 {
		t.Errorf("answer %+v", c)
	}
	row := w.row(g.GroupID)
	if row.Subject != "Ward 7" || row.Description != "who and when" || row.Picture != good || row.Status != group.Active || !row.ModifiedAt.After(row.CreatedAt) {
		t.Errorf("row %+v", row)
	}
	w.update(g.Target, gateway.Settings{Description: new("")})
	if row := w.row(g.GroupID); row.Subject != "Ward 7" || row.Description != "" || row.Picture != good {
		t.Errorf("row after clearing the description %+v", row)
	}
	client, creds := w.other()
	below, err := client.Group(ctx, creds, g.GroupID)
	w.must(err)
	if below.Subject != "Ward 7" || below.Description != "" {
		t.Errorf("on the network %+v", below)
	}
	if last := w.events(g.id); last[len(last)-1].Kind != "changed" || last[len(last)-1].OperationID == 0 {
		t.Errorf("events %+v", last)
	}
}

func TestUpdateGroupRefuses(t *testing.T) {
	t.Parallel()
	w, pictures := newWorld(t), openGallery(t)
	g := w.group("ward", anna)
	before := len(w.audit())
	for name, c := range map[string]struct {
		settings gateway.Settings
		code     group.Code
	}{
		"nothing":          {gateway.Settings{}, group.CodeNothingToChange},
		"no subject":       {gateway.Settings{Subject: new(" ")}, group.CodeBadSubject},
		"long subject":     {gateway.Settings{Subject: new(strings.Repeat("x", 129))}, group.CodeBadSubject},
		"long description": {gateway.Settings{Description: new(strings.Repeat("x", 2049))}, group.CodeBadDescription},
		"wide":             {gateway.Settings{PictureURL: pictures.URL + "/wide.jpg"}, group.CodeBadPicture},
		"small":            {gateway.Settings{PictureURL: pictures.URL + "/small.jpg"}, group.CodeBadPicture},
		"text":             {gateway.Settings{PictureURL: pictures.URL + "/text.jpg"}, group.CodeBadPicture},
		"empty":            {gateway.Settings{PictureURL: pictures.URL + "/empty.jpg"}, group.CodeBadPicture},
		"large":            {gateway.Settings{PictureURL: pictures.URL + "/large.jpg"}, group.CodeBadPicture},
		"missing":          {gateway.Settings{PictureURL: pictures.URL + "/none.jpg"}, group.CodeBadPicture},
		"inside":           {gateway.Settings{PictureURL: "http://169.254.169.254/latest/meta-data"}, group.CodeBadPicture},
		"a file":           {gateway.Settings{PictureURL: "file:///etc/passwd"}, group.CodeBadPicture},
		"no address":       {gateway.Settings{PictureURL: "::"}, group.CodeBadPicture},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.gateway().UpdateGroup(ctx, w.me(), g.Target, c.settings)
			w.refused(err, c.code)
		})
	}
	if after := len(w.audit()); after != before {
		t.Errorf("%d operations were begun", after-before)
	}
	if calls := w.calls("update_group"); len(calls) != 0 {
		t.Errorf("the network was asked: %+v", calls)
	}
	visits := pictures.visits.Load()
	_, err := w.gateway().UpdateGroup(ctx, w.me(), at("unknown"), gateway.Settings{PictureURL: pictures.URL + "/good.jpg"})
	w.refused(err, group.CodeNotFound)
	if pictures.visits.Load() != visits {
		t.Error("a picture was fetched for a group that is not there")
	}
}

// Nothing shows as changed before the network says so.
func TestUpdateGroupShowsWhenConfirmed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, confirm(20*time.Millisecond))
	g := w.group("ward", anna)
	w.hooks.hold(kinds(graph.SettingsUpdate))
	one := w.update(g.Target, gateway.Settings{Subject: new("one")})
	if row := w.row(g.GroupID); !one.Pending() || one.Rows != 0 || row.Status != group.Updating || row.Subject != "ward" {
		t.Errorf("before the report: %+v, %+v", one, row)
	}
	two := w.update(g.Target, gateway.Settings{Subject: new("two")}) // waits behind the first
	report := w.hooks.take(1)
	w.hooks.hold(nil)
	w.hooks.deliver(report...)
	w.done(one.Operation.ID)
	w.done(two.Operation.ID)
	if row := w.row(g.GroupID); row.Subject != "two" || row.Status != group.Active {
		t.Errorf("in the end %+v", row)
	}
}

func TestUpdateGroupInTrouble(t *testing.T) {
	t.Parallel()
	settings := gateway.Settings{Subject: new("renamed"), Description: new("new words")}
	for name, c := range map[string]struct {
		with    simulator.Interference
		picture bool
		code    int
	}{
		"refused by report": {code: graph.CodeAccessDenied, with: simulator.Interference{Outcome: func(s simulator.Step) int {
			if s.Kind == "update" {
				return graph.CodeAccessDenied
			}
			return 0
		}}},
		"refused at once": {code: graph.CodePictureTooSmall, with: simulator.Interference{BeforeCall: func(c simulator.Call) simulator.CallFate {
			if c.Operation == "update_group" {
				return simulator.CallFate{Code: graph.CodePictureTooSmall}
			}
			return simulator.CallFate{}
		}}},
		"report lost": {with: simulator.Interference{Webhook: func(simulator.Webhook) simulator.WebhookFate {
			return simulator.WebhookFate{Lose: true}
		}}},
		"first report of a picture lost": {picture: true, with: simulator.Interference{Webhook: loseFirst("group_settings_update")}},
		"first answer lost":              {with: simulator.Interference{BeforeCall: loseFirstAnswer("update_group")}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, pictures := newWorld(t, report(20*time.Millisecond)), openGallery(t)
			g := w.group("ward", anna)
			w.sim.Interfere(&c.with)
			s, want := settings, "renamed"
			if c.picture {
				s.PictureURL = pictures.URL + "/good.jpg"
			}
			change := w.update(g.Target, s)
			if c.code != 0 {
				want = "ward"
				if op := w.failed(change.Operation.ID); op.Code != fmt.Sprint(c.code) || op.Message == "" || change.Rows != 0 {
					t.Errorf("operation %+v", op)
				}
			} else {
				w.done(change.Operation.ID)
			}
			if row := w.row(g.GroupID); row.Subject != want || row.Status != group.Active {
				t.Errorf("row %+v", row)
			}
			w.idle()
		})
	}
}

// loseFirst loses the first webhook of a type.
func loseFirst(kind string) func(simulator.Webhook) simulator.WebhookFate {
	var lost atomic.Bool
	return func(h simulator.Webhook) simulator.WebhookFate {
		return simulator.WebhookFate{Lose: h.Type == kind && !lost.Swap(true)}
	}
}

// loseFirstAnswer loses the answer to the first call of an operation, which is carried out.
func loseFirstAnswer(operation string) func(simulator.Call) simulator.CallFate {
	var lost atomic.Bool
	return func(c simulator.Call) simulator.CallFate {
		return simulator.CallFate{LoseAnswer: c.Operation == operation && !lost.Swap(true)}
	}
}
