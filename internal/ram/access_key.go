package ram

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"
)

// AccessKey lets a program act as a user. The secret is shown once, when the
// key is made.
type AccessKey struct {
	ID        string // LTAI5t and 18 letters or digits
	Secret    Secret
	Status    KeyStatus
	UserName  string // the user it acts as; empty for the account itself
	CreatedAt time.Time
}

// KeyStatus tells whether a key may be used.
type KeyStatus string

// The states of an access key, as RAM's API spells them.
const (
	KeyActive   KeyStatus = "Active"
	KeyInactive KeyStatus = "Inactive"
)

// ParseKeyStatus takes Active or Inactive. The error has the code
// InvalidParameter.Status.
func ParseKeyStatus(text string) (KeyStatus, error) {
	switch s := KeyStatus(text); s {
	case KeyActive, KeyInactive:
		return s, nil
	}
	return "", &Error{Code: "InvalidParameter.Status", Message: `The parameter - "Status" is Active or Inactive.`}
}

// Secret is text that logs and error messages must not show. Convert it to a
// string where it is really needed.
type Secret string

// Format writes a placeholder, whatever the verb.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[secret]") }

// LogValue writes a placeholder.
func (Secret) LogValue() slog.Value { return slog.StringValue("[secret]") }

// LogValue leaves the secret out.
func (k AccessKey) LogValue() slog.Value {
	return slog.GroupValue(slog.String("id", k.ID), slog.String("status", string(k.Status)))
}

const (
	keyIDPrefix       = "LTAI5t"
	temporaryIDPrefix = "STS."
	keyIDLength       = 24 // with the prefix
	secretLength      = 30
)

// GenerateAccessKey draws an active access key from random. Whose it is and
// since when is left to the caller.
func GenerateAccessKey(random io.Reader) (AccessKey, error) {
	return generateKey(random, keyIDPrefix)
}

// GenerateTemporaryKey draws the key of a role session from random: as an
// access key, but its id begins with "STS.".
func GenerateTemporaryKey(random io.Reader) (AccessKey, error) {
	return generateKey(random, temporaryIDPrefix)
}

func generateKey(random io.Reader, prefix string) (AccessKey, error) {
	id, err := draw(random, alphanumerics, keyIDLength-len(prefix))
	if err != nil {
		return AccessKey{}, fmt.Errorf("generate access key id: %w", err)
	}
	secret, err := draw(random, alphanumerics, secretLength)
	if err != nil {
		return AccessKey{}, fmt.Errorf("generate access key secret: %w", err)
	}
	return AccessKey{ID: prefix + id, Secret: Secret(secret), Status: KeyActive}, nil
}

const (
	digits        = "0123456789"
	alphanumerics = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
)

// draw picks n characters of alphabet, each as likely as any other: a byte
// beyond the last whole multiple of the alphabet is thrown away.
func draw(random io.Reader, alphabet string, n int) (string, error) {
	limit := 256 / len(alphabet) * len(alphabet)
	out := make([]byte, 0, n)
	buffer := make([]byte, n)
	// About 3 bytes in 100 are thrown away, so a true source is done within a
	// few rounds; the bound is for a broken one.
	for range 32 {
		missing := buffer[:n-len(out)]
		if _, err := io.ReadFull(random, missing); err != nil {
			return "", fmt.Errorf("read random bytes: %w", err)
		}
		for _, b := range missing {
			if int(b) < limit {
				out = append(out, alphabet[int(b)%len(alphabet)])
			}
		}
		if len(out) == n {
			return string(out), nil
		}
	}
	return "", errors.New("the random source is not random")
}
