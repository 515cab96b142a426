package group

import (
	"strings"
	"unicode/utf8"
)

// What the network allows (Meta, WhatsApp Groups API: overview, reference and error-code pages), and our own bound on a call.
const (
	MaxParticipants      = 8     // besides the business number
	MaxGroupsPerNumber   = 10000 // of one business number
	MaxSubject           = 128   // characters
	MaxDescription       = 2048  // characters
	MaxPeoplePerCommand  = 8     // people in one removal sent to the network
	MaxPeoplePerCall     = 100   // distinct people in one call
	MaxPictureBytes      = 5 << 20
	MinPicturePixels     = 192
	MaxMessageCharacters = 4096
)

// CheckSubject trims a subject and refuses one that the network would refuse.
func CheckSubject(s string) (string, error) {
	s = strings.TrimSpace(s)
	switch {
	case s == "":
		return "", Errorf(CodeBadSubject, "Subject must not be empty; give 1 to %d characters.", MaxSubject)
	case !utf8.ValidString(s) || hasControl(s, ""):
		return "", Errorf(CodeBadSubject, "Subject must be plain text without control characters.")
	case utf8.RuneCountInString(s) > MaxSubject:
		return "", Errorf(CodeBadSubject, "Subject is longer than %d characters; shorten it.", MaxSubject)
	}
	return s, nil
}

// CheckDescription refuses a description that the network would refuse. An empty one is legal and clears it.
func CheckDescription(s string) (string, error) {
	switch {
	case !utf8.ValidString(s) || hasControl(s, "\n\r\t"):
		return "", Errorf(CodeBadDescription, "Description must be plain text without control characters.")
	case utf8.RuneCountInString(s) > MaxDescription:
		return "", Errorf(CodeBadDescription, "Description is longer than %d characters; shorten it.", MaxDescription)
	}
	return s, nil
}

// CheckText refuses a message text that the network would refuse.
func CheckText(s string) error {
	switch {
	case strings.TrimSpace(s) == "":
		return Errorf(CodeBadMessage, "The text of the message is empty.")
	case !utf8.ValidString(s):
		return Errorf(CodeBadMessage, "The text of the message is not valid UTF-8.")
	case utf8.RuneCountInString(s) > MaxMessageCharacters:
		return Errorf(CodeBadMessage, "The text of the message is longer than %d characters; shorten it.", MaxMessageCharacters)
	}
	return nil
}

func hasControl(s, allowed string) bool {
	return strings.ContainsFunc(s, func(r rune) bool {
		return (r < 0x20 || r == 0x7f) && !strings.ContainsRune(allowed, r)
	})
}
