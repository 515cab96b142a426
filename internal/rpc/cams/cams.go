// Package cams holds the operations of Chat App Message Service (product cams, version 2020-06-06), on channels, numbers, groups, messages and
// receipts: one file for each, saying which parameters it takes, which method of the gateway does the work and what the answer looks like. It knows the
// product's parameters and answers; who may call, and how bytes are read and written, is settled before it is asked.
package cams

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/rpc"
)

// Version is the version of the product's API.
const Version = "2020-06-06"

// maxGroupID is how long a group id can be, in characters.
const maxGroupID = 255

// maxSpaceID bounds the id of a channel; those of the official service are far shorter.
const maxSpaceID = 255

// Operations gives every operation of the product, working on a gateway.
func Operations(gw *gateway.Gateway) []rpc.Operation {
	s := &service{gateway: gw}
	return []rpc.Operation{
		s.addChatGroup(), s.updateChatGroup(), s.deleteChatGroup(), s.listChatGroup(),
		s.addChatGroupInviteLink(), s.deleteChatGroupInviteLink(),
		s.listChatGroupParticipants(), s.deleteChatGroupParticipants(),
		s.sendChatappMessage(), s.sendChatappMassMessage(), s.listChatappMessage(), s.getChatGroupOperation(),
		s.createInstance(), s.listInstance(), s.queryInstance(), s.updateInstance(), s.deleteInstance(),
		s.queryChatappPhoneNumbers(), s.chatappSyncPhoneNumber(), s.queryChatappBindWaba(), s.chatappBindWaba(), s.getChatappOpenStatus(),
		s.updateAccountWebhook(), s.updatePhoneWebhook(), s.listChatGroupEvents(),
	}
}

type service struct{ gateway *gateway.Gateway }

type runner = func(ctx context.Context, c *rpc.Call) (rpc.Answer, error)

// operation fills in what all operations of the product have in common.
func operation(action string, access rpc.Access, run runner, parameters ...rpc.Parameter) rpc.Operation {
	for _, p := range optional("ChannelType", "OwnerId", "ResourceOwnerAccount", "ResourceOwnerId") {
		if !slices.ContainsFunc(parameters, func(other rpc.Parameter) bool { return other.Name == p.Name }) {
			parameters = append(parameters, p)
		}
	}
	return rpc.Operation{
		Version: Version, Action: action, RAMAction: "cams:" + action, Access: access,
		Change:     access != rpc.AccessList && access != rpc.AccessGet,
		Parameters: parameters,
		Run:        run,
	}
}

// groupOperation is for the operations of the group beta: the account has to be on its allowlist.
func groupOperation(action string, access rpc.Access, run runner, parameters ...rpc.Parameter) rpc.Operation {
	op := operation(action, access, run, parameters...)
	op.Beta = true
	return op
}

// onChannel and onGroup name the parameters that say what nearly every operation is about.
func onChannel(more ...rpc.Parameter) []rpc.Parameter {
	return append(required("BusinessNumber", "CustSpaceId"), more...)
}

func onGroup(more ...rpc.Parameter) []rpc.Parameter {
	return append(required("BusinessNumber", "CustSpaceId", "GroupId"), more...)
}

func required(names ...string) []rpc.Parameter { return parameters(true, names) }

func optional(names ...string) []rpc.Parameter { return parameters(false, names) }

func parameters(needed bool, names []string) []rpc.Parameter {
	list := make([]rpc.Parameter, 0, len(names))
	for _, name := range names {
		list = append(list, rpc.Parameter{Name: name, Required: needed})
	}
	return list
}

// target reads which channel, number and, if the operation is about one, group a call is about.
func target(c *rpc.Call) (gateway.Target, error) {
	t := gateway.Target{SpaceID: c.Params.Text("CustSpaceId"), GroupID: c.Params.Text("GroupId")}
	if err := checkChannelType(c); err != nil {
		return t, err
	}
	if err := checkOwner(c); err != nil {
		return t, err
	}
	if len(t.SpaceID) > maxSpaceID {
		return t, rpc.Invalid("CustSpaceId", "CustSpaceId is longer than any there is.")
	}
	if err := checkGroupID(t.GroupID); err != nil {
		return t, err
	}
	var err error
	t.Number, err = readNumber(c.Params.Text("BusinessNumber"))
	return t, err
}

func checkGroupID(id string) error {
	if utf8.RuneCountInString(id) > maxGroupID {
		return group.Errorf(rpc.CodeBadGroupID, "A group id has at most %d characters; take it from ListChatGroup.", maxGroupID)
	}
	return nil
}

// checkChannelType takes WHATSAPP in any case, which is also what is meant when nothing is said.
func checkChannelType(c *rpc.Call) error {
	if text := c.Params.Text("ChannelType"); text != "" && !strings.EqualFold(text, "WHATSAPP") {
		return group.Errorf(rpc.CodeBadChannelType, "ChannelType must be WHATSAPP: no other channel has groups.")
	}
	return nil
}

// checkOwner refuses a call that is made for another account. These parameters never widen what a caller may do.
func checkOwner(c *rpc.Call) error {
	for _, name := range [...]string{"OwnerId", "ResourceOwnerId"} {
		id, sent, err := c.Params.Integer(name)
		switch {
		case err != nil:
			return rpc.Invalid(name, "")
		case sent && strconv.FormatInt(id, 10) != string(c.Caller.Principal.AccountID):
			return group.Errorf(group.CodeNotOwner, "%s is not the account of the access key; leave it out.", name)
		}
	}
	return nil
}
