package simulator

import (
	"encoding/json"
	"net/url"
	"strconv"
	"sync"
	"time"
)

const (
	journalLength = 1000
	journalBody   = 16 << 10 // bytes of a body that are shown
)

// record is one Graph call or one attempt to deliver a webhook. Headers are not kept, so no token can be in it.
type record struct {
	seq       int64
	at        time.Time
	kind      string // graph, webhook or handshake
	operation string // of a call; for a webhook its field and type
	number    string // id of the phone number that a call is about
	method    string
	path      string
	status    int // 0 = no answer
	attempt   int // of a webhook, from 1
	request   []byte
	response  []byte
	failure   string
}

// journal remembers the last thousand records, and of bodies no more than it shows.
type journal struct {
	mu   sync.Mutex
	ring [journalLength]record
	last int64
}

func (j *journal) add(r record) {
	j.mu.Lock()
	defer j.mu.Unlock()
	r.request, r.response = held(r.request), held(r.response)
	j.last++
	r.seq = j.last
	j.ring[r.seq%journalLength] = r
}

// since returns the records after a sequence number, oldest first, as far as they are remembered.
func (j *journal) since(seq int64) (records []record, last int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for n := max(seq, j.last-journalLength, 0) + 1; n <= j.last; n++ {
		records = append(records, j.ring[n%journalLength])
	}
	return records, j.last
}

// journalEntry is a record as the control API shows it.
type journalEntry struct {
	Seq       int64           `json:"seq"`
	At        time.Time       `json:"at"`
	Kind      string          `json:"kind"`
	Operation string          `json:"operation,omitempty"`
	Number    string          `json:"phone_number_id,omitempty"`
	Method    string          `json:"method"`
	Path      string          `json:"path"`
	Status    int             `json:"status"`
	Attempt   int             `json:"attempt,omitempty"`
	Request   json.RawMessage `json:"request,omitempty"`
	Response  json.RawMessage `json:"response,omitempty"`
	Failure   string          `json:"failure,omitempty"`
}

func (r *record) entry() journalEntry {
	return journalEntry{Seq: r.seq, At: r.at.UTC(), Kind: r.kind, Operation: r.operation, Number: r.number, Method: r.method, Path: r.path,
		Status: r.status, Attempt: r.attempt, Request: shown(r.request), Response: shown(r.response), Failure: r.failure}
}

// held gives what is kept of a body.
func held(body []byte) []byte {
	if len(body) > journalBody {
		return shown(body)
	}
	return body
}

// shown gives a body as it is when it is JSON, and otherwise as a string.
func shown(body []byte) json.RawMessage {
	switch {
	case len(body) == 0:
		return nil
	case len(body) > journalBody:
		return quoted(strconv.Itoa(len(body)) + " bytes, beginning with " + string(body[:256]))
	case json.Valid(body):
		return body
	}
	return quoted(string(body))
}

func quoted(text string) json.RawMessage {
	out, _ := json.Marshal(text) // a string always encodes
	return out
}

// secretParameters are query parameters whose value must not be shown.
var secretParameters = []string{"access_token", "input_token", "appsecret_proof", "hub.verify_token"}

// maskedPath gives path and query of a URL without secrets.
func maskedPath(u *url.URL) string {
	if u.RawQuery == "" {
		return u.Path
	}
	query := u.Query()
	for _, name := range secretParameters {
		if query.Has(name) {
			query.Set(name, "****")
		}
	}
	return u.Path + "?" + query.Encode()
}
