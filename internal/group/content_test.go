package group

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Parameters named by places are taken when the places are 1 to n, and those named otherwise when none is a number.
func TestTemplateParametersInPlace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		places := rapid.SliceOfNDistinct(rapid.IntRange(1, 6), 0, 6, rapid.ID[int]).Draw(t, "places")
		names := rapid.SliceOfNDistinct(rapid.StringMatching("[a-z]{1,3}"), 0, 3, rapid.ID[string]).Draw(t, "names")
		u := TemplateUse{Name: "t", Parameters: map[string]string{}}
		dense := true
		for _, p := range places {
			u.Parameters[strconv.Itoa(p)] = "value " + strconv.Itoa(p)
			dense = dense && p <= len(places)
		}
		for _, n := range names {
			u.Parameters[n] = "named"
		}
		values, ok := u.InPlace()
		if want := len(places) == 0 || dense && len(names) == 0; ok != want {
			t.Fatalf("places %v, names %v: %t, want %t", places, names, ok, want)
		}
		if ok && len(values) != len(places) {
			t.Fatalf("places %v: values %q", places, values)
		}
		for i, v := range values {
			if ok && v != "value "+strconv.Itoa(i+1) {
				t.Fatalf("value %d is %q", i+1, v)
			}
		}
	})
}

func TestWindow(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for ago, open := range map[time.Duration]bool{0: true, Window - time.Nanosecond: true, Window: false, -time.Hour: true} {
		c := Conversation{WroteAt: now.Add(-ago)}
		if err := c.CheckWindow(now); (err == nil) != open {
			t.Errorf("%s ago: %v", ago, err)
		}
	}
	var never Conversation
	if err := never.CheckWindow(now); err == nil {
		t.Error("somebody who never wrote can be written to")
	}
}

// Every refusal of a message is one of the documented kinds, whatever the message holds, and nothing panics.
func TestContentIsChecked(t *testing.T) {
	known := map[Code]bool{CodeBadMessage: true, CodeBadKind: true, CodeMessageUnknown: true, CodeTemplateUnknown: true, CodeTemplateParams: true}
	kinds := []MessageKind{"", MessageText, MessageImage, MessageVideo, MessageAudio, MessageDocument, MessageSticker, MessageLocation, MessageContacts,
		MessageReaction, MessageInteractive, MessagePin, MessageTemplate, "order"}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.Just("https://example.com/a"), rapid.Just(strings.Repeat("x", 5000)))
		c := Content{Kind: rapid.SampledFrom(kinds).Draw(t, "kind"), Text: text.Draw(t, "text"), Link: text.Draw(t, "link"), Caption: text.Draw(t, "caption"),
			FileName: text.Draw(t, "file"), Contacts: json.RawMessage(text.Draw(t, "contacts")), Interact: json.RawMessage(text.Draw(t, "interactive")),
			MessageID: text.Draw(t, "about"), Emoji: text.Draw(t, "emoji"), ContextID: text.Draw(t, "context")}
		if rapid.Bool().Draw(t, "more") {
			c.Place = &Place{Latitude: rapid.Float64().Draw(t, "latitude"), Longitude: rapid.Float64().Draw(t, "longitude")}
			c.Pin = &Pin{Days: rapid.Int().Draw(t, "days"), Unpin: rapid.Bool().Draw(t, "unpin")}
			c.Template = &TemplateUse{Name: text.Draw(t, "name"), Language: "en", Parameters: map[string]string{text.Draw(t, "variable"): text.Draw(t, "value")}}
		}
		err := c.Check(rapid.Bool().Draw(t, "to a group"))
		var refused *Error
		if err != nil && (!errors.As(err, &refused) || !known[refused.Code] || refused.Message == "") {
			t.Fatalf("%+v: %v", c, err)
		}
	})
}
