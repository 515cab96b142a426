package rpc

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
)

// newSealOf takes a key of 32 bytes for something that goes out encrypted and comes back.
func newSealOf(key []byte, what string) (cipher.AEAD, error) {
	if len(key) != 32 {
		return nil, fmt.Errorf("the key for %s has %d bytes and needs 32", what, len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("use the key for %s: %w", what, err)
	}
	return cipher.NewGCM(block)
}

// sealValue writes a value as a text that only who has the key can read. The label is bound to it, so that one key can serve several
// purposes.
func sealValue(seal cipher.AEAD, label string, value any) (string, error) {
	plain, err := json.Marshal(value)
	if err != nil {
		return "", fmt.Errorf("encode what is sealed as %q: %w", label, err)
	}
	nonce := make([]byte, seal.NonceSize(), seal.NonceSize()+len(plain)+seal.Overhead())
	_, _ = rand.Read(nonce) // never fails, by its documentation
	return base64.StdEncoding.EncodeToString(seal.Seal(nonce, nonce, plain, []byte(label))), nil
}

// errSealed says that a text was not made by sealValue with this key and label.
var errSealed = errors.New("the text was not sealed here")

func openValue(seal cipher.AEAD, label, text string, value any) error {
	sealed, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(sealed) < seal.NonceSize() {
		return errSealed
	}
	size := seal.NonceSize()
	plain, err := seal.Open(nil, sealed[:size], sealed[size:], []byte(label))
	if err != nil || json.Unmarshal(plain, value) != nil {
		return errSealed
	}
	return nil
}
