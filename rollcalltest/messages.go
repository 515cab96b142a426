package rollcalltest

import (
	"encoding/json"
	"maps"
)

// SendTo has the business write a text to somebody outside of groups, as SendChatappMessage answers it.
func (r *Rollcall) SendTo(number, text string) Answer {
	r.t.Helper()
	return r.SendContentTo(number, "text", map[string]string{"text": text})
}

// SendContentTo is SendTo for any kind of message: messageType and content are MessageType and Content of SendChatappMessage.
func (r *Rollcall) SendContentTo(number, messageType string, content any) Answer {
	r.t.Helper()
	return r.send(map[string]string{"RecipientType": "individual", "To": number}, messageType, content)
}

func (r *Rollcall) send(to map[string]string, messageType string, content any) Answer {
	r.t.Helper()
	text, err := json.Marshal(content)
	if err != nil {
		r.t.Fatalf("write content: %v", err)
	}
	all := map[string]string{"ChannelType": "whatsapp", "Type": "message", "MessageType": messageType, "From": r.BusinessNumber, "Content": string(text)}
	maps.Copy(all, to)
	return r.Call("SendChatappMessage", all)
}

// MessageID gives the id of the message that was sent, "" when none was.
func (a Answer) MessageID() string {
	var said struct{ MessageId string }
	if json.Unmarshal(a.Body, &said) != nil {
		return ""
	}
	return said.MessageId
}

// Kept is a message as ListChatappMessage shows it.
type Kept struct {
	MessageID       string `json:"MessageId"`
	UniqueMessageID string `json:"UniqueMessageId"` // the network's id
	EventAction     string // UP or DOWN
	UserNumber      string
	GroupID         string `json:"GroupId"`
	MessageType     string // TEXT, IMAGE and so on
	Message         string // a text as it is, anything else as JSON
	MessageStatus   string // sending, success or failed
	StatusName      string `json:"MessageStatusName"` // Accepted, Sent, Failed, Delivered, Read or Received
	FailReason      string
}

// Messages gives the newest messages of the business number, at most 100, as ListChatappMessage lists them with these filters besides.
func (r *Rollcall) Messages(filters map[string]string) []Kept {
	r.t.Helper()
	all := map[string]string{"ChannelType": "whatsapp", "Page": `{"Index":1,"Size":100}`}
	maps.Copy(all, filters)
	var said struct{ Data []Kept }
	r.mustCall("ListChatappMessage", all, &said)
	return said.Data
}

// AwaitMessages waits until ListChatappMessage has a message with these filters that is wanted, and gives it.
func (r *Rollcall) AwaitMessages(filters map[string]string, wanted func(Kept) bool) (found Kept) {
	r.t.Helper()
	r.await("a message in the list", func() bool {
		for _, m := range r.Messages(filters) {
			if wanted(m) {
				found = m
				return true
			}
		}
		return false
	})
	return found
}
