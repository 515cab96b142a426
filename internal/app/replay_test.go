package app_test

import (
	"net/url"
	"path/filepath"
	"slices"
	"testing"

	"github.com/rollcall-im/rollcall/internal/signature"
)

// look makes requests that leave no operation behind, so that only the nonce log knows of them. What it gives sends the same
// bytes again and fails unless they are refused.
func (s *site) look() (again func()) {
	s.t.Helper()
	page := url.Values{"Page": {`{"Index":1,"Size":10}`}}
	looks := []*signature.Request{
		s.sign(request{action: "ListChatGroup", values: page}),
		s.sign(request{action: "ListChatGroup", values: page, scheme: signature.RPCHMACSHA1}),
		s.sign(request{action: "ListChatGroupParticipants", values: url.Values{"GroupId": {"none"}}}),
	}
	var told []string
	for _, signed := range looks {
		told = append(told, s.sent(signed).Code)
	}
	if want := []string{"OK", "OK", "InvalidParameter.GroupNotExist"}; !slices.Equal(told, want) {
		s.t.Errorf("the looks are answered %v, want %v", told, want)
	}
	return func() {
		s.t.Helper()
		for i, signed := range looks {
			if a := s.sent(signed); a.Code != "SignatureNonceUsed" {
				s.t.Errorf("look %d, sent again: %s", i, a.Body)
			}
		}
	}
}

// TestP6ALookIsGoodOnceAcrossAStop sends requests that read again when the server has been stopped and started.
func TestP6ALookIsGoodOnceAcrossAStop(t *testing.T) {
	t.Parallel()
	cfg := life{DataDir: filepath.Join(t.TempDir(), "data"), ConfirmWait: patience}.config()
	s, stop := run(t, cfg)
	again := s.look()
	stop()
	s.ready = open(t, cfg).ready
	again()
}

// TestP6ALookIsGoodOnceAcrossAKill does the same with a server that is killed, where nothing is closed.
func TestP6ALookIsGoodOnceAcrossAKill(t *testing.T) {
	t.Parallel()
	l := life{DataDir: filepath.Join(t.TempDir(), "data"), ConfirmWait: patience}
	p := spawn(t, l)
	again := p.look()
	p.kill()
	p.ready = spawn(t, l).ready
	again()
}
