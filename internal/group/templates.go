package group

import (
	"slices"
	"strings"
)

// Categories of templates.
const (
	CategoryMarketing      = "MARKETING"
	CategoryUtility        = "UTILITY"
	CategoryAuthentication = "AUTHENTICATION"
)

// GroupIDVariable is the variable in the place of which the network puts the invite link of a group; its value is the group's id.
// Source: Meta, Groups API, invite by template message.
const GroupIDVariable = "group_id"

// Template is an approved template.
type Template struct {
	Code      string
	Name      string
	Languages []string
	Category  string
	Text      string   // with {{variable}} in the place of each variable
	Variables []string // names, or places counted from 1, in the order of the text
	Buttons   int      // quick reply buttons, each of which may have a payload
}

// Invites gives the id of the group whose invite link a message carries, "" for none.
func (c *Content) Invites() string {
	if c.Kind != MessageTemplate || c.Template == nil {
		return ""
	}
	return c.Template.Parameters[GroupIDVariable]
}

// Templates are the templates that are known. Where none are, the network alone knows which there are.
type Templates []Template

// Complete fills in what a use of a template leaves out, and refuses one that is not known or whose parameters do not fit.
func (all Templates) Complete(u *TemplateUse) error {
	if len(all) == 0 {
		if u.Name == "" {
			u.Name = u.Code
		}
		return u.check()
	}
	at := slices.IndexFunc(all, func(t Template) bool {
		return u.Code != "" && t.Code == u.Code && (u.Name == "" || t.Name == u.Name) || u.Code == "" && t.Name == u.Name
	})
	if at < 0 {
		return Errorf(CodeTemplateUnknown, "There is no approved template with this TemplateCode or TemplateName.")
	}
	t := &all[at]
	u.Code, u.Name = t.Code, t.Name
	if !slices.Contains(t.Languages, u.Language) {
		return Errorf(CodeBadLanguage, "Template %s is approved in %s only.", t.Name, strings.Join(t.Languages, ", "))
	}
	if err := u.check(); err != nil {
		return err
	}
	return t.fits(u)
}

// fits refuses parameters that are not those of the template.
func (t *Template) fits(u *TemplateUse) error {
	for _, name := range t.Variables {
		if _, ok := u.Parameters[name]; !ok {
			return Errorf(CodeTemplateParams, "TemplateParams lacks %s; template %s has the variables %s.", name, t.Name, strings.Join(t.Variables, ", "))
		}
	}
	switch {
	case len(u.Parameters) > len(t.Variables):
		return Errorf(CodeTemplateParams, "TemplateParams holds more than the %d variables of template %s.", len(t.Variables), t.Name)
	case len(u.Payload) > t.Buttons:
		return Errorf(CodeTemplateParams, "Payload holds more than the %d buttons of template %s.", t.Buttons, t.Name)
	}
	return nil
}

// ForGroups tells whether a template may be sent to groups.
func (all Templates) ForGroups(u *TemplateUse) error {
	for _, t := range all {
		if t.Name == u.Name && t.Category == CategoryAuthentication {
			return Errorf(CodeBadKind, "Templates for authentication cannot be sent to groups.")
		}
	}
	if _, ok := u.Parameters[GroupIDVariable]; ok {
		return Errorf(CodeBadKind, "An invitation to a group can be sent to one person only; set RecipientType to individual.")
	}
	return nil
}
