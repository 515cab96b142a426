package ram

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The reference evaluator works on the documents as they are written, one
// rule after the other, and shares no code with the package.

type rawPolicy struct {
	Version   string
	Statement []rawStatement
}

type rawStatement struct {
	Effect      string
	Action      []string                       `json:",omitempty"`
	NotAction   []string                       `json:",omitempty"`
	Resource    []string                       `json:",omitempty"`
	NotResource []string                       `json:",omitempty"`
	Condition   map[string]map[string][]string `json:",omitempty"`
}

func naiveAny(list []string, s string, fold bool) bool {
	return slices.ContainsFunc(list, func(p string) bool {
		if !fold && s == "*" {
			return strings.Trim(p, "*") == ""
		}
		return naiveWildcard(p, s, fold)
	})
}

func (s rawStatement) applies(req *Request) bool {
	action := naiveAny(s.Action, req.Action, true)
	if s.NotAction != nil {
		action = !naiveAny(s.NotAction, req.Action, true)
	}
	resource := naiveAny(s.Resource, req.Resource, false)
	if s.NotResource != nil {
		resource = !naiveAny(s.NotResource, req.Resource, false)
	}
	if s.Effect == "Deny" && req.Resource == "*" && slices.ContainsFunc(s.Resource, naiveService(req.Action)) {
		resource = true
	}
	if !action || !resource {
		return false
	}
	for op, keys := range s.Condition {
		for key, values := range keys {
			if !naiveCondition(op, key, values, req) || s.Effect == "Allow" && nobodyKnows(op, key, req) {
				return false
			}
		}
	}
	return true
}

// referenceAccount is the account of every identity that is drawn.
const referenceAccount = "1234567890123456"

// naiveService tells whether a pattern covers some region's resources of a service, all that the account has.
func naiveService(action string) func(string) bool {
	service := strings.ToLower(action[:strings.Index(action, ":")])
	return func(pattern string) bool {
		return slices.ContainsFunc([]string{"", "cn-hangzhou", "ap-southeast-1"}, func(region string) bool {
			arn := "acs:" + service + ":" + region + ":" + referenceAccount + ":"
			return naiveWildcard(pattern, arn+"some/thing", false) && naiveWildcard(pattern, arn+"other", false)
		})
	}
}

func nobodyKnows(op, key string, req *Request) bool {
	return key == "acs:SourceIp" && !req.SourceIP.IsValid() && strings.Contains(op, "Not")
}

// naiveKey gives the value of a key as text.
func naiveKey(key string, req *Request) (string, bool) {
	switch key {
	case "acs:CurrentTime":
		return req.Time.UTC().Format(time.RFC3339), true
	case "acs:SecureTransport":
		return strconv.FormatBool(req.SecureTransport), true
	case "acs:SourceIp":
		return req.SourceIP.Unmap().String(), req.SourceIP.IsValid()
	}
	v, ok := req.Keys[key]
	return v, ok
}

func naiveCondition(op, key string, values []string, req *Request) bool {
	plain := strings.Replace(op, "Not", "", 1)
	negated := plain != op
	got, present := naiveKey(key, req)
	matches := present && slices.ContainsFunc(values, func(v string) bool { return naiveCompare(plain, got, v) })
	return matches != negated
}

func naiveCompare(op, got, want string) bool {
	switch op {
	case "StringEquals":
		return got == want
	case "StringEqualsIgnoreCase", "Bool":
		return strings.EqualFold(got, want)
	case "StringLike":
		return naiveWildcard(want, got, false)
	case "IpAddress":
		a, err := netip.ParseAddr(got)
		p, errPrefix := netip.ParsePrefix(want)
		return err == nil && errPrefix == nil && p.Contains(a)
	}
	var sign float64
	if rest, ok := strings.CutPrefix(op, "Date"); ok {
		a, errA := time.Parse(time.RFC3339, got)
		b, errB := time.Parse(time.RFC3339, want)
		if errA != nil || errB != nil {
			return false
		}
		op, sign = rest, float64(a.Unix()-b.Unix())
	} else {
		a, errA := strconv.ParseFloat(got, 64)
		b, errB := strconv.ParseFloat(want, 64)
		if errA != nil || errB != nil {
			return false
		}
		op, sign = strings.TrimPrefix(op, "Numeric"), a-b
	}
	return map[string]bool{
		"Equals": sign == 0, "LessThan": sign < 0, "LessThanEquals": sign <= 0,
		"GreaterThan": sign > 0, "GreaterThanEquals": sign >= 0,
	}[op]
}

