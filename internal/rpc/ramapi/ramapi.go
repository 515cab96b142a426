// Package ramapi is RAM's own API, version 2015-05-01, as far as people use it: users, access keys, groups of users, policies with
// versions, and roles. It knows how RAM spells things and what its operations are authorised against; what they do is the gateway's.
package ramapi

import (
	"context"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/ram"
	"github.com/rollcall-im/rollcall/internal/rpc"
)

// Version is the version of the product's API.
const Version = "2015-05-01"

// Operations gives every operation of the product, working on a gateway. The key is the one that diagnostic messages are encrypted with.
func Operations(gw *gateway.Gateway, diagnosticKey []byte) []rpc.Operation {
	s := &service{gateway: gw, diagnosticKey: diagnosticKey}
	return slices.Concat(s.users(), s.accessKeys(), s.groups(), s.policies(), s.policyVersions(), s.attachments(), s.roles(),
		[]rpc.Operation{s.decodeDiagnosticMessage()})
}

type service struct {
	gateway       *gateway.Gateway
	diagnosticKey []byte
}

// members writes what an answer has besides RequestId.
type members = func(w *rpc.Writer)

// deed is what an operation does for its caller.
type deed = func(ctx context.Context, a *gateway.Administrator, p rpc.Params) (members, error)

// entry is what operations of the product differ in.
type entry struct {
	action   string
	access   rpc.Access
	on       func(who *gateway.Principal, p rpc.Params) []string // nil is every resource
	required []string
	optional []string
	do       deed
	doc      rpc.Doc // without the parameters, which have the same meaning everywhere
}

// operation makes an operation of an entry.
func (s *service) operation(e entry) rpc.Operation {
	e.doc.Parameters = map[string]string{}
	parameters := make([]rpc.Parameter, 0, len(e.required)+len(e.optional))
	for _, name := range e.required {
		parameters = append(parameters, rpc.Parameter{Name: name, Required: true})
	}
	for _, name := range e.optional {
		parameters = append(parameters, rpc.Parameter{Name: name})
	}
	for _, p := range parameters {
		e.doc.Parameters[p.Name] = about[p.Name]
	}
	return rpc.Operation{
		Version: Version, Action: e.action, RAMAction: "ram:" + e.action, Access: e.access,
		Change:     e.access != rpc.AccessList && e.access != rpc.AccessGet,
		RAMStyle:   true,
		Parameters: parameters, Resource: e.on, Doc: e.doc,
		Run: func(ctx context.Context, c *rpc.Call) (rpc.Answer, error) {
			a := s.gateway.Administrator(c.Caller)
			written, err := e.do(ctx, a, c.Params)
			if err != nil {
				return rpc.Answer{}, err
			}
			return rpc.Answer{OperationID: a.Operation(), Members: written}, nil
		},
	}
}

// about says what parameters mean, by name.
var about = map[string]string{
	"AssumeRolePolicyDocument":    "The trust policy: who may take the role. JSON, at most 4096 characters.",
	"Comments":                    "At most 128 characters.",
	"Description":                 "At most 1024 characters.",
	"DisplayName":                 "1 to 128 letters, digits and . _ - @; without it the name.",
	"Email":                       "An address.",
	"EncodedDiagnosticMessage":    "The member of that name in the refusal of a call of the same account.",
	"GroupName":                   "1 to 64 letters, digits and . _ -",
	"Marker":                      "The Marker of the page before.",
	"MaxItems":                    "How many at most, 1 to 1000, default 100.",
	"MaxSessionDuration":          "How long a session of the role can last at most, in seconds: 3600 to 43200, default 3600.",
	"MobilePhone":                 "Country code, hyphen and number.",
	"NewAssumeRolePolicyDocument": "The new trust policy; without it, it stays.",
	"NewComments":                 "New comments; without them, they stay.",
	"NewDescription":              "A new description; without it, it stays.",
	"NewDisplayName":              "A new display name; without it, it stays.",
	"NewEmail":                    "A new address; without it, it stays.",
	"NewGroupName":                "A new name; without it, it stays.",
	"NewMaxSessionDuration":       "The new longest session, in seconds; without it, it stays.",
	"NewMobilePhone":              "A new number; without it, it stays.",
	"NewUserName":                 "A new name; without it, it stays.",
	"PolicyDocument":              "The policy: JSON, at most 4096 characters.",
	"PolicyName":                  "1 to 128 letters, digits and -",
	"PolicyType":                  "System or Custom. Where one policy is named, a system one is asked for as `acs:ram:*:system:policy/<PolicyName>`.",
	"RoleName":                    "1 to 64 letters, digits and . -",
	"RotateStrategy":              "None (default), or DeleteOldestNonDefaultVersionWhenLimitExceeded: then a sixth version takes the place of the oldest that is not the default.",
	"SetAsDefault":                "true or false (default): whether the new version holds from now on.",
	"Status":                      "Active or Inactive.",
	"UserAccessKeyId":             "The id of the access key.",
	"UserName":                    "1 to 64 letters, digits and . _ -",
	"VersionId":                   "v1, v2 and so on.",
}

