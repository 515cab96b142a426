package simulator

import (
	"encoding/json"
	"strconv"
	"time"
)

// The texts of a removal are written by hand where nothing in them has to be escaped: the two lines of the log, and the webhook.
// They are what encoding/json would make, which takes five times as long; it is asked for everything else.

// appendPlain gives false for a change that encoding/json has to write.
func appendPlain(b []byte, c change) ([]byte, bool) {
	switch c := c.(type) {
	case *webhookDone:
		return append(strconv.AppendInt(append(b, `{"id":`...), c.ID, 10), '}'), true
	case *stepAccepted:
		return c.appendRemoval(b)
	case *stepDone:
		if c.Outcome.Code != 0 || len(c.Outcome.Failed) > 0 || !isPlain(c.Group) {
			return b, false
		}
		b = append(append(append(b, `{"group":"`...), c.Group...), `","at":`...)
		return append(appendTime(b, c.At), `,"outcome":{}}`...), true
	}
	return b, false
}

func (c *stepAccepted) appendRemoval(b []byte) ([]byte, bool) {
	st := c.Step
	if st.Kind != stepRemove || !isPlain(c.Group) || !isPlain(st.Request) || st.Request == "" || len(st.People) == 0 {
		return b, false
	}
	b = append(append(append(b, `{"group":"`...), c.Group...), `","step":{"kind":"remove","request":"`...)
	b = appendTime(append(append(b, st.Request...), `","due":`...), st.Due)
	for i, p := range st.People {
		if !isPlain(p.Input) || !isPlain(p.Phone) {
			return b, false
		}
		b = append(append(b, [...]string{`,"people":[{"input":"`, `,{"input":"`}[min(i, 1)]...), p.Input...)
		b = append(append(append(b, `","phone":"`...), p.Phone...), `"}`...)
	}
	return append(b, `]}}`...), true
}

func appendTime(b []byte, at time.Time) []byte {
	return append(at.AppendFormat(append(b, '"'), time.RFC3339Nano), '"')
}

// appendRemoved writes the webhook of a removal of which nothing failed.
func appendRemoved(b []byte, n *number, e *participantsEvent) ([]byte, bool) {
	for _, text := range [...]string{n.waba.id, n.digits, n.id, e.GroupID, e.RequestID} {
		if text == "" || !isPlain(text) {
			return b, false
		}
	}
	if e.Type != typeRemove || e.InitiatedBy != byBusiness || len(e.Removed) == 0 || len(e.Failed)+len(e.Errors) > 0 {
		return b, false
	}
	for _, part := range [...]string{`{"object":"whatsapp_business_account","entry":[{"id":"`, n.waba.id, `","changes":[{"field":"`, fieldParticipants,
		`","value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"`, n.digits, `","phone_number_id":"`, n.id,
		`"},"groups":[{"timestamp":"`, e.Timestamp, `","group_id":"`, e.GroupID, `","type":"`, typeRemove, `","request_id":"`, e.RequestID,
		`","initiated_by":"`, byBusiness, `","removed_participants":[`} {
		b = append(b, part...)
	}
	for i, p := range e.Removed {
		if p.Input == "" || !isPlain(p.Input) || p.WaID != "" || p.UserID != "" || len(p.Errors) > 0 {
			return b, false
		}
		b = append(append(append(b, [...]string{`{"input":"`, `,{"input":"`}[min(i, 1)]...), p.Input...), `"}`...)
	}
	return append(b, `]}]}}]}]}`...), true
}

// isPlain tells whether a text stands in JSON as it is.
func isPlain(text string) bool {
	for i := range len(text) {
		switch c := text[i]; {
		case c < ' ', c > '~', c == '"', c == '\\', c == '<', c == '>', c == '&': // encoding/json escapes these
			return false
		}
	}
	return true
}

// encodeEnvelope wraps a value for the callback.
func encodeEnvelope(n *number, field string, value webhookValue) ([]byte, error) {
	if len(value.Groups) == 1 && field == fieldParticipants {
		if e, ok := value.Groups[0].(participantsEvent); ok && len(value.Contacts)+len(value.Messages)+len(value.Statuses) == 0 {
			if body, ok := appendRemoved(make([]byte, 0, 512+48*len(e.Removed)), n, &e); ok {
				return body, nil
			}
		}
	}
	value.MessagingProduct = "whatsapp"
	value.Metadata = metadata{DisplayPhoneNumber: n.digits, PhoneNumberID: n.id}
	return json.Marshal(envelope{Object: "whatsapp_business_account",
		Entry: []entry{{ID: n.waba.id, Changes: []fieldValue{{Field: field, Value: value}}}}})
}
