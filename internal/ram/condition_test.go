package ram

import (
	"net/netip"
	"testing"
	"time"
)

// asked is a request with every circumstance known.
func asked() *Request {
	return &Request{
		Action:          "cams:DeleteChatGroupParticipants",
		Resource:        "*",
		Time:            time.Date(2026, 1, 2, 3, 4, 5, 678_000_000, time.UTC),
		SourceIP:        netip.MustParseAddr("203.0.113.7"),
		SecureTransport: true,
		PrincipalARN:    "acs:ram::1234567890123456:user/alice",
		Keys: map[string]string{
			"t:text": "Blue Team", "t:number": "42", "t:big": "9007199254740993", "t:float": "4.25", "t:date": "2026-01-02",
			"t:ip": "2001:db8::5", "t:yes": "TRUE", "t:empty": "", "t:junk": "junk",
		},
	}
}

func TestOperators(t *testing.T) {
	tests := []struct {
		condition string
		want      bool
	}{
		// Strings.
		{`{"StringEquals":{"t:text":"Blue Team"}}`, true},
		{`{"StringEquals":{"t:text":"blue team"}}`, false},
		{`{"StringEquals":{"t:text":"Blue*"}}`, false},
		{`{"StringEquals":{"t:empty":""}}`, true},
		{`{"StringEquals":{"t:number":42}}`, true},
		{`{"StringNotEquals":{"t:text":"Red Team"}}`, true},
		{`{"StringNotEquals":{"t:text":"Blue Team"}}`, false},
		{`{"StringEqualsIgnoreCase":{"t:text":"bLUE tEAM"}}`, true},
		{`{"StringEqualsIgnoreCase":{"t:text":"Red Team"}}`, false},
		{`{"StringNotEqualsIgnoreCase":{"t:text":"bLUE tEAM"}}`, false},
		{`{"StringNotEqualsIgnoreCase":{"t:text":"Red Team"}}`, true},
		{`{"StringLike":{"t:text":"Blue*"}}`, true},
		{`{"StringLike":{"t:text":"blue*"}}`, false},
		{`{"StringLike":{"t:text":"Blue?Team"}}`, true},
		{`{"StringLike":{"t:text":""}}`, false},
		{`{"StringLike":{"t:empty":""}}`, true},
		{`{"StringNotLike":{"t:text":"Blue*"}}`, false},
		{`{"StringNotLike":{"t:text":"Red*"}}`, true},
		{`{"StringLike":{"acs:PrincipalArn":"acs:ram::*:user/a*"}}`, true},
		{`{"StringLike":{"acs:PrincipalArn":"acs:ram::*:role/*"}}`, false},
		{`{"StringEquals":{"acs:CurrentTime":"2026-01-02T03:04:05Z"}}`, true},
		{`{"StringLike":{"acs:SourceIp":"203.0.113.*"}}`, true},
		{`{"StringEquals":{"acs:SecureTransport":true}}`, true},

		// Numbers.
		{`{"NumericEquals":{"t:number":42}}`, true},
		{`{"NumericEquals":{"t:number":"42.0"}}`, true},
		{`{"NumericEquals":{"t:number":4.2e1}}`, true},
		{`{"NumericEquals":{"t:number":43}}`, false},
		{`{"NumericEquals":{"t:big":9007199254740992}}`, false},
		{`{"NumericEquals":{"t:junk":42}}`, false},
		{`{"NumericNotEquals":{"t:number":43}}`, true},
		{`{"NumericNotEquals":{"t:number":42}}`, false},
		{`{"NumericNotEquals":{"t:junk":42}}`, true},
		{`{"NumericLessThan":{"t:number":43}}`, true},
		{`{"NumericLessThan":{"t:number":42}}`, false},
		{`{"NumericLessThan":{"t:float":4.5}}`, true},
		{`{"NumericLessThan":{"t:number":-1}}`, false},
		{`{"NumericLessThanEquals":{"t:number":42}}`, true},
		{`{"NumericLessThanEquals":{"t:number":41}}`, false},
		{`{"NumericGreaterThan":{"t:number":41}}`, true},
		{`{"NumericGreaterThan":{"t:number":42}}`, false},
		{`{"NumericGreaterThanEquals":{"t:number":42}}`, true},
		{`{"NumericGreaterThanEquals":{"t:number":43}}`, false},

		// Dates.
		{`{"DateEquals":{"acs:CurrentTime":"2026-01-02T03:04:05Z"}}`, true},
		{`{"DateEquals":{"acs:CurrentTime":"2026-01-02T11:04:05+08:00"}}`, true},
		{`{"DateEquals":{"acs:CurrentTime":"2026-01-02T11:04:05+0800"}}`, true},
		{`{"DateEquals":{"acs:CurrentTime":"2026-01-02T03:04:05"}}`, true},
		{`{"DateEquals":{"acs:CurrentTime":"2026-01-02T03:04:06Z"}}`, false},
		{`{"DateNotEquals":{"acs:CurrentTime":"2026-01-02T03:04:06Z"}}`, true},
		{`{"DateNotEquals":{"acs:CurrentTime":"2026-01-02T03:04:05Z"}}`, false},
		{`{"DateLessThan":{"acs:CurrentTime":"2026-01-02T03:05Z"}}`, true},
		{`{"DateLessThan":{"acs:CurrentTime":"2026-01-02T03:04:05Z"}}`, false},
		{`{"DateLessThanEquals":{"acs:CurrentTime":"2026-01-02T03:04:05Z"}}`, true},
		{`{"DateLessThanEquals":{"acs:CurrentTime":"2026-01-02"}}`, false},
		{`{"DateGreaterThan":{"acs:CurrentTime":"2026-01-02"}}`, true},
		{`{"DateGreaterThan":{"acs:CurrentTime":"2026-01-02T03:04:05.5Z"}}`, false},
		{`{"DateGreaterThanEquals":{"acs:CurrentTime":"2026-01-02T03:04:05Z"}}`, true},
		{`{"DateGreaterThanEquals":{"acs:CurrentTime":"2027-01-01"}}`, false},
		{`{"DateEquals":{"t:date":"2026-01-02T00:00:00Z"}}`, true},
		{`{"DateEquals":{"t:junk":"2026-01-02"}}`, false},

		// Booleans.
		{`{"Bool":{"acs:SecureTransport":"true"}}`, true},
		{`{"Bool":{"acs:SecureTransport":"True"}}`, true},
		{`{"Bool":{"acs:SecureTransport":false}}`, false},
		{`{"Bool":{"acs:MFAPresent":"true"}}`, false},
		{`{"Bool":{"acs:MFAPresent":["false"]}}`, true},
		{`{"Bool":{"t:yes":true}}`, true},
		{`{"Bool":{"t:junk":[true,false]}}`, false},

		// Addresses.
		{`{"IpAddress":{"acs:SourceIp":"203.0.113.7"}}`, true},
		{`{"IpAddress":{"acs:SourceIp":"203.0.113.8"}}`, false},
		{`{"IpAddress":{"acs:SourceIp":["10.0.0.1","203.0.113.0/24"]}}`, true},
		{`{"IpAddress":{"acs:SourceIp":"203.0.113.99/24"}}`, true},
		{`{"IpAddress":{"acs:SourceIp":"::ffff:203.0.113.7"}}`, true},
		{`{"IpAddress":{"acs:SourceIp":"::ffff:203.0.113.0/120"}}`, true},
		{`{"IpAddress":{"acs:SourceIp":"::/0"}}`, false},
		{`{"IpAddress":{"acs:SourceIp":"0.0.0.0/0"}}`, true},
		{`{"NotIpAddress":{"acs:SourceIp":["10.0.0.1","203.0.113.0/24"]}}`, false},
		{`{"NotIpAddress":{"acs:SourceIp":"10.0.0.0/8"}}`, true},
		{`{"IpAddress":{"t:ip":"2001:db8::/32"}}`, true},
		{`{"IpAddress":{"t:ip":"2001:db9::/32"}}`, false},
		{`{"IpAddress":{"t:junk":"0.0.0.0/0"}}`, false},

		// Values are alternatives, keys and operators are not.
		{`{"StringEquals":{"t:text":["Red Team","Blue Team"]}}`, true},
		{`{"StringNotEquals":{"t:text":["Red Team","Blue Team"]}}`, false},
		{`{"StringNotEquals":{"t:text":["Red Team","Green Team"]}}`, true},
		{`{"StringEquals":{"t:text":"Blue Team","t:number":"42"}}`, true},
		{`{"StringEquals":{"t:text":"Blue Team","t:number":"43"}}`, false},
		{`{"StringEquals":{"t:text":"Blue Team"},"Bool":{"acs:SecureTransport":true}}`, true},
		{`{"StringEquals":{"t:text":"Blue Team"},"Bool":{"acs:SecureTransport":false}}`, false},

		// Global keys are found in any case, service keys are not.
		{`{"IpAddress":{"acs:sourceip":"203.0.113.7"}}`, true},
		{`{"StringEquals":{"T:Text":"Blue Team"}}`, false},

		// A key that the request does not have.
		{`{"StringEquals":{"t:none":""}}`, false},
		{`{"StringLike":{"t:none":"*"}}`, false},
		{`{"NumericLessThan":{"t:none":1}}`, false},
		{`{"Bool":{"t:none":false}}`, false},
		{`{"StringNotEquals":{"t:none":"x"}}`, true},
		{`{"StringNotLike":{"t:none":"*"}}`, true},
		{`{"NumericNotEquals":{"t:none":1}}`, true},
		{`{"DateNotEquals":{"t:none":"2026-01-02"}}`, true},
		{`{"NotIpAddress":{"t:none":"0.0.0.0/0"}}`, true},
		{`{"StringEqualsIfExists":{"t:none":"x"}}`, true},
		{`{"StringEqualsIfExists":{"t:text":"x"}}`, false},
		{`{"StringEqualsIfExists":{"t:text":"Blue Team"}}`, true},
		{`{}`, true},
	}
	for _, tt := range tests {
		p := mustParse(t, oneStatement(allowAll+`,"Condition":`+tt.condition))
		effect, _ := p.verdict(asked())
		if got := effect == Allow; got != tt.want {
			t.Errorf("%s holds = %v, want %v", tt.condition, got, tt.want)
		}
	}
}

