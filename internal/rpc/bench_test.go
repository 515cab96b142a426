package rpc

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/signature"
	"github.com/rollcall-im/rollcall/internal/store"
)

// BenchmarkServeList measures what every call pays, without an operation's own work: a signed POST with everything in the
// query and an empty body, from the official client's wire form to the written answer. Requests are signed outside of it.
func BenchmarkServeList(b *testing.B) {
	s, err := store.Open(b.Context(), store.Config{Path: filepath.Join(b.TempDir(), "a.db"), SealKey: make([]byte, 32)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	err = s.Write(b.Context(), func(tx *store.Tx) error {
		if err := tx.InsertAccount(&store.Account{ID: testAccount, Name: "a", Beta: true}); err != nil {
			return err
		}
		return tx.InsertAccessKey(&store.AccessKey{ID: rootKey, AccountID: testAccount, Secret: "secret", Active: true})
	})
	if err != nil {
		b.Fatal(err)
	}
	c := &clock{at: testEpoch}
	server, err := New(Config{Gateway: gateway.New(gateway.Config{Store: s}), Operations: testOperations(), Keys: testKeys(), Now: c.now})
	if err != nil {
		b.Fatal(err)
	}
	const query = "BusinessNumber=8613800000000&CustSpaceId=cams-8c8xxx&Page=%7B%22Index%22%3A1%2C%22Size%22%3A20%7D"
	r := httptest.NewRequest("POST", "http://"+testHost+"/?"+query, nil)
	r.Body, r.RequestURI = http.NoBody, ""
	signed := signature.FromHTTP(r, nil)
	w := &discard{header: http.Header{}}
	const batch = 1024
	nonces := make([]http.Header, 0, batch)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%batch == 0 {
			b.StopTimer()
			server.nonces = newNonces(testKeys().Nonce, 10*batch, 10*batch)
			nonces = nonces[:0]
			for n := range batch {
				signed.Header = http.Header{}
				if err := signature.Sign(&signed, signature.Credentials{AccessKeyID: rootKey, AccessKeySecret: "secret"}, signature.SignOptions{
					Scheme: signature.ACS3HMACSHA256, Action: "ListThings", Version: testVersion, Time: testEpoch, Nonce: strings.Repeat("n", 24) + string(rune('a'+n%26)) + string(rune('A'+n/26)),
				}); err != nil {
					b.Fatal(err)
				}
				nonces = append(nonces, signed.Header)
			}
			b.StartTimer()
		}
		r.Header = nonces[i%batch]
		server.ServeHTTP(w, r)
		if w.status != http.StatusOK {
			b.Fatalf("answered %d: %s", w.status, w.last)
		}
	}
}

// discard takes an answer and keeps nothing but the last one.
type discard struct {
	header http.Header
	status int
	last   []byte
}

func (d *discard) Header() http.Header { return d.header }

func (d *discard) WriteHeader(status int) { d.status = status }

func (d *discard) Write(p []byte) (int, error) {
	d.last = append(d.last[:0], p...)
	return len(p), nil
}
