package simulator

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"sync"
)

// linkPrefix is what every invite link begins with. Source: Meta, WhatsApp Groups API, reference.
const linkPrefix = "https://chat.whatsapp.com/"

// ids makes identifiers in the shapes that Meta's samples show. Its source is read under a lock, since a reader that a
// test passes in need not bear concurrent use.
type ids struct {
	mu     sync.Mutex
	source io.Reader
}

func (i *ids) bytes(n int) []byte {
	b := make([]byte, n)
	i.mu.Lock()
	defer i.mu.Unlock()
	if _, err := io.ReadFull(i.source, b); err != nil {
		// Without randomness no id is safe to give out, and crypto/rand itself never fails.
		panic(fmt.Errorf("read random bytes for an id: %w", err))
	}
	return b
}

// request returns a request_id: 32 upper-case hexadecimal digits.
func (i *ids) request() string {
	const digits = "0123456789ABCDEF"
	var out [32]byte
	for k, b := range i.bytes(16) {
		out[2*k], out[2*k+1] = digits[b>>4], digits[b&15]
	}
	return string(out[:])
}

// message returns a message id.
func (i *ids) message() string {
	return "wamid." + base64.StdEncoding.EncodeToString(append([]byte("HBgL"), i.bytes(18)...))
}

// trace returns an fbtrace_id.
func (i *ids) trace() string { return "A" + base64.RawURLEncoding.EncodeToString(i.bytes(16)) }

// challenge returns the digits of a webhook handshake.
func (i *ids) challenge() string {
	return fmt.Sprintf("%d", binary.BigEndian.Uint64(i.bytes(8))>>1)
}

// link returns the last part of an invite link, 22 letters and digits.
func (i *ids) link() string {
	const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	b := i.bytes(22)
	for k := range b {
		b[k] = letters[int(b[k])%len(letters)]
	}
	return string(b)
}

// groupNumber returns the number that WhatsApp itself gives a group: 18 digits that begin with 120363.
func (i *ids) groupNumber() string {
	return fmt.Sprintf("120363%012d", binary.BigEndian.Uint64(i.bytes(8))%1_000_000_000_000)
}

// groupID wraps a group's number in the form in which the Graph API hands it out.
func groupID(businessDigits, groupNumber string) string {
	return escape("capi_group:" + businessDigits + ":" + groupNumber)
}

// joinRequestID is the same for every request of one person to one group, as in Meta's samples.
func joinRequestID(digits, groupNumber string) string {
	return base64.StdEncoding.EncodeToString([]byte(digits + ":" + groupNumber))
}

var (
	escaper   = strings.NewReplacer("Z", "ZA", "=", "ZD")
	unescaper = strings.NewReplacer("ZA", "Z", "ZD", "=")
)

// escape is Base64 with the Graph API's own escaping, used for group ids and cursors.
func escape(text string) string {
	return escaper.Replace(base64.StdEncoding.EncodeToString([]byte(text)))
}

func unescape(text string) (string, bool) {
	b, err := base64.StdEncoding.DecodeString(unescaper.Replace(text))
	return string(b), err == nil
}
