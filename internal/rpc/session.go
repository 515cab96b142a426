package rpc

import (
	"crypto/cipher"
	"errors"
	"time"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/ram"
)

// TokenSeal makes the security tokens of role sessions and reads them again, on whatever node. A token is the whole session, encrypted:
// nothing is kept of it here.
type TokenSeal struct{ seal cipher.AEAD }

// tokenLabel is bound to the ciphertext. A token of another form gets another label.
const tokenLabel = "rollcall session 1"

// NewTokenSeal takes a key of 32 bytes, which must be the same on every node and after a restart.
func NewTokenSeal(key []byte) (*TokenSeal, error) {
	seal, err := newSealOf(key, "security tokens")
	if err != nil {
		return nil, err
	}
	return &TokenSeal{seal}, nil
}

// sealedSession is a session as it stands in a token. The name of the role does not: it is looked up.
type sealedSession struct {
	Account int64  `json:"a"`
	Role    int64  `json:"r"`
	Name    string `json:"n"`
	Policy  string `json:"p,omitempty"`
	Key     string `json:"k"`
	Secret  string `json:"s"`
	TakenBy string `json:"b"`
	Expires int64  `json:"e"` // seconds since 1970
}

// Seal gives the security token of a session.
func (t *TokenSeal) Seal(s *gateway.Session) (string, error) {
	return sealValue(t.seal, tokenLabel, sealedSession{Account: s.AccountID, Role: s.RoleID, Name: s.Name, Policy: s.Policy, Key: s.AccessKeyID,
		Secret: string(s.Secret), TakenBy: s.TakenBy, Expires: s.ExpiresAt.Unix()})
}

// errToken says that a text is no token of ours.
var errToken = errors.New("the text is no security token of this server")

func (t *TokenSeal) open(text string) (s gateway.Session, err error) {
	var in sealedSession
	if t == nil || openValue(t.seal, tokenLabel, text, &in) != nil {
		return s, errToken
	}
	return gateway.Session{AccountID: in.Account, RoleID: in.Role, Name: in.Name, Policy: in.Policy, AccessKeyID: in.Key,
		Secret: ram.Secret(in.Secret), TakenBy: in.TakenBy, ExpiresAt: time.Unix(in.Expires, 0).UTC()}, nil
}
