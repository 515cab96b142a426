package cams

import (
	"strings"
	"time"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/rpc"
)

// region is where the product is: its only one in the official endpoint list. Policies that name a region have to name this.
const region = "ap-southeast-1"

// channelType is what channels are of. Instances are told it in lower case, groups in upper case.
const channelType = "whatsapp"

// instanceResource is what an operation on one instance is authorised against. Source: "Fine-grained resource control using resource
// groups" of the product's documentation.
func instanceResource(who *gateway.Principal, p rpc.Params) []string {
	id := p.Text("InstanceId")
	if id == "" {
		id = "*"
	}
	return []string{"acs:cams:" + region + ":" + string(who.AccountID) + ":instance/" + id}
}

// allInstances is what CreateInstance and ListInstance are authorised against.
func allInstances(who *gateway.Principal, _ rpc.Params) []string { return instanceResource(who, nil) }

// instanceTexts are the members of an instance's profile.
var instanceTexts = []struct {
	name  string
	about string
	of    func(*group.ChannelProfile) *string
}{
	{"ContactMail", "An address for questions.", func(p *group.ChannelProfile) *string { return &p.ContactMail }},
	{"CountryId", "The country of the business.", func(p *group.ChannelProfile) *string { return &p.CountryID }},
	{"FacebookBmId", "The id of the business portfolio at Meta.", func(p *group.ChannelProfile) *string { return &p.FacebookBMID }},
	{"InstanceDescription", "What the channel is for.", func(p *group.ChannelProfile) *string { return &p.Description }},
	{"IsvTerms", "The name of the file with the terms between a reseller and its customer.", func(p *group.ChannelProfile) *string { return &p.ISVTerms }},
	{"OfficeAddress", "The address of the business.", func(p *group.ChannelProfile) *string { return &p.OfficeAddress }},
	{"ResourceGroupId", "The id of a resource group. It is kept and gives no rights.", func(p *group.ChannelProfile) *string { return &p.ResourceGroupID }},
}

func instanceTextNames() []string {
	names := make([]string, 0, len(instanceTexts))
	for _, t := range instanceTexts {
		names = append(names, t.name)
	}
	return names
}

// instanceParameters says what the texts of a profile are, for the reference, with others put in.
func instanceParameters(more map[string]string) map[string]string {
	for _, t := range instanceTexts {
		more[t.name] = t.about + " Kept and given back; at most 1024 characters."
	}
	return more
}

func instanceFields(prefix string) []rpc.Field {
	fields := []rpc.Field{
		{Name: prefix + "InstanceId", Type: "string", About: "The id of the channel, the same as its CustSpaceId."},
		{Name: prefix + "InstanceName", Type: "string", About: "What people call it."},
		{Name: prefix + "ChannelType", Type: "string", About: "`whatsapp`."},
		{Name: prefix + "SubmitTime", Type: "string", About: "When it was made, UTC, as `2023-12-12 00:00:00`."},
		{Name: prefix + "ResourceRegionId", Type: "string", About: "`ap-southeast-1`."},
	}
	for _, t := range instanceTexts {
		fields = append(fields, rpc.Field{Name: prefix + t.name, Type: "string", About: t.about})
	}
	return fields
}

// readInstanceName reads what people call a channel.
func readInstanceName(c *rpc.Call) (string, error) {
	name := c.Params.Text("InstanceName")
	if strings.TrimSpace(name) == "" {
		return "", group.Errorf(group.CodeBadChannel, "InstanceName is blank; give what people shall call the channel.")
	}
	return name, group.CheckChannelText("InstanceName", name, group.MaxChannelName)
}

// readInstanceTexts gives an edit that puts those texts of a profile in which were sent.
func readInstanceTexts(c *rpc.Call) (func(*group.ChannelProfile), error) {
	for _, t := range instanceTexts {
		if err := group.CheckChannelText(t.name, c.Params.Text(t.name), group.MaxChannelText); err != nil {
			return nil, err
		}
	}
	return func(p *group.ChannelProfile) {
		for _, t := range instanceTexts {
			if text, ok := c.Params.Lookup(t.name); ok {
				*t.of(p) = text
			}
		}
	}, nil
}

// submitTime writes a time as the product does.
func submitTime(t time.Time) string { return t.UTC().Format(time.DateTime) }

// writeInstance writes the members that a channel has wherever it is shown.
func writeInstance(w *rpc.Writer, ch *group.Channel) {
	w.Text("InstanceId", ch.SpaceID)
	w.Text("InstanceName", ch.Name)
	w.Text("ChannelType", channelType)
	w.Text("SubmitTime", submitTime(ch.CreatedAt))
	w.Text("ResourceRegionId", region)
	for _, t := range instanceTexts {
		w.Text(t.name, *t.of(&ch.Profile))
	}
}
