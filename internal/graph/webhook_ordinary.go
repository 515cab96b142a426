package graph

import "encoding/json"

// maxOrdinary bounds the bodies that are read by a cursor, in bytes. The texts of an event share the memory of its whole
// body, so an event that is kept must not hold on to a large one.
const maxOrdinary = 16 << 10

// parseOrdinary reads a webhook about groups in the shape that Meta's pages show. It is many times faster than
// parseLoosely and gives the same; false means that the body is of another shape.
func parseOrdinary(body []byte) (events []Event, ok bool) {
	if len(body) > maxOrdinary {
		return nil, false
	}
	c := cursor{in: string(body)}
	var d delivery
	for c.open('{'); c.member(); {
		if c.name != "entry" {
			c.skip()
			continue
		}
		c.odd = c.odd || len(d.events) > 0 // a second list of entries
		for c.open('['); c.item(); {
			c.entry(&d)
		}
	}
	c.space()
	return d.events, !c.odd && c.at == len(c.in) && len(d.events) > 0
}

func (c *cursor) entry(d *delivery) {
	before := len(d.events)
	var id text
	for c.open('{'); c.member(); {
		switch c.name {
		case "id":
			c.text(&id)
		case "changes":
			c.odd = c.odd || len(d.events) > before // a second list of changes
			for c.open('['); c.item(); {
				c.change(d)
			}
		default:
			c.skip()
		}
	}
	c.odd = c.odd || len(d.events) == before
	for i := before; i < len(d.events); i++ {
		d.events[i].WABAID = string(id)
	}
}

// update is one item of groups, with its place in the body.
type update struct {
	wire     wireGroupEvent
	from, to int
}

func (c *cursor) change(d *delivery) {
	var k change
	var room [1]update
	updates := room[:0]
	for c.open('{'); c.member(); {
		switch c.name {
		case "field":
			c.text(&k.Field)
		case "initiated_by":
			c.text(&k.InitiatedBy)
		case "value":
			updates = c.value(&k, updates)
		default:
			c.skip()
		}
	}
	field := fieldOf(string(k.Field))
	if c.odd || !aboutGroups(field) || len(updates) == 0 {
		c.odd = true
		return
	}
	for i := range updates {
		u := &updates[i]
		e := u.wire.event(field, json.RawMessage(c.in[u.from:u.to]))
		k.complete(&e)
		d.add(e)
	}
}

func (c *cursor) value(k *change, updates []update) []update {
	for c.open('{'); c.member(); {
		switch c.name {
		case "initiated_by":
			c.text(&k.Value.InitiatedBy)
		case "metadata":
			c.metadata(k)
		case "groups":
			c.odd = c.odd || len(updates) > 0 // a second list of groups
			for c.open('['); c.item(); {
				updates = append(updates, update{})
				c.update(&updates[len(updates)-1])
			}
		case "messages", "statuses", "contacts", "errors":
			c.odd = true
		default:
			c.skip()
		}
	}
	return updates
}

func (c *cursor) metadata(k *change) {
	for c.open('{'); c.member(); {
		switch c.name {
		case "display_phone_number":
			c.text(&k.Value.Metadata.Display)
		case "phone_number_id":
			c.text(&k.Value.Metadata.PhoneNumberID)
		default:
			c.skip()
		}
	}
}

func (c *cursor) update(u *update) {
	c.space()
	u.from = c.at
	for c.open('{'); c.member(); {
		switch w := &u.wire; c.name {
		case "timestamp":
			c.number(&w.Timestamp)
		case "group_id":
			c.text(&w.GroupID)
		case "type":
			c.text(&w.Type)
		case "request_id":
			c.text(&w.RequestID)
		case "initiated_by":
			c.text(&w.InitiatedBy)
		case "reason":
			c.text(&w.Reason)
		case "added_participants":
			c.people(&w.Added)
		case "removed_participants":
			c.people(&w.Removed)
		case "failed_participants":
			c.people(&w.Failed)
		case "errors":
			c.errors(&w.Errors)
		default:
			c.detail(w)
		}
	}
	u.to = c.at
}

// detail reads a member that only creations and join requests have.
func (c *cursor) detail(w *wireGroupEvent) {
	switch c.name {
	case "subject":
		c.text(&w.Subject)
	case "description":
		c.text(&w.Description)
	case "invite_link":
		c.text(&w.InviteLink)
	case "join_approval_mode":
		c.text(&w.Mode)
	case "join_request_id":
		c.text(&w.JoinRequestID)
	case "wa_id":
		c.text(&w.WaID)
	case "user_id":
		c.text(&w.UserID)
	case "parent_user_id":
		c.text(&w.ParentUserID)
	case "username":
		c.text(&w.Username)
	case "group_subject", "group_description", "profile_picture":
		c.odd = true
	default:
		c.skip()
	}
}

func (c *cursor) people(into *list[wireParticipant]) {
	c.odd = c.odd || len(*into) > 0
	for c.open('['); c.item(); {
		if *into == nil {
			*into = make(list[wireParticipant], 0, 4)
		}
		*into = append(*into, wireParticipant{})
		c.person(&(*into)[len(*into)-1])
	}
}

func (c *cursor) person(p *wireParticipant) {
	for c.open('{'); c.member(); {
		switch c.name {
		case "input":
			c.text(&p.Input)
		case "user":
			c.text(&p.User)
		case "wa_id":
			c.text(&p.WaID)
		case "user_id":
			c.text(&p.UserID)
		case "parent_user_id":
			c.text(&p.ParentUserID)
		case "username":
			c.text(&p.Username)
		case "errors":
			c.errors(&p.Errors)
		default:
			c.skip()
		}
	}
}

func (c *cursor) errors(into *list[wireError]) {
	c.odd = c.odd || len(*into) > 0
	for c.open('['); c.item(); {
		*into = append(*into, wireError{})
		c.error(&(*into)[len(*into)-1])
	}
}

func (c *cursor) errorData(e *wireError) {
	for c.open('{'); c.member(); {
		if c.name == "details" {
			c.text(&e.Data.Details)
		} else {
			c.skip()
		}
	}
}

func (c *cursor) error(e *wireError) {
	for c.open('{'); c.member(); {
		switch c.name {
		case "code":
			c.number(&e.Code)
		case "title":
			c.text(&e.Title)
		case "message":
			c.text(&e.Message)
		case "error_data":
			c.errorData(e)
		case "error_subcode", "error_user_title", "is_transient", "fbtrace_id":
			c.odd = true
		default:
			c.skip()
		}
	}
}
