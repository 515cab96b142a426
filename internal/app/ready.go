package app

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
)

// Ready is all that a client needs to know of a server. That of a development server holds secrets; that of a production server
// tells no more than where it answers.
type Ready struct {
	Endpoint        string `json:"endpoint"` // host:port
	Protocol        string `json:"protocol"` // http or https
	AccountID       string `json:"account_id,omitempty"`
	AccessKeyID     string `json:"access_key_id,omitempty"` // the account's own key
	AccessKeySecret string `json:"access_key_secret,omitempty"`
	CustSpaceID     string `json:"cust_space_id,omitempty"`
	BusinessNumber  string `json:"business_number,omitempty"`

	ReadonlyAccessKeyID     string `json:"readonly_access_key_id,omitempty"` // of a user that may look and not change
	ReadonlyAccessKeySecret string `json:"readonly_access_key_secret,omitempty"`

	SimulatorURL    string `json:"simulator_url,omitempty"`
	CertificateFile string `json:"certificate_file,omitempty"` // to be trusted, over https
}

// Write writes the file by renaming, readable for its owner alone: whoever sees it sees all of it.
func (r *Ready) Write(path string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("write ready file: %w", err)
	}
	if err := writeWhole(path, append(text, '\n')); err != nil {
		return fmt.Errorf("write ready file: %w", err)
	}
	return nil
}

// ReadReady reads a ready file.
func ReadReady(path string) (*Ready, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read ready file: %w", err)
	}
	r := new(Ready)
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("read ready file %s: %w", path, err)
	}
	return r, nil
}

// ReadyFile is where a development server leaves its ready file for the commands that are run in the same folder.
func (d Data) ReadyFile() string { return d.path(readyFile) }

// RemoveReady takes a ready file of an earlier run away, so that nobody takes it for this one's.
func RemoveReady(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove old ready file: %w", err)
	}
	return nil
}

// Client is a client with the account's own key.
func (r *Ready) Client() *Client {
	return &Client{Endpoint: r.Endpoint, Protocol: r.Protocol,
		Credentials: Credentials{AccessKeyID: r.AccessKeyID, AccessKeySecret: r.AccessKeySecret}}
}

// Target gives the parameters that name the channel and its number.
func (r *Ready) Target() url.Values {
	return url.Values{"CustSpaceId": {r.CustSpaceID}, "BusinessNumber": {r.BusinessNumber}}
}

// prove calls an operation through the listener, so that ready means that it answers.
func (p *Program) prove(ctx context.Context, through *http.Client) error {
	client := p.ready.Client()
	client.HTTP = through
	parameters := p.ready.Target()
	parameters.Set("Page", `{"Index":1,"Size":1}`)
	answer, err := client.Call(ctx, "ListChatGroup", parameters)
	switch {
	case err != nil:
		return fmt.Errorf("try the server out: %w", err)
	case !answer.OK():
		return fmt.Errorf("try the server out: it answers status %d, %.300s", answer.Status, answer.Body)
	}
	return nil
}

// askReady asks what a load balancer asks.
func (p *Program) askReady(ctx context.Context, client *http.Client) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.ready.Protocol+"://"+p.ready.Endpoint+"/readyz", http.NoBody)
	if err != nil {
		return fmt.Errorf("try the server out: %w", err)
	}
	answer, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("try the server out: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("try the server out: it answers status %d", answer.StatusCode)
	}
	return nil
}

// selfClient trusts just the certificate that we serve with, whatever name and time stand in it: those are for others to judge.
func selfClient(certificate *tls.Certificate) *http.Client {
	transport := &http.Transport{}
	if certificate != nil {
		transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12,
			InsecureSkipVerify: true, //nolint:gosec // it is compared, below
			VerifyConnection: func(s tls.ConnectionState) error {
				if !bytes.Equal(s.PeerCertificates[0].Raw, certificate.Certificate[0]) {
					return errors.New("somebody else answers with another certificate")
				}
				return nil
			}}
	}
	return &http.Client{Transport: transport}
}

// reachable gives the address under which this machine reaches a listener that may be bound to all its addresses.
func reachable(address string) string {
	host, port, err := net.SplitHostPort(address)
	if ip := net.ParseIP(host); err == nil && ip != nil && ip.IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return address
}
