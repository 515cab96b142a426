package cams

import (
	"context"
	"math"
	"strings"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/rpc"
)

// defaultPageSize is how many instances a page has when nothing is said. No document says how many.
const defaultPageSize = 10

// listInstance lists channels. Its paging is flat, unlike that of groups. Source: api-cams-2020-06-06-listinstance.
func (s *service) listInstance() rpc.Operation {
	op := operation("ListInstance", rpc.AccessList, s.runListInstance,
		optional("ChannelType", "FilterStr", "InstanceId", "InstanceName", "PageIndex", "PageSize", "ResourceGroupId", "SubmitTime", "BindId", "IsBind")...)
	op.Resource = allInstances
	op.Doc = rpc.Doc{
		Summary: "Lists the channels of the account, newest first.",
		Parameters: map[string]string{
			"ChannelType": "Only channels of this type, in any case. All there are here are `whatsapp`.",
			"FilterStr":   "Only channels whose name or id has this text in it, in any case.",
			"InstanceId":  "Only the channel with this id.", "InstanceName": "Only channels of just this name.",
			"PageIndex": "Which page, from 1; 1 when left out.", "PageSize": "How many a page has, 1 to 100; 10 when left out.",
			"ResourceGroupId": "Only channels with this resource group.",
			"SubmitTime":      "Only channels made then, UTC: a whole time as `2023-12-12 00:00:00`, or the beginning of one, as a day.",
			"BindId":          "Only the channel that is bound to this WhatsApp business account.",
			"IsBind":          "`true`: only channels that are bound to an account; `false`: only those that are not.",
		},
		Answer: append(append([]rpc.Field{{Name: "TotalCount", Type: "integer", About: "How many channels there are on all pages. It stands beside Data."}},
			instanceFields("Data[].")...),
			rpc.Field{Name: "Data[].CustSpaceId", Type: "string", About: "The same as InstanceId."},
			rpc.Field{Name: "Data[].State", Type: "string", About: "`published`."}),
		Errors: []string{"InvalidParameter.PageInvalid"},
	}
	return op
}

func (s *service) runListInstance(ctx context.Context, c *rpc.Call) (rpc.Answer, error) {
	if err := checkOwner(c); err != nil {
		return rpc.Answer{}, err
	}
	index, err := readFlat(c, "PageIndex", 1, math.MaxInt32)
	if err != nil {
		return rpc.Answer{}, err
	}
	size, err := readFlat(c, "PageSize", defaultPageSize, maxPageSize)
	if err != nil {
		return rpc.Answer{}, err
	}
	wanted, err := readInstanceFilter(c)
	if err != nil {
		return rpc.Answer{}, err
	}
	rows, total, err := s.gateway.ListInstances(ctx, c.Caller, gateway.InstanceList{Wanted: wanted, Index: index, Size: size})
	if err != nil {
		return rpc.Answer{}, err
	}
	return rpc.Answer{Members: func(w *rpc.Writer) {
		w.Number("TotalCount", int64(total))
		w.List("Data", len(rows), func(i int) {
			writeInstance(w, &rows[i])
			w.Text("CustSpaceId", rows[i].SpaceID)
			w.Text("State", "published")
		})
	}}, nil
}

// readFlat reads a whole number of a flat page, from 1. A number beyond every list gives an empty page; a size must be in its range.
func readFlat(c *rpc.Call, name string, without int64, most int64) (int, error) {
	n, sent, err := c.Params.Integer(name)
	switch {
	case err != nil:
		return 0, group.Errorf(rpc.CodeBadPage, "%s is not a whole number; send PageIndex from 1 and PageSize from 1 to %d.", name, maxPageSize)
	case !sent:
		return int(without), nil
	case n < 1 || n > most && name == "PageSize":
		return 0, group.Errorf(rpc.CodeBadPage, "%s is out of range; send PageIndex from 1 and PageSize from 1 to %d.", name, maxPageSize)
	}
	return int(min(n, most)), nil
}

// readInstanceFilter gives a test of whether a channel is wanted.
func readInstanceFilter(c *rpc.Call) (func(*group.Channel) bool, error) {
	bound, boundSent := false, true
	switch strings.ToLower(c.Params.Text("IsBind")) {
	case "true":
		bound = true
	case "false":
	case "":
		boundSent = false
	default:
		return nil, rpc.Invalid("IsBind", "IsBind must be true or false.")
	}
	kind := c.Params.Text("ChannelType")
	part, submitted := strings.ToLower(c.Params.Text("FilterStr")), c.Params.Text("SubmitTime")
	return func(ch *group.Channel) bool {
		for _, pair := range [...][2]string{{c.Params.Text("InstanceId"), ch.SpaceID}, {c.Params.Text("InstanceName"), ch.Name},
			{c.Params.Text("ResourceGroupId"), ch.Profile.ResourceGroupID}, {c.Params.Text("BindId"), ch.WABA.ID}} {
			if pair[0] != "" && pair[0] != pair[1] {
				return false
			}
		}
		return (kind == "" || strings.EqualFold(kind, channelType)) && (!boundSent || bound == (ch.WABA.ID != "")) &&
			strings.HasPrefix(submitTime(ch.CreatedAt), submitted) &&
			(strings.Contains(strings.ToLower(ch.Name), part) || strings.Contains(strings.ToLower(ch.SpaceID), part))
	}, nil
}
