package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"strings"

	"github.com/rollcall-im/rollcall/internal/app"
)

// speaker says which server a verb calls, and as whom.
type speaker struct {
	ReadyFile       string `env:"ROLLCALL_READY_FILE" placeholder:"FILE" help:"Ready file of the server to call. Default ready.json in the data directory."`
	DataDir         string `env:"ROLLCALL_DATA_DIR" default:"${data_dir}" placeholder:"FOLDER" help:"Data directory of the development server to call. Default ${default}."`
	Endpoint        string `env:"ROLLCALL_ENDPOINT" placeholder:"URL" help:"Server to call, such as https://rollcall.example.com; in place of a ready file."`
	AccessKeyID     string `env:"ROLLCALL_ACCESS_KEY_ID" name:"access-key-id" placeholder:"ID" help:"Access key to sign with."`
	AccessKeySecret string `env:"ROLLCALL_ACCESS_KEY_SECRET" placeholder:"SECRET" help:"Its secret; better given as ROLLCALL_ACCESS_KEY_SECRET."`
	SecurityToken   string `env:"ROLLCALL_SECURITY_TOKEN" placeholder:"TOKEN" help:"The token of a temporary key, from AssumeRole."`
	CAFile          string `env:"ROLLCALL_CA_FILE" name:"ca-file" placeholder:"FILE" help:"Certificates (PEM) to trust in place of the system's."`
	SignatureForm   string `env:"ROLLCALL_VERSION_OF_SIGNATURE" name:"version-of-signature" enum:"v1,v3" default:"v3" help:"How to sign: ${enum}."`
}

// client knows its server from the flags, and what they leave out from the ready file.
func (v *speaker) client() (*app.Client, *app.Ready, error) {
	if err := v.checkKey(); err != nil {
		return nil, nil, err
	}
	ready, err := v.ready()
	if err != nil {
		return nil, nil, err
	}
	client := ready.Client()
	client.OldSigning = v.SignatureForm == "v1"
	if v.AccessKeyID != "" {
		client.Credentials = app.Credentials{AccessKeyID: v.AccessKeyID, AccessKeySecret: v.AccessKeySecret, SecurityToken: v.SecurityToken}
	}
	if client.Credentials.AccessKeyID == "" || client.Credentials.AccessKeySecret == "" {
		return nil, nil, fmt.Errorf("there is no access key to sign with; give --access-key-id and --access-key-secret; %w", errUsage)
	}
	trusted := v.CAFile
	if trusted == "" {
		trusted = ready.CertificateFile
	}
	if trusted != "" {
		client.HTTP, err = app.TrustFile(trusted)
	}
	return client, ready, err
}

// checkKey refuses half a key: whoever gives a part of one does not want to act with the ready file's, which may do everything.
func (v *speaker) checkKey() error {
	if v.AccessKeyID == "" && v.AccessKeySecret == "" && v.SecurityToken == "" {
		return nil
	}
	for _, part := range [...]struct{ flag, variable, value string }{
		{"--access-key-id", "ROLLCALL_ACCESS_KEY_ID", v.AccessKeyID}, {"--access-key-secret", "ROLLCALL_ACCESS_KEY_SECRET", v.AccessKeySecret},
	} {
		if part.value == "" {
			return fmt.Errorf("a part of an access key is given, but %s (or %s) is missing; give the whole key, or nothing of it; %w",
				part.flag, part.variable, errUsage)
		}
		if strings.ContainsFunc(part.value, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return fmt.Errorf("%s (or %s) is no access key but the place of one; put in the real one, as CreateAccessKey shows it; %w",
				part.flag, part.variable, errUsage)
		}
	}
	return nil
}

// ready reads the ready file, or makes one up of an endpoint that is given.
func (v *speaker) ready() (*app.Ready, error) {
	if v.Endpoint != "" {
		at, err := url.Parse(v.Endpoint)
		if err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https" {
			return nil, fmt.Errorf("--endpoint must look like https://rollcall.example.com; %w", errUsage)
		}
		return &app.Ready{Endpoint: at.Host, Protocol: at.Scheme}, nil
	}
	file := v.ReadyFile
	if file == "" {
		file = app.Data{Dir: v.DataDir}.ReadyFile()
	}
	ready, err := app.ReadReady(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no server to call: %s does not exist; start rollcall dev in this folder, or give --endpoint; %w", file, errUsage)
	}
	return ready, err
}
