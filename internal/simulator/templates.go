package simulator

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/rollcall-im/rollcall/internal/graph"
)

// Template is an approved template of the network.
type Template struct {
	Name      string
	Languages []string
	Text      string   // with {{variable}} in the place of each variable
	Variables []string // in the order of the text; names, or 1, 2 and so on
	Invites   bool     // its one variable takes the id of a group, and shows the group's invite link
	Secret    bool     // for authentication, and not to be sent to groups
}

// templatePart is a template message as the Graph API takes it. Source: Meta, Cloud API, template messages.
type templatePart struct {
	Name     string `json:"name"`
	Language struct {
		Code string `json:"code"`
	} `json:"language"`
	Components []struct {
		Type       string              `json:"type"`
		Parameters []templateParameter `json:"parameters"`
	} `json:"components"`
}

type templateParameter struct {
	Type    string `json:"type"`
	Name    string `json:"parameter_name"`
	Text    string `json:"text"`
	GroupID string `json:"group_id"`
}

func checkTemplate(part json.RawMessage) error {
	var p templatePart
	if err := shape(part, &p); err != nil {
		return err
	}
	if p.Name == "" || p.Language.Code == "" {
		return errors.New("name and language.code are needed")
	}
	return nil
}

// render gives the text that people see of a template.
func (s *Simulator) render(part json.RawMessage, toGroup bool) (string, error) {
	var p templatePart
	if err := shape(part, &p); err != nil {
		return "", fail(graph.CodeParameterValue, err.Error())
	}
	at := slices.IndexFunc(s.config.Templates, func(t Template) bool { return t.Name == p.Name && slices.Contains(t.Languages, p.Language.Code) })
	if at < 0 {
		return "", fail(graph.CodeTemplateUnknown, "Template "+p.Name+" does not exist in "+p.Language.Code+".")
	}
	t := &s.config.Templates[at]
	if toGroup && (t.Secret || t.Invites) {
		return "", fail(graph.CodeUnsupportedType, "Such a template is not carried to groups.")
	}
	var given []templateParameter
	for _, c := range p.Components {
		if strings.EqualFold(c.Type, "body") {
			given = append(given, c.Parameters...)
		}
	}
	if len(given) != len(t.Variables) {
		return "", fail(graph.CodeTemplateParameters, "The template has "+strconv.Itoa(len(t.Variables))+" variables.")
	}
	text := t.Text
	for i, variable := range t.Variables {
		value, ok := s.valueOf(t, given, i)
		if !ok {
			return "", fail(graph.CodeParameterMissing, "The variable "+variable+" has no value.")
		}
		text = strings.ReplaceAll(text, "{{"+variable+"}}", value)
	}
	return text, nil
}

// valueOf gives what stands in the place of a variable: the parameter of its name, or else the one at its place.
func (s *Simulator) valueOf(t *Template, given []templateParameter, i int) (string, bool) {
	if t.Invites {
		g := s.findGroup(given[i].GroupID)
		if g == nil || given[i].Type != "group_id" {
			return "", false
		}
		g.mu.Lock()
		defer g.mu.Unlock()
		return linkPrefix + g.link, g.link != ""
	}
	if at := slices.IndexFunc(given, func(p templateParameter) bool { return p.Name == t.Variables[i] }); at >= 0 {
		i = at
	} else if given[i].Name != "" {
		return "", false
	}
	return given[i].Text, given[i].Type == "text" && given[i].Text != ""
}
