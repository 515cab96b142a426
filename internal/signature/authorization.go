package signature

import "strings"

// authorization is the Authorization header of signature version 3 behind its method:
// Credential=<id>,SignedHeaders=<names>,Signature=<hex>. Official clients write no space after the commas,
// hand-written ones do.
type authorization struct {
	credential    string
	signedHeaders string
	signature     string
}

func parseAuthorization(fields string) (authorization, error) {
	var a authorization
	for more := true; more; {
		var field string
		field, fields, more = strings.Cut(fields, ",")
		name, value, found := strings.Cut(strings.TrimSpace(field), "=")
		slot := a.slot(name)
		if !found || slot == nil {
			return a, errAuthorization("Authorization", "the Authorization header must be Credential=…,SignedHeaders=…,Signature=…")
		}
		if *slot != "" {
			return a, errAuthorization(name, "the Authorization header has "+name+" more than once")
		}
		*slot = value
	}
	return a, a.check()
}

func (a *authorization) slot(name string) *string {
	switch name {
	case "Credential":
		return &a.credential
	case "SignedHeaders":
		return &a.signedHeaders
	case "Signature":
		return &a.signature
	default:
		return nil
	}
}

func (a *authorization) check() error {
	switch {
	case a.credential == "":
		return errMissing("AccessKeyId")
	case a.signature == "":
		return errMissing("Signature")
	case a.signedHeaders == "":
		return errAuthorization("SignedHeaders", "the Authorization header names no SignedHeaders")
	}
	return checkValue("AccessKeyId", a.credential, maxAccessKeyID)
}
