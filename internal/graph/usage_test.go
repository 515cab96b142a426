package graph

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"
)

func TestUsage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		app, account string
		want         Usage
	}{
		{"", "", Usage{}},
		{`{"call_count":28,"total_cputime":25,"total_time":31}`, "", Usage{App: Share{Known: true, Percent: 31}}},
		{`{"call_count":"28","total_cputime":-5}`, `no JSON`, Usage{App: Share{Known: true, Percent: 28}}},
		{`[]`, `{"1":[{"type":"whatsapp","call_count":9},{"type":"x","total_time":99,"estimated_time_to_regain_access":4}],"2":{"call_count":3}}`,
			Usage{Account: Share{Known: true, Percent: 99, Regain: 4 * time.Minute}}},
		{`{"call_count":99999999999}`, `{"1":[{"type":"ads_management","call_count":100}]}`, Usage{App: Share{Known: true, Percent: 1000}}},
	} {
		h := http.Header{}
		for name, value := range map[string]string{"X-App-Usage": c.app, "X-Business-Use-Case-Usage": c.account} {
			if value != "" {
				h.Set(name, value)
			}
		}
		if got := usageOf(h); got != c.want {
			t.Errorf("%q and %q give %+v, want %+v", c.app, c.account, got, c.want)
		}
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	for limit, codes := range map[Limit][]int{NoLimit: {1, 100, 131212, 190}, PairLimit: {131056}, NumberLimit: {131208, 130429, 131048, 613},
		AccountLimit: {80007, 80008}, AppLimit: {4, 17, 341}} {
		for _, code := range codes {
			if got := LimitOf(fmt.Errorf("send: %w", &Error{Code: code})); got != limit {
				t.Errorf("%d speaks of the limit %q, want %q", code, got, limit)
			}
		}
	}
	if LimitOf(nil) != NoLimit || LimitOf(errors.New("x")) != NoLimit || LimitOf(&Error{HTTPStatus: 429}) != NumberLimit {
		t.Error("an error without a code is taken wrongly")
	}
}

// ear is a listener.
type ear struct {
	no    error
	heard []Heard
}

func (e *ear) Allow() error { return e.no }
func (e *ear) Hear(h Heard) { e.heard = append(e.heard, h) }

// A listener may stop a call, and hears of each that was sent.
func TestListener(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	c := client(t, func(w http.ResponseWriter, _ *http.Request) {
		switch calls.Add(1) {
		case 1:
			w.Header().Set("X-App-Usage", `{"call_count":91}`)
			_, _ = io.WriteString(w, `{"success":true}`)
		case 2:
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"error":{"code":4}}`)
		default:
			panic(http.ErrAbortHandler)
		}
	})
	var e ear
	ctx := WithListener(t.Context(), &e)
	for range 3 {
		_, _ = c.DeleteGroup(ctx, creds, "G")
	}
	_, _ = c.DeleteGroup(ctx, creds, "..") // never sent
	if len(e.heard) != 3 || !e.heard[0].Answered || e.heard[0].Err != nil || e.heard[0].Usage.App.Percent != 91 {
		t.Fatalf("heard %+v", e.heard)
	}
	if !e.heard[1].Answered || LimitOf(e.heard[1].Err) != AppLimit || e.heard[2].Answered || e.heard[2].Err == nil {
		t.Errorf("heard %+v", e.heard)
	}
	e.no = errors.New("not now")
	if _, err := c.DeleteGroup(ctx, creds, "G"); !errors.Is(err, e.no) || calls.Load() != 3 || len(e.heard) != 3 {
		t.Errorf("%v after %d calls", err, calls.Load())
	}
}
