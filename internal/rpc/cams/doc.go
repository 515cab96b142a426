package cams

import "github.com/rollcall-im/rollcall/internal/rpc"

// Shared are the parameters that most operations take, for the API reference.
func Shared() map[string]string {
	return map[string]string{
		"CustSpaceId":          "the channel; ListInstance lists them",
		"BusinessNumber":       "the number that the groups belong to, digits with the country code; QueryChatappPhoneNumbers lists them",
		"GroupId":              "from ListChatGroup, at most 255 characters",
		"ChannelType":          "whatsapp, in any case; nothing else is served",
		"OwnerId":              "the caller's own account or nothing",
		"ResourceOwnerId":      "the caller's own account or nothing",
		"ResourceOwnerAccount": "ignored",
	}
}

// resultOf describes Result.
func resultOf(about string) []rpc.Field {
	return []rpc.Field{{Name: "Result", Type: "number", About: about}}
}

// groupErrors are the codes of operations on a group, with more of one.
func groupErrors(more ...string) []string {
	return append([]string{"InvalidParameter.GroupNotExist", "InvalidParameter.GroupIdInvalid"}, more...)
}

// changeErrors are the codes of changes of a group.
var changeErrors = []string{"ChatGroup.Suspended", "ChatGroup.NotActive", "ChatGroup.UpstreamError", "ChatGroup.OperationPending"}