func TestOperatorsAreAsManyAsRAMHas(t *testing.T) {
	if got, want := len(operators), 21; got != want {
		t.Errorf("%d operators, want the %d of RAM", got, want)
	}
}

func TestSourceAddressForms(t *testing.T) {
	p := mustParse(t, oneStatement(allowAll+`,"Condition":{"IpAddress":{"acs:SourceIp":["10.0.0.0/8","fe80::/10"]}}`))
	tests := []struct {
		addr netip.Addr
		want Effect
	}{
		{netip.MustParseAddr("10.1.2.3"), Allow},
		{netip.MustParseAddr("::ffff:10.1.2.3"), Allow},
		{netip.MustParseAddr("fe80::1%eth0"), Allow},
		{netip.MustParseAddr("11.1.2.3"), ImplicitDeny},
		{netip.MustParseAddr("2001:db8::1"), ImplicitDeny},
		{netip.Addr{}, ImplicitDeny},
	}
	for _, tt := range tests {
		req := asked()
		req.SourceIP = tt.addr
		if got, _ := p.verdict(req); got != tt.want {
			t.Errorf("from %v: %v, want %v", tt.addr, got, tt.want)
		}
	}
}

// TestUnknownSourceLetsNobodyIn: whoever's address is not known is not inside, and is not outside either where that allows.
func TestUnknownSourceLetsNobodyIn(t *testing.T) {
	const inside, outside = `"Condition":{"IpAddress":{"acs:SourceIp":"10.0.0.0/8"}}`, `"Condition":{"NotIpAddress":{"acs:SourceIp":"10.0.0.0/8"}}`
	const denyAll = `"Effect":"Deny","Action":"*","Resource":"*"`
	req := asked()
	req.SourceIP = netip.Addr{}
	for members, want := range map[string]Effect{
		allowAll + "," + inside:  ImplicitDeny,
		allowAll + "," + outside: ImplicitDeny,
		denyAll + "," + inside:   ImplicitDeny,
		denyAll + "," + outside:  ExplicitDeny,
	} {
		if got, _ := mustParse(t, oneStatement(members)).verdict(req); got != want {
			t.Errorf("%s: %v, want %v", members, got, want)
		}
	}
}