func naiveSet(policies []rawPolicy, req *Request) Effect {
	effect := ImplicitDeny
	for _, p := range policies {
		for _, s := range p.Statement {
			if !s.applies(req) {
				continue
			}
			if s.Effect == "Deny" {
				return ExplicitDeny
			}
			effect = Allow
		}
	}
	return effect
}

func naiveDecide(root bool, session *rawPolicy, policies []rawPolicy, req *Request) (Effect, string) {
	if root {
		return Allow, ""
	}
	if session != nil {
		if e := naiveSet([]rawPolicy{*session}, req); e != Allow {
			return e, SessionPolicy
		}
	}
	return naiveSet(policies, req), AccountLevelIdentityBasedPolicy
}

// What the generators draw from is small, so that things often meet.
var (
	someActions   = []string{"*", "cams:*", "CAMS:get*", "cams:List*", "cams:ListChatGroup", "ram:*", "c?ms:*Group", "*:*"}
	someResources = []string{"*", "**", "?", "acs:*", "acs:ram:*:*:user/*", "acs:ram:*:*:user/alice", "acs:ram:*:*:USER/*",
		"acs:cams:*:*:*", "acs:cams:*:1234567890123456:*", "acs:cams:*:1234567890123457:*", "acs:cams:ap-southeast-1:*:*", "acs:c*", "acs:cams:*:*:other"}
	someValues = map[string][]string{
		"String":  {"", "a", "A", "ab", "a*", "?b", "42", "true", "203.0.113.7"},
		"Numeric": {"1", "42", "42.0", "-3", "1e2"},
		"Date":    {"2026-01-02T03:04:05Z", "2026-01-02T11:04:05+08:00", "2025-01-01T00:00:00Z", "2027-01-01T00:00:00Z"},
		"Bool":    {"true", "false"},
		"Ip":      {"203.0.113.0/24", "203.0.113.7/32", "10.0.0.0/8", "2001:db8::/32"},
	}
	someKeys = []string{"acs:CurrentTime", "acs:SecureTransport", "acs:SourceIp", "t:a", "t:b", "t:none"}
)

