package main

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/rollcall-im/rollcall/internal/rpc/cams"
	"github.com/rollcall-im/rollcall/internal/signature"
)

const removalAction = "DeleteChatGroupParticipants"

// sign prepares removals of so many people from each of the groups, as whole HTTP messages.
func (w *world) sign(address string, groups []int, people int) ([][]byte, error) {
	out := make([][]byte, len(groups))
	var work errgroup.Group
	for worker := range runtime.GOMAXPROCS(0) {
		work.Go(func() (err error) {
			for i := worker; i < len(groups) && err == nil; i += runtime.GOMAXPROCS(0) {
				out[i], err = w.signOne(address, groups[i], people)
			}
			return err
		})
	}
	return out, work.Wait()
}

type listed struct{ ParticipantNumber string }

func (w *world) signOne(address string, g, people int) ([]byte, error) {
	list := make([]listed, people)
	for i := range list {
		list[i].ParticipantNumber = person(g, i).String()
	}
	text, err := json.Marshal(list)
	if err != nil {
		return nil, err
	}
	q := url.Values{"BusinessNumber": {numberOf(g).String()}, "CustSpaceId": {w.space}, "GroupId": {networkID(g)}, "List": {string(text)}}
	r := signature.Request{Method: http.MethodPost, Path: "/", RawQuery: strings.ReplaceAll(q.Encode(), "+", "%20"), Host: address, Header: http.Header{}}
	opt := signature.SignOptions{Scheme: signature.ACS3HMACSHA256, Action: removalAction, Version: cams.Version, Time: time.Now(), Nonce: nonce()}
	if err := signature.Sign(&r, w.caller, opt); err != nil {
		return nil, err
	}
	return message(&r)
}

func nonce() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails, by its documentation
	return hex.EncodeToString(b[:])
}

func message(r *signature.Request) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s /?%s HTTP/1.1\r\nHost: %s\r\nContent-Length: 0\r\n", r.Method, r.RawQuery, r.Host)
	if err := r.Header.Write(&b); err != nil {
		return nil, err
	}
	b.WriteString("\r\n")
	return b.Bytes(), nil
}
