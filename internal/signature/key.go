package signature

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"sync"

	"github.com/emmansun/gmsm/sm3"
)

// Key is an access key's secret, ready for use: the states of HMAC after the secret went in are kept, so that a
// check begins with the string to sign. It may be kept as long as the access key lives and used by several
// goroutines at once.
type Key struct {
	empty                    bool
	hmacSHA256, hmacSM3, rpc sync.Pool // of hash.Hash; the secret itself stays in their closures
}

// NewKey makes a key of an access key secret. The key of an empty secret verifies nothing.
func NewKey(secret string) *Key {
	k := &Key{empty: secret == ""}
	k.hmacSHA256.New = func() any { return hmac.New(sha256.New, []byte(secret)) }
	k.hmacSM3.New = func() any { return hmac.New(sm3.New, []byte(secret)) }
	k.rpc.New = func() any { return hmac.New(sha1.New, []byte(secret+"&")) }
	return k
}

// Verify checks the signature of a request against the claim that Parse made of that same request. It returns
// nil, a *MismatchError for a wrong signature, or an *Error: of kind BodyHash if the body is not the one that
// was signed, of kind BadEncoding for parameters that cannot be decoded.
func (k *Key) Verify(r *Request, c *Claim) error {
	s := scratches.Get().(*scratch) //nolint:errcheck // the pool holds nothing else
	defer s.release()
	if err := s.prepare(r, c); err != nil {
		return err
	}
	s.sign(k, c.Scheme)
	s.claimed = append(s.claimed[:0], c.Signature...)
	if subtle.ConstantTimeCompare(s.signature, s.claimed) == 1 && !k.empty {
		return nil
	}
	return s.mismatch(c.Scheme)
}

func (k *Key) pool(s Scheme) *sync.Pool {
	switch s {
	case ACS3HMACSHA256:
		return &k.hmacSHA256
	case ACS3HMACSM3:
		return &k.hmacSM3
	default:
		return &k.rpc
	}
}

// scratch holds the buffers of one calculation, so that a check allocates nothing.
type scratch struct {
	canonical []byte // the canonical request; for RPC 1.0 the canonical parameters
	toSign    []byte
	sum       []byte
	signature []byte
	claimed   []byte
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// release gives the buffers back, except those that an unusually large request has blown up.
func (s *scratch) release() {
	const keep = 64 << 10
	if cap(s.canonical)+cap(s.toSign)+cap(s.claimed) <= keep {
		scratches.Put(s)
	}
}

// prepare makes the string to sign.
func (s *scratch) prepare(r *Request, c *Claim) (err error) {
	switch c.Scheme {
	case RPCHMACSHA1:
		s.canonical = appendParameters(s.canonical[:0], c.signed)
		s.toSign = appendRPCStringToSign(s.toSign[:0], r, s.canonical)
		return nil
	case ACS3HMACSHA256, ACS3HMACSM3:
		return s.prepareACS3(r, c)
	default:
		return fmt.Errorf("prepare string to sign: scheme %d is not served", c.Scheme)
	}
}

func (s *scratch) prepareACS3(r *Request, c *Claim) (err error) {
	s.sum = c.Scheme.appendHash(s.sum[:0], r.Body)
	if string(s.sum) != c.contentHash {
		return &Error{Kind: BodyHash, Param: "x-acs-content-sha256", Detail: "x-acs-content-sha256 is not the hash of the body"}
	}
	if s.canonical, err = appendCanonicalRequest(s.canonical[:0], r, c); err != nil {
		return err
	}
	s.toSign = append(append(s.toSign[:0], c.Scheme.String()...), '\n')
	s.toSign = c.Scheme.appendHash(s.toSign, s.canonical)
	return nil
}

// sign calculates the signature as it stands on the wire.
func (s *scratch) sign(k *Key, scheme Scheme) {
	pool := k.pool(scheme)
	mac := pool.Get().(hash.Hash) //nolint:errcheck // the pool holds nothing else
	mac.Reset()
	mac.Write(s.toSign)
	s.sum = mac.Sum(s.sum[:0])
	pool.Put(mac)
	if scheme == RPCHMACSHA1 {
		s.signature = base64.StdEncoding.AppendEncode(s.signature[:0], s.sum)
		return
	}
	s.signature = hex.AppendEncode(s.signature[:0], s.sum)
}

func (s *scratch) mismatch(scheme Scheme) error {
	e := &MismatchError{Scheme: scheme, StringToSign: string(s.toSign)}
	if scheme != RPCHMACSHA1 {
		e.CanonicalRequest = string(s.canonical)
	}
	return e
}
