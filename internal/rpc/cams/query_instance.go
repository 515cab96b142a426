package cams

import (
	"context"

	"github.com/rollcall-im/rollcall/internal/rpc"
)

// queryInstance shows one channel. Source: api-cams-2020-06-06-queryinstance.
func (s *service) queryInstance() rpc.Operation {
	op := operation("QueryInstance", rpc.AccessGet, s.runQueryInstance, required("InstanceId")...)
	op.Resource = instanceResource
	op.Doc = rpc.Doc{
		Summary:    "Shows one channel of the account.",
		Parameters: map[string]string{"InstanceId": "The id of the channel, from ListInstance."},
		Answer: append(instanceFields("Data."),
			rpc.Field{Name: "Data.CustType", Type: "string", About: "`01`: the channel is the account's own, not a customer's of a reseller."}),
		Errors: []string{"Unknown.ResourceOwnerId"},
	}
	return op
}

func (s *service) runQueryInstance(ctx context.Context, c *rpc.Call) (rpc.Answer, error) {
	if err := checkOwner(c); err != nil {
		return rpc.Answer{}, err
	}
	ch, err := s.gateway.Instance(ctx, c.Caller, c.Params.Text("InstanceId"))
	if err != nil {
		return rpc.Answer{}, err
	}
	return rpc.Answer{Members: func(w *rpc.Writer) {
		w.Object("Data", func() {
			writeInstance(w, &ch)
			w.Text("CustType", "01")
		})
	}}, nil
}
