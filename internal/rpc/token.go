package rpc

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
)

// maxClientToken is how long an idempotency token can be, in characters of ASCII.
const maxClientToken = 64

// commonParameters are those that say how a call was signed and is answered, and not what it is to do.
var commonParameters = []string{
	"AccessKeyId", "Action", "BearerToken", "ClientToken", "Format", "RegionId", "SecurityToken", "Signature",
	"SignatureMethod", "SignatureNonce", "SignatureType", "SignatureVersion", "Timestamp", "Version",
}

// readToken takes the idempotency token of a change, and what it stands for.
func (x *exchange) readToken() error {
	if !x.operation.Change {
		return nil
	}
	token := x.Params.Text("ClientToken")
	for i := range len(token) {
		if token[i] < '!' || token[i] > '~' || i >= maxClientToken {
			return Invalid("ClientToken", "ClientToken must be at most 64 printable characters of ASCII, without blanks.")
		}
	}
	if token != "" {
		x.Caller.ClientToken, x.Caller.ParamsDigest = token, x.Params.digest()
	}
	return nil
}

// digest is a hash over names and values of the business parameters. Each has its length before it, so that no two lists of
// parameters look alike.
func (p Params) digest() string {
	h := sha256.New()
	var buf []byte
	for _, parameter := range p {
		if _, common := slices.BinarySearch(commonParameters, parameter.Name); common {
			continue
		}
		buf = append(binary.AppendUvarint(buf[:0], uint64(len(parameter.Name))), parameter.Name...)
		buf = append(binary.AppendUvarint(buf, uint64(len(parameter.Value))), parameter.Value...)
		h.Write(buf)
	}
	return hex.EncodeToString(h.Sum(nil))
}
