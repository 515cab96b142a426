package rpc

import (
	"net/url"
	"strings"

	"github.com/rollcall-im/rollcall/internal/group"
)

// hidden stands in an explanation where the request has a value that nobody but caller and server has to know.
const hidden = "***"

// shownParameters are those whose values an explanation shows: what names the call and what it was about. All others may hold
// anything: one-time codes, addresses with keys in them, what people write to each other. A list of secrets would never be whole.
var shownParameters = map[string]bool{
	"AccessKeyId": true, "Action": true, "ChannelType": true, "ClientToken": true, "CustSpaceId": true, "DurationSeconds": true, "Format": true,
	"GroupId": true, "GroupName": true, "InstanceId": true, "Language": true, "MaxItems": true, "NewGroupName": true, "NewUserName": true,
	"Page": true, "PolicyName": true, "PolicyType": true, "RegionId": true, "RoleArn": true, "RoleName": true, "RoleSessionName": true,
	"SignatureMethod": true, "SignatureNonce": true, "SignatureType": true, "SignatureVersion": true, "TemplateCode": true,
	"Timestamp": true, "UserAccessKeyId": true, "UserName": true, "Version": true, "VersionId": true, "WabaId": true,
}

// maskedParameters are numbers, shown without their middle digits.
var maskedParameters = map[string]bool{"BusinessNumber": true}

// shownHeaders are the headers whose values an explanation shows, of those that can be signed.
var shownHeaders = map[string]bool{
	"accept": true, "content-length": true, "content-type": true, "host": true, "user-agent": true, "x-acs-accesskey-id": true, "x-acs-action": true,
	"x-acs-content-sha256": true, "x-acs-date": true, "x-acs-signature-method": true, "x-acs-signature-nonce": true,
	"x-acs-signature-version": true, "x-acs-version": true,
}

// shownValue gives what an explanation shows of a parameter's value. Pieces of lists and objects (Page.Index) are as the whole.
func shownValue(name, value string) string {
	base, _, _ := strings.Cut(officialName(name), ".")
	switch {
	case value == "" || shownParameters[base]:
		return value
	case maskedParameters[base] && strings.Trim(value, "0123456789*") == "":
		return group.Mask(value)
	}
	return hidden
}

// hideCanonical hides values in the canonical request of version 3: method, path, query, a line for each header, an empty one, the
// names of the headers, the hash of the body.
func hideCanonical(canonical string) string {
	lines := strings.Split(canonical, "\n")
	for i := 2; i < len(lines) && lines[i] != ""; i++ {
		if i == 2 {
			continue
		}
		name, value, _ := strings.Cut(lines[i], ":")
		if value != "" && !shownHeaders[name] {
			lines[i] = name + ":" + hidden
		}
	}
	if len(lines) > 2 {
		lines[2] = hideQuery(lines[2])
	}
	return strings.Join(lines, "\n")
}

// hideStringToSign hides values in the string to sign of signature 1.0: method, path and query, the query escaped as a whole. That of
// version 3 has a hash and no values.
func hideStringToSign(toSign string) string {
	parts := strings.SplitN(toSign, "&", 3)
	if len(parts) < 3 {
		return toSign
	}
	query, err := url.PathUnescape(parts[2])
	if err != nil {
		return hidden
	}
	// A star of the request has been escaped twice, so that one that was escaped once is ours.
	parts[2] = strings.ReplaceAll(url.QueryEscape(hideQuery(query)), "%2A", "*")
	return strings.Join(parts, "&")
}

// hideQuery hides values in a query, in the form in which it is signed.
func hideQuery(query string) string {
	if query == "" {
		return ""
	}
	pairs := strings.Split(query, "&")
	for i, pair := range pairs {
		pairs[i] = hidePair(pair)
	}
	return strings.Join(pairs, "&")
}

func hidePair(pair string) string {
	name, value, _ := strings.Cut(pair, "=")
	plain, err := url.PathUnescape(value)
	switch {
	case !isName(name): // somebody has put something else where a name belongs
		return hidden + "=" + hidden
	case err != nil:
		return name + "=" + hidden
	}
	if shown := shownValue(name, plain); shown != plain {
		return name + "=" + shown
	}
	return pair
}

// isName tells whether a text can be the name of a parameter, or of a piece of one.
func isName(text string) bool {
	const most = 64
	for i := range len(text) {
		c := text[i]
		if c != '.' && c != '_' && c != '-' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return text != "" && len(text) <= most
}

// hideMessage takes out of a refusal what it repeats of the request: the strings that were signed, which the explanation has by
// themselves, and values that are not shown.
func (x *exchange) hideMessage(kind group.Code, message string) string {
	if said, _, repeated := strings.Cut(message, " server "); repeated && kind == codeSignatureMismatch {
		return said + " server StringToSign is [kept by itself, with values hidden]"
	}
	const least = 4 // a shorter value would take words apart
	var pairs []string
	for _, p := range x.Params {
		if len(p.Value) >= least && shownValue(p.Name, p.Value) != p.Value {
			pairs = append(pairs, p.Value, shownValue(p.Name, p.Value))
		}
	}
	for _, name := range [...]string{"X-Acs-Security-Token", "X-Acs-Bearer-Token"} {
		for _, value := range x.http.Header[name] {
			if len(value) >= least {
				pairs = append(pairs, value, hidden)
			}
		}
	}
	return strings.NewReplacer(pairs...).Replace(message)
}
