package cams

import (
	"context"
	"strconv"
	"strings"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/rpc"
)

// createInstance makes a channel. Source: api-cams-2020-06-06-createinstance.
func (s *service) createInstance() rpc.Operation {
	op := operation("CreateInstance", rpc.AccessCreate, s.runCreateInstance,
		append(required("ChannelType", "InstanceName"), optional(append(instanceTextNames(), "IsConfirmAudit")...)...)...)
	op.Resource = allInstances
	op.Doc = rpc.Doc{
		Summary: "Makes a channel, which all other operations name by its id. On a development server it comes with a simulated WhatsApp business " +
			"account and a number that works at once; QueryChatappPhoneNumbers shows the number. On a production server it begins unbound: see ChatappBindWaba.",
		Parameters: instanceParameters(map[string]string{
			"ChannelType":    "`whatsapp`, in any case.",
			"InstanceName":   "What people call the channel, 1 to 128 characters. Names need not differ.",
			"IsConfirmAudit": "Accepted and without effect: nothing is audited here.",
		}),
		Answer: []rpc.Field{
			{Name: "Data.InstanceId", Type: "string", About: "The id of the channel, the same as its CustSpaceId."},
			{Name: "Data.InstanceName", Type: "integer", About: "The name, if it is a whole number: the documented type holds no other. Else it is left out."},
			{Name: "Data.ChannelType", Type: "string", About: "`whatsapp`."},
			{Name: "Data.InstanceDescription", Type: "string", About: "What the channel is for."},
			{Name: "Data.ResourceRegionId", Type: "string", About: "`ap-southeast-1`."},
			{Name: "Data.SubmitTime", Type: "string", About: "When it was made, UTC, as `2023-12-12 00:00:00`."},
		},
		Errors: []string{"InvalidParameter.ChannelTypeNotSupport", "InvalidParameter.InstanceInvalid", "Instance.LimitExceeded", "ChatGroup.UpstreamError"},
	}
	return op
}

func (s *service) runCreateInstance(ctx context.Context, c *rpc.Call) (rpc.Answer, error) {
	if err := checkOwner(c); err != nil {
		return rpc.Answer{}, err
	}
	if !strings.EqualFold(c.Params.Text("ChannelType"), channelType) {
		return rpc.Answer{}, group.Errorf(rpc.CodeBadChannelType, "ChannelType must be whatsapp: this server has no other channels.")
	}
	name, err := readInstanceName(c)
	if err != nil {
		return rpc.Answer{}, err
	}
	edit, err := readInstanceTexts(c)
	if err != nil {
		return rpc.Answer{}, err
	}
	var profile group.ChannelProfile
	edit(&profile)
	made, err := s.gateway.CreateInstance(ctx, c.Caller, name, &profile)
	if err != nil {
		return rpc.Answer{}, err
	}
	return rpc.Answer{OperationID: made.OperationID, Members: func(w *rpc.Writer) {
		w.Object("Data", func() {
			ch := &made.Channel
			w.Text("InstanceId", ch.SpaceID)
			if n, err := strconv.ParseInt(ch.Name, 10, 64); err == nil && strconv.FormatInt(n, 10) == ch.Name {
				w.Number("InstanceName", n)
			}
			w.Text("ChannelType", channelType)
			w.Text("InstanceDescription", ch.Profile.Description)
			w.Text("ResourceRegionId", region)
			w.Text("SubmitTime", submitTime(ch.CreatedAt))
		})
	}}, nil
}
