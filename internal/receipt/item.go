package receipt

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/store"
)

// GroupKind is the kind of the receipts about groups: an extension, for the official service has none.
const GroupKind = "ChatAppGroup"

// Inbound is a message that came in. Members and their meaning are those of the official page "ChatAppInbound"
// (help.aliyun.com/en/chatapp/developer-reference/chatappinbound); GroupId is an extension. Numbers are digits only. The page's key
// "Timestamp " with a blank at its end is taken for a slip: it is written without.
type Inbound struct {
	MessageID   string `json:"MessageId"`
	CustSpaceID string `json:"CustSpaceId"`
	WABAID      string `json:"WabaId"`
	From        string `json:"From"`
	FromUserID  string `json:"FromUserId,omitempty"`
	Name        string `json:"Name,omitempty"`
	To          string `json:"To"`
	Timestamp   int64  `json:"Timestamp"`  // milliseconds since 1970
	NoticeType  string `json:"NoticeType"` // always "inbound"
	Type        string `json:"Type"`       // TEXT, IMAGE …
	Message     string `json:"Message"`    // the text itself for TEXT, else JSON as text
	GroupID     string `json:"GroupId,omitempty"`
}

// Status is what has become of a message that was sent. Members and their meaning are those of the official page "ChatAppStatus"
// (help.aliyun.com/en/chatapp/developer-reference/chatappstatus-1); GroupId is an extension.
type Status struct {
	MessageID         string `json:"MessageId"`
	CustSpaceID       string `json:"CustSpaceId"`
	From              string `json:"From"`
	To                string `json:"To"` // a person's number; of what is said of a whole group, the group's id
	UserID            string `json:"UserId,omitempty"`
	Timestamp         int64  `json:"Timestamp"` // milliseconds since 1970
	Status            string `json:"Status"`    // Sent, Delivered, Read, Failed
	StatusDescription string `json:"StatusDescription,omitempty"`
	ErrorCode         string `json:"ErrorCode,omitempty"`
	ErrorDescription  string `json:"ErrorDescription,omitempty"` // begins with the network's code
	MsgFrameType      string `json:"MsgFrameType,omitempty"`     // message or template
	Type              string `json:"Type,omitempty"`
	TaskID            string `json:"TaskId"`
	TemplateCode      string `json:"TemplateCode,omitempty"`
	TemplateName      string `json:"TemplateName,omitempty"`
	Language          string `json:"Language,omitempty"`
	GroupID           string `json:"GroupId,omitempty"`
}

// Group is something that happened in a group. All of it is an extension.
type Group struct {
	EventID        string   `json:"EventId"` // the same however often it is told
	Sequence       int64    `json:"Sequence"`
	CustSpaceID    string   `json:"CustSpaceId"`
	WABAID         string   `json:"WabaId"`
	BusinessNumber string   `json:"BusinessNumber"`
	GroupID        string   `json:"GroupId"` // empty for a group that was never made
	NoticeType     string   `json:"NoticeType"`
	Type           string   `json:"Type"`      // created, changed, joined …
	Timestamp      int64    `json:"Timestamp"` // milliseconds since 1970
	Numbers        []string `json:"Participants,omitempty"`
	By             string   `json:"By,omitempty"`       // who or what brought it about, in the network's words
	Operator       string   `json:"Operator,omitempty"` // ARN of who asked for it here
	OperationID    string   `json:"OperationId,omitempty"`
	Operation      string   `json:"Operation,omitempty"` // of what was refused: what had been asked for
	ErrorCode      string   `json:"ErrorCode,omitempty"`
	ErrorMessage   string   `json:"ErrorMessage,omitempty"`
}

// News is the body of an event about a group as it is kept.
type News struct {
	People    []group.Number `json:"people,omitempty"`
	By        string         `json:"by,omitempty"`
	Operation string         `json:"operation,omitempty"`
	Code      int            `json:"code,omitempty"`
	Message   string         `json:"message,omitempty"`
}

// Sender says for whom a receipt speaks.
type Sender struct {
	SpaceID string
	WABAID  string
}

// KindOf gives the kind of the receipt that tells of an event.
func KindOf(event string) string {
	if event == group.EventInbound || event == group.EventStatus {
		return event
	}
	return GroupKind
}

// Item gives an event in the form in which customers get it. Messages and statuses are kept in that form.
func Item(r *store.Receipt, from Sender) (json.RawMessage, error) {
	if KindOf(r.Kind) != GroupKind {
		return json.RawMessage(r.Body), nil
	}
	var n News
	if r.Body != "" {
		if err := json.Unmarshal([]byte(r.Body), &n); err != nil {
			return nil, fmt.Errorf("read event %d: %w", r.ID, err)
		}
	}
	g := Group{EventID: strconv.FormatInt(r.ID, 10), Sequence: r.Seq, CustSpaceID: from.SpaceID, WABAID: from.WABAID,
		BusinessNumber: r.Number.String(), GroupID: r.NetworkID, NoticeType: "group", Type: r.Kind, Timestamp: r.At.UnixMilli(),
		By: n.By, Operator: r.Principal, Operation: n.Operation, ErrorMessage: n.Message}
	for _, p := range n.People {
		g.Numbers = append(g.Numbers, p.String())
	}
	if r.OperationID != 0 {
		g.OperationID = strconv.FormatInt(r.OperationID, 10)
	}
	if n.Code != 0 {
		g.ErrorCode = strconv.Itoa(n.Code)
	}
	text, err := json.Marshal(g)
	if err != nil {
		return nil, fmt.Errorf("write event %d: %w", r.ID, err)
	}
	return text, nil
}
