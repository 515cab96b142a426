package ram

import (
	"errors"
	"strings"
	"testing"
)

// longText is as long as the dearest text a caller can bring into a condition.
var longText = strings.Repeat("a", 512)

// worstPolicy is full of patterns that fail late against longText.
func worstPolicy(t testing.TB) *Policy {
	pattern := `"*` + strings.Repeat("a", 250) + `b*"`
	values := strings.TrimSuffix(strings.Repeat(pattern+",", 15), ",")
	doc := oneStatement(allowAll + `,"Condition":{"StringLike":{"t:long":[` + values + `]}}`)
	p, err := ParseCustomPolicy([]byte(doc))
	if err != nil {
		t.Fatalf("parse the worst policy: %v", err)
	}
	return p
}

func FuzzParsePolicy(f *testing.F) {
	for _, p := range SystemPolicies() {
		f.Add([]byte(p.Document))
	}
	seeds := []string{
		`{"Version":"1","Statement":[{"Effect":"Allow","NotAction":["ram:*"],"Resource":"*"},{"Effect":"Deny","Action":"cams:Delete*","Resource":["*"]}]}`,
		oneStatement(allowAll + `,"Condition":{"IpAddress":{"acs:SourceIp":["203.0.113.0/24","2001:db8::/32","::ffff:10.0.0.1"]},"NotIpAddress":{"acs:SourceIp":"10.0.0.1"}}`),
		oneStatement(allowAll + `,"Condition":{"DateLessThan":{"acs:CurrentTime":"2019-08-12T17:00:00+08:00"},"Bool":{"acs:SecureTransport":true,"acs:MFAPresent":"false"}}`),
		oneStatement(allowAll + `,"Condition":{"NumericLessThanEquals":{"t:number":[5,"6.5",1e3]},"StringLikeIfExists":{"t:text":"B?ue*"}}`),
		oneStatement(`"Effect":"Deny","Action":"*:*","NotResource":"acs:ram:*:1234567890123456:user/*","Condition":{}`),
		oneStatement(`"Effect":"Allow","Action":"a:b","Action":"c:d","Resource":"*"`),
		`{"Version":"1","Statement":[{"Effect":"Allow","Action":[[["x"]]]}]}`,
		`{"Version":"2"}`,
		`{"Version":"1","Statement":[{`,
		"\xef\xbb\xbf{}",
	}
	for _, seed := range seeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		p, err := ParsePolicy(doc)
		if err != nil {
			checkRefusal(t, p, err)
			return
		}
		checkEvaluation(t, p)
	})
}

func checkRefusal(t *testing.T, p *Policy, err error) {
	var coded *Error
	if p != nil || !errors.As(err, &coded) || coded.Code == "" || coded.Message == "" {
		t.Fatalf("refused with %#v beside policy %v", err, p)
	}
	if len(coded.Message) > 2000 {
		t.Fatalf("a message of %d bytes", len(coded.Message))
	}
}

// checkEvaluation asks the policy about some requests: it answers, it answers
// the same twice, and the statement that it names exists.
func checkEvaluation(t *testing.T, p *Policy) {
	full := asked()
	full.Keys["t:long"] = longText
	requests := []*Request{
		full,
		{},
		{Action: listing, Resource: "*"},
		{Action: "ram:GetUser", Resource: "acs:ram:*:1234567890123456:user/alice"},
		{Action: longText, Resource: longText + "\xff"},
	}
	id := &Identity{Policies: []Attached{{Policy: p}}}
	for _, req := range requests {
		d := Decide(id, req)
		if again := Decide(id, req); again != d {
			t.Fatalf("decided %+v and then %+v", d, again)
		}
		if decided := d.Effect != ImplicitDeny; decided != (d.Statement > 0) || d.Statement > p.Statements() {
			t.Fatalf("%v by statement %d of %d", d.Effect, d.Statement, p.Statements())
		}
	}
}
