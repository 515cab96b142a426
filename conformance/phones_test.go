package conformance

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"
)

// phones are the people of the simulated network, through the simulator's control calls.
type phones struct {
	t    *testing.T
	url  string
	http *http.Client
}

// message is one that a phone received.
type message struct {
	ID   string `json:"id"`
	From string `json:"from"`
	Text string `json:"text"`
}

func openPhones(t *testing.T, s server) phones {
	t.Helper()
	transport := &http.Transport{}
	if s.authority != nil {
		trusted := x509.NewCertPool()
		trusted.AppendCertsFromPEM(s.authority)
		transport.TLSClientConfig = &tls.Config{RootCAs: trusted}
	}
	t.Cleanup(transport.CloseIdleConnections)
	return phones{t, s.SimulatorURL, &http.Client{Transport: transport, Timeout: 10 * time.Second}}
}

// add makes a new phone.
func (p phones) add(number string) {
	p.t.Helper()
	p.do(http.MethodPost, "/sim/v1/phones", map[string]string{"number": number, "name": "Phone " + number}, nil)
}

// join lets the phone follow an invite link and returns the group it is in then.
func (p phones) join(number, link string) string {
	p.t.Helper()
	var joined struct {
		GroupID string `json:"group_id"`
	}
	p.do(http.MethodPost, "/sim/v1/phones/"+number+"/join", map[string]string{"invite_link": link}, &joined)
	return joined.GroupID
}

// texts returns what the phone received in the group, in order.
func (p phones) texts(number, group string) []string {
	p.t.Helper()
	var received struct {
		Messages []message `json:"messages"`
	}
	p.do(http.MethodGet, "/sim/v1/phones/"+number+"/messages?group_id="+url.QueryEscape(group), nil, &received)
	texts := make([]string, 0, len(received.Messages))
	for _, m := range received.Messages {
		texts = append(texts, m.Text)
	}
	return texts
}

// do makes a control call and decodes its answer into out, if that is not nil.
func (p phones) do(method, path string, in, out any) {
	p.t.Helper()
	if err := p.exchange(method, path, in, out); err != nil {
		p.t.Fatalf("%s %s: %v", method, path, err)
	}
}

func (p phones) exchange(method, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(p.t.Context(), method, p.url+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := p.http.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("%s: %s", response.Status, text)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(text, out)
}
