package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/rollcall-im/rollcall/internal/app"
)

// welcome tells a person all that is needed to begin.
func welcome(w io.Writer, r app.Ready, dataDir string) {
	fmt.Fprintf(w, `Rollcall is ready.

  API          %[1]s://%[2]s
  simulator    %[3]s
  account      %[4]s
  access key   %[5]s  %[6]s
  read only    %[7]s  %[8]s
  channel      %[9]s
  number       %[10]s
  data         %[11]s

`, r.Protocol, r.Endpoint, r.SimulatorURL, r.AccountID, r.AccessKeyID, r.AccessKeySecret,
		r.ReadonlyAccessKeyID, r.ReadonlyAccessKeySecret, r.CustSpaceID, r.BusinessNumber, dataDir)
	story(w, r, dataDir)
	aliyun(w, r)
	snippet(w, r)
}

// story shows the way of a group, for another terminal in the same folder.
func story(w io.Writer, r app.Ready, dataDir string) {
	call := "rollcall call"
	if dataDir != app.DefaultDataDir {
		call += " --data-dir " + quote(dataDir)
	}
	fmt.Fprintf(w, `A story, for another terminal (GROUP and LINK are what the answers say):

  %[1]s AddChatGroup Subject=Hello
  %[1]s ListChatGroup Page='{"Index":1,"Size":10}'
  %[1]s AddChatGroupInviteLink GroupId=GROUP
  curl %[2]s/sim/v1/phones -d '{"number":"8613900000001","name":"Ann"}'
  curl %[2]s/sim/v1/phones/8613900000001/join -d '{"invite_link":"LINK"}'
  %[1]s ListChatGroupParticipants GroupId=GROUP
  %[1]s DeleteChatGroupParticipants GroupId=GROUP List='[{"ParticipantNumber":"8613900000001"}]'

`, call, r.SimulatorURL)
}

func aliyun(w io.Writer, r app.Ready) {
	scheme := "--insecure"
	if r.Protocol == "https" {
		scheme = "--secure --skip-secure-verify"
	}
	fmt.Fprintf(w, `With the aliyun CLI:

  aliyun cams ListChatGroup --force --version 2020-06-06 --endpoint %s %s --region ap-southeast-1 \
    --mode AK --access-key-id %s --access-key-secret %s \
    --CustSpaceId %s --BusinessNumber %s --Page '{"Index":1,"Size":10}'

`, r.Endpoint, scheme, r.AccessKeyID, r.AccessKeySecret, r.CustSpaceID, r.BusinessNumber)
}

func snippet(w io.Writer, r app.Ready) {
	fmt.Fprintf(w, `With the official Go SDK (github.com/alibabacloud-go/cams-20200606/v6/client):

  client, err := cams.NewClient(&openapi.Config{
      Endpoint:        tea.String(%q),
      Protocol:        tea.String(%q),
      AccessKeyId:     tea.String(%q),
      AccessKeySecret: tea.String(%q),
  })

Press Ctrl-C to stop.
`, r.Endpoint, strings.ToUpper(r.Protocol), r.AccessKeyID, r.AccessKeySecret)
}

// quote makes one word of a text for a shell.
func quote(s string) string {
	if strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/-") == "" && s != "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
