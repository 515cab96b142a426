package app_test

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"time"
)

// A history is what several clients asked of several nodes and were told, and what became of it below. history_check_test.go
// judges it; nothing in these two files talks to anybody.

// The codes that the judges know.
const (
	codeOK          = "OK"
	codePending     = "ChatGroup.OperationPending"
	codeNonceUsed   = "SignatureNonceUsed"
	codeUnavailable = "ServiceUnavailable"
)

// noAnswer is when a call without an answer ended.
const noAnswer = time.Duration(math.MaxInt64)

// The actions that the judges know. Phones join at the network itself.
const (
	actCreate   = "AddChatGroup"
	actRemove   = "DeleteChatGroupParticipants"
	actSend     = "SendChatappMessage"
	actMakeLink = "AddChatGroupInviteLink"
	actDropLink = "DeleteChatGroupInviteLink"
	actList     = "ListChatGroupParticipants"
	actJoin     = "a phone joins"
)

// act is one call and its answer.
type act struct {
	client, node int
	action       string
	nonce        string
	group        string   // the network's id
	people       []string // of a removal, or who joined
	text         string   // of a message; the subject of a new group; the link of an answer
	sent         time.Duration
	answered     time.Duration     // never, when nothing came back: a node that was held may do it later
	code         string            // "" when nothing came back
	request      string            // RequestId of the answer
	operation    string            // id of the operation in the answer
	seats        map[string]string // of a removal that was answered OK: how those people stood on the network right then
}

// promised tells whether the caller may rely on it.
func (a *act) promised() bool { return a.code == codeOK || a.code == codePending }

// maybe tells whether it may have had an effect.
func (a *act) maybe() bool { return a.promised() || a.code == "" || a.code == codeUnavailable }

// names finds somebody in a removal or a joining.
func (a *act) names(group, number string) bool {
	return a.group == group && slices.Contains(a.people, number)
}

// history is written by many clients.
type history struct {
	mu   sync.Mutex
	acts []*act
}

func (h *history) add(a *act) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.acts = append(h.acts, a)
}

// command is one call that the network got about a group, in the order in which they came.
type command struct {
	group, operation string // remove_participants, send_message, …
	people           []string
	text             string
	node             int // whose call it was
	start, end       time.Duration
	accepted         bool
}

// ending is what the operation's record says.
type ending struct {
	state  string
	people map[string]string
}

// listing is the member list of a group as a node gives it.
type listing struct {
	node    int
	group   string
	members []string
}

// happening is an entry of the event stream about one person.
type happening struct {
	group, kind, number string
	operation           string // "" when no operation caused it
}

// entry is a row of the audit.
type entry struct {
	operation, request, action, principal, key, source string
	people                                             map[string]string // of a removal: what became of them
}

// aftermath is what there is when everything has come to rest.
type aftermath struct {
	seats    map[string]map[string]string   // group, number: how the network sees them
	inboxes  map[string]map[string][]string // group, number: the texts, in order
	founded  map[string][]string            // subject: the groups that the network has made
	links    map[string]string              // group: its live link
	commands []command
	ends     map[string]ending
	lists    []listing
	events   []happening
	audit    []entry
}

// summary counts the calls by what was asked and answered.
func (h *history) summary() string {
	counts := map[string]int{}
	for _, a := range h.acts {
		counts[a.action+" "+cmp.Or(a.code, "no answer")]++
	}
	var lines []string
	for _, what := range slices.Sorted(maps.Keys(counts)) {
		lines = append(lines, fmt.Sprintf("%4d %s", counts[what], what))
	}
	return strings.Join(lines, "\n")
}
