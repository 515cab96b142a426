package ram

import (
	"fmt"
	"io"
)

// AccountID names an account: 16 digits.
type AccountID string

const accountIDLength = 16

// ParseAccountID checks that text is 16 digits. The error has the code
// InvalidParameter.AccountId.
func ParseAccountID(text string) (AccountID, error) {
	ok := len(text) == accountIDLength
	for _, c := range text {
		ok = ok && '0' <= c && c <= '9'
	}
	if !ok {
		return "", &Error{Code: "InvalidParameter.AccountId", Message: "An account id is 16 digits."}
	}
	return AccountID(text), nil
}

// GenerateAccountID draws an account id from random.
func GenerateAccountID(random io.Reader) (AccountID, error) {
	rest, err := draw(random, digits, accountIDLength-1)
	if err != nil {
		return "", fmt.Errorf("generate account id: %w", err)
	}
	return AccountID("1" + rest), nil
}

// GenerateEntityID draws the id of a user, a group or a role from random: 18
// digits, the first of them never 0.
func GenerateEntityID(random io.Reader) (string, error) {
	rest, err := draw(random, digits, 17)
	if err != nil {
		return "", fmt.Errorf("generate entity id: %w", err)
	}
	return "2" + rest, nil
}

// RootARN names the account itself.
func (a AccountID) RootARN() string { return a.principal("root") }

// UserARN names a user of the account.
func (a AccountID) UserARN(name string) string { return a.principal("user/" + name) }

// GroupARN names a group of the account.
func (a AccountID) GroupARN(name string) string { return a.principal("group/" + name) }

// RoleARN names a role of the account.
func (a AccountID) RoleARN(name string) string { return a.principal("role/" + name) }

// AssumedRoleARN names a session of a role of the account.
func (a AccountID) AssumedRoleARN(role, session string) string {
	return a.principal("role/" + role + "/" + session)
}

// PolicyARN names a custom policy of the account.
func (a AccountID) PolicyARN(name string) string { return a.Resource("policy/" + name) }

// SystemPolicyARN names a system policy.
func SystemPolicyARN(name string) string { return "acs:ram:*:system:policy/" + name }

// Resource is what RAM's own operations are authorised against; relative is
// for example "user/alice" or "group/*" (RAM API reference, "RAM
// authentication").
func (a AccountID) Resource(relative string) string {
	return "acs:ram:*:" + string(a) + ":" + relative
}

func (a AccountID) principal(relative string) string {
	return "acs:ram::" + string(a) + ":" + relative
}
