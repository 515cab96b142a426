package rollcalltest

import "encoding/json"

// Group is a group of the business number.
type Group struct {
	ID         string
	InviteLink string // by which phones join

	rollcall *Rollcall
}

// NewGroup makes a group and waits until the network has given it its id.
func (r *Rollcall) NewGroup(subject string) *Group {
	r.t.Helper()
	var made struct{ UniqueCode string }
	r.mustCall("AddChatGroup", map[string]string{"Subject": subject}, &made)
	g := &Group{rollcall: r}
	r.await("group "+subject+" to be made", func() bool {
		g.ID = r.idOf(made.UniqueCode)
		return g.ID != ""
	})
	var link struct{ InviteLink string }
	r.mustCall("AddChatGroupInviteLink", map[string]string{"GroupId": g.ID}, &link)
	g.InviteLink = link.InviteLink
	return g
}

// idOf reads the operation that made a group for the group's id, "" while there is none.
func (r *Rollcall) idOf(uniqueCode string) string {
	r.t.Helper()
	var said struct {
		Data struct{ State, GroupId, Code, Message string }
	}
	r.mustCall("GetChatGroupOperation", map[string]string{"OperationId": uniqueCode}, &said)
	switch said.Data.State {
	case "FAILED", "REFUSED":
		r.t.Fatalf("make group: %s: %s", said.Data.Code, said.Data.Message)
	case "DONE":
		return said.Data.GroupId
	}
	return ""
}

// Participants gives the numbers of those who are in the group as far as the network has said.
func (g *Group) Participants() []string {
	g.rollcall.t.Helper()
	var said struct {
		Data struct {
			List []struct{ ParticipantNumber string }
		}
	}
	g.rollcall.mustCall("ListChatGroupParticipants", map[string]string{"GroupId": g.ID}, &said)
	numbers := make([]string, 0, len(said.Data.List))
	for _, p := range said.Data.List {
		numbers = append(numbers, p.ParticipantNumber)
	}
	return numbers
}

// Remove takes people out of the group, as DeleteChatGroupParticipants answers it.
func (g *Group) Remove(numbers ...string) Answer {
	g.rollcall.t.Helper()
	type person struct{ ParticipantNumber string }
	list := make([]person, 0, len(numbers))
	for _, n := range numbers {
		list = append(list, person{n})
	}
	text, err := json.Marshal(list)
	if err != nil {
		g.rollcall.t.Fatalf("write list: %v", err)
	}
	return g.rollcall.Call("DeleteChatGroupParticipants", map[string]string{"GroupId": g.ID, "List": string(text)})
}

// Send has the business write a text into the group, as SendChatappMessage answers it.
func (g *Group) Send(text string) Answer {
	g.rollcall.t.Helper()
	return g.SendContent("text", map[string]string{"text": text})
}

// SendContent has the business send any kind of message to the group, as SendChatappMessage answers it: messageType and content are its
// MessageType and Content.
func (g *Group) SendContent(messageType string, content any) Answer {
	g.rollcall.t.Helper()
	return g.rollcall.send(map[string]string{"RecipientType": "group", "To": g.ID}, messageType, content)
}