func TestAbsentGlobalKeys(t *testing.T) {
	req := &Request{Action: "cams:ListChatGroup", Resource: "*"}
	tests := []struct {
		condition string
		want      bool
	}{
		{`{"DateGreaterThan":{"acs:CurrentTime":"0001-01-01"}}`, false},
		{`{"DateLessThan":{"acs:CurrentTime":"9999-01-01"}}`, false},
		{`{"DateNotEquals":{"acs:CurrentTime":"2026-01-01"}}`, true},
		{`{"NotIpAddress":{"acs:SourceIp":"0.0.0.0/0"}}`, false},
		{`{"StringNotLike":{"acs:sourceip":"10.*"}}`, false},
		{`{"IpAddressIfExists":{"acs:SourceIp":"10.0.0.0/8"}}`, true},
		{`{"StringLike":{"acs:PrincipalArn":"*"}}`, false},
		{`{"Bool":{"acs:SecureTransport":false,"acs:MFAPresent":false}}`, true},
		{`{"StringEquals":{"t:any":"x"}}`, false},
	}
	for _, tt := range tests {
		p := mustParse(t, oneStatement(allowAll+`,"Condition":`+tt.condition))
		effect, _ := p.verdict(req)
		if got := effect == Allow; got != tt.want {
			t.Errorf("%s holds = %v, want %v", tt.condition, got, tt.want)
		}
	}
}
