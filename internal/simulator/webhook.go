package simulator

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"

	"github.com/rollcall-im/rollcall/internal/graph"
)

// The webhook fields that concern groups. Source: Meta, WhatsApp Groups API, webhooks page.
const (
	fieldLifecycle    = "group_lifecycle_update"
	fieldParticipants = "group_participants_update"
	fieldSettings     = "group_settings_update"
	fieldStatus       = "group_status_update"
	fieldMessages     = "messages"
)

// webhook is one notification on its way to the callback. Its bytes are fixed when the event happens; every attempt
// sends the same ones.
type webhook struct {
	ID    int64           `json:"id"`
	Group string          `json:"group"` // or another lane in which webhooks keep their order
	Field string          `json:"field"`
	Type  string          `json:"type"`
	At    time.Time       `json:"at"`
	Body  json.RawMessage `json:"body"`

	attempts int
}

// encode writes the webhook as JSON. Every text in it comes from ourselves and needs no escaping; Body is JSON already.
func (w *webhook) encode(b *bytes.Buffer) {
	b.WriteString(`{"id":`)
	b.Write(strconv.AppendInt(b.AvailableBuffer(), w.ID, 10))
	for _, s := range [...]string{`,"group":"`, w.Group, `","field":"`, w.Field, `","type":"`, w.Type, `","at":"`} {
		b.WriteString(s)
	}
	b.Write(w.At.AppendFormat(b.AvailableBuffer(), time.RFC3339Nano))
	b.WriteString(`","body":`)
	b.Write(w.Body)
	b.WriteByte('}')
}

// The envelope of every webhook.
type envelope struct {
	Object string  `json:"object"`
	Entry  []entry `json:"entry"`
}

type entry struct {
	ID      string       `json:"id"`
	Changes []fieldValue `json:"changes"`
}

type fieldValue struct {
	Field string       `json:"field"`
	Value webhookValue `json:"value"`
}

type webhookValue struct {
	MessagingProduct string    `json:"messaging_product"`
	Metadata         metadata  `json:"metadata"`
	Groups           []any     `json:"groups,omitempty"`
	Contacts         []contact `json:"contacts,omitempty"`
	Messages         []inbound `json:"messages,omitempty"`
	Statuses         []status  `json:"statuses,omitempty"`
}

type metadata struct {
	DisplayPhoneNumber string `json:"display_phone_number"`
	PhoneNumberID      string `json:"phone_number_id"`
}

// eventError is an error inside a webhook or in an item of an answer; its message has no "(#code)" in front.
type eventError struct {
	Code    int       `json:"code"`
	Message string    `json:"message"`
	Title   string    `json:"title"`
	Data    errorData `json:"error_data"`
}

type errorData struct {
	Details string `json:"details"`
}

func eventErrorOf(code int) eventError {
	title := titleOf(code)
	return eventError{Code: code, Message: title, Title: title, Data: errorData{Details: title + "."}}
}

func eventErrors(codes ...int) []eventError {
	out := make([]eventError, len(codes))
	for i, code := range codes {
		out[i] = eventErrorOf(code)
	}
	return out
}

// newWebhook wraps a value for the callback; nothing comes of it when nobody listens. What is not sent for want of a
// subscription is lost for good, as it is with Meta.
func (s *Simulator) newWebhook(g *group, field, kind string, value webhookValue) []*webhook {
	return s.webhooks(g.number, g.id, notice{field, kind, value})
}

// notice is what a webhook tells.
type notice struct {
	field, kind string
	value       webhookValue
}

// webhooks is newWebhook for what is in a lane of its own, and not in a group's.
func (s *Simulator) webhooks(number *number, lane string, n notice) []*webhook {
	if !s.pump.listens() {
		return nil
	}
	if account := number.waba; !account.subscribed.Load() {
		if !account.warned.Swap(true) {
			s.config.Logger.Warn("webhooks are lost: no app has subscribed to the account", "waba_id", account.id, "field", n.field)
		}
		return nil
	}
	body, err := encodeEnvelope(number, n.field, n.value)
	if err != nil { // only our own structs, and JSON that was checked, come here
		s.config.Logger.Error("encode webhook", "field", n.field, "type", n.kind, "error", err)
		return nil
	}
	return []*webhook{{ID: s.pump.nextID(), Group: lane, Field: n.field, Type: n.kind, At: s.config.Now(), Body: body}}
}

func (s *Simulator) groupWebhook(g *group, field, kind string, event any) []*webhook {
	return s.newWebhook(g, field, kind, webhookValue{Groups: []any{event}})
}

// seconds is a moment the way webhooks write it: UNIX seconds as a string.
func seconds(at time.Time) string { return strconv.FormatInt(at.Unix(), 10) }

// reportStep makes the webhooks that tell how a step ended. The caller holds g.mu, and the step is not applied yet.
func (s *Simulator) reportStep(g *group, st *step, out outcome, now time.Time) []*webhook {
	switch st.Kind {
	case stepCreate:
		return s.groupWebhook(g, fieldLifecycle, "group_create", createdEvent(g, st, out, now))
	case stepDelete:
		event := lifecycleEvent{Timestamp: seconds(now), GroupID: g.id, Type: "group_delete", RequestID: st.Request}
		if out.Code != 0 {
			event.Errors = eventErrors(out.Code)
		}
		return s.groupWebhook(g, fieldLifecycle, event.Type, event)
	case stepUpdate:
		return s.groupWebhook(g, fieldSettings, "group_settings_update", settingsEventOf(g, st, out, now))
	case stepRemove:
		return s.groupWebhook(g, fieldParticipants, typeRemove, removedEvent(g, st, out, now))
	case stepMessage:
		return s.statusWebhooks(g, st.Message, out, now)
	}
	return nil
}

// removedEvent lists the results in the order of the request.
func removedEvent(g *group, st *step, out outcome, now time.Time) participantsEvent {
	event := participantsEvent{Timestamp: seconds(now), GroupID: g.id, Type: typeRemove, RequestID: st.Request,
		InitiatedBy: byBusiness}
	event.Removed = make([]eventPerson, 0, len(st.People))
	for i, person := range st.People {
		if len(out.Failed) == 0 || out.Failed[i] == 0 {
			event.Removed = append(event.Removed, eventPerson{Input: person.Input})
			continue
		}
		event.Failed = append(event.Failed, eventPerson{Input: person.Input, Errors: eventErrors(out.Failed[i])})
	}
	switch {
	case len(event.Failed) == 0:
	case len(event.Removed) > 0:
		event.Errors = eventErrors(graph.CodePartialSuccess)
	default: // nobody was removed: the errors stand on the group alone, each once
		event.Errors = eventErrors(distinct(out.Failed)...)
		if len(event.Errors) == 1 {
			for i := range event.Failed {
				event.Failed[i].Errors = nil
			}
		}
	}
	return event
}

func distinct(codes []int) []int {
	var out []int
	seen := map[int]bool{}
	for _, code := range codes {
		if !seen[code] {
			seen[code] = true
			out = append(out, code)
		}
	}
	return out
}
