package ram

import "fmt"

// PolicyType tells who keeps a policy.
type PolicyType string

// The types of policy, as RAM's API spells them.
const (
	PolicySystem PolicyType = "System" // the same in every account; nobody can edit it
	PolicyCustom PolicyType = "Custom" // made by the account
)

// Names of the system policies.
const (
	AdministratorAccess      = "AdministratorAccess"
	AliyunCamsFullAccess     = "AliyunCamsFullAccess"
	AliyunCamsReadOnlyAccess = "AliyunCamsReadOnlyAccess"
	AliyunRAMFullAccess      = "AliyunRAMFullAccess"
	AliyunRAMReadOnlyAccess  = "AliyunRAMReadOnlyAccess"
	AliyunSTSAssumeRole      = "AliyunSTSAssumeRoleAccess"
)

// SystemPolicy is a policy that every account has.
type SystemPolicy struct {
	Name        string
	Description string
	Version     string
	Document    string
	Policy      *Policy
}

var systemPolicies = []SystemPolicy{
	systemPolicy(AdministratorAccess,
		"Everything, in every product of the account.",
		`{"Version":"1","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`),
	systemPolicy(AliyunCamsFullAccess,
		"Everything in Chat App Message Service.",
		`{"Version":"1","Statement":[{"Effect":"Allow","Action":"cams:*","Resource":"*"}]}`),
	systemPolicy(AliyunCamsReadOnlyAccess,
		"Looking, without changing anything, in Chat App Message Service.",
		`{"Version":"1","Statement":[{"Effect":"Allow","Action":["cams:Get*","cams:List*"],"Resource":"*"}]}`),
	systemPolicy(AliyunRAMFullAccess,
		"Users, groups, roles, policies and keys of the account.",
		`{"Version":"1","Statement":[{"Effect":"Allow","Action":"ram:*","Resource":"*"}]}`),
	systemPolicy(AliyunRAMReadOnlyAccess,
		"Looking at users, groups, roles, policies and keys of the account, without changing any.",
		`{"Version":"1","Statement":[{"Effect":"Allow","Action":["ram:Get*","ram:List*"],"Resource":"*"}]}`),
	systemPolicy(AliyunSTSAssumeRole,
		"Taking any role that allows it.",
		`{"Version":"1","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}]}`),
}

// systemPolicy panics on a document that does not parse: the documents are
// part of the program and every start reads them.
func systemPolicy(name, description, document string) SystemPolicy {
	p, err := ParsePolicy([]byte(document))
	if err != nil {
		panic(fmt.Sprintf("parse system policy %s: %v", name, err))
	}
	return SystemPolicy{Name: name, Description: description, Version: "v1", Document: document, Policy: p}
}

// SystemPolicies are all system policies, by name.
func SystemPolicies() []SystemPolicy {
	return append([]SystemPolicy(nil), systemPolicies...)
}

// FindSystemPolicy gives the system policy of that name, and whether there is one.
func FindSystemPolicy(name string) (SystemPolicy, bool) {
	for _, p := range systemPolicies {
		if p.Name == name {
			return p, true
		}
	}
	return SystemPolicy{}, false
}
