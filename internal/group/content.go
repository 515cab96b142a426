package group

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// What the network allows of a message. Source: Meta, Cloud API, messages reference; Groups API, group messaging page. Bounds that it does
// not publish are ours.
const (
	Window               = 24 * time.Hour // since somebody wrote, in which anything but a template may be sent to them
	MaxPinDays           = 30
	MaxCaption           = 1024 // characters
	MaxFileName          = 240  // characters
	MaxLink              = 2048 // characters
	MaxEmoji             = 32   // bytes
	MaxPlaceText         = 1000 // characters of a name or an address
	MaxReference         = 255  // characters of a message's id
	MaxTaskID            = 255  // characters
	MaxTemplateName      = 512  // characters
	MaxLanguage          = 16   // characters
	MaxTemplateVariables = 64
	MaxTemplateValue     = 1024 // characters
	MaxButtons           = 10
	MaxButtonPayload     = 256      // characters
	MaxObject            = 32 << 10 // bytes of contacts, of an interactive object, and of all values of a template: lists give them again
)

// Check refuses a message that the network would refuse, to a group or to one person.
func (c *Content) Check(toGroup bool) error {
	if len(c.ContextID) > MaxReference || len(c.MessageID) > MaxReference {
		return Errorf(CodeMessageUnknown, "The id of a message has at most %d characters.", MaxReference)
	}
	switch c.Kind {
	case MessageText, "":
		return CheckText(c.Text)
	case MessageImage, MessageVideo, MessageAudio, MessageDocument, MessageSticker:
		return c.checkFile()
	case MessageLocation:
		return c.Place.check()
	case MessageContacts:
		return checkContacts(c.Contacts)
	case MessageReaction:
		return c.checkReaction()
	case MessageInteractive:
		if toGroup {
			return Errorf(CodeBadKind, "Messages with buttons and lists cannot be sent to groups; send a text or a template.")
		}
		return checkInteractive(c.Interact)
	case MessagePin:
		return c.checkPin(toGroup)
	case MessageTemplate:
		return c.Template.check()
	}
	return Errorf(CodeBadKind, "Messages of this type cannot be sent.")
}

func (c *Content) checkFile() error {
	u, err := url.Parse(c.Link)
	switch {
	case len(c.Link) > MaxLink || err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return Errorf(CodeBadMessage, "The link must be an http or https address of at most %d characters, from which the network can fetch the file.", MaxLink)
	case !utf8.ValidString(c.Caption) || utf8.RuneCountInString(c.Caption) > MaxCaption:
		return Errorf(CodeBadMessage, "The caption is longer than %d characters; shorten it.", MaxCaption)
	case !utf8.ValidString(c.FileName) || utf8.RuneCountInString(c.FileName) > MaxFileName || hasControl(c.FileName, ""):
		return Errorf(CodeBadMessage, "The name of the file must have at most %d characters and no control characters.", MaxFileName)
	}
	return nil
}

func (p *Place) check() error {
	switch {
	case p == nil:
		return Errorf(CodeBadMessage, "The location is missing.")
	case !(p.Latitude >= -90 && p.Latitude <= 90) || !(p.Longitude >= -180 && p.Longitude <= 180):
		return Errorf(CodeBadMessage, "The latitude must be from -90 to 90 and the longitude from -180 to 180, in degrees.")
	case utf8.RuneCountInString(p.Name) > MaxPlaceText || utf8.RuneCountInString(p.Address) > MaxPlaceText:
		return Errorf(CodeBadMessage, "Name and address of a location have at most %d characters.", MaxPlaceText)
	}
	return nil
}

func checkContacts(list json.RawMessage) error {
	if len(list) > MaxObject {
		return Errorf(CodeBadMessage, "Contacts have at most %d bytes; send fewer at once.", MaxObject)
	}
	var cards []struct {
		Name struct {
			Formatted string `json:"formatted_name"`
		} `json:"name"`
	}
	if err := json.Unmarshal(list, &cards); err != nil || len(cards) == 0 {
		return Errorf(CodeBadMessage, `Contacts must be a list of contacts, for example [{"name":{"formatted_name":"Ann"},"phones":[{"phone":"+8613900000001"}]}].`)
	}
	for _, c := range cards {
		if strings.TrimSpace(c.Name.Formatted) == "" {
			return Errorf(CodeBadMessage, "Each contact must have a name with a formatted_name.")
		}
	}
	return nil
}

