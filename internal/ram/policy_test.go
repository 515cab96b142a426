package ram

import (
	"errors"
	"strings"
	"testing"
)

// mustParse compiles a document that the test knows to be right.
func mustParse(t testing.TB, doc string) *Policy {
	t.Helper()
	p, err := ParsePolicy([]byte(doc))
	if err != nil {
		t.Fatalf("parse %s: %v", doc, err)
	}
	return p
}

// oneStatement is a policy with one statement of these members.
func oneStatement(members string) string {
	return `{"Version":"1","Statement":[{` + members + `}]}`
}

const allowAll = `"Effect":"Allow","Action":"*","Resource":"*"`

func TestParsePolicyAccepts(t *testing.T) {
	docs := map[string]string{
		"plain":                    oneStatement(allowAll),
		"members in another order": `{"Statement":[{"Resource":"*","Action":"cams:*","Effect":"Deny"}],"Version":"1"}`,
		"lists":                    oneStatement(`"Effect":"Allow","Action":["a:b","c:*"],"Resource":["acs:oss:*:*:x","*"]`),
		"NotAction":                oneStatement(`"Effect":"Allow","NotAction":"ram:*","Resource":"*"`),
		"NotResource":              oneStatement(`"Effect":"Allow","Action":"*","NotResource":"acs:oss:*:*:x"`),
		"empty condition":          oneStatement(allowAll + `,"Condition":{}`),
		"single CIDR":              oneStatement(allowAll + `,"Condition":{"IpAddress":{"acs:SourceIp":"10.0.0.0/8"}}`),
		"bare number and boolean":  oneStatement(allowAll + `,"Condition":{"NumericEquals":{"a:b":5},"Bool":{"acs:SecureTransport":true}}`),
		"key of a service":         oneStatement(allowAll + `,"Condition":{"StringEquals":{"acs:ResourceTag/team":["dev"]}}`),
		"if exists":                oneStatement(allowAll + `,"Condition":{"StringEqualsIfExists":{"a:b":"c"}}`),
		"escaped letters":          oneStatement(`"Effect":"Allow","Action":"\u002a","Resource":"*"`),
	}
	for name, doc := range docs {
		if _, err := ParsePolicy([]byte(doc)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestParsePolicyRefuses(t *testing.T) {
	condition := func(c string) string { return oneStatement(allowAll + `,"Condition":` + c) }
	tests := []struct{ doc, want string }{
		{``, "not valid JSON"},
		{`{`, "not valid JSON"},
		{`{"Version":"1",}`, "not valid JSON at byte 16"},
		{oneStatement(allowAll) + `{}`, "not valid JSON"},
		{"{\"\xff\":1}", "not valid UTF-8"},
		{`[]`, "expected an object, found an array"},
		{`null`, "expected an object, found null"},
		{`{"Statement":[{` + allowAll + `}]}`, `Version is missing; it must be "1"`},
		{`{"Version":"2","Statement":[]}`, `Version must be "1", not "2"`},
		{`{"Version":1,"Statement":[]}`, "Version: expected a string, found a number"},
		{`{"Version":"1"}`, "Statement is missing or empty"},
		{`{"Version":"1","Statement":[]}`, "Statement is missing or empty"},
		{`{"Version":"1","Statement":{}}`, "Statement: expected an array, found an object"},
		{`{"Version":"1","Statement":[1]}`, "statement 1: expected an object, found a number"},
		{`{"Version":"1","Version":"1"}`, `member "Version" appears twice`},
		{`{"Version":"1","Id":"x"}`, `unknown member "Id"`},
		{`{"version":"1"}`, `unknown member "version"`},
		{oneStatement(`"Action":"*","Resource":"*"`), "statement 1: Effect is missing"},
		{oneStatement(`"Effect":"allow","Action":"*","Resource":"*"`), `statement 1: Effect must be "Allow" or "Deny", not "allow"`},
		{oneStatement(`"Effect":true,"Action":"*","Resource":"*"`), "statement 1: Effect: expected a string, found a boolean"},
		{oneStatement(`"Effect":"Allow","Resource":"*"`), "statement 1: Action is missing"},
		{oneStatement(`"Effect":"Allow","Action":"*"`), "statement 1: Resource is missing"},
		{oneStatement(`"Effect":"Allow","Action":[],"Resource":"*"`), "statement 1: Action: the list is empty"},
		{oneStatement(`"Effect":"Allow","Action":{},"Resource":"*"`), "statement 1: Action: expected a string"},
		{oneStatement(`"Effect":"Allow","Action":["a:b",["c:d"]],"Resource":"*"`), "statement 1: Action: value 2: expected a string"},
		{oneStatement(`"Effect":"Allow","Action":1,"Resource":"*"`), "statement 1: Action: 1 is not a string"},
		{oneStatement(`"Effect":"Allow","Action":"ListChatGroup","Resource":"*"`), `"ListChatGroup" is not of the form service:ActionName`},
		{oneStatement(`"Effect":"Allow","Action":"cams:","Resource":"*"`), "not of the form"},
		{oneStatement(`"Effect":"Allow","Action":"cams:List Chat","Resource":"*"`), "a character that no action has"},
		{oneStatement(allowAll + `,"NotAction":"a:b"`), "statement 1: Action and NotAction stand side by side"},
		{oneStatement(allowAll + `,"NotResource":"*"`), "statement 1: Resource and NotResource stand side by side"},
		{oneStatement(`"Effect":"Allow","Action":"*","Resource":""`), "names no resource"},
		{oneStatement(`"Effect":"Allow","Action":"*","Resource":"arn:x"`), `"arn:x" is neither * nor an ARN`},
		{oneStatement(allowAll + `,"Principal":"*"`), "Principal belongs to the trust policy"},
		{oneStatement(allowAll + `,"Sid":"x"`), `statement 1: unknown member "Sid"`},
		{oneStatement(allowAll + `,"Effect":"Deny"`), `statement 1: member "Effect" appears twice`},
		{oneStatement(allowAll + `},{` + allowAll + `,"Condition":{"StringFoo":{"a:b":"c"}}`), `statement 2: unknown operator "StringFoo"`},
		{condition(`[]`), "expected an object, found an array"},
		{condition(`{"IfExists":{"a:b":"c"}}`), `unknown operator "IfExists"`},
		{condition(`{"Bool":{}}`), "condition Bool: it names no key"},
		{condition(`{"Bool":{"a:b":"maybe"}}`), `condition Bool: key "a:b": "maybe" is neither true nor false`},
		{condition(`{"Bool":{"a:b":1}}`), "neither true nor false"},
		{condition(`{"Bool":{"a:b":true},"Bool":{"a:b":false}}`), `member "Bool" appears twice`},
		{condition(`{"Bool":{"a:b":true,"a:b":false}}`), `member "a:b" appears twice`},
		{condition(`{"StringEquals":{"a:b":{"c":{}}}}`), "expected a string, a number or a boolean, found an object"},
		{condition(`{"StringEquals":{"a:b":null}}`), "found null"},
		{condition(`{"StringEquals":{"a:b":[]}}`), "the list is empty"},
		{condition(`{"StringEquals":{"ab":"c"}}`), "not of the form service:key"},
		{condition(`{"NumericEquals":{"a:b":"0x10"}}`), `"0x10" is not a number`},
		{condition(`{"NumericEquals":{"a:b":"NaN"}}`), "is not a number"},
		{condition(`{"NumericEquals":{"a:b":1e999}}`), "is not a number"},
		{condition(`{"NumericEquals":{"a:b":true}}`), "is not a number"},
		{condition(`{"DateEquals":{"a:b":"yesterday"}}`), "is not an ISO 8601 date"},
		{condition(`{"DateEquals":{"a:b":20190812}}`), "is not an ISO 8601 date"},
		{condition(`{"IpAddress":{"acs:SourceIp":["10.0.0.1","10.0.0.0/33"]}}`), "neither an IP address nor a CIDR block"},
		{condition(`{"IpAddress":{"acs:SourceIp":"fe80::1%eth0"}}`), "neither an IP address nor a CIDR block"},
		{condition(`{"IpAddress":{"acs:SourceIp":"::ffff:10.0.0.0/80"}}`), "neither an IP address nor a CIDR block"},
	}
	for _, tt := range tests {
		_, err := ParsePolicy([]byte(tt.doc))
		if err == nil {
			t.Errorf("%s: accepted, want an error with %q", tt.doc, tt.want)
			continue
		}
		if !errors.Is(err, &Error{Code: CodeMalformedPolicyDocument}) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s:\n got %v\nwant an error with %q", tt.doc, err, tt.want)
		}
	}
}

func TestParsePolicySurvivesDepth(t *testing.T) {
	deep := strings.Repeat("[", 30_000) + strings.Repeat("]", 30_000)
	docs := []string{deep, `{"Version":` + deep + `}`, oneStatement(allowAll + `,"Condition":` + strings.Repeat(`{"a:b":`, 3000) + "1" + strings.Repeat("}", 3000))}
	for _, doc := range docs {
		if _, err := ParsePolicy([]byte(doc)); !errors.Is(err, &Error{Code: CodeMalformedPolicyDocument}) {
			t.Errorf("document of %d bytes: %v, want MalformedPolicyDocument", len(doc), err)
		}
	}
}

func TestErrorsStayShort(t *testing.T) {
	huge := strings.Repeat("群", 10_000)
	_, err := ParsePolicy([]byte(oneStatement(`"` + huge + `":1`)))
	if err == nil || len(err.Error()) > 500 {
		t.Errorf("error has %d bytes, want a short one", len(err.Error()))
	}
}

// sized is a valid document of exactly n characters, some of them wide.
func sized(n int) []byte {
	doc := oneStatement(allowAll + `,"Condition":{"StringEquals":{"a:b":"群"}}`)
	missing := n - len([]rune(doc))
	return []byte(strings.Replace(doc, "群", "群"+strings.Repeat("é", missing), 1))
}

func TestPolicyLengths(t *testing.T) {
	const tooLong = "InvalidParameter.PolicyDocument.Length"
	tests := []struct {
		name  string
		parse func([]byte) (*Policy, error)
		doc   []byte
		code  string
	}{
		{"custom at the limit", ParseCustomPolicy, sized(MaxCustomPolicyLength), ""},
		{"custom beyond", ParseCustomPolicy, sized(MaxCustomPolicyLength + 1), tooLong},
		{"custom malformed", ParseCustomPolicy, []byte(`{}`), CodeMalformedPolicyDocument},
		{"session at the limit", ParseSessionPolicy, sized(MaxSessionPolicyLength), ""},
		{"session beyond", ParseSessionPolicy, sized(MaxSessionPolicyLength + 1), "InvalidParameter.PolicySize"},
		{"session empty", ParseSessionPolicy, nil, "InvalidParameter.PolicySize"},
		{"session malformed", ParseSessionPolicy, []byte(`{}`), "InvalidParameter.PolicyGrammar"},
		{"any beyond a custom one", ParsePolicy, sized(MaxCustomPolicyLength + 1), ""},
		{"any beyond all bounds", ParsePolicy, sized(maxDocumentBytes), tooLong},
	}
	for _, tt := range tests {
		p, err := tt.parse(tt.doc)
		checkCode(t, tt.name, err, tt.code)
		if (p == nil) != (err != nil) {
			t.Errorf("%s: policy %v beside error %v", tt.name, p, err)
		}
	}
}

// checkCode reports an error that has not this code; the empty code stands
// for no error.
func checkCode(t *testing.T, name string, err error, code string) {
	t.Helper()
	var coded *Error
	switch {
	case code == "" && err != nil:
		t.Errorf("%s: %v, want no error", name, err)
	case code != "" && (!errors.As(err, &coded) || coded.Code != code):
		t.Errorf("%s: %v, want code %s", name, err, code)
	}
}
