package cams

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/rpc"
)

// outcome is the answer to a change that concerns one thing: how far it has come, without members.
func outcome(ch *gateway.Change) rpc.Answer {
	a := rpc.Answer{OperationID: ch.Operation.ID}
	switch ch.Operation.State {
	case group.Pending:
		a.Code = rpc.CodePending
		a.Message = pendingMessage(ch) + " Read what becomes of it with GetChatGroupOperation."
	case group.Failed, group.Refusal:
		a.Code, a.Message = group.CodeUpstream, refusedBy(ch.Operation.Code, ch.Operation.Message)
	}
	return a
}

func pendingMessage(ch *gateway.Change) string {
	return "The network has not confirmed operation " + operationID(ch) + " yet."
}

func operationID(ch *gateway.Change) string { return strconv.FormatInt(ch.Operation.ID, 10) }

// refusedBy begins with the network's code, as the product's receipts do.
func refusedBy(code, message string) string {
	switch {
	case code == "" || code == "0":
		return message
	case message == "":
		return code
	}
	return code + ": " + message
}

// counted adds the member Result, the number of things that the call has changed.
func counted(ch *gateway.Change) rpc.Answer {
	a := outcome(ch)
	rows := ch.Rows
	if a.Code != "" {
		rows = 0
	}
	a.Members = func(w *rpc.Writer) { w.Number("Result", rows) }
	return a
}

// removal is the answer to a removal of the listed people. It is OK only if every one of them is out.
func removal(ch *gateway.Change, listed int) rpc.Answer {
	a := rpc.Answer{OperationID: ch.Operation.ID}
	rows := ch.Rows
	a.Members = func(w *rpc.Writer) { w.Number("Result", rows) }
	known, open := 0, false
	var refused []group.Person
	for _, p := range ch.People {
		switch p.State {
		case group.PersonOut, group.PersonWasOut:
			known++
		case group.PersonRefused:
			known++
			refused = append(refused, p)
		default:
			open = true
		}
	}
	switch {
	case open || known < listed:
		a.Code = rpc.CodePending
		a.Message = pendingMessage(ch) + " Send the same call again to wait on, or read it with GetChatGroupOperation."
	case len(refused) > 0:
		a.Code, a.Message = rpc.CodePartialFailure, partialMessage(refused, listed)
	}
	return a
}

// partialMessage names each person who is still in, and why.
func partialMessage(refused []group.Person, listed int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d of %d people could not be removed", len(refused), listed)
	separator := ": "
	for _, p := range refused {
		b.WriteString(separator + p.Number.String())
		separator = "; "
		if reason := refusedBy(strconv.Itoa(p.Code), p.Message); reason != "" {
			b.WriteString(" (" + reason + ")")
		}
	}
	b.WriteString(".")
	return b.String()
}
