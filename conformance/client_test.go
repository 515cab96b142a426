package conformance

import (
	"cmp"
	"encoding/json"
	"testing"
)

const (
	product = "cams"
	version = "2020-06-06"

	// operationHeader names the operation behind a change: an extension of Rollcall.
	operationHeader = "x-rollcall-operation-id"
)

// target is where a client is pointed, and with which key.
type target struct {
	Endpoint        string `json:"endpoint"` // host and port
	Protocol        string `json:"protocol"` // http or https
	AccessKeyID     string `json:"access_key_id"`
	AccessKeySecret string `json:"access_key_secret"`
	Authority       string `json:"authority"`      // PEM to trust over https, "" over http
	SecurityToken   string `json:"security_token"` // of temporary credentials, "" for others
	API             string `json:"-"`              // the version of the product that is called, "" for the group operations'
}

// version is that of the product that is called.
func (t target) version() string { return cmp.Or(t.API, version) }

// owner is the target with the key that may do everything.
func (s server) owner() target {
	return target{Endpoint: s.Endpoint, Protocol: s.Protocol, AccessKeyID: s.AccessKeyID, AccessKeySecret: s.AccessKeySecret,
		Authority: string(s.authority)}
}

// reader is the target with the key that may only read.
func (s server) reader() target {
	to := s.owner()
	to.AccessKeyID, to.AccessKeySecret = s.ReadonlyAccessKeyID, s.ReadonlyAccessKeySecret
	return to
}

// client calls an operation in the way its users do. Parameters are texts, but for List and Page, which are a []any and a
// map[string]any and which each client writes in its own form. An error is one that the client gave for anything but an
// answer of the server.
type client interface {
	call(action string, parameters map[string]any) (answer, error)
}

// answer is what a client lets its user see.
type answer struct {
	Status int               `json:"status"` // 0 where the client hides it
	Header map[string]string `json:"header"` // lower-case names; nil where the client hides it
	Body   json.RawMessage   `json:"body"`   // nil where the client gives only an error
	Raised *refusal          `json:"raised"` // the error that the client made of the answer, or nil
}

// refusal is a client's error with what it lets its user see of the server's.
type refusal struct {
	Code      string          `json:"code"`
	Message   string          `json:"message"`
	Recommend string          `json:"recommend"`
	Detail    json.RawMessage `json:"detail"` // AccessDeniedDetail as the client hands it on, or nil
}

// kind is one way to call: a client with the settings that change what it sends.
type kind struct {
	name string
	open func(t *testing.T, to target) client
	// raisesBusiness says that the client makes an error of HTTP 200 with a Code other than OK.
	raisesBusiness bool
}

var kinds = []kind{
	{name: "darabonba-openapi", open: openDarabonba("", inQuery)},
	{name: "darabonba-openapi SM3", open: openDarabonba("ACS3-HMAC-SM3", inQuery)},
	{name: "darabonba-openapi form body", open: openDarabonba("", inForm)},
	{name: "darabonba-openapi signature 1.0", open: openDarabonba("v2", inQuery)},
	{name: "darabonba-openapi signature 1.0 form body", open: openDarabonba("v2", inForm)},
	{name: "darabonba-openapi form body and query", open: openDarabonba("", inBoth)},
	{name: "typed", open: openTyped},
	{name: "alibaba-cloud-sdk-go GET", open: openSDK("GET")},
	{name: "alibaba-cloud-sdk-go POST", open: openSDK("POST")},
	{name: "pop-core GET", open: openNode("pop-core.js", "GET"), raisesBusiness: true},
	{name: "pop-core POST", open: openNode("pop-core.js", "POST"), raisesBusiness: true},
	{name: "openapi-client", open: openNode("openapi-client.js", "")},
	{name: "openapi-client SM3", open: openNode("openapi-client.js", "ACS3-HMAC-SM3")},
	{name: "openapi-client signature 1.0", open: openNode("openapi-client.js", "v2")},
}

// eachKind runs a test once for each kind of client, over plain HTTP and over TLS.
func eachKind(t *testing.T, test func(t *testing.T, s server, k kind)) {
	t.Helper()
	for _, protocol := range []string{"http", "https"} {
		t.Run(protocol, func(t *testing.T) {
			s := startServer(t, protocol)
			for _, k := range kinds {
				t.Run(k.name, func(t *testing.T) { test(t, s, k) })
			}
		})
	}
}

// texts writes the parameters as the generated SDKs do: a structure is one parameter that holds JSON.
func texts(parameters map[string]any) (map[string]string, error) {
	written := make(map[string]string, len(parameters))
	for name, value := range parameters {
		if text, ok := value.(string); ok {
			written[name] = text
			continue
		}
		text, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		written[name] = string(text)
	}
	return written, nil
}
