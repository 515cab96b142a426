package cams

import (
	"context"

	"github.com/rollcall-im/rollcall/internal/rpc"
)

// listChatGroupParticipants lists who is in a group as far as the network has said; without Page, all of them.
func (s *service) listChatGroupParticipants() rpc.Operation {
	op := groupOperation("ListChatGroupParticipants", rpc.AccessList, s.runListChatGroupParticipants, onGroup(optional("Page")...)...)
	op.Doc = rpc.Doc{
		Summary:    "Lists who is in a group, without the business itself.",
		Parameters: map[string]string{"Page": `{"Index": from 1, "Size": 1 to 100}; without it all are given`},
		Answer: []rpc.Field{{Name: "Data.Total", Type: "number"},
			{Name: "Data.List[].ParticipantNumber", Type: "string", About: "digits with the country code"}},
		Errors: append(groupErrors(), "InvalidParameter.PageInvalid"),
	}
	return op
}

func (s *service) runListChatGroupParticipants(ctx context.Context, c *rpc.Call) (rpc.Answer, error) {
	t, err := target(c)
	if err != nil {
		return rpc.Answer{}, err
	}
	p, err := readPage(c, true)
	if err != nil {
		return rpc.Answer{}, err
	}
	people, total, err := s.gateway.ListParticipants(ctx, c.Caller, t, p.index, p.size)
	if err != nil {
		return rpc.Answer{}, err
	}
	return rpc.Answer{Members: func(w *rpc.Writer) {
		w.Object("Data", func() {
			w.Number("Total", int64(total))
			w.List("List", len(people), func(i int) { w.Text("ParticipantNumber", people[i].Number.String()) })
		})
	}}, nil
}
