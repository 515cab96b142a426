package cams

import (
	"context"

	"github.com/rollcall-im/rollcall/internal/rpc"
)

// deleteInstance forgets a channel. Source: api-cams-2020-06-06-deleteinstance.
func (s *service) deleteInstance() rpc.Operation {
	op := operation("DeleteInstance", rpc.AccessDelete, s.runDeleteInstance, required("InstanceId")...)
	op.Resource = instanceResource
	op.Doc = rpc.Doc{
		Summary: "Forgets a channel for good: its numbers are unbound, their access tokens are erased, and its id is never valid again. It is refused " +
			"with Instance.InUse as long as the channel has a group that the network has or may have, because nobody could take people out of such " +
			"a group any more; delete the groups first. The record of what was done in the channel stays.",
		Parameters: map[string]string{"InstanceId": "The id of the channel, from ListInstance."},
		Errors:     []string{"Unknown.ResourceOwnerId", "Instance.InUse"},
	}
	return op
}

func (s *service) runDeleteInstance(ctx context.Context, c *rpc.Call) (rpc.Answer, error) {
	if err := checkOwner(c); err != nil {
		return rpc.Answer{}, err
	}
	id, err := s.gateway.DeleteInstance(ctx, c.Caller, c.Params.Text("InstanceId"))
	return rpc.Answer{OperationID: id}, err
}
