package signature

import (
	"cmp"
	"slices"
)

// commonNames are the common parameters of RPC calls (Alibaba Cloud, "RPC API common parameters").
var commonNames = []string{
	"AccessKeyId", "Action", "BearerToken", "Format", "RegionId", "SecurityToken", "Signature",
	"SignatureMethod", "SignatureNonce", "SignatureType", "SignatureVersion", "Timestamp", "Version",
}

// parseRPC reads a request of RPC signature 1.0 (Alibaba Cloud, "RPC API signature mechanism"). A body that is
// not a form is no part of the signature, and none of the parameters either.
func parseRPC(r *Request, c *Claim) error {
	params, err := Parameters(r)
	if err != nil {
		return err
	}
	fields := make(map[string]string, len(commonNames))
	for _, p := range params {
		if !slices.Contains(commonNames, p.Name) {
			continue
		}
		if _, seen := fields[p.Name]; seen {
			return &Error{Kind: Duplicate, Param: p.Name, Detail: "the parameter " + p.Name + " is sent more than once"}
		}
		fields[p.Name] = p.Value
	}
	// This scheme does not cover headers, so the parameters alone say what is called.
	c.Action, c.Version = fields["Action"], fields["Version"]
	if err := refuseSignatureType(fields); err != nil {
		return err
	}
	for _, name := range []string{"AccessKeyId", "Signature", "SignatureMethod", "SignatureVersion", "SignatureNonce", "Timestamp"} {
		if fields[name] == "" {
			return errMissing(name)
		}
	}
	c.Scheme = RPCHMACSHA1
	if err := c.readRPCFields(fields); err != nil {
		return err
	}
	c.signed = signedParameters(params)
	return nil
}

func refuseSignatureType(fields map[string]string) error {
	kind := fields["SignatureType"]
	switch {
	case kind == "BEARERTOKEN" || fields["BearerToken"] != "":
		return errUnknownMethod("SignatureType", "bearer tokens are not accepted: "+useHMAC)
	case kind != "":
		return errUnknownMethod("SignatureType", "SignatureType must be empty: "+useHMAC)
	}
	return nil
}

func (c *Claim) readRPCFields(fields map[string]string) error {
	if fields["SignatureMethod"] != "HMAC-SHA1" {
		return errUnknownMethod("SignatureMethod", "SignatureMethod must be HMAC-SHA1")
	}
	if fields["SignatureVersion"] != "1.0" {
		return &Error{Kind: UnknownVersion, Param: "SignatureVersion", Detail: "SignatureVersion must be 1.0"}
	}
	var ok bool
	if c.Time, ok = parseTimestamp(fields["Timestamp"]); !ok {
		return errBadTime("Timestamp")
	}
	if err := cmp.Or(
		checkValue("AccessKeyId", fields["AccessKeyId"], maxAccessKeyID),
		checkValue("SignatureNonce", fields["SignatureNonce"], maxNonce),
		checkValue("SecurityToken", fields["SecurityToken"], maxSecurityToken),
	); err != nil {
		return err
	}
	c.AccessKeyID, c.Nonce, c.SecurityToken = fields["AccessKeyId"], fields["SignatureNonce"], fields["SecurityToken"]
	c.Signature = fields["Signature"]
	return nil
}

// signedParameters returns all parameters but Signature, sorted.
func signedParameters(params []Parameter) []Parameter {
	signed := slices.DeleteFunc(slices.Clone(params), func(p Parameter) bool { return p.Name == "Signature" })
	sortParameters(signed)
	return signed
}

// appendRPCStringToSign appends METHOD&path&query with path and query percent-encoded, the query having been
// made of encoded parameters before. The path of an RPC call is always "/"; with any other the signature of an
// official client cannot match.
func appendRPCStringToSign(dst []byte, r *Request, query []byte) []byte {
	dst = append(append(dst, r.Method...), '&')
	dst = append(appendEncoded(dst, r.path()), '&')
	return appendEncoded(dst, query)
}
