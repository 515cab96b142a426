package store

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
)

// ErrSealKey says that the key file does not belong to this database.
var ErrSealKey = errors.New("the key file does not open the secrets in this database; give the key file it was made with")

func newSeal(key []byte) (cipher.AEAD, error) {
	if len(key) != 32 {
		return nil, fmt.Errorf("the seal key has %d bytes and needs 32", len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// sealText encrypts a secret. The label (what it is, whose it is) is bound to it, so that one secret cannot be put in
// another's place.
func (tx *Tx) sealText(label, secret string) []byte {
	nonce := make([]byte, tx.store.seal.NonceSize(), tx.store.seal.NonceSize()+len(secret)+tx.store.seal.Overhead())
	_, _ = rand.Read(nonce) // never fails, by its documentation
	return tx.store.seal.Seal(nonce, nonce, []byte(secret), []byte(label))
}

func (tx *Tx) openText(label string, sealed []byte) (string, error) {
	size := tx.store.seal.NonceSize()
	if len(sealed) < size {
		return "", ErrSealKey
	}
	plain, err := tx.store.seal.Open(nil, sealed[:size], sealed[size:], []byte(label))
	if err != nil {
		return "", ErrSealKey
	}
	return string(plain), nil
}

// checkSeal opens any one secret, so that a wrong key file stops the start.
func (s *Store) checkSeal(ctx context.Context) error { return s.Read(ctx, (*Tx).checkSeal) }

func (tx *Tx) checkSeal() error {
	var label string
	var secret []byte
	err := tx.one(`SELECT 'access-key/' || id, secret FROM access_key
		UNION ALL SELECT 'number/' || number, token FROM business_number LIMIT 1`, nil, &label, &secret)
	if errors.Is(err, ErrNoRow) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read a secret: %w", err)
	}
	_, err = tx.openText(label, secret)
	return err
}
