package cams

import (
	"context"

	"github.com/rollcall-im/rollcall/internal/rpc"
)

// updateInstance changes what a channel is called and how it is described. Source: api-cams-2020-06-06-updateinstance.
func (s *service) updateInstance() rpc.Operation {
	op := operation("UpdateInstance", rpc.AccessUpdate, s.runUpdateInstance,
		append(required("InstanceId", "InstanceName"), optional(instanceTextNames()...)...)...)
	op.Resource = instanceResource
	op.Doc = rpc.Doc{
		Summary: "Changes the name of a channel and those texts that are sent; an empty one clears what was there. What is left out stays.",
		Parameters: instanceParameters(map[string]string{
			"InstanceId":   "The id of the channel, from ListInstance.",
			"InstanceName": "What people shall call it, 1 to 128 characters.",
		}),
		Errors: []string{"Unknown.ResourceOwnerId", "InvalidParameter.InstanceInvalid"},
	}
	return op
}

func (s *service) runUpdateInstance(ctx context.Context, c *rpc.Call) (rpc.Answer, error) {
	if err := checkOwner(c); err != nil {
		return rpc.Answer{}, err
	}
	name, err := readInstanceName(c)
	if err != nil {
		return rpc.Answer{}, err
	}
	edit, err := readInstanceTexts(c)
	if err != nil {
		return rpc.Answer{}, err
	}
	id, err := s.gateway.UpdateInstance(ctx, c.Caller, c.Params.Text("InstanceId"), name, edit)
	return rpc.Answer{OperationID: id}, err
}
