package ram

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// TextRule is what RAM demands of a parameter that people write: a length in
// characters and, for names, which characters.
type TextRule struct {
	parameter string
	least     int
	most      int
	allowed   func(rune) bool // nil: any character
}

// The rules of RAM's parameters (RAM API reference; RAM, "Limits").
var (
	UserName    = TextRule{"UserName", 1, 64, alphanumericOr("._-")}
	GroupName   = TextRule{"GroupName", 1, 64, alphanumericOr("._-")}
	RoleName    = TextRule{"RoleName", 1, 64, alphanumericOr(".-")}
	PolicyName  = TextRule{"PolicyName", 1, 128, alphanumericOr("-")}
	DisplayName = TextRule{"DisplayName", 1, 128, letterOr("@._-")}
	Comments    = TextRule{"Comments", 0, 128, nil}
	Description = TextRule{"Description", 0, 1024, nil}
)

// For gives the same rule for a parameter of another name, e.g. NewUserName.
func (t TextRule) For(parameter string) TextRule {
	t.parameter = parameter
	return t
}

// Check tells whether text keeps the rule. The error is an *Error with the
// code InvalidParameter.<Parameter>.Length or .InvalidChars.
func (t TextRule) Check(text string) error {
	if n := utf8.RuneCountInString(text); n < t.least || n > t.most {
		return &Error{
			Code:    "InvalidParameter." + t.parameter + ".Length",
			Message: `The parameter - "` + t.parameter + `" beyond the length limit.`,
		}
	}
	if !t.allows(text) {
		return &Error{
			Code:    "InvalidParameter." + t.parameter + ".InvalidChars",
			Message: `The parameter - "` + t.parameter + `" contains invalid chars.`,
		}
	}
	return nil
}

func (t TextRule) allows(text string) bool {
	if !utf8.ValidString(text) {
		return false
	}
	for _, c := range text {
		if t.allowed != nil && !t.allowed(c) {
			return false
		}
	}
	return true
}

func alphanumericOr(others string) func(rune) bool {
	return func(c rune) bool { return isAlphanumeric(c) || strings.ContainsRune(others, c) }
}

func letterOr(others string) func(rune) bool {
	return func(c rune) bool {
		return unicode.IsLetter(c) || unicode.IsMark(c) || unicode.IsDigit(c) || strings.ContainsRune(others, c)
	}
}

// CheckRoleSessionName tells whether name may name a session of a role: 2 to
// 32 letters, digits and . @ - _. The error has the code
// InvalidParameter.RoleSessionName.
func CheckRoleSessionName(name string) error {
	rule := TextRule{"RoleSessionName", 2, 32, alphanumericOr(".@-_")}
	if rule.Check(name) != nil {
		return &Error{
			Code:    "InvalidParameter.RoleSessionName",
			Message: "The parameter RoleSessionName is wrongly formed.",
		}
	}
	return nil
}

// How long a session of a role lasts.
const (
	MinSessionDuration     = 15 * time.Minute
	DefaultSessionDuration = time.Hour
)

// CheckSessionDuration tells whether a session may last for d when its role
// allows most. The error has the code InvalidParameter.DurationSeconds.
func CheckSessionDuration(d, most time.Duration) error {
	if d < MinSessionDuration || d > most {
		return &Error{
			Code:    "InvalidParameter.DurationSeconds",
			Message: "DurationSeconds is less than 900 or more than the role's MaxSessionDuration.",
		}
	}
	return nil
}