func (c *Content) checkReaction() error {
	switch {
	case c.MessageID == "":
		return Errorf(CodeBadMessage, "A reaction must name the message that it is about, by messageId.")
	case len(c.Emoji) > MaxEmoji || !utf8.ValidString(c.Emoji):
		return Errorf(CodeBadMessage, "A reaction holds a single emoji, or none to take back the one before.")
	}
	return nil
}

func checkInteractive(object json.RawMessage) error {
	if len(object) > MaxObject {
		return Errorf(CodeBadMessage, "An interactive message has at most %d bytes.", MaxObject)
	}
	var o struct {
		Type   string          `json:"type"`
		Action json.RawMessage `json:"action"`
	}
	if err := json.Unmarshal(object, &o); err != nil || o.Type == "" || len(o.Action) == 0 || o.Action[0] != '{' {
		return Errorf(CodeBadMessage, "An interactive message must be an object with a type and an action.")
	}
	return nil
}

func (c *Content) checkPin(toGroup bool) error {
	switch {
	case !toGroup:
		return Errorf(CodeBadKind, "Only messages of a group can be pinned; set RecipientType to group.")
	case c.Pin == nil || c.MessageID == "":
		return Errorf(CodeBadMessage, "A pin must say whether to pin or unpin, and name the message by messageId.")
	case !c.Pin.Unpin && (c.Pin.Days < 1 || c.Pin.Days > MaxPinDays):
		return Errorf(CodeBadMessage, "A message is pinned for 1 to %d days.", MaxPinDays)
	}
	return nil
}

// CheckWindow refuses what may only be sent to somebody who has written not long ago.
func (c *Conversation) CheckWindow(now time.Time) error {
	if c.WroteAt.IsZero() {
		return Errorf(CodeWindowClosed, "This person has never written to the business number; only a template can be sent (Type template).")
	}
	if !now.Before(c.WroteAt.Add(Window)) {
		return Errorf(CodeWindowClosed, "This person has not written for 24 hours; only a template can be sent (Type template).")
	}
	return nil
}

// check refuses parameters that no template can have.
func (u *TemplateUse) check() error {
	if u == nil || u.Name == "" {
		return Errorf(CodeTemplateUnknown, "The template is not named.")
	}
	if utf8.RuneCountInString(u.Name) > MaxTemplateName || utf8.RuneCountInString(u.Language) > MaxLanguage {
		return Errorf(CodeTemplateUnknown, "There is no template with so long a name or language.")
	}
	if len(u.Parameters) > MaxTemplateVariables || len(u.Payload) > MaxButtons {
		return Errorf(CodeTemplateParams, "A template has at most %d variables and %d buttons.", MaxTemplateVariables, MaxButtons)
	}
	if err := u.checkValues(); err != nil {
		return err
	}
	if _, ok := u.InPlace(); !ok {
		return Errorf(CodeTemplateParams, "Parameters that are named by their places must be 1, 2 and so on, without gaps.")
	}
	return nil
}

// checkValues refuses values that are too long, each or all together.
func (u *TemplateUse) checkValues() error {
	all := 0
	for name, value := range u.Parameters {
		all += len(name) + len(value)
		if name == "" || value == "" || !utf8.ValidString(value) || utf8.RuneCountInString(value) > MaxTemplateValue {
			return Errorf(CodeTemplateParams, "Each template parameter must have a name and a value of 1 to %d characters.", MaxTemplateValue)
		}
	}
	for _, p := range u.Payload {
		if utf8.RuneCountInString(p) > MaxButtonPayload {
			return Errorf(CodeTemplateParams, "The payload of a button has at most %d characters.", MaxButtonPayload)
		}
	}
	if all > MaxObject {
		return Errorf(CodeTemplateParams, "The parameters of a template have at most %d bytes together.", MaxObject)
	}
	return nil
}

// InPlace gives the parameters in their order if they are named by their places, 1, 2 and so on. ok is false when some are named so
// and the others are missing.
func (u *TemplateUse) InPlace() (values []string, ok bool) {
	for i := range len(u.Parameters) {
		value, there := u.Parameters[strconv.Itoa(i+1)]
		if !there {
			return nil, i == 0 && !u.numbered()
		}
		values = append(values, value)
	}
	return values, true
}

// numbered tells whether a parameter is named by a number.
func (u *TemplateUse) numbered() bool {
	for name := range u.Parameters {
		if strings.Trim(name, "0123456789") == "" {
			return true
		}
	}
	return false
}