// ownUserName is about UserName where it can be left out.
const ownUserName = "Whose key; without it, that of the user whose key signs the call, or of the account itself for its own key."

// The resources that RAM's operations are authorised against (RAM API reference, "RAM authentication").

func onAll(kind string) func(*gateway.Principal, rpc.Params) []string {
	return func(who *gateway.Principal, _ rpc.Params) []string {
		return []string{who.AccountID.Resource(kind + "/*")}
	}
}

func onNamed(kind, parameter string) func(*gateway.Principal, rpc.Params) []string {
	return func(who *gateway.Principal, p rpc.Params) []string {
		return []string{who.AccountID.Resource(kind + "/" + p.Text(parameter))}
	}
}

// onPolicy is for operations on one policy, the account's own or the system's.
func onPolicy(who *gateway.Principal, p rpc.Params) []string {
	if p.Text("PolicyType") == string(ram.PolicySystem) {
		return []string{ram.SystemPolicyARN(p.Text("PolicyName"))}
	}
	return []string{who.AccountID.PolicyARN(p.Text("PolicyName"))}
}

// onRenamed is for operations that can give what they are about another name: whoever gets a name gets what was granted to it, so
// the caller must be let do it with the new name too.
func onRenamed(kind, parameter, renamed string) func(*gateway.Principal, rpc.Params) []string {
	old, fresh := onNamed(kind, parameter), onNamed(kind, renamed)
	return func(who *gateway.Principal, p rpc.Params) []string {
		if p.Text(renamed) == "" {
			return old(who, p)
		}
		return append(old(who, p), fresh(who, p)...)
	}
}

// onBoth is for operations that tie two things together: the caller must be let do it with either.
func onBoth(first, second func(*gateway.Principal, rpc.Params) []string) func(*gateway.Principal, rpc.Params) []string {
	return func(who *gateway.Principal, p rpc.Params) []string { return append(first(who, p), second(who, p)...) }
}

// date writes a time as RAM does, if there is one.
func date(w *rpc.Writer, name string, t time.Time) {
	if !t.IsZero() {
		w.Text(name, t.UTC().Format("2006-01-02T15:04:05Z"))
	}
}

// readSeconds reads a length of time; 0 when it was not sent.
func readSeconds(p rpc.Params, name string) (time.Duration, error) {
	n, sent, err := p.Integer(name)
	switch {
	case err != nil || sent && (n <= 0 || n > math.MaxInt32):
		return 0, &ram.Error{Code: "InvalidParameter." + name, Message: name + " must be a number of seconds."}
	}
	return time.Duration(n) * time.Second, nil
}

// readBool reads true or false; false when it was not sent.
func readBool(p rpc.Params, name string) (bool, error) {
	text := p.Text(name)
	if text == "" {
		return false, nil
	}
	v, err := strconv.ParseBool(text)
	if err != nil {
		return false, &ram.Error{Code: "InvalidParameter." + name, Message: name + " must be true or false."}
	}
	return v, nil
}

// Errors that many operations have.
var (
	userErrors  = []string{"EntityNotExist.User"}
	groupErrors = []string{"EntityNotExist.Group"}
	roleErrors  = []string{"EntityNotExist.Role"}
)