func operatorNames() []string {
	var names []string
	for name := range operators {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func valuesFor(op string) []string {
	plain := strings.TrimPrefix(op, "Not")
	for prefix, values := range someValues {
		if strings.HasPrefix(plain, prefix) {
			return values
		}
	}
	panic("no values for " + op)
}

func drawList(t *rapid.T, from []string, label string) []string {
	return rapid.SliceOfN(rapid.SampledFrom(from), 1, 3).Draw(t, label)
}

func drawStatement(t *rapid.T) rawStatement {
	s := rawStatement{Effect: rapid.SampledFrom([]string{"Allow", "Allow", "Deny"}).Draw(t, "effect")}
	if rapid.IntRange(0, 3).Draw(t, "not action") == 0 {
		s.NotAction = drawList(t, someActions, "actions")
	} else {
		s.Action = drawList(t, someActions, "actions")
	}
	if rapid.IntRange(0, 3).Draw(t, "not resource") == 0 {
		s.NotResource = drawList(t, someResources, "resources")
	} else {
		s.Resource = drawList(t, someResources, "resources")
	}
	for range rapid.IntRange(0, 2).Draw(t, "operators") {
		op := rapid.SampledFrom(operatorNames()).Draw(t, "operator")
		keys := map[string][]string{}
		for range rapid.IntRange(1, 2).Draw(t, "keys") {
			keys[rapid.SampledFrom(someKeys).Draw(t, "key")] = drawList(t, valuesFor(op), "values")
		}
		if s.Condition == nil {
			s.Condition = map[string]map[string][]string{}
		}
		s.Condition[op] = keys
	}
	return s
}

func drawPolicy(t *rapid.T) rawPolicy {
	p := rawPolicy{Version: "1"}
	for range rapid.IntRange(1, 3).Draw(t, "statements") {
		p.Statement = append(p.Statement, drawStatement(t))
	}
	return p
}

func drawRequest(t *rapid.T) *Request {
	req := &Request{
		Action:          rapid.SampledFrom([]string{"cams:ListChatGroup", "cams:GetChatGroupInviteLink", "ram:GetUser", "CAMS:LISTCHATGROUP"}).Draw(t, "action"),
		Resource:        rapid.SampledFrom([]string{"*", "acs:ram:*:1234567890123456:user/alice"}).Draw(t, "resource"),
		Time:            time.Date(2026, 1, 2, 3, 4, rapid.IntRange(4, 6).Draw(t, "second"), 5, time.UTC),
		SourceIP:        netip.MustParseAddr(rapid.SampledFrom([]string{"203.0.113.7", "::ffff:10.0.0.1", "2001:db8::1"}).Draw(t, "address")),
		SecureTransport: rapid.Bool().Draw(t, "secure"),
		Keys:            map[string]string{},
	}
	for _, key := range []string{"t:a", "t:b"} {
		if rapid.Bool().Draw(t, "present") {
			req.Keys[key] = rapid.SampledFrom([]string{"", "a", "A", "ab", "42", "42.5", "true", "2026-01-02T03:04:05Z", "203.0.113.7"}).Draw(t, key)
		}
	}
	if rapid.IntRange(0, 4).Draw(t, "unknown address") == 0 {
		req.SourceIP = netip.Addr{}
	}
	return req
}

func compileRaw(t *rapid.T, raw rawPolicy) *Policy {
	doc, err := json.Marshal(raw)
	if err != nil {
		t.Fatalf("marshal policy: %v", err)
	}
	p, err := ParsePolicy(doc)
	if err != nil {
		t.Fatalf("parse %s: %v", doc, err)
	}
	return p
}

func TestDecideAgreesWithReference(t *testing.T) {
	met := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		id := &Identity{AccountID: referenceAccount, Root: rapid.IntRange(0, 19).Draw(t, "root") == 0}
		var policies []rawPolicy
		for i := range rapid.IntRange(0, 3).Draw(t, "policies") {
			policies = append(policies, drawPolicy(t))
			id.Policies = append(id.Policies, Attached{Name: strconv.Itoa(i), Policy: compileRaw(t, policies[i])})
		}
		var session *rawPolicy
		if rapid.IntRange(0, 3).Draw(t, "session") == 0 {
			raw := drawPolicy(t)
			session, id.Session = &raw, compileRaw(t, raw)
		}
		req := drawRequest(t)
		d := Decide(id, req)
		effect, policyType := naiveDecide(id.Root, session, policies, req)
		if d.Effect != effect || d.PolicyType != policyType {
			t.Fatalf("got %v by %q, want %v by %q", d.Effect, d.PolicyType, effect, policyType)
		}
		checkNamed(t, d, policies, req)
		met[fmt.Sprint(effect, policyType)]++
	})
	if len(met) < 5 {
		t.Errorf("too few kinds of outcome were met: %v", met)
	}
}

// checkNamed holds the statement that a decision names against the decision.
func checkNamed(t *rapid.T, d Decision, policies []rawPolicy, req *Request) {
	if d.Attached == nil {
		return
	}
	i, err := strconv.Atoi(d.Attached.Name)
	if err != nil {
		t.Fatalf("unknown policy %q decided", d.Attached.Name)
	}
	s := policies[i].Statement[d.Statement-1]
	want := map[Effect]string{Allow: "Allow", ExplicitDeny: "Deny"}[d.Effect]
	if s.Effect != want || !s.applies(req) {
		t.Fatalf("statement %d of policy %d is named for %v, but it is %+v", d.Statement, i, d.Effect, s)
	}
}
