package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/rollcall-im/rollcall/internal/app"
)

type callVerb struct {
	Action     string   `arg:"" help:"The operation, such as ListChatGroup."`
	Parameters []string `arg:"" optional:"" placeholder:"KEY=VALUE" help:"Its parameters, such as Subject=Hello. CustSpaceId and BusinessNumber come from the ready file if you leave them out."`

	ReadyFile       string `env:"ROLLCALL_READY_FILE" placeholder:"FILE" help:"Ready file of the server to call. Default ready.json in the data directory."`
	DataDir         string `env:"ROLLCALL_DATA_DIR" default:"${data_dir}" placeholder:"FOLDER" help:"Data directory of the development server to call. Default ${default}."`
	Endpoint        string `env:"ROLLCALL_ENDPOINT" placeholder:"URL" help:"Server to call, such as https://rollcall.example.com; in place of a ready file."`
	AccessKeyID     string `env:"ROLLCALL_ACCESS_KEY_ID" name:"access-key-id" placeholder:"ID" help:"Access key to sign with."`
	AccessKeySecret string `env:"ROLLCALL_ACCESS_KEY_SECRET" placeholder:"SECRET" help:"Its secret; better given as ROLLCALL_ACCESS_KEY_SECRET."`
	CAFile          string `env:"ROLLCALL_CA_FILE" name:"ca-file" placeholder:"FILE" help:"Certificates (PEM) to trust in place of the system's."`
	SignatureForm   string `env:"ROLLCALL_VERSION_OF_SIGNATURE" name:"version-of-signature" enum:"v1,v3" default:"v3" help:"How to sign: ${enum}."`
	Verbose         bool   `short:"v" help:"Print status and headers too."`
}

// Run makes the call. A refusal is printed like any other answer and ends with code 1.
func (v *callVerb) Run(t *terminal) error {
	parameters, err := v.parameters()
	if err != nil {
		return err
	}
	client, err := v.client(parameters)
	if err != nil {
		return err
	}
	answer, err := client.Call(context.Background(), v.Action, parameters)
	if err != nil {
		return err
	}
	if v.Verbose {
		printHead(t, answer)
	}
	fmt.Fprintln(t.out, pretty(answer.Body))
	if !answer.OK() {
		return errQuiet
	}
	return nil
}

func (v *callVerb) parameters() (url.Values, error) {
	parameters := url.Values{}
	for _, p := range v.Parameters {
		key, value, ok := strings.Cut(p, "=")
		if !ok || key == "" {
			return nil, fmt.Errorf("%q is not KEY=VALUE; %w", p, errUsage)
		}
		if parameters.Has(key) {
			return nil, fmt.Errorf("%s is given twice; %w", key, errUsage)
		}
		parameters.Set(key, value)
	}
	return parameters, nil
}

// client knows its server from the flags, and what they leave out from the ready file.
func (v *callVerb) client(parameters url.Values) (*app.Client, error) {
	ready, err := v.ready()
	if err != nil {
		return nil, err
	}
	for name, value := range ready.Target() {
		if !parameters.Has(name) && value[0] != "" {
			parameters[name] = value
		}
	}
	client := ready.Client()
	client.OldSigning = v.SignatureForm == "v1"
	if v.AccessKeyID != "" {
		client.Credentials = app.Credentials{AccessKeyID: v.AccessKeyID, AccessKeySecret: v.AccessKeySecret}
	}
	if client.Credentials.AccessKeyID == "" || client.Credentials.AccessKeySecret == "" {
		return nil, fmt.Errorf("there is no access key to sign with; give --access-key-id and --access-key-secret; %w", errUsage)
	}
	trusted := v.CAFile
	if trusted == "" {
		trusted = ready.CertificateFile
	}
	if trusted != "" {
		client.HTTP, err = app.TrustFile(trusted)
	}
	return client, err
}

// ready reads the ready file, or makes one up of an endpoint that is given.
func (v *callVerb) ready() (*app.Ready, error) {
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

func printHead(t *terminal, answer *app.Answer) {
	fmt.Fprintln(t.out, "HTTP", answer.Status)
	for _, name := range slices.Sorted(maps.Keys(answer.Header)) {
		fmt.Fprintf(t.out, "%s: %s\n", name, strings.Join(answer.Header[name], ", "))
	}
	fmt.Fprintln(t.out)
}

// pretty indents JSON and leaves anything else as it is.
func pretty(body []byte) string {
	var out bytes.Buffer
	if json.Indent(&out, body, "", "  ") != nil {
		return strings.TrimRight(string(body), "\n")
	}
	return strings.TrimRight(out.String(), "\n")
}
