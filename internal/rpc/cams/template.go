package cams

import (
	"encoding/json"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/rpc"
)

// readTemplate reads which template is to be sent, and in which language.
func readTemplate(c *rpc.Call) (*group.TemplateUse, error) {
	u := &group.TemplateUse{Code: c.Params.Text("TemplateCode"), Name: c.Params.Text("TemplateName"), Language: c.Params.Text("Language")}
	switch {
	case u.Code == "" && u.Name == "":
		return nil, group.Errorf(rpc.CodeTemplateEmpty, "TemplateCode is missing; give the code of an approved template, or its name in TemplateName.")
	case u.Language == "":
		return nil, group.Errorf(rpc.CodeLanguageEmpty, "Language is missing; give the language that the template is approved in, for example en.")
	}
	return u, nil
}

// readTemplateParams reads what stands in the place of the variables, and the payloads of the buttons.
func readTemplateParams(c *rpc.Call, u *group.TemplateUse) error {
	raw, _, err := c.Params.JSON("TemplateParams")
	if err == nil {
		u.Parameters, err = templateParams(raw)
	}
	if err != nil {
		return group.Errorf(group.CodeTemplateParams, `TemplateParams cannot be read: %s; send it as JSON, for example {"name":"Ann"}.`, err)
	}
	if u.Payload, _, err = c.Params.Texts("Payload"); err != nil {
		return group.Errorf(group.CodeTemplateParams, `Payload cannot be read: %s; send it as JSON, for example ["yes","no"].`, err)
	}
	return nil
}

// templateParams reads an object of scalars, or a text that holds one.
func templateParams(raw json.RawMessage) (map[string]string, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return nil, nil
	}
	if raw[0] == '"' {
		var text string
		if err := json.Unmarshal(raw, &text); err != nil || text == "" {
			return nil, err
		}
		raw = json.RawMessage(text)
		if err := rpc.CheckJSON(text); err != nil {
			return nil, err
		}
	}
	var in map[string]loose
	if err := json.Unmarshal(raw, &in); err != nil {
		return nil, errNotMap
	}
	out := make(map[string]string, len(in))
	for name, value := range in {
		out[name] = string(value)
	}
	return out, nil
}

var errNotMap = group.Errorf(group.CodeTemplateParams, "it must be an object of texts")
