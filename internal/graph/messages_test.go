package graph

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Each kind of message is written as Meta's pages show it.
func TestSendBodies(t *testing.T) {
	t.Parallel()
	for body, c := range map[string]Outgoing{
		`"recipient_type":"individual","text":{"body":"x","preview_url":true},"to":"86139","type":"text"`: {To: "86139", Body: TextBody{Body: "x", PreviewURL: true}},
		`"document":{"link":"l","filename":"f"},"messaging_product":"whatsapp","recipient_type":"group","to":"G","type":"document"`: {Group: true, To: "G",
			Body: MediaBody{Type: "document", Link: "l", FileName: "f"}},
		`"location":{"latitude":1.5,"longitude":-2},"messaging_product":"whatsapp","recipient_type":"group","to":"G","type":"location"`: {Group: true, To: "G",
			Body: LocationBody{Latitude: 1.5, Longitude: -2}},
		`"messaging_product":"whatsapp","reaction":{"message_id":"wamid.1","emoji":""},"recipient_type":"group","to":"G","type":"reaction"`: {Group: true, To: "G",
			Body: ReactionBody{MessageID: "wamid.1"}},
		`"context":{"message_id":"wamid.1"},"messaging_product":"whatsapp","pin":{"type":"pin","message_id":"wamid.2","expiration_days":3},"recipient_type":"group","to":"G","type":"pin"`: {Group: true,
			To: "G", ReplyTo: "wamid.1", Body: PinBody{Type: "pin", MessageID: "wamid.2", Days: 3}},
		`"contacts":[{"name":{"formatted_name":"A"}}],"messaging_product":"whatsapp","recipient_type":"individual","to":"1","type":"contacts"`: {To: "1",
			Body: ContactsBody(`[{"name":{"formatted_name":"A"}}]`)},
		`"interactive":{"type":"button"},"messaging_product":"whatsapp","recipient_type":"individual","to":"1","type":"interactive"`: {To: "1", Body: InteractiveBody(`{"type":"button"}`)},
		`"messaging_product":"whatsapp","recipient_type":"individual","template":{"components":[{"type":"body","parameters":[{"type":"text","text":"7"},` +
			`{"type":"text","parameter_name":"n","text":"8"},{"type":"group_id","group_id":"G"}]},{"type":"button","sub_type":"quick_reply","index":"0",` +
			`"parameters":[{"type":"payload","payload":"p"}]},{"type":"button","sub_type":"quick_reply","index":"1","parameters":[{"type":"payload","payload":"q"}]}],` +
			`"language":{"code":"en"},"name":"t"},"to":"1","type":"template"`: {To: "1", Body: TemplateBody{Name: "t", Language: "en",
			Parameters: []TemplateParameter{{Text: "7"}, {Name: "n", Text: "8"}, {GroupID: "G"}}, Payloads: []string{"p", "q"}}},
		`"messaging_product":"whatsapp","recipient_type":"individual","template":{"language":{"code":"en"},"name":"t"},"to":"1","type":"template"`: {To: "1",
			Body: TemplateBody{Name: "t", Language: "en"}},
	} {
		c2, seen := answering(t, 200, `{"messages":[{"id":"wamid.9"}]}`)
		id, err := c2.Send(t.Context(), creds, c)
		if err != nil || id != "wamid.9" {
			t.Fatalf("%s: %q, %v", body, id, err)
		}
		var want map[string]any
		if err := json.Unmarshal([]byte("{"+body+"}"), &want); err != nil {
			t.Fatal(err)
		}
		want["messaging_product"] = "whatsapp"
		var got map[string]any
		if err := json.Unmarshal([]byte((<-seen).Body), &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}
