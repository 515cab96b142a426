package cams

import (
	"context"

	"github.com/rollcall-im/rollcall/internal/rpc"
)

// listChatGroupParticipants lists who is in a group as far as the network has said; without Page, all of them.
func (s *service) listChatGroupParticipants() rpc.Operation {
	return operation("ListChatGroupParticipants", rpc.AccessList, s.runListChatGroupParticipants, onGroup(optional("Page")...)...)
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
