package cams

import (
	"context"
	"errors"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/rpc"
)

// deleteChatGroupParticipants takes people out of a group. The schema has List as optional, but a deleting call without a
// target is a mistake, and nothing is done.
func (s *service) deleteChatGroupParticipants() rpc.Operation {
	op := groupOperation("DeleteChatGroupParticipants", rpc.AccessDelete, s.runDeleteChatGroupParticipants, onGroup(optional("List")...)...)
	op.Doc = rpc.Doc{
		Summary: "Takes people out of a group. OK means that the network has confirmed that all of them are out; the network bars them from coming " +
			"back to this group, and nothing lifts that.",
		Parameters: map[string]string{
			"List": `in fact required: without anybody the call is refused (InvalidParameter.ListInvalid). 1 to 100 people, [{"ParticipantNumber":"8613800000001"}, …]; somebody named twice counts once, and who is not in the group counts as out`,
		},
		Answer: resultOf("how many this call took out"),
		Errors: append(groupErrors("InvalidParameter.ListInvalid", "ChatGroup.PartialFailure"), changeErrors...),
	}
	return op
}

func (s *service) runDeleteChatGroupParticipants(ctx context.Context, c *rpc.Call) (rpc.Answer, error) {
	t, people, err := ReadRemoval(c)
	if err != nil {
		return rpc.Answer{}, err
	}
	ch, err := s.gateway.RemoveParticipants(ctx, c.Caller, t, people)
	if err != nil {
		return rpc.Answer{}, err
	}
	return removal(&ch, len(people)), nil
}

// ReadRemoval reads whom a call wants out of which group: distinct numbers, in the order sent. It is all that is read of a
// removal before the gateway has the word.
func ReadRemoval(c *rpc.Call) (gateway.Target, []group.Number, error) {
	t, err := target(c)
	if err != nil {
		return t, nil, err
	}
	people, err := readPeople(c)
	return t, people, err
}

// readPeople reads List: distinct numbers, in the order sent.
func readPeople(c *rpc.Call) ([]group.Number, error) {
	list, _, err := c.Params.List("List")
	switch {
	case errors.Is(err, rpc.ErrManyEntries):
		return nil, errManyPeople()
	case err != nil:
		return nil, group.Errorf(group.CodeBadList,
			`List cannot be read: %s; send it as JSON, for example [{"ParticipantNumber":"8613800000001"}].`, err)
	case len(list) == 0:
		return nil, group.Errorf(group.CodeBadList, "List is absent or empty; name at least one participant to remove.")
	}
	numbers := make([]group.Number, 0, len(list))
	for i, entry := range list {
		member := entry.Member("ParticipantNumber")
		if member.Value == "" {
			return nil, group.Errorf(group.CodeBadList, "Entry %d of List has no ParticipantNumber.", i+1)
		}
		n, err := readMember(member)
		if err != nil {
			return nil, err
		}
		numbers = append(numbers, n)
	}
	numbers = group.Distinct(numbers)
	if len(numbers) > group.MaxPeoplePerCall {
		return nil, errManyPeople()
	}
	return numbers, nil
}

func errManyPeople() error {
	return group.Errorf(group.CodeBadList, "List is too long; at most %d people can be removed in one call.", group.MaxPeoplePerCall)
}
