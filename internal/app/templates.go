package app

import (
	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/simulator"
)

// demoTemplates are the approved templates of a development server. Those of a production server are at the network, which alone knows them.
var demoTemplates = group.Templates{
	{Code: "1000000000000000001", Name: "hello_world", Languages: []string{"en", "en_US", "zh_CN"}, Category: group.CategoryUtility,
		Text: "Hello World"},
	{Code: "1000000000000000002", Name: "greeting", Languages: []string{"en", "zh_CN"}, Category: group.CategoryMarketing,
		Text: "Hello {{name}}, welcome.", Variables: []string{"name"}},
	{Code: "1000000000000000003", Name: "order_update", Languages: []string{"en", "zh_CN"}, Category: group.CategoryUtility,
		Text: "Order {{1}} is {{2}}.", Variables: []string{"1", "2"}, Buttons: 2},
	{Code: "1000000000000000004", Name: "verify_code", Languages: []string{"en", "zh_CN"}, Category: group.CategoryAuthentication,
		Text: "{{1}} is your verification code.", Variables: []string{"1"}},
	{Code: "1000000000000000005", Name: "group_invite_link", Languages: []string{"en", "zh_CN"}, Category: group.CategoryUtility,
		Text: "You are invited to a group: {{group_id}}", Variables: []string{group.GroupIDVariable}},
}

// known is what is known of the network without asking it.
func (p *Program) known() gateway.Known {
	if p.cfg.Simulator == nil {
		return gateway.Known{}
	}
	return gateway.Known{Templates: demoTemplates}
}

// networkTemplates gives the templates to the simulated network.
func networkTemplates() []simulator.Template {
	list := make([]simulator.Template, 0, len(demoTemplates))
	for _, t := range demoTemplates {
		list = append(list, simulator.Template{Name: t.Name, Languages: t.Languages, Text: t.Text, Variables: t.Variables,
			Invites: len(t.Variables) == 1 && t.Variables[0] == group.GroupIDVariable, Secret: t.Category == group.CategoryAuthentication})
	}
	return list
}
